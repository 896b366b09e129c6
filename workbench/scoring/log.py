"""The prediction log: what was asked and answered, and which labels came later. Survives a killed process.

SQLite in WAL mode with ``synchronous=NORMAL``: what :meth:`PredictionLog.append` acknowledged is there after
``kill -9`` (after a power cut the last moments may be missing, never half a record). :meth:`PredictionLog.put` does
not wait: a thread commits what is waiting every ``PAUSE`` seconds, so ``kill -9`` loses at most the last ``FLUSH``
seconds. While the disk takes nothing, up to ``MOST_WAITING`` records wait in memory and are tried again.

Closed hours can be sealed to Parquet (``workbench.monitoring.sealing``); a reader sees both parts as one.

The rows of a batch are kept together as one line, which SQLite writes in one step while Python's other threads go on;
single ones are lines of their own. A reader sees records.

The format's change procedure: ``PRAGMA user_version`` is the format. Opening an older file adds what it lacks, a newer
one is refused, and tables and columns are only ever added. Format 2 brought arms and sealed hours, format 3 batches,
format 4 what became of labels: each that came otherwise than the one before, or was withdrawn, with its moment. Format
5 tells what the service bore, hour by hour.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import logging
import math
import os
import secrets
import sqlite3
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import asdict
from datetime import UTC, datetime
from heapq import merge
from importlib import import_module
from itertools import chain, islice
from operator import itemgetter
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import uuid4

from workbench.core.bundle import file_hash
from workbench.core.load import Load
from workbench.core.rollout import SHADOW
from workbench.errors import Damaged, FormatVersion, StoreError
from workbench.scoring.quick_json import line_writer, writer

FORMAT = 5
PAUSE = 0.01  # seconds between two commits of what was put
FLUSH = 0.25  # seconds that kill -9 may cost at most: the pause, and room for a busy machine
MOST_WAITING = 50_000  # records that wait in memory while the disk takes none
MANY = 32  # records that are kept together

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
    file TEXT PRIMARY KEY, sha256 TEXT NOT NULL, rows INTEGER NOT NULL, first TEXT NOT NULL, last TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS sealed_ids (id TEXT PRIMARY KEY) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS batches (
    number INTEGER PRIMARY KEY, at TEXT NOT NULL, rows INTEGER NOT NULL, records TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS batches_at ON batches (at);
CREATE TABLE IF NOT EXISTS loads (
    hour TEXT NOT NULL, version INTEGER NOT NULL, process TEXT NOT NULL, load TEXT NOT NULL,
    PRIMARY KEY (hour, version, process)) WITHOUT ROWID;
"""
FIELDS = ("id", "at", "version", "row", "prediction", "answer", "flags", "latency_ms", "arm")
_INSERT = f"INSERT INTO records ({', '.join(FIELDS)}) VALUES ({', '.join('?' * len(FIELDS))})"  # noqa: S608 (constants)
_READ = f"SELECT {', '.join(FIELDS)} FROM records WHERE at >= ? AND at < ? ORDER BY at, number"  # noqa: S608 (constants)
_READ_BATCHES = "SELECT at, records FROM batches WHERE at >= ? AND at < ? ORDER BY at, number"
# The ids of batches stand beside those that are sealed.
_KNOWS = "SELECT EXISTS (SELECT 1 FROM records WHERE id = :id) OR EXISTS (SELECT 1 FROM sealed_ids WHERE id = :id)"

_ANY_ID = "SELECT id FROM records UNION ALL SELECT id FROM sealed_ids LIMIT 1"
_SEALED = "SELECT file, sha256 FROM sealed WHERE last >= ? AND first < ? ORDER BY first"
_DAYS = """SELECT day, sum(rows) FROM (
    SELECT substr(at, 1, 10) AS day, count(*) AS rows FROM records GROUP BY 1
    UNION ALL SELECT substr(at, 1, 10), sum(rows) FROM batches GROUP BY 1
    UNION ALL SELECT substr(first, 1, 10), sum(rows) FROM sealed GROUP BY 1) GROUP BY 1 ORDER BY 1"""
