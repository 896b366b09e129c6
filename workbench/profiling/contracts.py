"""A contract at work: a whole table checked against it, and the schema that pandera checks tables with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.finding import Finding, sort
from workbench.core.names import matching
from workbench.errors import BadParameter
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table

if TYPE_CHECKING:
    from pandera.pandas import Check, DataFrameSchema

MOST_ROWS = 5  # positions that a finding names
MOST_VALUES = 3  # values that it repeats
LONGEST = 40  # characters of each
HUGE = float(np.finfo(float).max)

EXPECTED = {
    "number": "a finite number",
    "integer": "a whole number",
    "boolean": "true or false",
    "category": "a text",
    "text": "a text",
    "datetime": "a moment",
}


def check_frame(contract: Contract, frame: pd.DataFrame) -> tuple[Finding, ...]:
    """What in a table breaks the contract (*error*), and what is merely unusual; empty where all fits.

    Values are read as :func:`workbench.dataset` reads them: numbers and dates may be kept as text.

    Parameters
    ----------
    contract : Contract
        Its features must be there; other columns may be absent.
    frame : pandas.DataFrame
        Shape (rows, columns).

    Returns
    -------
    tuple of Finding
        Worst first. *error* is what scoring refuses: WB160 an absent feature, WB161 values of another kind, WB162
        missing values where none are allowed. What it flags: WB163 numbers out of the usual range and WB164 unseen
        categories are *warning*, WB165 a column that the contract lacks is *info*. ``evidence["rows"]`` counts the
        rows, ``evidence["first"]`` holds the positions of some. Empty: the table fits.

    Examples
    --------
    >>> contract = Contract((Column("age", "integer", maximum=99.0), Column("city", "category", categories=("Ulm",))))
    >>> for finding in check_frame(contract, pd.DataFrame({"age": [7, 120], "city": ["Ulm", "Ulm"]})):
    ...     print(finding)
    WB163 warning: age lies outside the usual range (up to 99) in 1 of 2 rows: 120.
    """
    frame = read_table(frame).rename(columns=str).apply(_flat)
    present = contract.only(c.name for c in contract.columns if c.role != "ignored" and c.name in frame.columns)
    typed, unread = read_by(frame, present)
    nowhere = np.zeros(len(frame), dtype=bool)
    lost = {c.name: pd.Series(unread.get(c.name, nowhere), index=frame.index) for c in present.columns}
    findings = [f for c in present.columns for f in _column(frame[c.name], typed[c.name], lost[c.name], c)]
    return sort([*_absent(frame, contract), *findings, *_extra(frame, contract)])


def pandera_schema(contract: Contract, *, strict: bool = False) -> DataFrameSchema:
    """A pandera schema of the whole table, as it came or typed by :func:`workbench.dataset`.

    It reads a frame by the contract, as every batch is read, and gives it back typed.

    Parameters
    ----------
    contract : Contract
        Its features are required, other columns are checked where they are given, ignored ones never.
    strict : bool
        False: what scoring flags (a number out of the usual range, an unseen category) makes a ``SchemaWarning``.
        True: it is refused, and so is a column that the contract lacks.

    Returns
    -------
    pandera.pandas.DataFrameSchema

    Raises
    ------
    BadParameter
        If pandera is not installed.
    """
    pandera = _pandera()
    checked = [c for c in contract.columns if c.role != "ignored"]
    columns = {
        c.name: pandera.Column(
            _dtype(c), [*_kind_checks(c, pandera.Check), *_usual_checks(c, pandera.Check, strict)],
            nullable=c.missing_allowed, required=c.role == "feature", metadata=_metadata(c),
        )
        for c in checked
    }  # fmt: skip
    # Ignored columns may be there; pandera can only refuse what it is not told of.
    columns |= {
        c.name: pandera.Column(None, nullable=True, required=False) for c in contract.columns if c not in checked
    }
    return pandera.DataFrameSchema(columns, parsers=pandera.Parser(_reader(contract)), strict=strict)


def _reader(contract: Contract) -> Callable[[pd.DataFrame], pd.DataFrame]:
    """Gives a frame the names and types of a dataset's; a column with a value that can't be read stays as it came."""

    def read(frame: pd.DataFrame) -> pd.DataFrame:
        checked = (c.name for c in contract.columns if c.role != "ignored")
        place = {name: at for name in checked if (at := matching(name, frame.columns)) is not None}
        labels = list(frame.columns)
        for name, at in place.items():
            labels[at] = name
        moments = {n for n, at in place.items() if contract[n].kind == "datetime" and _is_moment(frame.iloc[:, at])}
        named, asked = frame.set_axis(labels, axis=1), contract.only(place.keys() - moments)
        typed, unread = read_by(named, asked)
        done = named.copy(deep=False)
        for name in asked.names:
            if name not in unread:
                done[name] = typed[name]
        return done

    return read


def _pandera() -> Any:
    try:
        import pandera.pandas
    except ImportError as error:
        raise BadParameter(
            "A contract becomes a pandera schema with pandera, which is not installed. "
            "Install it with: pip install 'ml-workbench[pandera]'."
        ) from error
    return pandera.pandas


def _dtype(column: Column) -> str | None:
    """What ``wb.dataset`` makes of a column; None where that depends on its rows, and the checks say more."""
    if column.kind in ("category", "text"):
        return "str"
    if column.kind == "integer":
        return None if column.missing_allowed else "int64"
    return None if column.kind == "datetime" else "float64"


def _kind_checks(column: Column, check: type[Check]) -> list[Check]:
    if column.kind == "boolean":
        return [check.isin([0.0, 1.0], error=EXPECTED["boolean"])]
    if column.kind == "datetime":
        return [check(_is_moment, error=EXPECTED["datetime"], ignore_na=False)]
    if column.kind == "integer":
        return [check(_is_whole, error=EXPECTED["integer"], ignore_na=False)]
    return [check.in_range(-HUGE, HUGE, error=EXPECTED["number"])] if column.kind == "number" else []


def _usual_checks(column: Column, check: type[Check], strict: bool) -> list[Check]:
    kind: dict[str, Any] = {"raise_warning": not strict}
    if column.kind == "category" and column.categories is not None:
        return [check.isin(list(column.categories), **kind)]
    if column.kind not in NUMERIC:
        return []
    ends: list[tuple[Callable[..., Check], float | None]] = [
        (check.ge, column.minimum), (check.le, column.maximum)
    ]  # fmt: skip
    return [comparison(end, **kind) for comparison, end in ends if end is not None]


def _metadata(column: Column) -> dict[str, Any]:
    return {"role": column.role, "unit": column.unit, "sensitive": column.sensitive}


def _is_moment(values: pd.Series) -> bool:
    return bool(pd.api.types.is_datetime64_any_dtype(values))


def _is_whole(values: pd.Series) -> bool:
    if not pd.api.types.is_numeric_dtype(values) or pd.api.types.is_bool_dtype(values):
        return False
    given = values.dropna().to_numpy(dtype=float)
    return bool((np.isfinite(given) & (given == np.round(given))).all())


def _absent(frame: pd.DataFrame, contract: Contract) -> Iterator[Finding]:
    for name in contract.features:
        if name not in frame.columns:
            yield Finding("WB160", "error", "is a feature of the contract, and is not in the table.", name)


def _extra(frame: pd.DataFrame, contract: Contract) -> Iterator[Finding]:
    for name in frame.columns:
        if name not in contract:
            yield Finding("WB165", "info", "is in the table, and not in the contract.", name)


def _column(raw: pd.Series, typed: pd.Series, unread: pd.Series, column: Column) -> Iterator[Finding]:
    missing = typed.isna()
    gaps = missing & ~unread
    if unread.any():
        said = f"is not {EXPECTED[column.kind]} in {_of(unread)}{_examples(raw[unread], column)}."
        yield Finding("WB161", "error", said, column.name, "", _evidence(unread))
    if gaps.any() and not column.missing_allowed:
        said = f"is missing in {_of(gaps)}, and the contract allows no gap."
        yield Finding("WB162", "error", said, column.name, "", _evidence(gaps))
    yield from _unusual(raw, typed, ~missing, column)


def _unusual(raw: pd.Series, typed: pd.Series, fit: pd.Series, column: Column) -> Iterator[Finding]:
    if column.kind in NUMERIC and (column.minimum is not None or column.maximum is not None):
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        said = f"lies outside the usual range ({_range(column)})"
        yield from _warning("WB163", said, raw, fit & ~typed.between(low, high), column)
    if column.kind == "category" and column.categories is not None:
        said = "has values that the contract does not know"
        yield from _warning("WB164", said, raw, fit & ~typed.isin(column.categories), column)


def _warning(code: str, said: str, raw: pd.Series, odd: pd.Series, column: Column) -> Iterator[Finding]:
    if odd.any():
        message = f"{said} in {_of(odd)}{_examples(raw[odd], column)}."
        yield Finding(code, "warning", message, column.name, "", _evidence(odd))


def _flat(raw: pd.Series) -> pd.Series:
    """The column with lists, objects and the like told as text, which is no number and no moment."""
    return raw.map(lambda v: v if pd.api.types.is_scalar(v) else str(v)) if raw.dtype == object else raw


def _range(column: Column) -> str:
    if column.minimum is None:
        return f"up to {column.maximum:.15g}"
    return f"from {column.minimum:.15g}" + ("" if column.maximum is None else f" to {column.maximum:.15g}")


def _of(rows: pd.Series) -> str:
    return f"{int(rows.sum()):,} of {len(rows):,} rows"


def _examples(values: pd.Series, column: Column) -> str:
    if column.sensitive:
        return ""
    given = dict.fromkeys(str(v) for v in values.head(1000))
    shown = ", ".join(v if len(v) <= LONGEST else v[: LONGEST - 1] + "…" for v in list(given)[:MOST_VALUES])
    return f": {shown}" + (", …" if len(given) > MOST_VALUES else "")


def _evidence(rows: pd.Series) -> dict[str, Any]:
    return {"rows": int(rows.sum()), "first": [int(i) for i in np.flatnonzero(rows.to_numpy())[:MOST_ROWS]]}
