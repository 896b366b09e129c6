"""From a probability to a decision: what each threshold answers, and the rule by which one is chosen."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.parameters import DECISION, DECISIONS
from workbench.core.scores import effective
from workbench.core.wording import worded
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

# Thresholds that are kept of each class: steps of a hundredth in the rate of hits, and in that of false alarms.
STEPS = 100
# Ends of what a threshold can be: a model that is certain is taken at its word at neither.
LOWEST, HIGHEST = 1e-6, 1 - 1e-6


@dataclass(frozen=True)
class Confusion:
    """How many rows of each class were answered how, at one threshold.

    Parameters
    ----------
    hits, alarms, missed, quiet : int or float
        True positives, false positives, false negatives, true negatives; as numbers of effective rows where rows have
        weights.

    Examples
    --------
    >>> Confusion(hits=8, alarms=4, missed=2, quiet=86).precision
    0.6666666666666666
    """

    hits: float
    alarms: float
    missed: float
    quiet: float

    @property
    def rows(self) -> float:
        """All of them."""
        return self.hits + self.alarms + self.missed + self.quiet

    def shares(self) -> dict[str, tuple[float, float]]:
        """Part and whole of each share that has a name: precision, recall, false alarm rate, answered, accuracy."""
        answered = self.hits + self.alarms
        return {
            "precision": (self.hits, answered),
            "recall": (self.hits, self.hits + self.missed),
            "false_alarm_rate": (self.alarms, self.alarms + self.quiet),
            "answered": (answered, self.rows),
            "accuracy": (self.hits + self.quiet, self.rows),
        }

    @property
    def precision(self) -> float | None:
        """Share of the positive answers that are right; none where there are none."""
        return _share(*self.shares()["precision"])

    @property
    def recall(self) -> float | None:
        """Share of the second class that is found."""
        return _share(*self.shares()["recall"])

    @property
    def false_alarm_rate(self) -> float | None:
        """Share of the first class that is answered wrongly."""
        return _share(*self.shares()["false_alarm_rate"])

    @property
    def accuracy(self) -> float | None:
        """Share of right answers."""
        return _share(*self.shares()["accuracy"])

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall."""
        return _share(2 * self.hits, 2 * self.hits + self.alarms + self.missed)

    @property
    def answered(self) -> float | None:
        """Share of the rows that are answered as the second class."""
        return _share(*self.shares()["answered"])


def _share(part: float, whole: float) -> float | None:
    return part / whole if whole else None


@dataclass(frozen=True)
class Thresholds:
    """What two classes are answered as, from each threshold on.

    Parameters
    ----------
    at : tuple of float
        Thresholds in rising order, in (0, 1); the second class is answered from that probability on.
    hits, alarms : tuple of int or float
        Rows of the second and of the first class with at least that probability. Where rows have weights, the sums of
        these, scaled to add up to the effective number of rows: shares are weighted, their intervals as wide as so many
        rows make them.
    positives, negatives : int or float
        Rows of the second and of the first class.

    References
    ----------
    ``sklearn.metrics.confusion_matrix_at_thresholds`` has the same counts; Fawcett, T. (2006), An introduction to ROC
    analysis.

    Examples
    --------
    >>> import numpy as np
    >>> some = Thresholds.of(np.array([False, False, True, True]), np.array([0.1, 0.6, 0.4, 0.9]))
    >>> some.at
    (1e-06, 0.1, 0.4, 0.6, 0.9, 0.999999)
    >>> some.confusion(0.4)
    Confusion(hits=2, alarms=1, missed=0, quiet=1)
    >>> some.chosen("precision >= 0.9")
    0.9
    """

    at: tuple[float, ...]
    hits: tuple[float, ...]
    alarms: tuple[float, ...]
    positives: float
    negatives: float

    @classmethod
    def of(cls, truth: Any, probability: Any, also: tuple[float, ...] = (), weights: Any = None) -> Thresholds:
        """Count what is answered at thresholds that lie where the rows do, in six digits.

        Parameters
        ----------
        truth : bool array, shape (n,)
            Whether a row is of the second class.
        probability : array, shape (n,)
            Of the second class.
        also : tuple of float
            Thresholds that are wanted as they are.
        weights : float array, shape (n,), optional
            How much each row counts, above 0.
        """
        import numpy as np

        truth, probability = np.asarray(truth, dtype=bool), np.asarray(probability, dtype=float)
        positive, negative = np.sort(probability[truth]), np.sort(probability[~truth])
        steps = [float(f"{t:.6g}") for t in np.concatenate([_steps(positive), _steps(negative)])]
        at = np.unique(np.clip([LOWEST, HIGHEST, *also, *steps], LOWEST, HIGHEST))
        if weights is not None:
            return cls(tuple(at.tolist()), *_weighed(truth, probability, at, np.asarray(weights, dtype=float)))
        counts = (_from_on(positive, at), _from_on(negative, at))
        return cls(tuple(at.tolist()), *counts, len(positive), len(negative))

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Thresholds:
        """Read what ``dataclasses.asdict`` wrote."""
        at, hits, alarms = (tuple(content[name]) for name in ("at", "hits", "alarms"))
        return cls(at, hits, alarms, content["positives"], content["negatives"])

    def confusion(self, threshold: float) -> Confusion:
        """What is answered from the first of our thresholds on that is no lower."""
        place = min(bisect_left(self.at, threshold), len(self.at) - 1)
        hits, alarms = self.hits[place], self.alarms[place]
        return Confusion(hits, alarms, self.positives - hits, self.negatives - alarms)

    def chosen(self, rule: str) -> float | None:
        """The threshold that a rule asks for; None where there is none.

        Parameters
        ----------
        rule : str
            *f1*: that with the largest F1. *recall >= 0.9*: the highest that finds so much, so that the fewest false
            alarms come with it. *precision >= 0.8*: of those that are right so often, the one that finds most.
            *top 5%*: that from which on so many of the rows are answered as the second class. *cost 1:10*: that with
            the least cost, where a false alarm costs 1 and a missed one 10. *0.5*: this number.

        Raises
        ------
        BadParameter
            If it is no such rule.
        """
        import numpy as np

        word, numbers = _read(rule)
        if not word:
            return numbers[0]
        hits, alarms = np.asarray(self.hits, dtype=float), np.asarray(self.alarms, dtype=float)
        place = _CHOICES[word](hits, alarms, self.positives, self.negatives, *numbers)
        return None if place is None else self.at[place]


