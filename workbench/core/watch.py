"""A watch: what looks after a model by itself, and every decision that it has made."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.cron import explained
from workbench.core.parameters import take
from workbench.core.policy import Policy
from workbench.core.result import Result
from workbench.core.saved import Saved, check_types

if TYPE_CHECKING:
    import pandas as pd

WINDOWS = ("auto", "day", "week", "month", "file")
SHOWN = 5  # decisions in the text
# What a decision may be, and what it says of the way of a new version.
KINDS = {
    "scored": "rows were scored",
    "labels": "labels were taken in",
    "unread": "a source could not be read",
    "waits": "nothing is done yet",
    "retrain": "a new version is trained",
    "trained": "a new version is there",
    "failed": "the training failed",
    "better": "the new version is better",
    "rejected": "the new version is not better",
    "stage": "the new version is tried",
    "passed": "the trial went well",
    "asks": "somebody is asked",
    "approved": "somebody approved",
    "refused": "somebody refused",
    "promote": "the new version becomes champion",
    "kept": "the new champion did well",
    "rollback": "the champion before answers again",
    "given up": "the new version is given up",
}
ENDS = ("failed", "rejected", "refused", "kept", "rollback", "given up")


@dataclass(frozen=True)
class Decision:
    """What a watch saw, what it decided, and why. Written before anything takes effect, once.

    Parameters
    ----------
    key : str
        The same for the same decision, and for no other: nothing is decided twice.
    at : str
        When, ISO 8601 with zone.
    what : str
        One of :data:`KINDS`.
    why : str
        A sentence.
    saw : dict
        What it was decided upon: plain JSON.
    case : str
        Of a new version and all that becomes of it; it begins with the id of the incident that it is about.
    incident : str
        Id of the incident.
    version : int, optional
        That it is about.
    job : str
        Id of the job in which it was decided; empty where nobody ran one.
    by : str
        Who, where it was a person.
    note : str
        What they said.
    """

    key: str
    at: str
    what: str
    why: str
    saw: dict[str, Any] = field(default_factory=dict)
    case: str = ""
    incident: str = ""
    version: int | None = None
    job: str = ""
    by: str = ""
    note: str = ""

    @property
    def moment(self) -> datetime:
        """When, with a zone."""
        return datetime.fromisoformat(self.at)

    def headline(self) -> str:
        """When, what and why, in one line."""
        who = f" ({self.by}{f': {self.note}' if self.note else ''})" if self.by else ""
        return f"{self.at[:16].replace('T', ' ')}  {self.what}  {self.why}{who}"

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Decision:
        """Read what ``dataclasses.asdict`` wrote; what is not of its types raises."""
        read = cls(**content)
        check_types(read)
        if read.moment.tzinfo is None:
            raise ValueError(f"a time has a zone, got {read.at}")
        return read


@dataclass(frozen=True)
class Plan(Saved):
    """What a watch is to do; lies in ``watches/NAME/plan.json``.

    Parameters
    ----------
    name : str
        Of the bundle.
    every : str
        A cron expression; empty: only when somebody runs it.
    zone : str
        IANA name of the time zone that it is meant in, and by which rows are cut into days.
    source : str or dict, optional
        Rows to score: a path, folder, glob or URL, or ``sql``, ``url`` and ``parameters`` of a query. Nothing: the
        log of the service is cut into windows.
    labels : str or dict, optional
        Where labels come from.
    id : tuple of str
        Columns that identify a row, where the contract has none.
    window : {"auto", "day", "week", "month", "file"}
        How rows are cut into windows.
    false_alarm_rate : float
        Share of windows without any drift that may still warn.
    retrain : dict
        What else the notebook that retrains is given.
    policy : Policy
    since : str
        When it was made, ISO 8601 with zone.
    paused : bool
        Whether nothing is done.
    """

    name: str
    every: str = ""
    zone: str = "UTC"
    source: str | dict[str, Any] | None = None
    labels: str | dict[str, Any] | None = None
    id: tuple[str, ...] = ()
    window: str = "auto"
    false_alarm_rate: float = 0.05
    retrain: dict[str, Any] = field(default_factory=dict)
    policy: Policy = field(default_factory=Policy)
    since: str = ""
    paused: bool = False

    noun: ClassVar[str] = "plan"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as in its file."""
        return {**asdict(self), "id": list(self.id), "policy": self.policy.asked()}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Plan:
        """Read what :meth:`to_dict` wrote."""
        if content.get("window", "auto") not in WINDOWS:
            raise ValueError(f"a window is one of {WINDOWS}, got {content['window']!r}")
        read = {"policy": take(Policy, content.get("policy", {})), "id": tuple(content.get("id", ()))}
        return cls(**{**content, **read})


@dataclass(frozen=True)
class Watch(Result):
    """What looks after a model by itself, and every decision that it has made. Made by :func:`workbench.watch`.

    Parameters
    ----------
    plan : Plan
        What it is to do.
    decisions : tuple of Decision
        Oldest first.
    coming : tuple of str
        Its next moments, ISO 8601 with zone; none where it is paused or has no schedule.
    """

    plan: Plan
    decisions: tuple[Decision, ...] = ()
    coming: tuple[str, ...] = ()

    noun: ClassVar[str] = "watch"

    @property
    def name(self) -> str:
        """Of the bundle."""
        return self.plan.name

    @property
    def case(self) -> tuple[Decision, ...]:
        """Decisions on the new version that is not decided on yet, oldest first; none where there is no such one."""
        open_case = next((d.case for d in reversed(self.decisions) if d.case and d.what != "waits"), "")
        found = tuple(d for d in self.decisions if d.case and d.case == open_case)
        return () if any(d.what in ENDS for d in found) else found

    @property
    def asks(self) -> Decision | None:
        """What somebody is asked: to approve a version, or to refuse it."""
        last = next((d for d in reversed(self.case) if d.what != "waits"), None)
        return last if last is not None and last.what == "asks" else None

    def when(self) -> str:
        """When it runs, in words."""
        if self.plan.paused:
            return "paused"
        if not self.plan.every:
            return "when somebody runs it"
        coming = f", next {self.coming[0][:16].replace('T', ' ')}" if self.coming else ""
        return f"{explained(self.plan.every)} ({self.plan.zone}){coming}"

    def state(self) -> str:
        """Where it stands, in a sentence."""
        if (asked := self.asks) is not None:
            return f"Asks: {asked.why}"
        told = [d for d in self.decisions if d.what not in ("scored", "labels")]
        return told[-1].why if told else "Nothing has been decided yet."

    def headline(self) -> str:
        """Name, moments and where it stands, in one line."""
        return f"{self.name}: {self.when()}. {self.state()}"

    def frame(self) -> pd.DataFrame:
        """One row a decision: at, what, why, version, incident, job, by, note."""
        names = ("at", "what", "why", "version", "incident", "job", "by", "note")
        return self._frame([{name: getattr(d, name) for name in names} for d in self.decisions], columns=names)

    def results(self) -> dict[str, Any]:
        """How often it has decided what."""
        kinds = [d.what for d in self.decisions]
        return {"decisions": {what: kinds.count(what) for what in KINDS if what in kinds}}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        told = [asdict(d) for d in self.decisions]
        return {"plan": self.plan.to_dict(), "decisions": told, "coming": list(self.coming)}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Watch:
        """Read what :meth:`to_dict` wrote."""
        told = tuple(map(Decision.from_dict, content["decisions"]))
        return cls(Plan.from_dict(content["plan"]), told, tuple(content["coming"]))
