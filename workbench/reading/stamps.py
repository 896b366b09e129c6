"""What tells that a file is as it was."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple


class Stamp(NamedTuple):
    """Of a file: whoever writes to it, or puts another in its place, changes one of these.

    Parameters
    ----------
    size : int
        Bytes.
    changed : tuple of int
        Nanoseconds, of the last change of its content, and of anything.
    number : int
        In its file system.
    """

    size: int
    changed: tuple[int, int]
    number: int


def stamps(places: Iterable[str]) -> tuple[Stamp | None, ...]:
    """Of each file; None where none is there.

    >>> stamps(["no such file"])
    (None,)
    """
    return tuple(map(_stamp, places))


def _stamp(place: str) -> Stamp | None:
    try:
        now = Path(place).stat()
    except OSError:
        return None
    return Stamp(now.st_size, (now.st_mtime_ns, now.st_ctime_ns), now.st_ino)
