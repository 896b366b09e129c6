"""Reading the prediction log: one moment of it, hour by hour, some thousand records at a time."""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from workbench.core.rollout import SHADOW
from workbench.errors import Damaged
from workbench.scoring.log_blocks import unpack
from workbench.scoring.log_labels import labels_of
from workbench.scoring.log_lines import columns_of, unfolded
from workbench.scoring.log_records import FIELDS, decoded, records_of
from workbench.scoring.log_sealed import sealed_columns
from workbench.scoring.log_store import Store

Columns = dict[str, list[Any]]
_AT_A_TIME = 2_000  # records that an older format wrote
_OLD_HOURS = """SELECT hour, min(first), max(last) FROM (
    SELECT substr(at, 1, 13) AS hour, min(at) AS first, max(at) AS last FROM records WHERE at >= :since AND at < :before
    GROUP BY 1 UNION ALL
    SELECT substr(at, 1, 13), min(at), max(at) FROM batches WHERE at >= :since AND at < :before GROUP BY 1)
    GROUP BY 1"""
_SEALED = """SELECT substr(first, 1, 13), coalesce(number, 0), first, last, file, sha256, counts FROM sealed
    WHERE last >= ? AND first < ? ORDER BY 1, 2, file"""
_BLOCKS = """SELECT hour, number, first, last, block, counts FROM blocks
    WHERE last >= ? AND first < ? ORDER BY hour, number, block"""
_FRESH = "SELECT hour, number, first, last FROM fresh WHERE last >= ? AND first < ? AND rows > 0 ORDER BY hour, number"
_DAYS = """SELECT day, sum(rows) FROM (
    SELECT substr(at, 1, 10) AS day, count(*) AS rows FROM records GROUP BY 1
    UNION ALL SELECT substr(at, 1, 10), sum(rows) FROM batches GROUP BY 1
    UNION ALL SELECT substr(hour, 1, 10), sum(rows) FROM fresh WHERE rows > 0 GROUP BY 1
    UNION ALL SELECT substr(hour, 1, 10), sum(rows) FROM blocks GROUP BY 1
    UNION ALL SELECT substr(first, 1, 10), sum(rows) FROM sealed GROUP BY 1) GROUP BY 1 ORDER BY 1"""


class Piece(NamedTuple):
    """Some records of one hour, which are read when somebody asks for them.

    Parameters
    ----------
    hour : str
    number : int
        The largest of its records.
    first, last : str
        Their first and last moment.
    load : callable
        From names of fields to columns, some records at a time.
    counts : list, optional
        Records by version, [version, records] each, where that is kept.
    """

    hour: str
    number: int
    first: str
    last: str
    load: Callable[[Sequence[str]], Iterator[Columns]]
    counts: list[list[Any]] | None = None


