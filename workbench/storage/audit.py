"""The audit log: one JSON line an act, each line carrying the hash of the one before it.

What has more than one step is three acts: :func:`intend` before the first step, and :func:`done` or :func:`undone`
after the last. The line of :func:`done` is that of a plain :func:`record`, so who reads the log for what took effect
reads old and new logs alike.
"""

from __future__ import annotations

import getpass
import hashlib
import json
import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.errors import Damaged
from workbench.storage.files import MISREAD, lock

FIRST = "0" * 64
INTENT = "intent"
UNDONE = "undone"
_OWN = ("number", "at", "by", "act", "intends", "before", "hash")


def record(path: Path, act: str, at: datetime | None = None, **details: Any) -> dict[str, Any]:
    """Append one act to the log and return its entry.

    Parameters
    ----------
    path : Path
        The log; made if it does not exist.
    act : str
        What was done: ``package``, ``promote``, ``rollback``.
    at : datetime, optional
        When; now by default.
    **details
        What it was done to. Plain JSON values, no secrets.

    Raises
    ------
    Damaged
        If an earlier line was changed, removed or reordered.
    """
    with lock(path.with_suffix(".lock")):
        chain = entries(path)
        _drop_torn_line(path)
        entry = {
            "number": len(chain) + 1,
            "at": (at or datetime.now(UTC)).isoformat(),
            "by": user(),
            "act": act,
            **details,
            "before": chain[-1]["hash"] if chain else FIRST,
        }
        entry["hash"] = _hash(entry)
        with path.open("ab") as file:
            file.write(json.dumps(entry, ensure_ascii=False).encode() + b"\n")
            file.flush()
            os.fsync(file.fileno())
    return entry


def intend(path: Path, act: str, **details: Any) -> dict[str, Any]:
    """Write down what is about to be done, before anything takes effect, and return the entry.

    Raises
    ------
    Damaged
        If the log is not what was written; then nothing may be done.

    Examples
    --------
    >>> import tempfile
    >>> log = Path(tempfile.mkdtemp()) / "audit.jsonl"
    >>> intent = intend(log, "promote", name="flights", version=2)
    >>> len(open_intents(log)), done(log, intent)["act"], len(open_intents(log))
    (1, 'promote', 0)
    """
    return record(path, INTENT, intends=act, **details)


def done(path: Path, intent: dict[str, Any], **details: Any) -> dict[str, Any]:
    """Write down that an intent took effect; ``details`` are what was known only after the act."""
    return record(path, intent["intends"], intent=intent["number"], **_details(intent), **details)


def undone(path: Path, intent: dict[str, Any]) -> dict[str, Any]:
    """Write down that nothing of an intent took effect, or that it was taken back."""
    return record(path, UNDONE, undoes=intent["intends"], intent=intent["number"], **_details(intent))


def open_intents(path: Path) -> list[dict[str, Any]]:
    """Intents of which it is not written down how they ended, oldest first.

    Raises
    ------
    Damaged
        If the log is not what was written.
    """
    chain = entries(path)
    ended = {entry["intent"] for entry in chain if "intent" in entry}
    return [entry for entry in chain if entry["act"] == INTENT and entry["number"] not in ended]


def acts(path: Path) -> list[dict[str, Any]]:
    """What took effect, oldest first: the log without intents and what was undone.

    Raises
    ------
    Damaged
        If the log is not what was written.
    """
    return [entry for entry in entries(path) if entry["act"] not in (INTENT, UNDONE)]


def _details(intent: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in intent.items() if key not in _OWN}


def entries(path: Path) -> list[dict[str, Any]]:
    """Read the log and check its chain; a last line without its end is left out: torn by a crash, or being written.

    Raises
    ------
    Damaged
        Naming the first line that does not fit.
    """
    if not path.exists():
        return []
    try:
        whole = _whole_lines(path.read_bytes())
    except OSError as error:
        raise Damaged(f"The audit log {path} can't be read ({error}). Restore the log from a copy.") from error
    chain: list[dict[str, Any]] = []
    for number, line in enumerate(whole.splitlines(), 1):
        before = chain[-1]["hash"] if chain else FIRST
        chain.append(_checked(line, number, before))
    return chain


def _whole_lines(content: bytes) -> bytes:
    return content[: content.rfind(b"\n") + 1]


def _drop_torn_line(path: Path) -> None:
    """Only who holds the lock may do it: to a reader, a line that another process is writing looks torn too."""
    content = path.read_bytes() if path.exists() else b""
    whole = _whole_lines(content)
    if len(whole) < len(content):
        with path.open("r+b") as file:
            file.truncate(len(whole))


def _checked(line: bytes, number: int, before: str) -> dict[str, Any]:
    try:
        entry = json.loads(line)
        fits = (
            isinstance(entry["act"], str)
            and entry["number"] == number
            and entry["before"] == before
            and entry["hash"] == _hash(entry)
        )
    except MISREAD:
        fits = False
    if not fits:
        raise Damaged(f"Line {number} of the audit log is not what was written. Restore the log from a copy.")
    return entry


def _hash(entry: dict[str, Any]) -> str:
    content = {key: value for key, value in entry.items() if key != "hash"}
    return hashlib.sha256(json.dumps(content, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def user() -> str:
    """Who is at work, by the system's word."""
    try:
        return getpass.getuser()
    except (OSError, KeyError):
        return "unknown"
