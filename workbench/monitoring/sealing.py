"""Closed hours of the prediction log become Parquet files that nobody writes any more."""

from __future__ import annotations

import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.core.bundle import file_hash
from workbench.errors import Busy
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_blocks import described, unpack
from workbench.scoring.log_lines import closed
from workbench.scoring.log_reading import sealed_folder
from workbench.scoring.log_records import FIELDS, decoded, text_of
from workbench.scoring.log_retention import PAUSE
from workbench.scoring.log_sealed import ROW, TEXTS
from workbench.storage.files import in_one_step, lock, sync_folder

AT_A_TIME = 16_384  # records in memory
MOST_NAMES = 1_000  # columns of rows that get columns of their own
_SOME_BLOCKS = 8  # that are removed in one transaction
# Blocks whose records a sealed file holds: nobody reads them any more.
_LEFT = "SELECT block FROM contents WHERE block NOT IN (SELECT block FROM blocks) LIMIT ?"


def seal(folder: str | Path, now: datetime | None = None) -> int:
    """Move the closed hours of a prediction log to ``sealed/HOUR.parquet``, with page checksums and a SHA-256.

    The service writes on: a file is made of blocks that nobody changes, outside of any transaction. Once it is whole
    and on the disk, one short transaction exchanges them for it, and what they took is given back a little at a time.
    Whoever is killed between loses nothing, and the next call goes on. Where another process seals, this one leaves it
    to that.

    Parameters
    ----------
    folder : path
        Of the log.
    now : datetime, optional
        The moment to judge by.

    Returns
    -------
    int
        Records sealed.

    Raises
    ------
    StoreError
        If the log can't be read or written.

    Examples
    --------
    >>> import tempfile
    >>> folder = tempfile.mkdtemp()
    >>> log = PredictionLog(folder)
    >>> log.append([{"id": "a", "at": "2026-01-01T05:30", "row": {"x": 1}, "prediction": 0.5}])
    ['a']
    >>> seal(folder), seal(folder), [r["id"] for r in log.read()]
    (1, 0, ['a'])
    """
    log = PredictionLog(folder)
    try:
        with lock(log.path.with_name(".sealing.lock"), timeout=0):
            return _seal(log, closed(now))
    except Busy:
        return 0
    finally:
        log.close()


def _seal(log: PredictionLog, end: str) -> int:
    with log.store.told():
        _sweep(log)
        log.fold(end=end)
        rows = sum(_sealed(log, hour) for hour in _hours(log, end))
        _clear(log)
    return rows


def _sweep(log: PredictionLog) -> None:
    """What a sealer left that was killed: nobody else writes here now."""
    for left in sealed_folder(log.path).glob(".*.tmp"):
        left.unlink(missing_ok=True)
    _clear(log)


def _hours(log: PredictionLog, end: str) -> list[str]:
    with log.store.turn() as store:
        query = "SELECT DISTINCT hour FROM blocks WHERE hour < ? ORDER BY hour"
        return [hour for (hour,) in store.execute(query, (end,))]


@dataclass(frozen=True)
class _Hour:
    """The blocks of one hour, as they were when its file was begun."""

    hour: str
    blocks: tuple[int, ...]
    rows: int
    first: str
    last: str
    number: int
    counts: str


class _Pruned(Exception):
    """Blocks left the log while they were sealed."""


def _sealed(log: PredictionLog, hour: str) -> int:
    found, path = _found(log, hour)
    try:
        _write(path, log, found)
        sha256 = file_hash(path)
        sync_folder(path.parent.parent)  # that the folder is there survives a power cut, too
        _exchange(log, found, path.name, sha256)
    except _Pruned:
        path.unlink(missing_ok=True)
        return 0
    _clear(log)
    return found.rows


def _exchange(log: PredictionLog, hour: _Hour, name: str, sha256: str) -> None:
    """From here on readers have the file in place of the blocks."""
    with log.transaction() as store:
        some = [(block,) for block in hour.blocks]
        if store.executemany("DELETE FROM blocks WHERE block = ?", some).rowcount != len(some):
            raise _Pruned
        line = (name, sha256, hour.rows, hour.first, hour.last, hour.number, hour.counts)
        store.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?, ?, ?)", line)


def _found(log: PredictionLog, hour: str) -> tuple[_Hour, Path]:
    query = "SELECT block, rows, first, last, number, counts FROM blocks WHERE hour = ? ORDER BY number, block"
    with log.store.turn() as store:
        blocks, rows, firsts, lasts, numbers, counts = zip(*store.execute(query, (hour,)), strict=True)
        path = _free_place(store, sealed_folder(log.path), hour)
    by_version: Counter[int | None] = Counter()
    for content in counts:
        by_version.update(dict(map(tuple, decoded(content))))
    told = text_of([[version, some] for version, some in by_version.items()])
    return _Hour(hour, blocks, sum(rows), min(firsts), max(lasts), max(numbers), told), path