_VERSIONS = f"""SELECT version, count(*) FROM (
    SELECT version FROM records WHERE at >= :since AND at < :before AND arm IS NOT '{SHADOW}'
    UNION ALL SELECT value FROM batches, json_each(records, '$.version') WHERE at >= :since AND at < :before)
    GROUP BY 1"""  # noqa: S608 (a constant)
# Batches in which a version has scored behind the answers of another one.
_SHADOWED = f"SELECT records FROM batches WHERE at >= ? AND at < ? AND instr(records, '\"{SHADOW}\"')"  # noqa: S608
_AT_A_TIME = 2_000  # records of a sealed file
# As many as SQLite takes at once.
_AT_ONCE = 500

_COUNT = """SELECT (SELECT count(*) FROM records) + (SELECT coalesce(sum(rows), 0) FROM batches)
+ (SELECT coalesce(sum(rows), 0) FROM sealed)"""

if TYPE_CHECKING:
    from workbench.settings import Settings

Line = tuple[Any, ...]


class Said(NamedTuple):
    """A label of an id, or that it was withdrawn.

    Parameters
    ----------
    number : int
        Of this log's labels, in the order in which they came.
    id : str
        Of the record.
    label : str, optional
        As JSON; None: what was said before is withdrawn.
    at : str
        When it came, ISO 8601 in UTC.
    """

    number: int
    id: str
    label: str | None
    at: str


class Lines(NamedTuple):
    """Records that are kept one by one, each in the order of ``FIELDS``."""

    ids: list[str]
    lines: list[Line]

    def keep(self, store: sqlite3.Connection) -> None:
        """Write them."""
        store.executemany(_INSERT, self.lines)


class Batch(NamedTuple):
    """Records of one moment that are kept together.

    Parameters
    ----------
    at : str
        Moment of all of them.
    ids : list of str
        Of the records.
    records : str
        JSON: a list by field, all but ``at``.
    """

    at: str
    ids: list[str]
    records: str

    def keep(self, store: sqlite3.Connection) -> None:
        """Write it."""
        store.execute(
            "INSERT INTO batches (at, rows, records) VALUES (?, ?, ?)", (self.at, len(self.ids), self.records)
        )
        store.execute("INSERT OR IGNORE INTO sealed_ids SELECT value FROM json_each(?)", (_json(self.ids),))


def unsealed(store: sqlite3.Connection, since: str, before: str = "~") -> Iterator[Line]:
    """The records from ``since`` to ``before``, each in the order of ``FIELDS``, oldest first, one after the other."""
    batches = store.execute(_READ_BATCHES, (since, before))
    lines = (line for batch in batches for line in _lines_of_batch(*batch))
    return merge(store.execute(_READ, (since, before)), lines, key=itemgetter(1))


def _of_shadows(records: str) -> Iterator[int | None]:
    """Of each record of a batch that a shadow made, the version."""
    columns = json.loads(records)
    return (v for v, arm in zip(columns["version"], columns["arm"], strict=True) if arm == SHADOW)


def _lines_of_batch(at: str, records: str) -> Iterator[Line]:
    columns = json.loads(records)
    for name in ("row", "prediction", "answer", "flags"):
        columns[name] = _WRITE_LINES(columns[name])
    columns["at"] = [at] * len(columns["id"])
    return zip(*(columns[name] for name in FIELDS), strict=True)


