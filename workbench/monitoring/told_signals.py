"""The signals of a window: those that the rules gave, and of reports that have none what their sentences say."""

from __future__ import annotations

import re
from collections.abc import Iterator

from workbench.core.metric import metric_name
from workbench.core.report import Direction, Level, Signal, Window

# What sentences of windows without signals begin with or hold: kind and direction.
SAID: tuple[tuple[str, str, Direction], ...] = (
    (r"the probabilities are too high\.$", "calibration", "up"),
    (r"the probabilities are too low\.$", "calibration", "down"),
    (r" is missing in .* rows, and its contract allows none", "missing", "up"),
    (r"% of the rows hold values that the training never saw", "unseen", "up"),
    (r"its distance to the others is not what it was in training", "group", ""),
    (r"^Reasons changed: ", "reasons", ""),
    (r" drifted; ", "drift", ""),
)
LOST = re.compile(r"(\d+)% of what the model is worth \(an alarm from (\d+)% on\)")
# What labels have answered already is no warning by itself.
ANSWERED = ("drift", "reasons")


def signals_of(window: Window) -> tuple[Signal, ...]:
    """What was seen in a window, with its level.

    Examples
    --------
    >>> said = "stays = yes was expected in 9.0% of the rows and came true in 4.0%: the probabilities are too high."
    >>> (one,) = signals_of(Window("w", 90, 90, 0.0, (), (), 0.09, 0.04, "alarm", (said,)))
    >>> one.kind, one.direction, one.level
    ('calibration', 'up', 'alarm')
    """
    return window.signals or tuple(_read(window))


def _read(window: Window) -> Iterator[Signal]:
    """Windows of older reports have a status and sentences, the gravest first."""
    if window.status == "unknown":
        return
    for place, text in enumerate(window.reasons):
        kind, direction = _kind(window, text)
        level = _level(window, kind, text, first=place == 0)
        columns = tuple(d.column for d in window.drift if d.important) if kind == "drift" else ()
        yield Signal(kind, level, text, columns, direction)


def _kind(window: Window, text: str) -> tuple[str, Direction]:
    score = window.performance[0] if window.performance else None
    if score is not None and text.startswith(metric_name(score.name)):
        return "score", "down"  # what is worse is down, whatever its unit
    known = (found for found in SAID if re.search(found[0], text))
    _, kind, direction = next(known, ("", "other", ""))
    return kind, direction


def _level(window: Window, kind: str, text: str, first: bool) -> Level:
    if window.status == "ok" or (window.performance and kind in ANSWERED and not first):
        return "small"
    if window.status == "alarm" and kind == "score" and (lost := LOST.search(text)):
        return "alarm" if int(lost[1]) >= int(lost[2]) else "warning"
    grave = window.status == "alarm" and (first or kind in ("calibration", "missing"))
    return "alarm" if grave else "warning"
