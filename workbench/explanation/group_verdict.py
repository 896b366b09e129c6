"""What is told of groups: their measures with intervals, which of them surely differ, and the gaps between them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.fairness import FEWEST_TOLD, Gap, Group, GroupMetric
from workbench.core.group_metrics import GAPS, GroupMeasure, Summed, largest_gap, smallest_ratio
from workbench.core.measures import METRICS, Measure, measure
from workbench.core.metric import Metric
from workbench.core.run import Run
from workbench.core.scores import scores, share_interval
from workbench.errors import BadParameter
from workbench.explanation.answered_rows import Answered
from workbench.explanation.group_tests import FEWEST, corrected, p_values
from workbench.explanation.grouped import Grouped

Numbers = NDArray[np.float64]
LEVEL = 0.9
# Groups of a column whose deciding score is told: it costs a bootstrap of its own.
MOST_SCORED = 24


def groups(rows: Answered, columns: Sequence[Grouped], rate: float) -> Iterator[Group]:
    """The groups of each column, the largest first, judged at one false-alarm rate for all of them.

    Parameters
    ----------
    rows : Answered
    columns : sequence of Grouped
    rate : float
        Chance that any of them is said to differ where none does.
    """
    told = rows.measures()
    p = corrected([np.stack([_tested(of, one) for one in told]) for of in columns])
    fewest = FEWEST_TOLD if _are_sensitive(rows, columns) else 0
    for of, sure in zip(columns, p, strict=True):
        yield from _groups(rows, of, told, sure, rate, fewest)


def overall(finest: Grouped, told: Sequence[GroupMeasure]) -> tuple[GroupMetric, ...]:
    """The measures of all rows."""
    whole = finest.sums.together(np.zeros(len(finest.names), dtype=np.intp), 1)
    return tuple(_metric(whole, one, 0) for one in told)


def gaps(rows: Answered, of: Grouped) -> Iterator[Gap]:
    """Differences and ratios between those groups of a column that have rows enough."""
    known = {one.name: one for one in rows.measures()}
    for name, wanted in GAPS["binary" if rows.place is not None else rows.run.task].items():
        yield from _gaps(of, name, [known[one] for one in wanted])


def _tested(of: Grouped, one: GroupMeasure) -> Numbers:
    return p_values(of.sums, one, of.smallest) if one.judged else np.full(len(of.names), np.nan)


def _groups(
    rows: Answered, of: Grouped, told: Sequence[GroupMeasure], p: Numbers, rate: float, fewest: int
) -> Iterator[Group]:
    sizes, counts = of.sums.sums["rows"], np.bincount(of.codes, minlength=len(of.names))
    others, large = of.sums.others(), of.large
    for nth, k in enumerate(np.argsort(-counts, kind="stable").tolist()):
        if counts[k] < fewest:
            metrics = tuple(GroupMetric(one.name, None) for one in told)
        else:
            metrics = tuple(
                _judged(_metric(of.sums, one, k), float(others.values(one)[k]), float(p[j, k]), rate)
                for j, one in enumerate(told)
            )
        score = _score(rows, of.codes == k) if nth < MOST_SCORED and large[k] else None
        yield Group(
            of.column, of.names[k], int(counts[k]), float(sizes[k] / sizes.sum()), not bool(large[k]), metrics, score
        )


def _are_sensitive(rows: Answered, columns: Sequence[Grouped]) -> bool:
    """Whether any column that groups are made of is sensitive."""
    made_of = {of.column for of in columns}
    return any(one.sensitive for one in rows.run.contract.columns if one.name in made_of)


def _judged(one: GroupMetric, rest: float, p_value: float, rate: float) -> GroupMetric:
    if np.isnan(p_value):
        return replace(one, rest=None if np.isnan(rest) else rest)
    return replace(one, rest=rest, p_value=p_value, differs=p_value <= rate)


def _score(rows: Answered, those: NDArray[np.bool_]) -> Metric | None:
    run, weights = rows.run, None if rows.weights is None else rows.weights[those]
    found = scores(
        run.task, rows.truth[those], rows.predicted[those], run.classes, _deciding(run), resamples=100, seed=run.seed,
        weights=weights, others=(),
    )  # fmt: skip
    return found[0] if found else None


def _deciding(run: Run) -> Measure:
    """The deciding score; where it was somebody's own, the one that the task has by default."""
    try:
        return measure(run.metrics[0].name, run.task, run.classes)
    except BadParameter:
        return measure(METRICS[run.task][0], run.task, run.classes)


def _metric(sums: Summed, one: GroupMeasure, k: int) -> GroupMetric:
    """A measure of a group: of a share Wilson's interval, else that of the samples."""
    value, rows = float(sums.values(one)[k]), float(sums.effective(one.whole)[k])
    if np.isnan(value) or not rows:
        return GroupMetric(one.name, None, rows=rows)
    if one.part:
        low, high = share_interval(value * rows, rows, LEVEL) or (0.0, 1.0)
        return GroupMetric(one.name, value, low, high, rows)
    drawn = sums.samples(one)[:, k]
    low, high = np.quantile(drawn[np.isfinite(drawn)], [(1 - LEVEL) / 2, (1 + LEVEL) / 2]).tolist()
    return GroupMetric(one.name, value, low, high, rows)


def _gaps(of: Grouped, name: str, told: Sequence[GroupMeasure]) -> Iterator[Gap]:
    wholes = [of.sums.effective(one.whole) for one in told]
    enough = [of.large & (whole >= min(FEWEST, of.smallest)) for whole in wholes]
    values = [np.where(those, of.sums.values(one), np.nan) for one, those in zip(told, enough, strict=True)]
    drawn, share = [of.sums.samples(one) for one in told], all(one.part for one in told)
    difference = largest_gap(values, drawn, LEVEL, most=1.0 if share else np.inf)
    if np.isnan(difference[0]):
        return
    ends = _ends(values, of.names)
    yield Gap(of.column, f"{name}_difference", *difference, *ends)
    ratio = smallest_ratio(values, drawn, wholes, LEVEL) if share else (np.nan, 0.0, 0.0)
    if not np.isnan(ratio[0]):
        yield Gap(of.column, f"{name}_ratio", *ratio, *ends)


def _ends(values: Sequence[Any], names: Sequence[str]) -> tuple[str, str]:
    """The groups with the smallest and the largest value, of the measure that differs most."""
    known = [one for one in values if np.isfinite(one).any()]
    widest = max(known, key=lambda one: float(np.nanmax(one) - np.nanmin(one)))
    return names[int(np.nanargmin(widest))], names[int(np.nanargmax(widest))]
