"""A table of pandas, read by a contract: every later batch, label file and window comes through here."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pandas as pd
import polars as pl

from workbench.core.checking import iso_moment
from workbench.core.contract import NUMERIC, Column, Contract, Kind
from workbench.core.names import matching
from workbench.errors import ColumnNotFound
from workbench.reading.columns import read_column
from workbench.reading.pandas_tables import from_pandas
from workbench.reading.values import unread


class Typed(NamedTuple):
    """A table in the types of a contract.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (rows, columns).
    unread : dict of str to bool array, shape (rows,)
        Of each column in which something could not be read as the contract says, the rows; they are missing in the
        table. A fraction among whole numbers, a truth value and infinity are no numbers of a contract.
    """

    table: pd.DataFrame
    unread: dict[str, np.ndarray]


def coerce(table: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The columns of the contract in their types, as :func:`read_by` gives them."""
    return read_by(table, contract).table


def read_by(table: pd.DataFrame, contract: Contract) -> Typed:
    """Read a table as its contract says, never by its own values.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (rows, columns); columns that the contract does not have are dropped.
    contract : Contract
        Target and known-after columns may be absent from the table, features may not.

    Returns
    -------
    Typed
        Of its table: number: float64. integer: int64, float64 where values are missing. boolean: float64 (0, 1).
        category, text: ``str``. datetime: ``datetime64``.

    Raises
    ------
    ColumnNotFound
        If a feature is absent.

    Examples
    --------
    >>> from workbench.core.reading import Form
    >>> contract = Contract((Column("when", "datetime", form=Form(moments=("%m/%d/%Y",))),))
    >>> typed = read_by(pd.DataFrame({"when": ["02/01/2024", "soon"]}), contract)
    >>> str(typed.table["when"][0].date()), typed.unread["when"].tolist()
    ('2024-02-01', [False, True])
    """
    place = {name: at for name in contract.names if (at := matching(name, table.columns)) is not None}
    for name in contract.features:
        if name not in place:
            raise ColumnNotFound.named(name, map(str, table.columns))
    columns, lost = {}, {}
    for column in (c for c in contract.columns if c.name in place):
        raw = from_pandas(_spans(table.iloc[:, place[column.name]]))
        columns[column.name], rows = _read(raw, column, table.index)
        if rows.any():
            lost[column.name] = rows
    return Typed(pd.DataFrame(columns, index=table.index), lost)


def to_pandas(values: pl.Series, kind: Kind, index: pd.Index | None = None) -> pd.Series:
    """A column that was read, in the type that a dataset has."""
    if kind in ("category", "text"):
        typed = values.cast(pl.String).to_pandas().astype("str")
    elif kind == "datetime":
        typed = values.to_pandas()
    elif kind == "integer" and values.dtype.is_integer() and not values.null_count():
        typed = pd.Series(values.cast(pl.Int64).to_numpy())
    else:
        typed = pd.Series(values.cast(pl.Float64).to_numpy())
    typed.name = values.name
    return typed if index is None else typed.set_axis(index)


def _read(raw: pl.Series, column: Column, index: pd.Index) -> tuple[pd.Series, np.ndarray]:
    raw = _as_numbers(raw) if column.kind in NUMERIC else raw
    values, notes = read_column([raw], column)
    values = _fitting(raw, _with_iso(raw, values) if column.kind == "datetime" else values, column.kind)
    rows = unread(raw, values, notes.form).to_numpy() if values.null_count() else np.zeros(len(raw), dtype=bool)
    return to_pandas(values, column.kind, index), rows


def _spans(values: pd.Series) -> pd.Series:
    """Durations that came as objects in their type."""
    spans = values.dtype == object and pd.api.types.infer_dtype(values, skipna=True) in ("timedelta", "timedelta64")
    return pd.to_timedelta(values) if spans else values


def _as_numbers(raw: pl.Series) -> pl.Series:
    """Whole numbers beyond 64 bits as floats, as texts and JSON have them."""
    if not raw.dtype.is_integer() or raw.cast(pl.Int64, strict=False).null_count() == raw.null_count():
        return raw
    return raw.cast(pl.Float64)


def _with_iso(raw: pl.Series, values: pl.Series) -> pl.Series:
    """With the texts that the form does not read and ISO 8601 does, in its rarer spellings: 20240203, 2024-W05-6."""
    if raw.dtype != pl.String:
        return values
    lost = (values.is_null() & raw.is_not_null()).arg_true()
    if lost.is_empty():
        return values
    texts = raw.gather(lost)
    known = {text: iso_moment(text) for text in texts.unique().to_list()}
    moments = pl.Series([known[text] for text in texts.to_list()], dtype=pl.Datetime("us"))
    zone = values.dtype.time_zone  # type: ignore[attr-defined]  # of moments
    return values.scatter(lost, moments.dt.replace_time_zone(zone) if zone else moments)


def _fitting(raw: pl.Series, values: pl.Series, kind: Kind) -> pl.Series:
    """Without what is no number of this kind: truth values, infinity, and a fraction among whole numbers.

    So says :mod:`workbench.core.checking` of each row; polars takes more for a number than a contract does.
    """
    if kind not in NUMERIC:
        return values
    if raw.dtype == pl.Boolean:
        return values.clear(len(values))
    if not values.dtype.is_float():
        return values
    right = values.is_finite() if kind == "number" else values.is_finite() & (values.floor() == values)
    return values if right.all() else values.set(~right, None)
