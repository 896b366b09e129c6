"""A message into a file: one line of JSON, added whole; a line that a killed process left half is ended first."""

from __future__ import annotations

import json
import os
from typing import BinaryIO

from workbench.delivery.failure import Undelivered
from workbench.delivery.message import Message
from workbench.delivery.targets import Lines
from workbench.errors import Busy
from workbench.storage.files import lock


def note(place: Lines, message: Message) -> None:
    """Add it once.

    Raises
    ------
    Undelivered
        If the file can't be written, or another process holds it.
    """
    line = json.dumps(message.json(), ensure_ascii=False, allow_nan=False).encode("utf-8", "replace") + b"\n"
    try:
        with lock(place.path.with_name(f".{place.path.name}.lock"), timeout=10.0), place.path.open("ab+") as file:
            file.write(line if _is_whole(file) else b"\n" + line)
            file.flush()
            os.fsync(file.fileno())
    except OSError as error:
        raise Undelivered(f"{place.path} can't be written ({error.strerror or 'busy'}).", again=True) from error
    except Busy as error:
        raise Undelivered(f"{place.path} is held by another process.", again=True) from error


def _is_whole(file: BinaryIO) -> bool:
    """Whether its last line has an end."""
    if not file.seek(0, os.SEEK_END):
        return True
    file.seek(-1, os.SEEK_END)
    return file.read(1) == b"\n"
