"""One window, judged: drift, quality, performance, and a status with its reasons."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import stats

from workbench.core.bundle import Bundle
from workbench.core.metric import Metric, short
from workbench.core.profile import Profile
from workbench.core.report import ColumnDrift, Status, Window
from workbench.core.scores import scores
from workbench.errors import WorkbenchError
from workbench.monitoring.labels import class_codes, numbers
from workbench.monitoring.windows import StoredWindow, predictions_of
from workbench.profiling.compare import compare

# With fewer rows an interval is wider than any loss that matters, so a small window says nothing.
LEAST_ROWS = 100
# A tenth of what the model knows beyond guessing: less than that seldom pays for a new model, however sure it is.
RELEVANT_LOSS = 0.1
# Probabilities that are off by a quarter of the reference's own mean decide differently at most thresholds.
RELEVANT_GAP = 0.25
# Rows outside of what the model learnt; a tenth is beyond the odd typing error.
MANY_FLAGGED = 0.1
# One row in a hundred without a value that must be there is a broken feed, not an accident.
MANY_MISSING = 0.01

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class Seen:
    """What a window holds, with the bundle that answered.

    Parameters
    ----------
    stored : StoredWindow
        Its rows, flags and gaps.
    bundle : Bundle
        The version that answered.
    predictions : pandas.DataFrame
        One row a prediction.
    profile : Profile
        Of the features and of ``prediction``.
    labels : pandas.Series
        Labels as text, by id.
    """

    stored: StoredWindow
    bundle: Bundle
    predictions: pd.DataFrame
    profile: Profile
    labels: pd.Series


@dataclass(frozen=True)
class Labelled:
    """The rows whose label is known: truth as codes or numbers, shape (n,), and their predictions."""

    truth: Array
    prediction: Array


def judge(seen: Seen, rate: float = 0.05) -> Window:
    """Judge one window.

    Parameters
    ----------
    seen : Seen
        The window.
    rate : float
        Share of windows without any drift that may still warn, in (0, 1).
    """
    known = labelled(seen)
    drift = _drift(seen, rate)
    performance = _performance(seen.bundle, known)
    alarms = [*_quality(seen), *_loss(seen.bundle, performance), *_calibration(seen.bundle, known, rate)]
    warnings = [*_drifted(drift), *_flagged(seen)]
    status, reasons = _status(seen.stored.rows, alarms, warnings)
    return Window(
        seen.stored.label, seen.stored.rows, len(known.truth), _share_flagged(seen), drift, performance,
        _prediction_mean(seen), _target_mean(seen.bundle, known), status, reasons,
    )  # fmt: skip


def labelled(seen: Seen) -> Labelled:
    """Join labels to predictions by id; labels that are no class (no number) are left out."""
    texts = seen.labels.reindex(seen.predictions["id"]).astype("object")
    values = [v if isinstance(v, str) else None for v in texts.tolist()]
    classes = seen.bundle.classes
    truth: Array = class_codes(values, classes) if classes else numbers(values)
    known = truth >= 0 if classes else np.isfinite(truth)
    return Labelled(truth[known], predictions_of(seen.predictions)[known])


def worse(metric: Metric, reference: Metric) -> bool:
    """Whether an interval lies wholly on the worse side of the reference's."""
    if metric.low is None or metric.high is None or reference.low is None or reference.high is None:
        return False
    return metric.high < reference.low if metric.larger_is_better else metric.low > reference.high


def relevant(metric: Metric, reference: Metric) -> bool:
    """Whether the loss is a tenth of what the reference knows beyond guessing (ROC AUC guesses 0.5)."""
    floor = 0.5 if metric.name == "roc_auc" else 0.0
    loss = reference.value - metric.value if metric.larger_is_better else metric.value - reference.value
    return loss >= RELEVANT_LOSS * abs(reference.value - floor)


def _drift(seen: Seen, rate: float) -> tuple[ColumnDrift, ...]:
    """A moment always moves on; that is no drift."""
    reference = seen.bundle.reference
    names = [c.name for c in seen.profile if c.name in reference and c.kind != "datetime"]
    return compare(reference, seen.profile, rate=rate, columns=names) if names else ()


