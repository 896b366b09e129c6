"""Estimated scores of one window, with intervals: of classes by curves and labels, of numbers by models of the loss."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.bundle import Bundle
from workbench.core.estimation import Backtest, Estimation
from workbench.core.measures import Measure, measure
from workbench.core.normal import quantile
from workbench.core.ranked import ranked
from workbench.core.report import Estimate
from workbench.monitoring.losses import FEWEST, RELEVANT
from workbench.monitoring.trickle import FEWEST as FEWEST_LABELS
from workbench.monitoring.trickle import Factor, Rows, Trickle, recalibrated, some_labels, whole
from workbench.monitoring.trust import SURELY, Sides, by_labels, compared_with, share_of
from workbench.monitoring.value import value_of
from workbench.monitoring.windows import Seen, prediction_of, truths
from workbench.profiling.expected import (
    DRAWS,
    Atoms,
    backtest,
    chances_of,
    curve_error,
    drawn_labels,
    expected,
    from_losses,
    of_losses,
    rank_scores,
    row_losses,
    spread_of,
    told,
)

Numbers = NDArray[np.float64]
LEVEL = 0.95
# Before the name of a score, in a window's predictions: what a row's loss is expected to be.
PREFIX = "loss:"
# Windows whose estimates are compared with what came.
MOST_COMPARED = 12
# Up to this share of labelled rows they recalibrate the window's own estimate; of more, the score itself tells.
MOST_LABELLED = 0.2
# Labels of a window itself from which on they can answer what speaks against its estimate.
ANSWERED = 100
# Scores that are no less than 0, and those that are no more than 1 either.
SHARES = ("roc_auc", "average_precision", "accuracy", "balanced_accuracy", "f1", "precision", "recall", "brier_score")
LEAST = (*SHARES, "cost", "rmse", "mae", "log_loss", "poisson_deviance")


@dataclass(frozen=True)
class Told:
    """A window's predictions with what is known of them.

    Parameters
    ----------
    predicted : float array, shape (n,) or (n, k)
    codes : int array, shape (n,)
        Place of the true class where it is known, else -1; of numbers empty.
    truth : float array, shape (n,)
        Of numbers, NaN where it is not known; of classes empty.
    losses : dict of str to float array
        Of numbers: what is expected of each row, by score.
    """

    predicted: Numbers
    codes: NDArray[np.intp]
    truth: Numbers
    losses: dict[str, Numbers]

    @property
    def known(self) -> NDArray[np.intp]:
        """Places of the labelled rows."""
        return np.flatnonzero(self.codes >= 0 if len(self.codes) else np.isfinite(self.truth))

    @classmethod
    def of(cls, seen: Seen, bundle: Bundle, labels: Mapping[str, Any]) -> Told:
        """Read a window's predictions, and join the labels."""
        frame = seen.predictions()
        truth = truths(frame, labels)
        named = [str(name) for name in frame if str(name).startswith(PREFIX)]
        losses = {name.removeprefix(PREFIX): frame[name].to_numpy(dtype=float) for name in named}
        if not bundle.classes:
            return cls(prediction_of(frame), np.empty(0, np.intp), truth.to_numpy(dtype=float, na_value=np.nan), losses)
        place = {label: k for k, label in enumerate(bundle.classes)}
        codes = np.array([place.get(label, -1) for label in truth.astype(object).tolist()], dtype=np.intp)
        return cls(prediction_of(frame), codes, np.empty(0), losses)


