"""Rows of an explanation as a page shows them: the steps from the base to the output, and many rows in few bytes."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import zip_longest
from math import ceil, log, log10
from typing import Any

import numpy as np

from workbench.core.explanation import Explanation
from workbench.core.wording import Ours
from workbench.display.explanation_drawings import cell_letters
from workbench.display.rendering import number, percent, signed
from workbench.display.run_drawings import marked
from workbench.errors import BadParameter
from workbench.explanation.overview import Overview
from workbench.explanation.row_lists import errors

# Steps that are drawn of a row; columns of a row that a page carries; bytes that its rows take together.
MOST_STEPS, MOST_CARRIED, MOST_BYTES = 12, 40, 190_000
# Probabilities that an axis of log-odds is marked with, the first ones first, and percent of the axis between two.
MARKED = (0.5, 0.1, 0.9, 0.01, 0.99, 0.001, 0.999, 0.2, 0.8, 0.02, 0.98, 0.05, 0.95, 0.3, 0.7, 0.4, 0.6, 0.005, 0.995)
APART = 15
Mark = tuple[float, str]


@dataclass(frozen=True)
class Step:
    """What one column added, from ``start`` to ``end``, both in percent of the axis."""

    name: str
    given: str
    added: float
    start: float
    end: float
    half: float | None = None


@dataclass(frozen=True)
class Fall:
    """One row: its steps from base to output on an axis whose places are in percent of its width.

    Parameters
    ----------
    steps : tuple of Step
        The strongest column first, and the weakest ones together.
    base, output : float
        Where it begins and ends.
    cut : float or None
        Where the answer turns.
    below, above : tuple of (float, str)
        Marks of the axis in the unit, and in probabilities where both go together.
    """

    steps: tuple[Step, ...]
    base: float
    output: float
    cut: float | None
    below: tuple[Mark, ...]
    above: tuple[Mark, ...]


def fall(explanation: Explanation, row: int, probabilities: bool = False) -> Fall:
    """The steps of one row.

    Raises
    ------
    BadParameter
        If there is no such row.
    """
    steps = steps_of(explanation, row)
    base, output, cut = explanation.base, float(explanation.outputs[row]), cut_of(explanation, probabilities)
    ends = [base, *np.cumsum([base, *(added for _, _, added, _ in steps)]).tolist(), output]
    low, high = min(ends), max(ends)
    room = (high - low) or 1.0
    cut = cut if cut is not None and low - 0.3 * room < cut < high + 0.3 * room else None
    low, high = min(low, cut or low) - 0.05 * room, max(high, cut or high) + 0.05 * room

    def at(value: float) -> float:
        return (value - low) / (high - low) * 100

    told, here = [], base
    for name, given, added, half in steps:
        told.append(Step(name, given, added, at(here), at(here + added), half))
        here += added
    return Fall(
        tuple(told),
        at(base),
        at(output),
        None if cut is None else at(cut),
        tuple((at(v), text) for v, text in marked(low, high)),
        tuple(_chances(at) if probabilities else ()),
    )


def _chances(at: Callable[[float], float]) -> Iterator[Mark]:
    """Probabilities on an axis of log-odds, as many as there is room for."""
    taken: list[float] = []
    for p in MARKED:
        place = at(log(p / (1 - p)))
        if 0 <= place <= 100 and all(abs(place - other) >= APART for other in taken):
            taken.append(place)
            yield place, f"{100 * p:g}%"


def steps_of(explanation: Explanation, row: int) -> list[tuple[str, str, float, float | None]]:
    """Name, value, effect and half its interval: of the strongest columns, and of the others together.

    Raises
    ------
    BadParameter
        If there is no such row.
    """
    if not 0 <= row < len(explanation.values):
        raise BadParameter(
            f"Row {row} is not explained: rows are 0 to {len(explanation.values) - 1}. Choose one of them."
        )
    reasons = explanation.reasons(row)
    place = {name: at for at, name in enumerate(explanation.features)}
    halves = None if explanation.half_width is None else explanation.half_width[row]
    told = [
        (name, text(value), float(added), None if halves is None else float(halves[place[name]]))
        for name, value, added in reasons
    ]
    rest = told[MOST_STEPS:]
    if len(rest) < 2:
        return told
    return [*told[:MOST_STEPS], (f"{len(rest)} other columns", "", sum(added for _, _, added, _ in rest), None)]


def cut_of(explanation: Explanation, probabilities: bool) -> float | None:
    """The threshold in the unit of the values, where it has one."""
    threshold = explanation.threshold
    if threshold is None or not 0 < threshold < 1:
        return None
    if probabilities:
        return log(threshold / (1 - threshold))
    return threshold if explanation.unit == "probability" else None


def text(value: Any, most: int = 60) -> str:
    """A value of the data, a word of ours unless it is a text; four digits stay together, since they may be a year.

    >>> text(None), text(2013.0), text(True), text(0.123456)
    ('missing', '2013', 'true', '0.123')
    """
    if value is None:
        return Ours("missing")
    if isinstance(value, bool):
        return Ours(str(value).lower())
    if isinstance(value, (int, float)):
        return Ours(f"{value:.0f}" if value == int(value) and abs(value) < 10_000 else number(value))
    told = str(value)
    return told if len(told) <= most else told[: most - 1] + "…"


def answer(explanation: Explanation, row: int, short: bool = False) -> str:
    """What was predicted of a row, in words; ``short`` leaves out the log-odds."""
    output = f"{number(float(explanation.outputs[row]))} {explanation.unit}"
    if explanation.predictions is None:
        return output
    prediction = float(explanation.predictions[row])
    if explanation.label is None:
        return f"{number(prediction)} {explanation.unit}"
    told = f"{percent(prediction)} {explanation.label}"
    return told if short or explanation.unit == "probability" else f"{told} ({output})"


def name_of(explanation: Explanation, row: int) -> str:
    """What names a row, such as its id; nothing where it has none that may be shown."""
    column = explanation.columns.get(explanation.named_by or "")
    return "" if column is None or column[row] is None else text(column[row])


def outcome(explanation: Explanation, row: int) -> str:
    """What really came of a row; nothing where that is not known."""
    if explanation.truth is None or explanation.truth[row] is None:
        return ""
    return text(explanation.truth[row])


def sentences_of(explanation: Explanation, row: int) -> dict[str, str]:
    """What a customer could be told of a row, by language; nothing where the explanation kept no predictions."""
    try:
        return {language: explanation.sentence(row, language) for language in ("en", "de")}
    except BadParameter:  # of an older version
        return {}


def right(explanation: Explanation, row: int) -> bool | None:
    """Whether the answer between two classes was right; None of other tasks."""
    if explanation.threshold is None or explanation.predictions is None or not outcome(explanation, row):
        return None
    answered = bool(explanation.predictions[row] >= explanation.threshold)
    return answered == (explanation.truth[row] == explanation.label)  # type: ignore[index]  # it has an outcome


@dataclass
class Packed:
    """Rows as short lists: numbers, and texts by their place in one list of them all."""

    explanation: Explanation
    seen: Overview
    texts: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._digits = digits(self.explanation)
        self._place = {name: at for at, name in enumerate(self.explanation.features)}
        self._wrong = errors(self.explanation)

    def row(self, row: int, spoken: bool = False) -> list[Any]:
        """Its place among the explained rows and in the data, truth, whether right, prediction, error, output; then the
        columns as (place, effect, value), how many others and their sum, its cells, what names it, and the two
        sentences or nothing.
        """
        explanation = self.explanation
        reasons = explanation.reasons(row)
        carried = [
            item for name, value, added in reasons[:MOST_CARRIED] for item in self._step(row, name, value, added)
        ]
        rest = reasons[MOST_CARRIED:]
        came, wrong = outcome(explanation, row), None if self._wrong is None else self._wrong[row]
        return [
            row,
            int(explanation.positions[row]) if len(explanation.positions) else row,
            self._text(came) if came else -1,
            {None: -1, False: 0, True: 1}[right(explanation, row)],
            None if explanation.predictions is None else _round(explanation.predictions[row], 4, self._digits),
            None if wrong is None or np.isnan(wrong) else _round(wrong, 4, self._digits),
            round(float(explanation.outputs[row]), self._digits),
            carried,
            [len(rest), round(sum(added for _, _, added in rest), self._digits)],
            cell_letters(self.seen.columns, row),
            name_of(explanation, row),
            *(list(sentences_of(explanation, row).values()) if spoken else []),
        ]

    def _step(self, row: int, name: str, value: Any, added: float) -> list[Any]:
        at = self._place[name]
        halves = self.explanation.half_width
        half = [] if halves is None else [round(float(halves[row, at]), self._digits)]
        return [at, round(added, self._digits), -1 if value is None else self._text(text(value)), *half]

    def _text(self, told: str) -> int:
        return self.texts.setdefault(told, len(self.texts))

    def some(self, rows: Iterable[int], most: int | None = None, told: Container[int] = ()) -> list[list[Any]]:
        """Rows, as many as go into ``most`` bytes; those of ``told`` with their sentences."""
        packed, size = list[list[Any]](), 0
        for row in rows:
            known = len(self.texts)
            one = self.row(row, row in told)
            size += len(json.dumps([one, list(self.texts)[known:]], separators=(",", ":")))
            if most is not None and size > most:
                break
            packed.append(one)
        return packed


def _round(value: float, least: int, decimals: int) -> float:
    return round(float(value), max(least, decimals) if abs(value) <= 1 else decimals)


def digits(explanation: Explanation) -> int:
    """Decimals that show a hundred-thousandth of the range of the outputs.

    >>> from types import SimpleNamespace
    >>> digits(SimpleNamespace(outputs=[0.0, 9.5])), digits(SimpleNamespace(outputs=[0.0, 5e5]))
    (4, 0)
    """
    outputs = np.asarray(explanation.outputs, dtype=float)
    spread = float(np.ptp(outputs)) if len(outputs) else 0.0
    return max(0, 5 - ceil(log10(spread))) if spread > 0 else 6


def carried(seen: Overview, total: int) -> Sequence[int]:
    """The rows that a page may carry: those of its lists in turn, then the others as they would be drawn at random."""
    in_turn = zip_longest(*(rows.tolist() for rows in seen.lists.values()))
    listed = [row for rows in in_turn for row in rows if row is not None]
    return list(dict.fromkeys([*listed, *np.random.default_rng(0).permutation(total).tolist()]))


__all__ = [
    "MOST_BYTES",
    "Fall",
    "Packed",
    "Step",
    "answer",
    "carried",
    "fall",
    "outcome",
    "right",
    "signed",
    "text",
]
