"""What came together is kept together: records of one commit as lines of JSON, folded to blocks when they are many.

A line holds up to ``LINE`` records of one hour, those of several requests too. So a commit writes one line, and the
index of ids alone gets an entry for each record. :func:`fold_once` packs the oldest ones to a block: it reads and packs
outside of any transaction, and exchanges lines and block in a short one, so that it holds nobody up, and whoever is
killed leaves either the lines or the block.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import groupby, islice
from operator import itemgetter
from typing import Any, NamedTuple

from workbench.core.rollout import SHADOW
from workbench.scoring.log_blocks import pack
from workbench.scoring.log_records import FIELDS, Line, decoded, encoded, hour_number, id_key
from workbench.scoring.log_store import Store

LINE = 256  # records of a line: more would keep Python's other threads waiting while they are read
BLOCK = 4_096  # records of a block
LATE = timedelta(minutes=10)  # an hour is closed this long after its end
_HOUR = 13  # characters of a moment that tell the hour
_TOGETHER = 1_000_000  # bytes of a line's records, or one record

_INSERT = "INSERT INTO fresh (hour, rows, first, last, records) VALUES (?, ?, ?, ?, ?)"
_INDEX = "INSERT INTO ids (id, hour) VALUES (?, ?) ON CONFLICT (id) DO UPDATE SET hour = max(hour, excluded.hour)"
_FULL = """SELECT hour FROM fresh WHERE rows > 0 GROUP BY hour HAVING sum(rows) >= ? OR hour < ?
    ORDER BY hour LIMIT 1"""
# The last number that was given stays in the table, as a line without records, so that none is given twice.
_LEAVE_NUMBER = """INSERT INTO fresh (number, hour, rows, first, last, records)
    SELECT :number, '', 0, '', '', '' WHERE NOT EXISTS (SELECT 1 FROM fresh WHERE number >= :number)"""
_FORGET_NUMBERS = "DELETE FROM fresh WHERE rows = 0 AND number < (SELECT max(number) FROM fresh)"
_OLD_FIELDS = ", ".join(FIELDS)
# What formats up to 5 wrote: single records, and batches.
_OLD_RECORDS = f"SELECT number, {_OLD_FIELDS} FROM records WHERE at >= ? AND at < ? ORDER BY at, number"  # noqa: S608 (constants)
_OLD_BATCHES = "SELECT number, at, rows, records FROM batches WHERE at >= ? AND at < ? ORDER BY at, number"


class Item(NamedTuple):
    """Records of one hour that came together.

    Parameters
    ----------
    hour : str
        In UTC, such as ``2026-07-31T13``.
    ids : list of str
        Of the records.
    first, last : str
        Their first and last moment.
    content : bytes
        JSON of each, with commas between.
    """

    hour: str
    ids: list[str]
    first: str
    last: str
    content: bytes


class Part(NamedTuple):
    """Records that are kept all or none."""

    ids: list[str]
    items: list[Item]


def part_of(lines: Sequence[Line]) -> Part:
    """Records as they are kept.

    >>> part = part_of([["a", "2026-07-31T13:00", 1, {}, 0.5, "no", [], 0.2, None]])
    >>> part.ids, part.items[0].hour, len(part.items)
    (['a'], '2026-07-31T13', 1)
    """
    if len(lines) == 1:  # nearly always: the rest would cost it half of what it takes
        line = lines[0]
        ids, at = [line[0]], line[1]
        return Part(ids, [Item(at[:_HOUR], ids, at, at, encoded(line))])
    return Part([line[0] for line in lines], [_item(hour, some) for hour, some in _by_hour(lines)])


def _by_hour(lines: Sequence[Line]) -> Iterator[tuple[str, Sequence[Line]]]:
    for hour, some in groupby(lines, lambda line: line[1][:_HOUR]):
        while together := list(islice(some, LINE)):
            yield hour, together


def _item(hour: str, lines: Sequence[Line]) -> Item:
    moments = [line[1] for line in lines]
    return Item(hour, [line[0] for line in lines], min(moments), max(moments), encoded(lines)[1:-1])


def keep(store: sqlite3.Connection, parts: Sequence[Part]) -> None:
    """Write records, inside a transaction."""
    items = [item for part in parts for item in part.items]
    if len(items) == 1 and len(items[0].ids) == 1:
        hour, ids, first, last, content = items[0]
        store.execute(_INSERT, (hour, 1, first, last, b"[%b]" % content))
        store.execute(_INDEX, (id_key(ids[0]), hour_number(hour)))
        return
    for some in _together(items):
        content = b"[%b]" % b",".join(item.content for item in some)
        rows = sum(len(item.ids) for item in some)
        first, last = min(item.first for item in some), max(item.last for item in some)
        store.execute(_INSERT, (some[0].hour, rows, first, last, content))
    store.executemany(_INDEX, ((id_key(one), hour_number(item.hour)) for item in items for one in item.ids))


def _together(items: Sequence[Item]) -> Iterator[list[Item]]:
    """Those that make a line."""
    some: list[Item] = []
    rows = size = 0
    for item in items:
        rows, size = rows + len(item.ids), size + len(item.content)
        if some and (rows > LINE or size > _TOGETHER or item.hour != some[0].hour):
            yield some
            some, rows, size = [], len(item.ids), len(item.content)
        some.append(item)
    if some:
        yield some


def columns_of(number: int, content: bytes) -> dict[str, list[Any]]:
    """A line's records by field, with its number."""
    lines = decoded(content)
    columns = dict(zip(FIELDS, map(list, zip(*lines, strict=True)), strict=True))
    return {**columns, "number": [number] * len(lines)}


