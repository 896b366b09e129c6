"""Records that are too old leave the prediction log: whole hours, a few blocks at a time.

Each step is a short transaction, so nobody waits long, and each can be done again: a process that was killed leaves
work, never a record twice or half. What a day held is kept as a number (``pruned``), so that nobody takes what was
removed for what is missing.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.errors import Damaged
from workbench.scoring.log_lines import fold_once
from workbench.scoring.log_reading import sealed_folder
from workbench.scoring.log_records import hour_number, id_of_key
from workbench.scoring.log_sealed import sealed_columns
from workbench.scoring.log_store import Store

PAUSE = 0.005  # seconds between two steps, in which others write
_SOME_BLOCKS = 4  # that leave in one transaction
_SOME_IDS = 20_000  # that are looked at in one transaction
_FIRST = ""  # before every id: SQLite sorts bytes after texts
_LEAVING = "leaving "  # before the name of a sealed file whose records have left already
_OLD = "SELECT substr({moment}, 1, 10), sum({rows}) FROM {table} WHERE {moment} < :before AND {moment} > '' GROUP BY 1"
_LABELLED = "SELECT 1 FROM labels WHERE id = ?"
_WHERE = (("records", "at", "1"), ("batches", "at", "rows"), ("fresh", "hour", "rows"), ("blocks", "hour", "rows"),
          ("sealed", "first", "rows"))  # fmt: skip


@dataclass(frozen=True)
class Pruning:
    """What leaves a log, or has left it.

    Parameters
    ----------
    before : str
        Hours before this one, in UTC.
    days : dict of str to int
        Records of each day.
    files : dict of str to int
        Bytes of each sealed file.
    labels : int
        Of these records; 0 where nobody has counted them.
    given_back : int
        Bytes that ``log.sqlite`` gave back to the disk.
    """

    before: str
    days: dict[str, int]
    files: dict[str, int]
    labels: int = 0
    given_back: int = 0

    @property
    def rows(self) -> int:
        """Records."""
        return sum(self.days.values())


def oldest_kept(days: int, now: datetime | None = None) -> str:
    """The first hour that is kept of so many days, the present one not counted.

    >>> oldest_kept(30, datetime(2026, 7, 31, 13, tzinfo=UTC))
    '2026-07-01T00'
    """
    return f"{(now or datetime.now(UTC)).astimezone(UTC) - timedelta(days=days):%Y-%m-%dT00}"


def to_prune(store: Store, before: str) -> Pruning:
    """What would leave."""
    days: dict[str, int] = {}
    with store.snapshot() as moment:
        for table, column, rows in _WHERE:
            query = _OLD.format(table=table, moment=column, rows=rows)
            for day, some in moment.execute(query, {"before": before}):
                days[day] = days.get(day, 0) + int(some)
        names = [name for (name,) in moment.execute("SELECT file FROM sealed WHERE first < ?", (before,))]
        ids = moment.execute("SELECT id FROM ids WHERE hour < ?", (hour_number(before),))
        labelled = sum(1 for (one,) in ids if moment.execute(_LABELLED, (id_of_key(one),)).fetchone())
    folder = sealed_folder(store.path)
    files = {name: (folder / name).stat().st_size for name in names if (folder / name).is_file()}
    return Pruning(before, dict(sorted(days.items())), files, labelled)


def prune(store: Store, before: str, stop: Callable[[], bool] = lambda: False) -> Pruning:
    """Remove the records of all hours before one, with their sealed files, labels and ids.

    Parameters
    ----------
    store : Store
    before : str
        An hour in UTC, such as ``2026-07-01T00``.
    stop : callable
        Asked between two steps; what is left then is done the next time.
    """
    days, files = dict[str, int](), dict[str, int]()
    for step in (_old, _blocks, _sealed):
        while not stop() and step(store, before, days, files):
            time.sleep(PAUSE)
    _unlink(store)
    labels = 0 if stop() else _ids(store, before, stop)
    given = 0 if stop() else store.give_back(PAUSE)
    return Pruning(before, dict(sorted(days.items())), files, labels, given)


def _old(store: Store, before: str, days: dict[str, int], files: dict[str, int]) -> bool:
    """What is in no block yet becomes one first: blocks leave."""
    query = """SELECT EXISTS (SELECT 1 FROM fresh WHERE hour < :before AND rows > 0)
    OR EXISTS (SELECT 1 FROM records WHERE at < :before) OR EXISTS (SELECT 1 FROM batches WHERE at < :before)"""
    with store.turn() as now:
        there = now.execute(query, {"before": before}).fetchone()[0]
    return bool(there) and fold_once(store, before)


def _blocks(store: Store, before: str, days: dict[str, int], files: dict[str, int]) -> bool:
    with store.transaction() as now:
        query = "SELECT hour, rows, block FROM blocks WHERE hour < ? LIMIT ?"
        some = now.execute(query, (before, _SOME_BLOCKS)).fetchall()
        now.executemany("DELETE FROM contents WHERE block = ?", [line[2:] for line in some])
        now.executemany("DELETE FROM blocks WHERE block = ?", [line[2:] for line in some])
        _note(now, some)
    _add(days, some)
    return bool(some)


def _sealed(store: Store, before: str, days: dict[str, int], files: dict[str, int]) -> bool:
    """A file's records leave with its line; the file itself may go later, but is not forgotten."""
    folder = sealed_folder(store.path)
    with store.turn() as now:
        query = "SELECT first, rows, file, sha256, number FROM sealed WHERE first < ? LIMIT 1"
        found = now.execute(query, (before,)).fetchone()
    if found is None:
        return False
    first, rows, name, sha256, number = found
    ids = _ids_of_file(folder / name, sha256) if number is None else []
    with store.transaction() as now:
        if now.execute("DELETE FROM sealed WHERE file = ?", (name,)).rowcount:
            now.execute("INSERT OR REPLACE INTO meta VALUES (?, '')", (_LEAVING + name,))
            now.executemany("DELETE FROM sealed_ids WHERE id = ?", ids)
            _forget(now, (one for (one,) in ids))
            _note(now, [(first, rows)])
            _add(days, [(first, rows)])
    with suppress(OSError):
        files[name] = (folder / name).stat().st_size
    return True


