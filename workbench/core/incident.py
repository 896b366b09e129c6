"""An incident: windows that belong together, what is behind them, and what people did about it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Level = Literal["alarm", "warning", "small"]
Direction = Literal["", "up", "down"]


# Kinds of what the service does, whatever the model answered: no training changes them.
SERVED = ("failures", "refused", "latency", "cpu", "memory")
# What labels say of one matter: the model is worse than it was. They are one kind of incident, that of the score.
SCORED = ("score", "concept", "errors")
# What the model itself is to blame for; other kinds are of the data, which another model does not change.
LOSSES = (*SCORED, "calibration", "business", "value")
# Every kind, in the order in which equally grave ones are told: what is lost, before what may be behind it.
KINDS = (*SERVED, "score", "calibration", "concept", "errors", "estimate", "business", "value", "group", "segment",
         "schema", "swap", "unit", "missing", "unreadable", "stuck", "category", "unseen", "range", "flags", "target",
         "drift", "prediction", "spread", "joint", "reasons")  # fmt: skip


def kin(kind: str) -> str:
    """The kind of incident that a kind of signal makes.

    >>> kin("errors"), kin("drift")
    ('score', 'drift')
    """
    return "score" if kind in SCORED else kind


@dataclass(frozen=True)
class Cause:
    """One part of what is behind an incident.

    Parameters
    ----------
    kind : {"moved", "segment", "trend"}
        *moved*: what the change of a column did to the predictions. *segment*: rows that lost more than the others.
        *trend*: outcomes that rise or fall while the predictions do not.
    name : str
        The column, or the segment in words; of a trend what the training left out, or nothing.
    amount : float
        *moved*: the mean prediction moved by so much, in the unit of the reasons. *segment*: its score fell so much
        further than that of the other rows, in the unit of that score. *trend*: mean outcome less mean prediction.
    text : str
        A sentence.
    """

    kind: Literal["moved", "segment", "trend"]
    name: str
    amount: float
    text: str


Done = Literal["acknowledge", "snooze", "close", "own", "reopen", "note"]


@dataclass(frozen=True)
class Act:
    """What somebody did about an incident.

    Parameters
    ----------
    incident : str
        Its id.
    act : {"acknowledge", "snooze", "close", "own", "reopen", "note"}
    by : str
        Who.
    at : str
        When, ISO 8601 with zone.
    note : str
        What there is to say.
    owner : str
        Of *own*: who looks after it from now on.
    until : str
        Of *snooze*: until when nobody is told of it, ISO 8601 with zone.
    severity : str
        Of the incident at that time.
    """

    incident: str
    act: Done
    by: str
    at: str
    note: str = ""
    owner: str = ""
    until: str = ""
    severity: str = ""


State = Literal["open", "acknowledged", "snoozed", "closed"]


@dataclass(frozen=True)
class Incident:
    """Windows of one kind of signal and one direction that belong together.

    Parameters
    ----------
    start, end : str
        First and last window in which it was seen.
    cause : str
        What most likely did it, in a sentence or two.
    columns : tuple of str
        Columns whose drift goes with it, strongest first.
    open : bool
        True: it goes on, or has been quiet for so few windows that it may come back.
    id : str
        The same from report to report, as long as it goes on.
    kind : str
        Of the signals that it joins.
    direction : {"", "up", "down"}
        Of the signals that it joins.
    peak : str
        The window in which it was worst.
    severity : {"alarm", "warning"}
        Of its gravest signal.
    windows : tuple of str
        Those in which it was seen, in order.
    quiet : int
        Judged windows since, without it.
    others : tuple of str
        Kinds of lesser signals that were seen at the same time.
    within : str
        Id of the graver incident that it has become a part of; empty where it is one of its own.
    causes : tuple of Cause
        What is behind it, as far as that can be told.
    state : {"open", "acknowledged", "snoozed", "closed"}
        What people made of it. It is kept apart from the report and filled in when one is made or looked at.
    owner : str
        Who looks after it; empty where nobody said so.
    until : str
        Until when it is snoozed, ISO 8601 with zone.
    acts : tuple of Act
        What people did about it, oldest first.
    """

    start: str
    end: str
    cause: str
    columns: tuple[str, ...] = ()
    open: bool = False
    id: str = ""
    kind: str = ""
    direction: Direction = ""
    peak: str = ""
    severity: Level = "alarm"
    windows: tuple[str, ...] = ()
    quiet: int = 0
    others: tuple[str, ...] = ()
    within: str = ""
    causes: tuple[Cause, ...] = ()
    state: State = "open"
    owner: str = ""
    until: str = ""
    acts: tuple[Act, ...] = ()

    @property
    def span(self) -> str:
        """From when to when, in words."""
        return self.start if self.start == self.end else f"{self.start} to {self.end}"

    @property
    def active(self) -> bool:
        """Whether the newest judged window is part of it."""
        return self.open and not self.quiet

    def headline(self) -> str:
        """What it is, since when, and what became of it, in one line."""
        about = f"{self.kind} {self.direction}".rstrip()
        lasts = "goes on" if self.active else f"quiet for {self.quiet}" if self.open else "over"
        owned = f", {self.owner}" if self.owner else ""
        until = f" until {self.until}" if self.state == "snoozed" else ""
        return f"{self.id}  {self.severity}  {about}  {self.span}  {lasts}  {self.state}{until}{owned}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Incident:
        """Read what ``dataclasses.asdict`` wrote."""
        texts = {name: tuple(content.get(name, ())) for name in ("columns", "windows", "others")}
        causes = tuple(Cause(**one) for one in content.get("causes", ()))
        return cls(**{**content, **texts, "causes": causes, "acts": tuple(Act(**a) for a in content.get("acts", ()))})
