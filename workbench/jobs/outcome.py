"""What an executed notebook says came out: the machine-readable records in its outputs."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from workbench.core.result import MIME
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
