"""Files that are either the old ones or the new ones, never half of both.

A write goes to a temporary name in the same folder, is flushed to the disk, and takes the final name in one step.
Two rules hold everywhere, and a test holds them: what is written again after it was read goes through :func:`change`,
so that two processes take turns; what we wrote is read by :func:`read`, so that whatever is wrong with it is
:class:`~workbench.errors.Damaged`.
"""

from __future__ import annotations

import errno
import glob
import json
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, TypeVar

from workbench.errors import BadParameter, Busy, Damaged, FormatVersion, NotFound, StoreError

T = TypeVar("T")
# What reading raises that meets JSON of another shape than was written. This is the one place that lists them.
MISREAD = (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, RecursionError)
PRIVATE = 0o600
SAFE_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,99}\Z")


def change(
    path: Path,
    function: Callable[[T | None], T],
    *,
    parse: Callable[[Any], T] = lambda content: content,
    plain: Callable[[T], Any] = lambda value: value,
    newest: int = 1,
    mode: int = 0o666,
) -> T:
    """Change a file of ours: lock, read, change, write in one step. Nobody else writes what he has read.

    Parameters
    ----------
    path : Path
        The file; its lock is a file beside it.
    function : callable
        From the value that is there (None: no file yet) to the one to be kept. If it returns the value itself,
        nothing is written; if it raises, nothing is changed.
    parse, plain : callable
        From JSON to the value, and back.
    newest : int
        The newest ``format_version`` that the caller understands.
    mode : int
        Permissions of the new file, less what the process's umask takes away.

    Returns
    -------
    T
        The value that the file holds now.

    Raises
    ------
    Damaged, FormatVersion
        As :func:`read`; the file stays as it is.
    Busy
        If another process holds the file for too long.
    OSError
        If the disk is full or the folder can't be written; the old file stays.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "count.json"
    >>> change(place, lambda count: (count or 0) + 1), change(place, lambda count: (count or 0) + 1)
    (1, 2)
    """
    with lock(path.with_name(f".{path.name}.lock")):
        _sweep(path)
        before = read(path, parse, newest) if os.path.lexists(path) else None
        after = function(before)
        if after is not before:
            write_bytes(path, _json(plain(after)), mode)
    return after


def read(path: Path, parse: Callable[[Any], T] = lambda content: content, newest: int = 1) -> T:
    """Read a file of ours: the one door, where whatever is wrong with the file is an error of the store.

    Parameters
    ----------
    path : Path
        The file, as :func:`write_json` or :func:`change` wrote it.
    parse : callable
        From JSON to the value. It may take the content to be what was written: what it raises when that is not so
        becomes ``Damaged``.
    newest : int
        The newest ``format_version`` that the caller understands.

    Raises
    ------
    NotFound
        If there is no such file.
    Damaged
        If it can't be read, is not JSON, or not of the shape that was written; the message names the path.
    FormatVersion
        If the file was written by a newer Workbench.

    Examples
    --------
    >>> import tempfile
    >>> place = Path(tempfile.mkdtemp()) / "ages.json"
    >>> write_json(place, {"Anna": 36})
    >>> read(place, lambda ages: ages["Anna"])
    36
    >>> read(place, lambda ages: ages["Bert"])
    Traceback (most recent call last):
    ...
    workbench.errors.Damaged: ...ages.json is not what was written (KeyError: 'Bert'). Restore it, or make it again.
    """
    content = read_json(path, newest)
    try:
        return parse(content)
    except StoreError:
        raise
    except MISREAD as error:
        raise _damaged(path, f"{type(error).__name__}: {error}") from error


def write_bytes(path: Path, content: bytes, mode: int = 0o666) -> None:
    """Write ``content`` to ``path`` in one step; on a failure the old file stays.

    Raises
    ------
    OSError
        If the disk is full or the folder can't be written; nothing is changed then.
    """
    with in_one_step(path, mode) as file:
        file.write(content)


@contextmanager
def in_one_step(path: Path, mode: int = 0o666) -> Iterator[BinaryIO]:
    """A file to write to that takes its name when the block ends well; otherwise the old file stays.

    It has its ``mode`` (less the umask) from its first byte on: what is closed to others was never open to them.

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
    >>> place.read_text("utf-8")
    '1 2 3'
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}.tmp")
    try:
        with open(temporary, "xb", opener=lambda name, flags: os.open(name, flags, mode)) as file:
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
    write_bytes(path, _json(content))


def read_json(path: Path, newest: int = 1) -> Any:
    """Read JSON that :func:`write_json` wrote; :func:`read` checks its shape too.

    Parameters
    ----------
    path : Path
        The file.
    newest : int
        The newest ``format_version`` that the caller understands.

    Raises
    ------
    NotFound
        If there is no such file.
    Damaged
        If the file can't be read, or is not JSON.
    FormatVersion
        If the file was written by a newer Workbench.
    """
    try:
        content = json.loads(path.read_bytes().decode())
    except FileNotFoundError as error:
        raise NotFound(f"There is no file {path}. Look where it was saved, or make it again.") from error
    except (OSError, ValueError, RecursionError) as error:
        raise _damaged(path, f"{type(error).__name__}: {error}", "the JSON that") from error
    check_format(content, newest, path.name)
    return content


def check_format(content: Any, newest: int, what: str) -> None:
    """Refuse what a newer Workbench wrote."""
    version = content.get("format_version", 1) if isinstance(content, dict) else 1
    if type(version) is not int or version > newest:
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
        Seconds to wait for the other process.

    Raises
    ------
    Busy
        If the other process still holds it then. A process that ends, even by force, lets go; a file that was left
        behind locks nothing.
    """
    from filelock import FileLock, Timeout

    path.parent.mkdir(parents=True, exist_ok=True)
    try:
        # Not by `with`: a timeout that is raised inside the block is not this one.
        held = FileLock(path, timeout=timeout).acquire()
    except Timeout as error:
        raise Busy(
            f"Another process has held {path} for {timeout:g} seconds. Wait for it, or end it, and try again."
        ) from error
    with held:
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


def _json(content: Any) -> bytes:
    return (json.dumps(content, indent=1, ensure_ascii=False, allow_nan=False) + "\n").encode()


def _damaged(path: Path, why: str, expected: str = "what") -> Damaged:
    return Damaged(f"{path} is not {expected} was written ({why[:200]}). Restore it, or make it again.")


def _sweep(path: Path) -> None:
    """Remove what a writer left that was killed; only who holds the lock may, for any other writer is dead then."""
    for left in path.parent.glob(f".{glob.escape(path.name)}.*.tmp"):
        left.unlink(missing_ok=True)
