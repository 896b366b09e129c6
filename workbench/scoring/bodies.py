"""Bodies become rows: our JSON, MLflow's four forms, CSV and Arrow."""

from __future__ import annotations

import csv
import io
import json
import struct
from collections.abc import Callable, Iterator, Mapping, Sequence
from importlib import import_module
from typing import Any

from workbench.core.checking import read_text
from workbench.core.contract import Column, Contract
from workbench.core.names import normal, renaming
from workbench.scoring import quick_json
from workbench.scoring.http import Rejected
from workbench.scoring.limits import in_force

SEPARATORS = (",", ";", "\t", "|")  # of a CSV; a contract's other marks need a reader of files
LONGEST = 60  # characters of a name that an answer repeats
ARROW = "application/vnd.apache.arrow.stream"
CSV = "text/csv"
FORMS = ("dataframe_split", "dataframe_records", "instances", "inputs")

Rows = list[Any]


def read_json(content: bytes) -> Any:
    """Strict JSON in UTF-8: no name twice in an object, no bottomless nesting.

    Raises
    ------
    Rejected
        400, with the line and column where it fails.

    Examples
    --------
    >>> read_json(b'{"age": 36}')
    {'age': 36}
    >>> read_json(b'{"age": 36, "age": 37}')
    Traceback (most recent call last):
    workbench.scoring.http.Rejected: The name 'age' is there twice in one object. Send each column once.
    """
    try:
        return quick_json.read(content)
    except quick_json.NotPlain:
        return _read_slowly(content)


def rows_of_json(body: Any) -> tuple[Rows, bool]:
    """The rows of our own form, and whether it was a single one."""
    if not isinstance(body, dict):
        raise Rejected(422, 'Send one row as an object, or {"rows": [objects]}.')
    rows = body.get("rows")
    return (few(rows), False) if isinstance(rows, list) else ([body], True)


def few(rows: Rows) -> Rows:
    """The rows, if there is at least one and not too many."""
    if not rows:
        raise Rejected(422, "There is no row. Send at least one.")
    if len(rows) > in_force().most_rows:
        raise _too_many(len(rows))
    return rows


def rows_of_mlflow(body: Any, features: Sequence[str]) -> Rows:
    """The rows of one of MLflow's forms; NaN is a missing value there.

    >>> rows_of_mlflow({"dataframe_split": {"columns": ["age"], "data": [[36], [37]]}}, ["age"])
    [{'age': 36}, {'age': 37}]
    >>> rows_of_mlflow({"inputs": {"age": [36, 37]}}, ["age"])
    [{'age': 36}, {'age': 37}]
    """
    forms = [form for form in FORMS if isinstance(body, dict) and form in body]
    if len(forms) != 1:
        raise Rejected(400, f"Send an object with exactly one of {', '.join(FORMS)}.")
    rows = few(_FORMS[forms[0]](body[forms[0]], features))
    return [_missing(row) if isinstance(row, dict) else row for row in rows]


def rows_of_csv(content: bytes, contract: Contract) -> Rows:
    """The rows of a CSV with a header, each cell read by its column's form, as a batch's file is.

    Between the values are commas, or what stands there in the file that the contract was made from.

    >>> from workbench.core.contract import Column
    >>> from workbench.core.reading import Form
    >>> contract = Contract((Column("price", "number", form=Form(",", ".")), Column("city", "category")))
    >>> rows_of_csv(b"price,city\\n1.234,Ulm\\n,Bonn\\n", contract)
    [{'price': 1234.0, 'city': 'Ulm'}, {'price': None, 'city': 'Bonn'}]
    """
    try:
        header, data = _lines(content.decode("utf-8-sig"), contract)
    except (UnicodeDecodeError, csv.Error):
        raise Rejected(400, "The body is not CSV in UTF-8. Send a header and rows with commas.") from None
    known = contract.by_name
    other = renaming(header, frozenset(known))
    rows = _zipped([other.get(name, name) for name in header], few(data))
    return [{name: _cell(text, known.get(name)) for name, text in row.items()} for row in rows]


