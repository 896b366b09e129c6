"""A search among changes of one row: of one column at a time, then of two, then of three.

All changes of one column are asked about at once, as one batch of rows. By how much they move the model's output, added
up, says which changes of two columns are worth asking about; the best of those are carried on to a third.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.steps import step
from workbench.explanation.existing import Existing, Together
from workbench.explanation.goals import Goal

Numbers = NDArray[np.float64]
Places = NDArray[np.intp]
Bools = NDArray[np.bool_]
# Rows that are asked about of two changes, of three, …, and how many of them are carried on to one change more.
ASKED = 600
BEAM = 40
# Changes of all columns that are tried together with those of others, and of one column at most.
SHORTLIST = 120
OF_COLUMN = 6
# Existing values that are asked about on the way back to the row's own.
BACK = 64


@dataclass(frozen=True, eq=False)
class Changes:
    """Changes of one column each.

    Parameters
    ----------
    column : int array, shape (changes,)
        Place of the column among the features.
    value : object array, shape (changes,)
        What it becomes.
    part : int array, shape (changes,)
        Which value of its column, or part of many, that is.
    distance : float array, shape (changes,)
        Of the value from the row's own, in [0, 1].
    """

    column: Places
    value: NDArray[Any]
    part: Places
    distance: Numbers

    def __len__(self) -> int:
        return len(self.column)

    def only(self, places: Any) -> Changes:
        """Some of them, in the order of their columns."""
        places = places[np.argsort(self.column[places], kind="stable")]
        return Changes(self.column[places], self.value[places], self.part[places], self.distance[places])

    @classmethod
    def joined(cls, pieces: list[Changes]) -> Changes:
        """All of several."""
        if not pieces:
            return cls(np.empty(0, np.intp), np.empty(0, object), np.empty(0, np.intp), np.empty(0))
        parts = zip(*((p.column, p.value, p.part, p.distance) for p in pieces), strict=True)
        return cls(*(np.concatenate(part) for part in parts))

    @classmethod
    def of(cls, place: int, one: Existing, values: NDArray[Any], own: Any) -> Changes:
        """Of one column, from its ``own`` value to each of others."""
        listed = np.empty(len(values), object)
        listed[:] = list(values)
        return cls(np.full(len(values), place), listed, one.part(values), one.distance(values, own))


@dataclass(frozen=True, eq=False)
class Sets:
    """Sets of changes that were asked about: places among all changes, shape (sets, k), score and whether reached."""

    places: Places
    score: Numbers
    reached: Bools
    possible: Bools


@dataclass(frozen=True, eq=False)
class Beam:
    """The search of one row.

    Parameters
    ----------
    columns : list of Existing
        The features and their values.
    together : Together
        Which values exclude each other.
    own : list
        The row's own values, typed as those of its columns.
    goal : Goal
        What is wanted.
    predict : callable
        Columns to predictions, shape (rows, classes).
    asked : list of int
        Rows that were asked about, batch by batch.
    """

    columns: list[Existing]
    together: Together
    own: list[Any]
    goal: Goal
    predict: Callable[[dict[str, Any]], Numbers]
    asked: list[int] = field(default_factory=list)

    def search(self, every: Changes, start: float, n: int, most: int) -> tuple[list[Changes], Changes | None]:
        """Sets of changes that lead to the wanted answer, and the one that comes nearest to it.

        Parameters
        ----------
        every : Changes
            All that may be.
        start : float
            Score of the row.
        n : int
            Sets that are wanted; more columns are changed at once until there are so many.
        most : int
            Columns to change at once.
        """
        levels = list(self._levels(every, start, n, most)) if len(every) else []
        found = [self._moved_back(self._needed(way)) for way in self._diverse(every, levels, 2 * n)]
        return _unlike(sorted(found, key=lambda way: (len(way), way.distance.sum()))), self._nearest(every, levels)

    def _needed(self, way: Changes) -> Changes:
        """The same without changes that the wanted answer does not take."""
        if len(way) < 2:
            return way
        fewer = self._asked(way, np.array([np.delete(np.arange(len(way)), i) for i in range(len(way))]))
        fine = np.flatnonzero(fewer.reached & fewer.possible)
        if not len(fine):
            return way
        return self._needed(way.only(fewer.places[fine[np.argmin(way.distance[fewer.places[fine]].sum(axis=1))]]))

    def _moved_back(self, way: Changes) -> Changes:
        """The same changes, made smaller one after the other as far as the wanted answer is given."""
        for slot in np.argsort(-way.distance, kind="stable").tolist():
            one = self.columns[way.column[slot]]
            if one.ordered and way.distance[slot] > 0:
                way = self._back(way, slot, one)
        return way

    def rows(self, every: Changes, sets: Places) -> dict[str, NDArray[Any]]:
        """The row by column, once for each set of changes."""
        changed, columns = every.column[sets], {}
        for place, one in enumerate(self.columns):
            column = np.full(len(sets), self.own[place], dtype=one.values.dtype)
            rows, slot = np.nonzero(changed == place)
            if len(rows):
                column[rows] = every.value[sets[rows, slot]].astype(column.dtype)
            columns[one.column.name] = column
        return columns

    def _levels(self, every: Changes, start: float, n: int, most: int) -> Iterator[Sets]:
        """Sets of one change, of two, and so on, until there are enough that lead to the wanted answer."""
        level = self._asked(every, np.arange(len(every))[:, None])
        yield level
        gain = level.score - start
        listed = self._shortlist(every, level, start)
        beam, score = listed[:, None], level.score[listed]
        found = self._kinds(every, level)
        for _ in range(1, most):
            if len(found) >= n or not len(beam):
                return
            sets = self._one_more(every, beam, score, listed, gain)
            if not len(sets):
                return
            level = self._asked(every, sets)
            yield level
            found |= self._kinds(every, level)
            on = np.argsort(np.where(level.reached, np.inf, self.goal.gap(level.score)), kind="stable")[:BEAM]
            on = on[~level.reached[on]]
            beam, score = level.places[on], level.score[on]

    def _asked(self, every: Changes, sets: Places) -> Sets:
        step()
        predicted = self.predict(self.rows(every, sets))
        self.asked.append(len(sets))
        return Sets(sets, self.goal.score(predicted), self.goal.reached(predicted), self._possible(every, sets))

    def _possible(self, every: Changes, sets: Places) -> Bools:
        """Whether no changed value excludes another one of its row, shape (sets,)."""
        starts, changed = self.together.starts, every.column[sets]
        own = [one.part([value])[0] for one, value in zip(self.columns, self.own, strict=True)]
        parts, rows = np.tile(np.array(own) + starts, (len(sets), 1)), np.arange(len(sets))
        parts[rows[:, None], changed] = every.part[sets] + starts[changed]
        wrong = np.zeros(len(sets), bool)
        for slot in changed.T:
            wrong |= self.together.never[parts[rows, slot][:, None], parts].any(axis=1)
        return ~wrong

    def _shortlist(self, every: Changes, singly: Sets, start: float) -> Places:
        """Changes worth another one beside: of each column those that gain more than any smaller one."""
        gained = self.goal.gap(np.array([start])) - self.goal.gap(singly.score)
        open_ = (gained > 0) & ~(singly.reached & singly.possible)
        kept = [
            _rising(np.flatnonzero(open_ & (every.column == place) & (singly.possible == possible)), every, gained)
            for place in np.unique(every.column)
            for possible in (True, False)
        ]
        listed = np.concatenate(kept)
        return listed[np.argsort(-gained[listed], kind="stable")[:SHORTLIST]]

    def _one_more(self, every: Changes, beam: Places, score: Numbers, listed: Places, gain: Numbers) -> Places:
        """Sets with one change more, those that are worth asking about, shape (sets, k + 1)."""
        sets = np.column_stack([np.repeat(beam, len(listed), axis=0), np.tile(listed, len(beam))])
        guess = np.repeat(score, len(listed)) + gain[sets[:, -1]]
        apart = (every.column[sets[:, :-1]] != every.column[sets[:, -1:]]).all(axis=1)
        sets, first = np.unique(np.sort(sets[apart], axis=1), axis=0, return_index=True)
        gap, distance = self.goal.gap(guess[apart][first]), every.distance[sets].sum(axis=1)
        likely = np.lexsort((distance, gap > 0))[: 4 * ASKED]
        strong = np.lexsort((distance, gap))[: 4 * ASKED]
        return np.unique(np.concatenate([self._first(every, sets[order]) for order in (likely, strong)]), axis=0)

    def _first(self, every: Changes, sets: Places) -> Places:
        return sets[self._possible(every, sets)][: ASKED // 2]

    def _kinds(self, every: Changes, level: Sets) -> set[tuple[int, ...]]:
        """Which columns are changed by the sets that lead to the wanted answer."""
        sets = level.places[level.reached & level.possible]
        return set(map(tuple, np.unique(np.sort(every.column[sets], axis=1), axis=0).tolist()))

    def _diverse(self, every: Changes, levels: list[Sets], most: int) -> list[Changes]:
        """The nearest set of each choice of columns, fewest changes first."""
        sets = [level.places[level.reached & level.possible] for level in levels]
        nearest = (one[np.argsort(every.distance[one].sum(axis=1), kind="stable")] for one in sets)
        return _unlike(every.only(place) for places in nearest for place in places)[:most]

    def _nearest(self, every: Changes, levels: list[Sets]) -> Changes | None:
        """The set with the smallest gap."""
        pairs = [
            (float(gap.min()), level.places[np.flatnonzero(level.possible)[int(gap.argmin())]])
            for level in levels
            if len(gap := self.goal.gap(level.score[level.possible]))
        ]
        return every.only(min(pairs, key=lambda pair: pair[0])[1]) if pairs else None

    def _back(self, way: Changes, slot: int, one: Existing) -> Changes:
        values = one.between(self.own[way.column[slot]], way.value[slot], BACK)
        if not len(values):
            return way
        closer = Changes.of(int(way.column[slot]), one, values, self.own[way.column[slot]])
        every = Changes.joined([way, closer])
        others = np.delete(np.arange(len(way)), slot)
        sets = np.column_stack([np.tile(others, (len(values), 1)), len(way) + np.arange(len(values))])
        level = self._asked(every, sets)
        fine = np.flatnonzero(level.reached & level.possible)
        if not len(fine):
            return way
        return every.only(sets[fine[np.argmin(closer.distance[fine])]])


def _unlike(ways: Iterable[Changes]) -> list[Changes]:
    """Those that change other columns than those before them, and do not only change more."""
    kinds: dict[frozenset[int], Changes] = {}
    for way in ways:
        kind = frozenset(way.column.tolist())
        if not any(other <= kind for other in kinds):
            kinds[kind] = way
    return list(kinds.values())


def _rising(places: Places, every: Changes, gained: Numbers) -> Places:
    """Those that gain more than any nearer one, at even steps."""
    if not len(places):
        return places
    places = places[np.lexsort((-gained[places], every.distance[places]))]
    best = np.maximum.accumulate(gained[places])
    rising = places[np.diff(best, prepend=0.0) > 0]
    return rising[np.unique(np.linspace(0, len(rising) - 1, min(OF_COLUMN, len(rising))).round().astype(np.intp))]