def _steps(ordered: NDArray[np.float64]) -> NDArray[np.float64]:
    """Values at which equal parts of the rows begin."""
    import numpy as np

    if len(ordered) <= STEPS:
        return ordered
    return ordered[np.linspace(0, len(ordered) - 1, STEPS + 1).round().astype(int)]


def _from_on(ordered: NDArray[np.float64], at: NDArray[np.float64]) -> tuple[int, ...]:
    import numpy as np

    return tuple((len(ordered) - np.searchsorted(ordered, at)).tolist())


def _weighed(truth: Any, probability: Any, at: Any, weights: Any) -> tuple[Any, Any, float, float]:
    """Effective rows of either class with at least each probability, and all of them."""
    import numpy as np

    counted = weights * (effective(weights) / weights.sum())
    sides = []
    for rows in (truth, ~truth):
        order = np.argsort(probability[rows], kind="stable")
        below = np.concatenate([[0.0], np.cumsum(counted[rows][order])])
        sides.append((below[-1] - below[np.searchsorted(probability[rows][order], at)], float(below[-1])))
    (hits, positives), (alarms, negatives) = sides
    return tuple(hits.tolist()), tuple(alarms.tolist()), positives, negatives


def costs_of(rule: str) -> tuple[float, float] | None:
    """What a false alarm and a missed one cost, where a rule says so.

    >>> costs_of("cost 1:10"), costs_of("f1")
    ((1.0, 10.0), None)
    """
    word, numbers = _read(rule)
    return (numbers[0], numbers[1]) if word == "cost" else None


def _read(rule: str) -> tuple[str, tuple[float, ...]]:
    """The word and the numbers of a rule; a threshold itself has no word."""
    if not re.search(DECISION, rule):
        raise BadParameter(
            f"{worded(rule)} is no rule for a threshold. Give one such as {', '.join(map(repr, DECISIONS))}."
        )
    word = (re.match("[a-z]*", rule) or [""])[0]
    return word, tuple(float(n) for n in re.findall(r"\d*\.\d+|\d+", rule.removeprefix("f1")))


def _best_f1(hits: Any, alarms: Any, positives: float, negatives: float) -> int:
    import numpy as np

    return int(np.argmax(2 * hits / np.maximum(hits + alarms + positives, 1)))


def _least_cost(hits: Any, alarms: Any, positives: float, negatives: float, alarm: float, missed: float) -> int:
    """Of several that cost the same, the highest: whoever has the choice answers fewer."""
    cost = alarm * alarms + missed * (positives - hits)
    return len(cost) - 1 - int(cost[::-1].argmin())


def _enough_recall(hits: Any, alarms: Any, positives: float, negatives: float, wanted: float) -> int | None:
    import numpy as np

    enough = np.flatnonzero(hits >= wanted * positives)
    return int(enough[-1]) if len(enough) else None


def _enough_precision(hits: Any, alarms: Any, positives: float, negatives: float, wanted: float) -> int | None:
    import numpy as np

    enough = np.flatnonzero((hits > 0) & (hits >= wanted * (hits + alarms)))
    return int(enough[hits[enough].argmax()]) if len(enough) else None


def _nearest_share(hits: Any, alarms: Any, positives: float, negatives: float, percent: float) -> int:
    return int(abs(hits + alarms - percent / 100 * (positives + negatives)).argmin())


_CHOICES: dict[str, Any] = {
    "f": _best_f1,
    "cost": _least_cost,
    "recall": _enough_recall,
    "precision": _enough_precision,
    "top": _nearest_share,
}
