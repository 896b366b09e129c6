"""What would have to be different: the fewest and smallest changes of a row that lead to another answer."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Column
from workbench.core.counterfactual import Change, Counterfactual, Counterfactuals, wanted_words
from workbench.core.finding import Finding
from workbench.core.run import Run
from workbench.core.wording import how_many, listed_values
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.answering import Answering, Row, plain_of
from workbench.explanation.beam import Beam, Changes
from workbench.explanation.existing import Existing, Together, as_numbers, existing
from workbench.explanation.goals import Goal, goal

Numbers = NDArray[np.float64]
Direction = Literal["up", "down"]
# Values of a number that are asked about at first, fewer where columns are many; those between are asked about where
# one of them leads to the wanted answer.
VALUES, FEWEST_VALUES = 40, 8
ASKED_SINGLY = 4000
MOST_CHANGES = 5
MOST_WAYS = 20


class Search:
    """The search for other answers of one run, made ready for many rows.

    Parameters
    ----------
    answering : Answering
        The run's model.
    """

    def __init__(self, answering: Answering) -> None:
        self.answering = answering
        self.features = answering.run.features
        table = answering.table
        self.existing = list(existing(answering.run.contract, table).values())
        self.together = Together.of(self.existing, table)

    def find(
        self,
        row: Row | int,
        wanted: Any = None,
        *,
        immutable: Iterable[str] = (),
        mutable: Iterable[str] = (),
        monotone: Mapping[str, Direction] | None = None,
        n: int = 3,
        most: int = 3,
    ) -> Counterfactuals:
        """The ways to another answer, as :meth:`workbench.Run.counterfactuals` has them."""
        rules = Rules.of(self, immutable, mutable, monotone or {})
        _check_count("n", n, MOST_WAYS)
        _check_count("most", most, MOST_CHANGES)
        columns = self.answering.checked(row).columns
        predicted = self.answering.predict(columns)
        beam = self._beam(columns, goal(self.answering, wanted, predicted))
        if beam.goal.reached(predicted)[0]:
            raise BadParameter(
                f"The model answers {wanted_words(beam.goal.wanted)} already. Give another answer as wanted=…"
            )
        found, nearest = beam.search(self._changes(beam, rules), float(beam.goal.score(predicted)[0]), n, most)
        ways = self._told(beam, found)
        near = None if ways or nearest is None else self._told(beam, [nearest], reached=False)[0]
        return Counterfactuals(
            self.answering.plain(columns),
            *beam.goal.told(predicted),
            beam.goal.wanted,
            tuple(sorted(ways, key=lambda way: (len(way.changes), way.distance)))[:n],
            near,
            rules.kept,
            most,
            sum(beam.asked),
            () if ways else (_none(beam, near, most),),
        )

    def _beam(self, columns: Mapping[str, Any], wanted: Goal) -> Beam:
        own = [one.typed(columns[one.column.name][0]) for one in self.existing]
        return Beam(self.existing, self.together, own, wanted, self.answering.predict)

    def _changes(self, beam: Beam, rules: Rules) -> Changes:
        pieces = []
        many = max(FEWEST_VALUES, min(VALUES, ASKED_SINGLY // max(len(self.features), 1)))
        for place, (one, own) in enumerate(zip(self.existing, beam.own, strict=True)):
            if one.column.name not in rules.kept:
                values = rules.allowed(one, one.few(many) if one.ordered else one.values, own)
                pieces.append(Changes.of(place, one, values, own))
        return Changes.joined(pieces)

    def _told(self, beam: Beam, ways: list[Changes], reached: bool = True) -> list[Counterfactual]:
        """Ways in words, each with what the pipeline itself answers; without those that it answers otherwise."""
        if not ways:
            return []
        batches = [beam.rows(way, np.arange(len(way))[None, :]) for way in ways]
        rows = {name: np.concatenate([batch[name] for batch in batches]) for name in self.features}
        predicted = self.answering.by_pipeline(rows)
        fine = beam.goal.reached(predicted)
        return [
            Counterfactual(tuple(self._worded(beam, way)), *beam.goal.told(predicted[i : i + 1]), self._distance(way))
            for i, way in enumerate(ways)
            if fine[i] or not reached
        ]

    def _worded(self, beam: Beam, way: Changes) -> Iterator[Change]:
        for place, value in zip(way.column.tolist(), way.value.tolist(), strict=True):
            column = self.existing[place].column
            yield Change(column.name, plain_of(column, beam.own[place]), plain_of(column, value))

    def _distance(self, way: Changes) -> float:
        return float(way.distance.sum() / len(self.features))


@dataclass(frozen=True)
class Rules:
    """Which columns may change, and which way.

    Parameters
    ----------
    kept : tuple of str
        Those that must stay.
    monotone : mapping of str to {"up", "down"}
        Those that may only grow, or only fall.
    """

    kept: tuple[str, ...]
    monotone: Mapping[str, Direction]

    @classmethod
    def of(
        cls, search: Search, immutable: Iterable[str], mutable: Iterable[str], monotone: Mapping[str, Direction]
    ) -> Rules:
        """The rules, checked: columns that are there, and directions of those that have an order."""
        stay, may = _names(search, "immutable", immutable), _names(search, "mutable", mutable)
        for name in _names(search, "monotone", monotone):
            if monotone[name] not in ("up", "down") or not search.existing[search.features.index(name)].ordered:
                raise BadParameter(
                    "monotone says of numbers and moments whether they may only go 'up' or 'down'; got "
                    f"{listed_values([{name: monotone[name]}])}."
                )
        own = [one.column for one in search.existing]
        kept = {column.name for column in own if stays(column) and column.name not in may} | stay
        return cls(tuple(column.name for column in own if column.name in kept), monotone)

    def allowed(self, one: Existing, values: NDArray[Any], own: Any) -> NDArray[Any]:
        """Without the row's own value, and on the allowed side of it."""
        values = values[one.distance(values, own) > 0]
        direction = self.monotone.get(one.column.name)
        if direction is None or not len(values):
            return values
        numbers, here = as_numbers(values), as_numbers([own])[0]
        return values[~(numbers < here) if direction == "up" else ~(numbers > here)]


