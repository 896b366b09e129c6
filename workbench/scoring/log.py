"""The prediction log: what was asked and answered, and which labels came later. Survives a killed process.

SQLite in WAL mode with ``synchronous=NORMAL``: what :meth:`PredictionLog.append` acknowledged is there after
``kill -9`` (after a power cut the last moments may be missing, never half a record).
"""

from __future__ import annotations

import hashlib
import hmac
import json
import math
import os
import secrets
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

_TABLES = """
CREATE TABLE IF NOT EXISTS records (
    number INTEGER PRIMARY KEY, id TEXT NOT NULL, at TEXT NOT NULL, version INTEGER, row TEXT NOT NULL,
    prediction TEXT NOT NULL, answer TEXT NOT NULL, flags TEXT NOT NULL, latency_ms REAL);
CREATE INDEX IF NOT EXISTS records_at ON records (at);
CREATE INDEX IF NOT EXISTS records_id ON records (id);
CREATE TABLE IF NOT EXISTS labels (id TEXT PRIMARY KEY, label TEXT NOT NULL, at TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS meta (name TEXT PRIMARY KEY, value TEXT NOT NULL);
"""
_READ = """
SELECT r.id, r.at, r.version, r.row, r.prediction, r.answer, r.flags, r.latency_ms, l.label
FROM records r LEFT JOIN labels l ON l.id = r.id WHERE r.at >= ? ORDER BY r.at, r.number
"""


class PredictionLog:
    """The log of one bundle name, in ``folder/log.sqlite``.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    sensitive : iterable of str
        Columns of which only a keyed hash is kept.

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
        self._key = self._hashing_key()

    def append(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Keep records, all or none, and return their ids.

        Parameters
        ----------
        records : sequence of mapping
            ``row`` (column to value), ``prediction``, ``answer``; optional ``id`` (made if there is none), ``at`` (ISO
            UTC or datetime; now), ``version``, ``flags``, ``latency_ms``.
        """
        now = datetime.now(UTC)
        lines = [self._line(r, now) for r in records]
        with self._transaction() as store:
            store.executemany(
                "INSERT INTO records (id, at, version, row, prediction, answer, flags, latency_ms) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
                lines,
            )
        return [line[0] for line in lines]

    def label(self, pairs: Iterable[tuple[Any, Any]]) -> int:
        """Keep labels that came later, (id, label) each; the last one wins. Returns how many of the ids are known."""
        now = _iso(datetime.now(UTC))
        lines = [(_clean(record), _json(label), now) for record, label in pairs]
        with self._transaction() as store:
            store.executemany("INSERT OR REPLACE INTO labels VALUES (?, ?, ?)", lines)
            return sum(self._knows(store, line[0]) for line in lines)

    def read(self, since: str | datetime | None = None) -> list[dict[str, Any]]:
        """Records from ``since`` on, oldest first, with their label (None: not known yet)."""
        start = "" if since is None else _iso(since)
        with self._turn:
            lines = self._store.execute(_READ, (start,)).fetchall()
        return [_record(line) for line in lines]

    def labels(self) -> dict[str, Any]:
        """Every label by its id, those too whose prediction has not arrived."""
        with self._turn:
            return {record: json.loads(label) for record, label in self._store.execute("SELECT id, label FROM labels")}

    def count(self) -> int:
        """Number of records."""
        with self._turn:
            return int(self._store.execute("SELECT count(*) FROM records").fetchone()[0])

    def close(self) -> None:
        """Give the file back."""
        self._store.close()

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._turn:
            self._store.execute("BEGIN IMMEDIATE")
            try:
                yield self._store
            except BaseException:
                self._store.execute("ROLLBACK")
                raise
            self._store.execute("COMMIT")

    def _line(self, record: Mapping[str, Any], now: datetime) -> tuple[Any, ...]:
        row = {c: self._hash(v) if c in self.sensitive and v is not None else v for c, v in record["row"].items()}
        return (
            _clean(record.get("id") or uuid4().hex),
            _iso(record.get("at") or now),
            record.get("version"),
            _json(row),
            _json(record["prediction"]),
            _json(record.get("answer")),
            _json(list(record.get("flags") or ())),
            record.get("latency_ms"),
        )

    def _hash(self, value: Any) -> str:
        return "hash:" + hmac.new(self._key, _json(value).encode(), hashlib.sha256).hexdigest()[:16]

    def _hashing_key(self) -> bytes:
        with self._transaction() as store:
            store.execute("INSERT OR IGNORE INTO meta VALUES ('hashing key', ?)", (secrets.token_hex(32),))
            return bytes.fromhex(store.execute("SELECT value FROM meta WHERE name = 'hashing key'").fetchone()[0])

    @staticmethod
    def _knows(store: sqlite3.Connection, record: str) -> bool:
        return store.execute("SELECT 1 FROM records WHERE id = ? LIMIT 1", (record,)).fetchone() is not None


def _make(path: Path) -> None:
    """Make the file whole beside its place and link it there: a file that others opened can't be turned to WAL."""
    beside = path.with_name(f".{uuid4().hex}.sqlite")
    with closing(sqlite3.connect(beside, isolation_level=None)) as store:
        store.execute("PRAGMA journal_mode=WAL")
        store.executescript(_TABLES)
    with suppress(FileExistsError):  # another process was first: its file is as good
        os.link(beside, path)
    beside.unlink()


def _record(line: tuple[Any, ...]) -> dict[str, Any]:
    record, at, version, row, prediction, answer, flags, latency, label = line
    return {
        "id": record,
        "at": at,
        "version": version,
        "row": json.loads(row),
        "prediction": json.loads(prediction),
        "answer": json.loads(answer),
        "flags": json.loads(flags),
        "latency_ms": latency,
        "label": None if label is None else json.loads(label),
    }


def _clean(record: Any) -> str:
    """An id as text that SQLite can hold: a lone surrogate has no UTF-8."""
    return str(record).encode("utf-8", "replace").decode()


def _iso(moment: str | datetime) -> str:
    """One spelling of moments, so that texts sort as moments do."""
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def _json(value: Any) -> str:
    try:
        return json.dumps(value, allow_nan=False, default=_plain)
    except ValueError:
        return json.dumps(_finite(value), allow_nan=False, default=_plain)


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _finite(value: Any) -> Any:
    """NaN is not JSON: a missing value is null."""
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
