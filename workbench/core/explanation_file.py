"""How an explanation lies on disk: one Parquet file that any tool reads, with what there is besides in its metadata."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from workbench.core.json_values import plain
from workbench.core.saved import check_types
from workbench.errors import Damaged
from workbench.storage.files import MISREAD, check_format, write_bytes

if TYPE_CHECKING:
    import pyarrow as pa

    from workbench.core.explanation import Explanation

E = TypeVar("E", bound="Explanation")
MAGIC = b"PAR1"
KEY = b"workbench"
# Numbers by row: one a column in single precision, and one in double.
BY_COLUMN = {"values": "SHAP", "half_width": "±"}
BY_ROW = {"outputs": "output", "predictions": "prediction"}


def is_ours(path: Path) -> bool:
    """Whether a file is Parquet: other ones are the JSON of older versions, or not there."""
    try:
        with path.open("rb") as file:
            return file.read(len(MAGIC)) == MAGIC
    except OSError:
        return False


def save(explanation: Explanation, path: Path) -> Path:
    """Write an explanation, in one step, and return its path."""
    import pyarrow as pa
    from pyarrow import parquet

    columns = _Columns()
    header = {
        "noun": explanation.noun,
        "format_version": explanation.format_version,
        "columns": [[name, columns.add(name, values)] for name, values in explanation.columns.items()],
        "positions": columns.add("position", explanation.positions),
        "truth": None if explanation.truth is None else columns.add("truth", explanation.truth),
        "classes": [_of_class(each, columns) for each in (explanation, *explanation.others)],
    }
    content = pa.BufferOutputStream()
    parquet.write_table(columns.table(header), content, compression="zstd", write_page_checksum=True)
    write_bytes(path, content.getvalue().to_pybytes())
    return path


def load(kind: type[E], path: Path) -> E:
    """Read what :func:`save` wrote.

    Raises
    ------
    Damaged
        If it is not what was written.
    FormatVersion
        If a newer Workbench wrote it.
    """
    import pyarrow as pa
    from pyarrow import parquet

    try:
        table = parquet.read_table(path, page_checksum_verification=True)
        header = json.loads(table.schema.metadata[KEY])
        check_format(header, kind.format_version, path.name)
        explanation = kind.from_dict(_content(header, table))
        check_types(explanation)
    except (*MISREAD, pa.ArrowException, OSError) as error:
        raise Damaged(
            f"{path.name} is not the explanation that was written ({type(error).__name__}: {error}). Explain the run "
            "again: wb.explain(run)."
        ) from error
    return explanation


class _Columns:
    """Columns of a table whose names are all different."""

    def __init__(self) -> None:
        self._arrays: dict[str, pa.Array] = {}
        self._as_json: list[int] = []

    def add(self, name: str, values: Any) -> int:
        """Take a column in, and return its place. Values that have no common type become their JSON."""
        import pyarrow as pa

        while name in self._arrays:
            name += "_"
        place = len(self._arrays)
        try:
            self._arrays[name] = pa.array(values)
        except (pa.ArrowInvalid, pa.ArrowTypeError):
            self._arrays[name] = pa.array([json.dumps(value) for value in values])
            self._as_json.append(place)
        return place

    def table(self, header: dict[str, Any]) -> pa.Table:
        """All of them, with the header in the metadata."""
        import pyarrow as pa

        told = json.dumps({**header, "as_json": self._as_json}, default=plain, allow_nan=False)
        return pa.table(self._arrays).replace_schema_metadata({KEY: told.encode()})


def _of_class(explanation: Explanation, columns: _Columns) -> dict[str, Any]:
    """What is told of one class: its header, and the places of its numbers by row."""
    mark = "" if explanation.label is None else f" {explanation.label}"
    places: dict[str, Any] = {}
    for field, word in BY_COLUMN.items():
        numbers = getattr(explanation, field)
        places[field] = (
            None
            if numbers is None
            else [
                columns.add(f"{word}{mark} {name}", part.astype("float32"))
                for name, part in zip(explanation.features, numbers.T, strict=True)
            ]
        )
    for field, word in BY_ROW.items():
        numbers = getattr(explanation, field)
        places[field] = None if numbers is None else columns.add(f"{word}{mark}", numbers)
    seen = explanation.interactions
    return {**explanation.header(), **places, "interactions": None if seen is None else seen.tolist()}


def _content(header: dict[str, Any], table: pa.Table) -> dict[str, Any]:
    """What ``Explanation.from_dict`` reads."""
    import numpy as np

    coded = set(header["as_json"])

    def values(place: int) -> list[Any]:
        read = table.column(place).to_pylist()
        return [json.loads(value) for value in read] if place in coded else read

    def numbers(place: int) -> Any:
        return table.column(place).to_numpy().astype(np.float64)

    def of_class(told: dict[str, Any]) -> dict[str, Any]:
        read = {**told, **common}
        for field in BY_COLUMN:
            places = told[field]
            read[field] = None if places is None else _side_by_side([numbers(p) for p in places], table.num_rows)
        for field in BY_ROW:
            read[field] = None if told[field] is None else numbers(told[field])
        return read

    common = {
        "columns": {name: values(place) for name, place in header["columns"]},
        "positions": values(header["positions"]),
        "truth": None if header["truth"] is None else values(header["truth"]),
    }
    first, *others = (of_class(told) for told in header["classes"])
    return {**first, "others": others}


def _side_by_side(parts: list[Any], rows: int) -> Any:
    import numpy as np

    return np.column_stack(parts) if parts else np.empty((rows, 0))
