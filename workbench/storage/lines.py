"""Files of lines that are only ever added to, each with its checksum.

A line that was torn by a crash, or changed since, is no line: whoever reads leaves it out, and whoever adds the next
one begins anew behind it.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from zlib import crc32

from workbench.storage.files import sync_folder, write_bytes


def add(path: Path, contents: Iterable[bytes]) -> None:
    """Add lines; they are on the disk when this returns. The caller holds the lock of whoever writes this file.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written; no line of these counts then.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "some.lines"
    >>> add(place, [b"one", b"two"])
    >>> list(lines(place))
    [b'one', b'two']
    """
    written = b"".join(map(_line, contents))
    if not written:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as file:
        before = file.tell()
        try:
            # A line without its end is somebody's who was killed.
            file.write(written if before == 0 or _ends(path) else b"\n" + written)
            file.flush()
            os.fsync(file.fileno())
        except BaseException:
            os.truncate(path, before)
            raise
    if not before:
        sync_folder(path.parent)


def renew(path: Path, contents: Iterable[bytes]) -> None:
    """Write the file anew with these lines alone, in one step."""
    write_bytes(path, b"".join(map(_line, contents)))


def lines(path: Path) -> Iterator[bytes]:
    """The lines that are whole, in order; none where there is no file."""
    try:
        content = path.read_bytes()
    except FileNotFoundError:
        return
    for line in content.split(b"\n"):
        checksum, _, body = line.partition(b" ")
        if checksum == b"%08x" % crc32(body):
            yield body


def _line(content: bytes) -> bytes:
    return b"%08x %b\n" % (crc32(content), content)


def _ends(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b"\n"
