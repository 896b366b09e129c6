"""Which window holds which row, and what was said of it last: an index beside the windows.

``predictions/NAME/places.sqlite`` holds nothing that the windows and the log don't hold: where it is missing, damaged
or of another make it is made anew. So labels cost what they are, not what was ever predicted.
"""

from __future__ import annotations

import json
import sqlite3
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any, TypeVar

from workbench.core.saved import check_types
from workbench.errors import Damaged, StoreError
from workbench.monitoring.window_order import in_time
from workbench.monitoring.windows import Seen, folder_of, listed
from workbench.scoring.log import PredictionLog
from workbench.settings import Settings
from workbench.storage.files import MISREAD, lock

FORMAT = 1
_AT_ONCE = 500  # as many as SQLite takes in one question
_TABLES = """
CREATE TABLE IF NOT EXISTS windows (place INTEGER PRIMARY KEY AUTOINCREMENT, label TEXT UNIQUE, stamp TEXT NOT NULL,
    seen TEXT NOT NULL, said INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS ids (id TEXT, place INTEGER, PRIMARY KEY (id, place)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS keys (name TEXT, key, place INTEGER, id TEXT, PRIMARY KEY (name, key, place, id))
    WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS known (name TEXT PRIMARY KEY, value INTEGER NOT NULL);
INSERT OR IGNORE INTO known VALUES ('said', 0), ('gone', 0);
"""
T = TypeVar("T")


def look_up(name: str, force: Settings, log: PredictionLog, function: Callable[[Places], T]) -> T:
    """What ``function`` finds in the index of a name, which is brought up to date first.

    Where it is damaged it is made anew.

    Raises
    ------
    StoreError
        If it can't be written.
    """
    path = force.predictions / name / "places.sqlite"
    try:
        return _looked_up(path, name, force, log, function)
    except sqlite3.OperationalError as error:  # locked, full, read only: not damaged
        raise StoreError(f"{path} can't be used ({error}). Free some space, or see who holds it.") from error
    except (sqlite3.DatabaseError, *MISREAD):
        with lock(path.with_name(".places.lock")):
            path.unlink(missing_ok=True)
        return _looked_up(path, name, force, log, function)


def _looked_up(path: Path, name: str, force: Settings, log: PredictionLog, function: Callable[[Places], T]) -> T:
    with closing(Places(path, folder_of(name, force), log)) as places:
        places.follow()
        return function(places)


