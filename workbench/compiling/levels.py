"""One-hot columns of many categories: each is told by its place alone, so that no table is as large as their square."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any
from weakref import WeakValueDictionary

import numpy as np

from workbench.tables.encoders import Hot
from workbench.tables.links import Array
from workbench.tables.steps import STEPS

FEW = 128  # columns of one encoder that stay a table: it is as quick, and small


@dataclass(frozen=True, eq=False)
class Levels:
    """Categories of a column and the place of each: ``places`` has one a key, then for missing, then for unseen."""

    source: str
    keys: tuple[Any, ...]
    places: Array


@dataclass(frozen=True)
class Level:
    """A made column that is ``yes`` for what has one of the places, and ``no`` for everything else."""

    levels: Levels
    place: int
    yes: float = 1.0
    no: float = 0.0

    @property
    def source(self) -> str:
        """Original column."""
        return self.levels.source

    @property
    def mean(self) -> float:
        """Where every category is as frequent as the others."""
        told = self.levels.places[:-2] == self.place
        return float(np.where(told, self.yes, self.no).mean()) if told.size else 0.0

    def then(self, name: str, operand: Any = 0.0) -> Level:
        """This column with one step more, done to its two values."""
        both = STEPS[name](np.array([[self.yes], [self.no]]), np.array([operand], dtype=np.float64))
        return replace(self, yes=float(both[0, 0]), no=float(both[1, 0]))


# Two encoders of the same categories are one: their columns are compared thousands of times, so by identity.
_KNOWN: WeakValueDictionary[Any, Levels] = WeakValueDictionary()


def levels(source: str, keys: Sequence[Any], places: Array) -> Levels:
    """Categories with their places, each distinct one once."""
    made = Levels(source, tuple(keys), np.asarray(places, np.int64))
    return _KNOWN.setdefault((source, made.keys, made.places.tobytes()), made)


def hot(run: Sequence[Level]) -> Hot:
    """What makes neighbours of the same categories; those that no column tells are one group."""
    first = run[0].levels
    asked, place = np.unique([column.place for column in run], return_inverse=True)
    at = np.minimum(np.searchsorted(asked, first.places), len(asked) - 1)
    groups = np.where(asked[at] == first.places, at, len(asked))
    yes, no = (np.array([getattr(column, name) for column in run], dtype=np.float64) for name in ("yes", "no"))
    return Hot(first.source, first.keys, groups, place.astype(np.int64), yes, no).checked()


def by_levels(state: Sequence[Any]) -> Iterator[tuple[Levels, list[int]]]:
    """Where the columns of each encoder stand."""
    groups: dict[Levels, list[int]] = {}
    for i, column in enumerate(state):
        if isinstance(column, Level):
            groups.setdefault(column.levels, []).append(i)
    yield from groups.items()


def summed(columns: Sequence[Level], weights: Array) -> Array:
    """Weighted sums of the columns of one encoder, by its keys, for missing, for unseen; shape (keys + 2, sums).

    Parameters
    ----------
    columns : sequence of Level
    weights : float array, shape (sums, columns)
    """
    yes, no = (np.array([getattr(column, name) for column in columns]) for name in ("yes", "no"))
    place = np.array([column.place for column in columns], np.intp)
    most = int(max(place.max(initial=0), columns[0].levels.places.max()))
    more = np.zeros((most + 2, len(weights)))  # the last line is for what no column tells
    np.add.at(more, place, (weights * (yes - no)).T)
    result: Array = weights @ no + more[columns[0].levels.places]
    return result
