"""Files of tables, local or not, as streams of chunks; the one door to all their formats."""

from __future__ import annotations

import glob
import lzma
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path, PurePath
from typing import Any
from urllib.parse import unquote

import polars as pl

from workbench.core.arguments import described
from workbench.core.finding import Finding
from workbench.core.literals import Cure, python
from workbench.core.reading import Layout
from workbench.errors import BadParameter, BadTable, WorkbenchError
from workbench.reading import columnar, formats
from workbench.reading.delimited import BLOCK as BLOCK
from workbench.reading.delimited import delimited
from workbench.reading.layouts import Asked
from workbench.reading.packed import endings, inner_ending, name_of
from workbench.reading.remotes import matching_remote
from workbench.reading.source import Source, chosen, completed, named
from workbench.reading.stamps import Stamp, stamps
from workbench.reading.workbooks import workbook
from workbench.settings import may_be_path
from workbench.storage import urls
from workbench.storage.urls import told, without_secrets

Reader = Callable[[str, Asked], Source]
READERS: Mapping[str, Reader] = {
    ".parquet": columnar.parquet_file,
    ".pq": columnar.parquet_file,
    ".feather": columnar.feather,
    ".arrow": columnar.feather,
    ".ipc": columnar.feather,
    ".json": formats.json_file,
    ".jsonl": formats.json_lines,
    ".ndjson": formats.json_lines,
    ".xlsx": workbook,
    ".xlsm": workbook,
    ".xlsb": workbook,
    ".xls": workbook,
    ".ods": workbook,
    ".dta": formats.stata,
    ".sav": formats.spss,
    ".zsav": formats.spss,
    ".sqlite": formats.database,
    ".sqlite3": formats.database,
    ".db": formats.database,
    ".duckdb": formats.database,
}
# Those that are read as streams, and so from archives too.
STREAMS = (".json", ".jsonl", ".ndjson")
# What a reader takes beside text's options.
OWN_OPTIONS: Mapping[Reader, str] = {workbook: "sheet", formats.database: "table"}

_PARTITION = re.compile(r"([^=/\\]+)=([^/\\]*)")
_NO_VALUE = "__HIVE_DEFAULT_PARTITION__"
_WHOLE = re.compile(r"0|-?[1-9]\d{0,17}|0\d")


def files(pattern: str, asked: Asked | None = None, like: Layout | None = None, expected: Sequence[str] = ()) -> Source:
    """All files of one kind that a path, folder, glob or URL names, one after the other.

    Parameters
    ----------
    pattern : str
    asked : Asked, optional
        What was said of their layout.
    like : Layout, optional
        Of an earlier file, by which text is read if that gives the expected names.
    expected : sequence of str
        Names of columns.

    Raises
    ------
    BadTable
        If nothing is there, or it can't be read.
    BadParameter
        If an option is not for these files.
    """
    paths, several = _matching(pattern)
    folder = "" if all("://" in path or Path(path).is_absolute() for path in paths) else str(Path.cwd())
    seen = stamps(path for path in paths if "://" not in path)
    return Files(pattern, tuple(paths), several, asked or Asked(), like, tuple(expected), folder, seen).open()


