"""Groups of explained rows compared: what each column adds in them, and where that is more than chance."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.cohorts import Cohorts, CohortValue
from workbench.core.explanation import Explanation
from workbench.core.grouping import groups_of, with_enough
from workbench.core.resampling import interval, row_counts
from workbench.core.steps import stepwise
from workbench.core.wording import how_many
from workbench.errors import BadParameter
from workbench.explanation.neighbours import group_name, kept_column
from workbench.profiling.drift_tests import holm

Numbers = NDArray[np.float64]
Bools = NDArray[np.bool_]
FEWEST = 10  # rows of a group that is compared
MOST_GROUPS = 20
LEVEL = 0.95


def cohorts(
    explanation: Explanation,
    by: str | Mapping[str, Sequence[int]],
    *,
    bins: Sequence[float] | None = None,
    seed: int = 0,
) -> Cohorts:
    """What each column adds in groups of the explained rows, with intervals, and where that is more than chance.

    Parameters
    ----------
    explanation : Explanation
        With its rows.
    by : str, or mapping of str to sequence of int
        A column, whose values make the groups; or the groups by their names: places among the explained rows.
    bins : sequence of float, optional
        Where the parts of a number begin, rising; by default its quarters, or its values where they are few.
    seed : int
        Of the bootstrap.

    Returns
    -------
    Cohorts
        Each column in each group: mean value and mean size, and a p-value against all other rows, corrected for all
        that were looked at. Groups of fewer than ten rows are told together.

    Raises
    ------
    BadParameter
        If there are not two groups of ten rows, a place is none, or the bins do not rise.
    ColumnNotFound
        If there is no such column.

    References
    ----------
    Holm, S. (1979), A simple sequentially rejective multiple test procedure.
    """
    groups = dict(_given(explanation, by) if isinstance(by, Mapping) else _by_column(explanation, by, bins))
    kept = {name: rows for name, rows in groups.items() if rows.sum() >= FEWEST}
    if len(kept) < 2:
        raise BadParameter(f"Two groups of {how_many(FEWEST, 'row')} at least are compared, and there are not so many.")
    every = np.logical_or.reduce(list(kept.values()))
    random = np.random.default_rng(seed)
    others = _moments([explanation.values[every & ~rows] for rows in kept.values()])
    p_values = _corrected(_alike((_moments([explanation.values[rows] for rows in kept.values()]), others)))
    told = [
        value
        for (name, rows), apart, sure in stepwise(zip(kept.items(), others[0], p_values, strict=True), len(kept))
        for value in _group(explanation, name, rows, apart, sure, random)
    ]
    return Cohorts(
        by if isinstance(by, str) else "given groups",
        {name: int(rows.sum()) for name, rows in kept.items()},
        tuple(told),
        explanation.unit,
        LEVEL,
        int(len(every) - every.sum()),
    )


def _given(explanation: Explanation, by: Mapping[str, Sequence[int]]) -> Iterator[tuple[str, Bools]]:
    many = len(explanation.values)
    for name, places in by.items():
        at = np.asarray(places)
        if at.dtype != bool and not (at.dtype.kind == "i" and ((at >= 0) & (at < many)).all()):
            raise BadParameter(
                f"A group holds places of explained rows, from 0 to {many - 1}; {name!r} has {described(places)}."
            )
        rows = np.zeros(many, bool)
        rows[at] = True
        yield str(name), rows


def _by_column(explanation: Explanation, name: str, bins: Sequence[float] | None) -> Iterator[tuple[str, Bools]]:
    """Groups by the values of a column; those of few rows together."""
    column = kept_column(explanation, name)
    for group, rows in with_enough(*groups_of(column, bins, most=MOST_GROUPS), FEWEST):
        yield group_name(group, column), rows


def _group(
    explanation: Explanation, name: str, rows: Bools, others: Numbers, sure: Numbers, random: np.random.Generator
) -> Iterator[CohortValue]:
    values = explanation.values[rows]
    both = np.stack([values, np.abs(values)])
    mean = both.mean(axis=1)
    low, high = _interval(both, random)
    for name_of, place in sorted(
        zip(explanation.features, range(values.shape[1]), strict=True), key=lambda pair: -mean[1, pair[1]]
    ):
        yield CohortValue(
            name, name_of, len(values), float(mean[0, place]), float(low[0, place]), float(high[0, place]),
            float(mean[1, place]), float(low[1, place]), float(high[1, place]), float(others[place]),
            float(sure[place]),
        )  # fmt: skip


def _interval(values: Numbers, random: np.random.Generator) -> tuple[Numbers, Numbers]:
    """Ends of the means of some rows, shape (kinds, rows, p) to (kinds, p) each."""
    means = row_counts(values.shape[1], random) @ values / values.shape[1]
    return interval(np.swapaxes(means, 0, 1), LEVEL)


def _alike(moments: Sequence[tuple[Numbers, Numbers, int]]) -> Numbers:
    """P-values that a group and the others have one mean, by Welch's test or Student's, whichever is less sure.

    Parameters
    ----------
    moments : two of (means, standard deviations, rows)
        Of the groups and of the others to each, shape (groups, p) but for the rows, (groups, 1).
    """
    from scipy.stats import ttest_ind_from_stats

    own, others = moments
    with np.errstate(all="ignore"):  # of columns that add the same everywhere
        both = [ttest_ind_from_stats(*own, *others, equal_var=equal).pvalue for equal in (False, True)]
    return np.nan_to_num(np.maximum(*both), nan=1.0)


def _moments(values: Sequence[Numbers]) -> tuple[Numbers, Numbers, Any]:
    """Means and standard deviations of several sets of rows, and how many each has."""
    means, spreads = (np.stack([one(v) for v in values]) for one in (_mean, _spread))
    return means, spreads, np.array([[len(v)] for v in values])


def _mean(values: Numbers) -> Numbers:
    found: Numbers = values.mean(axis=0)
    return found


def _spread(values: Numbers) -> Numbers:
    """Zero of values that are all the same, whatever their mean is rounded to."""
    found: Numbers = np.std(values, axis=0, ddof=1)
    return np.where((values == values[:1]).all(axis=0), 0.0, found)


def _corrected(p_values: Numbers) -> Numbers:
    """All of one call together, in their shape."""
    return np.array(holm(p_values.ravel().tolist())).reshape(p_values.shape)
