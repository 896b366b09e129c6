"""Whether the values of a column lie otherwise, are spread otherwise, or stick; and what did it, where that shows."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations
from math import log, log10
from typing import Any

import numpy as np

from workbench.core.contract import NUMERIC
from workbench.core.metric import short
from workbench.core.profile import ColumnProfile
from workbench.core.report import ColumnDrift, Direction
from workbench.core.wording import listed_values
from workbench.monitoring.budget import Family, Suspicion
from workbench.monitoring.evidence import FEWEST, Evidence
from workbench.profiling.chunking import in_parts
from workbench.profiling.compare import comparable, compare
from workbench.profiling.dispersion import of_shares
from workbench.profiling.drift_tests import chi2, ks
from workbench.profiling.rates import rise
from workbench.profiling.spread import spread_change
from workbench.profiling.statistics import distribution

# Tests that compare() takes the strongest of, for each column: its p-value is corrected for them here.
TESTS = 3
# By which numbers become others when somebody measures in another unit, or writes them otherwise; and their inverses.
UNITS = {
    10.0: "ten times", 100.0: "a hundred times", 1000.0: "a thousand times", 1e6: "a million times",
    2.54: "inches and centimetres", 0.3048: "feet and metres", 1.609344: "miles and kilometres",
    0.45359237: "pounds and kilograms", 28.349523: "ounces and grams", 3.785411784: "gallons and litres",
    3.6: "metres a second and kilometres an hour", 12.0: "months and years, or inches and feet", 24.0: "hours and days",
    60.0: "seconds, minutes and hours", 3600.0: "seconds and hours", 86400.0: "seconds and days", 7.0: "days and weeks",
    1024.0: "bytes and kilobytes", 4.184: "calories and joules", 1.8: "degrees Celsius and Fahrenheit",
}  # fmt: skip
FAHRENHEIT = (1.8, 32.0)
# How near two distributions must lie to be called the same but for a factor, or an exchange; and how far they were.
NEAR, FAR = 0.08, 0.2
OFF = 0.03  # of a factor, as a share
# An exchange is looked for among so many columns, those that drifted most.
MOST_EXCHANGED = 20
STUCK, SHARE_BEFORE = 0.9, 0.5
# In time a stretch has few of the days of a month, and prices half as high again: there a value is stuck from half of
# the rows on, and another unit is ten times as large.
STUCK_IN_TIME, LEAST_IN_TIME = 0.5, 1.0
STUCK_TOLERANCE = 0.02


def drifts(e: Evidence, part: float) -> tuple[ColumnDrift, ...]:
    """Each column against the reference; a moment always moves on, so datetimes are left out."""
    reference, profile = e.bundle.reference, e.profile
    names = [
        c.name
        for c in reference
        if c.name in profile
        and c.kind != "datetime"
        and profile[c.name].rows
        and (c.sensitive is False or profile[c.name].count)
    ]
    apart = float(e.bundle.lineage.get("reference", {}).get("apart", 0.0))
    return compare(reference, profile, rate=part, columns=names, chunks=e.bundle.chunks, apart=apart)


def drift(e: Evidence, part: float) -> Family:
    """Distributions of the values; what is missing is another rule's."""
    tested = drifts(e, part)
    sides = {d.column: (e.bundle.reference[d.column], e.profile[d.column]) for d in tested if d.test != "missing"}
    moved = [d for d in tested if d.column in sides and d.p_value * TESTS < part]
    found = [_drifted(d, *sides[d.column]) for d in tested if d.column in sides]
    least = LEAST_IN_TIME if e.in_time else 0.0
    named = _named([(d, *sides[d.column]) for d in moved if d.column != "prediction"], least)
    return Family(tuple(dict.fromkeys(named.get(one.columns[0], one) for one in found)), len(tested))


