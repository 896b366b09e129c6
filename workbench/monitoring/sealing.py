"""Closed hours of the prediction log become Parquet files that nobody writes any more."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any

from workbench.core.bundle import file_hash
from workbench.scoring.log import FIELDS, PredictionLog, unsealed
from workbench.storage.files import in_one_step

LATE = timedelta(minutes=10)  # an hour is closed this long after its end
AT_A_TIME = 4_000  # records in memory
_TABLES = ("records", "batches")


def seal(folder: str | Path, now: datetime | None = None) -> int:
    """Move the closed hours of a prediction log to ``sealed/HOUR.parquet``, with page checksums and a SHA-256.

    A file is whole and on the disk before its records leave ``log.sqlite``, in one transaction; whoever is killed
    between loses nothing, and the next call makes the file again. The service may write meanwhile.

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
        end = ((now or datetime.now(UTC)) - LATE).astimezone(UTC).strftime("%Y-%m-%dT%H")
        return sum(_sealed(log, hour) for hour in _hours(log, end))
    finally:
        log.close()


def _hours(log: PredictionLog, end: str) -> list[str]:
    query = " UNION ".join(f"SELECT substr(at, 1, 13) FROM {t} WHERE at < :end" for t in _TABLES)  # noqa: S608
    with log.transaction() as store:
        return [hour for (hour,) in store.execute(f"{query} ORDER BY 1", {"end": end})]


def _sealed(log: PredictionLog, hour: str) -> int:
    within = (hour, hour + "~")
    with log.transaction() as store:  # held until the end: of two sealers, one finds nothing left
        path = _free_place(store, log.path.parent / "sealed", hour)
        rows, first, last = _write(path, store, unsealed(store, *within))
        if not rows:
            return 0
        store.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", (path.name, file_hash(path), rows, first, last))
        for table in _TABLES:
            store.execute(f"DELETE FROM {table} WHERE at >= ? AND at < ?", within)  # noqa: S608
    return rows


def _free_place(store: sqlite3.Connection, folder: Path, hour: str) -> Path:
    """Records may come late to an hour that is sealed: they get a file of their own."""
    name = hour.replace(":", "")
    taken = store.execute("SELECT count(*) FROM sealed WHERE file LIKE ?", (f"{name}%",)).fetchone()[0]
    return folder / (f"{name}.{taken + 1}.parquet" if taken else f"{name}.parquet")


def _write(path: Path, store: sqlite3.Connection, lines: Iterator[tuple[Any, ...]]) -> tuple[int, str, str]:
    """Write records some at a time and note their ids; their number, and their first and last moment."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"version": pa.int64(), "latency_ms": pa.float64()}
    some = list(islice(lines, AT_A_TIME))
    if not some:
        return 0, "", ""
    rows, first, last = 0, some[0][1], ""
    schema = pa.schema([(name, kinds.get(name, pa.string())) for name in FIELDS])
    with (
        in_one_step(path) as file,
        pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True) as writer,
    ):
        while some:
            columns = zip(schema, zip(*some, strict=True), strict=True)
            writer.write_table(pa.table([pa.array(values, kind.type) for kind, values in columns], schema=schema))
            store.executemany("INSERT OR IGNORE INTO sealed_ids VALUES (?)", [line[:1] for line in some])
            rows, last = rows + len(some), some[-1][1]
            some = list(islice(lines, AT_A_TIME))
    return rows, first, last
