"""Statistics of one column: what is counted in its rows (the state), and what is told from that.

Everything in a :class:`~workbench.core.profile.ColumnProfile` is told from its state, so two states that are merged
give the profile of both. A state is filled chunk by chunk by a :class:`ColumnScan`.

References
----------
Joanes, Gill (1998), Comparing measures of sample skewness and kurtosis, The Statistician 47.
"""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import polars as pl

from workbench.core.contract import NUMERIC, Column, Kind
from workbench.core.profile import ColumnProfile, Histogram
from workbench.core.ranks import are_close_together
from workbench.profiling import distinct, sketches
from workbench.profiling.value_counts import MOST_TOP, ValueCounts, arrays
from workbench.reading.deciding import text_or_category
from workbench.reading.sensitive import mask
from workbench.reading.values import counted, without_gaps

SHARES = (0.01, 0.05, 0.25, 0.5, 0.75, 0.95, 0.99)
SECONDS_A_DAY = 86_400
# Runs of days without a gap that are kept of a column of dates; beyond, its gaps are not told.
MOST_RUNS = 1000

State = dict[str, Any]


class ColumnScan:
    """Counts one column chunk by chunk.

    Parameters
    ----------
    kind : str
        As in the contract; what the values were read as.
    bins : int
        Bars of the histogram.

    Examples
    --------
    >>> scan = ColumnScan("number")
    >>> scan.update(pl.Series([1.5, None, 3.0]))
    >>> scan.state()["missing"], scan.state()["minimum"]
    (1, 1.5)
    """

    def __init__(self, kind: Kind, bins: int = 20) -> None:
        self.kind, self._bins = kind, bins
        self._rows = self._missing = self._unread = 0
        self._values = ValueCounts(numeric=kind not in ("category", "text"))
        self._part: _Numbers | _Texts = _Numbers() if self._values.numeric else _Texts()
        self._days: set[int] | None = set() if kind == "datetime" else None

    def update(self, values: pl.Series, unread: int = 0, texts: pl.DataFrame | None = None) -> None:
        """One more chunk, shape (rows,), read as the column's kind; ``unread`` of its values could not be.

        ``texts`` are those of the chunk where they were counted already, in columns ``value`` and ``rows``.
        """
        self._rows += len(values)
        self._missing += (missing := values.null_count())
        self._unread += unread
        if missing == len(values):
            return
        if isinstance(self._part, _Texts):
            self._part.update(counted(values, commonest_first=False) if texts is None else texts, self._values)
        else:
            self._add_days(self._part.update(without_gaps(values), self._values))

    def state(self) -> State:
        """What merging needs, as plain JSON."""
        counts = {"count": self._rows - self._missing, "missing": self._missing, "unread": self._unread}
        days = None if self._days is None else _runs(self._days)
        dates = {} if self.kind != "datetime" else {"days": days}
        return {**counts, "bins": self._bins, **self._part.state(), **self._values.state(), **dates}

    def _add_days(self, values: np.ndarray) -> None:
        """The days of distinct moments, rising, in seconds since 1970."""
        if self._days is None or not len(values):
            return
        days = np.floor(np.asarray(values) / SECONDS_A_DAY).astype(np.int64)
        self._days.update(days[np.append(True, days[1:] != days[:-1])].tolist())
        if len(self._days) > 10 * MOST_RUNS and len(_runs(self._days) or ()) > MOST_RUNS:
            self._days = None


class _Numbers:
    """Extremes, signs and moments of numbers."""

    def __init__(self) -> None:
        self._moments: sketches.Moments = (0.0, 0.0, 0.0, 0.0, 0.0)
        self._infinities = self._zeros = self._negatives = 0
        self._low, self._high = math.inf, -math.inf
        self._whole = True

    def update(self, known: pl.Series, seen: ValueCounts) -> np.ndarray:
        """One more chunk without gaps; returns its distinct finite values, rising."""
        numbers = as_numbers(known)
        finite = numbers if numbers.dtype.kind == "i" else numbers[np.isfinite(numbers)]
        self._infinities += numbers.size - finite.size
        if not finite.size:
            return finite
        values, counts = _unique(finite)
        self._moments = sketches.merge_moments(self._moments, _finite_moments(finite))
        below = int(counts[: np.searchsorted(values, 0)].sum())
        self._negatives += below
        self._zeros += int(counts[: np.searchsorted(values, 0, side="right")].sum()) - below
        self._low, self._high = min(self._low, float(values[0])), max(self._high, float(values[-1]))
        self._whole = self._whole and (finite.dtype.kind == "i" or bool((values == np.round(values)).all()))
        seen.update(values, counts)
        return values

    def state(self) -> State:
        known = self._moments[0] > 0
        return {
            "infinities": self._infinities,
            "zeros": self._zeros,
            "negatives": self._negatives,
            "minimum": self._low if known else None,
            "maximum": self._high if known else None,
            "moments": list(self._moments),
            "whole": self._whole,
            "kll": None,
        }


