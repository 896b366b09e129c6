"""Comparing two profiles: which columns differ by more than chance, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace

from workbench.core.contract import NUMERIC, Kind
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.report import ColumnDrift
from workbench.errors import BadParameter
from workbench.profiling.drift_tests import NOTHING, TestResult, chi2, holm, ks, means, proportions
from workbench.profiling.statistics import as_hashed, distribution

# The smallest effect that matters: between normal samples a KS distance of 0.1 is a shift of a quarter of a standard
# deviation. A convention, not yet measured against what such a shift costs a model.
IMPORTANT = 0.1


def compare(
    reference: Profile | Iterable[ColumnProfile],
    current: Profile | Iterable[ColumnProfile],
    *,
    rate: float = 0.05,
    columns: Iterable[str] | None = None,
) -> tuple[ColumnDrift, ...]:
    """Say which columns differ, from the two profiles alone.

    Numbers and dates: Kolmogorov-Smirnov, and Welch's test of the exact means, which sees small shifts of long tables
    that a sketch's noise would hide. Categories, texts and booleans: two-sample chi-square. All: the share of missing
    values. The strongest of a column's tests is told; its p-value is corrected for their number, and over the columns
    by Holm's method.

    Parameters
    ----------
    reference, current : Profile, or iterable of ColumnProfile
        The columns that both have in one kind are compared.
    rate : float
        The chance, in (0, 1), that a comparison of samples of one population flags anything at all.
    columns : iterable of str, optional
        The columns to compare, all by default.

    Returns
    -------
    tuple of ColumnDrift
        One a column, strongest effect first.

    Raises
    ------
    BadParameter
        If ``rate`` is not between 0 and 1.
    """
    if not 0 < rate < 1:
        raise BadParameter(f"rate is a chance between 0 and 1, got {rate!r}. Give for example 0.05.")
    wanted = None if columns is None else set(columns)
    now = {c.name: c for c in current}
    pairs = [(c, now[c.name]) for c in reference if c.name in now and (wanted is None or c.name in wanted)]
    tested = [(a.name, *_strongest(a, b)) for a, b in pairs]
    adjusted = holm([p for *_, p in tested])
    found = [_drift(name, test, result, p < rate) for (name, test, result, _), p in zip(tested, adjusted, strict=True)]
    return tuple(sorted(found, key=lambda d: (-d.drifted, -d.effect, d.p_value, d.column)))


def _drift(name: str, test: str, result: TestResult, drifted: bool) -> ColumnDrift:
    important = drifted and result.effect >= IMPORTANT
    return ColumnDrift(name, test, result.statistic, result.p_value, min(result.effect, 1.0), drifted, important)


def _strongest(a: ColumnProfile, b: ColumnProfile) -> tuple[str, TestResult, float]:
    """Name and result of the test with the smallest p-value, and that p-value corrected for the choice."""
    tests = {**_value_tests(a, b), "missing": proportions((a.missing, b.missing), (a.rows, b.rows))}
    said = [(name, result) for name, result in tests.items() if result is not NOTHING]
    if not said:
        return next(iter(tests)), NOTHING, 1.0
    name, best = min(said, key=lambda t: (t[1].p_value, -t[1].effect))
    return name, best, min(best.p_value * len(said), 1.0)


def _value_tests(a: ColumnProfile, b: ColumnProfile) -> dict[str, TestResult]:
    numbers = "moments" in a.state and "moments" in b.state and (_ordered(a) or _ordered(b))
    if not a.count or not b.count or not comparable(a.kind, b.kind):
        return {"ks" if numbers else "chi2": NOTHING}
    if not numbers:
        return {"chi2": chi2(*_levels(a, b))}
    distance = ks(distribution(a.state), distribution(b.state))
    shift = means(a.state["moments"], b.state["moments"])
    # How much is told by the distance for both, so that columns can be compared.
    return {"ks": distance, "mean": shift if shift is NOTHING else replace(shift, effect=distance.effect)}


def comparable(a: Kind, b: Kind) -> bool:
    """Whether values of two kinds can be told apart at all.

    >>> comparable("integer", "number"), comparable("category", "text"), comparable("number", "category")
    (True, True, False)
    """
    families = ({"number", "integer", "boolean"}, {"category", "text"}, {"datetime"})
    return any({a, b} <= family for family in families)


def _ordered(column: ColumnProfile) -> bool:
    return column.kind in (*NUMERIC, "datetime")


def _levels(a: ColumnProfile, b: ColumnProfile) -> tuple[Mapping[object, float], Mapping[object, float]]:
    """Counts by level where both are exact, else by hash bucket."""
    if a.state["counts"] is not None and b.state["counts"] is not None:
        return dict(map(tuple, a.state["counts"])), dict(map(tuple, b.state["counts"]))
    return tuple(dict(enumerate(as_hashed(c.state)["buckets"])) for c in (a, b))  # type: ignore[return-value]  # two