class PredictionLog:
    """The log of one bundle name, in ``folder/log.sqlite`` and ``folder/sealed/``.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    sensitive : iterable of str
        Columns of which only a keyed hash is kept.

    Raises
    ------
    FormatVersion
        If a newer Workbench wrote it.

    Examples
    --------
    >>> import tempfile
    >>> log = PredictionLog(tempfile.mkdtemp(), sensitive=["name"])
    >>> log.append([{"id": "a", "version": 1, "row": {"name": "Ada", "age": 36}, "prediction": 0.7, "answer": "yes"}])
    ['a']
    >>> log.label([("a", "no")])
    1
    >>> [(r["row"]["age"], r["row"]["name"] == "Ada", r["label"]) for r in log.read()]
    [(36, False, 'no')]
    """

    def __init__(self, folder: str | Path, sensitive: Iterable[str] = ()) -> None:
        self.path = Path(folder) / "log.sqlite"
        self.sensitive = frozenset(sensitive)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._turn = threading.Lock()
        if not self.path.exists():
            _make(self.path)
        self._store = sqlite3.connect(self.path, timeout=60, check_same_thread=False, isolation_level=None)
        self._store.execute("PRAGMA synchronous=NORMAL")
        self._upgrade()
        self._key = self._hashing_key()
        self._writer = _Writer(self._insert)

    def append(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Keep records, all or none, and return their ids once they are committed.

        Parameters
        ----------
        records : sequence of mapping
            ``row`` (column to value), ``prediction``, ``answer``; optional ``id`` (made if there is none), ``at`` (ISO
            UTC or datetime; now), ``version``, ``flags``, ``latency_ms``, ``arm`` (of an experiment).
        """
        batch = self._made(records, [r["row"] for r in records])
        self._insert([batch])
        return batch.ids

    def put(
        self,
        records: Sequence[Mapping[str, Any]],
        rows: Sequence[Mapping[str, Any]] | None = None,
        latency_ms: float | None = None,
    ) -> list[str]:
        """Keep records soon: they are committed within ``FLUSH`` seconds, and the caller does not wait.

        Parameters
        ----------
        records : sequence of mapping
            As :meth:`append` takes them.
        rows : sequence of mapping, optional
            Their rows, where they do not hold them.
        latency_ms : float, optional
            Of each of them, likewise.

        Raises
        ------
        StoreError
            If the disk takes nothing and too many records wait already; none of these is kept then.
        """
        batch = self._made(records, [r["row"] for r in records] if rows is None else rows, latency_ms)
        self._writer.put(batch)
        return batch.ids

    def flush(self) -> bool:
        """Wait until what was put is committed; False if the disk takes nothing."""
        return self._writer.flush()

    @property
    def waiting(self) -> int:
        """Records that were put and are not yet committed."""
        return self._writer.waiting

    @property
    def failing(self) -> bool:
        """Whether the last commit failed, as on a full disk."""
        return self._writer.failing

    @property
    def full(self) -> bool:
        """Whether :meth:`put` may refuse the next record."""
        return self.failing and self.waiting >= MOST_WAITING

    def label(self, pairs: Iterable[tuple[Any, Any]]) -> int:
        """Keep labels that came later, (id, label) each; the last one counts. Returns how many of the ids are known.

        Another label than before is a correction: what was said first stays in :meth:`said`. The same one again is
        nothing new. None in place of a label withdraws what was said.
        """
        self.flush()
        now = _iso(datetime.now(UTC))
        lines = [(_clean(record), None if label is None else _json(label)) for record, label in pairs]
        with self.transaction() as store:
            before = _by_id(store, "SELECT id, label FROM labels WHERE id IN ({})", [line[0] for line in lines])
            for line in lines:
                if before.get(line[0]) != line[1]:
                    store.execute("INSERT INTO label_events (id, label, at) VALUES (?, ?, ?)", (*line, now))
                    before[line[0]] = line[1]
            now_said = [(one, label, now) for one, label in before.items() if label is not None]
            store.executemany(
                "INSERT INTO labels VALUES (?, ?, ?) ON CONFLICT (id) DO UPDATE SET label = excluded.label, "
                "at = excluded.at WHERE label <> excluded.label",
                now_said,
            )
            withdrawn = [(one,) for one, label in before.items() if label is None]
            store.executemany("DELETE FROM labels WHERE id = ?", withdrawn)
            return sum(store.execute(_KNOWS, {"id": one}).fetchone()[0] for one in {line[0] for line in lines})

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of some ids the log has answered."""
        self.flush()
        with self._turn:
            return {one for one in map(_clean, ids) if self._store.execute(_KNOWS, {"id": one}).fetchone()[0]}

    def any_id(self) -> str | None:
        """The id of one record; None where there is none."""
        with self._turn:
            found = self._store.execute(_ANY_ID).fetchone()
        return None if found is None else str(found[0])

    def days(self) -> dict[str, int]:
        """Records of each day in UTC, such as ``2026-07-31``, sealed ones too."""
        self.flush()
        with self._turn:
            return {str(day): int(rows) for day, rows in self._store.execute(_DAYS)}

    def versions(self, since: str, before: str) -> dict[int | None, int]:
        """Records by the version that answered, from ``since`` to ``before``, sealed ones too.

        What scored behind another one's answer, as a shadow, has answered nobody.
        """
        self.flush()
        with self._snapshot() as store:
            counts = Counter(dict(store.execute(_VERSIONS, {"since": since, "before": before}).fetchall()))
            for (records,) in store.execute(_SHADOWED, (since, before)):
                counts.subtract(_of_shadows(records))
            files = store.execute(_SEALED, (since, before)).fetchall()
        for file, digest in files:
            lines = self._lines(file, digest, ("version", "at", "arm"))
            counts.update(version for version, at, arm in lines if since <= at < before and arm != SHADOW)
        return {version: rows for version, rows in counts.items() if rows}

    def chunks(self, since: str, before: str, most: int = 10_000) -> Iterator[list[dict[str, Any]]]:
        """The records from ``since`` to ``before``, hour by hour, at most so many at a time, without their labels.

        It is one moment of the log, whatever is appended or sealed meanwhile.

        Raises
        ------
        Damaged
            If a sealed file is not what was written.
        """
        self.flush()
        with closing(sqlite3.connect(self.path, timeout=60, isolation_level=None)) as store:
            store.execute("BEGIN")
            files = store.execute(_SEALED, (since, before)).fetchall()
            sealed = (line for file in files for line in self._lines(*file) if since <= line[1] < before)
            lines = chain(sealed, unsealed(store, since, before))
            while some := [_record(line, None) for line in islice(lines, most)]:
                yield some

    def last_said(self, ids: Iterable[str] | None = None) -> int:
        """Number of the last thing that was said of labels, or of those of some ids; 0 where nothing was."""
        query = "SELECT coalesce(max(number), 0) FROM label_events"
        with self._turn:
            last = int(self._store.execute(query).fetchone()[0])
            if ids is None or not last:
                return last
            return max((int(line[0]) for line in _asked(self._store, f"{query} WHERE id IN ({{}})", ids)), default=0)

    def conflicts(self, ids: Iterable[str]) -> set[str]:
        """Of some ids those that have had several labels, since the last time that theirs were withdrawn."""
        query = "SELECT id FROM label_events WHERE id IN ({}) GROUP BY id HAVING count(*) > 1"
        with self._turn:
            several = [line[0] for line in _asked(self._store, query, ids)]
        labels: dict[str, set[str]] = {}
        for one in self.said(ids=several):
            labels.setdefault(one.id, set()).add(one.label or "")
            if one.label is None:
                labels[one.id] = set()
        return {one for one, known in labels.items() if len(known) > 1}

    def said(self, after: int = 0, ids: Iterable[str] | None = None) -> list[Said]:
        """What was said of labels and became of it, in order: each label, each correction, what was withdrawn.

        Parameters
        ----------
        after : int
            Number of the last one that is known already.
        ids : iterable of str, optional
            Of these records alone.

        Examples
        --------
        >>> import tempfile
        >>> log = PredictionLog(tempfile.mkdtemp())
        >>> [log.label([("a", label)]) for label in ("yes", "yes", "no", None)]
        [0, 0, 0, 0]
        >>> [(one.number, one.id, one.label) for one in log.said()], log.labels()
        ([(1, 'a', '"yes"'), (2, 'a', '"no"'), (3, 'a', None)], {})
        """
        with self._turn:
            if ids is None:
                query = "SELECT number, id, label, at FROM label_events WHERE number > ? ORDER BY number"
                return [Said(*line) for line in self._store.execute(query, (after,))]
            query = "SELECT number, id, label, at FROM label_events WHERE id IN ({})"
            return sorted(Said(*line) for line in _asked(self._store, query, ids) if line[0] > after)

    def read(self, since: str | datetime | None = None) -> list[dict[str, Any]]:
        """Records from ``since`` on, oldest first, with their label (None: not known yet); sealed ones too.

        Raises
        ------
        Damaged
            If a sealed file is not what was written.
        """
        self.flush()
        start = "" if since is None else _iso(since)
        with self._snapshot() as store:
            files = store.execute("SELECT file, sha256 FROM sealed WHERE last >= ? ORDER BY first", (start,)).fetchall()
            lines = list(unsealed(store, start))
            labels = dict(store.execute("SELECT id, label FROM labels"))
        sealed = [line for file in files for line in self._sealed(*file) if line[1] >= start]
        # Where a late record was sealed apart, two files of one hour overlap: the sort is stable.
        ordered = sorted([*sealed, *lines], key=itemgetter(1)) if sealed else lines
        return [_record(line, labels.get(line[0])) for line in ordered]

    def labels(self, ids: Iterable[str] | None = None) -> dict[str, Any]:
        """Every label by its id, those too whose prediction has not arrived; or those of some ids."""
        query = "SELECT id, label FROM labels"
        with self._turn:
            lines = (
                self._store.execute(query) if ids is None else _asked(self._store, f"{query} WHERE id IN ({{}})", ids)
            )
            return {record: json.loads(label) for record, label in lines}

    def bear(self, process: str, loads: Mapping[tuple[str, int], Load]) -> None:
        """Keep what a process bore, by hour in UTC such as ``2026-07-31T13`` and version, in place of what was there.

        Examples
        --------
        >>> import tempfile
        >>> log = PredictionLog(tempfile.mkdtemp())
        >>> for requests in (2, 3):
        ...     log.bear("p", {("2026-07-31T13", 1): Load(requests)})
        >>> log.borne("2026-07-31", "2026-08").get(1)
        Load(requests=3, failed=0, refused=0, rows=0, times={}, cpu=0.0, memory=0.0)
        """
        lines = [(*key, process, _json(asdict(load))) for key, load in loads.items()]
        with self.transaction() as store:
            store.executemany("INSERT OR REPLACE INTO loads (hour, version, process, load) VALUES (?, ?, ?, ?)", lines)

    def borne(self, since: str, before: str) -> dict[int, Load]:
        """What the service bore from ``since`` to ``before``, by the version that answered."""
        query = "SELECT version, load FROM loads WHERE hour >= ? AND hour < ? ORDER BY hour, process"
        found: dict[int, Load] = {}
        with self._turn:
            for version, load in self._store.execute(query, (since, before)):
                found[version] = found.get(version, Load()) + Load.from_dict(json.loads(load))
        return found

    def count(self) -> int:
        """Number of records, sealed ones too."""
        self.flush()
        with self._turn:
            return int(self._store.execute(_COUNT).fetchone()[0])

    def close(self) -> None:
        """Commit what waits and give the file back."""
        self._writer.close()
        with self._turn:
            self._store.close()

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """The SQLite connection inside a transaction that is kept whole or not at all."""
        with self._turn:
            self._store.execute("BEGIN IMMEDIATE")
            try:
                yield self._store
                self._store.execute("COMMIT")
            except BaseException:
                with suppress(sqlite3.OperationalError):  # a full disk may have rolled back by itself
                    self._store.execute("ROLLBACK")
                raise

    @contextmanager
    def _snapshot(self) -> Iterator[sqlite3.Connection]:
        """One moment of the file, whatever another process seals meanwhile."""
        with self._turn:
            self._store.execute("BEGIN")
            try:
                yield self._store
            finally:
                self._store.execute("COMMIT")

    def _insert(self, parts: Sequence[Lines | Batch]) -> None:
        with self.transaction() as store:
            for part in parts:
                part.keep(store)

    def _made(
        self, records: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], latency_ms: float | None = None
    ) -> Lines | Batch:
        now = datetime.now(UTC).isoformat(timespec="microseconds")
        ids = [_clean(r.get("id") or secrets.token_hex(16)) for r in records]
        if len(records) >= MANY and not any("at" in r for r in records):
            return Batch(now, ids, self._columns(ids, records, rows, latency_ms))
        lines = [self._line(i, r, row, now, latency_ms) for i, r, row in zip(ids, records, rows, strict=True)]
        return Lines(ids, lines)

    def _line(
        self, name: str, record: Mapping[str, Any], row: Mapping[str, Any], now: str, latency_ms: float | None
    ) -> Line:
        return (
            name,
            _iso(record["at"]) if record.get("at") else now,
            record.get("version"),
            _json(self._shown(row)),
            _json(record["prediction"]),
            _json(record.get("answer")),
            _json(list(record.get("flags") or ())),
            record.get("latency_ms", latency_ms),
            record.get("arm"),
        )

    def _columns(
        self, ids: list[str], records: Sequence[Mapping[str, Any]], rows: Sequence[Any], latency_ms: float | None
    ) -> str:
        return _json(
            {
                "id": ids,
                "version": [r.get("version") for r in records],
                "row": list(map(self._shown, rows)) if self.sensitive else rows,
                "prediction": [r["prediction"] for r in records],
                "answer": [r.get("answer") for r in records],
                "flags": [r.get("flags") or [] for r in records],
                "latency_ms": [r.get("latency_ms", latency_ms) for r in records],
                "arm": [r.get("arm") for r in records],
            }
        )

    def _shown(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        if not self.sensitive:
            return row
        return {c: self.hidden(v) if c in self.sensitive and v is not None else v for c, v in row.items()}

    def _sealed(self, file: str, sha256: str) -> list[Line]:
        return list(self._lines(file, sha256))

    def _lines(self, file: str, sha256: str, fields: Sequence[str] = FIELDS) -> Iterator[Line]:
        path = self.path.parent / "sealed" / file
        if not path.is_file() or file_hash(path) != sha256:
            raise Damaged(f"The sealed log {file} is not what was written. Restore it from a copy.")
        # By name: the service that a bundle carries writes the log and has no Parquet reader.
        with import_module("pyarrow.parquet").ParquetFile(path, page_checksum_verification=True) as table:
            for batch in table.iter_batches(_AT_A_TIME, columns=list(fields)):
                yield from zip(*(batch[name].to_pylist() for name in fields), strict=True)

    def hidden(self, value: Any) -> str:
        """What is kept of a sensitive value: a keyed hash, equal for equal values of one log."""
        return "hash:" + hmac.new(self._key, _json(value).encode(), hashlib.sha256).hexdigest()[:16]

    @property
    def key(self) -> bytes:
        """By which hashes of this log are made."""
        return self._key

    def _hashing_key(self) -> bytes:
        with self.transaction() as store:
            store.execute("INSERT OR IGNORE INTO meta VALUES ('hashing key', ?)", (secrets.token_hex(32),))
            return bytes.fromhex(store.execute("SELECT value FROM meta WHERE name = 'hashing key'").fetchone()[0])

    def _upgrade(self) -> None:
        version = self._format()
        if version > FORMAT:
            raise FormatVersion(
                f"The prediction log has format {version}, this Workbench reads up to {FORMAT}. Upgrade ml-workbench."
            )
        if version < FORMAT:
            with self.transaction() as store:
                if self._format() < FORMAT:  # another process may have been first
                    _to_newest(store)

    def _format(self) -> int:
        return int(self._store.execute("PRAGMA user_version").fetchone()[0])


@contextmanager
def log_of(name: str, force: Settings) -> Iterator[PredictionLog]:
    """The log of a bundle name, given back at the end."""
    log = PredictionLog(force.predictions / name)
    try:
        yield log
    finally:
        log.close()


class _Writer:
    """A thread that commits what was put, all that waits together. It starts with the first record."""

    def __init__(self, insert: Callable[[Sequence[Lines | Batch]], None]) -> None:
        self._insert = insert
        self._changed = threading.Condition()
        self._waiting: list[Lines | Batch] = []
        self._thread: threading.Thread | None = None
        self._put = self._done = 0
        self._closing = False
        self.failing = False

    @property
    def waiting(self) -> int:
        return self._put - self._done

    def put(self, part: Lines | Batch) -> None:
        with self._changed:
            if self.waiting + len(part.ids) > MOST_WAITING and self.failing:
                raise StoreError("The prediction log takes no more records: the disk is full or away. Free some space.")
            self._put += len(part.ids)
            self._waiting.append(part)
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, name="prediction log", daemon=True)
                self._thread.start()
            elif len(self._waiting) == 1:
                self._changed.notify_all()

    def flush(self) -> bool:
        with self._changed:
            target = self._put
            self._changed.wait_for(lambda: self._done >= target or self.failing)
            return self._done >= target

    def close(self) -> None:
        with self._changed:
            self._closing = True
            self._changed.notify_all()
        if self._thread is not None:
            self._thread.join(30)

    def _work(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._waiting or self._closing)
                closing_now, parts, self._waiting = self._closing, self._waiting, []
            kept = self._kept(parts)
            with self._changed:
                self.failing = not kept
                self._done += sum(len(part.ids) for part in parts) if kept else 0
                if not kept:
                    self._waiting[:0] = parts
                self._changed.notify_all()
                if closing_now and (not kept or not self._waiting):
                    return
                self._changed.wait_for(lambda: self._closing, timeout=PAUSE if kept else 20 * PAUSE)

    def _kept(self, parts: list[Lines | Batch]) -> bool:
        try:
            self._insert(parts)
        except (sqlite3.Error, OSError):
            if not self.failing:
                logging.getLogger(__name__).exception("The prediction log can't be written; it is tried again")
            return False
        return True


