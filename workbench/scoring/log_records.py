"""One record of the prediction log: as it is given, as the line that is kept, and as it is read."""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

import msgspec

from workbench.scoring.quick_json import writer

FIELDS = ("id", "at", "version", "row", "prediction", "answer", "flags", "latency_ms", "arm")
# A record as plain values, in the order of FIELDS.
Line = Sequence[Any]
_HEX = 32
_PACKED = (_HEX, 36)  # lengths of ids that are kept as bytes


def encoded(value: Any) -> bytes:
    """JSON of any value: a missing one is null, what JSON has not becomes plain.

    >>> encoded([float("nan"), datetime(2013, 1, 1)])
    b'[null,"2013-01-01T00:00:00"]'
    """
    return _WRITE(value)


def text_of(value: Any) -> str:
    """:func:`encoded` as text."""
    return _WRITE(value).decode()


def decoded(content: bytes | str) -> Any:
    """What :func:`encoded` wrote.

    >>> decoded(encoded({"age": 36.0, "half": chr(0xd800)})) == {"age": 36.0, "half": chr(0xd800)}
    True
    """
    try:
        return _READ(content)
    except (msgspec.DecodeError, ValueError, RecursionError):  # half of a surrogate pair, which msgspec refuses
        return json.loads(content)


def all_decoded(texts: Iterable[str | None]) -> list[Any]:
    """Each of some texts of JSON, read in one go; None stays.

    >>> all_decoded(['{"a":1}', None, "2"])
    [{'a': 1}, None, 2]
    """
    return list(decoded("[" + ",".join("null" if text is None else text for text in texts) + "]"))


def records_of(columns: Mapping[str, Sequence[Any]]) -> Iterator[dict[str, Any]]:
    """Records, each a dict by field, of a list by field."""
    return (dict(zip(FIELDS, line, strict=True)) for line in zip(*(columns[name] for name in FIELDS), strict=True))


def id_text(record: Any) -> str:
    """An id as text that SQLite can hold: a lone surrogate has no UTF-8."""
    text = str(record)
    return text if text.isascii() else text.encode("utf-8", "replace").decode()


def id_key(text: str) -> bytes | str:
    """An id as the index holds it: 32 hexadecimal digits are 16 bytes, a UUID 17, another one stays a text.

    >>> id_key("0191f3a2b4c5d6e7f8091a2b3c4d5e6f").hex(), id_key("order 7"), len(id_key("0" * 31 + "G"))
    ('0191f3a2b4c5d6e7f8091a2b3c4d5e6f', 'order 7', 32)
    >>> id_of_key(id_key("0191f3a2-b4c5-d6e7-f809-1a2b3c4d5e6f"))
    '0191f3a2-b4c5-d6e7-f809-1a2b3c4d5e6f'
    """
    size = len(text)
    if size not in _PACKED:
        return text
    try:
        key = bytes.fromhex(text) if size == _HEX else b"-" + bytes.fromhex(text.replace("-", ""))
    except ValueError:
        return text
    return key if (key.hex() if size == _HEX else id_of_key(key)) == text else text


def id_of_key(key: bytes | str) -> str:
    """The id that :func:`id_key` made a key of."""
    if isinstance(key, str):
        return key
    digits = key[-16:].hex()
    if len(key) == _HEX // 2:
        return digits
    return "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:]))


def iso(moment: str | datetime) -> str:
    """One spelling of moments, so that texts sort as moments do.

    >>> iso("2026-07-31T15:00+02:00")
    '2026-07-31T13:00:00.000000+00:00'
    """
    if isinstance(moment, str):
        moment = datetime.fromisoformat(moment)
    moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    return moment.isoformat(timespec="microseconds")


def now() -> str:
    """This moment."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


@lru_cache(1024)
def hour_number(hour: str) -> int:
    """Hours from 1970 on to an hour.

    >>> hour_number("1970-01-02T01")
    25
    """
    return int(datetime.fromisoformat(f"{hour[:13]}:00+00:00").timestamp()) // 3600


def _slow_json(value: Any) -> str:
    try:
        return _ENCODE(value)
    except ValueError:
        return _ENCODE(_finite(value))


def _plain(value: Any) -> Any:
    if hasattr(value, "tolist"):
        return _finite(value.tolist())
    return value.isoformat() if hasattr(value, "isoformat") else str(value)


def _finite(value: Any) -> Any:
    """NaN is not JSON: a missing value is null."""
    if isinstance(value, Mapping):
        return {k: _finite(v) for k, v in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(v) for v in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


_ENCODE = json.JSONEncoder(allow_nan=False, default=_plain).encode  # made once: json.dumps makes one a call
_WRITE = writer(_plain, _slow_json)
_READ = msgspec.json.Decoder().decode
