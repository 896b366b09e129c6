"""How a model answered rows that it had not seen: what its curves, matrices and worst groups are drawn from."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from workbench.core.metric import Metric
from workbench.core.thresholds import Thresholds


@dataclass(frozen=True)
class Bin:
    """Rows whose predictions lie side by side, and what came true of them.

    Parameters
    ----------
    rows : int
        How many.
    predicted : float
        Mean prediction: a probability in [0, 1], or a number in the target's unit.
    came : float
        Mean of what came true: the share of the class, or the target's mean; its median or quantile, where that is
        what was predicted.
    low, high : float
        Interval of ``came``; those of all bins hold what is true in nine of ten tables.
    """

    rows: int
    predicted: float
    came: float
    low: float
    high: float


@dataclass(frozen=True)
class Slice:
    """Rows with one value of a column that the model does worse on than on the others.

    Parameters
    ----------
    column : str
        The feature.
    value : str
        The category, or the range of a number, in words.
    rows : int
        How many of the hold-out.
    loss, others : float
        Mean loss of these rows and of all the others: log loss, or the absolute error in the target's unit (of a
        quantile the pinball loss).
    p_value : float
        Of Welch's test of both, corrected for all slices that were looked at (Holm), in [0, 1].
    score : Metric, optional
        The deciding score of these rows, with its interval; none where it can't be computed.
    low, high : float, optional
        Where somebody chose the slice: 90% interval of ``loss`` less ``others``.
    """

    column: str
    value: str
    rows: int
    loss: float
    others: float
    p_value: float
    score: Metric | None = None
    low: float | None = None
    high: float | None = None

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Slice:
        """Read what ``dataclasses.asdict`` wrote."""
        score = content.get("score")
        return cls(**{**content, "score": score and Metric.from_dict(score)})


@dataclass(frozen=True)
class Spread:
    """Counts of rows over equal parts of a range.

    Parameters
    ----------
    low, high : float
        Ends of the range.
    counts : tuple of tuple of int
        One row of counts a class (the first class first), or one of all rows.
    """

    low: float
    high: float
    counts: tuple[tuple[int, ...], ...]

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Spread:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(content["low"], content["high"], tuple(map(tuple, content["counts"])))


@dataclass(frozen=True)
class Learned:
    """What the kept candidate scores on the hold-out when it learns from so many rows.

    Parameters
    ----------
    rows : int
        That it was fitted on.
    score : Metric
        The deciding one.
    """

    rows: int
    score: Metric

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Learned:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(content["rows"], Metric.from_dict(content["score"]))


@dataclass(frozen=True)
class Mistaken:
    """A class that is often answered for another one.

    Parameters
    ----------
    true, answered : str
        Labels.
    rows, whole : int
        How many of the true label's rows were answered so, and how many it has.
    """

    true: str
    answered: str
    rows: int
    whole: int


@dataclass(frozen=True)
class Evaluation:
    """How the kept candidate answered the hold-out, aggregated.

    Parameters
    ----------
    rows : int
        Of the hold-out.
    bins : tuple of Bin
        Ten of as many rows each, by the prediction: of two classes the probability of the second, of more that of the
        class that is answered (``came``: the share of right answers), of a regression the number.
    spread : Spread, optional
        Of the predictions of each class; of a regression, of the residuals (true minus predicted).
    thresholds : Thresholds, optional
        Two classes: what each threshold answers for the hold-out.
    validated : Thresholds, optional
        Two classes: the same for the validated rows, on which a threshold is chosen.
    labels : tuple of str
        Several classes: those of ``confusion``, in the order of the classes; of more than 20 the rarest are one.
    confusion : tuple of tuple of int or float
        Several classes: rows by their true label, counted by the label that was answered; effective rows where they
        have weights.
    points : tuple of (float, float)
        Regression: predicted and true of at most 400 rows, evenly from the smallest prediction to the largest.
    slices : tuple of Slice
        Where it does worst, the surest first.
    learned : tuple of Learned
        The learning curve, from the fewest rows to all that were chosen on; empty where nobody asked for it.
    doubled : float, optional
        The score that twice as many rows are likely to bring.
    below : tuple of float, optional
        Medians and quantiles: the share of the rows at or below their prediction, and the ends of its 90% interval.
    mistaken : tuple of Mistaken
        More than 20 classes: which are most often answered for which, where ``confusion`` does not tell.
    """

    rows: int
    bins: tuple[Bin, ...] = ()
    spread: Spread | None = None
    thresholds: Thresholds | None = None
    validated: Thresholds | None = None
    labels: tuple[str, ...] = ()
    confusion: tuple[tuple[float, ...], ...] = ()
    points: tuple[tuple[float, float], ...] = ()
    slices: tuple[Slice, ...] = ()
    learned: tuple[Learned, ...] = ()
    doubled: float | None = None
    below: tuple[float, float, float] | None = None
    mistaken: tuple[Mistaken, ...] = ()

    @property
    def calibration_error(self) -> float | None:
        """Mean distance of predicted and came true over the bins, weighted by their rows; none without bins."""
        rows = sum(b.rows for b in self.bins)
        return sum(b.rows * abs(b.predicted - b.came) for b in self.bins) / rows if rows else None

    def curves(self) -> dict[str, dict[str, list[Any]]]:
        """The curves of the hold-out as columns of equally many numbers, a few hundred at most.

        Returns
        -------
        dict
            ``calibration`` always, ``learning`` where it was asked for. Two classes: ``roc``, ``precision_recall`` and
            ``lift`` by thresholds; precision and lift are None where nothing is answered. A regression:
            ``predicted_and_true``, and ``residuals`` as counts between ends.

        Examples
        --------
        >>> import numpy as np
        >>> counted = Thresholds.of(np.array([False, True]), np.array([0.2, 0.7]))
        >>> Evaluation(2, thresholds=counted).curves()["roc"]["recall"]
        [1.0, 1.0, 1.0, 0.0]
        """
        names = ("predicted", "came", "low", "high", "rows")
        drawn = {"calibration": {name: [getattr(one, name) for one in self.bins] for name in names}}
        if self.learned:
            ends = {end: [getattr(one.score, end) for one in self.learned] for end in ("value", "low", "high")}
            drawn["learning"] = {"rows": [one.rows for one in self.learned], **ends}
        if self.thresholds is not None:
            return drawn | _by_threshold(self.thresholds)
        if self.points:
            predicted, true = map(list, zip(*self.points, strict=True))
            drawn["predicted_and_true"] = {"predicted": predicted, "true": true}
            drawn["residuals"] = _counts(self.spread)
        return drawn

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Evaluation:
        """Read what :meth:`to_dict` wrote."""
        several = {name: tuple(map(tuple, content.get(name, ()))) for name in ("confusion", "points")}
        spread, thresholds, validated = (content.get(name) for name in ("spread", "thresholds", "validated"))
        return cls(
            rows=content["rows"],
            bins=tuple(Bin(**b) for b in content.get("bins", ())),
            spread=spread and Spread.from_dict(spread),
            thresholds=thresholds and Thresholds.from_dict(thresholds),
            validated=validated and Thresholds.from_dict(validated),
            labels=tuple(content.get("labels", ())),
            slices=tuple(Slice.from_dict(s) for s in content.get("slices", ())),
            learned=tuple(Learned.from_dict(one) for one in content.get("learned", ())),
            doubled=content.get("doubled"),
            below=content.get("below") and tuple(content["below"]),
            mistaken=tuple(Mistaken(**one) for one in content.get("mistaken", ())),
            **several,
        )


def _by_threshold(counted: Thresholds) -> dict[str, dict[str, list[Any]]]:
    each = [counted.confusion(at) for at in counted.at]
    recall, precision, answered = ([getattr(c, n) for c in each] for n in ("recall", "precision", "answered"))
    usual = counted.positives / (counted.positives + counted.negatives)
    at = {"threshold": list(counted.at)}
    return {
        "roc": {**at, "false_alarm_rate": [c.false_alarm_rate for c in each], "recall": recall},
        "precision_recall": {**at, "recall": recall, "precision": precision},
        "lift": {
            **at,
            "answered": answered,
            "recall": recall,
            "lift": [None if p is None or not usual else p / usual for p in precision],
        },
    }


def _counts(spread: Spread | None) -> dict[str, list[Any]]:
    if spread is None:
        return {}
    rows, width = spread.counts[0], (spread.high - spread.low) / len(spread.counts[0])
    ends = [spread.low + i * width for i in range(len(rows) + 1)]
    return {"low": ends[:-1], "high": ends[1:], "rows": list(rows)}
