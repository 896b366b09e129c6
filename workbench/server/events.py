"""Progress of jobs on the server's event bus, so that the panel need not ask again and again."""

from __future__ import annotations

import asyncio
from typing import Any

from workbench.core.job import Job
from workbench.jobs.records import events, job

SCHEMA: dict[str, Any] = {
    "$id": "https://ml-workbench/events/job",
    "version": "1",
    "title": "Progress of a job",
    "description": "One event a cell, and one at the end.",
    "type": "object",
    "properties": {
        "id": {"type": "string"},
        "notebook": {"type": "string"},
        "state": {"type": "string"},
        "cells": {"type": "integer"},
        "cells_done": {"type": "integer"},
        "line": {"type": "string", "description": "First line of the cell at work."},
        "error": {"type": ["string", "null"]},
    },
    "required": ["id", "notebook", "state", "cells", "cells_done"],
}


async def follow(logger: Any, id: str, pause: float = 0.2) -> None:  # noqa: A002 - the record's own word
    """Emit what happens in a job until it has ended.

    Parameters
    ----------
    logger : jupyter_events.EventLogger
        The server's.
    id : str
        The job.
    pause : float
        Seconds between two looks at its record.
    """
    position, told = 0, None
    while True:
        now = await asyncio.to_thread(job, id)
        new_events, position = await asyncio.to_thread(events, now.path, position)
        lines = [e["line"] for e in new_events if "line" in e]
        if new_events or now.state is not told:
            logger.emit(schema_id=SCHEMA["$id"], data=progress(now, lines[-1] if lines else ""))
        told = now.state
        if now.state.final:
            return
        await asyncio.sleep(pause)


def progress(record: Job, line: str = "") -> dict[str, Any]:
    """What an event says of a job."""
    return {
        "id": record.id,
        "notebook": record.notebook,
        "state": record.state.value,
        "cells": record.cells,
        "cells_done": record.cells_done,
        "line": line,
        "error": record.error,
    }
