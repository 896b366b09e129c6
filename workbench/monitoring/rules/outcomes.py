"""What labels tell: the score, the probabilities, what predictions mean, errors row by row, and the target itself."""

from __future__ import annotations

from collections.abc import Callable

import pandas as pd

from workbench.core.metric import metric_name, short
from workbench.core.profile import ColumnProfile
from workbench.core.report import Direction
from workbench.core.running_sum import ALARM, MOST, Watch, watch
from workbench.monitoring.budget import Family, Suspicion
from workbench.monitoring.evidence import Evidence
from workbench.monitoring.levels import SCALES
from workbench.monitoring.losses import RELEVANT_GAP, Loss, calibration_gap, loss_in
from workbench.profiling.compare import compare
from workbench.profiling.outcomes import outcome_change
from workbench.profiling.profile import profile_columns

# The share of wrong answers in training is known from few rows: this quantile of what it may be counts.
SURE = 0.95
# Tests of which compare() takes the strongest.
TESTS = 3


def score(e: Evidence, part: float) -> Family:
    """The deciding score, where it is worse than what training showed."""
    now = e.performance[0]
    p = smallest_rate(lambda rate: loss_in(e, rate).significant, 24)
    loss = loss_in(e, part)
    return Family(
        (Suspicion("score", loss_text(now.value, now.name, loss), p, max(loss.share, 0.0), direction="down"),), 1
    )


def loss_text(value: float, name: str, loss: Loss) -> str:
    """One sentence of a loss that is beyond chance."""
    return (
        f"{metric_name(name)} is {short(value)}, {short(loss.reference.value)} in training: beyond chance, "
        f"{loss.share:.0%} of what the model is worth (an alarm from {SCALES['score'].alarm:.0%} on)."
    )


def calibration(e: Evidence, part: float) -> Family:
    """Probabilities that no longer mean what they say."""
    at = calibration_gap(e.bundle, e.truth, e.labelled, part)
    if not at:
        return Family(tests=1)
    p = smallest_rate(lambda rate: bool(calibration_gap(e.bundle, e.truth, e.labelled, rate)), 8)
    high = at.endswith("high.")
    return Family((Suspicion("calibration", at, min(p, part), RELEVANT_GAP, direction="up" if high else "down"),), 1)


def concept(e: Evidence, part: float) -> Family:
    """The same predictions come true otherwise: what the columns mean for the target changed."""
    assert e.outcomes is not None, "the rule applies"
    assert e.answered is not None, "the rule applies"
    change = outcome_change(e.outcomes, e.answered)
    if change is None:
        return Family(tests=1)
    far = f"by {change.effect:.2f} standard deviations"
    text = f"Equal predictions come true otherwise than in training ({far}): what the columns mean changed."
    return Family((Suspicion("concept", text, change.p_value, change.effect, direction=_way(change.mean)),), 1)


def errors(e: Evidence, part: float) -> Family:
    """Wrong answers that are more frequent from some row on, by the running sum over this and earlier windows."""
    assert e.outcomes is not None, "the rule applies"
    assert e.answered is not None, "the rule applies"
    carried = e.before.carried.get("errors", 0.0) if e.before else 0.0
    seen = errors_seen(e, carried)
    if seen.largest <= e.outcomes.peak or not seen.now:
        return Family(tests=1)
    what = "of the answers are wrong" if e.bundle.classes else "of the predictions are far off"
    since = f"row {seen.onset + 1:,} of the window" if seen.onset or not carried else "an earlier window"
    known = e.outcomes.wrong / e.outcomes.count
    text = f"More errors since {since}: {seen.now:.0%} {what}, {known:.0%} in training."
    effect = seen.now / max(known, 1 / e.outcomes.count) - 1
    return Family((Suspicion("errors", text, seen.p_value, max(effect, 0.0), direction="up"),), 1)


def errors_seen(e: Evidence, carried: float) -> Watch:
    """The running sum over the labelled rows; it may rise a little further than it did in training."""
    assert e.outcomes is not None, "the rules that ask apply"
    assert e.answered is not None, "the rules that ask apply"
    return watch(e.answered.wrong, error_rate(e), carried, max(MOST, e.outcomes.peak + MOST - ALARM))


def error_rate(e: Evidence) -> float:
    """Of wrong answers in training: as many as there may be, for few rows tell it."""
    from scipy.special import betaincinv

    assert e.outcomes is not None, "the rules that ask apply"
    wrong, rows = e.outcomes.wrong, e.outcomes.count
    return float(betaincinv(wrong + 1, max(rows - wrong, 1.0), SURE))


def target(e: Evidence, part: float) -> Family:
    """The target's own distribution."""
    known = e.target
    assert known is not None, "the rule applies"
    frame = pd.DataFrame({known.name: e.truth.to_numpy()})
    if e.bundle.classes:
        frame = frame.astype("str") if known.kind in ("category", "text") else frame
    (now,) = profile_columns(frame, e.bundle.contract.only([known.name])) or (None,)
    tested = compare([known], [now], rate=part, chunks=e.target_chunks) if now is not None else ()
    if now is None or not tested:
        return Family(tests=1)
    one = tested[0]
    then, came = _mean(e, known), _mean(e, now)
    text = f"{known.name} itself lies otherwise ({one.effect:.2f}){_means(then, came)}."
    way: Direction = "" if then is None or came is None else _way(came - then)
    return Family((Suspicion("target", text, min(one.p_value * TESTS, 1.0), one.effect, (known.name,), way),), 1)


def _mean(e: Evidence, column: ColumnProfile) -> float | None:
    """Of numbers their mean, of two classes the share of the second."""
    if not e.bundle.classes:
        return column.mean
    counts = {str(v): n for v, n in column.state.get("counts") or ()}
    second = str(e.bundle.classes[1])
    rows = sum(counts.values())
    known = counts.get(second, counts.get(f"{second}.0"))
    return known / rows if len(e.bundle.classes) == 2 and rows and known is not None else None


def _means(then: float | None, came: float | None) -> str:
    return "" if then is None or came is None else f": on average {short(came)}, {short(then)} in training"


def _way(value: float) -> Direction:
    return "up" if value > 0 else "down" if value < 0 else ""


def smallest_rate(says: Callable[[float], bool], steps: int) -> float:
    """The p-value of a test that says yes or no at a rate: the smallest at which it says yes.

    >>> from scipy.stats import norm
    >>> round(smallest_rate(lambda rate: 2.0 > norm.isf(rate), 30), 4)
    0.0228
    """
    low, high = -14.0, 0.0
    if not says(10**-1e-9):
        return 1.0
    if says(10**low):
        return 10**low
    for _ in range(steps):
        middle = (low + high) / 2
        low, high = (low, middle) if says(10**middle) else (middle, high)
    return float(10**high)
