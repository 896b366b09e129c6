"""A block: thousands of records of one hour by column, packed.

What is alike stands together: the values of one column of the rows, the bytes of moments in the ids. So a record takes
about a tenth of its line of JSON, and who needs the versions alone unpacks nothing else.

::

    4 bytes   length of the head, big endian
    head      JSON: rows, kind and length of each section
    sections  each a zlib stream, which checks its content
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from workbench.errors import Damaged
from workbench.scoring.log_records import FIELDS, Line, decoded, encoded

LEVEL = 3  # of zlib: 6 packs rows in three times the time to 86% of the size, 1 in 70% of the time to 117%
_ID = 16  # bytes of an id of 32 hexadecimal digits
_UTC = "+00:00"


def pack(numbers: Sequence[int], lines: Sequence[Line]) -> bytes:
    """Records as one block.

    Parameters
    ----------
    numbers : sequence of int
        Of the line of the log that each record came in.
    lines : sequence of line
        At least one, each in the order of ``FIELDS``.

    Examples
    --------
    >>> line = ["a", "2026-07-31T13:00:00.000000+00:00", 1, {"age": 36}, 0.5, "no", [], 0.2, None]
    >>> content = pack([7, 7], [line, line])
    >>> unpack(content, ("id", "row"))
    {'id': ['a', 'a'], 'row': [{'age': 36}, {'age': 36}]}
    """
    columns: dict[str, Any] = {"number": list(numbers), **dict(zip(FIELDS, zip(*lines, strict=True), strict=True))}
    head, body = list[Any](), list[bytes]()
    for name, column in columns.items():
        kind, parts = _KINDS.get(name, _plainly)(column)
        packed = [zlib.compress(part, LEVEL) for part in parts]
        head.append([name, kind, *map(len, packed)])
        body += packed
    front = encoded({"rows": len(lines), "sections": head, "names": _names(columns["row"])})
    return b"".join((len(front).to_bytes(4, "big"), front, *body))


def unpack(content: bytes, fields: Iterable[str] = FIELDS) -> dict[str, list[Any]]:
    """Some fields of a block's records, each a list; ``number`` is one, too.

    Raises
    ------
    Damaged
        If it is not what was packed.
    """
    wanted = tuple(fields)
    try:
        head, at = _head(content)
        found = {}
        for name, kind, *lengths in head["sections"]:
            if name in wanted:
                ends = np.cumsum([at, *lengths]).tolist()
                parts = [zlib.decompress(content[a:b]) for a, b in pairwise(ends)]
                found[name] = _UNPACK[kind](parts)
            at += sum(lengths)
        if any(len(found[name]) != head["rows"] for name in wanted):
            raise ValueError("columns differ in length")
    except (zlib.error, LookupError, TypeError, ValueError, AttributeError) as error:
        raise Damaged(f"A block of the prediction log is not what was written ({error}). Restore a copy.") from error
    return {name: found[name] for name in wanted}


def described(content: bytes) -> dict[str, Any]:
    """What its head tells: ``rows``, and the ``names`` of the columns of rows."""
    try:
        return _head(content)[0]
    except (LookupError, TypeError, ValueError) as error:
        raise Damaged(f"A block of the prediction log is not what was written ({error}). Restore a copy.") from error


def _head(content: bytes) -> tuple[dict[str, Any], int]:
    at = 4 + int.from_bytes(content[:4], "big")
    return dict(decoded(content[4:at])), at


def _names(rows: Iterable[Mapping[str, Any]]) -> list[str]:
    return list(dict.fromkeys(name for shape in dict.fromkeys(map(tuple, rows)) for name in shape))


def _plainly(column: Sequence[Any]) -> tuple[str, list[bytes]]:
    return "json", [encoded(column)]


def _numbers(column: Sequence[int]) -> tuple[str, list[bytes]]:
    """Each but the first as how much more it is than the one before."""
    return "steps", [encoded([column[0], *(b - a for a, b in pairwise(column))])]


def _ids(column: Sequence[str]) -> tuple[str, list[bytes]]:
    """Bytes of one place together: those of the moments in front are alike."""
    joined = "".join(column)
    try:
        raw = bytes.fromhex(joined)
    except ValueError:
        return _plainly(column)
    if set(map(len, column)) != {2 * _ID} or raw.hex() != joined:
        return _plainly(column)
    return "hex", [np.frombuffer(raw, np.uint8).reshape(-1, _ID).T.tobytes()]


def _moments(column: Sequence[str]) -> tuple[str, list[bytes]]:
    try:
        micros = np.array([moment[:26] for moment in column], "datetime64[us]").astype(np.int64).tolist()
    except ValueError:
        return _plainly(column)
    return ("moments", _numbers(micros)[1]) if _written(micros) == list(column) else _plainly(column)


def _written(micros: Sequence[int]) -> list[str]:
    texts: list[str] = np.datetime_as_string(np.array(micros, np.int64).astype("datetime64[us]"), unit="us").tolist()
    return [text + _UTC for text in texts]


def _predictions(column: Sequence[Any]) -> tuple[str, list[bytes]]:
    """Floats have their bytes of one place together, the exponents first."""
    if set(map(type, column)) != {float}:
        return _plainly(column)
    return "floats", [np.array(column, ">f8").view(np.uint8).reshape(-1, 8).T.tobytes()]


def _rows(column: Sequence[Mapping[str, Any]]) -> tuple[str, list[bytes]]:
    """By the columns of the rows; rows may have other columns than the ones before."""
    shapes = dict.fromkeys(map(tuple, column))
    places = {shape: place for place, shape in enumerate(shapes)}
    of = [places[tuple(row)] for row in column] if len(shapes) > 1 else []
    if len(shapes) == 1:
        values: list[Any] = list(zip(*(row.values() for row in column), strict=True))
    else:
        values = [[row[name] for row in column if name in row] for name in _names(column)]
    return "rows", [encoded([list(shapes), of, len(column)]), *map(encoded, values)]


def _unpacked_rows(parts: list[bytes]) -> list[dict[str, Any]]:
    shapes, of, rows = decoded(parts[0])
    columns = [decoded(part) for part in parts[1:]]
    if len(shapes) == 1:
        names = shapes[0]
        return (
            [dict(zip(names, line, strict=True)) for line in zip(*columns, strict=True)]
            if names
            else [{} for _ in range(rows)]
        )
    by_name = dict(zip(dict.fromkeys(name for shape in shapes for name in shape), map(iter, columns), strict=True))
    return [{name: next(by_name[name]) for name in shapes[place]} for place in of]


def _sums(parts: list[bytes]) -> list[int]:
    total, sums = 0, []
    for step in decoded(parts[0]):
        sums.append(total := total + step)
    return sums


def _hexed(parts: list[bytes]) -> list[str]:
    digits = np.frombuffer(parts[0], np.uint8).reshape(_ID, -1).T.tobytes().hex()
    return [digits[i : i + 2 * _ID] for i in range(0, len(digits), 2 * _ID)]


def _floats(parts: list[bytes]) -> list[float]:
    content = np.frombuffer(parts[0], np.uint8).reshape(8, -1).T.tobytes()
    return list(np.frombuffer(content, ">f8").astype(float).tolist())


_KINDS: dict[str, Callable[[Any], tuple[str, list[bytes]]]] = {
    "number": _numbers,
    "id": _ids,
    "at": _moments,
    "prediction": _predictions,
    "row": _rows,
}
_UNPACK: dict[str, Callable[[list[bytes]], list[Any]]] = {
    "json": lambda parts: list(decoded(parts[0])),
    "steps": _sums,
    "hex": _hexed,
    "moments": lambda parts: _written(_sums(parts)),
    "floats": _floats,
    "rows": _unpacked_rows,
}


def lines_of(content: bytes) -> Iterator[Line]:
    """The lines of a block."""
    columns = unpack(content)
    return iter(zip(*(columns[name] for name in FIELDS), strict=True))