def rows_of_arrow(content: bytes) -> Rows:
    """The rows of an Arrow IPC stream; needs pyarrow where the service runs."""
    batches, rows = [], 0
    for batch in batches_of_arrow(content):
        rows += batch.num_rows
        if rows > in_force().most_rows:
            raise _too_many(rows)
        batches.append(batch)
    return few([row for batch in batches for row in rows_of_batch(batch)])


def batches_of_arrow(content: bytes) -> Iterator[Any]:
    """The record batches of an Arrow IPC stream, each checked as a whole.

    Raises
    ------
    Rejected
        400 if it is no such stream, or is compressed: a few bytes could become all the memory.
    """
    arrow, ipc = pyarrow()
    try:
        for message in ipc.MessageReader.open_stream(content):
            if _is_compressed(message.metadata.to_pybytes()):
                raise ValueError("compressed")
        with ipc.open_stream(content) as reader:
            for batch in reader:
                batch.validate(full=True)
                yield batch
    except (arrow.ArrowException, OSError, EOFError, ValueError, struct.error):
        raise Rejected(400, "The body is not a whole, uncompressed Arrow IPC stream. Send one.") from None


def rows_of_batch(batch: Any) -> Rows:
    """The rows of a record batch as plain values.

    Raises
    ------
    Rejected
        If a column is there twice, or has values that are none of ours.
    """
    arrow, _ = pyarrow()
    names = batch.schema.names
    if len(set(names)) != len(names):
        raise Rejected(400, "A column is there twice in the stream. Send each column once.")
    columns = [_arrow_values(arrow, name, arrow.chunked_array([batch.column(i)])) for i, name in enumerate(names)]
    # Rows without a column are none.
    return [_missing(dict(zip(names, row, strict=True))) for row in zip(*columns, strict=True)]


def part_of(metadata: bytes, dictionary: bool = False) -> tuple[int, int]:
    """Of a message of Arrow its kind and the bytes of its body; of a dictionary its number and whether it adds to it.

    By the FlatBuffer header (Arrow's ``Message.fbs``), so that a stream can be cut before anything of it is read.
    """
    root = struct.unpack_from("<I", metadata, 0)[0]
    if not dictionary:
        kind_at, length_at = _slot(metadata, root, 1), _slot(metadata, root, 3)
        length = struct.unpack_from("<q", metadata, length_at)[0] if length_at else 0
        return metadata[kind_at] if kind_at else 0, length
    header_at = _slot(metadata, root, 2)
    header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
    number_at, adds_at = _slot(metadata, header, 0), _slot(metadata, header, 2)
    number = struct.unpack_from("<q", metadata, number_at)[0] if number_at else 0
    return number, metadata[adds_at] if adds_at else 0


def pyarrow() -> tuple[Any, Any]:
    """The modules ``pyarrow`` and ``pyarrow.ipc``; 415 where they are not."""
    try:
        # By name: the runtime that a bundle carries needs numpy and an HTTP server only.
        return import_module("pyarrow"), import_module("pyarrow.ipc")
    except ImportError:
        raise Rejected(415, "This service has no pyarrow. Send JSON, or install pyarrow beside it.") from None


def _read_slowly(content: bytes) -> Any:
    try:
        return json.loads(content.decode(), object_pairs_hook=_object)
    except (ValueError, RecursionError) as error:
        where = f" at line {error.lineno}, column {error.colno}" if isinstance(error, json.JSONDecodeError) else ""
        raise Rejected(400, f"The body is not JSON{where}. Send an object of columns and values.") from None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for i, name in enumerate(names) if name in names[:i])
        raise Rejected(400, f"The name {twice[:LONGEST]!r} is there twice in one object. Send each column once.")
    return members