def _performance(bundle: Bundle, known: Labelled) -> tuple[Metric, ...]:
    if len(known.truth) < LEAST_ROWS:
        return ()
    deciding = bundle.metrics[0].name
    truth = known.truth if not bundle.classes else known.truth.astype(int)
    try:
        return scores(bundle.task, truth, known.prediction, range(len(bundle.classes)), metric=deciding)
    except WorkbenchError:
        return scores(bundle.task, truth, known.prediction, range(len(bundle.classes)))


def _quality(seen: Seen) -> Iterator[str]:
    for column, rows in seen.stored.missing.items():
        if rows >= MANY_MISSING * seen.stored.rows:
            yield f"{column} must have a value and has none in {rows / seen.stored.rows:.1%} of the rows."


def _loss(bundle: Bundle, performance: tuple[Metric, ...]) -> Iterator[str]:
    reference = {m.name: m for m in bundle.metrics}
    first = performance[0] if performance else None
    if first and first.name in reference and worse(first, reference[first.name]) and relevant(first, reference[first.name]):
        then = reference[first.name]
        yield f"{first.name} is {short(first.value)}, it was {then} on the hold-out."


def _calibration(bundle: Bundle, known: Labelled, rate: float) -> Iterator[str]:
    """Probabilities that no longer mean what they say, though the ranking may be as good as ever."""
    if bundle.task != "binary" or len(known.truth) < LEAST_ROWS:
        return
    error = known.prediction - known.truth
    gap, reach = float(error.mean()), float(stats.norm.ppf(1 - rate / 2) * error.std(ddof=1) / len(error) ** 0.5)
    if abs(gap) - reach > 0 and abs(gap) >= RELEVANT_GAP * _usual(bundle, known):
        yield (
            f"{bundle.classes[1]!r} was predicted for {known.prediction.mean():.1%} of the rows on average and "
            f"came true for {known.truth.mean():.1%}: the probabilities are too {'high' if gap > 0 else 'low'}."
        )


def _usual(bundle: Bundle, known: Labelled) -> float:
    """Mean prediction on the hold-out, of the rarer class."""
    mean = bundle.reference["prediction"].mean if "prediction" in bundle.reference else None
    share = float(known.prediction.mean()) if mean is None else mean
    return min(share, 1 - share)


def _drifted(drift: tuple[ColumnDrift, ...]) -> Iterator[str]:
    important = [d for d in drift if d.important]
    if important:
        told = ", ".join(f"{d.column} ({d.effect:.0%})" for d in important[:5])
        rest = f" and {len(important) - 5} more" if len(important) > 5 else ""
        yield f"The values of {told}{rest} moved since training."


def _flagged(seen: Seen) -> Iterator[str]:
    share = _share_flagged(seen)
    if share >= MANY_FLAGGED:
        worst = max(seen.stored.flags, key=lambda f: seen.stored.flags[f], default="")
        yield f"{share:.1%} of the rows have values that training did not see, most often {worst.replace(':', ' in ')}."


def _status(rows: int, alarms: list[str], warnings: list[str]) -> tuple[Status, tuple[str, ...]]:
    if rows < LEAST_ROWS:
        return "unknown", (f"{rows} rows are too few to judge; {LEAST_ROWS} are needed.",)
    if alarms:
        return "alarm", (*alarms, *warnings)
    return ("warning", tuple(warnings)) if warnings else ("ok", ())


def _share_flagged(seen: Seen) -> float:
    return float(seen.predictions["flagged"].mean()) if len(seen.predictions) else 0.0


def _prediction_mean(seen: Seen) -> float | None:
    if seen.bundle.task == "multiclass" or not len(seen.predictions):
        return None
    return float(predictions_of(seen.predictions).mean())


def _target_mean(bundle: Bundle, known: Labelled) -> float | None:
    return float(known.truth.mean()) if bundle.task != "multiclass" and len(known.truth) else None
