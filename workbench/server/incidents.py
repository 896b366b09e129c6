"""Incidents on the server's event bus, so that JupyterLab tells of one that begins while somebody works."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from workbench.core.incident import Incident
from workbench.errors import BadParameter, StoreError
from workbench.monitoring.incident_book import ACTS, KNOWN, acts, handled, known
from workbench.settings import settings

SCHEMA: dict[str, Any] = {
    "$id": "https://ml-workbench/events/incident",
    "version": "1",
    "title": "An incident of a model",
    "description": "One event where an incident begins or becomes an alarm, and nobody has said that he knows of it.",
    "type": "object",
    "properties": {
        "name": {"type": "string", "description": "Of the bundle."},
        "id": {"type": "string"},
        "severity": {"type": "string"},
        "since": {"type": "string", "description": "Its first window."},
        "cause": {"type": "string"},
    },
    "required": ["name", "id", "severity", "since", "cause"],
}
PAUSE = 2.0  # seconds between two looks

Emit = Callable[[dict[str, Any]], None]
Told = set[tuple[str, str]]  # id and severity


class IncidentWatcher:
    """Looks at what is known of incidents, in a thread of its own; what was known before is not told.

    Parameters
    ----------
    loop : tornado.ioloop.IOLoop
        The server's; when it is closed the watcher ends.
    emit : callable
        Given what is new, as :data:`SCHEMA` has it; called in the loop.
    home : str or Path, optional
        By default as the settings say, each time.
    """

    def __init__(self, loop: Any, emit: Emit, home: str | Path | None = None) -> None:
        self.loop, self.emit, self.home = loop, emit, home
        self._seen: dict[str, tuple[int, ...]] = {}
        self._told: dict[str, Told] = {}
        self._first = True

    def start(self) -> None:
        """Begin."""
        threading.Thread(target=self._watch, name="workbench-incidents", daemon=True).start()

    def _watch(self) -> None:
        while not self.loop.asyncio_loop.is_closed():
            for told in self.look():
                with suppress(RuntimeError):  # closed meanwhile
                    self.loop.add_callback(self.emit, told)
            time.sleep(PAUSE)

    def look(self) -> Iterator[dict[str, Any]]:
        """What is new since the last look."""
        first, self._first = self._first, False
        for folder in self._changed():
            before = self._told.get(folder.name, set())
            found = self._open(folder.name)
            self._told[folder.name] = before | {(one.id, one.severity) for one in found}
            if not first:
                yield from (_event(folder.name, one) for one in found if (one.id, one.severity) not in before)

    def _changed(self) -> list[Path]:
        root = settings(home=self.home).incidents
        folders = sorted(root.iterdir()) if root.is_dir() else []
        marks = {folder: tuple(map(_mark, (folder / KNOWN, folder / ACTS))) for folder in folders}
        changed = [folder for folder in folders if marks[folder] != self._seen.get(folder.name)]
        self._seen = {folder.name: marks[folder] for folder in folders}
        return changed

    def _open(self, name: str) -> list[Incident]:
        """Those that go on and of which nobody has said that he knows; what can't be read is told elsewhere."""
        force = settings(home=self.home)
        with suppress(StoreError, BadParameter, OSError):
            return [one for one in handled(known(name, force), acts(name, force)) if one.open and one.state == "open"]
        return []


def _event(name: str, one: Incident) -> dict[str, Any]:
    return {"name": name, "id": one.id, "severity": one.severity, "since": one.start, "cause": one.cause}


def _mark(path: Path) -> int:
    with suppress(OSError):
        return path.stat().st_mtime_ns
    return 0
