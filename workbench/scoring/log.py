"""The prediction log: what was asked and answered, and which labels came later. Survives a killed process.

SQLite in WAL mode with ``synchronous=NORMAL``: what :meth:`PredictionLog.append` acknowledged is there after
``kill -9`` (after a power cut the last moments may be missing, never half a record). :meth:`PredictionLog.put` does
not wait: a thread commits what is waiting every ``PAUSE`` seconds, so ``kill -9`` loses at most the last ``FLUSH``
seconds. While the disk takes nothing, up to ``MOST_WAITING`` records wait in memory and are tried again.

What comes together is one line of the file; a second thread folds thousands of records to a block by column
(:mod:`workbench.scoring.log_lines`), and removes what is older than it should keep
(:mod:`workbench.scoring.log_retention`). Closed hours can be sealed to Parquet (``workbench.monitoring.sealing``). A
reader sees all of it as one, at one moment, and holds nobody up.

Whatever goes wrong with the file is a :class:`~workbench.errors.StoreError` with what to do.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import sqlite3
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.load import Load
from workbench.scoring import log_labels
from workbench.scoring.log_labels import Said
from workbench.scoring.log_lines import BLOCK, Part, closed, fold_once, keep, part_of, waiting
from workbench.scoring.log_reading import Reading
from workbench.scoring.log_records import Line, decoded, encoded, id_text, iso, now, text_of
from workbench.scoring.log_retention import PAUSE, Pruning, oldest_kept, prune, to_prune
from workbench.scoring.log_store import Store
from workbench.scoring.log_writer import FLUSH, Keeper, Writer

if TYPE_CHECKING:
    from workbench.settings import Settings

__all__ = ["FLUSH", "PredictionLog", "Said", "log_of"]

_AT_A_TIME = 10_000  # records that are read


class PredictionLog:
    """The log of one bundle name, in ``folder/log.sqlite`` and ``folder/sealed/``.

    Parameters
    ----------
    folder : path
        Made if it does not exist.
    sensitive : iterable of str
        Columns of which only a keyed hash is kept.
    days : int, optional
        Days of which records are kept, beside the present one; older ones leave while the log is open. None: all stay.

    Raises
    ------
    FormatVersion
        If a newer Workbench wrote it.
    StoreError
        If its file can't be used, here as in each method.

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

    def __init__(self, folder: str | Path, sensitive: Iterable[str] = (), days: int | None = None) -> None:
        self.path = Path(folder) / "log.sqlite"
        self.sensitive = frozenset(sensitive)
        self.days_kept = days
        self.store = Store(self.path)
        self._key = self._hashing_key()
        with self.store.turn() as store:
            self._unfolded = waiting(store)
        self._writer = Writer(self._insert)
        self._keeper = Keeper(self._keep_house, often=days is not None)

    def append(self, records: Sequence[Mapping[str, Any]]) -> list[str]:
        """Keep records, all or none, and return their ids once they are committed.

        Parameters
        ----------
        records : sequence of mapping
            ``row`` (column to value), ``prediction``, ``answer``; optional ``id`` (made if there is none), ``at`` (ISO
            UTC or datetime; now), ``version``, ``flags``, ``latency_ms``, ``arm`` (of an experiment).
        """
        part = self._made(records, [r["row"] for r in records])
        self._insert([part])
        return part.ids

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
            Of each of them, likewise; kept to a ten-thousandth.

        Raises
        ------
        StoreError
            If the disk takes nothing and too many records wait already; none of these is kept then.
        """
        latency_ms = None if latency_ms is None else round(latency_ms, 4)
        part = self._made(records, [r["row"] for r in records] if rows is None else rows, latency_ms)
        self._writer.put(part)
        return part.ids

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
        return self._writer.full

    def label(self, pairs: Iterable[tuple[Any, Any]]) -> int:
        """Keep labels that came later, (id, label) each; the last one counts. Returns how many of the ids are known.

        Another label than before is a correction: what was said first stays in :meth:`said`. The same one again is
        nothing new. None in place of a label withdraws what was said.
        """
        self.flush()
        lines = [(id_text(record), None if label is None else text_of(label)) for record, label in pairs]
        with self.transaction() as store:
            log_labels.say(store, lines, now())
            return len(log_labels.known(store, {line[0] for line in lines}))

    def known(self, ids: Iterable[str]) -> set[str]:
        """Which of some ids the log has answered."""
        self.flush()
        with self.store.turn() as store:
            return log_labels.known(store, map(id_text, ids))

    def any_id(self) -> str | None:
        """The id of one record; None where there is none."""
        with self.store.turn() as store:
            return log_labels.any_id(store)

    def days(self) -> dict[str, int]:
        """Records of each day in UTC, such as ``2026-07-31``, sealed ones too."""
        with self.reading() as reading:
            return reading.days()

    def pruned(self) -> dict[str, int]:
        """Records of each day that have left, as :meth:`prune` and ``days`` let them."""
        with self.store.turn() as store:
            return {str(day): int(rows) for day, rows in store.execute("SELECT day, rows FROM pruned ORDER BY day")}

    def versions(self, since: str, before: str) -> dict[int | None, int]:
        """Records by the version that answered, from ``since`` to ``before``, sealed ones too.

        What scored behind another one's answer, as a shadow, has answered nobody.
        """
        with self.reading() as reading:
            return reading.versions(since, before)

    def chunks(self, since: str, before: str, most: int = _AT_A_TIME) -> Iterator[list[dict[str, Any]]]:
        """The records from ``since`` to ``before``, hour by hour, at most so many at a time, without their labels.

        It is one moment of the log, whatever is appended or sealed meanwhile. Those of one hour come as they were kept.

        Raises
        ------
        Damaged
            If a sealed file or a block is not what was written.
        """
        with self.reading() as reading:
            yield from reading.chunks(since, before, most)

    @contextmanager
    def reading(self) -> Iterator[Reading]:
        """One moment of the log, to ask several things of."""
        self.flush()
        with self.store.snapshot() as moment:
            yield Reading(moment, self.store)

    def last_said(self, ids: Iterable[str] | None = None) -> int:
        """Number of the last thing that was said of labels, or of those of some ids; 0 where nothing was."""
        with self.store.turn() as store:
            return log_labels.last_said(store, ids)

    def conflicts(self, ids: Iterable[str]) -> set[str]:
        """Of some ids those that have had several labels, since the last time that theirs were withdrawn."""
        with self.store.turn() as store:
            return log_labels.conflicts(store, ids)

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
        with self.store.turn() as store:
            return log_labels.said(store, after, ids)

    def read(self, since: str | datetime | None = None) -> list[dict[str, Any]]:
        """Records from ``since`` on, oldest first, with their label (None: not known yet); sealed ones too.

        All of them are in memory: of a large log :meth:`chunks` gives some at a time.

        Raises
        ------
        Damaged
            If a sealed file or a block is not what was written.
        """
        found: list[dict[str, Any]] = []
        with self.reading() as reading:
            for records in reading.chunks("" if since is None else iso(since), "~", _AT_A_TIME):
                labels = reading.labels(record["id"] for record in records)
                found += [{**record, "label": labels.get(record["id"])} for record in records]
        return sorted(found, key=lambda record: record["at"])  # stable: of one moment they stay as they came

    def labels(self, ids: Iterable[str] | None = None) -> dict[str, Any]:
        """Every label by its id, those too whose prediction has not arrived; or those of some ids."""
        with self.store.turn() as store:
            return log_labels.labels_of(store, ids)

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
        lines = [(*key, process, text_of(asdict(load))) for key, load in loads.items()]
        with self.transaction() as store:
            store.executemany("INSERT OR REPLACE INTO loads (hour, version, process, load) VALUES (?, ?, ?, ?)", lines)

    def borne(self, since: str, before: str) -> dict[int, Load]:
        """What the service bore from ``since`` to ``before``, by the version that answered."""
        query = "SELECT version, load FROM loads WHERE hour >= ? AND hour < ? ORDER BY hour, process"
        found: dict[int, Load] = {}
        with self.store.turn() as store:
            for version, load in store.execute(query, (since, before)):
                found[version] = found.get(version, Load()) + Load.from_dict(decoded(load))
        return found

    def count(self) -> int:
        """Number of records, sealed ones too."""
        return sum(self.days().values())

    def fold(self, stop: Callable[[], bool] = lambda: False, end: str | None = None) -> None:
        """Pack what is enough for a block, and what is left of closed hours, a block at a time.

        The log does it by itself, after every some thousand records.

        Parameters
        ----------
        stop : callable
            Asked between two blocks.
        end : str, optional
            The first hour that is not closed, in UTC such as ``2026-07-31T13``; the present one by default.
        """
        end = end or closed()
        while not stop() and fold_once(self.store, end):
            time.sleep(PAUSE)

    def to_prune(self, before: str) -> Pruning:
        """What :meth:`prune` would remove."""
        return to_prune(self.store, before)

    def prune(self, before: str, stop: Callable[[], bool] = lambda: False) -> Pruning:
        """Remove the records of all hours before one in UTC, such as ``2026-07-01T00``, with their files and labels.

        It goes by small steps, between which others write.

        Examples
        --------
        >>> import tempfile
        >>> log = PredictionLog(tempfile.mkdtemp())
        >>> moments = ("2026-06-30T23:59", "2026-07-01T00:00")
        >>> _ = log.append([{"id": at, "at": at, "row": {"x": 1}, "prediction": 0.5} for at in moments])
        >>> log.prune("2026-07-01T00").days, log.days()
        ({'2026-06-30': 1}, {'2026-07-01': 1})
        """
        self.flush()
        return prune(self.store, before, stop)

    def close(self) -> None:
        """Commit what waits and give the file back."""
        self._writer.close()
        self._keeper.close()
        self.store.close()

    def transaction(self) -> AbstractContextManager[sqlite3.Connection]:
        """The SQLite connection inside a transaction that is kept whole or not at all."""
        return self.store.transaction()

    def _insert(self, parts: Sequence[Part]) -> None:
        with self.transaction() as store:
            keep(store, parts)
        self._unfolded += sum(len(part.ids) for part in parts)
        if self._unfolded >= BLOCK:
            self._unfolded = 0
            self._keeper.ask()

    def _keep_house(self, stop: Callable[[], bool]) -> None:
        self.fold(stop)
        if self.days_kept is not None:
            prune(self.store, oldest_kept(self.days_kept), stop)

    def _made(
        self, records: Sequence[Mapping[str, Any]], rows: Sequence[Mapping[str, Any]], latency_ms: float | None = None
    ) -> Part:
        moment = now()
        pairs = zip(records, rows, strict=True)
        return part_of([self._line(record, row, moment, latency_ms) for record, row in pairs])

    def _line(self, record: Mapping[str, Any], row: Mapping[str, Any], moment: str, latency_ms: float | None) -> Line:
        get = record.get
        at = get("at")
        return (
            id_text(get("id") or secrets.token_hex(16)),
            iso(at) if at else moment,
            get("version"),
            self._shown(row) if self.sensitive else row,
            record["prediction"],
            get("answer"),
            get("flags") or (),
            get("latency_ms", latency_ms),
            get("arm"),
        )

    def _shown(self, row: Mapping[str, Any]) -> Mapping[str, Any]:
        return {c: self.hidden(v) if c in self.sensitive and v is not None else v for c, v in row.items()}

    def hidden(self, value: Any) -> str:
        """What is kept of a sensitive value: a keyed hash, equal for equal values of one log."""
        return "hash:" + hmac.new(self._key, encoded(value), hashlib.sha256).hexdigest()[:16]

    @property
    def key(self) -> bytes:
        """By which hashes of this log are made."""
        return self._key

    def _hashing_key(self) -> bytes:
        query = "SELECT value FROM meta WHERE name = 'hashing key'"
        with self.store.turn() as store:
            found = store.execute(query).fetchone()
        if found is None:
            with self.transaction() as store:
                store.execute("INSERT OR IGNORE INTO meta VALUES ('hashing key', ?)", (secrets.token_hex(32),))
                found = store.execute(query).fetchone()
        return bytes.fromhex(found[0])


@contextmanager
def log_of(name: str, force: Settings) -> Iterator[PredictionLog]:
    """The log of a bundle name, given back at the end."""
    log = PredictionLog(force.predictions / name)
    try:
        yield log
    finally:
        log.close()