def unfolded(store: sqlite3.Connection, since: str, before: str) -> Iterator[Line]:
    """The records that an older format wrote and nobody has folded yet, oldest first."""
    lines = (_read(line[1:]) for line in store.execute(_OLD_RECORDS, (since, before)))
    batches = store.execute(_OLD_BATCHES, (since, before))
    return merge(lines, (line for _, at, _, records in batches for line in _of_batch(at, records)), key=itemgetter(1))


def closed(now: datetime | None = None) -> str:
    """The first hour that is not closed yet, in UTC.

    >>> closed(datetime(2026, 3, 1, 12, 5, tzinfo=UTC))
    '2026-03-01T11'
    """
    return ((now or datetime.now(UTC)) - LATE).astimezone(UTC).strftime("%Y-%m-%dT%H")


def waiting(store: sqlite3.Connection) -> int:
    """Records that are in no block yet; those of an older format count as enough for one."""
    (fresh,) = store.execute("SELECT coalesce(sum(rows), 0) FROM fresh").fetchone()
    (old,) = store.execute("SELECT EXISTS (SELECT 1 FROM records) OR EXISTS (SELECT 1 FROM batches)").fetchone()
    return int(fresh) + BLOCK * int(old)


def fold_once(store: Store, end: str) -> bool:
    """Fold some records: of an hour before ``end`` or of one that has enough for a block. False if there are none.

    Another process may do the same: of two, one finds its lines gone, and leaves it at that.
    """
    with store.snapshot() as moment:
        found = _fresh(moment, end) or _old_records(moment) or _old_batches(moment)
    if found is None:
        return False
    content = pack(found.numbers, found.lines)
    with suppress(_Taken), store.transaction() as now:
        if now.executemany(found.removal, found.kept).rowcount != len(found.kept):
            raise _Taken
        _write(now, found, content)
    return True


class _Taken(Exception):
    """Somebody else was first."""


class _Found(NamedTuple):
    """Records to be folded, and how they leave their place."""

    hour: str
    numbers: list[int]
    lines: list[Line]
    removal: str
    kept: list[tuple[Any, ...]]
    table: str


def _fresh(store: sqlite3.Connection, end: str) -> _Found | None:
    hour = store.execute(_FULL, (BLOCK, end)).fetchone()
    if hour is None:
        return None
    numbers, lines, kept = list[int](), list[Line](), list[tuple[Any, ...]]()
    for number, records in store.execute("SELECT number, records FROM fresh WHERE hour = ? ORDER BY number", hour):
        some = decoded(records)
        numbers += [number] * len(some)
        lines += some
        kept.append((number,))
        if len(lines) >= BLOCK:
            break
    return _Found(hour[0], numbers, lines, "DELETE FROM fresh WHERE number = ?", kept, "fresh")


def _old_records(store: sqlite3.Connection) -> _Found | None:
    hour = _oldest(store, "records")
    if hour is None:
        return None
    some = store.execute(f"{_OLD_RECORDS} LIMIT {BLOCK}", (hour, hour + "~")).fetchall()
    removal = "DELETE FROM records WHERE number = ?"
    return _Found(hour, [0] * len(some), [_read(line[1:]) for line in some], removal, [line[:1] for line in some], "")


def _old_batches(store: sqlite3.Connection) -> _Found | None:
    hour = _oldest(store, "batches")
    if hour is None:
        return None
    lines, kept = list[Line](), list[tuple[Any, ...]]()
    for number, at, _, records in store.execute(_OLD_BATCHES, (hour, hour + "~")):
        lines += _of_batch(at, records)
        kept.append((number,))
        if len(lines) >= BLOCK:
            break
    return _Found(hour, [0] * len(lines), lines, "DELETE FROM batches WHERE number = ?", kept, "batches")


def _oldest(store: sqlite3.Connection, table: str) -> str | None:
    (at,) = store.execute(f"SELECT min(at) FROM {table}").fetchone()  # noqa: S608 (a constant)
    return None if at is None else str(at)[:_HOUR]


def _write(store: sqlite3.Connection, found: _Found, content: bytes) -> None:
    moments = [line[1] for line in found.lines]
    block = store.execute(
        "INSERT INTO blocks (hour, rows, first, last, number, counts) VALUES (?, ?, ?, ?, ?, ?)",
        (found.hour, len(moments), min(moments), max(moments), found.numbers[-1], encoded(counted(found.lines))),
    ).lastrowid
    store.execute("INSERT INTO contents (block, content) VALUES (?, ?)", (block, content))
    if found.table == "fresh":  # the ids of fresh ones are known already
        store.execute(_LEAVE_NUMBER, {"number": found.numbers[-1]})
        store.execute(_FORGET_NUMBERS)
    else:
        ids, hour = [line[0] for line in found.lines], hour_number(found.hour)
        store.executemany(_INDEX, ((id_key(one), hour) for one in ids))
        store.executemany("DELETE FROM sealed_ids WHERE id = ?", ((one,) for one in ids))


def counted(lines: Iterable[Line]) -> list[list[Any]]:
    """Records by the version that answered, [version, records] each; a shadow has answered nobody."""
    counts = Counter(line[2] for line in lines if line[8] != SHADOW)
    return [[version, rows] for version, rows in counts.items()]


def _read(line: Sequence[Any]) -> Line:
    """Of an older format: some fields are JSON each."""
    record, at, version, *texts, latency, arm = line
    return [record, at, version, *map(decoded, texts), latency, arm]


def _of_batch(at: str, records: str) -> Iterator[Line]:
    columns = decoded(records)
    columns["at"] = [at] * len(columns["id"])
    return (list(line) for line in zip(*(columns[name] for name in FIELDS), strict=True))