@dataclass(frozen=True)
class Learnt:
    """What labels of windows have told, one after the other.

    Parameters
    ----------
    trickles : tuple of Trickle
        Of each class; none of numbers.
    factors : dict of str to Factor
        Of numbers, by the score.
    tests : tuple of Backtest
        The latest windows with many labels, estimated without them.
    few : tuple of Told
        The latest windows with few.
    """

    trickles: tuple[Trickle, ...]
    factors: Mapping[str, Factor]
    tests: tuple[Backtest, ...] = ()
    few: tuple[Told, ...] = ()

    @classmethod
    def begun(cls, known: Estimation) -> Learnt:
        """Before any label."""
        return cls(tuple(Trickle.begun() for _ in known.curves), {name: Factor.begun() for name in known.losses})

    @property
    def labels(self) -> int:
        """How many were looked at."""
        counted: list[Trickle | Factor] = [*self.trickles, *self.factors.values()]
        return counted[0].labels if counted else 0

    def gone_on(self) -> Learnt:
        """A window later."""
        factors = {name: one.gone_on() for name, one in self.factors.items()}
        return replace(self, trickles=tuple(one.gone_on() for one in self.trickles), factors=factors)

    def recalibrated(self, known: Estimation, one: Told) -> Learnt:
        """After the labels of a window."""
        if not len(one.known):
            return self
        some = some_labels(one.known, len(one.predicted))
        places = [1] if len(known.curves) == 1 else range(len(known.curves))
        each = zip(self.trickles, _rows(known, one) if self.trickles else (), places, strict=True)
        trickles = tuple(trickle.told(rows.some(some), one.codes[some] == k) for trickle, rows, k in each)
        noise = dict(zip(known.losses, known.noise, strict=True))
        there = {name: factor for name, factor in self.factors.items() if name in one.losses}
        factors = {name: factor.told(*_came(name, one), noise[name]) for name, factor in there.items()}
        return replace(self, trickles=trickles, factors={**self.factors, **factors})

    def compared(self, known: Estimation, one: Told, deciding: Measure, draw: np.random.Generator) -> Learnt:
        """With what a window's labels say of its estimate."""
        if 0 < len(one.known) < FEWEST:
            return replace(self, few=(*self.few, one)[-MOST_COMPARED:])
        test = _test(known, [one], deciding, draw) if len(one.known) else None
        return self if test is None else replace(self, tests=(*self.tests, test)[-MOST_COMPARED:])

    def all_tests(self, known: Estimation, deciding: Measure, draw: np.random.Generator) -> list[Backtest]:
        """Windows with many labels, and those with few taken together."""
        together = sum(len(one.known) for one in self.few) >= FEWEST
        test = _test(known, self.few, deciding, draw) if together else None
        return [*self.tests, *(() if test is None else (test,))]


def _test(known: Estimation, windows: Sequence[Told], deciding: Measure, draw: np.random.Generator) -> Backtest | None:
    """Labelled rows estimated by the curves, or the models of the loss, alone."""
    if known.losses:
        pairs = [_came(known.metric, one) for one in windows if known.metric in one.losses]
        loss, guessed = (np.concatenate(side) for side in zip(*pairs, strict=True)) if pairs else (np.empty(0),) * 2
        return of_losses(known.metric, loss, guessed) if len(loss) >= FEWEST else None
    said = np.concatenate([one.predicted[one.known] for one in windows])
    codes = np.concatenate([one.codes[one.known] for one in windows])
    return backtest(deciding, Atoms.of(said), codes, known.curves, np.ones(len(codes), dtype=bool), draw)


def deciding(known: Estimation, bundle: Bundle) -> Measure:
    """The score that is estimated first."""
    return measure(known.metric, bundle.task, ranked(bundle.classes, bundle.contract))


