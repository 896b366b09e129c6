"""From which effect on a signal matters: the one place of all scales, each in the unit of its kind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from workbench.core.report import Level, Signal, Status, Window


@dataclass(frozen=True)
class Scale:
    """From where on a signal of a kind is a warning, and from where on an alarm.

    Parameters
    ----------
    warning, alarm : float
        Effects. What is real and lies below is ``small``: shown, and no reason to act.
    unit : str
        What an effect of this kind is, in words.
    """

    warning: float
    alarm: float
    unit: str

    def level(self, effect: float) -> Level:
        """Of an effect.

        >>> Scale(0.1, 0.2, "a share").level(0.15)
        'warning'
        """
        return "alarm" if effect >= self.alarm else "warning" if effect >= self.warning else "small"


# Conventions, but for those of the score: a tenth of what a model is worth is worth a look, a fifth is an alarm. Drift
# alone is never an alarm, for it may cost nothing. What breaks a feed (another unit, columns exchanged or gone) is one.
SCALES: dict[str, Scale] = {
    "score": Scale(0.1, 0.2, "share of what the model is worth: its ROC AUC above chance, its error otherwise"),
    "calibration": Scale(0.0, 0.25, "difference of what was said and what came, as a share of the usual share"),
    "concept": Scale(0.1, inf, "change of the residuals at equal predictions, in their standard deviations"),
    "errors": Scale(0.25, 0.5, "rise of the share of wrong answers, as a share of what it was"),
    "target": Scale(0.1, inf, "distance of the distributions (total variation, Kolmogorov-Smirnov), in [0, 1]"),
    "prediction": Scale(0.1, inf, "distance of the distributions, in [0, 1]"),
    "drift": Scale(0.1, inf, "distance of the distributions, in [0, 1]"),
    "spread": Scale(0.2, inf, "logarithm of the ratio of the spreads: 0.2 is a fifth wider"),
    "missing": Scale(0.02, inf, "change of the share of rows without a value"),
    "required": Scale(0.01, 0.05, "share of rows without a value that the contract asks for"),
    "category": Scale(0.02, inf, "share of rows with new values, or that the vanished ones had"),
    "range": Scale(0.02, inf, "share of rows outside the range of the training"),
    "unreadable": Scale(0.01, inf, "share of rows whose value could not be read"),
    "flags": Scale(0.05, inf, "share of rows that hold anything which the training never saw"),
    "stuck": Scale(0.1, inf, "rise of the share of one single value"),
    "joint": Scale(0.1, inf, "change of a rank correlation, in [0, 2]"),
    "unit": Scale(0.0, 0.1, "logarithm to base 10 of the factor"),
    "swap": Scale(0.0, 0.1, "how much nearer the columns are when exchanged, in [0, 1]"),
    "schema": Scale(0.0, 0.5, "share of rows that it concerns"),
    "group": Scale(0.0, inf, "change of a group's distance to the others"),
    "failures": Scale(0.001, 0.01, "share of the requests that failed"),
    "refused": Scale(0.01, 0.1, "rise of the share of requests that were refused"),
    "latency": Scale(0.22, 0.69, "logarithm of the ratio: 0.22 is a quarter slower, 0.69 twice as slow"),
    "cpu": Scale(0.4, inf, "logarithm of the ratio: 0.4 is half as much again"),
    "memory": Scale(0.4, inf, "logarithm of the ratio: 0.4 is half as much again"),
    "reasons": Scale(0.0, inf, "distance of the distributions of what a column adds, in [0, 1]"),
}
# Whatever says that inputs moved: of no account where labels say that the score held.
MOVES = ("drift", "prediction", "target", "spread", "joint", "reasons")


def level_of(kind: str, effect: float) -> Level:
    """The level of a signal of a kind."""
    return SCALES[kind].level(abs(effect))


def with_signals(window: Window, signals: Sequence[Signal]) -> Window:
    """A window with signals of what is judged beside the rules: its status and its reasons follow.

    Parameters
    ----------
    window : Window
        As it was judged.
    signals : sequence of Signal
        The gravest first.
    """
    texts = tuple(one.text for one in signals if one.level != "small")
    status = _worst(window.status, [one.level for one in signals])
    return replace(window, status=status, signals=(*window.signals, *signals), reasons=(*window.reasons, *texts))


def _worst(status: Status, levels: Sequence[Level]) -> Status:
    """The status of a window with some more signals.

    >>> _worst("ok", ["warning"]), _worst("alarm", []), _worst("unknown", ["warning"])
    ('warning', 'alarm', 'unknown')
    """
    if "alarm" in levels or status == "alarm":
        return "alarm"
    return "warning" if "warning" in levels and status != "unknown" else status
