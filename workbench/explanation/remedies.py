"""Ways to close a gap, and what each costs: thresholds by group, and weights in a new training."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from workbench.core.fairness import Fairness, Gap, Remedy
from workbench.core.group_metrics import BINARY, GroupMeasure, Summed, of_two
from workbench.core.metric import Metric
from workbench.core.scores import scores
from workbench.explanation.answered_rows import Answered
from workbench.explanation.group_thresholds import CONSTRAINTS, cross_fitted, rules
from workbench.explanation.group_verdict import LEVEL, gaps
from workbench.explanation.grouped import Grouped

ACCURACY = ("accuracy", "balanced_accuracy", "precision")
NOT_SHIPPED = (
    "A bundle has one threshold and does not hold this: each row's group must be known when it is decided, and to "
    "treat people by their group is itself forbidden in many places. Ask who knows the law first."
)
REWEIGHED = (
    "The same candidate, fitted on rows whose weights make group and outcome independent, with the same threshold. It "
    "ships as any training does, and needs no group when it answers."
)


def thresholds(rows: Answered, of: Grouped) -> Iterator[Remedy]:
    """A threshold for each group, by each constraint; what it costs is of rows that it was not chosen on."""
    came, said, weights, seed = rows.came, rows.probability, rows.weights, rows.run.seed
    # Of the first of two classes the threshold is that of the other side.
    otherwise = rows.threshold if rows.place == 1 else 1 - rows.threshold
    codes = np.where(of.large[of.codes], of.codes, -1)
    before = of.answering(of_two(came, rows.answered, said), weights, seed)
    for constraint, equal in CONSTRAINTS.items():
        found = rules(constraint, codes, came, said, weights)
        if len(found) < 2:
            continue
        answered = cross_fitted(constraint, codes, came, said, otherwise, weights, seed)
        after = of.answering(of_two(came, answered, said), weights, seed)
        at = {of.names[k]: rule.told() for k, rule in found.items()}
        told = (
            f"A threshold for each group, so that all are {equal}, where that costs the least accuracy. {NOT_SHIPPED}"
        )
        yield Remedy(
            "thresholds", constraint, of.column, False, told, _accuracy(before), _accuracy(after),
            _pairs(rows, before, after), at,
        )  # fmt: skip


def reweighing(rows: Answered, of: Grouped, fairness: Fairness, data: Any) -> Remedy:
    """The candidate fitted anew on reweighed rows, and how it answers the same hold-out."""
    again = replace(rows, predicted=rows.run.reweighed(fairness, data=data))
    before, after = (of.answering(one.parts(), one.weights, rows.run.seed) for one in (rows, again))
    pairs = _pairs(rows, before, after)
    return Remedy("reweighing", "independence", of.column, True, REWEIGHED, _scores(rows), _scores(again), pairs)


def _pairs(rows: Answered, before: Grouped, after: Grouped) -> tuple[tuple[Gap, Gap], ...]:
    """Each gap before and after."""
    then = {gap.name: gap for gap in gaps(rows, after)}
    return tuple((gap, then[gap.name]) for gap in gaps(rows, before) if gap.name in then)


def _scores(rows: Answered) -> tuple[Metric, ...]:
    return scores(
        rows.run.task, rows.truth, rows.predicted, rows.run.classes, seed=rows.run.seed, weights=rows.weights
    )  # fmt: skip


def _accuracy(of: Grouped) -> tuple[Metric, ...]:
    """Of all rows, with the interval of the samples."""
    whole = of.sums.together(np.zeros(len(of.names), dtype=np.intp), 1)
    return tuple(_metric(whole, one) for one in BINARY if one.name in ACCURACY)


def _metric(whole: Summed, one: GroupMeasure) -> Metric:
    value, drawn = float(whole.values(one)[0]), whole.samples(one)[:, 0]
    known = drawn[np.isfinite(drawn)]
    low, high = np.quantile(known, [(1 - LEVEL) / 2, (1 + LEVEL) / 2]) if len(known) else (value, value)
    return Metric(one.name, value, float(low), float(high), LEVEL)
