"""The status of one window, with its reasons in plain words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.fairness import Group, GroupMetric
from workbench.core.measures import known_anywhere
from workbench.core.metric import Metric, metric_name, short
from workbench.core.normal import exceeded_by, quantile
from workbench.core.profile import Profile
from workbench.core.ranked import ranked
from workbench.core.report import ColumnDrift, Status, Window
from workbench.core.scores import scores
from workbench.monitoring.group_windows import followed
from workbench.monitoring.reason_windows import changed_reasons, followed_reasons, told_reasons
from workbench.monitoring.windows import Seen, prediction_of
from workbench.profiling.compare import compare
from workbench.settings import Settings, settings

# Of the rules: a window that was judged by others is judged anew. Raise it with every change of what a window's report
# says.
RULES = 1
# Below this, a score's interval is wider than any loss that matters, and a bootstrap of it means little.
FEWEST = 50
# Shares of what the model is worth: of its ROC AUC above chance, of its error otherwise. In a large window even a
# thousandth is significant, so chance alone decides nothing. A fifth is a convention, a tenth is worth a look.
RELEVANT = 0.2
NOTABLE = 0.1
# Probabilities that are off by a quarter of the usual share lead to other decisions at most thresholds. A ranking score
# such as ROC AUC does not see it: it stays where it was when everything comes true half as often.
RELEVANT_GAP = 0.25
# One row in twenty with a value that the training never saw: somebody should look, loss or not.
MANY_FLAGGED = 0.05


@dataclass(frozen=True)
class Loss:
    """How far a window's score lies on the worse side of the reference.

    Parameters
    ----------
    reference : Metric
        What it was compared with.
    amount : float
        In the metric's unit; negative where the window is better.
    share : float
        Of what the model is worth.
    significant : bool
        Beyond chance, at the false-alarm rate.
    """

    reference: Metric
    amount: float
    share: float
    significant: bool

    @property
    def alarming(self) -> bool:
        """Beyond chance, and large enough to matter."""
        return self.significant and self.share >= RELEVANT

    @property
    def notable(self) -> bool:
        """Beyond chance, and worth a look."""
        return self.significant and self.share >= NOTABLE


def judge(seen: Seen, bundle: Bundle, labels: dict[str, Any], rate: float, force: Settings | None = None) -> Window:
    """Measure one window against the model that answered it.

    Half of the false-alarm rate goes to the score and to the probabilities. The other half is shared out evenly to the
    drift tests, the groups and the reasons: to those of the last two that the window follows.
    """
    why = followed_reasons(bundle, seen.reasons()) if seen.rows >= FEWEST else None
    parts = 1 + (why is not None)
    groups = followed(seen, bundle, labels, rate / 2 / (parts + 1), force or settings())
    share = rate / 2 / (parts + bool(groups))
    explained = changed_reasons(bundle, why, share)
    predictions = seen.predictions()
    truth = predictions["id"].map(labels)
    known = truth.notna().to_numpy()
    performance = _performance(bundle, truth[known], predictions[known])
    profile = seen.profile()
    drift = _drift(bundle, profile, share) if seen.rows >= FEWEST else ()
    loss = loss_of(expected(bundle), performance[0], rate / 4) if performance else None
    gap = calibration_gap(bundle, truth[known], predictions[known], rate / 4)
    status, reasons = verdict(seen, drift, performance, loss, gap, tuple(told_groups(groups)), explained)
    return Window(
        seen.label,
        seen.rows,
        int(known.sum()),
        seen.flagged,
        drift,
        performance,
        profile["prediction"].mean,
        _target_mean(bundle, truth[known]),
        status,
        reasons,
        expected(bundle),
        seen.version,
        groups,
        explained,
    )


def changed_groups(groups: Sequence[Group]) -> Iterator[Group]:
    """Those of which a measure changed; of a column with two groups the first, for the other is the rest."""
    columns = [group.column for group in groups]
    told: set[str] = set()
    for group in [group for group in groups if any(one.differs for one in group.metrics)]:
        if columns.count(group.column) > 2 or group.column not in told:
            yield group
        told.add(group.column)


def told_groups(groups: Sequence[Group]) -> Iterator[str]:
    """A sentence for each group that changed, with its measures."""
    for group in changed_groups(groups):
        names = ", ".join(_now(one) for one in group.metrics if one.differs)
        yield f"{group.column} {group.value}: {names}; its distance to the others is not what it was in training."


def _now(one: GroupMetric) -> str:
    return f"{one.name.replace('_', ' ')} {short(one.value or 0.0)}, {short(one.rest or 0.0)} of the others"


def expected(bundle: Bundle) -> Metric:
    """The worse of the two scores that training gave: in the folds and on the hold-out.

    Where training counted rows by weights, the score of the hold-out that counts each the same, as a window does.

    A hold-out in time is one stretch, and stretches differ by more than their rows do by chance: June may be easier
    than any month before. What the folds have shown already is no news.
    """
    holdout = known_anywhere(as_windows_count(bundle), bundle.task)
    folds = [Metric.from_dict(m) for m in bundle.lineage.get("validation", ()) if m["name"] == holdout.name]
    return (min if holdout.larger_is_better else max)([holdout, *folds], key=lambda m: m.value)


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
    if abs(gap) <= spread * exceeded_by(rate / 2) or abs(gap) < RELEVANT_GAP * rarer:
        return ""
    high = "high" if gap > 0 else "low"
    label = bundle.classes[1]
    label = f"{label:g}" if isinstance(label, float) else label
    return (
        f"{bundle.contract.target} = {label} was expected in {said.mean():.1%} of the rows and came "
        f"true in {came.mean():.1%}: the probabilities are too {high}."
    )


def loss_of(reference: Metric, now: Metric, rate: float) -> Loss:
    """Compare two scores by their standard errors, which are read off their intervals.

    Examples
    --------
    >>> loss = loss_of(Metric("roc_auc", 0.75, 0.74, 0.76), Metric("roc_auc", 0.65, 0.63, 0.67), 0.025)
    >>> round(loss.amount, 3), round(loss.share, 3), loss.alarming
    (0.1, 0.4, True)
    """
    sign = 1 if reference.larger_is_better else -1
    amount = sign * (reference.value - now.value)
    error = float(np.hypot(_standard_error(reference), _standard_error(now)))
    significant = amount > error * exceeded_by(rate) and amount > 0
    return Loss(reference, amount, amount / max(_worth(reference), 1e-12), significant)


def verdict(
    seen: Seen,
    drift: tuple[ColumnDrift, ...],
    performance: tuple[Metric, ...],
    loss: Loss | None,
    gap: str = "",
    groups: tuple[str, ...] = (),
    explained: tuple[ReasonDifference, ...] = (),
) -> tuple[Status, tuple[str, ...]]:
    """Status and reasons, the gravest first."""
    if seen.rows < FEWEST:
        return "unknown", (f"{seen.rows} rows are too few to judge; {FEWEST} are needed.",)
    loss_reasons = (_loss_reason(performance[0], loss),) if loss and loss.significant else ()
    lost = loss_reasons if loss and loss.alarming else ()
    alarms = (*lost, *((gap,) if gap else ()), *_quality(seen))
    odd, moved = _unusual(seen), [d for d in drift if d.important]
    if alarms:
        and_so = "that may have to do with it" if lost or gap else "the score held"
        return "alarm", (*alarms, *groups, *odd, *_moved(moved, and_so), *told_reasons(explained, and_so))
    if loss is None:
        open_yet = "no label says yet whether it costs anything"
        reasons = (*groups, *odd, *_moved(moved, open_yet), *told_reasons(explained, open_yet))
        return ("warning" if reasons else "ok"), reasons
    known = (
        f"{metric_name(loss.reference.name)} is no worse than the {short(loss.reference.value)} that training showed"
    )
    held = "the score fell" if loss.notable else "the score lost too little to matter" if loss.significant else known
    warned = bool(groups or odd or loss.notable)
    return ("warning" if warned else "ok"), (
        *loss_reasons, *groups, *odd, *_moved(moved, held), *told_reasons(explained, held),
    )  # fmt: skip


def _performance(bundle: Bundle, truth: pd.Series, predictions: pd.DataFrame) -> tuple[Metric, ...]:
    if len(truth) < FEWEST:
        return ()
    deciding = known_anywhere(bundle.metrics, bundle.task)
    metrics = scores(
        bundle.task, truth.to_numpy(), prediction_of(predictions), ranked(bundle.classes, bundle.contract),
        deciding.name, deciding.level,
    )  # fmt: skip
    # Where the deciding score can't be computed (one class only), the others say nothing about the reference.
    return metrics if metrics and metrics[0].name == deciding.name else ()


def _drift(bundle: Bundle, profile: Profile, rate: float) -> tuple[ColumnDrift, ...]:
    """Each column against the reference; a moment always moves on, so datetimes are left out."""
    reference = bundle.reference
    names = [
        c.name
        for c in reference
        if c.name in profile
        and c.kind != "datetime"
        and profile[c.name].rows
        and (c.sensitive is False or profile[c.name].count)
    ]
    return compare(reference, profile, rate=rate, columns=names)


def _standard_error(metric: Metric) -> float:
    if metric.error is not None:
        return metric.error
    if metric.low is None or metric.high is None:
        return 0.0
    return (metric.high - metric.low) / 2 / quantile((1 + metric.level) / 2)


def _worth(reference: Metric) -> float:
    """What a tenth is taken of: skill above chance, share of explained variance, or the error itself."""
    value = reference.value
    if reference.name in ("roc_auc", "balanced_accuracy"):
        return abs(value - 0.5)
    if reference.name in ("accuracy", "f1", "precision", "recall"):
        return 1 - value
    return abs(value)


def _target_mean(bundle: Bundle, truth: pd.Series) -> float | None:
    if truth.empty or bundle.task == "multiclass":
        return None
    return float((truth == bundle.classes[1]).mean() if bundle.task == "binary" else truth.astype(float).mean())


def _loss_reason(now: Metric, loss: Loss) -> str:
    return (
        f"{metric_name(now.name)} is {short(now.value)}, {short(loss.reference.value)} in training: beyond chance, "
        f"{loss.share:.0%} of what the model is worth (an alarm from {RELEVANT:.0%} on)."
    )


def _quality(seen: Seen) -> tuple[str, ...]:
    return tuple(
        f"{column} is missing in {n:,} rows, and its contract allows none." for column, n in seen.missing.items()
    )


def _unusual(seen: Seen) -> tuple[str, ...]:
    if seen.flagged < MANY_FLAGGED:
        return ()
    flag, rows = next(iter(seen.flags.items()))
    share = f"{seen.flagged:.0%} of the rows hold values that the training never saw"
    return (f"{share}, first of all {_flag(flag)} ({rows:,} rows).",)


def _flag(flag: str) -> str:
    """A flag of the contract in words.

    >>> _flag("out_of_range:temp")
    'numbers outside the range of temp'
    """
    kind, _, column = flag.partition(":")
    known = {
        "out_of_range": "numbers outside the range of",
        "unseen_category": "new categories of",
        "unreadable": "unreadable values of",
    }
    return f"{known.get(kind, kind.replace('_', ' '))} {column}".rstrip()


def _moved(drift: list[ColumnDrift], and_so: str) -> tuple[str, ...]:
    if not drift:
        return ()
    named = ", ".join(f"{d.column} ({d.effect:.2f})" for d in drift[:3])
    more = f" and {len(drift) - 3} more" if len(drift) > 3 else ""
    return (f"{named}{more} drifted; {and_so}.",)
