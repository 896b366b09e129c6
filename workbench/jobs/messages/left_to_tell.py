"""Telling what is to be told, by whoever has written an end or comes by; who has nothing to tell loads nothing."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path

from workbench.jobs.messages import outbox


def tell_left(home: Path, mine: str | None = None) -> list[str]:
    """Tell what is to be told; what went wrong, a sentence each. Whatever comes of it changes nothing of a job.

    Parameters
    ----------
    home : Path
        Folder of everything that Workbench writes.
    mine : str, optional
        Id of a job whose end this process has written, which is told at once and with patience.
    """
    said: list[str] = []
    with suppress(Exception):
        if any(outbox.marks(home)):
            from workbench.jobs.messages.telling import tell_all

            said = tell_all(home, mine)
    return said
