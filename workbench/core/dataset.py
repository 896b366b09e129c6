"""A dataset: a typed table, its contract and a fingerprint of its content."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.contract import Column, Contract, Kind
from workbench.core.finding import Finding
from workbench.core.result import Result
from workbench.core.rows import Rows
from workbench.errors import BadParameter, BadTable

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd


@dataclass(frozen=True)
class Dataset(Result):
    """A table that is ready for the journey. Made by :func:`workbench.dataset`.

    Of a large file it keeps where the file lies: :attr:`table` and the like read what is asked for, and raise
    ``BadTable`` where the file is gone or holds other rows than it did.

    Parameters
    ----------
    contract : Contract
        Columns, roles and usual values.
    fingerprint : str
        SHA-256 of the content, 64 hexadecimal digits; equal content in equal order has an equal one.
    rows : int
        Rows in the table.
    source : str
        Where it came from, in words: a path, a query, ``memory``. Never holds a password.
    values : pandas.DataFrame or Rows
        Typed as the contract says, ordered by time where there is a time column; in memory, or to be read when they are
        asked for.
    findings : tuple of Finding
        What somebody should know of how it was read, worst first.

    Examples
    --------
    >>> import pandas as pd, workbench as wb
    >>> data = wb.dataset(pd.DataFrame({"tenure": [1, 34, 2], "Churn": ["No", "No", "Yes"]}), target="Churn")
    >>> data.contract.features, data.rows
    (('tenure',), 3)
    """

    contract: Contract
    fingerprint: str
    rows: int
    source: str
    values: pd.DataFrame | Rows = field(repr=False, compare=False)
    findings: tuple[Finding, ...] = field(default=(), repr=False, compare=False)

    noun: ClassVar[str] = "dataset"

    def headline(self) -> str:
        """Rows, columns and target in one line."""
        target = f", target {self.contract.target}" if self.contract.target else ""
        order = f", in order of {self.contract.time}" if self.contract.time else ""
        return f"{self.rows:,} rows, {len(self.contract.columns)} columns{target}{order}"

    @property
    def table(self) -> pd.DataFrame:
        """The table, shape (rows, columns), typed as the contract says, ordered by time where there is a time column.

        Don't change it in place: make a new dataset from a changed copy.
        """
        return self.values.frame() if isinstance(self.values, Rows) else self.values

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of the table; nothing is read."""
        return self.values.names if isinstance(self.values, Rows) else tuple(map(str, self.values.columns))

    def frame(self) -> pd.DataFrame:
        """The table, shape (rows, columns). Don't change it in place: make a new dataset from a changed copy."""
        return self.table

    def columns(self, names: Iterable[str]) -> pd.DataFrame:
        """Some columns of the table, shape (rows, names); of a file nothing else is read.

        Examples
        --------
        >>> import pandas as pd, workbench as wb
        >>> wb.dataset(pd.DataFrame({"x": [1, 2], "y": [3, 4]})).columns(["y"]).to_dict("list")
        {'y': [3, 4]}
        """
        wanted = list(names)
        return self.values.columns(wanted) if isinstance(self.values, Rows) else self.values[wanted]

    @property
    def features(self) -> pd.DataFrame:
        """The columns that a model may use, shape (rows, features)."""
        return self.columns(self.contract.features)

    @property
    def target(self) -> pd.Series:
        """What is to be predicted, shape (rows,).

        Raises
        ------
        BadTable
            If the dataset has no target.
        """
        if self.contract.target is None:
            raise BadTable("This dataset has no target. Make it with wb.dataset(…, target='column').")
        return self.columns([self.contract.target])[self.contract.target]

    def take(self, mask: Any) -> Dataset:
        """The rows where ``mask`` (booleans, shape (rows,)) is true."""
        return self._with_table(self.table.loc[mask])

    def before(self, moment: Any) -> Dataset:
        """The rows whose time lies before ``moment`` (anything that pandas reads as a time, or a number).

        Raises
        ------
        BadTable
            If there is no time column, or no such row.
        """
        return self.take(self._time() < self._moment(moment))

    def since(self, moment: Any) -> Dataset:
        """The rows whose time is ``moment`` or later."""
        return self.take(self._time() >= self._moment(moment))

    def without(self, *names: str) -> Dataset:
        """A dataset in which the named columns are ignored: they stay in the table and are no features."""
        return replace(self, contract=self.contract.set_role("ignored", names))

    def known_after(self, *names: str) -> Dataset:
        """A dataset in which the named columns are marked as known only after the moment of prediction."""
        return replace(self, contract=self.contract.set_role("known_after", names))

    def with_personal(self, *names: str, reason: str) -> Dataset:
        """A dataset in which the named columns are features although they name persons.

        Their values go into the model and into what is kept of its training.

        Parameters
        ----------
        names : str
            Columns, such as those with the role *personal*.
        reason : str
            Why they are needed; it goes on the card.

        Raises
        ------
        BadParameter
            If there is no column or no reason.
        ColumnNotFound
            If a column is not in the table.

        Examples
        --------
        >>> import pandas as pd, workbench as wb
        >>> people = pd.DataFrame({"mail": ["ada@example.org", "alan@example.org"], "paid": ["yes", "no"]})
        >>> data = wb.dataset(people, target="paid")
        >>> data.contract["mail"].role, data.contract.features
        ('personal', ())
        >>> data.with_personal("mail", reason="the provider tells who pays").contract.features
        ('mail',)
        """
        if not names or not reason.strip():
            raise BadParameter("Name the columns and say why: data.with_personal('email', reason='…').")
        said = {"role": "feature", "sensitive": True, "reason": " ".join(reason.split())}
        return replace(self, contract=self.contract.change_each(dict.fromkeys(names, said)))

    def assign(self, **columns: Any) -> Dataset:
        """A dataset in which columns of the table have other values, or with new ones, which are features.

        Roles stay, and a text that becomes numbers is one.

        Examples
        --------
        >>> import pandas as pd, workbench as wb
        >>> data = wb.dataset(pd.DataFrame({"price": ["5 each", "7 a kilo"], "sold": ["yes", "no"]}), target="sold")
        >>> priced = data.assign(price=data.table["price"].str.extract(r"(\\d+)", expand=False).astype(float))
        >>> priced.contract["price"].kind, priced.contract.target
        ('number', 'sold')
        """
        from pandas.api.types import is_numeric_dtype

        table, contract = self.table.assign(**columns), self.contract
        for name in columns:
            if name not in contract.names:
                contract = replace(contract, columns=(*contract.columns, Column(name, _kind_of(table[name]))))
            elif is_numeric_dtype(table[name]) and contract[name].kind in ("category", "text"):
                contract = contract.change(name, kind="number", categories=None)
        return replace(self, contract=contract)._with_table(table)

    def results(self) -> dict[str, Any]:
        """Rows and columns."""
        return {"rows": self.rows, "columns": len(self.contract.columns)}

    def origin(self) -> dict[str, Any]:
        """Where the table came from, and its fingerprint."""
        return {"source": self.source, "fingerprint": self.fingerprint, "rows": self.rows}

    def to_dict(self) -> dict[str, Any]:
        """The description of the dataset; the values stay where they are."""
        return {
            "contract": self.contract.to_dict(),
            "fingerprint": self.fingerprint,
            "rows": self.rows,
            "source": self.source,
        }

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Dataset:
        """Not possible: a saved dataset is its description.

        Raises
        ------
        BadTable
            Always.
        """
        raise BadTable("A saved dataset holds no rows. Read its source again with wb.dataset(…).")

    def _time(self) -> pd.Series:
        if self.contract.time is None:
            raise BadTable("This dataset has no time column. Make it with wb.dataset(…, time='column').")
        return self.columns([self.contract.time])[self.contract.time]

    def _moment(self, moment: Any) -> Any:
        import pandas as pd

        time = self._time()
        if not pd.api.types.is_datetime64_any_dtype(time):
            return moment
        stamp = pd.Timestamp(moment)
        zone = time.dt.tz
        if zone is None:
            return stamp.tz_localize(None)
        return stamp.tz_localize(zone) if stamp.tzinfo is None else stamp.tz_convert(zone)

    def _with_table(self, table: pd.DataFrame) -> Dataset:
        if table.empty:
            raise BadTable("No row is left. Choose a wider range.")
        return replace(self, values=table.reset_index(drop=True), rows=len(table), fingerprint=fingerprint(table))


