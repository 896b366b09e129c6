"""Columns whose type is settled: any chunk of them is read as the whole is."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import pandas as pd
import polars as pl

from workbench.core.contract import Kind
from workbench.core.reading import Form
from workbench.reading.by_contract import to_pandas
from workbench.reading.columns import TEXTS, conformed
from workbench.reading.values import read


class TypedColumn(NamedTuple):
    """How every value of a column is read.

    Parameters
    ----------
    kind : str
        What it is, as in the contract.
    form : Form
        How its texts are written.
    dtype : polars.DataType
        What all of its chunks are made, though some could be another.
    whole : bool
        Whether there is a whole number in each row, so that no float is needed.

    Examples
    --------
    >>> column = TypedColumn("integer", Form(), pl.Int64(), whole=False)
    >>> column.to_pandas(column.read(pl.Series("x", ["1", "2"]))).tolist()
    [1.0, 2.0]
    """

    kind: Kind
    form: Form
    dtype: pl.DataType
    whole: bool

    @property
    def pandas_kind(self) -> Kind:
        """The kind whose type it has in pandas: whole numbers with gaps are floats there, as booleans are."""
        if self.kind in (*TEXTS, "datetime"):
            return self.kind
        return "integer" if self.kind == "integer" and self.whole else "number"

    def read(self, values: pl.Series) -> pl.Series:
        """Values as they came, in the column's type."""
        return self.conformed(read(values, self.kind, self.form))

    def conformed(self, values: pl.Series) -> pl.Series:
        """Values that were read, as those of the other chunks."""
        return conformed(values, self.dtype)

    def to_pandas(self, values: pl.Series) -> pd.Series:
        """Values that were read, as a dataset has them."""
        return to_pandas(self.conformed(values) if self.kind == "datetime" else values, self.pandas_kind)

    def as_held(self, values: pl.Series) -> pl.Series:
        """Values that were read, in the type in which they come back from pandas."""
        types: dict[Kind, pl.DataType] = {"datetime": self.dtype, "integer": pl.Int64(), "number": pl.Float64()}
        return conformed(values, types.get(self.pandas_kind, pl.String()))

    def like(self, other: TypedColumn) -> bool:
        """Whether both have one type in pandas."""
        alike = {self.pandas_kind, other.pandas_kind} <= set(TEXTS) or self.pandas_kind == other.pandas_kind
        return alike and (self.kind != "datetime" or self.dtype == other.dtype)

    def fits(self, values: pl.Series) -> bool:
        """Whether values that were read have a type that becomes the column's in pandas."""
        if self.pandas_kind == "integer":
            return values.dtype.is_integer() and not values.null_count()
        if values.null_count() == len(values):
            return True
        if self.pandas_kind == "number":
            return values.dtype.is_numeric()
        if self.kind == "datetime" and self.dtype == pl.Datetime("us", "UTC"):
            return values.dtype == pl.Datetime
        return values.dtype == (self.dtype if self.kind == "datetime" else pl.String)


def in_pandas(columns: Mapping[str, TypedColumn], values: Mapping[str, pl.Series]) -> pd.DataFrame:
    """Some rows of columns that were read, as a dataset has them."""
    return pd.DataFrame({name: columns[name].to_pandas(one) for name, one in values.items()})
