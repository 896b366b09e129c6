"""Statistics of each column of a table."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.contract import Column, Contract
from workbench.core.profile import ColumnProfile
from workbench.errors import BadParameter
from workbench.profiling.statistics import (
    Moments,
    histogram_of,
    pack,
    quantiles_of,
    sketch_of,
    smallest_hashes,
)

# Up to so many distinct values are counted exactly, so that merged counts are exact too.
MOST_COUNTED = 1000
MOST_SHOWN = 50
MASK = "•••"

Array = np.ndarray


@dataclass(frozen=True)
class Counts:
    """Distinct finite values with the number of rows of each, most frequent first."""

    values: Array
    rows: Array


def profile_columns(frame: pd.DataFrame, contract: Contract, *, bins: int = 20) -> tuple[ColumnProfile, ...]:
    """Profile each column of the contract.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (rows, columns)
        Typed as the contract says. Missing columns are profiled as all missing.
    contract : Contract
        Kinds and roles.
    bins : int
        Bins of each histogram, 1 to 1,000.

    Returns
    -------
    tuple of ColumnProfile
        In the contract's order.

    Raises
    ------
    BadParameter
        If ``bins`` is out of range.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> frame = pd.DataFrame({"tenure": [1.0, 34.0, 2.0, np.nan]})
    >>> (tenure,) = profile_columns(frame, Contract((Column("tenure", "integer"),)))
    >>> tenure.count, tenure.missing, tenure.maximum, tenure.quantiles[0.5]
    (3, 1, 34.0, 2.0)
    """
    if not 1 <= bins <= 1000:
        raise BadParameter(f"bins was {bins}. Give a whole number from 1 to 1,000.")
    empty = pd.Series(np.nan, index=frame.index)
    return tuple(profile_column(frame.get(c.name, empty), c, bins=bins) for c in contract.columns)


def profile_column(values: pd.Series, column: Column, *, bins: int = 20) -> ColumnProfile:
    """Profile one column, shape (rows,). Never raises because of what is in it."""
    filled = present(values, column)
    if filled.dtype == object:
        counts = _counts_of_texts(filled)
        measured = _lengths(counts.values)
    else:
        rising = np.sort(filled[np.isfinite(filled)])
        counts = _counts_of_numbers(rising)
        measured = _numeric(rising, bins) | {"infinities": len(filled) - len(rising)}
    state = {**measured.pop("state", {}), **_counted(counts, column)}
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        role=column.role,
        count=len(filled),
        missing=len(values) - len(filled),
        distinct=len(counts.values),
        top=shown(zip(counts.values[:MOST_SHOWN].tolist(), counts.rows[:MOST_SHOWN].tolist(), strict=True), column),
        sensitive=column.sensitive,
        state=state,
        **measured,
    )


def present(values: pd.Series, column: Column) -> Array:
    """What is not missing: float64 for numbers, booleans and datetimes (seconds since 1970 in UTC), else texts."""
    if column.kind == "datetime":
        numbers = seconds(values)
    elif column.kind in ("number", "integer", "boolean"):
        numbers = pd.to_numeric(values, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    else:
        return values.dropna().to_numpy(dtype=object)
    return numbers[~np.isnan(numbers)]


def seconds(values: pd.Series) -> Array:
    """Datetimes as seconds since 1970 in UTC, NaN where missing; naive ones are taken as UTC."""
    moments = pd.to_datetime(values, errors="coerce", utc=True).dt.tz_localize(None)
    whole = moments.to_numpy().astype("datetime64[us]")
    return np.where(np.isnat(whole), np.nan, whole.astype("int64") / 1e6)


def shown(pairs: Any, column: Column | ColumnProfile) -> tuple[tuple[str, int], ...]:
    """Values as people read them, masked where the column is sensitive."""
    write = mask if column.sensitive else written(column.kind)
    return tuple((write(value), int(rows)) for value, rows in pairs)


def written(kind: str) -> Callable[[Any], str]:
    """How a value of this kind is written."""
    if kind == "boolean":
        return lambda v: str(bool(v))
    if kind == "datetime":
        return _moment
    return lambda v: format(v, ".0f") if isinstance(v, float) and v.is_integer() and abs(v) < 1e15 else str(v)


def mask(value: Any) -> str:
    """A value of which the first character alone can be read."""
    return str(value)[:1] + MASK


def _moment(value: float) -> str:
    return str(np.datetime64(round(value * 1e6), "us").astype("datetime64[s]")).removesuffix("T00:00:00")


def _counts_of_numbers(rising: Array) -> Counts:
    starts = np.flatnonzero(np.r_[True, rising[1:] != rising[:-1]]) if rising.size else np.array([], dtype=int)
    return _most_first(rising[starts], np.diff(np.r_[starts, len(rising)]))


def _counts_of_texts(filled: Array) -> Counts:
    codes, found = pd.factorize(filled)
    order = np.argsort(found.astype(str), kind="stable") if len(found) else np.array([], dtype=int)
    return _most_first(found[order], np.bincount(codes, minlength=len(found))[order])


def _most_first(values: Array, rows: Array) -> Counts:
    """Ties stay in order of value, so that two runs agree."""
    most = np.argsort(-rows, kind="stable")
    return Counts(values[most], rows[most])


def _counted(counts: Counts, column: Column) -> dict[str, Any]:
    """The part of the state that merges counts; a sensitive column's values are never kept in clear."""
    exact = len(counts.values) <= MOST_COUNTED
    if column.sensitive:
        return {"counts": [], "counts_exact": False, "hashes": None}
    kept = MOST_COUNTED if exact else MOST_SHOWN
    pairs = zip(counts.values[:kept].tolist(), counts.rows[:kept].tolist(), strict=True)
    hashes = None if exact else smallest_hashes(counts.values)
    return {"counts": [[value, rows] for value, rows in pairs], "counts_exact": exact, "hashes": hashes}


def _numeric(rising: Array, bins: int) -> dict[str, Any]:
    moments = Moments.of(rising)
    state = {"moments": asdict(moments), "sketch": pack(sketch_of(rising))}
    if not rising.size:
        return {"state": state}
    return {
        "state": state,
        "minimum": float(rising[0]),
        "maximum": float(rising[-1]),
        "mean": moments.mean,
        "sd": moments.sd,
        "skew": moments.skew,
        "kurtosis": moments.kurtosis,
        "zeros": int((rising == 0).sum()),
        "negatives": int((rising < 0).sum()),
        "quantiles": quantiles_of(rising),
        "histogram": histogram_of(rising, bins),
    }


def _lengths(distinct: Array) -> dict[str, Any]:
    lengths = [len(str(value)) for value in distinct]
    return {"shortest": min(lengths), "longest": max(lengths)} if lengths else {}
