"""The file of the prediction log: connections, transactions, and what can go wrong with it said in a sentence.

This is the one place where SQLite is called for the log. Whatever it raises, and whatever the system raises of the
folder, becomes a :class:`~workbench.errors.StoreError` with what to do; where it may pass by itself, it says when to
try again (``retry_after``).

The format's change procedure: ``PRAGMA user_version`` is the format. Opening an older file adds what it lacks, a newer
one is refused, and tables and columns are only ever added. Format 2 brought arms and sealed hours, format 3 batches,
format 4 what became of labels: each that came otherwise than the one before, or was withdrawn, with its moment. Format
5 tells what the service bore, hour by hour. Format 6 keeps what came together as one line (``fresh``), folds thousands
of records to a block (``blocks``, ``contents``), and has one index of ids (``ids``); what older formats kept in
``records`` and ``batches`` is folded on the way, and read until then.
"""

from __future__ import annotations

import errno
import os
import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from pathlib import Path
from typing import Any
from uuid import uuid4

from workbench.errors import Busy, Damaged, FormatVersion, StoreError

FORMAT = 6
PATIENCE = 5.0  # seconds that a caller waits for whoever else writes
SOON, LATER = 1, 30  # seconds after which to try again: where somebody writes, and where the disk is full
MOST_JOURNAL = 16_000_000  # bytes that SQLite's journal keeps on disk; it takes 4 MB when nobody reads for long
_AT_ONCE = 500  # as many values as SQLite takes at once
_PAGES = 500  # that are given back to the disk in one transaction

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, version INTEGER, row TEXT NOT NULL,
    prediction TEXT NOT NULL, answer TEXT NOT NULL, flags TEXT NOT NULL, latency_ms REAL, arm TEXT);
