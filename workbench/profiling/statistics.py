"""Statistics of one column: what is counted in its rows (the state), and what is told from that.

Everything in a :class:`~workbench.core.profile.ColumnProfile` is told from its state, so two states that are merged
give the profile of both.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.contract import Column
from workbench.core.profile import ColumnProfile, Histogram
from workbench.profiling import sketches
from workbench.profiling.sketches import MOST_EXACT

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
MOST_TOP = 50
# A longer text is told by its beginning: a profile is no place for documents.
LONGEST_TOLD = 100

State = dict[str, Any]


def column_state(values: pd.Series, column: Column, bins: int = 20, sensitive: bool = False) -> State:
    """What merging needs of one column, as plain JSON.

    Parameters
    ----------
    values : pandas.Series, shape (rows,)
        Typed as the contract says; anything else is taken as text.
    column : Column
        Its place in the contract.
    bins : int
        Bars of the histogram.
    sensitive : bool
        True: no value is kept in clear, hashes alone.
    """
    missing = int(values.isna().sum())
    state: State = {"count": len(values) - missing, "missing": missing, "bins": bins}
    if column.kind in ("category", "text"):
        return {**state, **_text_state(values.dropna(), sensitive)}
    numbers = as_numbers(values)
    return {**state, **_number_state(numbers[~np.isnan(numbers)], sensitive)}


def column_profile(state: State, column: Column, target: float | None = None) -> ColumnProfile:
    """The statistics that a state tells."""
    numeric = _told_numbers(state) if "moments" in state else {}
    distinct, exact = _distinct(state)
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        role=column.role,
        count=state["count"],
        missing=state["missing"],
        distinct=distinct,
        distinct_exact=exact,
        top=tuple((_told(v, column), n) for v, n in state["top"]),
        shortest=state.get("shortest"),
        longest=state.get("longest"),
        target=target,
        sensitive=bool(state.get("sensitive")),
        state=state,
        **numeric,
    )


def as_numbers(values: pd.Series) -> np.ndarray:
    """Values as floats, shape (rows,); datetimes in seconds since 1970 in UTC, missing as NaN.

    >>> as_numbers(pd.Series(pd.to_datetime(["1970-01-02", None])))
    array([86400.,    nan])
    """
    if isinstance(values.dtype, pd.DatetimeTZDtype):
        values = values.dt.tz_convert("UTC").dt.tz_localize(None)
    if pd.api.types.is_datetime64_any_dtype(values):
        whole = values.to_numpy().astype("datetime64[us]")
        return np.where(np.isnat(whole), np.nan, whole.astype("int64") / 1e6)
    if not pd.api.types.is_numeric_dtype(values):
        values = pd.to_numeric(values, errors="coerce")
    return values.to_numpy(dtype=float, na_value=np.nan)


def distribution(state: State) -> tuple[np.ndarray, np.ndarray, float]:
    """Rising finite values, the rows that each stands for (both shape (m,)), and the rank error in [0, 1]."""
    if state.get("counts") is not None:
        pairs = np.array(sorted((float(v), n) for v, n in state["counts"]), dtype=float).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1], 0.0
    return sketches.weighted_values(state["kll"])


def merge_states(a: State, b: State) -> State:
    """The state of both chunks of one column: exact but for the sketches."""
    merged = {key: a[key] + b[key] for key in ("count", "missing")}
    merged |= {"bins": a["bins"], **_merge_counts(a, b)}
    merged |= _merge_extremes(a, b, "shortest", "longest") | _merge_extremes(a, b, "minimum", "maximum")
    if a.get("sensitive") or b.get("sensitive"):
        merged["sensitive"] = True
    if "moments" in a and "moments" in b:
        merged |= {key: a[key] + b[key] for key in ("zeros", "negatives", "infinities")}
        merged["moments"] = list(sketches.merge_moments(a["moments"], b["moments"]))
        exact = merged["counts"] is not None
        merged["kll"] = None if exact else sketches.merge_quantiles(_kll(a), _kll(b))
    return merged


def _number_state(numbers: np.ndarray, sensitive: bool) -> State:
    finite = numbers[np.isfinite(numbers)]
    values, counts = np.unique(finite, return_counts=True)
    counted = _counted(values, counts, sensitive)
    return {
        "infinities": int(numbers.size - finite.size),
        "zeros": int((finite == 0).sum()),
        "negatives": int((finite < 0).sum()),
        "minimum": float(values[0]) if values.size else None,
        "maximum": float(values[-1]) if values.size else None,
        "moments": list(_finite_moments(finite)),
        "kll": None if counted["counts"] is not None else sketches.quantile_sketch(finite),
        **counted,
    }


def _kll(state: State) -> str:
    if state["kll"] is not None:
        return str(state["kll"])
    values, weights, _ = distribution(state)
    return sketches.quantile_sketch(np.repeat(values, weights.astype(int)))


def _finite_moments(values: np.ndarray) -> sketches.Moments:
    # Powers of numbers near the end of the range overflow; they are left out rather than written as infinities.
    with np.errstate(over="ignore", invalid="ignore"):
        found = sketches.moments(values)
    return tuple(v if math.isfinite(v) else 0.0 for v in found)  # type: ignore[return-value]  # five numbers


def _text_state(values: pd.Series, sensitive: bool) -> State:
    text = values.map(str)
    counted = text.value_counts()
    lengths = counted.index.str.len() if len(counted) else np.array([], dtype=int)
    return {
        "shortest": int(lengths.min()) if len(lengths) else None,
        "longest": int(lengths.max()) if len(lengths) else None,
        **_counted(counted.index.to_numpy(dtype=object), counted.to_numpy(), sensitive),
    }


def _counted(values: np.ndarray, counts: np.ndarray, sensitive: bool) -> State:
    order = np.argsort(-counts, kind="stable")[:MOST_TOP]
    top = [] if sensitive else [[_plain(values[i]), int(counts[i])] for i in order]
    state: State = {"distinct": len(values), "top": top, "counts": None, "hll": None, "buckets": None}
    if len(values) <= MOST_EXACT and not sensitive:
        return {**state, "counts": [[_plain(v), int(n)] for v, n in zip(values, counts, strict=True)]}
    state |= _hashed(values, counts)
    return {**state, "sensitive": True} if sensitive else state


def _hashed(values: np.ndarray, counts: np.ndarray) -> State:
    return {"hll": sketches.distinct_sketch(values.tolist()), "buckets": sketches.buckets_of(values, counts)}


def _merge_counts(a: State, b: State) -> State:
    if a["counts"] is not None and b["counts"] is not None:
        both = dict(map(tuple, a["counts"]))
        for value, n in b["counts"]:
            both[value] = both.get(value, 0) + n
        values = np.array([*both, None], dtype=object)[:-1]
        return _counted(values, np.array(list(both.values()), dtype=int), False)
    a, b = as_hashed(a), as_hashed(b)
    return {
        "distinct": None,
        "counts": None,
        "hll": sketches.merge_distinct(a["hll"], b["hll"]),
        "buckets": [m + n for m, n in zip(a["buckets"], b["buckets"], strict=True)],
        "top": _merge_top(a["top"], b["top"]),
    }


def as_hashed(state: State) -> State:
    """The state with its values counted by hash bucket."""
    if state["counts"] is None:
        return state
    values = np.array([*(v for v, _ in state["counts"]), None], dtype=object)[:-1]
    return {**state, **_hashed(values, np.array([n for _, n in state["counts"]], dtype=int))}


def _merge_top(a: list[list[Any]], b: list[list[Any]]) -> list[list[Any]]:
    both: dict[Any, int] = dict(map(tuple, a))
    for value, n in b:
        both[value] = both.get(value, 0) + n
    return [[v, n] for v, n in sorted(both.items(), key=lambda pair: -pair[1])[:MOST_TOP]]


def _merge_extremes(a: State, b: State, low: str, high: str) -> State:
    if low not in a and low not in b:
        return {}
    lows = [s[low] for s in (a, b) if s.get(low) is not None]
    highs = [s[high] for s in (a, b) if s.get(high) is not None]
    return {low: min(lows, default=None), high: max(highs, default=None)}


def _told_numbers(state: State) -> dict[str, Any]:
    values, weights, error = distribution(state)
    n, mean, m2, m3, m4 = state["moments"]
    spread = m2 / n if n else 0.0
    varies = spread > 1e-14 * mean**2
    return {
        **{key: state[key] for key in ("minimum", "maximum", "zeros", "negatives", "infinities")},
        "mean": mean if n else None,
        "sd": math.sqrt(m2 / (n - 1)) if n > 1 else None,
        "skew": m3 / n / spread**1.5 if varies and spread**1.5 else None,
        "kurtosis": m4 / n / spread**2 - 3 if varies and spread**2 else None,
        "quantiles": _quantiles(values, weights),
        "rank_error": error,
        "histogram": _histogram(values, weights, state),
    }


def _quantiles(values: np.ndarray, weights: np.ndarray) -> dict[float, float]:
    if not values.size:
        return {}
    ranks = np.cumsum(weights) / weights.sum()
    at = np.minimum(np.searchsorted(ranks, SHARES), values.size - 1)
    return {share: float(values[i]) for share, i in zip(SHARES, at, strict=True)}


def _histogram(values: np.ndarray, weights: np.ndarray, state: State) -> Histogram | None:
    low, high = state["minimum"], state["maximum"]
    if low is None or not math.isfinite(high - low):
        return None
    edges = np.linspace(low, high, state["bins"] + 1) if high > low else np.array([low - 0.5, low + 0.5])
    if not (np.diff(edges) > 0).all():
        return None
    counts, _ = np.histogram(values, edges, weights=weights)
    return Histogram(tuple(map(float, edges)), tuple(map(float, counts)))


def _distinct(state: State) -> tuple[int, bool]:
    if state["distinct"] is not None:
        return state["distinct"], True
    return min(sketches.distinct_estimate(state["hll"]), state["count"]), False


def _plain(value: Any) -> Any:
    return value[:LONGEST_TOLD] if isinstance(value, str) else float(value)


def _told(value: Any, column: Column) -> str:
    if isinstance(value, str):
        return value
    if column.kind == "boolean":
        return "true" if value else "false"
    if column.kind == "datetime":
        return str(np.datetime64(round(value), "s")).replace("T", " ")
    return f"{value:.15g}"