def _ids_of_file(path: Path, sha256: str) -> list[tuple[str]]:
    """Of a file that an older format sealed: its ids are in no index by hour. A bundle's service can't read them."""
    with suppress(Damaged, ImportError):
        return [(one,) for columns in sealed_columns(path, sha256, ("id",)) for one in columns["id"]]
    return []


def _unlink(store: Store) -> None:
    """Files that nobody names any more."""
    with store.turn() as now:
        query = "SELECT name FROM meta WHERE name LIKE ?"
        names = [name.removeprefix(_LEAVING) for (name,) in now.execute(query, (_LEAVING + "%",))]
    for name in names:
        with store.transaction() as now:
            if now.execute("SELECT 1 FROM sealed WHERE file = ?", (name,)).fetchone() is None:
                (sealed_folder(store.path) / name).unlink(missing_ok=True)
            now.execute("DELETE FROM meta WHERE name = ?", (_LEAVING + name,))


def _ids(store: Store, before: str, stop: Callable[[], bool]) -> int:
    """Ids whose last record has left, with their labels; the whole index is looked at, once for each ``before``."""
    with store.turn() as now:
        done = now.execute("SELECT value FROM meta WHERE name = 'ids pruned'").fetchone()
    if done is not None and done[0] >= before:
        return 0
    hour, labels, last = hour_number(before), 0, _FIRST
    while not stop():
        with store.transaction() as now:
            query = "SELECT max(id), count(*) FROM (SELECT id FROM ids WHERE id >= ? ORDER BY id LIMIT ?)"
            until, some = now.execute(query, (last, _SOME_IDS)).fetchone()
            query = "SELECT id FROM ids WHERE id >= ? AND id <= ? AND hour < ?"
            gone = now.execute(query, (last, until, hour)).fetchall()
            now.executemany("DELETE FROM ids WHERE id = ?", gone)
            labels += _forget(now, (id_of_key(one) for (one,) in gone))
            if some < _SOME_IDS:
                now.execute("INSERT OR REPLACE INTO meta VALUES ('ids pruned', ?)", (before,))
                break
        last = until
        time.sleep(PAUSE)
    return labels


def _forget(store: sqlite3.Connection, ids: Iterable[str]) -> int:
    """Labels of some ids leave; how many there were."""
    every = [(one,) for one in ids]
    store.executemany("DELETE FROM label_events WHERE id = ?", every)
    return store.executemany("DELETE FROM labels WHERE id = ?", every).rowcount if every else 0


def _note(store: sqlite3.Connection, some: Iterable[tuple[Any, ...]]) -> None:
    """How many records of each day have left."""
    query = "INSERT INTO pruned VALUES (?, ?) ON CONFLICT (day) DO UPDATE SET rows = rows + excluded.rows"
    store.executemany(query, [(moment[:10], rows) for moment, rows, *_ in some])


def _add(days: dict[str, int], some: Iterable[tuple[Any, ...]]) -> None:
    for moment, rows, *_ in some:
        days[moment[:10]] = days.get(moment[:10], 0) + rows