@dataclass(frozen=True)
class Asked:
    """A window whose scores are to be estimated.

    Parameters
    ----------
    known : Estimation
        Of the bundle.
    bundle : Bundle
        That answered.
    now : Told
    before : Learnt
        From the labels of the windows before it.
    sides : Sides
        What speaks against the estimate, and for it, without labels.
    """

    known: Estimation
    bundle: Bundle
    now: Told
    before: Learnt
    sides: Sides

    @property
    def few(self) -> bool:
        """Whether so few rows are labelled that they are a trickle, which recalibrates their own window."""
        return len(self.now.known) <= MOST_LABELLED * len(self.now.predicted)

    def learnt(self) -> Learnt | None:
        """What recalibrates: labels before, and its own while they are few; None of too few."""
        found = self.before.gone_on()
        found = found.recalibrated(self.known, self.now) if self.few else found
        return found if found.labels >= FEWEST_LABELS else None

    def by_labels(self, draw: np.random.Generator) -> tuple[Sides, float]:
        """What labels say of estimates, and by how much these were off beyond chance."""
        one = deciding(self.known, self.bundle)
        tests = self.before.compared(self.known, self.now, one, draw).all_tests(self.known, one, draw)
        return by_labels(self.known, compared_with(self.known, self.bundle), tests)

    @property
    def unlike(self) -> bool:
        """Whether the labelled rows are predicted otherwise than the rest, so that they can't stand for it."""
        said = self.now.predicted if self.now.predicted.ndim == 1 else self.now.predicted.max(axis=1)
        rows = self.now.known
        from scipy import stats

        return len(rows) > 1 and float(stats.ks_2samp(said[rows], said).pvalue) < SURELY

    def estimate(self, name: str, value: float, error: float, trust: Trust) -> Estimate:
        """A value with its interval."""
        half = error * quantile((1 + LEVEL) / 2)
        low = max(value - half, 0.0) if name in LEAST else value - half
        high = min(value + half, 1.0) if name in SHARES else value + half
        return Estimate(name, value, low, high, trust.trusted, trust.why, LEVEL)

    def trust(self, sides: Sides, labels: int, error: float) -> Trust:
        """Whether all that speaks against it is met by the window's own labels, which leave little open.

        Parameters
        ----------
        sides : Sides
        labels : int
            That recalibrated it.
        error : float
            Standard error of the deciding score that is not the chance of rows.
        """
        own = len(self.now.known) if self.few else 0
        if not labels:
            return Trust(not sides.against, sides.why)
        sides += Sides((), (f"{labels:,} labels recalibrated it{f', {own:,} of them its own' if own else ''}.",))
        small = share_of(compared_with(self.known, self.bundle), 2 * error) < RELEVANT
        return Trust(not sides.against or (own >= ANSWERED and small and not self.unlike), sides.why)


@dataclass(frozen=True)
class Trust:
    """The verdict, and why."""

    trusted: bool
    why: tuple[str, ...]


def of_classes(asked: Asked) -> Iterator[Estimate]:
    """Scores of predicted classes, the deciding one first.

    Parameters
    ----------
    asked : Asked

    References
    ----------
    Białek, J. and others (2024), arXiv:2401.08348 (CBPE), and :mod:`workbench.monitoring.trickle` for labels.
    """
    known, now, bundle = asked.known, asked.now, asked.bundle
    classes, draw = ranked(bundle.classes, bundle.contract), np.random.default_rng(len(now.predicted))
    first = deciding(known, bundle)
    sides, spread = asked.by_labels(draw)
    window = _Window.of(asked, draw)
    unsure = window.unsure(first, draw)
    trust = asked.trust(asked.sides + sides, window.labels, unsure)
    value = value_of(bundle)
    costs = value if value is not None and value.plain else None
    for one in told(bundle.task, known.metric, classes, bundle.threshold, costs):
        score = expected(one, now.predicted, window.chances)
        if score is not None:
            beyond = max(known.spread, spread) if one.name == known.metric and not window.labels else 0.0
            errors = (window.by_chance(one), unsure if one is first else window.unsure(one, draw), beyond)
            yield asked.estimate(one.name, score, float(np.linalg.norm(errors)), trust)


