"""What watches lie in: the plan of each, what it has read, and every decision, which is only ever added to.

::

    watches/NAME/plan.json         what it is to do
    watches/NAME/decisions.lines   what it decided and why, one a line, each with its checksum; never twice of a key
    watches/NAME/read.json         stamps of the files that have been read, so that none is read again

A decision is written before it takes effect. Who is killed in between leaves one that has not: whoever runs the watch
next looks at what really is, and does what is lacking.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.core.json_values import json_value
from workbench.core.watch import Decision, Plan
from workbench.errors import Busy, NotFound
from workbench.jobs.processes import JOB
from workbench.settings import Settings
from workbench.storage import lines
from workbench.storage.files import MISREAD, change, inside, lock, read, safe_name

PLAN, DECISIONS, READ = "plan.json", "decisions.lines", "read.json"

Stamps = dict[str, list[Any]]


def folder_of(name: str, force: Settings) -> Path:
    """Folder of the watch of a bundle name.

    Raises
    ------
    BadParameter
        If it can't be a bundle's name.
    """
    return inside(force.home / "watches", safe_name(name, "bundle"))


def names(force: Settings) -> list[str]:
    """Of all watches, sorted."""
    return sorted(path.parent.name for path in (force.home / "watches").glob(f"*/{PLAN}"))


def plan(name: str, force: Settings) -> Plan:
    """What the watch of a name is to do.

    Raises
    ------
    NotFound
        If there is no watch of that name.
    Damaged
        If its file is not what was written.
    """
    path = folder_of(name, force) / PLAN
    if not path.exists():
        raise NotFound.named("watch", name, names(force), "Make one with: workbench watch add")
    return Plan.load(path)


def keep_plan(made: Plan, force: Settings) -> Plan:
    """Write a plan, in one step."""
    path = folder_of(made.name, force) / PLAN
    return change(path, lambda _: made, parse=Plan.parse, plain=Plan.document, newest=Plan.format_version)


def forget_plan(name: str, force: Settings) -> None:
    """Remove a plan; what was decided stays."""
    path = folder_of(name, force) / PLAN
    with lock(path.with_name(f".{PLAN}.lock")):
        path.unlink(missing_ok=True)


@contextmanager
def alone(name: str, force: Settings, patience: float = 0.0) -> Iterator[None]:
    """Be the one that runs the watch of a name; the system lets go of it with the process, however that ends.

    Raises
    ------
    Busy
        If another process is at it.
    """
    try:
        with lock(folder_of(name, force) / ".run.lock", timeout=patience):
            yield
    except Busy as error:
        raise Busy(f"The watch of {name} is being run by another process. Wait for it; nothing is lost.") from error


def decisions(name: str, force: Settings) -> tuple[Decision, ...]:
    """All of a watch's decisions, oldest first; a line that is none of ours is left out."""
    found = (_decision(line) for line in lines.lines(folder_of(name, force) / DECISIONS))
    return tuple(one for one in found if one is not None)


def _decision(line: bytes) -> Decision | None:
    try:
        return Decision.from_dict(json.loads(line))
    except MISREAD:
        return None


@dataclass
class Book:
    """The decisions of one watch, while it runs.

    Parameters
    ----------
    name : str
        Of the bundle.
    force : Settings
    now : datetime
        With zone: the moment of what is decided.
    """

    name: str
    force: Settings
    now: datetime
    told: list[Decision] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.told = list(decisions(self.name, self.force))

    def has(self, key: str) -> bool:
        """Whether that has been decided."""
        return any(one.key == key for one in self.told)

    def write(self, key: str, what: str, why: str, **more: Any) -> Decision | None:
        """Write a decision, unless there is one of the same key; None then."""
        made = Decision(
            key, self.now.isoformat(timespec="milliseconds"), what, why, job=os.environ.get(JOB, ""), **more
        )
        path = folder_of(self.name, self.force) / DECISIONS
        with lock(path.with_name(f".{DECISIONS}.lock")):
            self.told = list(decisions(self.name, self.force))
            if self.has(key):
                return None
            lines.add(path, [json.dumps(json_value(asdict(made)), ensure_ascii=False).encode()])
        self.told.append(made)
        return made


def stamps(name: str, force: Settings) -> Stamps:
    """What the files that have been read were known by then."""
    path = folder_of(name, force) / READ
    return read(path, _stamps) if path.exists() else {}


def keep_stamp(name: str, place: str, stamp: list[Any], force: Settings) -> None:
    """Write down that a file has been read as it is."""

    def with_stamp(before: Stamps | None) -> Stamps:
        return {**(before or {}), place: stamp}

    path = folder_of(name, force) / READ
    change(path, with_stamp, parse=_stamps, plain=lambda there: {"noun": "stamps", "format_version": 1, "read": there})


def _stamps(content: Any) -> Stamps:
    found = dict(content["read"])
    if not all(isinstance(one, list) for one in found.values()):
        raise TypeError("a stamp is a list")
    return found
