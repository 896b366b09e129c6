"""Friedman's H of each two columns: interactions of any model, from its answers alone."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.pair_effects import PairEffects
from workbench.core.run import Run
from workbench.core.steps import stepwise
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.answering import Answering
from workbench.explanation.asking import Asking, drawn_rows

Numbers = NDArray[np.float64]
MOST = 8  # columns that are crossed where nobody names some
FEWEST = 20  # rows
LEAST = 1e-24  # of the spread of the answers: below it is rounding


def interactions(run: Run, columns: Iterable[str] | None = None, *, label: Any = None, rows: int = 100) -> PairEffects:
    """How much each two columns do together that neither does alone: Friedman's H, of any model.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    columns : sequence of str, optional
        Two features or more; by default the eight that move the answers most.
    label : object, optional
        The class whose probability is told: of two the second by default, of more the one predicted most often.
    rows : int
        Of the hold-out, drawn at random, at least 20: each is asked about with the two values of each other one.

    Returns
    -------
    PairEffects
        Size, in the unit of the answers, and share, of each pair.

    Raises
    ------
    BadParameter
        If there is no such class, fewer than two columns, or a number is out of its range.
    ColumnNotFound
        If a column is no feature.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    if not isinstance(rows, int) or isinstance(rows, bool) or rows < FEWEST:
        raise BadParameter(f"rows is a whole number from {FEWEST}; got {described(rows)}.")
    answering = Answering.of(run, "run.interactions")
    asking = Asking(answering, answering.place(label), drawn_rows(answering, rows))
    names = _strongest(asking) if columns is None else _named(run, columns)
    alone = [_centred(asking, (name,)) for name in names]
    size, strength = np.zeros((2, len(names), len(names)))
    for i, k in stepwise(list(combinations(range(len(names)), 2))):
        both = _centred(asking, (names[i], names[k]))
        more, whole = float(((both - alone[i] - alone[k]) ** 2).mean()), float((both**2).mean())
        size[i, k] = size[k, i] = more**0.5
        strength[i, k] = strength[k, i] = min(1.0, more / whole) if whole > LEAST else 0.0
    return PairEffects(run.id, tuple(names), size, strength, len(asking.rows), asking.label, answering.unit)


def _named(run: Run, columns: Iterable[str]) -> list[str]:
    names = [columns] if isinstance(columns, str) else list(dict.fromkeys(columns))
    for name in names:
        if name not in run.features:
            raise ColumnNotFound.named(str(name), run.features)
    if len(names) < 2:
        raise BadParameter(
            f"Two columns or more interact; got {described(names)}. Give for example {list(run.features)[:2]}."
        )
    return names


def _strongest(asking: Asking) -> list[str]:
    """The columns that move the answers most where a row takes another row's value, in the order of the features."""
    features = asking.answering.run.features
    if len(features) < 2:
        raise BadParameter("The run has one feature only, and two interact.")
    columns = asking.columns(asking.rows)
    own = asking.answering.scores(columns, asking.place)
    moved = {
        name: float(np.abs(asking.with_each(asking.rows, name, np.roll(columns[name], 1)) - own).mean())
        for name in features
    }
    strongest = sorted(features, key=lambda name: -moved[name])[:MOST]
    return [name for name in features if name in strongest]


def _centred(asking: Asking, names: tuple[str, ...]) -> Numbers:
    """Partial dependence at each row's own values of some columns, around 0; shape (rows,)."""
    columns = asking.columns(asking.rows)
    means = asking.along(asking.rows, {name: columns[name] for name in names}).mean(axis=0)
    centred: Numbers = means - means.mean()
    return centred
