"""What a page shows of an explanation: columns, dots, cells and lists of rows, binned so that 10,000 rows stay small.

From the explanation alone: neither the model nor the data is asked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from workbench.core.explanation import Explanation
from workbench.explanation.clouds import Cloud, cloud
from workbench.explanation.crossing import estimated, strengths
from workbench.explanation.ordered_values import Coded, Integers, Kind, Numbers, code, direction
from workbench.explanation.row_lists import lists
from workbench.explanation.swarms import Swarm, swarm
from workbench.explanation.value_parts import Part, parts_of

# Columns that are drawn, partners of each, and columns of the matrix; the others keep their importance.
MOST_COLUMNS, MOST_PARTNERS, MOST_CROSSED = 20, 10, 8
# Share of all effects on either side that may lie beyond the ends of their axis, where a few are far off.
BEYOND = 0.0015


@dataclass(frozen=True)
class ColumnView:
    """One column: how much, how surely, in which direction, and how it depends on its values.

    Parameters
    ----------
    name, at, kind
        The column, its place among the features, and what its values are.
    importance, low, high : float
        Mean absolute value with its bootstrap interval.
    stability : float
        Share of the bootstrap draws in which it keeps its place, in [0, 1].
    direction : float or None
        Spearman's correlation of value and mean effect of like values; None of categories.
    spread : tuple of float
        The 5%, 50% and 95% quantile of the effects.
    swarm, cloud, parts
        Its drawings, and the table that says the same.
    """

    name: str
    at: int
    kind: Kind
    importance: float
    low: float
    high: float
    stability: float
    direction: float | None
    spread: tuple[float, float, float]
    swarm: Swarm
    cloud: Cloud
    parts: tuple[Part, ...]


@dataclass(frozen=True)
class Overview:
    """Everything that a page of an explanation shows.

    Parameters
    ----------
    columns : tuple of ColumnView
        The strongest ones, strongest first.
    others : tuple of (str, float)
        The importance of the others.
    axis : (float, float)
        Ends of the axis of effects that all strips share; what is beyond them lies in the last place.
    beyond : float
        Share of rows with an effect beyond the axis, in [0, 1].
    strengths : array of float, shape (m, m)
        How much two of the first m columns interact, in the unit of the values.
    exact : bool
        Whether they are mean interaction values; else they are estimated from the SHAP values.
    lists : dict of str to array of int
        Rows worth a look by what they are, the most telling first.
    probabilities : bool
        Whether the outputs are the log-odds of the predictions, so that both go on one axis.
    """

    columns: tuple[ColumnView, ...]
    others: tuple[tuple[str, float], ...]
    axis: tuple[float, float]
    beyond: float
    strengths: Numbers
    exact: bool
    lists: dict[str, Integers]
    probabilities: bool

    @property
    def crossed(self) -> tuple[ColumnView, ...]:
        """The columns of ``strengths``."""
        return self.columns[: len(self.strengths)]


def overview(explanation: Explanation) -> Overview:
    """Bin an explanation for its page; seconds for a hundred columns, a tenth of one for ten thousand rows of ten.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> seen = overview(wb.explain(run, rows=200))
    >>> [column.name for column in seen.columns][:2]
    ['tenure', 'Contract']
    """
    ranking = _Ranking.of(explanation)
    shown = [explanation.features.index(name) for name in list(ranking.importance)[:MOST_COLUMNS]]
    shown = shown if len(explanation.values) else []
    values = np.asarray(explanation.values, dtype=float)[:, shown]
    coded = {at: code(explanation.given(explanation.features[at]), explanation.values[:, at]) for at in shown}
    found, axis = estimated(explanation.values, shown, coded), _axis(values)
    return Overview(
        columns=tuple(_column(explanation, at, axis, coded, found[i], ranking) for i, at in enumerate(shown)),
        others=tuple(list(ranking.importance.items())[len(shown) :]),
        axis=axis,
        beyond=float(((values < axis[0]) | (values > axis[1])).any(axis=1).mean()) if shown else 0.0,
        strengths=strengths(explanation, shown[:MOST_CROSSED], found),
        exact=explanation.interactions is not None,
        lists=lists(explanation),
        probabilities=_are_log_odds(explanation),
    )


@dataclass(frozen=True)
class _Ranking:
    """How much each column adds in the mean, its interval, and how surely it keeps its place."""

    importance: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]
    stability: Mapping[str, float]

    @classmethod
    def of(cls, explanation: Explanation) -> _Ranking:
        return cls(explanation.importance(), explanation.intervals(), explanation.stability())


def acting(explanation: Explanation, name: str, by: str | None = None) -> ColumnView:
    """One column by itself, coloured by another one: by default the one that changes it most."""
    ranking, features = _Ranking.of(explanation), list(explanation.features)
    at = features.index(name)
    others = [features.index(n) for n in ([by] if by else list(ranking.importance)[:MOST_COLUMNS]) if n != name]
    coded = {k: code(explanation.given(features[k]), explanation.values[:, k]) for k in (at, *others)}
    found = estimated(explanation.values, [at], coded)[0]
    return _column(explanation, at, _axis(explanation.values[:, [at]]), coded, found, ranking)


def swarm_of(
    explanation: Explanation, column: ColumnView, axis: tuple[float, float], across: int, stacked: int
) -> Swarm:
    """The strip of a column with other numbers of places and dots."""
    effects = explanation.values[:, column.at]
    return swarm(effects, _shades(code(explanation.given(column.name), effects)), axis, across, stacked)


def _axis(values: Numbers) -> tuple[float, float]:
    """The ends that strips share, with zero between them."""
    if not values.size:
        return 0.0, 1.0
    low, inner_low, inner_high, high = np.quantile(values, (0, BEYOND, 1 - BEYOND, 1)).tolist()
    width = max(inner_high, 0.0) - min(inner_low, 0.0)
    return min(_end(low, inner_low, width), 0.0), max(_end(high, inner_high, width), 0.0)


def _end(all_of_them: float, most: float, width: float) -> float:
    """Where all lie, unless that is further than half the width away from where most lie."""
    return all_of_them if abs(all_of_them - most) <= 0.5 * width else most


def _column(
    explanation: Explanation,
    at: int,
    axis: tuple[float, float],
    coded: Mapping[int, Coded],
    found: Numbers,
    ranking: _Ranking,
) -> ColumnView:
    name, effects, one = explanation.features[at], explanation.values[:, at], coded[at]
    low, high = ranking.intervals[name]
    return ColumnView(
        name=name,
        at=at,
        kind=one.kind,
        importance=ranking.importance[name],
        low=low,
        high=high,
        stability=ranking.stability[name],
        direction=direction(one, effects),
        spread=tuple(np.quantile(effects, (0.05, 0.5, 0.95)).tolist()),
        swarm=swarm(effects, _shades(one), axis),
        cloud=cloud(one, effects, _partners(explanation, at, coded, found)),
        parts=parts_of(one, effects),
    )


def _partners(explanation: Explanation, at: int, coded: Mapping[int, Coded], found: Numbers) -> dict[str, Integers]:
    """Levels of the columns that change one most, the strongest first."""
    columns = list(coded)
    others = [columns[k] for k in np.argsort(-found, kind="stable") if columns[k] != at]
    return {explanation.features[k]: coded[k].levels for k in others[:MOST_PARTNERS]}


def _shades(coded: Coded) -> Integers:
    """Levels of the dots of a strip: categories have none."""
    return np.zeros(len(coded.order), dtype=np.intp) if coded.kind == "category" else coded.levels


def _are_log_odds(explanation: Explanation) -> bool:
    if explanation.unit != "log-odds" or explanation.predictions is None:
        return False
    outputs = np.asarray(explanation.outputs, dtype=float)
    away = np.abs(chances(outputs) - np.asarray(explanation.predictions, dtype=float))
    return bool(away.max(initial=0) < 1e-6)


def chances(outputs: Numbers) -> Numbers:
    """The probabilities of log-odds.

    >>> chances(np.array([0.0, 1e9])).tolist()
    [0.5, 1.0]
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(outputs, -700, 700))))
