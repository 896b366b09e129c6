"""The method ``Explanation.compare``: do other rows, or another model, have other reasons?

Three tests a column: how far the distributions of its values are apart (Kolmogorov-Smirnov), whether its mean absolute
value changed (Welch), and, of numbers, whether their rank correlation with what they add did. The first two are those
that profiles are compared by, and one false-alarm rate holds for all columns and segments together.

References
----------
Fieller, E., Hartley, H., Pearson, E. (1957), Tests for rank correlation coefficients: the variance of Fisher's z.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from workbench.core.explanation import Explanation
from workbench.core.explanation_comparison import ExplanationComparison, ReasonDifference
from workbench.core.finding import Finding
from workbench.core.grouping import Grouping
from workbench.core.nouns import expect
from workbench.core.steps import stepwise
from workbench.core.wording import listed
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.neighbours import group_name, kept_column
from workbench.profiling.drift_tests import holm, ks, means, welch_interval
from workbench.profiling.sketches import moments

Numbers = NDArray[np.float64]
Chosen = NDArray[np.bool_]
FEWEST = 20  # rows of a segment on each side: of fewer no test says anything
MOST_SEGMENTS = 12
SURE = 0.999  # a rank correlation that counts as 1
PARTS = 24  # of the range of values that a drawing shows
TOLD = 3  # columns in a finding


def compare(
    reference: Explanation, other: Explanation, *, by: str | None = None, rate: float = 0.01
) -> ExplanationComparison:
    """Whether other rows, or another model, are explained otherwise, by column and by segment.

    Parameters
    ----------
    reference, other : Explanation
        In the same unit, of the same class, with columns in common.
    by : str, optional
        A column whose values make segments: each is compared by itself, too. Numbers are cut at the quarters of the
        reference.
    rate : float
        The chance, in (0, 1), that anything at all is called different between two samples of one population.

    Returns
    -------
    ExplanationComparison
        Columns whose values changed by more than chance first.

    Raises
    ------
    BadParameter
        If the two can't be compared, or ``rate`` is not between 0 and 1.
    ColumnNotFound
        If there is no column ``by`` in both.
    """
    other = expect(other, Explanation, "explanation.compare")
    if not 0 < rate < 1:
        raise BadParameter(f"rate is a number between 0 and 1, got {rate!r}. Give for example 0.01.")
    sides = _Sides(reference, other)
    sides.check()
    every = list(product(_segments(sides, by), sides.columns))
    tested = [_Tested(sides, column, segment) for segment, column in stepwise(every)]
    corrected = holm([one.p_value for one in tested])
    found = [one.difference(p, rate) for one, p in zip(tested, corrected, strict=True)]
    found.sort(key=lambda d: (d.segment is not None, not d.differs, -abs(d.importance[1] - d.importance[0])))
    alone = [tuple(f for f in a.features if f not in b.features) for a, b in ((reference, other), (other, reference))]
    return ExplanationComparison(
        run_ids=(reference.run_id, other.run_id),
        rows=(len(reference.values), len(other.values)),
        unit=reference.unit,
        label=reference.label,
        differences=tuple(found),
        rate=rate,
        by=by,
        only_reference=alone[0],
        only_current=alone[1],
        findings=tuple(_findings(found, sides)),
    )


@dataclass(frozen=True)
class _Sides:
    """The two explanations."""

    reference: Explanation
    other: Explanation

    @property
    def both(self) -> tuple[Explanation, Explanation]:
        return self.reference, self.other

    @property
    def columns(self) -> list[str]:
        return [name for name in self.reference.features if name in self.other.features]

    @cached_property
    def numbers(self) -> dict[str, list[Numbers | None]]:
        """Each column as numbers, on both sides."""
        return {name: [_numbers(each.given(name)) for each in self.both] for name in self.columns}

    def check(self) -> None:
        for what, before, now in (
            ("unit", self.reference.unit, self.other.unit),
            ("class", self.reference.label, self.other.label),
        ):
            if before != now:
                raise BadParameter(
                    f"Explanations are compared of one {what}, got {before!r} and {now!r}. Explain both alike: "
                    "wb.explain(run, label=…, space=…)."
                )
        if not self.columns:
            raise BadParameter("The two explanations have no column in common. Compare those of like models.")


@dataclass(frozen=True)
class _Segment:
    """Some rows of both sides; all of them where it has no name."""

    name: str | None
    rows: tuple[Chosen, Chosen]
    sizes: list[Numbers]

    @classmethod
    def of(cls, sides: _Sides, name: str | None, rows: tuple[Chosen, Chosen]) -> _Segment:
        """With the mean absolute values of all columns of both."""
        sizes = [np.abs(each.values[own]).mean(axis=0) for each, own in zip(sides.both, rows, strict=True)]
        return cls(name, rows, sizes)


def _segments(sides: _Sides, by: str | None) -> Iterator[_Segment]:
    everything = tuple(np.ones(len(e.values), dtype=bool) for e in sides.both)
    yield _Segment.of(sides, None, (everything[0], everything[1]))
    if by is None:
        return
    for each in sides.both:
        if by not in each.columns:
            raise ColumnNotFound.named(by, each.columns)
    before, now = (kept_column(each, by) for each in sides.both)
    grouping = Grouping.by(before, most=MOST_SEGMENTS, rest=True)
    codes = grouping.of(before), grouping.of(now)
    for place, name in enumerate(grouping.names):
        rows = codes[0] == place, codes[1] == place
        if min(r.sum() for r in rows) >= FEWEST:
            yield _Segment.of(sides, group_name(name, before), rows)


class _Tested:
    """One column in one segment, with both tests."""

    def __init__(self, sides: _Sides, column: str, segment: _Segment) -> None:
        self.column, self.segment, self.sides = column, segment, sides
        self.values = tuple(
            _as_kept(each.values[rows, each.features.index(column)])
            for each, rows in zip(sides.both, segment.rows, strict=True)
        )
        distance = ks(*((np.sort(v), np.ones(len(v)), 0.0) for v in self.values))
        self.sizes = [moments(np.abs(v)) for v in self.values]
        shift = means(*self.sizes)
        self.direction = self._direction()
        self.effect = distance.effect
        self.p_value = min(holm([distance.p_value, shift.p_value, self._turn()]))

    def difference(self, p_value: float, rate: float) -> ReasonDifference:
        """What was found, with the p-value that is corrected for all that was tested."""
        before, now = self.values
        low, high = welch_interval(self.sizes[0], self.sizes[1])
        return ReasonDifference(
            column=self.column,
            segment=self.segment.name,
            rows=(len(before), len(now)),
            importance=(float(np.abs(before).mean()), float(np.abs(now).mean())),
            low=low,
            high=high,
            mean=(float(before.mean()), float(now.mean())),
            rank=self._rank(),
            direction=self.direction,
            effect=self.effect,
            p_value=p_value,
            differs=p_value <= rate,
            parts=_shares(before, now) if self.segment.name is None else (),
        )

    def _rank(self) -> tuple[int, int]:
        pairs = zip(self.sides.both, self.segment.sizes, strict=True)
        places = [1 + int((sizes > sizes[each.features.index(self.column)]).sum()) for each, sizes in pairs]
        return places[0], places[1]

    def _turn(self) -> float:
        """P-value of a direction that changed; 1 where there is none."""
        if self.direction is None:
            return 1.0
        return _between_correlations(*self.direction, (len(self.values[0]), len(self.values[1])))

    def _direction(self) -> tuple[float, float] | None:
        pairs = [
            None if numbers is None else _correlation(numbers[rows], values)
            for numbers, rows, values in zip(
                self.sides.numbers[self.column], self.segment.rows, self.values, strict=True
            )
        ]
        return None if pairs[0] is None or pairs[1] is None else (pairs[0], pairs[1])


def _between_correlations(one: float, other: float, rows: tuple[int, int]) -> float:
    """P-value of two rank correlations: Fisher's z, normal with variances of 1.06 / (rows - 3)."""
    apart = np.diff(np.arctanh(np.clip([one, other], -SURE, SURE)))[0]
    error = (1.06 * sum(1 / (n - 3) for n in rows)) ** 0.5
    return float(2 * stats.norm.sf(abs(apart) / error))


