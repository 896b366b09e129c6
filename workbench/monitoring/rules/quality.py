"""Whether values are there, readable, and among those that the training saw: rates against what they were."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.core.contract import NUMERIC
from workbench.core.profile import ColumnProfile
from workbench.core.report import Direction
from workbench.core.running_sum import watch
from workbench.core.wording import listed_values
from workbench.monitoring.budget import Family, Suspicion
from workbench.monitoring.evidence import Evidence
from workbench.profiling.dispersion import usually
from workbench.profiling.drift_tests import proportions
from workbench.profiling.rates import TOLERANCE, fall, rise
from workbench.profiling.statistics import distribution

# Rows of a time series that move on leave the range of those before more often than independent rows would.
TOLERANCE_IN_TIME = 0.01
# A column that had values in so many rows, and now has none, is gone rather than missing.
THERE = 0.1
# Flags are watched row by row as if at least so many rows carried one in training.
LEAST_FLAGGED = 0.005
MOST_NAMED = 3
# A row beyond each end of the range is to be expected of as many rows as the training had.
ENDS = 1.0


def quality(e: Evidence, part: float) -> Family:
    """Each feature's rates: missing, new and vanished categories, outside the range, unreadable."""
    found = [one for pair in e.columns for one in _of_column(e, *pair)]
    flags = _seldom(e, [*found])
    return Family((*found, *flags), sum(_tests(ref) for ref, _ in e.columns) + 1)


def flagged_rows(e: Evidence, part: float) -> Family:
    """Whether flags have become more frequent from some row on, by the running sum."""
    carried = e.before.carried.get("flags", 0.0) if e.before else 0.0
    seen = watch(flagged_ones(e), flag_rate(e), carried)
    if seen.alarm is None:
        return Family(tests=1)
    since = f"row {seen.onset + 1:,} of the window" if seen.onset or not carried else "an earlier window"
    text = f"More rows with values that the training never saw since {since}: {seen.now:.1%}."
    return Family((Suspicion("flags", text, seen.p_value, seen.now, direction="up"),), 1)


def flagged_ones(e: Evidence) -> Any:
    """Which rows carry a flag, in their order."""
    return (e.predictions["flags"] != "").to_numpy()


def flag_rate(e: Evidence) -> float:
    """How often a row would have carried one in training, had it been new."""
    return max(_flagged_before(e) / e.bundle.reference.rows, LEAST_FLAGGED)


def _tests(column: ColumnProfile) -> int:
    """Two for what is missing and unreadable, one or two for the values."""
    return 2 + (2 if _exact(column) else 1)


