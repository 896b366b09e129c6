"""Where each step of the journey stands in a notebook, from its cells alone."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field, fields
from pathlib import PurePath
from typing import Any

from workbench.codegen.cells import CodeCell, Told, constants, names, needed, out_of_date, sources_of
from workbench.codegen.parse import CALLS, Reading, imported_in, mentioned, read
from workbench.codegen.render import render
from workbench.codegen.update import update
from workbench.core.group_choices import MOST_FIRST
from workbench.core.metric import METRIC_NAMES
from workbench.core.parameters import STEPS

# The noun of a result that is called otherwise than the variable that holds it.
NOUNS = {"data": "dataset"}
FIELDS = {verb: frozenset(field.name for field in fields(step)) for verb, step in STEPS.items()}
_ASIDE = re.compile(
    r" \([^()]*\)| on [\d,]+ held-out rows|^[\d,]+ held-out rows: |; [a-z ]+ up to [\d.,]+ is possible$"
)
_WORD = re.compile(r"\b\w+\b")
_NOT_IN_A_NAME = re.compile(r"[^A-Za-z0-9._-]+")


@dataclass(frozen=True)
class Place:
    """Where a step stands.

    Parameters
    ----------
    verb : str
        The step.
    state : {"waiting", "running", "done", "stale", "failed"}
        From the run of its cell.
    cell : int, optional
        Place of its cell among the code cells.
    edited : bool
        Whether the cell was edited by hand, so that no form can write it.
    reading : Reading, optional
        What stands in the cell.
    because : tuple of str
        Why it is out of date: a sentence with ``%1`` and what stands for it.
    record : dict
        What its output says: noun, headline and findings.
    refresh : tuple of int
        The cells to run, in order, to bring it and what follows up to date.
    """

    verb: str
    state: str = "waiting"
    cell: int | None = None
    edited: bool = False
    reading: Reading | None = None
    because: Told = ()
    record: dict[str, Any] = field(default_factory=dict)
    refresh: tuple[int, ...] = ()


@dataclass(frozen=True)
class Journey:
    """All steps in a notebook.

    Parameters
    ----------
    cells : tuple of CodeCell
        The code cells, in order.
    places : dict of Place
        By verb, in the order of the steps.
    calls : dict of str
        The verb of each way in which the notebook can call a step.
    constants : dict
        Variables that are plain values.
    alive : frozenset of str, optional
        Variables that the kernel holds, if known.
    """

    cells: tuple[CodeCell, ...]
    places: dict[str, Place]
    calls: dict[str, str]
    constants: dict[str, Any]
    alive: frozenset[str] | None = None

    def brief(self, verb: str) -> str:
        """The headline of a step's result without what is in brackets, its scores by their names; else its window."""
        told = str(self.places[verb].record.get("headline") or "")
        return brief(told) if told or "window" not in FIELDS[verb] else str(self.value(verb, "window") or "")

    def value(self, verb: str, name: str) -> Any:
        """A parameter of a step as it stands in its cell, a variable that is a plain value looked up."""
        reading = self.places[verb].reading
        if reading is None:
            return None
        return reading.values.get(name, self.constants.get(reading.code.get(name, "")))


def journey(cells: Sequence[CodeCell], active: str | None = None, alive: Sequence[str] | None = None) -> Journey:
    """Read a notebook.

    Parameters
    ----------
    cells : sequence of CodeCell
        All code cells, in order.
    active : str, optional
        The cell that somebody works in: where a step stands twice, this one counts, else the last.
    alive : sequence of str, optional
        Variables that the kernel holds.

    Examples
    --------
    >>> steps = journey([CodeCell("a", 'd = wb.dataset("a.csv")', count=1), CodeCell("b", "wb.train(d)")]).places
    >>> steps["dataset"].state, steps["train"].state, steps["train"].reading.takes
    ('done', 'waiting', 'd')
    """
    cells = tuple(cells)
    calls = dict(CALLS)
    for cell in cells:
        calls |= imported_in(cell.source)
    living = None if alive is None else frozenset(alive)
    stale = out_of_date(cells)
    chosen = _chosen(cells, calls, active)
    places = {
        verb: _place(verb, cells, chosen, calls, stale, living) if verb in chosen else Place(verb) for verb in STEPS
    }
    return Journey(cells, places, calls, constants(cells), living)