def _drifted(d: ColumnDrift, ref: ColumnProfile, now: ColumnProfile) -> Suspicion:
    kind = "prediction" if d.column == "prediction" else "drift"
    direction, how = _how(ref, now)
    name = "predictions" if kind == "prediction" else d.column
    text = f"{name} drifted ({d.effect:.2f}){how}."
    return Suspicion(kind, text, min(d.p_value * TESTS, 1.0), d.effect, (d.column,), direction)


def _how(ref: ColumnProfile, now: ColumnProfile) -> tuple[Direction, str]:
    """Which way, and how far: by the means of numbers, by the level that changed most."""
    if ref.mean is not None and now.mean is not None and ref.sd:
        apart = (now.mean - ref.mean) / ref.sd
        mean = f": the mean is {short(now.mean)}, {short(ref.mean)} in training ({apart:+.2f} sd)"
        return ("up" if apart > 0 else "down" if apart < 0 else ""), mean
    before, after = (dict(map(tuple, s.state.get("counts") or ())) for s in (ref, now))
    if not before or not after or ref.sensitive:
        return "", ""
    change = {v: after.get(v, 0) / now.count - before.get(v, 0) / ref.count for v in {*before, *after}}
    most = max(sorted(change, key=str), key=lambda v: abs(change[v]))
    shares = f"{after.get(most, 0) / now.count:.0%}, {before.get(most, 0) / ref.count:.0%} in training"
    return "", f": {listed_values([most])} in {shares}"


def _named(moved: Sequence[tuple[ColumnDrift, ColumnProfile, ColumnProfile]], least: float) -> dict[str, Suspicion]:
    """Of drifts those that have a name: another unit, by at least so many powers of ten, or two columns exchanged."""
    found: dict[str, Suspicion] = {}
    for d, ref, now in moved:
        unit = _unit(d, ref, now, least)
        if unit:
            found[d.column] = unit
    rest = [one for one in moved if one[0].column not in found and one[0].effect >= FAR / 2][:MOST_EXCHANGED]
    for (d, a, a_now), (other, b, b_now) in combinations(rest, 2):
        if d.column in found or other.column in found or not comparable(a.kind, b.kind):
            continue
        as_is, turned = d.effect + other.effect, _apart(a, b_now) + _apart(b, a_now)
        if turned < min(2 * NEAR, as_is / 2):
            columns = (d.column, other.column)
            text = f"{d.column} and {other.column} seem to be exchanged: each has the values that the other had."
            p = min(max(d.p_value, other.p_value) * TESTS, 1.0)
            found |= dict.fromkeys(columns, Suspicion("swap", text, p, 1 - turned / as_is, columns))
    return found


def _unit(d: ColumnDrift, ref: ColumnProfile, now: ColumnProfile, least: float) -> Suspicion | None:
    if ref.kind not in NUMERIC or d.effect < FAR or not ref.count or not now.count or ref.sensitive:
        return None
    for factor, offset, words in (one for one in _factors(ref, now) if abs(log10(one[0])) >= least):
        values, weights, error = distribution(now.state)
        back = ks(distribution(ref.state), ((values - offset) / factor, weights, error)).effect
        if back < min(NEAR + 1.36 / now.count**0.5, d.effect / 3):
            text = f"{ref.name} is {_times(factor)} as large as in training: another unit ({words})?"
            p = min(d.p_value * TESTS, 1.0)
            return Suspicion("unit", text, p, max(abs(log10(factor)), 0.1), (ref.name,), "up" if factor > 1 else "down")
    return None


def _factors(ref: ColumnProfile, now: ColumnProfile) -> Iterator[tuple[float, float, str]]:
    """Known factors (with an offset) near that by which the spread of the values grew."""
    ratio = _width(now) / _width(ref) if _width(ref) else 0.0
    if ratio <= 0:
        return
    close = max(OFF, 3 / now.count**0.5)
    for unit, words in UNITS.items():
        for factor in (unit, 1 / unit):
            if abs(log(ratio / factor)) < close * 2:
                degrees = FAHRENHEIT[1] if factor == FAHRENHEIT[0] else -FAHRENHEIT[1] / FAHRENHEIT[0]
                yield factor, (degrees if unit == FAHRENHEIT[0] else 0.0), words