def _of_column(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> Iterator[Suspicion]:
    yield _missing(e, ref, now)
    yield from _flagged(e, "unreadable", ref, now)
    if ref.kind in NUMERIC:
        yield from _flagged(e, "out_of_range", ref, now)
    elif _exact(ref) and _exact(now) and now.count:
        yield from _categories(e, ref, now)


def _missing(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> Suspicion:
    before, after = (ref.missing, ref.rows), (now.missing, now.rows)
    up = now.missing_share >= ref.missing_share
    p = min(2 * (rise if up else fall)(before, after), 1.0)
    test = usually({"missing": proportions((ref.missing, now.missing), (ref.rows, now.rows))}, e.chunks(ref.name), now)
    p = max(p, test["missing"].p_value) if e.chunks(ref.name) else p
    direction: Direction = "up" if up else "down"
    if now.missing == now.rows and ref.missing_share < 1 - THERE:
        text = f"{ref.name} is gone: no row has a value, {1 - ref.missing_share:.1%} had one in training."
        return Suspicion("schema", text, p, 1 - ref.missing_share, (ref.name,), direction)
    required = up and not e.bundle.contract[ref.name].missing_allowed
    text = f"{ref.name} is missing in {_share(now.missing, now.rows)}, {ref.missing_share:.1%} in training"
    text += ", and its contract allows none." if required else "."
    effect = abs(now.missing_share - ref.missing_share)
    return Suspicion("missing", text, p, effect, (ref.name,), direction, "required" if required else "")


def _flagged(e: Evidence, flag: str, ref: ColumnProfile, now: ColumnProfile) -> Iterator[Suspicion]:
    """Rows that the contract flags, of one kind and column."""
    rows = e.seen.flags.get(f"{flag}:{ref.name}", 0)
    if not rows:
        return
    known = ref.unread if flag == "unreadable" else _outside(e, ref) + ENDS
    p = rise((known, ref.rows), (rows, now.rows), TOLERANCE_IN_TIME if e.in_time else TOLERANCE)
    kind, what = ("unreadable", "can't be read") if flag == "unreadable" else ("range", "lies outside its range")
    text = f"{ref.name} {what} in {_share(rows, now.rows)}, hardly any in training."
    yield Suspicion(kind, text, p, rows / now.rows, (ref.name,), "up")


def _outside(e: Evidence, ref: ColumnProfile) -> float:
    """Rows of the training outside the contract's range, where somebody has drawn it narrower."""
    column = e.bundle.contract[ref.name]
    if not ref.state.get("moments") or (column.minimum is None and column.maximum is None):
        return 0.0
    values, weights, _ = distribution(ref.state)
    low = -float("inf") if column.minimum is None else column.minimum
    high = float("inf") if column.maximum is None else column.maximum
    return float(weights[(values < low) | (values > high)].sum())


def _exact(column: ColumnProfile) -> bool:
    """Whether its values are counted, each, in the open."""
    return column.kind in ("category", "text", "boolean") and bool(column.state.get("counts")) and not column.sensitive


def _categories(e: Evidence, ref: ColumnProfile, now: ColumnProfile) -> Iterator[Suspicion]:
    before, after = (dict(map(tuple, side.state["counts"])) for side in (ref, now))
    new = {level: n for level, n in after.items() if level not in before}
    gone = {level: n for level, n in before.items() if level not in after}
    tolerance = TOLERANCE_IN_TIME if e.in_time else TOLERANCE
    if new:
        # Levels that came once in training say how often one comes that has not been there (Good and Turing).
        once = sum(n == 1 for n in before.values())
        rows = sum(new.values())
        p = rise((once, ref.count), (rows, now.count), tolerance)
        renamed = _written_otherwise(new, gone)
        named = listed_values(sorted(new, key=lambda level: (-new[level], str(level)))[:MOST_NAMED])
        what = f"writes its values otherwise ({renamed})" if renamed else f"has new values ({named})"
        text = f"{ref.name} {what} in {_share(rows, now.rows)}."
        yield Suspicion("schema" if renamed else "category", text, p, rows / now.rows, (ref.name,), "up")
    if gone and not e.in_time:
        level = max(gone, key=lambda level: gone[level])
        p = min(fall((gone[level], ref.count), (0, now.count)) * len(before), 1.0)
        text = f"{ref.name} no longer has the value {listed_values([level])}, {gone[level] / ref.rows:.1%} in training."
        yield Suspicion("category", text, p, gone[level] / ref.rows, (ref.name,), "down")


def _written_otherwise(new: dict[object, int], gone: dict[object, int]) -> str:
    """An example, where all that is new is what is gone but for case and blanks; nothing otherwise."""
    plain = {"".join(str(level).split()).casefold(): level for level in gone}
    pairs = [(plain.get("".join(str(level).split()).casefold()), level) for level in new]
    if not pairs or any(old is None for old, _ in pairs):
        return ""
    return f"{str(pairs[0][1])!r} for {str(pairs[0][0])!r}"


def _seldom(e: Evidence, found: list[Suspicion]) -> list[Suspicion]:
    """The rows that hold anything never seen, whatever it is, together."""
    if not e.seen.flags:
        return []
    rows = round(e.seen.flagged * e.seen.rows)
    p = rise(
        (_flagged_before(e), e.bundle.reference.rows),
        (rows, e.seen.rows),
        TOLERANCE_IN_TIME if e.in_time else TOLERANCE,
    )
    flag, most = next(iter(e.seen.flags.items()))
    text = (
        f"{e.seen.flagged:.0%} of the rows hold values that the training never saw, first of all {in_words(flag)} "
        f"({most:,} rows)."
    )
    column = flag.partition(":")[2]
    return [Suspicion("flags", text, p, e.seen.flagged, (column,) if column else (), "up")]


def _flagged_before(e: Evidence) -> float:
    """Rows that would have carried a flag, of as many as the training had, had they been new."""
    numbers = sum(2 * ENDS + _outside(e, ref) for ref, _ in e.columns if ref.kind in NUMERIC)
    texts = sum(sum(n == 1 for _, n in ref.state["counts"]) for ref, _ in e.columns if _exact(ref))
    return float(min(numbers + texts, e.bundle.reference.rows))


def in_words(flag: str) -> str:
    """A flag of the contract in words.

    >>> in_words("out_of_range:temp")
    'numbers outside the range of temp'
    """
    kind, _, column = flag.partition(":")
    known = {
        "out_of_range": "numbers outside the range of",
        "unseen_category": "new categories of",
        "unreadable": "unreadable values of",
    }
    return f"{known.get(kind, kind.replace('_', ' '))} {column}".rstrip()


def _share(rows: int, of: int) -> str:
    return f"{rows:,} of {of:,} rows ({rows / max(of, 1):.1%})"