def brief(headline: str) -> str:
    """A headline in the few words that fit beside a step.

    >>> brief("boosting: roc_auc 0.853 (0.791 to 0.907) on 160 held-out rows")
    'boosting: ROC AUC 0.853'
    >>> brief("1,000 held-out rows: no group of 5 differs from the others by more than chance")
    'no group of 5 differs from the others by more than chance'
    """
    short = _ASIDE.sub("", headline)
    return _WORD.sub(lambda word: METRIC_NAMES.get(word.group(), word.group()), short)


def _chosen(cells: tuple[CodeCell, ...], calls: dict[str, str], active: str | None) -> dict[str, int]:
    """The cell of each step: the active one, else the last that can be read, else the last of all."""
    chosen: dict[str, tuple[bool, bool, int]] = {}
    for index, cell in enumerate(cells):
        reading = read(cell.source, calls)
        verbs = [reading.verb] if reading else mentioned(cell.source, calls) or _marked(cell)
        for verb in verbs:
            rank = (cell.id == active, reading is not None, index)
            chosen[verb] = max(chosen.get(verb, rank), rank)
    return {verb: index for verb, (_, _, index) in chosen.items()}


def _marked(cell: CodeCell) -> list[str]:
    """The step that a cell was written for, where nothing of it is left but other code."""
    return [cell.mark] if cell.mark in STEPS and cell.source.strip() else []


def _place(
    verb: str,
    cells: tuple[CodeCell, ...],
    chosen: dict[str, int],
    calls: dict[str, str],
    stale: dict[int, Told],
    alive: frozenset[str] | None,
) -> Place:
    index = chosen[verb]
    cell, reading = cells[index], read(cells[index].source, calls)
    return Place(
        verb,
        _state(cell, index in stale),
        index,
        reading is None,
        reading,
        _because(stale.get(index, ()), chosen),
        _record(cell, verb),
        tuple(_refresh(cells, index, stale, alive)),
    )


def _because(reason: Told, chosen: dict[str, int]) -> Told:
    """The reason, with the name of the step where the cell that it names is one's."""
    titles = {str(index + 1): STEPS[verb].title for verb, index in chosen.items()}
    if len(reason) == 2 and reason[1] in titles:
        return reason[0].replace("Cell %1", "%1"), titles[reason[1]]
    return reason


def _state(cell: CodeCell, stale: bool) -> str:
    if cell.running:
        return "running"
    if cell.failed and not cell.changed:
        return "failed"
    if cell.count is None:
        return "waiting"
    return "stale" if stale else "done"


def _record(cell: CodeCell, verb: str) -> dict[str, Any]:
    noun = NOUNS.get(STEPS[verb].gives, STEPS[verb].gives)
    return next((r for r in reversed(cell.records) if r.get("noun") == noun), {})


def _refresh(
    cells: tuple[CodeCell, ...], index: int, stale: dict[int, Told], alive: frozenset[str] | None
) -> list[int]:
    """The cell, what it needs, and what is out of date because of them."""
    above = sources_of(cells)
    below = {index}
    for later in range(index + 1, len(cells)):
        if above[later] & below and cells[later].count is not None:
            below.add(later)
    wanted = frozenset({index, *(i for i in below if i in stale or i == index)})
    return sorted({*needed(cells, wanted, alive), index})


@dataclass(frozen=True)
class Written:
    """What a click writes.

    Parameters
    ----------
    source : str
        Source of the cell.
    cell : int, optional
        Place of the cell that is updated; None: a new one.
    after : int, optional
        Place of the cell below which a new one belongs; None: where the person is.
    before : tuple of int
        The cells to run first, so that the kernel holds what the step starts from.
    """

    source: str
    cell: int | None
    after: int | None
    before: tuple[int, ...]


