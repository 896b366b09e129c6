"""Ends of jobs that somebody is to be told of: a mark for each, from before the end is written until it is delivered.

So nothing is forgotten whoever is killed when: whoever comes by next, a job that ends or the scheduler, finds the mark.
"""

from __future__ import annotations

from contextlib import suppress

from workbench.core.job import Job
from workbench.delivery.outbox import FOLDER, Mark, marks

__all__ = ["FOLDER", "Mark", "marks", "put"]


def put(record: Job) -> None:
    """Leave a mark, before the record says so; where none can be written nobody is told, and the job ends as it does.

    Parameters
    ----------
    record : Job
        As it will be written, with its ``path``.
    """
    if not record.options.notify:
        return
    path = record.path.parent.parent / FOLDER / f"{record.id}@{record.state.value}"
    with suppress(OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
