"""The segments that a bundle's monitoring follows: slices that were asked for, else those that the run found."""

from __future__ import annotations

from collections.abc import Sequence

from workbench.core.evaluation import Slice
from workbench.core.group_choices import MOST_VALUES
from workbench.core.grouping import Grouping
from workbench.core.run import Run
from workbench.core.segments import Segment, Segments
from workbench.core.slices import Slices

# Of each, a window computes a score with its interval.
MOST = 24


def segments_of(run: Run, slices: Slices | None) -> Segments | None:
    """Segments with their scores on the hold-out; None where there are none, or rows count by weights.

    Parameters
    ----------
    run : Run
    slices : Slices, optional
        What ``run.slices(…)`` gave; slices of several columns together are left out.
    """
    found = slices.slices if slices is not None else run.evaluation.slices if run.evaluation is not None else ()
    if run.contract.weight is not None or run.holdout is None:
        return None
    by, told = [], []
    for column in dict.fromkeys(one.column for one in found if one.column in run.holdout):
        edges = slices.bins.get(column) if slices is not None else None
        grouping = Grouping.by(run.holdout[column], edges, most=MOST_VALUES, rest=True)
        own = _scored(column, grouping, found)
        by += [grouping] if own else []
        told += own
    kept = told[:MOST]
    columns = {one.column for one in kept}
    return Segments(tuple(one for one in by if one.column in columns), tuple(kept)) if kept else None


def _scored(column: str, grouping: Grouping, found: Sequence[Slice]) -> list[Segment]:
    return [
        Segment(column, one.value, one.rows, one.score)
        for one in found
        if one.column == column and one.score is not None and one.value in grouping.names
    ]