def write(now: Journey, verb: str, values: dict[str, Any], code: dict[str, str] | None = None) -> Written:
    """The cell of a step: its own with other values, or a new one where it has none that can be read.

    Raises
    ------
    BadParameter
        If a value does not fit.

    Examples
    --------
    >>> write(journey([CodeCell("a", 'import workbench as wb\\nd = wb.dataset("a.csv")')]), "train", {}).source
    'run = wb.train(d)\\nrun'
    >>> cells = [CodeCell("a", 'd = wb.dataset("a.csv")'), CodeCell("b", "d = d.without('x')")]
    >>> write(journey(cells), "train", {}).after
    1
    """
    place = now.places[verb]
    if place.cell is not None and not place.edited:
        source = update(now.cells[place.cell].source, values, code, now.calls)
        return Written(source, place.cell, None, tuple(_before(now, source, place.cell)))
    first, callee = _called(now, verb)
    source = render(verb, values, first, code=code, takes=_takes(now, verb), gives=_gives(now, verb), callee=callee)
    after = place.cell if place.edited else _last(now, verb)
    return Written(source, None, after, tuple(_before(now, source, len(now.cells) if after is None else after + 1)))


def _before(now: Journey, source: str, at: int) -> list[int]:
    cells = [*now.cells[:at], CodeCell("", source)]
    return [i for i in needed(cells, frozenset({at}), now.alive) if i < at]


def _called(now: Journey, verb: str) -> tuple[bool, str]:
    """Whether the import is still to be written, and how the step is called."""
    opened: dict[str, str] = {}
    for cell in now.cells:
        opened |= imported_in(cell.source)
    ways = [way for way, step in opened.items() if step == verb]
    usual = f"wb.{verb}"
    return not ways, usual if not ways or usual in ways else ways[-1]


def _takes(now: Journey, verb: str) -> str | None:
    """The variable that the step starts from: the one that the step before gave."""
    usual = STEPS[verb].takes
    giver = next((v for v, step in STEPS.items() if step.gives == usual), None)
    reading = now.places[giver].reading if giver else None
    return (reading.gives if reading else None) or usual


def _gives(now: Journey, verb: str) -> str:
    """The step's own word for its result, or another where the notebook uses it for something else."""
    usual = STEPS[verb].gives
    own = now.places[verb].cell
    taken = {n for i, cell in enumerate(now.cells) if i != own for n in names(cell.source)[1]}
    return usual if usual not in taken else f"wb_{usual}"


def _last(now: Journey, verb: str) -> int | None:
    """The last cell of the steps before this one, or below it the last that changes what it starts from, as a cure."""
    verbs = list(STEPS)
    before = [now.places[v].cell for v in verbs[: verbs.index(verb)]]
    start = _takes(now, verb)
    changed = [i for i, cell in enumerate(now.cells) if start in names(cell.source)[1]]
    return max((cell for cell in [*before, *changed] if cell is not None), default=None)


def offered(now: Journey, verb: str) -> tuple[list[str], list[str]]:
    """Columns that the result of the training offers for a step: first those to begin with, then others."""
    groups = now.places["train"].record.get("groups") if verb == "fairness" else None
    if not isinstance(groups, dict):
        return [], []
    people, others = (_names(groups.get(kind)) for kind in ("people", "others"))
    return people, others


def _names(listed: Any) -> list[str]:
    """Names, of a record that a notebook from anywhere may hold."""
    return list(dict.fromkeys(n for n in listed if isinstance(n, str))) if isinstance(listed, list) else []


def prefilled(now: Journey, verb: str) -> tuple[dict[str, Any], dict[str, str]]:
    """Values and expressions that the steps above make likely, for a step that has no cell yet.

    Examples
    --------
    >>> prefilled(journey([CodeCell("a", 'wb.dataset("2013/Flights (all).csv")')]), "package")
    ({'name': 'Flights-all'}, {})
    """
    if verb == "package":
        source = now.value("dataset", "source")
        stem = _NOT_IN_A_NAME.sub("-", PurePath(source).name.split(".")[0]).strip("-._") if source else ""
        return ({"name": stem} if stem else {}), {}
    if verb == "fairness":
        people = offered(now, verb)[0][:MOST_FIRST]
        return ({"by": people} if people else {}), {}
    if verb in ("score", "feedback", "monitor"):
        return _bundle(now)
    return {}, {}


def _bundle(now: Journey) -> tuple[dict[str, Any], dict[str, str]]:
    """The name of the bundle that the steps above are about."""
    named = (now.places[verb].reading for verb in ("package", "score", "feedback", "monitor"))
    reading = next((one for one in named if one and "name" in {**one.values, **one.code}), None)
    given = (reading.values, reading.code) if reading else ({}, {})
    return {n: v for n, v in given[0].items() if n == "name"}, {n: c for n, c in given[1].items() if n == "name"}