@dataclass(frozen=True)
class _Window:
    """Chances of a window's rows, and what they leave open.

    Parameters
    ----------
    known : Estimation
    atoms : Atoms
    chances : float array, shape (n, classes)
    drawn : float array, shape (draws, classes, m)
        Labels that may come of the atoms' rows.
    others : float array, shape (draws, classes, m), optional
        Chances of the atoms as they may be just as well; none where no label recalibrated them.
    labels : int
        That recalibrated.
    """

    known: Estimation
    atoms: Atoms
    chances: Numbers
    drawn: Numbers
    others: Numbers | None
    labels: int

    @classmethod
    def of(cls, asked: Asked, draw: np.random.Generator) -> _Window:
        """By the curves; where labels are enough, recalibrated by them."""
        known, now = asked.known, asked.now
        atoms, chances, others, labels = Atoms.of(now.predicted), chances_of(known.curves, now.predicted), None, 0
        if (learnt := asked.learnt()) is not None:
            found, rows = learnt.trickles, _rows(known, now)
            chances, labels = recalibrated(found, rows), learnt.labels
            pairs = zip(found, (_gathered(atoms, one) for one in rows), strict=True)
            each = np.stack([one.drawn(there, draw, DRAWS // 3) for one, there in pairs], axis=-1)
            others = np.stack([whole(one).T for one in each])
        drawn = drawn_labels(atoms.counts(), atoms.means(chances), draw)
        return cls(known, atoms, chances, drawn, others, labels)

    def by_chance(self, one: Measure) -> float:
        """Standard error that comes of the labels that rows of such chances may have."""
        stands_for = self.atoms.counts().sum() / self.atoms.rows
        return spread_of(self.atoms.of_weights(one, self.drawn)) * float(stands_for) ** 0.5

    def unsure(self, one: Measure, draw: np.random.Generator) -> float:
        """Standard error that comes of the chances."""
        counts = self.atoms.counts()
        if self.others is None:
            return curve_error(one, self.atoms, counts, self.known.curves, draw)
        return spread_of(self.atoms.of_weights(one, counts * self.others))


def _rows(known: Estimation, now: Told) -> list[Rows]:
    """A window as recalibration sees it: of the second of two classes, or of each of several."""
    said = now.predicted[:, None] if now.predicted.ndim == 1 else now.predicted
    pairs = zip(known.curves, said.T, strict=True)
    return [Rows(rank_scores(column), one.chances(column), one.rank) for one, column in pairs]


def _gathered(atoms: Atoms, rows: Rows) -> Rows:
    both = atoms.means(np.column_stack([rows.rank, rows.chance]))
    return replace(rows, rank=both[:, 0], chance=both[:, 1])


def of_numbers(asked: Asked) -> Iterator[Estimate]:
    """Scores of predicted numbers, by models of the loss; none where the window's rows were scored without them.

    Parameters
    ----------
    asked : Asked

    References
    ----------
    Białek, J. and others (2024), arXiv:2401.08348, and the documentation of NannyML (direct loss estimation).
    """
    known, now = asked.known, asked.now
    if not set(known.losses) <= set(now.losses):
        return
    sides, spread = asked.by_labels(np.random.default_rng(0))
    learnt = asked.learnt()
    factors: dict[str, Factor | None] = {}
    for name in known.losses:
        factors[name] = None if learnt is None else learnt.factors[name]
    first = factors[known.metric]
    unsure = 0.0 if first is None else from_losses(known.metric, *_of_factor(first, now.losses[known.metric]))[1]
    trust = asked.trust(asked.sides + sides, 0 if first is None else first.labels, unsure)
    for name, noise in zip(known.losses, known.noise, strict=True):
        loss, factor = now.losses[name], factors[name]
        mean, by_factor = (float(loss.mean()), 0.0) if factor is None else _of_factor(factor, loss)
        by_chance = float((noise * np.mean(loss**2) / len(loss)) ** 0.5) * (mean / max(float(loss.mean()), 1e-300))
        value, error = from_losses(name, mean, float(np.hypot(by_chance, by_factor)))
        beyond = max(known.spread, spread) if name == known.metric and factor is None else 0.0
        yield asked.estimate(name, value, float(np.hypot(error, beyond)), trust)


def _of_factor(factor: Factor, loss: Numbers) -> tuple[float, float]:
    """The mean loss and its standard error."""
    return max(factor.value, 0.0) * float(loss.mean()), factor.error * float(loss.mean())


def _came(name: str, one: Told) -> tuple[Numbers, Numbers]:
    """Of the labelled rows: what was lost, and what was expected."""
    rows = one.known
    return row_losses(name, one.truth[rows], one.predicted[rows]), one.losses[name][rows]
