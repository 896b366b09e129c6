"""Pages that were made a moment ago, as long as the files behind them are the same."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterator
from pathlib import Path

from workbench.core.report_file import LATEST, LINES
from workbench.monitoring.incident_book import ACTS
from workbench.monitoring.watch_book import DECISIONS, PLAN
from workbench.settings import Settings

MOST, SECONDS = 64, 60.0  # an incident that is snoozed wakes up without a file that changes


class Kept:
    """The latest pages, by what was asked for and by the state of its files.

    Parameters
    ----------
    clock : callable
        Seconds, as :func:`time.monotonic`.

    Examples
    --------
    >>> kept = Kept()
    >>> kept.page("a", lambda: "made once"), kept.page("a", lambda: "made twice")
    ('made once', 'made once')
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._pages: OrderedDict[Hashable, tuple[float, str]] = OrderedDict()

    def page(self, key: Hashable, make: Callable[[], str]) -> str:
        """The page under a key, made where it is not there or too old."""
        now = self._clock()
        made, text = self._pages.pop(key, (now - SECONDS, ""))
        if now - made >= SECONDS:
            made, text = now, make()
        self._pages[key] = made, text
        while len(self._pages) > MOST:
            self._pages.popitem(last=False)
        return text


def state(name: str, force: Settings) -> tuple[int, ...]:
    """What changes with the files behind the page of one model; of all models where there is no name."""
    files = _files(name, force) if name else _all_files(force)
    return tuple(number for path in files for number in _stamp(path))


def _files(name: str, force: Settings) -> Iterator[Path]:
    reports = force.reports / name
    yield from (reports / LATEST, reports / LINES, force.incidents / name / ACTS, force.bundles / name, force.audit_log)
    yield from (force.home / "watches" / name / file for file in (PLAN, DECISIONS))


def _all_files(force: Settings) -> Iterator[Path]:
    yield from (force.reports, force.bundles, force.audit_log)
    for folder in sorted(force.reports.iterdir()) if force.reports.is_dir() else ():
        yield from (folder / LATEST, force.incidents / folder.name / ACTS)


def _stamp(path: Path) -> tuple[int, int, int]:
    """Of a file; zeros where there is none, or where its name can be none."""
    try:
        told = path.stat()
    except (OSError, ValueError):
        return 0, 0, 0
    return told.st_mtime_ns, told.st_size, told.st_ino