@dataclass(frozen=True)
class Files:
    """Files of one kind that are read one after the other, as one table.

    Parameters
    ----------
    pattern : str
        That named them.
    paths : tuple of str
    several : bool
        Whether there may be several, so that their folders say something.
    asked : Asked
    like : Layout, optional
    expected : tuple of str
        As :func:`files` takes them.
    folder : str
        The working folder in which relative paths were given; empty where none is relative.
    seen : tuple of Stamp
        What local files were known by before they were opened first.
    """

    pattern: str
    paths: tuple[str, ...]
    several: bool
    asked: Asked
    like: Layout | None
    expected: tuple[str, ...]
    folder: str
    seen: tuple[Stamp | None, ...]

    @property
    def places(self) -> tuple[str, ...]:
        """Where they are, whatever the working folder is by now."""
        return tuple(path if "://" in path else str(Path(self.folder) / path) for path in self.paths)

    def open(self) -> Source:
        """The table that they hold.

        Raises
        ------
        BadTable
            If one of them can't be read, or is of another kind.
        BadParameter
            If an option is not for these files.
        """
        there = self.paths if self.folder in ("", str(Path.cwd())) else self.places
        kinds = {path: _kind(path) for path in there}
        if len(set(kinds.values())) > 1:
            usual = kinds[there[0]]
            raise BadTable(f"{self.pattern!r} matches files of several kinds. Choose one of them, such as '*{usual}'.")
        parts: list[Source] = []
        for path in there:
            before = parts[0] if parts and not self.asked.given() else None
            kept = (self.like, self.expected) if before is None else (before.layout, before.names)
            parts.append(_explained(path, lambda path=path, kept=kept: _one(path, kinds[path], self.asked, *kept)))  # type: ignore[misc]  # bound now
        if self.several:
            parts = [_partitioned(part, values) for part, values in zip(parts, _partitions(self.paths), strict=True)]
        again = self if all(part.streamed for part in parts) and not any("://" in path for path in there) else None
        return replace(_together(self.pattern, there, parts), files=again)


def _one(path: str, kind: str, asked: Asked, like: Layout | None, expected: Sequence[str]) -> Source:
    reader = READERS.get(kind)
    if reader is None:
        _refuse_options(path, asked, ("sheet", "table"))
        return delimited(path, asked, like, expected)
    own = OWN_OPTIONS.get(reader)
    _refuse_options(path, asked, [name for name in asked.given() if name != own])
    if endings(path)[1] and kind not in STREAMS:
        raise BadTable(f"{name_of(path)} holds a packed {kind} file, which can't be read as a stream. Unpack it first.")
    return named(reader(path, asked))


def _refuse_options(path: str, asked: Asked, others: Sequence[str]) -> None:
    for name in asked.given():
        if name in others:
            raise BadParameter(f"{name}= is not for files such as {name_of(path)}. Leave it out.")


def _together(pattern: str, paths: Sequence[str], parts: Sequence[Source]) -> Source:
    names = tuple(dict.fromkeys(name for part in parts for name in part.names))

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        for path, part in zip(paths, parts, strict=True):
            stream = _explained(path, lambda part=part: iter(_chunks(part, wanted, most)))  # type: ignore[misc]
            while (chunk := _explained(path, lambda stream=stream: next(stream, None))) is not None:  # type: ignore[misc]
                yield completed(chunk, wanted)
                del chunk  # a part of what was read, which would stay while more is read

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        return columns(names, most)

    def notes() -> tuple[Finding, ...]:
        every = chain.from_iterable(part.notes() for part in parts)
        return tuple({(one.code, one.message): one for one in every}.values())

    rows = None if any(p.rows is None for p in parts) else sum(p.rows or 0 for p in parts)
    size = None if any(p.size is None for p in parts) else sum(p.size or 0 for p in parts)
    first, typed = parts[0], all(p.typed for p in parts)
    alone = first.description if len(parts) == 1 else pattern
    described = told(pattern) if "://" in pattern else alone
    return Source(
        described,
        names,
        chunks,
        rows,
        size,
        typed=typed,
        layout=first.layout,
        decimal=first.decimal,
        notes=notes,
        columns=columns,
        units={name: unit for part in reversed(parts) for name, unit in part.units.items()},
    )


