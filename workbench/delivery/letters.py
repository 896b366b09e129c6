"""Messages that wait until everybody has been told: each with its targets in a folder, and a mark in the outbox.

::

    letters/ID/letter.json       the message and whom it is for; written once
    letters/ID/delivered.json    what came of it
    outbox/ID@letter             not everybody has been told yet

The id follows from the message's key, so of one event there is one letter, however often and by whom it is written; it
stays when it has been delivered, so that nobody is told twice.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.saved import check_types
from workbench.delivery.message import Message
from workbench.delivery.outbox import FOLDER as OUTBOX
from workbench.delivery.outbox import Mark
from workbench.delivery.send import deliver, is_due
from workbench.errors import NotFound
from workbench.storage.files import change, read

FOLDER, FILE, STATE = "letters", "letter.json", "letter"

Letter = tuple[Message, tuple[str, ...]]


def id_of(key: str) -> str:
    """The id of the letter that tells of an event."""
    return hashlib.sha256(key.encode("utf-8", "surrogatepass")).hexdigest()[:24]


def written(key: str, home: Path) -> bool:
    """Whether there is a letter of that event, delivered or not."""
    return (home / FOLDER / id_of(key) / FILE).is_file()


def put(message: Message, targets: Iterable[str], home: Path) -> str:
    """Write a letter, if there is none of the same key, and return its id.

    Parameters
    ----------
    message : Message
    targets : iterable of str
        As :func:`~workbench.delivery.targets.target` takes them; no secrets, but references to them.
    home : Path
        Folder of everything that Workbench writes.
    """
    own, whom = id_of(message.key), tuple(targets)
    if not written(message.key, home):
        mark = home / OUTBOX / f"{own}@{STATE}"
        mark.parent.mkdir(parents=True, exist_ok=True)
        mark.touch()  # before the letter: who is killed between leaves a mark of nothing, and no letter without one
        path = home / FOLDER / own / FILE

        def as_written(there: Letter | None) -> Letter:
            return there or (message, whom)

        change(path, as_written, parse=_letter, plain=_plain)
    return own


def tell(home: Path, own: str, *, at_once: bool = False, tries: int = 1) -> list[str]:
    """Tell those who have not been told; a sentence where that has not come to an end.

    Parameters
    ----------
    home : Path
    own : str
        Id of the letter.
    at_once : bool
        Whether to try though its time has not come.
    tries : int
        How often in a row.

    Raises
    ------
    Busy
        If another process is at it.
    """
    folder, mark = home / FOLDER / own, Mark(home / OUTBOX / f"{own}@{STATE}")
    try:
        message, targets = read(folder / FILE, _letter)
    except NotFound:
        _forget(mark)
        return []
    if not at_once and not is_due(folder, datetime.now(UTC)):
        return []
    done = deliver(message, targets, folder, tries=tries)
    mark.drop() if done else None
    return [] if done else [f"{message.subject()}: not everybody could be told yet; see {folder / 'delivered.json'}."]


OLD = 600.0  # seconds after which a mark without a letter is of a process that was killed


def _forget(mark: Mark) -> None:
    """A mark without a letter: of one that is just being written, or of a process that was killed before it was."""
    with suppress(FileNotFoundError):
        if datetime.now(UTC).timestamp() - mark.path.stat().st_mtime > OLD:
            mark.drop()


def _plain(letter: Letter) -> dict[str, Any]:
    message, targets = letter
    return {"noun": "letter", "format_version": 1, "message": asdict(message), "targets": list(targets)}


def _letter(content: Any) -> Letter:
    message = Message(**content["message"])
    check_types(message)
    targets = tuple(content["targets"])
    if not all(isinstance(one, str) for one in targets):
        raise TypeError("targets are texts")
    return message, targets