class _Texts:
    """Lengths of texts, in characters."""

    def __init__(self) -> None:
        self._shortest: int | None = None
        self._longest = self._total = 0

    def update(self, texts: pl.DataFrame, seen: ValueCounts) -> None:
        """The distinct texts of one more chunk with their rows."""
        values, counts = texts["value"], texts["rows"].to_numpy().astype(np.int64)
        lengths = values.str.len_chars().to_numpy()
        shortest, longest = int(lengths.min()), int(lengths.max())
        self._shortest = shortest if self._shortest is None else min(self._shortest, shortest)
        self._longest = max(self._longest, longest)
        self._total += int(lengths @ counts)
        seen.update(values, counts)

    def state(self) -> State:
        longest = None if self._shortest is None else self._longest
        return {"shortest": self._shortest, "longest": longest, "characters": self._total}


def as_numbers(known: pl.Series) -> np.ndarray:
    """Values without gaps as int64 or float64, shape (rows,); datetimes in seconds since 1970 in UTC.

    >>> as_numbers(pl.Series(["1970-01-02"]).str.to_date())
    array([86400.])
    """
    if known.dtype.is_integer() and known.dtype != pl.UInt64:
        return known.cast(pl.Int64).to_numpy()
    return as_floats(known)


def as_floats(values: pl.Series) -> np.ndarray:
    """As float64 with NaN where missing, shape (n,)."""
    if values.dtype in (pl.Date, pl.Datetime):
        # Nanoseconds have more digits than a float: they are cut to microseconds first.
        micro = values.cast(pl.Datetime("us", getattr(values.dtype, "time_zone", None)))
        return micro.to_physical().cast(pl.Float64).to_numpy() / 1e6
    return values.cast(pl.Float64).to_numpy()


def column_state(values: pl.Series, kind: Kind, bins: int = 20) -> State:
    """The state of one chunk that was read as ``kind``."""
    scan = ColumnScan(kind, bins)
    scan.update(values)
    return scan.state()


def without_values(state: State) -> State:
    """The state of a sensitive column: hashes, lengths and masks, no value in clear."""
    hashed = as_hashed(state)
    lengths = {key: state.get(key) for key in ("shortest", "longest", "characters")}
    kept = {
        key: hashed[key]
        for key in ("count", "missing", "unread", "bins", "distinct", "hll", "buckets", "hashed_by", "top_error")
    }
    return {**kept, **lengths, "top": [[mask(str(v)), n] for v, n in state["top"]], "counts": None, "sensitive": True}


def column_profile(state: State, column: Column, target: float | None = None) -> ColumnProfile:
    """The statistics that a state tells."""
    numeric = _told_numbers(state) if "moments" in state else {}
    different, error = _distinct(state)
    return ColumnProfile(
        name=column.name,
        kind=column.kind,
        role=column.role,
        count=state["count"],
        missing=state["missing"],
        distinct=different,
        distinct_exact=not error,
        distinct_error=error,
        top=tuple((_told(v, column), n) for v, n in state["top"]),
        top_error=state.get("top_error", 0),
        shortest=state.get("shortest"),
        longest=state.get("longest"),
        mean_length=_mean_length(state),
        longest_gap=_longest_gap(state.get("days")),
        unread=state.get("unread", 0),
        target=target,
        sensitive=bool(state.get("sensitive")),
        state=state,
        **numeric,
    )


def told_kind(state: State, kind: Kind) -> Kind:
    """What the column is, now that all of it was seen: whole numbers are integers, many distinct texts a text."""
    if kind in NUMERIC:
        whole = state.get("whole", False) and state["minimum"] is not None and not state["infinities"]
        return "integer" if whole and max(abs(state["minimum"]), abs(state["maximum"])) < 2**63 else "number"
    if kind in ("category", "text"):
        return text_or_category(_distinct(state)[0], state["count"])
    return kind


def distribution(state: State) -> tuple[np.ndarray, np.ndarray, float]:
    """Rising finite values, the rows that each stands for (both shape (m,)), and the rank error in [0, 1]."""
    if state.get("counts") is not None:
        pairs = np.array(sorted((float(v), n) for v, n in state["counts"]), dtype=float).reshape(-1, 2)
        return pairs[:, 0], pairs[:, 1], 0.0
    return sketches.weighted_values(state["kll"])