class Places:
    """The index of one name.

    Parameters
    ----------
    path : Path
        Of the index; made where there is none.
    folder : Path
        Of the windows.
    log : PredictionLog
        That holds the labels.
    """

    def __init__(self, path: Path, folder: Path, log: PredictionLog) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._folder, self._log = folder, log
        self._store = sqlite3.connect(path, timeout=60, isolation_level=None)
        try:
            self._store.execute("PRAGMA synchronous=OFF")  # what is lost is made again
            if self._store.execute("PRAGMA user_version").fetchone()[0] != FORMAT:
                self._make()
        except BaseException:
            self._store.close()
            raise
        self.windows: list[Seen] = []

    def close(self) -> None:
        """Give the file back."""
        self._store.close()

    def follow(self) -> None:
        """Take in the windows and the labels that came since."""
        kept = {
            label: (stamp, seen) for label, stamp, seen in self._store.execute("SELECT label, stamp, seen FROM windows")
        }
        there = {path.name: stamp for path in self._paths() if (stamp := _stamp(path / "window.json"))}
        same = {label for label, (stamp, _) in kept.items() if there.get(label) == stamp}
        old = [_seen(kept[label][1], self._folder / label) for label in same]
        new = [seen for label in sorted(there.keys() - same) if (seen := listed(self._folder / label)) is not None]
        if new or kept.keys() != same:
            with self._transaction():
                self._forget(kept.keys() - same)
                for seen in new:
                    self._add(seen, there[seen.path.name])
        self._hear()
        self.windows = in_time([*old, *new])

    def said(self) -> dict[str, int]:
        """By window the number of the last label that is one of its rows': 0 where none is."""
        return dict(self._store.execute("SELECT label, said FROM windows"))

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of some ids windows or the log hold."""
        every = set(ids)
        held = {one for one, _ in self._ask("SELECT id, 0 FROM ids JOIN windows USING (place) WHERE id IN ({})", every)}
        return held | self._log.known(every - held)

    def any_id(self) -> str | None:
        """One id that is known; None where none is."""
        found = self._store.execute("SELECT min(id) FROM ids JOIN windows USING (place)").fetchone()[0]
        return self._log.any_id() if found is None else str(found)

    def numbers(self, kind: str) -> dict[str, int]:
        """What :meth:`note` kept of a kind."""
        lines = self._store.execute("SELECT name, value FROM known WHERE name LIKE ?", (f"{kind} %",))
        return {name.removeprefix(f"{kind} "): value for name, value in lines}

    def note(self, kind: str, numbers: Mapping[str, int]) -> None:
        """Keep numbers by name, in place of those that were kept of their kind."""
        if numbers != self.numbers(kind):
            with self._transaction():
                self._store.execute("DELETE FROM known WHERE name LIKE ?", (f"{kind} %",))
                lines = [(f"{kind} {name}", value) for name, value in numbers.items()]
                self._store.executemany("INSERT INTO known VALUES (?, ?)", lines)

    def key_columns(self) -> list[str]:
        """Columns by which rows may be found besides their ids."""
        names: list[str] = []
        query = "SELECT min(name) FROM keys WHERE name > ?"
        with suppress(TypeError):  # there is no further one
            names.append(self._store.execute("SELECT min(name) FROM keys").fetchone()[0])
            while names[-1] is not None:
                names.append(self._store.execute(query, (names[-1],)).fetchone()[0])
        return [name for name in names if name is not None]

    def holding(self, name: str, keys: Iterable[Any]) -> Iterator[tuple[Any, str, str]]:
        """Key, window and id of each row that holds one of some keys in a column."""
        query = "SELECT key, label, id FROM keys JOIN windows USING (place) WHERE name = ? AND key IN ({})"
        yield from self._ask(query, keys, name)

    def _make(self) -> None:
        with self._transaction():
            for (table,) in self._store.execute(
                "SELECT name FROM sqlite_master WHERE name IN ('windows', 'ids', 'keys', 'known')"
            ).fetchall():
                self._store.execute(f"DROP TABLE {table}")
            for statement in _TABLES.split(";")[:-1]:
                self._store.execute(statement)
            self._store.execute(f"PRAGMA user_version={FORMAT}")

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("[!.]*")) if self._folder.is_dir() else []

    def _add(self, seen: Seen, stamp: str) -> None:
        self._forget([seen.label])  # another process may have been first
        described = {k: v for k, v in asdict(seen).items() if k != "path"}
        place = self._store.execute(
            "INSERT INTO windows (label, stamp, seen, said) VALUES (?, ?, ?, 0)",
            (seen.label, stamp, json.dumps(described)),
        ).lastrowid
        try:
            ids, keys = seen.ids(), seen.keys()
        except Damaged as error:
            warnings.warn(f"Labels find no row of the window {seen.label}: {error}", stacklevel=2)
            ids, keys = [], None
        self._store.executemany("INSERT OR IGNORE INTO ids VALUES (?, ?)", ((one, place) for one in sorted(set(ids))))
        if keys is not None:
            for name in keys.columns.drop("id"):
                lines = keys[["id", name]].dropna().itertuples(index=False)
                self._store.executemany(
                    "INSERT OR IGNORE INTO keys VALUES (?, ?, ?, ?)",
                    ((name, _plain(key), place, one) for one, key in lines),
                )
        last = self._log.last_said(ids)
        self._store.execute("UPDATE windows SET said = ? WHERE place = ?", (last, place))

    def _forget(self, labels: Iterable[str]) -> None:
        for label in labels:
            gone = self._store.execute("DELETE FROM windows WHERE label = ?", (label,)).rowcount
            self._store.execute("UPDATE known SET value = value + ? WHERE name = 'gone'", (gone,))
        gone, there = (
            self._store.execute(query).fetchone()[0]
            for query in ("SELECT value FROM known WHERE name = 'gone'", "SELECT count(*) FROM windows")
        )
        if gone > there + 8:  # what they held is left lying until then: to look for it means to look at all
            for table in ("ids", "keys"):
                self._store.execute(f"DELETE FROM {table} WHERE place NOT IN (SELECT place FROM windows)")  # noqa: S608
            self._store.execute("UPDATE known SET value = 0 WHERE name = 'gone'")

    def _hear(self) -> None:
        """Take in the labels that came since."""
        (heard,) = self._store.execute("SELECT value FROM known WHERE name = 'said'").fetchone()
        if (last := self._log.last_said()) <= heard:
            return
        with self._transaction():
            for one in self._log.said(heard):
                self._store.execute(
                    "UPDATE windows SET said = max(said, ?) WHERE place IN (SELECT place FROM ids WHERE id = ?)",
                    (one.number, one.id),
                )
                last = max(last, one.number)
            self._store.execute("UPDATE known SET value = max(value, ?) WHERE name = 'said'", (last,))

    def _ask(self, query: str, values: Iterable[Any], *first: str) -> Iterator[tuple[Any, ...]]:
        every = sorted(set(values))
        for start in range(0, len(every), _AT_ONCE):
            some = every[start : start + _AT_ONCE]
            yield from self._store.execute(query.format(", ".join("?" * len(some))), (*first, *some))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._store.execute("BEGIN IMMEDIATE")
        try:
            yield
            self._store.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._store.execute("ROLLBACK")
            raise


def _plain(key: Any) -> Any:
    return key if isinstance(key, str) else int(key)


def _stamp(path: Path) -> str:
    """What changes with a file; nothing where there is none."""
    try:
        told = path.stat()
    except OSError:
        return ""
    return f"{told.st_mtime_ns} {told.st_size} {told.st_ino}"


def _seen(content: str, folder: Path) -> Seen:
    seen = Seen(**json.loads(content), path=folder)
    check_types(seen)
    return seen
