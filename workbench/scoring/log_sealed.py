"""Sealed hours of the prediction log: Parquet files that nobody writes any more.

They are written by ``workbench.monitoring.sealing``. Each column of the rows is a column of its own, ``row.NAME``, that
holds JSON; files of older formats, and those of rows with very many names, have the whole row as JSON in ``row``.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from workbench.core.bundle import file_hash
from workbench.errors import Damaged
from workbench.scoring.log_records import FIELDS, all_decoded

ROW = "row."  # before the name of a row's column
TEXTS = ("prediction", "answer", "flags")  # fields that are JSON
_AT_A_TIME = 4_096  # records


def sealed_columns(path: Path, sha256: str, fields: Sequence[str] = FIELDS) -> Iterator[dict[str, list[Any]]]:
    """A sealed file's records by field, some at a time.

    Raises
    ------
    Damaged
        If it is not what was written.
    """
    if not path.is_file() or file_hash(path) != sha256:
        raise Damaged(f"The sealed log {path.name} is not what was written. Restore it from a copy.")
    # By name: the service that a bundle carries writes the log and has no Parquet reader.
    with import_module("pyarrow.parquet").ParquetFile(path, page_checksum_verification=True) as table:
        there = table.schema_arrow.names
        rows = [name for name in there if name.startswith(ROW)] if "row" in fields else []
        wanted = [name for name in fields if name in there]
        for batch in table.iter_batches(_AT_A_TIME, columns=[*wanted, *rows]):
            columns = {name: _READ.get(name, _values)(batch[name]) for name in wanted}
            if "row" in fields and "row" not in there:
                columns["row"] = _rows({name.removeprefix(ROW): batch[name] for name in rows}, batch.num_rows)
            if "number" in fields and "number" not in there:
                columns["number"] = [0] * batch.num_rows
            yield columns


def _values(column: Any) -> list[Any]:
    return list(column.to_pylist())


def _ids(column: Any) -> list[str]:
    """32 hexadecimal digits stand as 16 bytes."""
    return [one if isinstance(one, str) else one.hex() for one in column.to_pylist()]


def _moments(column: Any) -> list[str]:
    return [one if isinstance(one, str) else one.isoformat(timespec="microseconds") for one in column.to_pylist()]


def _json(column: Any) -> list[Any]:
    return all_decoded(column.to_pylist())


def _rows(columns: dict[str, Any], rows: int) -> list[dict[str, Any]]:
    """Each row has the columns in which it holds something, be it null."""
    found: list[dict[str, Any]] = [{} for _ in range(rows)]
    for name, column in columns.items():
        texts = column.to_pylist()
        for row, text, value in zip(found, texts, all_decoded(texts), strict=True):
            if text is not None:
                row[name] = value
    return found


_READ: dict[str, Callable[[Any], list[Any]]] = {
    "id": _ids,
    "at": _moments,
    "row": _json,
    **dict.fromkeys(TEXTS, _json),
}
