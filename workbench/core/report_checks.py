"""What a report comes to in words that anybody reads: a few checks, each normal or not, and whether to trust it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import combinations
from math import sqrt
from typing import Literal

from workbench.core.incident import SERVED
from workbench.core.report import MonitorReport, Signal, Status, Window

Trend = Literal["better", "worse", "steady", ""]
STATES: dict[str, Status] = {"alarm": "alarm", "warning": "warning", "small": "ok"}
GRAVE: tuple[Status, ...] = ("alarm", "warning", "unknown", "ok")
# Kinds of signals by what they are about; whatever no check has is in the last one.
OF: dict[str, tuple[str, ...]] = {
    "score": ("score", "errors", "estimate"),
    "meaning": ("calibration", "concept"),
    "inputs": ("drift", "spread", "joint"),
    "data": ("missing", "unreadable", "schema", "swap", "unit", "stuck", "category", "range", "flags", "unseen"),
    "answers": ("prediction", "target"),
    "segments": ("segment",),
    "groups": ("group",),
    "reasons": ("reasons",),
    "value": ("value",),
    "service": SERVED,
}
OTHERS = "others"
LABELLED = ("score", "meaning", "segments", "value")
# A trend is told of the latest windows, from so many on.
LATEST, FEWEST, SURE = 12, 6, 1.96


@dataclass(frozen=True)
class Check:
    """One thing that is looked at.

    Parameters
    ----------
    kind : str
        ``score``, ``meaning``, ``inputs``, ``data``, ``answers``, ``segments``, ``groups``, ``reasons``, ``value``,
        ``service`` or ``others``.
    state : {"ok", "warning", "alarm", "unknown"}
        *unknown*: nothing is at hand by which it could be told.
    text : str
        What was seen, a sentence; empty where all is as usual.
    window : str
        The label of the window that says so; empty where none does.
    estimated : bool
        Whether no label, but an estimate that can be trusted says so.
    """

    kind: str
    state: Status
    text: str = ""
    window: str = ""
    estimated: bool = False


@dataclass(frozen=True)
class Verdict:
    """Whether answers can be trusted, by the checks.

    Parameters
    ----------
    trust : {"yes", "estimated", "look", "no", "unknown"}
        *estimated*: as far as that can be told without labels. *look*: something is worth a look. *no*: something that
        matters is wrong. *unknown*: no label came and no estimate can be trusted, or nothing was seen.
    checks : tuple of Check
        In the order of their names here.
    going : int
        Alarms that have not ended, or may come back: as long as there is one, it is worth a look.
    """

    trust: Literal["yes", "estimated", "look", "no", "unknown"]
    checks: tuple[Check, ...]
    going: int = 0

    @property
    def normal(self) -> int:
        """How many checks are normal."""
        return sum(one.state == "ok" for one in self.checks)

    @property
    def state(self) -> Status:
        """The state that goes with it."""
        states: dict[str, Status] = {"yes": "ok", "estimated": "ok", "look": "warning", "no": "alarm"}
        return states.get(self.trust, "unknown")

    @property
    def worst(self) -> Check | None:
        """The gravest check that is not normal; None where all known ones are."""
        bad = [one for one in self.checks if one.state in ("alarm", "warning")]
        return min(bad, key=lambda one: GRAVE.index(one.state), default=None)


def verdict(report: MonitorReport) -> Verdict:
    """Whether the answers of a model can be trusted, by the latest windows.

    Examples
    --------
    >>> window = Window("w", 900, 0, 0.0, (), (), None, None, "ok")
    >>> (told := verdict(MonitorReport("churn", 1, (), (window,), (), ()))).trust, told.normal
    ('unknown', 3)
    """
    found = tuple(checks(report))
    going = sum(one.open and one.severity == "alarm" and one.state != "closed" for one in report.incidents)
    trust = _trust(found)
    return Verdict("look" if going and trust in ("yes", "estimated") else trust, found, going)


def checks(report: MonitorReport) -> Iterable[Check]:
    """Each thing that this report looks at."""
    judged = [w for w in report.windows if w.status != "unknown"]
    for kind in (*OF, OTHERS):
        if _looked_at(kind, report):
            yield _check(kind, judged)


def trend(report: MonitorReport) -> Trend:
    """Whether the deciding score goes anywhere over the latest windows, beyond chance.

    References
    ----------
    Mann (1945), Nonparametric tests against trend, Econometrica 13 (normal approximation).
    """
    scores = [w.performance[0] for w in report.windows if w.performance][-LATEST:]
    if len(scores) < FEWEST:
        return ""
    way = _kendall([one.value for one in scores])
    if abs(way) < SURE:
        return "steady"
    return "better" if (way > 0) == scores[-1].larger_is_better else "worse"


def _kendall(values: Sequence[float]) -> float:
    """Rising less falling pairs, in standard errors."""
    n = len(values)
    rising = sum((b > a) - (b < a) for a, b in combinations(values, 2))
    return (rising - (rising > 0) + (rising < 0)) / sqrt(n * (n - 1) * (2 * n + 5) / 18)


def _looked_at(kind: str, report: MonitorReport) -> bool:
    """Whether the report follows such a thing at all, or has ever said anything of it."""
    has = FOLLOWED.get(kind)
    windows = [w for w in report.windows if w.status != "unknown"]
    return bool(report.windows) if has is None else any(has(w) or _of(w.signals, kind) for w in windows)


def _latest_with(kind: str, judged: Sequence[Window]) -> Window | None:
    """The latest window that can tell it: of what needs labels one that has them."""
    has = FOLLOWED.get(kind, _labelled)
    return next((w for w in reversed(judged) if has(w) or _of(w.signals, kind)), None)


def _labelled(window: Window) -> bool:
    return bool(window.performance)


# What a window has where it follows such a thing; the others are looked at in every window.
FOLLOWED: dict[str, Callable[[Window], bool]] = {
    "meaning": lambda w: any(one.name == "roc_auc" for one in w.performance),
    "segments": lambda w: bool(w.segments),
    "groups": lambda w: bool(w.groups),
    "reasons": lambda w: bool(w.explained),
    "value": lambda w: w.value is not None,
    "service": lambda w: w.served is not None,
    OTHERS: lambda w: False,
}


def _check(kind: str, judged: Sequence[Window]) -> Check:
    latest = judged[-1] if judged else None
    if kind == "score" and latest is not None and not latest.performance:
        return _unlabelled(latest, judged)
    return _said(kind, _latest_with(kind, judged) if kind in LABELLED else latest)


def _said(kind: str, shown: Window | None) -> Check:
    """What a window says of it: the sentence of its gravest signal."""
    if shown is None:
        return Check(kind, "unknown")
    own = _of(shown.signals, kind)
    strongest = next((one for level in STATES for one in own if one.level == level), None)
    if strongest is None:
        return Check(kind, "ok", "", shown.label)
    return Check(kind, STATES[strongest.level], strongest.text, shown.label)


def _unlabelled(latest: Window, judged: Sequence[Window]) -> Check:
    """The score where the latest window has no label: by its estimate, else as labels had it last."""
    if any(one.trusted for one in latest.estimates):
        return replace(_said("score", latest), estimated=True)
    return _said("score", next((w for w in reversed(judged) if w.performance), None))


def _of(signals: Sequence[Signal], check: str) -> list[Signal]:
    """Signals that a check is about."""
    if check == OTHERS:
        known = {kind for kinds in OF.values() for kind in kinds}
        return [one for one in signals if one.kind not in known]
    return [one for one in signals if one.kind in OF[check]]


def _trust(found: Sequence[Check]) -> Literal["yes", "estimated", "look", "no", "unknown"]:
    states = {one.state for one in found}
    score = next((one for one in found if one.kind == "score"), None)
    if "alarm" in states:
        return "no"
    if "warning" in states:
        return "look"
    if score is None or score.state == "unknown":
        return "unknown"
    return "estimated" if score.estimated else "yes"
