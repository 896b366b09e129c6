"""The answer that is wanted of a model, and how far another one is from it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.wording import listed_values
from workbench.errors import BadParameter
from workbench.explanation.answering import Answering

Numbers = NDArray[np.float64]
TINY = 1e-12  # below which a probability has no logarithm that says anything


@dataclass(frozen=True)
class Goal:
    """The wanted answer.

    Parameters
    ----------
    answering : Answering
        The model.
    wanted : object
        The label, or of a regression the lowest and the highest number, None where that end is open.
    place : int, optional
        Of the label among the classes; None for a regression.
    """

    answering: Answering
    wanted: Any
    place: int | None

    def score(self, predicted: Numbers) -> Numbers:
        """What changes add to: log-odds of the wanted class against the best other, or the number; shape (rows,)."""
        if self.place is None:
            return predicted[:, 0]
        logs = np.log(np.maximum(predicted, TINY))
        score: Numbers = logs[:, self.place] - np.delete(logs, self.place, axis=1).max(axis=1)
        return score

    def gap(self, score: Numbers) -> Numbers:
        """How much of it is lacking, shape (rows,); 0 where the answer is the wanted one."""
        low, high = self._ends
        return np.maximum(np.maximum(low - score, score - high), 0.0)

    def reached(self, predicted: Numbers) -> NDArray[np.bool_]:
        """Whether the wanted answer is given, shape (rows,)."""
        if self.place is not None:
            return self.answering.decided(predicted) == self.place
        low, high = self._ends
        return (predicted[:, 0] >= low) & (predicted[:, 0] <= high)

    def told(self, predicted: Numbers) -> tuple[Any, float | None]:
        """The answer about one row, shape (1, classes), and the probability of the wanted class."""
        if self.place is None:
            return float(predicted[0, 0]), None
        answer = self.answering.run.classes[int(self.answering.decided(predicted)[0])]
        return answer, float(predicted[0, self.place])

    @cached_property
    def _ends(self) -> tuple[float, float]:
        if self.place is None:
            low, high = self.wanted
            return (-np.inf if low is None else low), (np.inf if high is None else high)
        if self.answering.run.task == "multiclass":
            return 0.0, np.inf
        cut = self.answering.cut if self.place == 1 else 1.0 - self.answering.cut
        return float(np.log(cut) - np.log1p(-cut)), np.inf


def goal(answering: Answering, wanted: Any, predicted: Numbers) -> Goal:
    """What is wanted of a row, shape (1, classes); by default the other class, or the second most probable one.

    Raises
    ------
    BadParameter
        If there is no such class, or of a regression no range.
    """
    if not answering.run.classes:
        return Goal(answering, _range(wanted), None)
    if wanted is not None:
        place = answering.place(wanted)
        return Goal(answering, answering.run.classes[place], place)
    answered = int(answering.decided(predicted)[0])
    other = max((k for k in range(predicted.shape[1]) if k != answered), key=lambda k: predicted[0, k])
    return Goal(answering, answering.run.classes[other], other)


def _range(wanted: Any) -> tuple[float | None, float | None]:
    ends = tuple(wanted) if isinstance(wanted, (tuple, list)) else ()
    numbers = [end for end in ends if end is not None]
    fits = len(ends) == 2 and numbers and all(isinstance(end, (int, float)) and end == end for end in numbers)
    if not fits or (len(numbers) == 2 and numbers[0] > numbers[1]):
        raise BadParameter(
            "Of a regression, wanted is the lowest and the highest number, None where that end is open; got "
            f"{listed_values([wanted])}. Give for example wanted=(200_000, None)."
        )
    return ends[0], ends[1]
