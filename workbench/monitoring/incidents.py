"""Alarms that belong together, and what most likely did it."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import median

from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.metric import metric_name, short
from workbench.core.report import Incident, Window
from workbench.core.wording import listed
from workbench.monitoring.reason_windows import CHANGED

# One good window between two bad ones is a lull, not an end.
LULL = 1
# A cause is named by few columns.
MOST = 5
# By so much more than in good windows must a column have drifted to be called a cause.
BEYOND = 0.05


def incidents(windows: Sequence[Window]) -> tuple[Incident, ...]:
    """Group alarms, and the warnings that no alarm follows, each with its cause.

    Windows without a status neither begin nor end one.
    """
    judged = [w for w in windows if w.status != "unknown"]
    alarms = _spans(judged, [w.status == "alarm" for w in judged])
    inside = {i for start, end in alarms for i in range(start, end + 1)}
    warnings = _spans(judged, [w.status == "warning" and i not in inside for i, w in enumerate(judged)])
    # A warning that runs through an alarm's span would tell the same story twice.
    spans = sorted([*alarms, *(s for s in warnings if not inside & set(range(s[0], s[1] + 1)))])
    return tuple(_incident(judged, start, end) for start, end in spans)


def _spans(windows: Sequence[Window], bad: list[bool]) -> list[tuple[int, int]]:
    spans: list[tuple[int, int]] = []
    for i, one in enumerate(bad):
        if one and spans and i - spans[-1][1] <= LULL + 1:
            spans[-1] = (spans[-1][0], i)
        elif one:
            spans.append((i, i))
    return spans


def _incident(windows: Sequence[Window], start: int, end: int) -> Incident:
    within = [w for w in windows[start : end + 1] if w.status in ("alarm", "warning")]
    good = [w for w in windows if w.performance and w.status != "alarm" and w not in within]
    columns = _columns(within, good)
    cause = _cause(within, columns, bool(good))
    return Incident(windows[start].label, windows[end].label, cause, columns, end == len(windows) - 1)


def _columns(bad: Sequence[Window], good: Sequence[Window]) -> tuple[str, ...]:
    """Columns that drifted, strongest first by how much more than in the good windows, where nothing was lost."""
    usual: dict[str, list[float]] = {}
    for window in good:
        for drift in window.drift:
            usual.setdefault(drift.column, []).append(drift.effect)
    worst: dict[str, float] = {}
    for window in bad:
        for drift in window.drift:
            if drift.important and drift.column != "prediction":
                beyond = drift.effect - (median(usual[drift.column]) if drift.column in usual else 0.0)
                worst[drift.column] = max(worst.get(drift.column, 0.0), beyond)
    named = sorted((c for c, beyond in worst.items() if beyond >= BEYOND), key=lambda c: (-worst[c], c))
    return tuple(named[:MOST])


def _cause(bad: Sequence[Window], columns: tuple[str, ...], good: bool) -> str:
    alarms = [w for w in bad if w.status == "alarm"]
    if not alarms:
        first = bad[0].reasons[0]
        return first if columns or first.startswith(CHANGED) else first + _otherwise(bad[0])
    worst = _worst(alarms)
    where = f" That was in {worst.label}, the worst of {len(bad)}." if len(bad) > 1 else ""
    sentence = worst.reasons[0] + where
    if not worst.performance:
        return sentence
    if columns:
        return f"{sentence} {', '.join(columns[:3])} drifted {'further than in good windows' if good else 'most'}."
    otherwise = (
        _otherwise(worst) or " No column drifted beyond the usual: what the columns mean for the target changed."
    )
    return sentence + otherwise


def _otherwise(window: Window) -> str:
    """What only the reasons see: columns that did not drift, and yet add otherwise."""
    changed = [one for one in window.explained if one.important][:3]
    if not changed:
        return ""
    return f" No column drifted beyond the usual, but they go together otherwise: {_weigh(changed)}."


def _weigh(changed: Sequence[ReasonDifference]) -> str:
    return listed(
        [f"{one.column} weighs {short(one.importance[1])}, {short(one.importance[0])} before" for one in changed]
    )


def _worst(alarms: Sequence[Window]) -> Window:
    """Where the score lost most; where none did, where predictions and outcomes are furthest apart."""
    lost = [w for w in alarms if w.performance and w.reasons[0].startswith(metric_name(w.performance[0].name))]
    if lost:
        return min(lost, key=lambda w: w.performance[0].value * (1 if w.performance[0].larger_is_better else -1))
    return max(alarms, key=_gap)


def _gap(window: Window) -> float:
    if window.prediction_mean is None or window.target_mean is None:
        return -1.0
    return abs(window.prediction_mean - window.target_mean)