def _too_many(n: int) -> Rejected:
    return Rejected(
        422, f"{n} rows are more than {in_force().most_rows}. Send them in parts, or as a stream of JSON lines."
    )


def _of_split(split: Any, features: Sequence[str]) -> Rows:
    if not isinstance(split, dict) or not isinstance(split.get("data"), list):
        raise Rejected(400, 'dataframe_split is {"columns": [names], "data": [lists of values]}. Send it so.')
    columns = split.get("columns", list(features))
    if not isinstance(columns, list) or not all(type(c) in (str, int) for c in columns):
        raise Rejected(400, "The columns of dataframe_split are a list of names. Send it so.")
    return _zipped(list(map(str, columns)), split["data"])


def _of_records(records: Any, features: Sequence[str]) -> Rows:
    if not isinstance(records, list):
        raise Rejected(400, "dataframe_records is a list of objects. Send it so.")
    return records


def _of_tensor(values: Any, features: Sequence[str]) -> Rows:
    """A list of objects, a list of lists in the order of the features, or columns by name."""
    if isinstance(values, dict):
        return _of_columns(values)
    if not isinstance(values, list):
        raise Rejected(400, "instances and inputs are lists of rows, or an object of columns. Send one of them.")
    return values if values and all(isinstance(v, dict) for v in values) else _zipped(features, values)


def _of_columns(columns: Mapping[str, Any]) -> Rows:
    lists = {name: v if isinstance(v, list) else [v] for name, v in columns.items()}
    lengths = {len(v) for v in lists.values()}
    if len(lengths) != 1:
        raise Rejected(400, "The columns differ in length. Send one value a row in each.")
    if max(lengths) > in_force().most_rows:
        raise _too_many(max(lengths))
    return [dict(zip(lists, row, strict=True)) for row in zip(*lists.values(), strict=True)]


_FORMS: dict[str, Callable[[Any, Sequence[str]], Rows]] = {
    "dataframe_split": _of_split,
    "dataframe_records": _of_records,
    "instances": _of_tensor,
    "inputs": _of_tensor,
}


def _zipped(columns: Sequence[str], data: Rows) -> Rows:
    if len(set(columns)) < len(columns):
        raise Rejected(400, "A column is there twice. Send each column once.")
    if len(data) > in_force().most_rows:
        raise _too_many(len(data))
    wrong = next((i for i, v in enumerate(data) if not isinstance(v, list) or len(v) != len(columns)), None)
    if wrong is not None:
        raise Rejected(400, f"Row {wrong} has not {len(columns)} values, one a column. Correct it.")
    return [dict(zip(columns, values, strict=True)) for values in data]


def _missing(row: dict[str, Any]) -> dict[str, Any]:
    return {name: None if value != value else value for name, value in row.items()}


def _lines(text: str, contract: Contract) -> tuple[list[str], Rows]:
    """The header, and the rows that are no empty lines."""
    separator = _separator(text.partition("\n")[0].rstrip("\r"), contract)
    lines = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True))
    header, data = (lines[0], lines[1:]) if lines else ([], [])
    return header, [line for line in data if line or len(header) == 1]


def _separator(head: str, contract: Contract) -> str:
    """A comma, or the mark of the contract's own file, whichever gives more of its names."""
    own = "," if contract.layout is None else contract.layout.separator
    if own not in SEPARATORS:
        return ","
    known = set(map(normal, contract.names))
    return max(
        ",", own, key=lambda mark: len(known.intersection(map(normal, next(csv.reader([head], delimiter=mark), []))))
    )


def _cell(text: str, column: Column | None) -> Any:
    if text == "":
        return None
    # An id is no number to count with: a float would lose digits.
    return text if column is None or column.role == "id" else read_text(text, column)


