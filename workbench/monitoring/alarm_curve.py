"""What other false-alarm rates would have brought, from the p-values that a report has stored; nothing is judged anew.

Each signal has the smallest rate at which it is told. What the report has told is told at its own rate, so the curve
goes through what people have seen; below and above a test has an equal share of the rate with all others of its window.
Above the report's own rate the score and the drift of columns can be told, of which a report keeps what was not beyond
chance; of other rules it does not.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from math import erfc, hypot, isfinite, sqrt

from workbench.core.alarm_curve import AlarmCurve, AlarmsAt
from workbench.core.arguments import described
from workbench.core.incident import LOSSES
from workbench.core.metric import metric_name
from workbench.core.profile_comparison import IMPORTANT
from workbench.core.report import Level, MonitorReport, Signal, Status, Window
from workbench.errors import BadParameter
from workbench.monitoring.incidents import incidents
from workbench.monitoring.score_loss import loss_of, standard_error
from workbench.monitoring.told_signals import signals_of

RATES = tuple(float(f"{one}e{power}") for power in range(-6, 0) for one in (1, 2, 5))
JUST = 1 + 1e-9  # above the report's own rate, by nothing that matters

Told = list[tuple[float, Signal]]


def alarm_curve(
    report: MonitorReport,
    rates: Iterable[float] | None = None,
    *,
    alarm_cost: float = 1.0,
    missed_cost: float = 0.0,
    bad: Iterable[str] | None = None,
) -> AlarmCurve:
    """How many alarms this history would have had at other false-alarm rates, and what that would have cost.

    Parameters
    ----------
    report : MonitorReport
    rates : iterable of float, optional
        In (0, 0.5]; eighteen from 0.000001 to 0.5 by default. The report's own is added.
    alarm_cost, missed_cost : float
        Of an alarm that people are told of, and of a bad window that no alarm tells of; at least 0.
    bad : iterable of str, optional
        Labels of windows that somebody should have been told of; by default those in which labels showed a loss that
        is an alarm.

    Returns
    -------
    AlarmCurve

    Raises
    ------
    BadParameter
        If a rate or cost is out of its range, or a window is not in the report.

    Examples
    --------
    >>> curve = alarm_curve(MonitorReport("churn", 1, (), (), (), ()), [0.01, 0.1])
    >>> [(one.rate, one.alarms) for one in curve.points]
    [(0.01, 0), (0.05, 0), (0.1, 0)]
    """
    own = report.rate_of_window
    given = RATES if rates is None else _listed(rates, "rates", "numbers, such as [0.01, 0.05]")
    asked = sorted({own, *map(_rate, given)})
    costs = _cost(alarm_cost, "alarm_cost"), _cost(missed_cost, "missed_cost")
    judged = [w for w in report.windows if w.status != "unknown"]
    told = [_told(w, own) for w in judged]
    named = _bad(judged, told, own) if bad is None else _known(bad, report)
    points = tuple(_at(rate, judged, told, named, costs) for rate in asked)
    return AlarmCurve(report.name, len(judged), own, points, named, *costs)


def _at(
    rate: float, judged: Sequence[Window], told: Sequence[Told], bad: Sequence[str], costs: tuple[float, float]
) -> AlarmsAt:
    pairs = zip(judged, told, strict=True)
    windows = [_window(w, [one for least, one in signals if least <= rate]) for w, signals in pairs]
    found = incidents(windows)
    alarmed = {w.label for w in windows if w.status == "alarm"}
    alarms = sum(one.severity == "alarm" for one in found)
    missed = sum(label not in alarmed for label in bad)
    return AlarmsAt(rate, alarms, len(found) - alarms, len(alarmed), missed, alarms * costs[0] + missed * costs[1])


def _window(window: Window, signals: Sequence[Signal]) -> Window:
    """It with the signals that are left; of none the level *small* stands for that nothing is to be read elsewhere."""
    levels = {one.level for one in signals}
    status: Status = "alarm" if "alarm" in levels else "warning" if "warning" in levels else "ok"
    return replace(window, status=status, signals=tuple(signals) or (Signal("nothing", "small", ""),))


def _told(window: Window, own: float) -> Told:
    """Each signal of a window with the smallest rate at which it is told; those that were not told come with theirs."""
    lost = next(_score(window), None)
    seen = [_tested(one, lost) for one in signals_of(window) if one.kind != "drift"] + _drifts(window)
    score = [lost] if lost and not any(one.kind == "score" for one in seen) else []
    tests = max(sum(one.p_value is not None for one in [*seen, *score]), len(window.drift), 1)
    accepted = [(_least(one, tests, own, accepted=True), one) for one in seen if not _silent(one, window)]
    rejected = [(_least(one, tests, own, accepted=False), one) for one in score]
    rejected += [(_least(one, tests, own, accepted=False), one) for one in seen if _silent(one, window)]
    return accepted + rejected


def _tested(one: Signal, lost: Signal | None) -> Signal:
    """A loss of which an older report has the sentence alone, with the p-value that its interval gives."""
    older = one.kind == "score" and one.p_value is None and lost is not None
    return replace(one, p_value=lost.p_value) if older and lost else one


def _least(one: Signal, tests: int, own: float, *, accepted: bool) -> float:
    if one.p_value is None:
        return 0.0 if accepted else own * JUST
    shared = one.p_value * tests
    return min(shared, own) if accepted else max(shared, own * JUST)


def _silent(one: Signal, window: Window) -> bool:
    """Whether a drift was not beyond chance at the report's own rate."""
    return one.kind == "drift" and not any(d.drifted for d in window.drift if (d.column,) == one.columns)


