"""Comparing two profiles: which columns differ by more than chance, and by how much."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from math import hypot
from typing import NamedTuple

from workbench.core.arguments import described
from workbench.core.chunks import Chunks, ColumnChunks
from workbench.core.contract import NUMERIC, Kind
from workbench.core.finding import SEVERITIES, Finding
from workbench.core.literals import python
from workbench.core.nouns import expect
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.profile_comparison import IMPORTANT, ColumnDifference, ProfileComparison
from workbench.core.report import ColumnDrift
from workbench.errors import BadParameter
from workbench.profiling.differences import parts, said
from workbench.profiling.dispersion import usually
from workbench.profiling.drift_tests import NOTHING, TestResult, chi2, holm, ks, means, proportions
from workbench.profiling.overlap import rows_in_both
from workbench.profiling.statistics import distribution, hashed_alike

# The column of a model's answers, in profiles that monitoring compares.
PREDICTION = "prediction"
# One comparison in a hundred flags what is chance alone; a shift of 0.3 sd is still found in 2,500 rows of 50 columns.
RATE = 0.01


def compare_profiles(reference: Profile, other: Profile, *, rate: float = RATE) -> ProfileComparison:
    """In which columns another table differs from this one by more than chance, how much, and what that means.

    Parameters
    ----------
    reference, other : Profile
        Of two tables; only what the profiles keep is used.
    rate : float
        The chance, in (0, 1), that a comparison of samples of one population flags anything at all, whatever the
        number of columns.

    Returns
    -------
    ProfileComparison
        Its columns come strongest first.

    Raises
    ------
    BadParameter
        If ``rate`` is not between 0 and 1, or ``other`` is no profile.

    Examples
    --------
    >>> import pandas as pd
    >>> from workbench.profiling.profile import profile
    >>> from workbench.reading.dataset import dataset
    >>> a, b = (profile(dataset(pd.DataFrame({"x": range(low, low + 100)}))) for low in (0, 50))
    >>> compare_profiles(a, b).differing
    ('x',)
    """
    other = expect(other, Profile, "profile.compare")
    columns = tuple(sorted((_difference(t, rate) for t in _tested(reference, other, None, rate)), key=_order))
    names = [tuple(c.name for c in p) for p in (reference, other)]
    alone = [tuple(n for n in own if n not in other) for own, other in (names, names[::-1])]
    return ProfileComparison(
        sources=(reference.source, other.source),
        rows=(reference.rows, other.rows),
        columns=columns,
        rate=rate,
        only_reference=alone[0],
        only_current=alone[1],
        findings=_worst_first([*_alone(*alone), *rows_in_both(reference, other), *_differing(columns)]),
    )


def compare(
    reference: Profile | Iterable[ColumnProfile],
    current: Profile | Iterable[ColumnProfile],
    *,
    rate: float = RATE,
    columns: Iterable[str] | None = None,
    chunks: Chunks | None = None,
    apart: float = 0.0,
) -> tuple[ColumnDrift, ...]:
    """Say which columns differ, from the two profiles alone.

    Numbers and dates: Kolmogorov-Smirnov, and Welch's test of the exact means, which sees small shifts of long tables
    that a sketch's noise would hide. Categories, texts and booleans: two-sample chi-square. All: the share of missing
    values. The strongest of a column's tests is told; its p-value is corrected for their number, and over the columns
    by Holm's method.

    Parameters
    ----------
    reference, current : Profile, or iterable of ColumnProfile
        The columns that both have are compared.
    rate : float
        The chance, in (0, 1), that a comparison of samples of one population flags anything at all.
    columns : iterable of str, optional
        The columns to compare, all by default.
    chunks : Chunks, optional
        Of the reference, where its rows come in time: how much neighbouring rows have in common, and so how far a
        window may lie from the whole without anything having changed
        (:mod:`workbench.profiling.dispersion`). Without them rows are taken for independent.
    apart : float
        How far the column ``prediction`` of the reference may be off as a whole, in [0, 1], since other models of the
        same recipe made it.

    Returns
    -------
    tuple of ColumnDrift
        One a column, strongest effect first.

    Raises
    ------
    BadParameter
        If ``rate`` is not between 0 and 1.
    """
    drifts = [_drift(t, rate) for t in _tested(reference, current, columns, rate, chunks, apart)]
    return tuple(sorted(drifts, key=lambda d: (-d.drifted, -d.effect, d.p_value, d.column)))


class _Tested(NamedTuple):
    """Both sides of a column, its strongest test, and the p-value corrected for the tests and the columns."""

    a: ColumnProfile
    b: ColumnProfile
    test: str
    result: TestResult
    p_value: float

    @property
    def effect(self) -> float:
        return min(self.result.effect, 1.0)

    def important(self, rate: float) -> bool:
        return self.p_value < rate and self.result.effect >= IMPORTANT


def _tested(
    reference: Iterable[ColumnProfile],
    current: Iterable[ColumnProfile],
    columns: Iterable[str] | None,
    rate: float,
    chunks: Chunks | None = None,
    apart: float = 0.0,
) -> list[_Tested]:
    if not isinstance(rate, (int, float)) or not 0 < rate < 1:
        raise BadParameter(f"rate is a chance between 0 and 1, got {described(rate)}. Give for example 0.05.")
    wanted = None if columns is None else set(columns)
    now = {c.name: c for c in current}
    pairs = [(c, now[c.name]) for c in reference if c.name in now and (wanted is None or c.name in wanted)]
    known = {one.column: one for one in (() if chunks is None else chunks.columns)}
    off = {PREDICTION: apart}
    strongest = [_strongest(a, b, known.get(a.name), off.get(a.name, 0.0)) for a, b in pairs]
    adjusted = holm([p for *_, p in strongest])
    rows = zip(pairs, strongest, adjusted, strict=True)
    return [_Tested(*pair, test, result, p) for pair, (test, result, _), p in rows]


def _drift(t: _Tested, rate: float) -> ColumnDrift:
    own = t.result
    return ColumnDrift(
        t.a.name, t.test, own.statistic, own.p_value, t.effect, t.p_value < rate, t.important(rate)
    )  # fmt: skip


def _difference(t: _Tested, rate: float) -> ColumnDifference:
    shares = (t.a.missing_share, t.b.missing_share)
    if _changed_kind(t.a, t.b):
        sentence = f"{t.a.kind} in the reference, {t.b.kind} now: the values can't be compared."
        return ColumnDifference(t.a.name, t.a.kind, "kind", 0.0, 0.0, 1.0, True, True, sentence, missing=shares)
    differs = t.p_value < rate
    return ColumnDifference(
        t.a.name, t.a.kind, t.test, t.result.statistic, t.p_value, t.effect, differs, t.important(rate),
        said(t.a, t.b, t.test) if differs else "No difference beyond chance.", *parts(t.a, t.b), shares,
    )  # fmt: skip


def _order(column: ColumnDifference) -> tuple[bool, float, float, str]:
    return not column.differs, -column.effect, column.p_value, column.column


def _changed_kind(a: ColumnProfile, b: ColumnProfile) -> bool:
    """Whether both have values, in the open, that are no longer of one family."""
    return bool(a.count and b.count) and not (a.sensitive or b.sensitive) and not comparable(a.kind, b.kind)


def _differing(columns: Iterable[ColumnDifference]) -> Iterator[Finding]:
    """WB150 for what matters, WB151 for another kind."""
    for one in columns:
        if one.test == "kind":
            cure = python("data = wb.dataset(source, contract=profile.contract)")
            yield Finding("WB151", "error", f"is {one.said}", one.column, cure)
        elif one.important:
            message = f"differs between the two tables by more than chance: {one.said}"
            yield Finding("WB150", "warning", message, one.column, "", {"effect": one.effect, "p_value": one.p_value})


def _alone(only_reference: tuple[str, ...], only_current: tuple[str, ...]) -> Iterator[Finding]:
    """WB152 for columns of one table only."""
    for name in only_reference:
        yield Finding("WB152", "error", "is in the reference and not in the current table.", name)
    for name in only_current:
        yield Finding("WB152", "info", "is in the current table and not in the reference.", name)


def _worst_first(findings: list[Finding]) -> tuple[Finding, ...]:
    """Worst first, and of equal ones the strongest difference."""
    return tuple(sorted(findings, key=lambda f: SEVERITIES.index(f.severity)))


def _strongest(
    a: ColumnProfile, b: ColumnProfile, chunks: ColumnChunks | None, off: float
) -> tuple[str, TestResult, float]:
    """Name and result of the test with the smallest p-value, and that p-value corrected for the choice."""
    tests = {**_value_tests(a, b, off), "missing": proportions((a.missing, b.missing), (a.rows, b.rows))}
    tests = usually(tests, chunks, b)
    applicable = [(name, result) for name, result in tests.items() if result is not NOTHING]
    if not applicable:
        return next(iter(tests)), NOTHING, 1.0
    name, best = min(applicable, key=lambda t: (t[1].p_value, -t[1].effect))
    return name, best, min(best.p_value * len(applicable), 1.0)


def _value_tests(a: ColumnProfile, b: ColumnProfile, off: float) -> dict[str, TestResult]:
    numbers = "moments" in a.state and "moments" in b.state and (_ordered(a) or _ordered(b))
    if not a.count or not b.count or not comparable(a.kind, b.kind):
        return {"ks" if numbers else "chi2": NOTHING}
    if not numbers:
        return {"chi2": chi2(*_levels(a, b))}
    values, rows, error = distribution(a.state)
    distance = ks((values, rows, hypot(error, off)), distribution(b.state))
    if off:  # a mean that is as exact as its rows says nothing of one that is off as a whole
        return {"ks": distance}
    shift = means(a.state["moments"], b.state["moments"])
    # How much is told by the distance for both, so that columns can be compared.
    return {"ks": distance, "mean": shift if shift is NOTHING else replace(shift, effect=distance.effect)}


def comparable(a: Kind, b: Kind) -> bool:
    """Whether values of two kinds can be compared at all.

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
    alike = hashed_alike(a.state, b.state)
    return tuple(dict(enumerate(s["buckets"])) for s in alike) if alike else ({}, {})  # type: ignore[return-value]  # two