def _arrow_values(arrow: Any, name: str, column: Any) -> list[Any]:
    """A column as plain values: decimals as numbers, dates as moments, a duration as its seconds."""
    types = arrow.types
    if types.is_dictionary(column.type):
        return [value for chunk in column.chunks for value in _of_dictionary(arrow, name, chunk)]
    plain = next((plain for is_kind, plain in _ARROW.items() if getattr(types, is_kind, _never)(column.type)), None)
    if plain is None:
        shown, told = name[:LONGEST], str(column.type)[:LONGEST]
        cure = "it flat" if types.is_nested(column.type) else "numbers, texts, truth values or moments"
        raise Rejected(422, f"The column {shown!r} has the Arrow type {told}. Send {cure}.")
    try:
        return plain(arrow, column)
    except (OverflowError, ValueError):  # Arrow's errors are such
        told = f"has a {column.type} that can't be read, such as a moment beyond the years 1 to 9999"
        raise Rejected(422, f"The column {name[:LONGEST]!r} {told}. Correct it.") from None


def _never(kind: Any) -> bool:
    """Of a type that this pyarrow does not know."""
    return False


def _as_they_are(arrow: Any, column: Any) -> list[Any]:
    return list(column.to_pylist())


def _decimals(arrow: Any, column: Any) -> list[Any]:
    """Exact where they are whole."""
    values = column.to_pylist()
    return [None if v is None else int(v) if v == v.to_integral_value() else float(v) for v in values]


def _moments(arrow: Any, column: Any) -> list[Any]:
    """Python's moments have microseconds, and UTC needs no table of zones."""
    zone = "UTC" if getattr(column.type, "tz", None) else None
    finer = getattr(column.type, "unit", "") == "ns"
    return list(column.cast(arrow.timestamp("us", zone), safe=not finer).to_pylist())


def _seconds(arrow: Any, column: Any) -> list[Any]:
    spans = column.cast(arrow.duration("us"), safe=column.type.unit != "ns").to_pylist()
    return [None if span is None else span.total_seconds() for span in spans]


# By the name of the check in ``pyarrow.types``, which is not loaded here.
_ARROW: dict[str, Callable[[Any, Any], list[Any]]] = {
    **dict.fromkeys(("is_null", "is_integer", "is_floating", "is_boolean"), _as_they_are),
    **dict.fromkeys(("is_string", "is_large_string", "is_string_view"), _as_they_are),
    "is_decimal": _decimals,
    **dict.fromkeys(("is_date", "is_timestamp"), _moments),
    "is_duration": _seconds,
}


def _of_dictionary(arrow: Any, name: str, chunk: Any) -> list[Any]:
    """Each value once in memory, however many rows have it."""
    values = _arrow_values(arrow, name, arrow.chunked_array([chunk.dictionary]))
    return [None if i is None else values[i] for i in chunk.indices.to_pylist()]


def _is_compressed(metadata: bytes) -> bool:
    """Whether a message's FlatBuffer header names a compression of its buffers (Arrow's ``Message.fbs``)."""
    root = struct.unpack_from("<I", metadata, 0)[0]
    kind_at, header_at = _slot(metadata, root, 1), _slot(metadata, root, 2)
    kind = metadata[kind_at] if kind_at else 0
    if kind not in (2, 3) or not header_at:
        return False
    header = header_at + struct.unpack_from("<I", metadata, header_at)[0]
    if kind == 2:  # a dictionary batch holds a record batch
        inner = _slot(metadata, header, 1)
        header = inner + struct.unpack_from("<I", metadata, inner)[0]
    return bool(_slot(metadata, header, 3))


def _slot(metadata: bytes, table: int, field: int) -> int:
    """Where a FlatBuffer table keeps a field; 0 if it has none."""
    vtable = table - struct.unpack_from("<i", metadata, table)[0]
    size = struct.unpack_from("<H", metadata, vtable)[0]
    offset = struct.unpack_from("<H", metadata, vtable + 4 + 2 * field)[0] if 4 + 2 * field < size else 0
    return table + offset if offset else 0
