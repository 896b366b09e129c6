"""Over what a notebook is run: the product of values by name, or one row of parameters after another."""

from __future__ import annotations

import csv
import io
import itertools
import math
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from workbench.core.arguments import described
from workbench.errors import BadParameter, InputError
from workbench.jobs.notebook.notebooks import Notebook
from workbench.jobs.notebook.parameters import from_texts

MOST = 10_000  # parts of one batch


def combinations(each: Any, notebook: Notebook) -> list[dict[str, Any]]:
    """The parameters of each part, in order.

    Parameters
    ----------
    each : mapping, list of dict, frame or path
        Values by name make their product, the last name changing fastest. Rows of a frame, or of a CSV file, make a
        part each; a missing value is not given, so that the notebook's own default holds.
    notebook : Notebook
        Whose types say what the texts of a CSV file are.

    Raises
    ------
    BadParameter
        If it is none of these, empty, or makes more than ``MOST`` parts.
    InputError
        If the file can't be read.
    """
    if isinstance(each, Mapping):
        return _product(each)
    if isinstance(each, (str, Path)):
        return _bounded(_rows_of_file(Path(each), notebook))
    rows = _rows_of_frame(each) if hasattr(each, "columns") else each
    if not isinstance(rows, (list, tuple)) or not all(isinstance(row, Mapping) for row in rows):
        raise BadParameter(
            f"'each' takes lists of values by name, a list of dicts, a frame or a CSV file, got {described(each)}. "
            'Write for example {"region": ["a", "b"], "k": [1, 2]}.'
        )
    return _bounded([dict(row) for row in rows])


def _product(each: Mapping[str, Any]) -> list[dict[str, Any]]:
    """
    >>> _product({"region": ["a", "b"], "k": [1, 2]})[1]
    {'region': 'a', 'k': 2}
    """
    values = {name: _values(name, some) for name, some in each.items()}
    _check(math.prod(map(len, values.values())) if values else 0)
    return [dict(zip(values, chosen, strict=True)) for chosen in itertools.product(*values.values())]


def _values(name: Any, some: Any) -> list[Any]:
    if isinstance(some, (str, bytes, Mapping)) or not isinstance(some, Iterable):
        raise BadParameter(f"'each' has a list of values for {name!r}, got {described(some)}. Write [{some!r:.40}].")
    listed = list(itertools.islice(some, MOST + 1))  # some never end
    return [_plain(value) for value in listed]


def _bounded(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    _check(len(rows))
    return rows


def _check(parts: int) -> None:
    if not parts:
        raise BadParameter("'each' has no values, so there is nothing to run. Give at least one.")
    if parts > MOST:
        raise BadParameter(f"A batch has at most {MOST:,} parts, and these values make {parts:,}. Give fewer.")


def _rows_of_frame(frame: Any) -> list[dict[str, Any]]:
    rows = frame.to_dicts() if hasattr(frame, "to_dicts") else frame.to_dict("records")
    return [{str(name): _plain(value) for name, value in row.items() if not _is_missing(value)} for row in rows]


def _plain(value: Any) -> Any:
    """Python's own where it is numpy's or pandas'."""
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime()
    return value.item() if getattr(value, "shape", None) == () and hasattr(value, "item") else value


def _is_missing(value: Any) -> bool:
    return (
        value is None or type(value).__name__ in ("NaTType", "NAType") or (isinstance(value, float) and value != value)
    )


def _rows_of_file(path: Path, notebook: Notebook) -> list[dict[str, Any]]:
    """Rows of a CSV file; each text is read as on a command line."""
    try:
        text = path.expanduser().read_text(encoding="utf-8-sig")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InputError(f"The file of parameters {path} can't be read ({why}). Give a CSV file.") from error
    return list(itertools.islice(_rows_of_text(text, path, notebook), MOST + 1))


def _rows_of_text(text: str, path: Path, notebook: Notebook) -> Iterable[dict[str, Any]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        names = next(reader, [])
        for row in filter(any, reader):
            if len(row) != len(names):
                raise csv.Error(f"{len(row)} values below {len(names)} names")
            pairs = [(name, value) for name, value in zip(names, row, strict=True) if value]
            yield from_texts(Path(notebook.name), pairs, notebook.content)
    except csv.Error as error:
        raise InputError(f"Line {reader.line_num} of {path} can't be read ({error}). Give a CSV file.") from error