def stays(column: Column) -> bool:
    """Whether nobody can be told to change it: what is sensitive, names or orders rows, moments, and free text.

    Examples
    --------
    >>> stays(Column("sex", "category", sensitive=True)), stays(Column("tenure", "integer"))
    (True, False)
    """
    return column.sensitive or column.role in ("id", "time", "group", "personal") or column.kind in ("datetime", "text")


def counterfactuals(
    run: Run,
    row: Mapping[str, Any] | int,
    wanted: Any = None,
    *,
    immutable: Iterable[str] = (),
    mutable: Iterable[str] = (),
    monotone: Mapping[str, Literal["up", "down"]] | None = None,
    n: int = 3,
    most: int = 3,
) -> Counterfactuals:
    """What would have to be different for another answer: the fewest changes first, then the nearest.

    Only values that the hold-out's rows have are proposed, within the contract's range, and none that excludes
    another one of the row: values that many rows would share by chance alone, and none does. Each way changes other
    columns than the ways before it. The fitted pipeline itself is asked about each.

    Parameters
    ----------
    run : Run
        Made by :func:`workbench.train` or :func:`workbench.adopt`.
    row : mapping, or int
        Every feature and its value, as JSON has them; or the position of a row in the hold-out.
    wanted : object, optional
        The label; by default the other class, of more than two the second most probable one. Of a regression the
        lowest and the highest number, ``(200_000, None)``, None where that end is open.
    immutable : sequence of str
        Columns that must stay, beside those that do by themselves: sensitive ones, those that name or order rows,
        moments and free text.
    mutable : sequence of str
        Of the latter, those that may change all the same.
    monotone : mapping of str to {"up", "down"}, optional
        Numbers and moments that may only grow, or only fall, such as ``{"age": "up"}``.
    n : int
        Ways to find, from 1 to 20.
    most : int
        Columns that may change at once, from 1 to 5.

    Returns
    -------
    Counterfactuals
        Its ``found`` is empty where there is no way; ``nearest`` says how far the best one gets.

    Raises
    ------
    BadParameter
        If the wanted answer is given already, is no class or no range, or a rule is none.
    BadRow
        If the row breaks the contract.
    ColumnNotFound
        If a rule names a column that is no feature.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    search = Search(Answering.of(run, "run.counterfactuals"))
    return search.find(row, wanted, immutable=immutable, mutable=mutable, monotone=monotone, n=n, most=most)


def _names(search: Search, what: str, names: Iterable[str]) -> set[str]:
    if isinstance(names, str):
        raise BadParameter(f"{what} takes a list of columns, got {listed_values([names])}. Put it in brackets.")
    for name in names:
        if name not in search.features:
            raise ColumnNotFound.named(str(name), search.features)
    return set(names)


def _check_count(name: str, value: Any, most: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool) or not 1 <= value <= most:
        raise BadParameter(f"{name} is a whole number from 1 to {most}; got {listed_values([value])}.")


def _none(beam: Beam, near: Counterfactual | None, most: int) -> Finding:
    reached = "" if near is None else f" The nearest is {near}."
    return Finding(
        "WB240",
        "info",
        f"No row with at most {how_many(most, 'change')} to values that exist is answered "
        f"{wanted_words(beam.goal.wanted)}; {sum(beam.asked):,} were asked about.{reached}",
        evidence={"asked": sum(beam.asked), "most": most},
    )
