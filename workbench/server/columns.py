"""The column names of a table, for the choices of a form; read from its first bytes, without loading the table."""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import IO

from workbench.errors import BadTable
from workbench.reading.beginnings import beginning
from workbench.reading.layouts import Asked
from workbench.reading.packed import TEXTS, endings
from workbench.storage.files import inside

LONGEST = 1_000_000
LONGEST_NAME = 10_000


def columns(root: Path, path: str) -> list[str]:
    """Names of the columns of a CSV, Parquet, Feather or JSON-lines file; empty for what else there is.

    Parameters
    ----------
    root : Path
        The server's root folder.
    path : str
        The table, from there.

    Raises
    ------
    BadParameter
        If the path leaves the root.
    BadTable
        If there is no such file, or its names can't be read.
    """
    table = inside(root, path)
    if not table.is_file():
        raise BadTable(f"There is no file {path!r}. Give the path of a table in this folder.")
    reader = _reader(table.name.lower())
    if reader is None:
        return []
    seen = table.stat()
    if not seen.st_size:
        return []
    try:
        return list(_read(reader, table, seen.st_mtime_ns, seen.st_size))
    except BadTable as error:
        raise BadTable(f"The column names of {path!r} can't be read: {error}") from error
    except (OSError, ValueError, EOFError, zlib.error) as error:
        message = f"The column names of {path!r} can't be read ({error}). Save it again, as CSV in UTF-8 or as Parquet."
        raise BadTable(message) from error


@lru_cache(maxsize=64)
def _read(reader: Callable[[Path], list[str]], table: Path, changed: int, size: int) -> tuple[str, ...]:
    """The names, read once for each state of a file."""
    return tuple(reader(table))


def _reader(name: str) -> Callable[[Path], list[str]] | None:
    readers = {
        (".parquet", ".pq"): _of_parquet,
        (".feather", ".arrow"): _of_feather,
        (".jsonl", ".ndjson", ".jsonl.gz"): _of_json_lines,
    }
    if endings(name)[0] in TEXTS:
        return _of_text
    return next((reader for suffixes, reader in readers.items() if name.endswith(suffixes)), None)


def _of_text(table: Path) -> list[str]:
    names = list(beginning(str(table), Asked()).head.names)
    if any(len(name) > LONGEST_NAME for name in names):
        raise BadTable(f"A name has more than {LONGEST_NAME:,} characters. Give a table with a line of names.")
    return names


def _of_json_lines(table: Path) -> list[str]:
    row = json.loads(_first_line(table) or "{}")
    return list(row) if isinstance(row, dict) else []


def _of_parquet(table: Path) -> list[str]:
    # pyarrow without pandas: a fifth of a second, once, and only for who has such files.
    from pyarrow import parquet

    return [str(name) for name in parquet.read_schema(table).names if not str(name).startswith("__index_level_")]


def _of_feather(table: Path) -> list[str]:
    from pyarrow import ipc, memory_map

    with memory_map(str(table)) as file:
        return [str(name) for name in ipc.open_file(file).schema.names if not str(name).startswith("__index_level_")]


def _first_line(table: Path) -> str:
    with _opened(table) as file:
        return file.readline(LONGEST)


def _opened(table: Path) -> IO[str]:
    if table.suffix == ".gz":
        return gzip.open(table, "rt", encoding="utf-8-sig", newline="")
    return table.open(encoding="utf-8-sig", newline="")
