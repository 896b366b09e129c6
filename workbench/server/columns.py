"""The column names of a table, for the choices of a form; read from its first line, without loading the table."""

from __future__ import annotations

import csv
import gzip
import zlib
from pathlib import Path
from typing import IO

from workbench.core.store import inside
from workbench.errors import BadTable

LONGEST = 1_000_000


def columns(root: Path, path: str) -> list[str]:
    """Names in the header of a CSV file; empty for the other formats, whose names are typed.

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
        If there is no such file, or its first line can't be read.
    """
    table = inside(root, path)
    if not table.is_file():
        raise BadTable(f"There is no file {path!r}. Give the path of a table in this folder.")
    if not table.name.endswith((".csv", ".tsv", ".csv.gz")):
        return []
    try:
        with _opened(table) as file:
            header = file.readline(LONGEST)
        return next(csv.reader([header], delimiter=_delimiter(header)), [])
    except (OSError, UnicodeDecodeError, EOFError, zlib.error, csv.Error) as error:
        raise BadTable(f"The first line of {path!r} can't be read ({error}). Save it as CSV in UTF-8.") from error


def _opened(table: Path) -> IO[str]:
    if table.suffix == ".gz":
        return gzip.open(table, "rt", encoding="utf-8-sig", newline="")
    return table.open(encoding="utf-8-sig", newline="")


def _delimiter(header: str) -> str:
    """The separator that occurs most in the header."""
    return max(",;\t|", key=header.count)