CREATE INDEX IF NOT EXISTS records_at ON records (at);
CREATE INDEX IF NOT EXISTS records_id ON records (id);
CREATE TABLE IF NOT EXISTS labels (id TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS label_events (number INTEGER PRIMARY KEY, id TEXT NOT NULL, label TEXT, at TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS label_events_id ON label_events (id);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sealed (
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
    number INTEGER, counts TEXT);
CREATE TABLE IF NOT EXISTS sealed_ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, rows INTEGER NOT NULL, records TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS batches_at ON batches (at);
CREATE TABLE IF NOT EXISTS loads (
    hour TEXT NOT NULL, version INTEGER NOT NULL, process TEXT NOT NULL, load TEXT NOT NULL,
    PRIMARY KEY (hour, version, process)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS fresh (
    number INTEGER PRIMARY KEY, hour TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL,
    records BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS blocks (
    block INTEGER PRIMARY KEY AUTOINCREMENT, hour TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL,
    last TEXT NOT NULL, number INTEGER NOT NULL, counts TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS contents (block INTEGER PRIMARY KEY, content BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS ids (id BLOB PRIMARY KEY, hour INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS pruned (day TEXT PRIMARY KEY, rows INTEGER NOT NULL) WITHOUT ROWID;
"""
# Columns that tables of older formats lack.
_LATER_COLUMNS = (
    ("records", "arm", "TEXT"),
    ("sealed", "number", "INTEGER"),
    ("sealed", "counts", "TEXT"),
)


class Store:
    """The file of one log, opened; threads take turns.

    Parameters
    ----------
    path : Path
        Made with its folder if it does not exist.

    Raises
    ------
    FormatVersion
        If a newer Workbench wrote it.
    StoreError
        If it can't be used.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._turn = threading.Lock()
        with self.told():
            path.parent.mkdir(parents=True, exist_ok=True)
            if not path.exists():
                _make(path)
            self.connection = self._connected()
            self._upgrade()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Whatever goes wrong with the file within is said in a sentence."""
        try:
            yield
        except (sqlite3.Error, OSError) as error:
            if isinstance(error, Busy):
                raise
            raise refusal(error, self.path.parent.name) from error

    @contextmanager
    def turn(self) -> Iterator[sqlite3.Connection]:
        """The shared connection, for a short look.

        Raises
        ------
        Busy
            If another thread holds it for too long.
        """
        connection = self.take()
        try:
            with self.told():
                yield connection
        finally:
            self.release()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """The shared connection inside a transaction that is kept whole or not at all."""
        return _Transaction(self)

    def take(self) -> sqlite3.Connection:
        """The shared connection, until :meth:`release`.

        Raises
        ------
        Busy
            If another thread holds it for too long.
        """
        if not self._turn.acquire(timeout=PATIENCE):
            raise _busy(self.path.parent.name)
        return self.connection

    def release(self) -> None:
        """Let others take it."""
        self._turn.release()

    @contextmanager
    def snapshot(self) -> Iterator[sqlite3.Connection]:
        """One moment of the file, whatever is written meanwhile, on a connection of its own: nobody waits for it."""
        with self.told(), closing(self._connected()) as store:
            store.execute("BEGIN")
            yield store

    def give_back(self, pause: float = 0.0) -> int:
        """Give free pages back to the disk, some at a time, and say how many bytes; files of older formats keep them.

        Parameters
        ----------
        pause : float
            Seconds between two transactions, in which others write.
        """
        given = 0
        while True:
            with self.turn() as store:
                free = _pragma(store, "freelist_count") if _pragma(store, "auto_vacuum") == 2 else 0
                if not free:
                    return given
                store.execute(f"PRAGMA incremental_vacuum({_PAGES})").fetchall()
                now = _pragma(store, "freelist_count")
                given += (free - now) * _pragma(store, "page_size")
            if now >= free:
                return given
            time.sleep(pause)

    def close(self) -> None:
        """Give the file back."""
        with self.told(), self._turn:
            self.connection.close()

    def _connected(self) -> sqlite3.Connection:
        if not self.path.exists():  # SQLite would make an empty one
            raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT))
        store = sqlite3.connect(self.path, timeout=PATIENCE, check_same_thread=False, isolation_level=None)
        store.execute("PRAGMA synchronous=NORMAL")
        store.execute(f"PRAGMA journal_size_limit={MOST_JOURNAL}")
        return store

    def _upgrade(self) -> None:
        version = _pragma(self.connection, "user_version")
        if version > FORMAT:
            raise FormatVersion(
                f"The prediction log has format {version}, this Workbench reads up to {FORMAT}. Upgrade ml-workbench."
            )
        if version < FORMAT:
            with self.transaction() as store:
                if _pragma(store, "user_version") < FORMAT:  # another process may have been first
                    _to_newest(store)


class _Transaction:
    """As a generator it would cost each commit some microseconds more."""

    __slots__ = ("_store",)

    def __init__(self, store: Store) -> None:
        self._store = store

    def __enter__(self) -> sqlite3.Connection:
        connection = self._store.take()
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            self._store.release()
            raise refusal(error, self._store.path.parent.name) from error
        except BaseException:
            self._store.release()
            raise
        return connection

    def __exit__(self, kind: object, error: BaseException | None, trace: object) -> None:
        connection = self._store.connection
        try:
            if error is None:
                connection.execute("COMMIT")
        except sqlite3.Error as failure:
            _undo(connection)
            raise refusal(failure, self._store.path.parent.name) from failure
        else:
            if error is not None:
                _undo(connection)
        finally:
            self._store.release()
        if isinstance(error, (sqlite3.Error, OSError)) and not isinstance(error, Busy):
            raise refusal(error, self._store.path.parent.name) from error


def _undo(connection: sqlite3.Connection) -> None:
    with suppress(sqlite3.Error):  # a full disk may have rolled back by itself
        connection.execute("ROLLBACK")


def refusal(error: sqlite3.Error | OSError, name: str) -> StoreError:
    """What went wrong with a log's file as a sentence of ours.

    Parameters
    ----------
    error : sqlite3.Error or OSError
    name : str
        Of the log; its path is no matter of a client.

    Examples
    --------
    >>> refusal(OSError(errno.ENOSPC, "No space left on device"), "churn").retry_after
    30
    """
    code = _code(error)
    if code in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
        return _busy(name)
    why, cure, wait = _SAID.get(code, ("is not what was written", "Restore a copy of it, or move it away.", None))
    kind = Damaged if code not in _SAID else StoreError
    said = error.strerror if isinstance(error, OSError) else error
    found = kind(f"The prediction log of {name!r} {why} ({said}). {cure}")
    found.retry_after = wait
    return found


def asked(store: sqlite3.Connection, query: str, values: Iterable[Any]) -> Iterator[tuple[Any, ...]]:
    """The lines of a query of values such as ids, some at a time."""
    every = list(dict.fromkeys(values))
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        yield from store.execute(query.format(", ".join("?" * len(some))), some)


def _busy(name: str) -> Busy:
    busy = Busy(
        f"The prediction log of {name!r} was held by somebody else for {PATIENCE:g} seconds. Try again in a moment."
    )
    busy.retry_after = SOON
    return busy


_FULL = ("can't be written: the disk is full", "Free some space.", LATER)
_CLOSED = ("can't be written", "Give this user the right to write its folder.", None)
_AWAY = ("is not there any more, or can't be opened", "See whether its folder was moved, or its disk is away.", None)
_SAID: dict[int, tuple[str, str, int | None]] = {
    sqlite3.SQLITE_FULL: _FULL,
    sqlite3.SQLITE_READONLY: _CLOSED,
    sqlite3.SQLITE_PERM: _CLOSED,
    sqlite3.SQLITE_CANTOPEN: _AWAY,
    sqlite3.SQLITE_IOERR: ("can't be read or written: its disk fails", "See whether the disk is away.", LATER),
    sqlite3.SQLITE_NOMEM: ("needs more memory than there is", "Give the process more memory.", LATER),
    sqlite3.SQLITE_MISUSE: ("was closed", "Open it again.", None),
}
_OF_SYSTEM = {
    errno.ENOSPC: sqlite3.SQLITE_FULL,
    errno.EDQUOT: sqlite3.SQLITE_FULL,
    errno.EACCES: sqlite3.SQLITE_READONLY,
    errno.EPERM: sqlite3.SQLITE_READONLY,
    errno.EROFS: sqlite3.SQLITE_READONLY,
}
_MOVED = 1032  # SQLITE_READONLY_DBMOVED: the file was taken away while it was open


def _code(error: sqlite3.Error | OSError) -> int:
    """SQLite's code of what went wrong."""
    if isinstance(error, OSError):
        known = _OF_SYSTEM.get(error.errno or 0)
        return known or (sqlite3.SQLITE_IOERR if error.errno == errno.EIO else sqlite3.SQLITE_CANTOPEN)
    if isinstance(error, sqlite3.ProgrammingError):
        return sqlite3.SQLITE_MISUSE
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_CORRUPT)
    return sqlite3.SQLITE_CANTOPEN if code == _MOVED else code & 0xFF


def _make(path: Path) -> None:
    """Make the file whole beside its place and link it there: a file that others opened can't be turned to WAL."""
    beside = path.with_name(f".{uuid4().hex}.sqlite")
    with closing(sqlite3.connect(beside, isolation_level=None)) as store:
        store.execute("PRAGMA auto_vacuum=INCREMENTAL")  # what was removed can be given back while others write
        store.execute("PRAGMA journal_mode=WAL")
        store.executescript(_TABLES)
        store.execute(f"PRAGMA user_version={FORMAT}")
    with suppress(FileExistsError):  # another process was first: its file is as good
        os.link(beside, path)
    beside.unlink()


def _to_newest(store: sqlite3.Connection) -> None:
    """From any older format."""
    for statement in _TABLES.split(";")[:-1]:
        store.execute(statement)
    for table, column, kind in _LATER_COLUMNS:
        if column not in [line[1] for line in store.execute(f"PRAGMA table_info({table})")]:
            store.execute(f"ALTER TABLE {table} ADD COLUMN {column} {kind}")
    # Of labels of an older format it is known when the last one came.
    store.execute(
        "INSERT INTO label_events (id, label, at) SELECT id, label, at FROM labels "
        "WHERE id NOT IN (SELECT id FROM label_events) ORDER BY at, id"
    )
    store.execute(f"PRAGMA user_version={FORMAT}")


def _pragma(store: sqlite3.Connection, name: str) -> int:
    return int(store.execute(f"PRAGMA {name}").fetchone()[0])
