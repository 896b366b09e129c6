"""Tables that say themselves what they hold: JSON, workbooks, files of statistics programs and of databases."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

import polars as pl

from workbench.core.literals import call
from workbench.core.names import counts, normalised
from workbench.errors import BadParameter, BadTable, MissingExtra, nearest, shortened
from workbench.reading.layouts import Asked
from workbench.reading.packed import name_of, opened, raw
from workbench.reading.queries import column
from workbench.reading.source import Source, completed, from_arrow, in_memory

if TYPE_CHECKING:
    import pandas as pd

# Bytes of JSON lines that are read at a time.
BLOCK = 4 << 20
# Bytes of a JSON document, which is read whole.
MOST_JSON = 2 << 30
# Rows of a workbook's sheet in which the header is looked for.
LOOKED_AT = 200


def json_file(path: str, _: Asked) -> Source:
    """A JSON document: a list of objects or of lists, an object of columns or of objects, or one of these within."""
    with opened(path) as file:
        content = file.read(MOST_JSON + 1)
    if len(content) > MOST_JSON:
        raise BadTable(f"{name_of(path)} holds more than 2 GB of JSON. Give JSON lines or Parquet.")
    if not content.strip():
        raise BadTable(f"{name_of(path)} is empty. Give a file with JSON objects.")
    try:
        document = json.loads(content)
    except json.JSONDecodeError as error:
        if error.msg == "Extra data":  # an object in each line
            return json_lines(path, _)
        raise
    except RecursionError:
        raise BadTable(f"{name_of(path)} is nested too deep for a table. Give a list of objects.") from None
    return in_memory(path, _frame(json_rows(document, name_of(path))))


def json_rows(document: Any, name: str) -> list[dict[str, Any]]:
    """The rows of a document.

    Raises
    ------
    BadTable
        If it holds no table.

    Examples
    --------
    >>> json_rows({"x": [1, 2], "y": ["a", "b"]}, "t")
    [{'x': 1, 'y': 'a'}, {'x': 2, 'y': 'b'}]
    >>> json_rows({"data": [{"x": 1}], "next": None}, "t"), json_rows({"ann": {"x": 1}}, "t")
    ([{'x': 1}], [{'index': 'ann', 'x': 1}])
    """
    if isinstance(document, list):
        rows = _listed(document)
    elif isinstance(document, dict):
        rows = _of_object(document, name)
    else:
        rows = None
    if not rows:
        raise BadTable(f"{name} holds no table. Give a list of objects, an object of columns, or JSON lines.")
    return rows


def _listed(items: Sequence[Any]) -> list[dict[str, Any]] | None:
    """Objects as they are; lists by their position, named by the first where that is texts."""
    if items and all(isinstance(item, dict) for item in items):
        return list(items)
    if items and all(isinstance(item, list) for item in items):
        named = len(items) > 1 and all(isinstance(name, str) for name in items[0])
        names = normalised(items[0]) if named else normalised([""] * max(map(len, items)))
        return [dict(zip(names, item, strict=False)) for item in items[named:]]
    return None if any(isinstance(item, (dict, list)) for item in items) else [{"value": item} for item in items]


def _of_object(document: Mapping[str, Any], name: str) -> list[dict[str, Any]] | None:
    values = list(document.values())
    if {"columns", "data"} <= document.keys() and isinstance(document["columns"], list):
        return _listed([[str(one) for one in document["columns"]], *document["data"]])
    if _are_columns(values):
        return [dict(zip(document, row, strict=True)) for row in zip(*values, strict=True)]
    if values and all(isinstance(value, dict) for value in values):
        return _of_objects(document)
    tables = {key: rows for key, value in document.items() if isinstance(value, list) and (rows := _listed(value))}
    if len(tables) > 1:
        tables = {key: rows for key, rows in tables.items() if isinstance(document[key][0], dict)} or tables
    if len(tables) > 1:
        raise BadTable(f"{name} holds several tables: {shortened(list(tables))}. Give a file with one of them.")
    return next(iter(tables.values()), None)


def _are_columns(values: Sequence[Any]) -> bool:
    """Whether all are lists of one length, and not one list of rows."""
    if not values or not all(isinstance(value, list) for value in values) or len(set(map(len, values))) > 1:
        return False
    return len(values) > 1 or not all(isinstance(item, (dict, list)) for item in values[0])


def _of_objects(document: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """An object of columns, each an object by row, as pandas writes them; or of rows by their name."""
    keys = [list(one) for one in document.values()]
    if all(one == keys[0] for one in keys) and counts(keys[0]):
        return [{name: values[key] for name, values in document.items()} for key in keys[0]]
    if counts(document):
        return [dict(row) for row in document.values()]
    return [{"index": key, **row} for key, row in document.items()]


def _frame(rows: list[dict[str, Any]]) -> pl.DataFrame:
    """Values of one kind in their type; a column of several kinds as texts."""
    names = dict.fromkeys(name for row in rows for name in row)
    frame = pl.DataFrame([column(str(i), [row.get(name) for row in rows]) for i, name in enumerate(names)])
    frame.columns = list(names)  # given to its constructor, polars would call an empty one otherwise
    return frame


def json_lines(path: str, _: Asked) -> Source:
    """A JSON object in each line."""

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with opened(path) as file:
            while block := file.read(BLOCK):
                lines = block + (_rest_of_line(file) if not block.endswith(b"\n") else b"")
                if lines.strip():
                    yield from pl.read_ndjson(io.BytesIO(lines), infer_schema_length=None).iter_slices(most)

    names = tuple(dict.fromkeys(name for chunk in chunks(1 << 20) for name in chunk.columns))
    if not names:
        raise BadTable(f"{name_of(path)} is empty. Give a file with a JSON object in each line.")
    return Source(path, names, lambda most: (completed(chunk, names) for chunk in chunks(most)), streamed=True)


def _rest_of_line(file: Any) -> bytes:
    """Up to the next line; a stream of Arrow reads no lines."""
    parts = []
    while byte := file.read(1):
        parts.append(byte)
        if byte == b"\n":
            break
    return b"".join(parts)


def stata(path: str, _: Asked) -> Source:
    """A Stata file, its labels as values; numbers where a label stands for several."""
    import pandas as pd

    def read(**options: Any) -> pd.DataFrame:
        with raw(path) as file:
            return pd.read_stata(file, **options)

    try:
        frame = read()
    except ValueError as error:
        if "unique" not in str(error) and "repeated" not in str(error):
            raise
        frame = read(convert_categoricals=False)
    return _from_pandas(path, frame)


def spss(path: str, _: Asked) -> Source:
    """An SPSS file, its labels as values.

    Raises
    ------
    MissingExtra
        If what reads SPSS files is not installed.
    """
    try:
        import pyreadstat
    except ImportError as error:
        raise MissingExtra.of("Reading an SPSS file", "pyreadstat", "spss") from error
    if "://" in path:
        raise BadTable("An SPSS file can't be read from a URL. Copy it to this machine first.")
    frame, _meta = pyreadstat.read_sav(path, apply_value_formats=True)
    return _from_pandas(path, frame)


def _from_pandas(path: str, frame: pd.DataFrame) -> Source:
    from workbench.reading.pandas_tables import pandas_source

    return pandas_source(frame, path)


def database(path: str, asked: Asked) -> Source:
    """The one table of an SQLite or DuckDB file, or the named one.

    Raises
    ------
    BadTable
        If there are several tables and none is named, or none at all.
    BadParameter
        If there is no such table.
    """
    if "://" in path:
        raise BadTable("A database file can't be read from a URL. Copy it first, or give wb.query(...).")
    with raw(path) as file:
        beginning = file.read(16)
    if beginning.startswith(b"SQLite format 3\0"):
        return _sqlite(path, asked)
    if beginning[8:12] == b"DUCK":
        return _duckdb(path, asked)
    raise BadTable(f"{name_of(path)} is no SQLite and no DuckDB database. Check the file, or give wb.query(...).")


def _sqlite(path: str, asked: Asked) -> Source:
    import sqlite3

    @contextmanager
    def cursor(statement: str) -> Iterator[sqlite3.Cursor]:
        with closing(sqlite3.connect(f"file:{quote(str(Path(path).absolute()))}?mode=ro", uri=True)) as connection:
            yield connection.execute(statement)

    listed = "SELECT name FROM sqlite_master WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite!_%' ESCAPE '!'"
    with cursor(listed) as rows:
        table = _chosen(path, [name for (name,) in rows], asked)
    statement = f"SELECT * FROM {_quoted(table)}"  # noqa: S608 - the name is one of the file's own, and quoted
    with cursor(statement) as rows:
        names = tuple(str(one[0]) for one in rows.description)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with cursor(statement) as rows:
            while part := rows.fetchmany(most):
                yield pl.DataFrame([column(n, list(v)) for n, v in zip(names, zip(*part, strict=True), strict=True)])

    return Source(f"{path}, table {table}", names, chunks)


def _duckdb(path: str, asked: Asked) -> Source:
    try:
        import duckdb
    except ImportError as error:
        raise MissingExtra.of("Reading a DuckDB file", "duckdb", "duckdb") from error

    def connected() -> Any:
        return duckdb.connect(path, read_only=True)

    with connected() as connection:
        tables = [name for (name,) in connection.execute("SELECT table_name FROM information_schema.tables").fetchall()]
        table = _chosen(path, tables, asked)
        statement = f"SELECT * FROM {_quoted(table)}"  # noqa: S608 - the name is one of the file's own, and quoted
        names = tuple(one[0] for one in connection.execute(statement).description)

    def chunks(most: int) -> Iterator[pl.DataFrame]:
        with connected() as connection:
            for batch in connection.sql(statement).to_arrow_reader(most):
                yield from from_arrow(batch).iter_slices(most)

    return Source(f"{path}, table {table}", names, chunks)


def _chosen(path: str, tables: Sequence[str], asked: Asked) -> str:
    known = shortened(sorted(tables))
    if asked.table is not None:
        if asked.table not in tables:
            hint = nearest(asked.table, list(tables))
            raise BadParameter(f"{name_of(path)} has no table {asked.table!r}. {hint}Tables: {known}.")
        return asked.table
    if not tables:
        raise BadTable(f"{name_of(path)} has no table. Give a database with one.")
    if len(tables) > 1:
        cure = call("wb.dataset", path, table=sorted(tables)[0])
        raise BadTable(f"{name_of(path)} has {len(tables)} tables: {known}. Name one, as in {cure}.")
    return tables[0]


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def errors() -> tuple[type[Exception], ...]:
    """What the libraries that are loaded raise at a broken file."""
    known = (("fastexcel", "FastExcelError"), ("duckdb", "Error"), ("pyreadstat", "ReadstatError"))
    return tuple(getattr(sys.modules[one], name) for one, name in known if hasattr(sys.modules.get(one), name))