def fingerprint(table: pd.DataFrame, columns: Iterable[str] | None = None) -> str:
    """SHA-256 over names, dtypes and values in order.

    Examples
    --------
    >>> import pandas as pd
    >>> a = pd.DataFrame({"x": [1, 2]})
    >>> fingerprint(a) == fingerprint(a.copy()), fingerprint(a) == fingerprint(a[::-1])
    (True, False)
    """
    part = table if columns is None else table[list(columns)]
    return Fingerprint(part.dtypes).update(row_hashes(part)).hexdigest()


def row_hashes(table: pd.DataFrame) -> np.ndarray:
    """A hash of each row by its values and their types, shape (rows,); the same whatever rows are beside it."""
    import pandas as pd

    hashes: np.ndarray = pd.util.hash_pandas_object(table, index=False).to_numpy()
    return hashes


class Fingerprint:
    """The fingerprint of a table that is seen part by part.

    Parameters
    ----------
    dtypes : mapping of str to dtype
        Of the columns, in their order.

    Examples
    --------
    >>> import pandas as pd
    >>> table = pd.DataFrame({"x": [1, 2]})
    >>> by_parts = Fingerprint(table.dtypes).update(row_hashes(table[:1])).update(row_hashes(table[1:]))
    >>> by_parts.hexdigest() == fingerprint(table)
    True
    """

    def __init__(self, dtypes: Mapping[Any, Any] | pd.Series) -> None:
        import hashlib

        self._digest = hashlib.sha256(repr([(str(n), str(d)) for n, d in dtypes.items()]).encode())

    def update(self, hashes: np.ndarray) -> Fingerprint:
        """With further rows, by :func:`row_hashes`."""
        self._digest.update(hashes.tobytes())
        return self

    def hexdigest(self) -> str:
        """64 hexadecimal digits."""
        return self._digest.hexdigest()


def _kind_of(values: pd.Series) -> Kind:
    """By the type that pandas has given them."""
    from pandas.api import types

    if types.is_bool_dtype(values):
        return "boolean"
    if types.is_numeric_dtype(values):
        return "integer" if types.is_integer_dtype(values) else "number"
    return "datetime" if types.is_datetime64_any_dtype(values) else "category"