def _chunks(part: Source, names: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
    """With those of the columns that a file has, and one at least, since rows are counted by it."""
    there = [name for name in names if name in part.names] or list(part.names[:1])
    return part.chunks(most) if tuple(there) == part.names else part.chunks_of(there, most)


def _partitions(paths: Sequence[str]) -> list[dict[str, Any]]:
    """What the folders of each path say as name=value: whole numbers where all values are, else texts."""
    folders = [map(_PARTITION.fullmatch, PurePath(path).parts[:-1]) for path in paths]
    texts = [{unquote(match[1]): unquote(match[2]) for match in parts if match} for parts in folders]
    names = dict.fromkeys(name for values in texts for name in values)
    whole = {n for n in names if all(_WHOLE.fullmatch(v[n]) for v in texts if n in v and v[n] != _NO_VALUE)}
    return [{n: None if v == _NO_VALUE else int(v) if n in whole else v for n, v in values.items()} for values in texts]


def _partitioned(part: Source, values: Mapping[str, Any]) -> Source:
    """With a column for each of its folders; one that the file has too is the file's."""
    added = {name: value for name, value in values.items() if name not in part.names}
    if not added:
        return part
    constants = [
        pl.lit(value, dtype=pl.Int64 if isinstance(value, int) else pl.String).alias(name)
        for name, value in added.items()
    ]

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        return (chunk.with_columns(constants) for chunk in part.chunks(most))

    def columns(wanted: Sequence[str], most: int) -> Iterator[pl.DataFrame]:
        for chunk in _chunks(part, wanted, most):
            yield chosen(chunk.with_columns(constants), wanted)

    return replace(part, names=(*part.names, *added), chunks=chunks, columns=columns)


def paths_of(pattern: str) -> list[str]:
    """The files that a path, folder, glob or URL names, sorted.

    Raises
    ------
    BadTable
        If there is none.
    """
    return _matching(pattern)[0]


def _matching(pattern: str) -> tuple[list[str], bool]:
    """The files of a path, folder, glob or URL, and whether there may be several."""
    if "://" in pattern:
        several = "*" in pattern
        paths = matching_remote(pattern) if several else [pattern]
        return sorted(paths) or [pattern], several
    if not may_be_path(pattern):
        raise BadTable(f"{described(pattern).capitalize()} can't be a path: no system has such a name. Give a file's.")
    if Path(pattern).is_dir():
        return _inside(pattern), True
    if not Path(pattern).exists() and glob.has_magic(pattern):
        paths = sorted(p for p in glob.glob(pattern, recursive=True) if not Path(p).is_dir())  # noqa: PTH207 - a pattern may be absolute
        if not paths:
            raise BadTable(f"No file matches {pattern!r}. Give the pattern from the working folder {Path.cwd()}.")
        return paths, True
    if not Path(pattern).exists():
        raise BadTable(f"There is no file {pattern!r}. Give the path from the working folder {Path.cwd()}.")
    return [pattern], False


def _inside(folder: str) -> list[str]:
    """The files of a folder and those in it; names that begin with a point or a line are not data."""
    root = Path(folder)
    every = (path for path in root.rglob("*") if path.is_file())
    paths = sorted(str(p) for p in every if not any(n.startswith((".", "_")) for n in p.relative_to(root).parts))
    if not paths:
        raise BadTable(f"The folder {folder!r} holds no file. Give a file, or a folder with files of one kind.")
    return paths


def _kind(path: str) -> str:
    """The ending that says how a file is read; text of any other ending is read as text."""
    ending = _explained(path, lambda: inner_ending(path))
    return ending if ending in READERS else ".csv"


def _explained(path: str, act: Callable[[], Any]) -> Any:
    try:
        return act()
    except WorkbenchError as error:
        error.cured_by(error.cure or _look_beside(path))
        raise
    except _unreadable() as error:
        kind = "".join(endings(path))[1:] or "a table"
        problem = f"{name_of(path)} can't be read as {kind} ({without_secrets(str(error), path)})"
        cause = error if problem.endswith(f"({error})") else None
        raise BadTable(f"{problem}. Check the file, or give a frame.") from cause


FILES_BESIDE = "import os\n\nsorted((entry.name, entry.stat().st_size) for entry in os.scandir($folder))"


def _look_beside(path: str) -> Cure:
    """Where a file has nothing in it, one beside it may be meant."""
    here = Path(path)
    return python(FILES_BESIDE, folder=str(here.parent)) if here.is_file() and not here.stat().st_size else ""


def _unreadable() -> tuple[type[Exception], ...]:
    """What reading may raise; asked for when something was raised, so that Arrow is not loaded before."""
    import sqlite3

    import pyarrow as pa

    packed = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, NotImplementedError)
    return (
        pa.ArrowException,
        OSError,
        ValueError,
        *packed,
        sqlite3.Error,
        pl.exceptions.PolarsError,
        *urls.errors(),
        *formats.errors(),
    )
