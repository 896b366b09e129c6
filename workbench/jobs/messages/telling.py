"""Telling people how a job ended: what failed, where, its last lines; or what came out."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.job import Job, JobState
from workbench.core.secrets import is_reference, references, secret
from workbench.delivery import letters
from workbench.delivery.failure import Undelivered
from workbench.delivery.mail import server
from workbench.delivery.message import Message
from workbench.delivery.send import TRIES, deliver, is_due, send
from workbench.delivery.targets import Mailbox, Target, resolved, target
from workbench.errors import BadParameter, Busy, NotFound, StoreError, WorkbenchError
from workbench.jobs.liveness import host
from workbench.jobs.messages import outbox
from workbench.jobs.notebook.outcome import records
from workbench.jobs.records import load, now
from workbench.jobs.run.masking import Masker, without_colours
from workbench.storage.files import MISREAD, read

SOURCE_LINES, OUTPUT_LINES, LOG_LINES = 15, 20, 10
LOG_BYTES = 8192
RESULTS = 20


def check(notify: Sequence[str], resolve: bool = True) -> None:
    """Refuse what is no target before anything runs.

    Parameters
    ----------
    notify : sequence of str
        As options of a job have them.
    resolve : bool
        Whether the secrets and the server for e-mail have to be there, too: where what tells is a process like this.

    Raises
    ------
    BadParameter
        Saying what is missing.
    """
    for given in notify:
        one = target(given)
        if resolve and isinstance(resolved(one), Mailbox):
            server()


def targets(record: Job) -> tuple[Target, ...]:
    """Whom a job tells, as far as they are targets."""
    found = []
    for given in record.options.notify:
        with suppress(BadParameter):
            found.append(target(given))
    return tuple(found)


def known_secrets(record: Job) -> Iterator[str]:
    """What the references of its targets lead to here, so that it is masked wherever the job shows it."""
    for one in targets(record):
        with suppress(BadParameter):
            if is_reference(one.place):
                yield secret(one.place)
    with suppress(BadParameter):
        yield server().password


def tell_all(home: Path, mine: str | None = None) -> list[str]:
    """Tell whoever is to be told of jobs that have ended; what came of it, a sentence for each that failed.

    Parameters
    ----------
    home : Path
        Folder of everything that Workbench writes.
    mine : str, optional
        Id of a job whose end this process has written: it is told at once and tried several times in a row. Others are
        tried once, when their time has come.
    """
    said: list[str] = []
    for mark in outbox.marks(home):
        with suppress(Busy, OSError):  # another process is at it, or there is no room to note it
            said += _tell(mark, home, mark.id == mine)
    return said


def try_out(given: str) -> str:
    """Send a test message to a target, and return it without what may be a secret.

    Raises
    ------
    BadParameter
        If it is no target, or the message was not delivered; with the reason in one sentence.
    """
    one, moment = target(given), now()
    sent = Message(f"test/{moment}", "A test message of Workbench", {"Sent": moment, "From": host()}, kind="test")
    try:
        send(one, sent)
    except Undelivered as error:
        raise BadParameter(f"The test message was not delivered. {error}") from None
    return one.shown()


def _tell(mark: outbox.Mark, home: Path, at_once: bool) -> list[str]:
    if mark.state == letters.STATE:
        return letters.tell(home, mark.id)
    try:
        record = load(home / "jobs" / mark.id)
    except (NotFound, StoreError):
        _forget(mark, home)
        return []
    if record.state.value != mark.state:
        # Written before the record, or overtaken by what came after it.
        mark.drop() if record.state.final else None
        return []
    if not at_once and not is_due(record.path, datetime.now(UTC)):
        return []
    heard = [t.given for t in targets(record) if t.hears(*_kind(record))]
    done = deliver(message(record), heard, record.path, tries=TRIES if at_once else 1)
    mark.drop() if done else None
    return [] if done else [f"{record.id}: not everybody could be told yet; see {record.path / 'delivered.json'}."]


def _forget(mark: outbox.Mark, home: Path) -> None:
    """Of a job that somebody deleted nobody is told."""
    if not (home / "jobs" / mark.id).exists():
        mark.drop()


def _kind(record: Job) -> tuple[bool, bool]:
    """Whether it failed, and whether it succeeded; one that somebody stopped did neither."""
    return record.state in (JobState.FAILED, JobState.PARKED), record.state is JobState.COMPLETED


def message(record: Job) -> Message:
    """What is told of a job.

    Parameters
    ----------
    record : Job
        With its ``path``.
    """
    masker = Masker([*_secrets(record)])
    about = _About.of(record)
    facts = {name: masker.text(value) for name, value in about.facts().items() if value}
    return Message(
        key=_key(record),
        title=masker.text(_title(record)),
        facts=facts,
        details=masker.text(without_colours(_details(about))),
        kind="job",
        data=masker.plain(about.data()),
    )


def _key(record: Job) -> str:
    """One event: an end comes once, and a job may be parked after each of its tries."""
    tries = f"/{len(record.attempts) + 1}" if record.state is JobState.PARKED else ""
    return f"job/{record.id}/{record.state.value}{tries}"


def _details(about: _About) -> str:
    """An output notebook may be anything; that is no reason to tell nobody."""
    try:
        return about.details()
    except MISREAD:
        return ""


def _secrets(record: Job) -> Iterator[str]:
    """Whatever is known here; what was written is masked already."""
    yield from known_secrets(record)
    yield from Masker.environment(os.environ)
    for reference in references(record.parameters):
        with suppress(BadParameter):
            yield secret(reference)


def _title(record: Job) -> str:
    name = Path(record.notebook).name
    if record.state is JobState.COMPLETED:
        return f"{name} COMPLETED ({record.cells_done} of {record.cells} cells)"
    where = "" if record.failed_cell is None else f" in cell {record.failed_cell + 1}"
    return f"{name} {record.state.value}{where}{f': {record.error}' if record.error else ''}"


@dataclass(frozen=True)
class _About:
    """What is told of a job, gathered from its folder.

    Parameters
    ----------
    record : Job
    cell : dict
        The cell that failed; empty where none did.
    results : list of dict
        What its notebook shows as results.
    """

    record: Job
    cell: dict[str, Any]
    results: list[dict[str, Any]]

    @classmethod
    def of(cls, record: Job) -> _About:
        """Whatever can be read: an output that can't be is no reason to tell nobody."""
        cell: dict[str, Any] = {}
        results: list[dict[str, Any]] = []
        with suppress(WorkbenchError, OSError):
            results = records(record.output)[:RESULTS]
        with suppress(WorkbenchError, OSError):
            if record.failed_cell is not None:
                cell = read(record.output, lambda content: dict(content["cells"][record.failed_cell]))
        return cls(record, cell, results)

    def facts(self) -> dict[str, str]:
        """Short texts by name."""
        record = self.record
        return {
            "Job": record.id,
            "Notebook": record.notebook,
            "Schedule": f"{record.schedule}, meant for {record.nominal}" if record.schedule else "",
            "Started": record.started or "",
            "Ended": record.ended or "",
            "Took": _took(record),
            "Try": f"{len(record.attempts) + 1}" if record.attempts else "",
            "Error": record.error or "",
            "Kept until": (record.due or "") if record.state is JobState.PARKED else "",
            "Notes": " ".join(record.notes),
            "Look at": str(record.output if record.output.is_file() else record.path),
        }

    def details(self) -> str:
        """Of a failure the cell and the last lines; of a success the results."""
        if self.record.state is JobState.COMPLETED:
            return "\n".join(f"{r['noun']}: {r['headline']}" for r in self.results)
        parts = [_titled(f"Cell {(self.record.failed_cell or 0) + 1}:", _text(self.cell.get("source")), SOURCE_LINES)]
        parts.append(_titled("Its last lines:", "\n".join(_shown(self.cell)), -OUTPUT_LINES))
        parts.append(_titled("The log's last lines:", _tail(self.record.path / "log"), -LOG_LINES))
        return "\n\n".join(filter(None, parts))

    def data(self) -> dict[str, Any]:
        """The same for programs."""
        plain = self.record.to_dict()
        told = ("id", "notebook", "state", "cause", "error", "failed_cell", "cells_done", "cells", "started", "ended",
                "schedule", "nominal", "notes")  # fmt: skip
        results = [{"noun": r["noun"], "headline": r["headline"]} for r in self.results]
        return {**{name: plain[name] for name in told}, "output": str(self.record.output), "results": results}


def _took(record: Job) -> str:
    if not (record.started and record.ended):
        return ""
    seconds = (datetime.fromisoformat(record.ended) - datetime.fromisoformat(record.started)).total_seconds()
    return f"{max(seconds, 0):.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min"


def _titled(title: str, text: str, most: int) -> str:
    """The first lines of a text, or with a negative number its last ones, below a title."""
    lines = text.strip("\n").splitlines()
    shown = lines[:most] if most > 0 else lines[most:]
    return "\n".join([title, *shown]) if shown else ""


def _shown(cell: dict[str, Any]) -> Iterator[str]:
    """What a cell printed, and its traceback."""
    for output in cell.get("outputs") or ():
        if output.get("output_type") == "stream":
            yield _text(output.get("text")).rstrip("\n")
        elif output.get("output_type") == "error":
            yield "\n".join(map(str, output.get("traceback") or ()))


def _text(source: Any) -> str:
    return "".join(map(str, source)) if isinstance(source, list) else str(source or "")


def _tail(path: Path) -> str:
    try:
        with path.open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - LOG_BYTES))
            return file.read().decode(errors="replace")
    except OSError:
        return ""
