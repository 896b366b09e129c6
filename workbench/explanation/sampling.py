"""SHAP values of a model without tables, sampled: any pipeline on raw columns, each value with its interval.

A column plays by taking the explained row's value where a background row's stood. In each draw every explained row gets
a background row, an order of the columns that all rows share, and that order's reverse; what a column changes when it
is its turn is one draw of its value. Columns are exchanged whole, so the pipeline sees what it was fitted on: texts,
dates and categories as they are.

References
----------
Strumbelj, E. and Kononenko, I. (2014), Explaining prediction models and individual predictions with feature
contributions. Mitchell, Cooper, Frank, Holmes (2022), Sampling Permutations for Shapley Value Estimation: orders with
their reverses. ``shap.PermutationExplainer`` samples the same values, and agrees within the intervals.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.progress import progress

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Answer = Callable[[pd.DataFrame], Numbers]
FEWEST, MOST = 8, 256  # draws
SMALL = 0.1  # of the strongest column's mean size: columns below it may change places
WIDE = 0.25  # of the same: half an interval, on average
ASKED = 50_000  # rows that are predicted together
NORMAL = 1.96


@dataclass(frozen=True)
class Sampled:
    """Values (rows, p), half of each one's 95% interval, base, outputs (rows,), and how many draws were taken."""

    values: Numbers
    half_width: Numbers
    base: float
    outputs: Numbers
    draws: int


def sample(answer: Answer, table: pd.DataFrame, background: pd.DataFrame, seed: int) -> Sampled:
    """Sample the values until the columns' order is stable and their intervals are small beside the strongest column.

    Parameters
    ----------
    answer : callable
        From a frame with the columns of ``table`` to an output a row.
    table : pandas.DataFrame
        The rows to explain, at least one.
    background : pandas.DataFrame
        Rows that stand for a column which is not known, with the columns and dtypes of ``table``.
    seed : int
        Of the orders, and of which background row each row gets.

    Returns
    -------
    Sampled
        ``base + values.sum(axis=1)`` is the output. Interrupted, it is of the draws by then, where these are eight or
        more.
    """
    outputs, base = answer(table), float(answer(background).mean())
    found = _Draws(table.shape)
    with progress("Explaining by samples", MOST) as tracker:
        try:
            for added in _drawn(answer, table, background, np.random.default_rng(seed)):
                found.add(added)
                tracker.advance(f"{found.count} draws")
                if found.count == MOST or found.settled():
                    break
        except KeyboardInterrupt:
            if found.count < FEWEST:
                raise
    return Sampled(found.adding_up(outputs - base), NORMAL * found.error, base, outputs, found.count)


class _Draws:
    """Mean and standard error of the draws of each value."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.count, self._sum, self._squares = 0, np.zeros(shape), np.zeros(shape)
        self._order: list[int] = []

    def add(self, added: Numbers) -> None:
        self.count += 1
        self._sum += added
        self._squares += added**2

    @property
    def mean(self) -> Numbers:
        """The values so far, shape (rows, p)."""
        return self._sum / self.count

    @property
    def error(self) -> Numbers:
        """The standard error of each, shape (rows, p)."""
        spread = np.maximum(self._squares - self._sum**2 / self.count, 0.0) / max(self.count - 1, 1)
        result: Numbers = np.sqrt(spread / self.count)
        return result

    def settled(self) -> bool:
        """Asked after each draw, it looks each time that their number has doubled."""
        if self.count < FEWEST or self.count & (self.count - 1):
            return False
        sizes, before = np.abs(self.mean).mean(axis=0), self._order
        strongest = float(sizes.max(initial=0.0))
        self._order = [int(i) for i in np.argsort(-sizes, kind="stable") if sizes[i] > SMALL * strongest]
        return before == self._order and bool((NORMAL * self.error.mean(axis=0) <= WIDE * strongest).all())

    def adding_up(self, total: Numbers) -> Numbers:
        """The values, what they miss ``total`` by shared out by their variances: one that is sure stays as it is."""
        values, variance = self.mean, self.error**2
        missed = total - values.sum(axis=1)
        share = np.divide(missed, variance.sum(axis=1), out=np.zeros_like(missed), where=variance.sum(axis=1) > 0)
        result: Numbers = values + variance * share[:, None]
        return result


def _drawn(
    answer: Answer, table: pd.DataFrame, background: pd.DataFrame, random: np.random.Generator
) -> Iterator[Numbers]:
    """What each column changed, draw by draw, shape (rows, p): the mean of an order and its reverse."""
    rows, columns = table.shape
    together = pd.concat([table, background], ignore_index=True)
    begins = random.permutation(rows) % len(background)
    while True:
        order = random.permutation(columns)
        draw = int(random.integers(len(background)))
        places = rows + (begins + draw) % len(background)
        both = [_changes(answer, together, places, turns) for turns in (order, order[::-1])]
        yield (both[0] + both[1]) / 2


def _changes(answer: Answer, together: pd.DataFrame, places: Places, order: Places) -> Numbers:
    """What each column changes at its turn, shape (rows, p); ``places`` of each row's background row."""
    turn, steps = np.argsort(order), np.arange(len(order) + 1)
    parts = np.array_split(steps, -(-len(steps) * len(places) // ASKED))
    outputs = [answer(_moved(together, places, turn, part)).reshape(len(part), -1) for part in parts if len(part)]
    result: Numbers = np.diff(np.concatenate(outputs), axis=0)[turn].T
    return result


def _moved(together: pd.DataFrame, places: Places, turn: Places, steps: Places) -> pd.DataFrame:
    """The rows after each of some steps: columns whose turn has been are the row's own, others its background row's."""
    own = np.arange(len(places))
    taken = (np.where(steps[:, None] > turn[i], own, places).ravel() for i in range(len(turn)))
    columns = zip(together.items(), taken, strict=True)
    return pd.DataFrame({name: column.take(rows).reset_index(drop=True) for (name, column), rows in columns})