def _numbers(given: tuple[Any, ...]) -> Numbers | None:
    """A column as numbers, NaN where missing; None where it holds something else."""
    if not all(v is None or (isinstance(v, (int, float)) and not isinstance(v, bool)) for v in given):
        return None
    return np.array([np.nan if v is None else float(v) for v in given])


def _correlation(numbers: Numbers, values: Numbers) -> float | None:
    """Rank correlation of numbers with what they add; None where nothing varies."""
    known = ~np.isnan(numbers)
    if known.sum() < FEWEST or not np.ptp(numbers[known]) or not np.ptp(values[known]):
        return None
    return float(stats.spearmanr(numbers[known], values[known]).statistic)


def _as_kept(values: Numbers) -> Numbers:
    """In single precision, as files have them: the last digits of a fresh explanation would be a difference."""
    return values.astype(np.float32).astype(np.float64)


def _shares(before: Numbers, now: Numbers) -> tuple[tuple[float, float], ...]:
    low, high = min(before.min(), now.min()), max(before.max(), now.max())
    counts = [np.histogram(v, PARTS, (low, high))[0] / len(v) for v in (before, now)]
    return tuple(zip(counts[0].tolist(), counts[1].tolist(), strict=True))


def _findings(found: list[ReasonDifference], sides: _Sides) -> Iterator[Finding]:
    changed = [d for d in found if d.differs and d.segment is None]
    if not changed:
        return
    said = [f"{d.column} weighs {d.importance[1]:.3g} where it was {d.importance[0]:.3g}" for d in changed[:TOLD]]
    more = f", and {len(changed) - TOLD} more" if len(changed) > TOLD else ""
    turned = [d.column for d in changed if d.turned]
    against = f" {listed(turned)} now {'speak' if len(turned) > 1 else 'speaks'} the other way." if turned else ""
    yield Finding(
        "WB237",
        "warning" if sides.reference.run_id == sides.other.run_id else "info",
        f"The reasons changed by more than chance: {listed(said)} {sides.reference.unit}{more}.{against}",
        column=changed[0].column,
        evidence={"columns": [d.column for d in changed], "turned": turned},
    )
