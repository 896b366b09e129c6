"""Monitoring reports on disk: one line a window, and a short head that says which lines it is of.

::

    reports/NAME/windows.lines    each judgement of a window, under a key of all that it depends on
    reports/NAME/latest.json      the report; in place of its windows their keys
    reports/NAME/summary.json     what the page of all models shows of it: a cache

A report that stands in one file whole, as :meth:`MonitorReport.save` writes it and older versions did, is read too.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from workbench.core import report_lines
from workbench.core.report import MonitorReport, Window
from workbench.core.report_summary import Summary
from workbench.errors import StoreError
from workbench.storage import lines
from workbench.storage.files import lock, write_json

LATEST, LINES, SUMMARY = "latest.json", report_lines.FILE, "summary.json"
# Of summaries: one that says less is made anew. Raise it with every field of theirs.
SAYS = 2
# So many lines that no report needs any more are left lying.
SPARE = 64


@dataclass(frozen=True)
class Judged:
    """A judgement that is kept.

    Parameters
    ----------
    key : str
        Of all that it depends on: what has another key is judged anew.
    window : Window
    unfollowed : str
        Why the reasons of the window are not followed; empty where they are.
    """

    key: str
    window: Window
    unfollowed: str = ""


def judged(folder: Path) -> dict[str, Judged]:
    """The judgements of a name's folder by their keys; what is damaged is left out, and judged anew."""
    return {key: Judged(key, window, why) for key, window, why in report_lines.read(folder, Window)}


def keep(report: MonitorReport, windows: Iterable[Judged], folder: Path) -> Path:
    """Keep a report: the lines of windows that are not there yet, then its head, in one step.

    Parameters
    ----------
    report : MonitorReport
    windows : iterable of Judged
        Its windows, in order.
    folder : Path
        Of the name.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written; the report before it stays.
    """
    needed = {one.key: one for one in windows}
    with lock(folder / ".report.lock"):
        there = judged(folder)
        new = [one for key, one in needed.items() if key not in there]
        if len(there) > len(needed) + max(len(needed), SPARE):
            lines.renew(folder / LINES, map(_written, needed.values()))
        else:
            lines.add(folder / LINES, map(_written, new))
        head = {**replace(report, windows=()).document(), "windows": list(needed)}
        write_json(folder / LATEST, head)
        summarise(report, folder)
    return folder / LATEST


def summary(folder: Path) -> Summary:
    """What the page of all models shows of a name's report; made anew where it is missing, damaged or out of date.

    Raises
    ------
    NotFound, Damaged, FormatVersion
        As :meth:`MonitorReport.load`.
    """
    with suppress(StoreError):
        kept = Summary.load(folder / SUMMARY)
        if kept.stamp == _stamp(folder / LATEST):
            return kept
    return summarise(MonitorReport.load(folder / LATEST), folder)


def summarise(report: MonitorReport, folder: Path) -> Summary:
    """Keep what the page of all models shows of a report, where the folder can be written."""
    made = replace(Summary.of(report), stamp=_stamp(folder / LATEST))
    with suppress(OSError):  # it is a cache: whoever asks for it has it
        made.save(folder / SUMMARY)
    return made


def _written(one: Judged) -> bytes:
    return json.dumps(asdict(one), ensure_ascii=False, allow_nan=False).encode()


def _stamp(path: Path) -> str:
    """What changes with a file, and with what a summary says; nothing where there is none."""
    try:
        told = path.stat()
    except OSError:
        return ""
    return f"{SAYS} {told.st_mtime_ns} {told.st_size}"
