"""Scores that are to be expected of predictions alone, by how often such predictions came true (CBPE).

A row whose chance of a class is 0.3 counts as three tenths of a row of that class and seven tenths of one that is not:
any score that takes weights can be told so, and a draw of labels is another choice of weights.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.contract import Task
from workbench.core.estimation import Backtest, Curve
from workbench.core.measures import METRICS, Measure, measure
from workbench.core.ranks import average_ranks
from workbench.core.value import NAME as COST
from workbench.core.value import Value

Numbers = NDArray[np.float64]
# Rows below which nothing is estimated, those of a stretch at least, and stretches at most.
FEWEST, FEWEST_OF_STRETCH, MOST_STRETCHES = 300, 200, 12
# Classes of more have curves of many kilobytes, and too few rows each.
MOST_CLASSES = 30
# Values of predictions that draws are made of, rows that stand for all where there are several classes, and draws.
ATOMS, SAMPLED, DRAWS = 256, 400, 60
# Splits that tell whether a curve is closer to what comes true, with the share of each that is tried, and its parts.
SPLITS, TRIED, PARTS, SEED = 10, 0.1, 10, 42
SURE = 0.999  # a ROC AUC that leaves nothing to calibrate


def curve(predicted: Numbers, came: NDArray[np.bool_], ask: bool = True) -> Curve:
    """How often a class came true by what was predicted of it: isotonic regression, by scikit-learn.

    Parameters
    ----------
    predicted : float array, shape (n,)
        Probabilities of the class, of rows that the model had not seen.
    came : bool array, shape (n,)
        Whether they are of it.
    ask : bool
        Whether to ask, on rows apart, if the predictions themselves are closer to what comes true.

    References
    ----------
    Zadrozny, B. and Elkan, C. (2002), Transforming classifier scores into accurate multiclass probability estimates.

    Examples
    --------
    >>> predicted = np.linspace(0.05, 0.95, 400)
    >>> found = curve(predicted, np.arange(400) % 20 < 20 * predicted**2)
    >>> bool(found.chances(np.array([0.5]))[0] < 0.4), found.closer
    (True, True)
    """
    fitted = _isotonic(predicted, came)
    steps, parts = np.unique(fitted, return_inverse=True)
    order = np.argsort(parts, kind="stable")
    edges = np.searchsorted(parts[order], np.arange(len(steps)))
    least, most = np.minimum.reduceat(predicted[order], edges), np.maximum.reduceat(predicted[order], edges)
    rows = np.diff([*edges, len(order)])
    return Curve(
        tuple(map(float, least)), tuple(map(float, most)), tuple(map(float, steps)), tuple(map(int, rows)),
        not ask or _closer(predicted, came), _by_rank(predicted, came),
    )  # fmt: skip


def _isotonic(predicted: Numbers, came: NDArray[np.bool_], asked: Numbers | None = None) -> Numbers:
    from sklearn.isotonic import IsotonicRegression

    found = IsotonicRegression(out_of_bounds="clip").fit(predicted, came.astype(float))
    values: Numbers = found.predict(predicted if asked is None else asked)
    return values


def _closer(predicted: Numbers, came: NDArray[np.bool_]) -> bool:
    """Whether the curve is closer to what comes true than the predictions, on rows that it was not fitted on.

    By the expected calibration error of ten parts, over ten splits, as NannyML asks it, so that values are the same.
    """
    from sklearn.model_selection import StratifiedShuffleSplit

    if min(came.sum(), (~came).sum()) < SPLITS or _auc(came, predicted) > SURE:
        return False
    splits = StratifiedShuffleSplit(SPLITS, test_size=TRIED, random_state=SEED).split(predicted, came)
    pairs = [(rows, _isotonic(predicted[fit], came[fit], predicted[rows])) for fit, rows in splits]
    tried = np.concatenate([rows for rows, _ in pairs])
    before = _calibration_error(predicted[tried], came[tried])
    return bool(before > _calibration_error(np.concatenate([value for _, value in pairs]), came[tried]))


def _calibration_error(said: Numbers, came: NDArray[np.bool_]) -> float:
    order = np.argsort(said)
    width = len(said) // PARTS
    edges = np.arange(PARTS) * width
    sums = (np.add.reduceat(values[order].astype(float), edges) for values in (said, came))
    return float(np.abs(np.subtract(*sums)).sum() / len(said))


def _auc(came: NDArray[np.bool_], predicted: Numbers) -> float:
    return measure("roc_auc", "binary").of(came.astype(int), predicted) or 0.0


def rank_scores(predicted: Numbers) -> Numbers:
    """The normal score of each row's rank: what a ranking tells, whatever its values mean.

    Examples
    --------
    >>> rank_scores(np.array([0.1, 0.9, 0.5])).round(2).tolist()
    [-0.97, 0.97, 0.0]
    """
    from scipy.special import ndtri

    scores: Numbers = ndtri((average_ranks(predicted) - 0.5) / len(predicted))
    return scores


def line(score: Numbers, chance: Numbers, steps: int = 12) -> tuple[float, float]:
    """Intercept and slope of the log-odds over a score: logistic regression, hardly held back, on chances or labels."""
    design, place = np.column_stack([np.ones(len(score)), score]), np.zeros(2)
    for _ in range(steps):
        said = 0.5 * (1 + np.tanh(0.5 * (design @ place)))
        weighed = design.T @ (design * (said * (1 - said) + 1e-9)[:, None]) + 1e-3 * np.eye(2)
        place = place + np.clip(np.linalg.solve(weighed, design.T @ (chance - said) - 1e-3 * place), -2, 2)
    return float(place[0]), float(place[1])


def _by_rank(predicted: Numbers, came: NDArray[np.bool_]) -> tuple[float, float]:
    return line(rank_scores(predicted), came.astype(float))


def curves_of(predicted: Numbers, codes: NDArray[np.intp], ask: bool = True) -> tuple[Curve, ...]:
    """The curve of the second of two classes, or of each of several."""
    if predicted.ndim == 1:
        return (curve(predicted, codes == 1, ask),)
    return tuple(curve(predicted[:, k], codes == k, ask) for k in range(predicted.shape[1]))


def chances_of(curves: Sequence[Curve], predicted: Numbers, rates: Sequence[Any] | None = None) -> Numbers:
    """The chance of each class of each row, shape (n, classes); of several they are made to add up to 1."""
    if predicted.ndim == 1:
        second = curves[0].chances(predicted, None if rates is None else rates[0])
        return np.column_stack([1 - second, second])
    told = [None] * len(curves) if rates is None else rates
    each = np.column_stack([one.chances(predicted[:, k], told[k]) for k, one in enumerate(curves)])
    return each / np.maximum(each.sum(axis=1, keepdims=True), 1e-12)


def other_rates(curves: Sequence[Curve], draw: np.random.Generator) -> list[Numbers | None]:
    """Rates of curves as other rows of the same kind could have told them; none where predictions are taken as such."""
    return [
        draw.beta(np.asarray(one.rates) * one.rows + 0.5, (1 - np.asarray(one.rates)) * one.rows + 0.5)
        if one.closer
        else None
        for one in curves
    ]


def told(
    task: Task, deciding: str, classes: Sequence[Any], threshold: float | None, costs: Value | None = None
) -> list[Measure]:
    """What is estimated of classes: the deciding score, the task's others, and of two those of its threshold.

    Where mistakes have costs, the mean cost of a row too.

    Examples
    --------
    >>> [one.name for one in told("binary", "log_loss", (0, 1), 0.4)][:4]
    ['log_loss', 'roc_auc', 'average_precision', 'accuracy']
    """
    first = [deciding, *(name for name in METRICS[task] if name != deciding)]
    found = [measure(name, task, classes) for name in first]
    of_costs = [] if costs is None else [_cost(costs)]
    return [one for one in found if one.weighs] + (_of_threshold(threshold) + of_costs if task == "binary" else [])


def _cost(costs: Value) -> Measure:
    def weighted(truth: Any, predicted: Any, weights: Any) -> Any:
        return weights @ costs.costs(predicted, truth == 1) / weights.sum(axis=-1)

    return Measure(COST, False, lambda t, p, w: float(weighted(t, p, _ones(t, w))), weighted)


def _of_threshold(threshold: float | None) -> list[Measure]:
    cut = 0.5 if threshold is None else threshold

    def shares(top: Callable[..., Any], below: Callable[..., Any], name: str) -> Measure:
        def weighted(truth: Any, predicted: Any, weights: Any) -> Any:
            said, came = predicted >= cut, truth == 1
            sums = [weights @ which.astype(float) for which in (said & came, said, came)]
            with np.errstate(divide="ignore", invalid="ignore"):
                return top(*sums) / below(*sums)

        return Measure(name, True, lambda t, p, w: float(weighted(t, p, _ones(t, w))), weighted)

    return [
        shares(lambda hits, said, came: 2 * hits, lambda hits, said, came: said + came, "f1"),
        shares(lambda hits, said, came: hits, lambda hits, said, came: said, "precision"),
        shares(lambda hits, said, came: hits, lambda hits, said, came: came, "recall"),
        Measure("brier_score", False, lambda t, p, w: float(_brier(t, p, _ones(t, w))), _brier),
    ]


def _ones(truth: Any, weights: Any) -> Any:
    return np.ones(len(truth)) if weights is None else weights


def _brier(truth: Any, predicted: Any, weights: Any) -> Any:
    return weights @ (truth - predicted) ** 2 / weights.sum(axis=-1)


def expected(one: Measure, predicted: Numbers, chances: Numbers) -> float | None:
    """A score as the chances of rows tell it: each row counts as much of each class as its chance of that.

    Parameters
    ----------
    one : Measure
        That takes weights.
    predicted : float array, shape (n,) or (n, k)
        What the model said.
    chances : float array, shape (n, classes)
        Of each class, adding up to 1.

    Returns
    -------
    float, or None where it can't be known.

    References
    ----------
    Białek, J. and others (2024), Estimating Model Performance Under Covariate Shift Without Labels, arXiv:2401.08348
    (confidence-based performance estimation); Guillory, D. and others (2021), Predicting with Confidence on Unseen
    Distributions.

    Examples
    --------
    >>> said = np.array([0.2, 0.9])
    >>> expected(measure("accuracy", "binary"), said, np.array([[0.75, 0.25], [0.25, 0.75]]))
    0.75
    """
    codes, said = _each_class(predicted, chances.shape[1])
    weights = chances.T.ravel()
    there = weights > 0  # a class that no row may be of is not there
    return one.of(codes[there], said[there], weights[there])


def _each_class(predicted: Numbers, classes: int) -> tuple[Any, Numbers]:
    """Every row once as each class: its code, and what the model said."""
    codes = np.repeat(np.arange(classes), len(predicted))
    return codes, np.concatenate([predicted] * classes)


@dataclass(frozen=True)
class Atoms:
    """Rows gathered into few that stand for all: by what is said of them, or drawn.

    Parameters
    ----------
    said : float array, shape (m,) or (m, k)
    place : int array, shape (n,)
        Which each row is of; -1 of rows that were not drawn.
    rows : int
        How many rows stand behind them.
    """

    said: Numbers
    place: NDArray[np.intp]
    rows: int

    @classmethod
    def of(cls, predicted: Numbers, seed: int = 0) -> Atoms:
        """Of probabilities of the second class at most 256 values; of several classes at most 400 rows."""
        if predicted.ndim == 1:
            edges = np.unique(np.quantile(predicted, np.arange(1, ATOMS) / ATOMS))
            place = np.unique(np.searchsorted(edges, predicted, side="right"), return_inverse=True)[1]
            counts = np.bincount(place)
            return cls(np.bincount(place, predicted) / counts, place, len(predicted))
        place = np.full(len(predicted), -1)
        some = np.random.default_rng(seed).permutation(len(predicted))[:SAMPLED]
        place[np.sort(some)] = np.arange(len(some))
        return cls(predicted[np.sort(some)], place, len(predicted))

    def counts(self, rows: NDArray[np.bool_] | None = None) -> NDArray[np.intp]:
        """How many rows, of some, each stands for."""
        place = self.place if rows is None else self.place[rows]
        return np.bincount(place[place >= 0], minlength=len(self.said))

    def means(self, values: Numbers) -> Numbers:
        """The means of values, shape (n, k), over the rows of each, shape (m, k)."""
        there = self.place >= 0
        sums = [np.bincount(self.place[there], column[there], len(self.said)) for column in values.T]
        return np.asarray(np.column_stack(sums) / np.maximum(self.counts(), 1)[:, None])

    def of_weights(self, one: Measure, weights: Numbers) -> Numbers:
        """A score of weights of each class, shape (draws, classes, m), one a draw."""
        truth, said = _each_class(self.said, weights.shape[1])
        flat = weights.reshape(len(weights), -1)
        if one.weighted is not None:
            return one.of_samples(truth, said, flat)
        return np.array([value if (value := one.of(truth, said, each)) is not None else np.nan for each in flat])


def drawn_labels(counts: NDArray[np.intp], chances: Numbers, draw: np.random.Generator, draws: int = DRAWS) -> Numbers:
    """Rows of each class that come of so many rows with such chances, shape (draws, classes, m)."""
    share = np.clip(chances, 0, 1)
    share = share / share.sum(axis=1, keepdims=True).clip(1e-12)
    return draw.multinomial(counts, share, size=(draws, len(counts))).swapaxes(1, 2).astype(float)


def spread_of(values: Numbers) -> float:
    """The standard deviation of the draws that can be told; 0 of fewer than two."""
    known = values[np.isfinite(values)]
    return float(known.std(ddof=1)) if len(known) > 1 else 0.0


def stretch_edges(rows: int) -> NDArray[np.intp]:
    """Where stretches of rows begin and end: at most twelve of at least 200 rows."""
    parts = min(MOST_STRETCHES, rows // FEWEST_OF_STRETCH)
    return np.linspace(0, rows, parts + 1).astype(np.intp)


def stretches(
    one: Measure, predicted: Numbers, codes: NDArray[np.intp], draw: np.random.Generator
) -> tuple[Backtest, ...]:
    """Stretches of rows, each estimated by curves of those before it, beside what came true.

    Of the first third nothing is told: it is what the next ones are estimated by.
    """
    edges, atoms = stretch_edges(len(codes)), Atoms.of(predicted)
    first, found = max(len(edges) // 3, 1), []
    for start, end in zip(edges[first:-1], edges[first + 1 :], strict=True):
        if len(np.unique(codes[:start])) == len(np.unique(codes)):
            rows = np.arange(len(codes))
            curves = curves_of(predicted[:start], codes[:start], ask=False)
            found.append(backtest(one, atoms, codes, curves, (rows >= start) & (rows < end), draw))
    return tuple(test for test in found if test is not None)


def backtest(
    one: Measure, atoms: Atoms, codes: NDArray[np.intp], curves: Sequence[Curve], rows: NDArray[np.bool_],
    draw: np.random.Generator,
) -> Backtest | None:  # fmt: skip
    """Some rows, estimated by curves, beside what came true; None where one of both can't be told."""
    counts, chances = atoms.counts(rows), chances_of(curves, atoms.said)
    came = np.stack([atoms.counts(rows & (codes == k)) for k in range(chances.shape[1])])
    guessed, true = atoms.of_weights(one, np.stack([counts * chances.T, came]))
    if not np.isfinite([guessed, true]).all():
        return None
    labels = atoms.of_weights(one, drawn_labels(counts, chances, draw))
    error = np.hypot(spread_of(labels), curve_error(one, atoms, counts, curves, draw))
    return Backtest(int(rows.sum()), float(guessed), float(true), float(error))


