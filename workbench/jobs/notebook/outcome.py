"""What an executed notebook says came out: the machine-readable records in its outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.core.result import MIME
from workbench.jobs.notebook.giving import GIVEN
from workbench.storage.files import read


def records(notebook: Path) -> list[dict[str, Any]]:
    """The records of all results that a notebook shows, in the order of its cells.

    Parameters
    ----------
    notebook : Path
        An executed notebook, such as ``job.output``.

    Returns
    -------
    list of dict
        Each with ``noun``, ``headline``, ``findings`` and ``format_version``.

    Raises
    ------
    Damaged
        If the file is not a notebook.
    """
    return read(notebook, lambda content: list(_records(content)))


def results(notebook: Path) -> dict[str, Any]:
    """What a notebook gives to those that run after it, by name; of two of a name the later.

    Parameters
    ----------
    notebook : Path
        An executed notebook.

    Returns
    -------
    dict
        What stands for each noun that it shows, such as the folder of its ``bundle``, and whatever it gives by
        :func:`workbench.give`, which comes first where both have one name.
    """
    shown: dict[str, Any] = {}
    given: dict[str, Any] = {}
    for record in records(notebook):
        if record["noun"] == GIVEN and isinstance(record.get("results"), dict):
            given |= record["results"]
        elif isinstance(record.get("parameter"), str):
            shown[record["noun"]] = record["parameter"]
    return {**shown, **given}


def scores(notebook: Path) -> dict[str, float]:
    """The numbers that a notebook's results are compared by, by name; of two of a name the later.

    Parameters
    ----------
    notebook : Path
        An executed notebook.

    Returns
    -------
    dict of str to float
        Scores of the runs and bundles that it shows, and the numbers that it gives by :func:`workbench.give`.
    """
    shown: dict[str, float] = {}
    for record in records(notebook):
        told = record.get("results") if record["noun"] == GIVEN else _metrics(record)
        shown |= {name: value for name, value in told.items() if _is_number(value)} if isinstance(told, dict) else {}
    return shown


def _metrics(record: dict[str, Any]) -> Any:
    found = record.get("results")
    return found.get("metrics") if isinstance(found, dict) else None


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _records(content: dict[str, Any]) -> Iterator[dict[str, Any]]:
    for cell in content.get("cells", ()):
        for output in cell.get("outputs", ()):
            record = record_of(output.get("data", {}).get(MIME))
            if record is not None:
                yield record


def record_of(record: Any) -> dict[str, Any] | None:
    """A record as we write it; anybody may show what bears our MIME type, and that is no failure of the job."""
    try:
        content = json.loads("".join(record)) if isinstance(record, (str, list)) else record
    except (ValueError, TypeError, RecursionError):
        return None
    ours = isinstance(content, dict) and all(isinstance(content.get(name), str) for name in ("noun", "headline"))
    return content if ours else None
