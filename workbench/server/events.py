"""Progress of jobs on the server's event bus, so that the panel need not ask again and again.

One watcher follows all jobs of the home that have not ended, whoever started them: this server, the command line, the
scheduler, or a server that ran before.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.errors import StoreError
from workbench.jobs.records import EVENTS, RECORD, events, job, load
from workbench.settings import settings

SCHEMA: dict[str, Any] = {
    "$id": "https://ml-workbench/events/job",
    "version": "1",
    "title": "Progress of a job",
    "description": "One event a cell, one where it is queued, parked or tried again, and one at the end.",
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "notebook": {"type": "string"},
        "state": {"type": "string"},
        "cells": {"type": "integer"},
        "cells_done": {"type": "integer"},
        "line": {"type": "string", "description": "First line of the cell at work, or of the one that failed."},
        "failed_cell": {"type": ["integer", "null"], "description": "From 0 over all cells."},
        "error": {"type": ["string", "null"]},
        "place": {"type": ["integer", "null"], "description": "Of a job that waits, from 1."},
        "started": {"type": ["string", "null"]},
        "ended": {"type": ["string", "null"]},
        "due": {"type": ["string", "null"], "description": "Until when a kernel is kept, or it is not tried again."},
        "notes": {"type": "array", "items": {"type": "string"}},
        "reproduces": {"type": "string", "description": "The job that it is to be compared with."},
        "can": {"type": "array", "items": {"type": "string"}, "description": "What can be done with it."},
    },
    "required": ["id", "notebook", "state", "cells", "cells_done"],
}

DELETED = "DELETED"
PAUSE = 0.2  # seconds between two looks while a job is at work
QUIET = 1.0  # and while none is
ANYHOW = 2.0  # a process that is gone writes nothing, and who waits moves up: these are looked at now and then
FRESH = 2 * 10**9  # nanoseconds in which a folder may change again without another time

Emit = Callable[[dict[str, Any]], None]


def progress(record: Job, line: str = "") -> dict[str, Any]:
    """What an event says of a job."""
    return {
        "id": record.id,
        "notebook": record.notebook,
        "state": record.state.value,
        "cells": record.cells,
        "cells_done": record.cells_done,
        "line": line,
        "failed_cell": record.failed_cell,
        "error": record.error,
        "place": record.place,
        "started": record.started,
        "ended": record.ended,
        "due": record.due,
        "notes": list(record.notes),
        "reproduces": record.reproduces,
        "can": acts(record),
    }


def acts(record: Job) -> list[str]:
    """What can be done with a job; the one place that says which buttons it has."""
    whole = record.state is not JobState.DAMAGED
    ran = record.output.is_file()
    can = {
        "stop": not record.state.final,
        "output": whole and ran,
        "log": (record.path / "log").is_file(),
        "again": whole,
        "resume": record.state in (JobState.FAILED, JobState.PARKED) and ran,
        "compare": record.state.final and whole and ran,
        "reproduce": record.state.final and whole and ran,
        "delete": record.state.final,
    }
    return [act for act, possible in can.items() if possible]


def last_line(folder: Path) -> str:
    """First line of the cell that ran last."""
    return _line(events(folder)[0])


def _line(told: list[dict[str, Any]]) -> str:
    return next((str(event["line"]) for event in reversed(told) if "line" in event), "")


@dataclass
class _Followed:
    """A job that has not ended, as it was last seen and told."""

    folder: Path
    seen: tuple[int, ...] = ()
    looked: float = float("-inf")
    position: int = 0
    line: str = ""
    told: dict[str, Any] = field(default_factory=dict)
    ended: bool = False

    def look(self, moment: float) -> dict[str, Any] | None:
        """What is new, if anything is."""
        marks = tuple(map(_mark, (self.folder / EVENTS, self.folder / RECORD)))
        if marks == self.seen and moment - self.looked < ANYHOW:
            return None
        self.seen, self.looked = marks, moment
        new_events, self.position = events(self.folder, self.position)
        try:
            record = job(self.folder.name, self.folder.parent.parent)
        except (StoreError, OSError):  # not written yet, deleted, or damaged: the list says what there is to say
            self.ended = not self.folder.is_dir()
            return None
        self.line = _line(new_events) or self.line
        self.ended = record.state.final
        now = progress(record, self.line)
        if now == self.told:
            return None
        self.told = now
        return now


class Watcher:
    """Follows all jobs of a home that have not ended.

    It looks in a thread of its own, so that a slow disk holds up no answer of the server.

    Parameters
    ----------
    loop : tornado.ioloop.IOLoop
        The server's; when it is closed the watcher ends.
    emit : callable
        Given what is new of a job, as :data:`SCHEMA` has it; called in the loop.
    home : str or Path, optional
        By default as the settings say, each time.
    """

    def __init__(self, loop: Any, emit: Emit, home: str | Path | None = None) -> None:
        self.loop, self.emit, self.home = loop, emit, home
        self.followed: dict[str, _Followed] = {}
        self._known: set[str] | None = None
        self._seen = -1

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._watch, name="workbench-jobs", daemon=True).start()

    def _watch(self) -> None:
        while not self.loop.asyncio_loop.is_closed():
            for told in self.look(time.monotonic()):
                with suppress(RuntimeError):  # closed meanwhile
                    self.loop.add_callback(self.emit, told)
            time.sleep(PAUSE if self.followed else QUIET)

    def look(self, moment: float) -> Iterator[dict[str, Any]]:
        """What is new since the last look.

        Parameters
        ----------
        moment : float
            Seconds of a clock that never goes back.
        """
        self._find()
        for name, followed in list(self.followed.items()):
            told = followed.look(moment)
            if told is not None:
                yield told
            if followed.ended:
                del self.followed[name]

    def _find(self) -> None:
        """Folders that are new: of the first look only what has not ended, later all that came."""
        root = settings(home=self.home).jobs
        changed = _mark(root)
        if changed == self._seen:
            return
        # Two changes may fall into one tick of the file system's clock.
        self._seen = changed if time.time_ns() - changed > FRESH else -1
        names = {folder.name for folder in root.iterdir() if folder.name[0] != "."} if changed else set()
        for name in names - (self._known or set()):
            folder = root / name
            if self._known is not None or not _has_ended(folder):
                self.followed[name] = _Followed(folder)
        self._known = names


def _has_ended(folder: Path) -> bool:
    try:
        return load(folder).state.final
    except (StoreError, OSError):
        return True


def _mark(path: Path) -> int:
    """A number that changes with the file; 0 where there is none."""
    with suppress(OSError):
        seen = path.stat()
        return seen.st_mtime_ns + seen.st_size
    return 0


def gone(id: str) -> dict[str, Any]:  # noqa: A002 - the record's own word
    """What an event says of a job whose record was deleted."""
    return {"id": id, "notebook": "", "state": DELETED, "cells": 0, "cells_done": 0}