def curve_error(
    one: Measure, atoms: Atoms, counts: NDArray[np.intp], curves: Sequence[Curve], draw: np.random.Generator
) -> float:
    """The standard error of an estimate that comes of the rows that the curves were found on."""
    if not any(one.closer for one in curves):
        return 0.0
    others = [chances_of(curves, atoms.said, other_rates(curves, draw)) for _ in range(DRAWS // 3)]
    return spread_of(atoms.of_weights(one, np.stack([counts * chances.T for chances in others])))


def beyond_chance(tests: Sequence[Backtest]) -> tuple[float, float]:
    """How far estimates were off beyond chance, as a standard deviation, and the p-value of chance alone.

    The squares of the differences less those of their standard errors (the method of moments of DerSimonian and Laird,
    1986), and a chi-square test of their ratio.

    Examples
    --------
    >>> spread, p = beyond_chance([Backtest(500, 0.9, 0.7, 0.02), Backtest(500, 0.9, 0.8, 0.02)])
    >>> round(spread, 3), p < 0.01
    (0.157, True)
    """
    if not tests:
        return 0.0, 1.0
    off, error = (np.array([getattr(one, name) for one in tests]) for name in ("off", "error"))
    error = np.maximum(error, 1e-9)
    spread = float(np.sqrt(max(np.mean(off**2 - error**2), 0.0)))
    from scipy.special import chdtrc

    return spread, float(chdtrc(len(tests), np.sum((off / error) ** 2)))


def by_columns(
    one: Measure, predicted: Numbers, codes: NDArray[np.intp], curves: Sequence[Curve],
    parts: Iterable[tuple[str, NDArray[np.bool_]]], draw: np.random.Generator,
) -> dict[str, float]:  # fmt: skip
    """How far estimates of parts of the rows by what a column holds are off beyond chance, the furthest first."""
    atoms, tests = Atoms.of(predicted), dict[str, list[Backtest]]()
    for column, rows in parts:
        test = backtest(one, atoms, codes, curves, rows, draw)
        tests.setdefault(column, []).extend(() if test is None else (test,))
    spreads = {column: beyond_chance(found)[0] for column, found in tests.items()}
    return dict(sorted(spreads.items(), key=lambda pair: (-pair[1], pair[0])))


def row_losses(name: str, truth: Numbers, predicted: Numbers) -> Numbers:
    """What each row adds to a mean of losses; of RMSE its square.

    Parameters
    ----------
    name : str
        A score of numbers that is a mean of losses, or its root.
    truth, predicted : float array, shape (n,)

    Examples
    --------
    >>> row_losses("mae", np.array([1.0, 2.0]), np.array([1.0, 4.0])).tolist()
    [0.0, 2.0]
    """
    if name in ("rmse", "mae"):
        return np.asarray((truth - predicted) ** 2 if name == "rmse" else abs(truth - predicted))
    one = measure(name, "regression")
    return np.array([one.of(truth[k : k + 1], predicted[k : k + 1]) or 0.0 for k in range(len(truth))])


def from_losses(name: str, mean: float, error: float) -> tuple[float, float]:
    """A score and its standard error, from those of the mean loss.

    >>> from_losses("rmse", 4.0, 0.4), from_losses("mae", 4.0, 0.4)
    ((2.0, 0.1), (4.0, 0.4))
    """
    value = max(mean, 0.0)
    return (value**0.5, error / max(2 * value**0.5, 1e-12)) if name == "rmse" else (value, error)


def of_losses(name: str, loss: Numbers, guessed: Numbers) -> Backtest:
    """Rows whose loss was expected by a model of it, beside what came."""
    came, error = from_losses(name, float(loss.mean()), float(loss.std(ddof=1) / len(loss) ** 0.5))
    return Backtest(len(loss), from_losses(name, float(guessed.mean()), 0.0)[0], came, error)