class Reading:
    """One moment of a log.

    Parameters
    ----------
    store : sqlite3.Connection
        Inside a transaction.
    log : Store
        Whose it is.
    """

    def __init__(self, store: sqlite3.Connection, log: Store) -> None:
        self._store, self._log = store, log
        self.read = 0

    def chunks(self, since: str, before: str, most: int, after: int = 0) -> Iterator[list[dict[str, Any]]]:
        """Records, hour by hour, those of an hour as they were kept, at most so many at a time.

        Parameters
        ----------
        since, before : str
            Beginnings of moments.
        most : int
            Records of a chunk.
        after : int
            Number of the last line that is known already.
        """
        fields = (*FIELDS, "number") if after else FIELDS
        every = (r for columns in self.columns(since, before, fields, after) for r in records_of(columns))
        while some := list(islice(every, most)):
            yield some

    def columns(self, since: str, before: str, fields: Sequence[str], after: int = 0) -> Iterator[Columns]:
        """Some fields of the records, a list each, some thousand records at a time."""
        for piece in self.pieces(since, before):
            if piece.number <= after and after:
                continue
            whole = since <= piece.first and piece.last < before and not after
            wanted = fields if whole else tuple(dict.fromkeys((*fields, "at", "number")))
            for columns in piece.load(wanted):
                yield columns if whole else _within(columns, since, before, after)

    def pieces(self, since: str, before: str) -> list[Piece]:
        """What holds records of that time, hour by hour."""
        ask, within = self._store.execute, (since, before)
        found = [
            Piece(hour, number, first, last, partial(self._sealed, file, sha256), _counts(counts))
            for hour, number, first, last, file, sha256, counts in ask(_SEALED, within)
        ]
        found += [
            Piece(hour, 0, first, last, partial(self._old, hour))
            for hour, first, last in ask(_OLD_HOURS, {"since": since, "before": before})
        ]
        found += [
            Piece(hour, number, first, last, partial(self._block, block), _counts(counts))
            for hour, number, first, last, block, counts in ask(_BLOCKS, within)
        ]
        found += [
            Piece(hour, number, first, last, partial(self._line, number))
            for hour, number, first, last in ask(_FRESH, within)
        ]
        return sorted(found, key=lambda piece: piece.hour)  # of one hour they stay as they were kept

    def versions(self, since: str, before: str) -> dict[int | None, int]:
        """Records by the version that answered; only what is not counted is read."""
        counts: Counter[int | None] = Counter()
        for piece in self.pieces(since, before):
            if piece.counts is not None and since <= piece.first and piece.last < before:
                counts.update(dict(map(tuple, piece.counts)))
                continue
            for columns in piece.load(("version", "arm", "at")):
                lines = zip(columns["version"], columns["arm"], columns["at"], strict=True)
                counts.update(v for v, arm, at in lines if arm != SHADOW and since <= at < before)
        return {version: rows for version, rows in counts.items() if rows}

    def days(self) -> dict[str, int]:
        """Records of each day in UTC."""
        return {str(day): int(rows) for day, rows in self._store.execute(_DAYS)}

    def number(self) -> int:
        """Of the last line that was kept; 0 before the first."""
        return last_number(self._store)

    def labels(self, ids: Iterable[str]) -> dict[str, Any]:
        """Labels of some ids."""
        return labels_of(self._store, ids)

    def _sealed(self, file: str, sha256: str, fields: Sequence[str]) -> Iterator[Columns]:
        try:
            for columns in sealed_columns(sealed_folder(self._log.path) / file, sha256, fields):
                yield self._counted(columns)
        except Damaged:
            with self._log.snapshot() as later:
                if later.execute("SELECT 1 FROM sealed WHERE file = ? AND sha256 = ?", (file, sha256)).fetchone():
                    raise
            # It was pruned since: what it held is no longer in the log.

    def _block(self, block: int, fields: Sequence[str]) -> Iterator[Columns]:
        found = self._store.execute("SELECT content FROM contents WHERE block = ?", (block,)).fetchone()
        if found is None:
            raise Damaged(f"The block {block} of the prediction log is gone. Restore a copy.")
        yield self._counted(unpack(found[0], fields))

    def _line(self, number: int, fields: Sequence[str]) -> Iterator[Columns]:
        (content,) = self._store.execute("SELECT records FROM fresh WHERE number = ?", (number,)).fetchone()
        yield self._counted(columns_of(number, content))

    def _old(self, hour: str, fields: Sequence[str]) -> Iterator[Columns]:
        lines = unfolded(self._store, hour, hour + "~")
        while some := list(islice(lines, _AT_A_TIME)):
            columns = dict(zip(FIELDS, map(list, zip(*some, strict=True)), strict=True))
            yield self._counted({**columns, "number": [0] * len(some)})

    def _counted(self, columns: Columns) -> Columns:
        self.read += len(next(iter(columns.values()), ()))
        return columns


def sealed_folder(path: Path) -> Path:
    """Where the sealed hours of a log are."""
    return path.parent / "sealed"


def last_number(store: sqlite3.Connection) -> int:
    """Of the last line that was kept; 0 before the first."""
    return int(store.execute("SELECT coalesce(max(number), 0) FROM fresh").fetchone()[0])


def _counts(content: bytes | str | None) -> list[list[Any]] | None:
    return None if content is None else list(decoded(content))


def _within(columns: Columns, since: str, before: str, after: int) -> Columns:
    lines = zip(columns["at"], columns["number"], strict=True)
    wanted = [since <= at < before and (number > after or not after) for at, number in lines]
    return {name: [v for v, keep in zip(values, wanted, strict=True) if keep] for name, values in columns.items()}