def _asked(store: sqlite3.Connection, query: str, ids: Iterable[str]) -> Iterator[Line]:
    """The lines of a query of ids, some at a time."""
    every = list(dict.fromkeys(ids))
    for start in range(0, len(every), _AT_ONCE):
        some = every[start : start + _AT_ONCE]
        yield from store.execute(query.format(", ".join("?" * len(some))), some)


def _by_id(store: sqlite3.Connection, query: str, ids: Iterable[str]) -> dict[str, str | None]:
    return dict(_asked(store, query, ids))


def _make(path: Path) -> None:
    """Make the file whole beside its place and link it there: a file that others opened can't be turned to WAL."""
    beside = path.with_name(f".{uuid4().hex}.sqlite")
    with closing(sqlite3.connect(beside, isolation_level=None)) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.executescript(_TABLES)
        store.execute(f"PRAGMA user_version={FORMAT}")
    with suppress(FileExistsError):  # another process was first: its file is as good
        os.link(beside, path)
    beside.unlink()


def _to_newest(store: sqlite3.Connection) -> None:
    """From format 1, which had no arms and sealed nothing, or format 2, which had no batches."""
    for statement in _TABLES.split(";")[:-1]:
        store.execute(statement)
    if "arm" not in [column[1] for column in store.execute("PRAGMA table_info(records)")]:
        store.execute("ALTER TABLE records ADD COLUMN arm TEXT")
    # Of labels of an older format it is known when the last one came.
    store.execute(
        "INSERT INTO label_events (id, label, at) SELECT id, label, at FROM labels "
        "WHERE id NOT IN (SELECT id FROM label_events) ORDER BY at, id"
    )
    store.execute(f"PRAGMA user_version={FORMAT}")


def _record(line: Line, label: str | None) -> dict[str, Any]:
    record, at, version, row, prediction, answer, flags, latency, arm = line
    return {
        "id": record,
        "at": at,
        "version": version,
        "row": json.loads(row),
        "prediction": json.loads(prediction),
        "answer": json.loads(answer),
        "flags": json.loads(flags),
        "latency_ms": latency,
        "arm": arm,
        "label": None if label is None else json.loads(label),
    }


def _clean(record: Any) -> str:
    """An id as text that SQLite can hold: a lone surrogate has no UTF-8."""
    text = str(record)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def _iso(moment: str | datetime) -> str:
    """One spelling of moments, so that texts sort as moments do."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def _json(value: Any) -> str:
    return _WRITE(value).decode()


def _slow_json(value: Any) -> str:
    try:
        return _ENCODE(value)
    except ValueError:
        return _ENCODE(_finite(value))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


_ENCODE = json.JSONEncoder(allow_nan=False, default=_plain).encode  # made once: json.dumps makes one a call
_WRITE, _WRITE_LINES = writer(_plain, _slow_json), line_writer(_plain, _slow_json)


def _finite(value: Any) -> Any:
    """NaN is not JSON: a missing value is null."""
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
