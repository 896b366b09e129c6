"""The method ``Run.slices``: how the model answers parts of the hold-out that somebody chooses."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import stats

from workbench.core.arguments import mapping
from workbench.core.evaluation import Slice
from workbench.core.grouping import crossed, groups_of, named, with_enough
from workbench.core.literals import call
from workbench.core.loss import SQUARED, Loss
from workbench.core.measures import METRICS, Measure, measure
from workbench.core.ranked import ranked
from workbench.core.run import Run
from workbench.core.scores import scores
from workbench.core.slices import Slices
from workbench.errors import BadParameter, ColumnNotFound
from workbench.training.evaluating import MOST_VALUES, holm, losses, moments, part_of

# Rows below which slices are told together: of fewer neither score nor difference say anything.
FEWEST = 10
LEVEL = 0.9


def slices(
    run: Run, by: str | Sequence[str] | None = None, *, bins: Mapping[str, Sequence[float]] | None = None
) -> Slices:
    """How the model answers parts of the hold-out: score, size, and the difference to the rest.

    Parameters
    ----------
    run : Run
        With the predictions of its hold-out.
    by : str or sequence of str, optional
        A column, or several that are crossed; by default each feature by itself.
    bins : mapping of str to sequence of float, optional
        Where a number's parts begin, rising; by default its quarters, or its values where they are few.

    Returns
    -------
    Slices
        Shows itself, column by column.

    Raises
    ------
    BadParameter
        If a column's values must not be told, bins do not rise or are of no number, or the run kept no predictions.
    ColumnNotFound
        If a column is not among the rows that the run kept.
    """
    if run.held is None or run.holdout is None:
        raise BadParameter(
            "This run kept no predictions of its hold-out: it is of an older version. Train again with wb.train(data)."
        )
    ways = _ways(run, by)
    edges = named(mapping(bins, "bins", "run.slices"), list(dict.fromkeys(name for names in ways for name in names)))
    truth, predicted = run.holdout[str(run.contract.target)], np.asarray(run.held)
    by_loss = Loss.of(run.loss) if run.loss else SQUARED
    loss, weights = losses(run.task, run.classes, truth, predicted, by_loss), _weights(run)
    parts = [(" × ".join(names), *part) for names in ways for part in _parts(run.holdout[names], edges)]
    metric = _metric(run)
    overall = _score(run, metric, truth, predicted, weights)
    compared = [_compared(loss, rows, weights) for _, _, rows in parts]
    corrected = holm(np.array([p for *_, p in compared]))
    found = (
        Slice(
            column, value, int(rows.sum()), mean, others, float(p),
            _score(run, metric, truth[rows], predicted[rows], part_of(weights, rows)), low, high,
        )
        for (column, value, rows), (mean, others, low, high, _), p in zip(parts, compared, corrected, strict=True)
    )  # fmt: skip
    of_numbers = "pinball loss" if by_loss.kind == "quantile" else "absolute error"
    kind = of_numbers if run.task == "regression" else "log loss"
    told = {str(name): tuple(map(float, ends)) for name, ends in edges.items()}
    return Slices(run.id, len(truth), kind, overall, tuple(found), told)


def _ways(run: Run, by: str | Sequence[str] | None) -> list[list[str]]:
    """The columns of each way to slice, checked."""
    if by is None:
        return [[name] for name in run.features if not _is_masked(run, name)]
    names = list(dict.fromkeys([by] if isinstance(by, str) else by))
    there = [str(name) for name in run.holdout.columns if name != run.contract.target]
    for name in names:
        if name not in there:
            raise ColumnNotFound.named(name, there)
        if _is_masked(run, name):
            way = call("run.slices", *([n for n in names if not _is_masked(run, n)] or there)[:1])
            raise BadParameter(
                f"The values of {name!r} are masked, and slices would tell them. Slice by another column: {way}."
            )
    if not names:
        raise BadParameter("by holds no column. Give one, several to cross, or leave it out for each by itself.")
    return [names]


def _is_masked(run: Run, name: str) -> bool:
    return run.contract[name].sensitive or run.contract[name].role == "personal"


def _parts(table: pd.DataFrame, edges: Mapping[str, Sequence[float]]) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Value and rows of each slice; those of few rows together."""
    each = [groups_of(table[name], edges.get(str(name)), most=MOST_VALUES) for name in table.columns]
    codes, names = each[0] if len(each) == 1 else crossed([of for of, _ in each], [told for _, told in each])
    return ((name, rows) for name, rows in with_enough(codes, names, FEWEST) if not rows.all())


def _weights(run: Run) -> Any:
    """How much the held rows count; None where all count the same."""
    name = run.contract.weight
    return run.holdout[name].to_numpy(dtype=float) if name is not None and name in run.holdout else None


def _compared(
    loss: NDArray[np.float64], rows: NDArray[np.bool_], weights: Any
) -> tuple[float, float, float, float, float]:
    """Means of some rows and of the rest, the interval of their difference and the p-value that there is none.

    By Welch's test or by Student's, whichever is less sure: a few rows that are all alike have hardly any variance of
    their own, and Welch takes that for certainty.
    """
    pair = [moments(loss[part], part_of(weights, part)) for part in (rows, ~rows)]
    (mean, deviation, many), (rest, other, others) = pair
    if min(many, others) < 2 or not (deviation > 0 or other > 0):
        return mean, rest, mean - rest, mean - rest, 1.0
    p_value, error, freedom = max(_tested(pair, equal_var=equal) for equal in (False, True))
    half = float(stats.t.ppf((1 + LEVEL) / 2, freedom)) * error
    return mean, rest, mean - rest - half, mean - rest + half, p_value


def _tested(pair: Sequence[tuple[float, float, float]], equal_var: bool) -> tuple[float, float, float]:
    """The p-value that two means are equal, the standard error of their difference and its degrees of freedom.

    As ``scipy.stats.ttest_ind_from_stats`` has them.
    """
    (mean, deviation, many), (rest, other, others) = pair
    p_value = float(stats.ttest_ind_from_stats(mean, deviation, many, rest, other, others, equal_var=equal_var).pvalue)
    own, their = deviation**2 / many, other**2 / others
    if not equal_var:
        return p_value, (own + their) ** 0.5, (own + their) ** 2 / (own**2 / (many - 1) + their**2 / (others - 1))
    freedom = many + others - 2
    pooled = ((many - 1) * deviation**2 + (others - 1) * other**2) / freedom
    return p_value, (pooled * (1 / many + 1 / others)) ** 0.5, freedom


def _metric(run: Run) -> Measure:
    """The deciding score; where it was somebody's own, the one that the task has by default."""
    try:
        return measure(run.metrics[0].name, run.task, ranked(run.classes, run.contract))
    except BadParameter:
        return measure(METRICS[run.task][0], run.task, run.classes)


def _score(run: Run, metric: Measure, truth: pd.Series, predicted: Any, weights: Any) -> Any:
    found = scores(run.task, truth, predicted, run.classes, metric, resamples=100, seed=run.seed, weights=weights)
    return next((one for one in found if one.name == metric.name), None)