def _drifts(window: Window) -> list[Signal]:
    """A signal for each column that has moved far enough to matter, beyond chance or not."""
    named = [one for one in signals_of(window) if one.kind == "drift"]
    levels = {column: one.level for one in named for column in one.columns}
    usual = named[0].level if named else "small" if window.performance else "warning"
    return [
        Signal("drift", levels.get(d.column, usual), f"{d.column} drifted.", (d.column,), "", d.effect, d.p_value)
        for d in window.drift
        if d.column in levels or d.effect >= IMPORTANT
    ] or named


def _score(window: Window) -> Iterator[Signal]:
    """The loss of the deciding score against its reference, told or not."""
    if not window.performance or window.reference is None:
        return
    now, before = window.performance[0], window.reference
    loss = loss_of(before, now, 0.5)
    error = hypot(standard_error(before), standard_error(now))
    if loss.amount > 0 and error > 0:
        level: Level = "alarm" if loss.alarming else "warning" if loss.notable else "small"
        p_value = erfc(loss.amount / error / sqrt(2)) / 2
        yield Signal("score", level, f"{metric_name(now.name)} lost.", (), "down", loss.share, p_value)


def _bad(judged: Sequence[Window], told: Sequence[Told], own: float) -> tuple[str, ...]:
    return tuple(
        w.label
        for w, signals in zip(judged, told, strict=True)
        if any(one.level == "alarm" and one.kind in LOSSES and least <= own for least, one in signals)
    )


def _known(bad: object, report: MonitorReport) -> tuple[str, ...]:
    named, there = _listed(bad, "bad", "labels of windows, such as ['2026-07']"), {w.label for w in report.windows}
    unknown = [label for label in named if not isinstance(label, str) or label not in there]
    if unknown:
        raise BadParameter(f"The report has no window {described(unknown[0])}. Give labels of report.windows.")
    return tuple(dict.fromkeys(map(str, named)))


def _listed(value: object, name: str, example: str) -> list[object]:
    """What a list, tuple, set or another plain collection holds."""
    if isinstance(value, (str, bytes, Mapping)) or not isinstance(value, Iterable) or hasattr(value, "columns"):
        raise BadParameter(f"{name!r} is a list of {example}; got {described(value)}. Put it in brackets.")
    try:
        return list(value)
    except TypeError as error:
        raise BadParameter(f"{name!r} is a list of {example}; got {described(value)}. Put it in brackets.") from error


def _rate(value: object) -> float:
    number = _number(value)
    if number is None or not 0 < number <= 0.5:
        raise BadParameter(f"A false-alarm rate lies above 0 and is at most 0.5, got {described(value)}. Give 0.05.")
    return number


def _cost(value: object, name: str) -> float:
    number = _number(value)
    if number is None or not isfinite(number) or number < 0:
        raise BadParameter(f"{name!r} is a number of at least 0, got {described(value)}. Give for example 10.")
    return number


def _number(value: object) -> float | None:
    """A number as a float; None where it is none, or larger than any."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        return float(value)
    except OverflowError:
        return None
