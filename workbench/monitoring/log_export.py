"""The prediction log as tables that others read: Parquet, CSV or JSON lines, some thousand records at a time."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO

from workbench.errors import BadParameter, NotFound
from workbench.scoring.log import log_of
from workbench.scoring.log_reading import Reading
from workbench.scoring.log_records import iso
from workbench.settings import Settings
from workbench.storage.files import in_one_step, inside, safe_name

AT_A_TIME = 4_000  # records in memory
FORMATS = ("parquet", "csv", "jsonl")
_OWN = ("id", "at", "version", "arm", "prediction", "answer", "flags", "latency_ms", "label")
Flat = dict[str, Any]


@dataclass(frozen=True)
class Exported:
    """What was written.

    Parameters
    ----------
    rows : int
        Records.
    files : tuple of Path
        One, or one a day.
    """

    rows: int
    files: tuple[Path, ...]


def export_log(
    name: str, to: str | Path, force: Settings, since: str = "", before: str = "", form: str | None = None
) -> Exported:
    """Write the records of a log with their labels: one moment of it, in order of hours, each file whole or not at all.

    Each column of the rows is a column, ``row.NAME`` where one of the log's own has its name. A sensitive value is a
    hash, as in the log.

    Parameters
    ----------
    name : str
        Of the bundle.
    to : path
        A file; or a folder (one that is there, or a path that ends with a slash), which gets a file a day.
    force : Settings
        Where the log is.
    since, before : str
        ISO 8601, such as ``2026-07-01`` or ``2026-07-31T13:30+02:00``; in UTC where no zone is named.
    form : {"parquet", "csv", "jsonl"}, optional
        By default that of the file's ending, else Parquet.

    Raises
    ------
    NotFound
        If that name has no log, or no record of that time.
    BadParameter
        If the format or a moment is none.
    StoreError
        If the log can't be read.
    """
    target, kind = Path(to), _format(to, form)
    start, end = moment_of(since, "since") or "", moment_of(before, "before") or "~"
    folder = str(to).endswith("/") or target.is_dir()
    check_there(name, force)
    with log_of(name, force) as log, log.reading() as reading:
        days = [day for day in reading.days() if day >= start[:10] and day < end]
        columns = {} if kind == "jsonl" else _columns(_parts(reading, start, end))
        spans = _spans(days, start, end) if folder else {"": (start, end)}
        written = {_file(target, day, kind): _write(reading, span, _file(target, day, kind), columns, kind)
                   for day, span in spans.items()}  # fmt: skip
    files = tuple(path for path, rows in written.items() if rows)
    if not files:
        raise NotFound(f"The log of {name!r} has no record of that time. Give other moments, or leave them out.")
    return Exported(sum(written.values()), files)


def check_there(name: str, force: Settings) -> None:
    """Refuse a name without a log, so that none is made by looking.

    Raises
    ------
    NotFound
        If there is none.
    """
    path = inside(force.predictions, safe_name(name, "bundle"), "log.sqlite")
    if not path.is_file():
        there = sorted(found.parent.name for found in force.predictions.glob("*/log.sqlite"))
        raise NotFound.named("prediction log", name, there, "Serve a bundle of that name first.")


def moment_of(text: str, what: str) -> str | None:
    """A moment as the log writes it; None of an empty text.

    >>> moment_of("2026-07-31T13:30+02:00", "since")
    '2026-07-31T11:30:00.000000+00:00'
    """
    if not text:
        return None
    try:
        return iso(text)
    except ValueError:
        message = f"'{what}' is a moment as ISO 8601 has it, such as 2026-07-01 or 2026-07-31T13:30, got {text[:40]!r}."
        raise BadParameter(f"{message} Give one.") from None


def _format(to: str | Path, given: str | None) -> str:
    ending = Path(to).suffix.removeprefix(".").lower()
    kind = given or (ending if ending in FORMATS else FORMATS[0])
    if kind not in FORMATS:
        raise BadParameter(f"'format' is one of {', '.join(FORMATS)}, got {kind!r}. Give one of them.")
    return kind


def _file(target: Path, day: str, kind: str) -> Path:
    return target / f"{day}.{kind}" if day else target


def _spans(days: Sequence[str], start: str, end: str) -> dict[str, tuple[str, str]]:
    return {day: (max(day, start), min(_next(day), end)) for day in days}


def _next(day: str) -> str:
    return f"{datetime.fromisoformat(day).replace(tzinfo=UTC) + timedelta(days=1):%Y-%m-%d}"


def _parts(reading: Reading, start: str, end: str) -> Iterator[list[Flat]]:
    for records in reading.chunks(start, end, AT_A_TIME):
        labels = reading.labels(record["id"] for record in records)
        yield [_flat(record, labels.get(record["id"])) for record in records]


def _flat(record: Mapping[str, Any], label: Any) -> Flat:
    own = {**{name: record[name] for name in _OWN if name != "label"}, "label": label}
    own["flags"] = "; ".join(record["flags"])
    return {**own, **{f"row.{name}" if name in own else name: value for name, value in record["row"].items()}}


def _columns(parts: Iterable[list[Flat]]) -> dict[str, type]:
    """What each column holds: the one type of its values, else text."""
    kinds: dict[str, set[type]] = {name: set() for name in _OWN}
    for records in parts:
        for record in records:
            for name, value in record.items():
                kinds.setdefault(name, set()).add(type(value))
    return {name: _one(found - {type(None)}) for name, found in kinds.items()}


def _one(kinds: set[type]) -> type:
    if kinds and kinds <= {int, float}:
        return float if float in kinds else int
    return bool if kinds == {bool} else str


def _write(reading: Reading, span: tuple[str, str], path: Path, columns: Mapping[str, type], kind: str) -> int:
    parts = _parts(reading, *span)
    first = next(parts, None)
    if first is None:
        return 0
    rows = 0
    with in_one_step(path) as file, ExitStack() as stack:
        write = _WRITERS[kind](file, columns, stack)
        for records in chain([first], parts):
            write(records)
            rows += len(records)
    return rows


Write = Callable[[list[Flat]], None]


def _parquet(file: BinaryIO, columns: Mapping[str, type], stack: ExitStack) -> Write:
    import pyarrow as pa
    import pyarrow.parquet as pq

    kinds = {int: pa.int64(), float: pa.float64(), bool: pa.bool_(), str: pa.string()}
    schema = pa.schema([(name, kinds[kind]) for name, kind in columns.items()])
    writer = stack.enter_context(pq.ParquetWriter(file, schema, compression="zstd", write_page_checksum=True))

    def write(records: list[Flat]) -> None:
        arrays = [pa.array([_value(r.get(name), kind) for r in records], kinds[kind]) for name, kind in columns.items()]
        writer.write_table(pa.table(arrays, schema=schema))

    return write


def _csv(file: BinaryIO, columns: Mapping[str, type], stack: ExitStack) -> Write:
    text = io.TextIOWrapper(file, encoding="utf-8", newline="", write_through=True)
    stack.callback(text.detach)  # the file is closed by whoever has opened it
    lines = csv.writer(text)
    lines.writerow(columns)

    def write(records: list[Flat]) -> None:
        lines.writerows([_value(record.get(name), kind) for name, kind in columns.items()] for record in records)

    return write


def _jsonl(file: BinaryIO, columns: Mapping[str, type], stack: ExitStack) -> Write:
    def write(records: list[Flat]) -> None:
        file.write(
            "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records).encode(errors="replace")
        )

    return write


def _value(value: Any, kind: type) -> Any:
    if value is None or isinstance(value, kind):
        return value
    if kind is float:
        return float(value)
    return json.dumps(value, ensure_ascii=False)


_WRITERS: dict[str, Callable[[BinaryIO, Mapping[str, type], ExitStack], Write]] = {
    "parquet": _parquet,
    "csv": _csv,
    "jsonl": _jsonl,
}