def _width(column: ColumnProfile) -> float:
    """Between the quartiles, or where half of the rows are alike, the standard deviation."""
    quartiles = column.quantiles.get(0.75, 0.0) - column.quantiles.get(0.25, 0.0)
    return quartiles or column.sd or 0.0


def _times(factor: float) -> str:
    return f"{short(factor) if factor < 1000 else f'{factor:,.0f}'} times" if factor >= 1 else f"1/{short(1 / factor)}"


def _apart(a: ColumnProfile, b: ColumnProfile) -> float:
    if "moments" in a.state and "moments" in b.state:
        return ks(distribution(a.state), distribution(b.state)).effect
    counts = [dict(map(tuple, s.state.get("counts") or ())) for s in (a, b)]
    return chi2(*counts).effect if all(counts) else 1.0


def spread(e: Evidence, part: float) -> Family:
    """Numbers that are wider or narrower spread, wherever their middle is."""
    numbers = [pair for pair in e.columns if pair[0].kind in NUMERIC and min(s.count for s in pair) >= FEWEST]
    found = [one for ref, now in numbers if (one := _spread(e, ref, now))]
    return Family(tuple(found), len(numbers))


def _spread(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> Suspicion | None:
    if not _width(ref) or not _width(now) or ref.distinct < 3:
        return None
    ratio = _width(now) / _width(ref)
    p = spread_change(ref.state, now.state, e.chunks(ref.name))
    wide = f"{ratio:.2f} times as wide as" if ratio > 1 else f"{ratio:.0%} as wide as"
    text = f"{ref.name} is spread {wide} in training."
    return Suspicion("spread", text, p, abs(log(ratio)), (ref.name,), "up" if ratio > 1 else "down")


def stuck(e: Evidence, part: float) -> Family:
    """One value that came seldom, and now in most rows."""
    found = [one for ref, now in e.columns if (one := _stuck(e, ref, now))]
    return Family(tuple(found), len(e.columns))


def _stuck(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> Suspicion | None:
    top = now.state.get("top") or ()
    if not top or now.sensitive or now.count < FEWEST or ref.distinct < 2:
        return None
    value, rows = top[0]
    before = _rows_of(ref, value)
    share, was = rows / now.count, before / ref.count if ref.count else 1.0
    seldom = ref.kind in NUMERIC and was < SHARE_BEFORE and share >= (STUCK_IN_TIME if e.in_time else 0.0)
    if share - was < STUCK_TOLERANCE or not (share >= STUCK or seldom):
        return None
    p = min(rise((before, ref.count), (rows, now.count), STUCK_TOLERANCE) * max(now.distinct, 1), 1.0)
    if _as_usual(e, ref, now):
        p = 1.0
    shown = now.top[0][0] if now.top else short(float(value))
    text = f"{ref.name} is stuck at {shown} in {share:.0%} of the rows, {was:.1%} in training."
    return Suspicion("stuck", text, p, share - was, (ref.name,))


def _rows_of(column: ColumnProfile, value: Any) -> float:
    """Of a value; of one that is not among the most frequent, at most so many."""
    if column.state.get("counts") is not None:
        return float(dict(map(tuple, column.state["counts"])).get(value, 0))
    known = dict(map(tuple, column.state.get("top") or ()))
    return float(known.get(value, min(known.values(), default=0)))


def _as_usual(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> bool:
    """Whether a stretch of the training was as much in one part of the values."""
    chunks = e.chunks(ref.name)
    if chunks is None:
        return False
    try:
        rows = in_parts(chunks, now.state)
    except ValueError:
        return False
    shares, *_ = of_shares(chunks, float(rows.sum()))
    return bool(len(shares)) and float(shares.max()) >= float(np.max(rows) / max(rows.sum(), 1.0)) - STUCK_TOLERANCE
