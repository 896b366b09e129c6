"""Telling people once: each target of a message has a line in a file beside what it is about.

The line says first that it is being sent and then what came of it. Who finds it begun and not ended (the process was
killed between) sends it once more, with the same key and the word that it may have been delivered before.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.delivery.failure import Undelivered
from workbench.delivery.lines import note
from workbench.delivery.mail import mail
from workbench.delivery.message import Message
from workbench.delivery.mqtt import publish
from workbench.delivery.targets import Mailbox, Target, Topic, Webhook, resolved, target
from workbench.delivery.webhook import post
from workbench.errors import BadParameter
from workbench.storage.files import change, lock, read

RECORD = "delivered.json"
TRIES = 4  # in a row
WAIT = 1.0  # seconds before the second; each further wait is four times as long
MOST_TRIES = 40  # in all; then it is given up
NEWEST = 1


def send(one: Target, message: Message) -> None:
    """Send a message once.

    Raises
    ------
    Undelivered
        Saying why in one sentence, without any secret.
    """
    try:
        place = resolved(one)
        if isinstance(place, Mailbox):
            mail(place, message)
        elif isinstance(place, Webhook):
            post(place, message)
        elif isinstance(place, Topic):
            publish(place, message)
        else:
            note(place, message)
    except BadParameter as error:
        raise Undelivered(str(error), again=True, here=False) from error


def deliver(
    message: Message,
    targets: Iterable[str],
    where: Path,
    *,
    tries: int = TRIES,
    sleep: Callable[[float], object] = time.sleep,
) -> bool:
    """Tell each target once, and write down what came of it; True where nothing is left to be done.

    Parameters
    ----------
    message : Message
        With the same key each time that the same event is told of.
    targets : iterable of str
        As :func:`~workbench.delivery.targets.target` takes them.
    where : Path
        Folder of what the message is about; ``delivered.json`` there holds a line for each.
    tries : int
        How often in a row, with growing waits between.
    sleep : callable
        Waits for so many seconds.

    Raises
    ------
    Busy
        If another process is at it.
    """
    with lock(where / f".{RECORD}.sending", timeout=0.0):
        left = [_delivered(one, message, where, tries, sleep) for one in dict.fromkeys(targets)]
    return all(left)


def _delivered(given: str, message: Message, where: Path, tries: int, sleep: Callable[[float], object]) -> bool:
    line = _line_of(given, message)
    before = lines(where).get(line, {})
    if before.get("state") in ("delivered", "given up"):
        return True
    try:
        one = target(given)
    except BadParameter as error:
        _note(where, line, state="given up", target="(not an address)", error=str(error), at=_now())
        return True
    told = replace(message, repeated=before.get("state") == "sending")
    return _tried(one, told, where, line, int(before.get("tries", 0)), tries, sleep)


def _tried(
    one: Target, message: Message, where: Path, line: str, before: int, tries: int, sleep: Callable[[float], object]
) -> bool:
    wait = WAIT
    for n in range(1, tries + 1):
        _note(where, line, state="sending", target=one.shown(), tries=before + n, at=_now(), repeated=message.repeated)
        try:
            send(one, message)
        except Undelivered as error:
            last = not error.again or before + n >= MOST_TRIES
            _note(where, line, state="given up" if last else "failed", error=str(error), at=_now())
            if last or n == tries or not error.here:
                return last
            sleep(max(wait, error.after))
            wait *= 4
        else:
            _note(where, line, state="delivered", error=None, at=_now())
            return True
    return False


def is_due(where: Path, now: datetime) -> bool:
    """Whether who comes by is to try again: each time that it fails the wait is twice as long, an hour at most."""
    waiting = [line for line in lines(where).values() if line["state"] in ("failed", "sending")]
    return not waiting or any(datetime.fromisoformat(line["at"]) + _pause(line) <= now for line in waiting)


def _pause(line: dict[str, Any]) -> timedelta:
    return timedelta(seconds=min(60.0 * 2.0 ** (int(line["tries"]) // TRIES), 3600.0))


def lines(where: Path) -> dict[str, dict[str, Any]]:
    """What was delivered about the thing of a folder; the newest state of each target.

    Raises
    ------
    Damaged
        If the file can't be read.
    """
    path = where / RECORD
    return read(path, _checked, NEWEST)["lines"] if path.is_file() else {}


def _checked(content: Any) -> dict[str, Any]:
    for line in content["lines"].values():
        datetime.fromisoformat(line["at"]), line["state"] + line["target"]
    return dict(content)


def _note(where: Path, line: str, **news: Any) -> None:
    def noted(before: dict[str, Any] | None) -> dict[str, Any]:
        known = {} if before is None else before["lines"]
        return {"noun": "delivery", "format_version": NEWEST, "lines": {**known, line: {**known.get(line, {}), **news}}}

    change(where / RECORD, noted, parse=_checked, newest=NEWEST)


def _line_of(given: str, message: Message) -> str:
    """A name for one target of one event; what was given is in it by its hash alone."""
    return f"{message.key}@{hashlib.sha256(given.encode('utf-8', 'surrogatepass')).hexdigest()[:12]}"


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")
