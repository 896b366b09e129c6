"""Closed hours of the prediction log become Parquet files that nobody writes any more."""

from __future__ import annotations

import sqlite3
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.bundle import file_hash
from workbench.scoring.log import FIELDS, PredictionLog, unsealed
from workbench.storage.files import in_one_step

LATE = timedelta(minutes=10)  # an hour is closed this long after its end
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
        lines = unsealed(store, *within)
        if not lines:
            return 0
        path = _free_place(store, log.path.parent / "sealed", hour)
        _write(path, lines)
        fields = (path.name, file_hash(path), len(lines), lines[0][1], lines[-1][1])
        store.execute("INSERT INTO sealed VALUES (?, ?, ?, ?, ?)", fields)
        store.executemany("INSERT OR IGNORE INTO sealed_ids VALUES (?)", [line[:1] for line in lines])
        for table in _TABLES:
            store.execute(f"DELETE FROM {table} WHERE at >= ? AND at < ?", within)  # noqa: S608
    return len(lines)


def _free_place(store: sqlite3.Connection, folder: Path, hour: str) -> Path:
    """Records may come late to an hour that is sealed: they get a file of their own."""
    name = hour.replace(":", "")
    taken = store.execute("SELECT count(*) FROM sealed WHERE file LIKE ?", (f"{name}%",)).fetchone()[0]
    return folder / (f"{name}.{taken + 1}.parquet" if taken else f"{name}.parquet")


def _write(path: Path, lines: list[tuple[Any, ...]]) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {"version": pa.int64(), "latency_ms": pa.float64()}
    by_field = dict(zip(FIELDS, zip(*lines, strict=True), strict=True))
    table = pa.table({n: pa.array(v, kinds.get(n, pa.string())) for n, v in by_field.items()})
    with in_one_step(path) as file:
        pq.write_table(table, file, compression="zstd", write_page_checksum=True)
