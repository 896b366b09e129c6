"""How far a window's score and probabilities lie from what training showed, and whether that is told by chance."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric, metric_name, short
from workbench.core.normal import exceeded_by
from workbench.monitoring.evidence import FEWEST, Evidence
from workbench.monitoring.score_loss import NOTABLE, RELEVANT, Loss, loss_of, standard_error, worth
from workbench.monitoring.usual import Spread, of_gaps, of_scores
from workbench.monitoring.windows import prediction_of

__all__ = [
    "FEWEST", "NOTABLE", "RELEVANT", "RELEVANT_GAP", "Held", "Loss", "as_windows_count", "calibration_gap", "expected",
    "held", "loss_in", "loss_of", "shown", "spread_of", "standard_error",
]  # fmt: skip
# Probabilities that are off by a quarter of the usual share lead to other decisions at most thresholds. A ranking score
# such as ROC AUC does not see it: it stays where it was when everything comes true half as often.
RELEVANT_GAP = 0.25
# At which an equivalence test is made: with the two ends of a 90% interval.
EQUIVALENT = 0.05


def expected(bundle: Bundle) -> Metric:
    """The score that the model claims, the same one on the run, the bundle, the card, the page and here.

    Where training counted rows by weights, the score of the hold-out that counts each the same, as a window does.
    """
    return known_anywhere(as_windows_count(bundle), bundle.task)


def shown(bundle: Bundle) -> Metric:
    """The worse of the two scores that training gave: in the folds and on the hold-out.

    A hold-out in time is one stretch, and stretches differ by more than their rows do by chance: June may be easier
    than any month before. What the folds have shown already is no news.
    """
    claimed = expected(bundle)
    folds = [Metric.from_dict(m) for m in bundle.lineage.get("validation", ()) if m["name"] == claimed.name]
    return (min if claimed.larger_is_better else max)([claimed, *folds], key=lambda m: m.value)


def as_windows_count(bundle: Bundle) -> tuple[Metric, ...]:
    """The scores of the hold-out with each row counted the same."""
    return tuple(Metric.from_dict(m) for m in bundle.lineage.get("unweighted", ())) or bundle.metrics


def calibration_gap(bundle: Bundle, truth: pd.Series, predictions: pd.DataFrame, rate: float) -> str:
    """One sentence where probabilities no longer mean what they say, by more than chance and a quarter; or nothing.

    Two classes only: the mean of prediction less outcome, by a z-test, as Spiegelhalter's but not scaled. What weights
    make of probabilities, and was there on the hold-out already, is no news.

    References
    ----------
    Van Calster, B. et al. (2019), Calibration: the Achilles heel of predictive analytics. BMC Medicine 17:230
    ("calibration-in-the-large").
    """
    if bundle.task != "binary" or len(truth) < FEWEST:
        return ""
    known = float(bundle.lineage.get("gap", 0.0))
    said, came = prediction_of(predictions) - known, (truth == bundle.classes[1]).to_numpy(dtype=float)
    error = said - came
    gap, spread = float(error.mean()), float(error.std(ddof=1)) / len(error) ** 0.5
    mean = bundle.reference["prediction"].mean if "prediction" in bundle.reference else float(said.mean()) + known
    rarer = min(mean - known, 1 - mean + known) if mean is not None else 0.5
    usual = of_gaps(bundle.chunks, len(error))
    by_chance = spread * exceeded_by(rate / 2)
    if usual is not None:
        by_chance = max(by_chance, usual.bound(spread, rate / 2), usual.worst)
    if abs(gap) <= by_chance or abs(gap) < RELEVANT_GAP * rarer:
        return ""
    high = "high" if gap > 0 else "low"
    label = bundle.classes[1]
    label = f"{label:g}" if isinstance(label, float) else label
    return (
        f"{bundle.contract.target} = {label} was expected in {said.mean():.1%} of the rows and came "
        f"true in {came.mean():.1%}: the probabilities are too {high}."
    )


def loss_in(e: Evidence, rate: float) -> Loss:
    """The loss of a window's deciding score."""
    return loss_of(expected(e.bundle), e.performance[0], rate, shown(e.bundle), spread_of(e))


def spread_of(e: Evidence) -> Spread | None:
    """What the score did in stretches of the training about as long as the window; None where that is not known."""
    return of_scores(e.bundle.chunks, expected(e.bundle), len(e.truth))


@dataclass(frozen=True)
class Held:
    """What may be said of a score that is not worse by more than chance.

    Parameters
    ----------
    reference, now : Metric
        In training, and in the window.
    low, high : float
        Between which the difference lies, now less then, in the metric's unit (90%).
    margin : float
        A loss of less is no loss that matters: a tenth of what the model is worth.
    no_worse : bool
        Whether a loss of the margin or more is ruled out, at 5%.
    """

    reference: Metric
    now: Metric
    low: float
    high: float
    margin: float
    no_worse: bool

    @property
    def text(self) -> str:
        """One sentence: no worse, where that is shown; else that there are too few rows to tell."""
        name = metric_name(self.now.name)
        if self.no_worse:
            return f"{name} is no worse than the {short(self.reference.value)} that training showed"
        return (
            f"{name} is {short(self.now.value)}, {short(self.reference.value)} in training: too few rows to tell, the "
            f"difference lies between {_signed(self.low)} and {_signed(self.high)}"
        )


def held(e: Evidence) -> Held:
    """Whether a window's score is no worse than in training, by an equivalence test against a margin.

    References
    ----------
    Schuirmann (1987), A comparison of the two one-sided tests procedure and the power approach for assessing the
    equivalence of average bioavailability, Journal of Pharmacokinetics and Biopharmaceutics 15: of the two the one that
    rules out a loss.
    """
    reference, now, spread = expected(e.bundle), e.performance[0], spread_of(e)
    own = standard_error(now)
    half = (
        spread.bound(own, EQUIVALENT)
        if spread
        else float(np.hypot(standard_error(reference), own)) * exceeded_by(EQUIVALENT)
    )
    apart, margin = now.value - reference.value, NOTABLE * worth(reference)
    worst = -(apart - half) if reference.larger_is_better else apart + half
    return Held(reference, now, apart - half, apart + half, margin, worst < margin)


def _signed(value: float) -> str:
    return ("+" if value >= 0 else "−") + short(abs(value))
