"""Files that are either the old ones or the new ones, never half of both.

A write goes to a temporary name in the same folder, is flushed to the disk, and takes the final name in one step.
Two processes that change the same thing take turns by :func:`lock`.
"""

from __future__ import annotations

import errno
import json
import os
import re
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import BadParameter, Damaged, FormatVersion

SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


def write_bytes(path: Path, content: bytes) -> None:
    """Write ``content`` to ``path`` in one step; on a failure the old file stays.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written; nothing is changed then.
    """
    with in_one_step(path) as file:
        file.write(content)


@contextmanager
def in_one_step(path: Path) -> Iterator[BinaryIO]:
    """A file to write to that takes its name when the block ends well; otherwise the old file stays.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written; nothing is changed then.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "numbers.txt"
    >>> with in_one_step(place) as file:
    ...     _ = file.write(b"1 2 3")
    ...     place.exists()
    False
    >>> place.read_text()
    '1 2 3'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_text(path: Path, content: str) -> None:
    """Write text in UTF-8, in one step."""
    write_bytes(path, content.encode())


def write_json(path: Path, content: Any) -> None:
    """Write JSON in one step. NaN and infinities are refused: they are not JSON."""
    write_text(path, json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n")


def read_json(path: Path, newest: int = 1) -> Any:
    """Read JSON that :func:`write_json` wrote.

    Parameters
    ----------
    path : Path
        The file.
    newest : int
        The newest ``format_version`` that the caller understands.

    Raises
    ------
    Damaged
        If the file is not JSON.
    FormatVersion
        If the file was written by a newer Workbench.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, ValueError, RecursionError) as error:
        raise Damaged(
            f"{path.name} is not the JSON that was written ({error}). Restore it, or make it again."
        ) from error
    check_format(content, newest, path.name)
    return content


def check_format(content: Any, newest: int, what: str) -> None:
    """Refuse what a newer Workbench wrote."""
    version = content.get("format_version", 1) if isinstance(content, dict) else 1
    if not isinstance(version, int) or version > newest:
        raise FormatVersion(
            f"{what} has format {version!r}, this Workbench reads up to {newest}. Upgrade ml-workbench."
        )


def safe_name(name: str, what: str) -> str:
    """Return ``name`` if it can be a folder's name and cannot leave its root.

    >>> safe_name("flights", "bundle")
    'flights'
    """
    if not SAFE_NAME.match(name):
        raise BadParameter(
            f"A {what} name has letters, digits, '.', '_' and '-' and starts with a letter or digit, got {name!r}. "
            "Rename it."
        )
    return name


def inside(root: Path, *parts: str) -> Path:
    """Join ``parts`` to ``root`` and refuse what leaves it, links included.

    Raises
    ------
    BadParameter
        If the path would lie outside ``root``, or is a link that leads to itself.
    """
    name = "/".join(parts)
    try:
        path = resolved(root.joinpath(*parts))
    except OSError as error:
        raise BadParameter(f"{name!r} can't be followed ({error.strerror}). Give a path without such links.") from error
    if not path.is_relative_to(root.resolve()):
        raise BadParameter(f"{name!r} leaves the folder it belongs to. Give a path inside {root.name}/.")
    return path


def resolved(path: Path) -> Path:
    """Where a path leads, links followed; what is not there yet is taken as it stands.

    Raises
    ------
    OSError
        If a link leads to itself: ``Path.resolve`` says so up to Python 3.12 alone, and with another error.

    Examples
    --------
    >>> resolved(Path("/no/such/../file")).as_posix()
    '/no/file'
    """
    try:
        return Path(os.path.realpath(path, strict=True))
    except OSError as error:
        if error.errno == errno.ELOOP:
            raise
        return path.resolve()


@contextmanager
def lock(path: Path, timeout: float = 120.0) -> Iterator[None]:
    """Hold ``path`` as a lock file between processes.

    Parameters
    ----------
    path : Path
        The lock file; it stays on disk and is empty.
    timeout : float
        Seconds to wait for the other process before ``TimeoutError``.
    """
    from filelock import FileLock

    path.parent.mkdir(parents=True, exist_ok=True)
    with FileLock(path, timeout=timeout):
        yield


def sync_folder(folder: Path) -> None:
    """Make a rename in ``folder`` survive a power cut, where the system allows it."""
    if os.name == "nt":
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