def merge_states(a: State, b: State) -> State:
    """The state of both chunks of one column: exact but for the sketches."""
    merged = {key: a[key] + b[key] for key in ("count", "missing")}
    merged |= {"unread": a.get("unread", 0) + b.get("unread", 0), "bins": a["bins"], **_merge_counts(a, b)}
    merged |= _merge_extremes(a, b, "shortest", "longest") | _merge_extremes(a, b, "minimum", "maximum")
    if "characters" in a and "characters" in b:
        merged["characters"] = _added(a["characters"], b["characters"])
    if a.get("sensitive") or b.get("sensitive"):
        # Two values may have one mask, so masks can't be added up.
        merged |= {"sensitive": True, "top": [], "top_error": 0}
    if "days" in a and "days" in b:
        merged["days"] = _merge_days(a["days"], b["days"])
    if "moments" in a and "moments" in b:
        merged |= {key: a[key] + b[key] for key in ("zeros", "negatives", "infinities")}
        merged["whole"] = bool(a.get("whole") and b.get("whole"))
        merged["moments"] = list(sketches.merge_moments(a["moments"], b["moments"]))
        merged["kll"] = None if merged["counts"] is not None else sketches.merge_quantiles(_kll(a), _kll(b))
    return merged


def as_hashed(state: State, by: str = sketches.HASH) -> State:
    """The state with its values counted by hash bucket; a state that has no values stays as it is."""
    if state["counts"] is None:
        return state
    values, counts = arrays(_counted(state))
    buckets = sketches.buckets_of(values, counts, by)
    return {**state, "hll": distinct.sketch_of(values), "buckets": buckets, "hashed_by": by}


def hashed_by(state: State) -> str | None:
    """The hash that its buckets are of; None where it has its values, and any will do."""
    return None if state["counts"] is not None else state.get("hashed_by", "pandas")


def hashed_alike(a: State, b: State) -> tuple[State, State] | None:
    """Both counted by buckets of one hash; None where they have different ones, or none."""
    by = hashed_by(a) or hashed_by(b) or sketches.HASH
    a, b = as_hashed(a, by), as_hashed(b, by)
    alike = hashed_by(a) in (by, None) and hashed_by(b) in (by, None)
    return (a, b) if alike and a["buckets"] is not None and b["buckets"] is not None else None