def _free_place(store: sqlite3.Connection, folder: Path, hour: str) -> Path:
    """Records may come late to an hour that is sealed: they get a file of their own."""
    name = hour.replace(":", "")
    taken = {file for (file,) in store.execute("SELECT file FROM sealed WHERE file LIKE ?", (f"{name}%",))}
    leaving = {file for (file,) in store.execute("SELECT substr(name, 9) FROM meta WHERE name LIKE 'leaving %'")}
    names = (f"{name}.{k}.parquet" if k else f"{name}.parquet" for k in range(len(taken) + len(leaving) + 1))
    return folder / next(one for one in names if one not in taken | leaving)


def _write(path: Path, log: PredictionLog, hour: _Hour) -> None:
    """Write the records of blocks, some thousand at a time."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    names = _names(log, hour)
    hexed = all(set(map(len, ids["id"])) == {32} and _all_hex(ids["id"]) for ids in _columns(log, hour, ("id",)))
    schema = _schema(names, hexed)
    with (
        in_one_step(path) as file,
        pq.ParquetWriter(
            file, schema, compression="zstd", compression_level=9, write_page_checksum=True,
            use_dictionary=[name for name in schema.names if name not in _STEPWISE],
            column_encoding=dict.fromkeys(_STEPWISE, "DELTA_BINARY_PACKED"),
        ) as writer,
    ):  # fmt: skip
        for columns in _together(_columns(log, hour, (*FIELDS, "number"))):
            values = _as_kept(columns, names, hexed)
            writer.write_table(pa.table([pa.array(values[one.name], one.type) for one in schema], schema=schema))


_STEPWISE = ("at", "number")  # fields that grow by little


def _schema(names: Sequence[str] | None, hexed: bool) -> Any:
    import pyarrow as pa

    kinds = {"number": pa.int64(), "version": pa.int64(), "latency_ms": pa.float64(), "at": pa.timestamp("us", "UTC"),
             "id": pa.binary(16) if hexed else pa.string()}  # fmt: skip
    fields = [name for name in FIELDS if name != "row"]
    rows = ["row"] if names is None else [ROW + name for name in names]
    return pa.schema([(name, kinds.get(name, pa.string())) for name in ("number", *fields, *rows)])


def _names(log: PredictionLog, hour: _Hour) -> list[str] | None:
    """Columns of the rows; None where they are too many to have columns each."""
    names: dict[str, None] = {}
    for content in _contents(log, hour):
        names.update(dict.fromkeys(described(content)["names"]))
    return list(names) if 0 < len(names) <= MOST_NAMES else None


def _as_kept(columns: dict[str, list[Any]], names: Sequence[str] | None, hexed: bool) -> dict[str, list[Any]]:
    rows = columns["row"]
    split = {ROW + name: [text_of(row[name]) if name in row else None for row in rows] for name in names or ()}
    return {
        **columns,
        **{name: list(map(text_of, columns[name])) for name in TEXTS},
        "id": [bytes.fromhex(one) for one in columns["id"]] if hexed else columns["id"],
        "at": [datetime.fromisoformat(at) for at in columns["at"]],
        **(split if names is not None else {"row": list(map(text_of, rows))}),
    }


def _all_hex(ids: Sequence[str]) -> bool:
    with suppress(ValueError):
        joined = "".join(ids)
        return bytes.fromhex(joined).hex() == joined
    return False


def _contents(log: PredictionLog, hour: _Hour) -> Iterator[bytes]:
    """Block by block: no moment of the file is held while a file is written."""
    for block in hour.blocks:
        with log.store.turn() as store:
            found = store.execute("SELECT content FROM contents WHERE block = ?", (block,)).fetchone()
        if found is None:
            raise _Pruned
        yield found[0]


def _columns(log: PredictionLog, hour: _Hour, fields: Sequence[str]) -> Iterator[dict[str, list[Any]]]:
    return (unpack(content, fields) for content in _contents(log, hour))


def _together(parts: Iterator[dict[str, list[Any]]]) -> Iterator[dict[str, list[Any]]]:
    """As many as make a group of rows of Parquet."""
    held: dict[str, list[Any]] = {}
    for columns in parts:
        held = {name: held.get(name, []) + values for name, values in columns.items()}
        if len(held["id"]) >= AT_A_TIME:
            yield held
            held = {}
    if held:
        yield held


def _clear(log: PredictionLog, wait: Callable[[float], None] = time.sleep) -> None:
    """Remove the blocks that files hold now, and give their place back to the disk."""
    while True:
        with log.transaction() as store:
            some = store.execute(_LEFT, (_SOME_BLOCKS,)).fetchall()
            store.executemany("DELETE FROM contents WHERE block = ?", some)
        if not some:
            break
        wait(PAUSE)
    log.store.give_back(PAUSE)