def _unique(values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """As :func:`numpy.unique` with counts, of one value or more, none of them NaN; quicker."""
    low = values.min()
    if are_close_together(values):
        counts = np.bincount((values - low).astype(np.intp))
        there = np.flatnonzero(counts)
        return low + there.astype(values.dtype), counts[there]
    ordered = np.sort(values)
    first = np.flatnonzero(np.append(True, ordered[1:] != ordered[:-1]))
    if len(first) == len(ordered):
        return ordered, np.ones(len(ordered), dtype=np.int64)
    return ordered[first], np.diff(first, append=len(ordered))


def _finite_moments(values: np.ndarray) -> sketches.Moments:
    # Powers of numbers near the end of the range overflow; they are left out rather than written as infinities.
    with np.errstate(over="ignore", invalid="ignore"):
        moments = sketches.moments(values)
    return tuple(v if math.isfinite(v) else 0.0 for v in moments)  # type: ignore[return-value]  # five numbers


def _counted(state: State) -> dict[Any, int]:
    return {v if isinstance(v, str) else float(v): n for v, n in state["counts"]}


def _runs(days: set[int]) -> list[list[int]] | None:
    """Days as runs [first, length]; None where there are too many."""
    ordered = np.array(sorted(days), dtype=np.int64)
    starts = np.flatnonzero(np.diff(ordered, prepend=ordered[:1] - 2) > 1) if ordered.size else np.array([], dtype=int)
    if len(starts) > MOST_RUNS:
        return None
    lengths = np.diff([*starts, ordered.size])
    return [[int(ordered[s]), int(n)] for s, n in zip(starts, lengths, strict=True)]


def _merge_days(a: list[list[int]] | None, b: list[list[int]] | None) -> list[list[int]] | None:
    if a is None or b is None:
        return None
    return _runs({day for start, length in (*a, *b) for day in range(start, start + length)})


def _longest_gap(days: list[list[int]] | None) -> tuple[float, float] | None:
    if not days or len(days) < 2:
        return None
    gaps = [(b[0] - a[0] - a[1] + 1, a[0] + a[1] - 1, b[0]) for a, b in itertools.pairwise(days)]
    _, before, after = max(gaps)
    return float(before * SECONDS_A_DAY), float(after * SECONDS_A_DAY)


def _kll(state: State) -> str:
    if state["kll"] is not None:
        return str(state["kll"])
    values, weights, _ = distribution(state)
    return sketches.quantile_sketch(np.repeat(values, weights.astype(int)))


def _merge_counts(a: State, b: State) -> State:
    if a["counts"] is not None and b["counts"] is not None:
        return _merge_exact(a, b)
    alike = hashed_alike(a, b)
    a, b = alike or (as_hashed(a), as_hashed(b))
    buckets = [m + n for m, n in zip(a["buckets"], b["buckets"], strict=True)] if alike else None
    top, error = _merge_top(a, b)
    return {
        "distinct": None,
        "counts": None,
        "hll": distinct.merge(a["hll"], b["hll"]),
        "buckets": buckets,
        "hashed_by": a.get("hashed_by", "pandas"),
        "top": top,
        "top_error": error,
    }


def _merge_exact(a: State, b: State) -> State:
    numeric = "moments" in a or "moments" in b
    both = ValueCounts(numeric)
    for state in (a, b):
        both.update(*arrays(_counted(state)))
    return both.state()


def _merge_top(a: State, b: State) -> tuple[list[list[Any]], int]:
    both: dict[Any, int] = dict(map(tuple, a["top"]))
    for value, n in b["top"]:
        both[value] = both.get(value, 0) + n
    # A value that only one of them tells may have come in the other as often as the last that this one tells.
    hidden = max((s["top"][-1][1] for s in (a, b) if len(s["top"]) == MOST_TOP), default=0)
    error = a.get("top_error", 0) + b.get("top_error", 0) + hidden
    return [[v, n] for v, n in sorted(both.items(), key=lambda pair: -pair[1])[:MOST_TOP]], error


def _added(a: int | None, b: int | None) -> int | None:
    return None if a is None and b is None else (a or 0) + (b or 0)


def _merge_extremes(a: State, b: State, low: str, high: str) -> State:
    if low not in a and low not in b:
        return {}
    lows = [s[low] for s in (a, b) if s.get(low) is not None]
    highs = [s[high] for s in (a, b) if s.get(high) is not None]
    return {low: min(lows, default=None), high: max(highs, default=None)}


def _mean_length(state: State) -> float | None:
    total = state.get("characters")
    return total / state["count"] if total is not None and state["count"] else None


def _told_numbers(state: State) -> dict[str, Any]:
    values, weights, error = distribution(state)
    n, mean, m2, m3, m4 = state["moments"]
    spread = m2 / n if n else 0.0
    varies = spread > 1e-14 * mean**2
    skew = m3 / n / spread**1.5 if varies and spread**1.5 else None
    kurtosis = m4 / n / spread**2 - 3 if varies and spread**2 else None
    return {
        **{key: state[key] for key in ("minimum", "maximum", "zeros", "negatives", "infinities")},
        "mean": mean if n else None,
        "sd": math.sqrt(m2 / (n - 1)) if n > 1 else None,
        "skew": _unbiased_skew(skew, n),
        "kurtosis": _unbiased_kurtosis(kurtosis, n),
        "quantiles": _estimated_quantiles(values, weights) if error else _quantiles(values, weights),
        "rank_error": error,
        "histogram": _histogram(values, weights, state),
    }


def _unbiased_skew(skew: float | None, n: float) -> float | None:
    """Adjusted for the rows as :meth:`pandas.Series.skew` does (G1 of Joanes and Gill 1998)."""
    return None if skew is None or n < 3 else skew * math.sqrt(n * (n - 1)) / (n - 2)


def _unbiased_kurtosis(kurtosis: float | None, n: float) -> float | None:
    """Adjusted for the rows as :meth:`pandas.Series.kurt` does (G2 of Joanes and Gill 1998)."""
    return None if kurtosis is None or n < 4 else ((n + 1) * kurtosis + 6) * (n - 1) / ((n - 2) * (n - 3))


def _quantiles(values: np.ndarray, weights: np.ndarray) -> dict[float, float]:
    """Of rising values that stand for whole rows: interpolated as :func:`numpy.quantile` does."""
    if not values.size:
        return {}
    rows = np.cumsum(weights)
    place = np.array(SHARES) * (rows[-1] - 1)
    low, high = (values[np.searchsorted(rows, whole, side="right")] for whole in (np.floor(place), np.ceil(place)))
    part = place - np.floor(place)
    between = np.where(low == high, low, low * (1 - part) + high * part)
    return dict(zip(SHARES, between.tolist(), strict=True))


def _estimated_quantiles(values: np.ndarray, weights: np.ndarray) -> dict[float, float]:
    """Of a sketch: values of the column whose rank is right within the sketch's error."""
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


def _distinct(state: State) -> tuple[int, float]:
    """Distinct values and the relative error at 99% confidence."""
    if state["distinct"] is not None:
        return state["distinct"], 0.0
    count, error = distinct.estimate(state["hll"])
    return min(count, state["count"]), error


def _told(value: Any, column: Column) -> str:
    if isinstance(value, str):
        return value
    if column.kind == "boolean":
        return "true" if value else "false"
    if column.kind == "datetime":
        return str(np.datetime64(round(value), "s")).replace("T", " ")
    return f"{value:.15g}"
