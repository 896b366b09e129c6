"""What somebody is to be told of: a mark for each, from before it is written down until it is delivered.

So nothing is forgotten whoever is killed when: whoever comes by next, a job that ends, a monitor or the scheduler,
finds the mark.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

FOLDER = "outbox"


@dataclass(frozen=True)
class Mark:
    """Somebody is to be told that a job has come to a state, or of a letter.

    Parameters
    ----------
    path : Path
        Its own, empty file.
    """

    path: Path

    @property
    def id(self) -> str:
        """Of the job or letter."""
        return self.path.name.rpartition("@")[0]

    @property
    def state(self) -> str:
        """What is told of."""
        return self.path.name.rpartition("@")[2]

    def drop(self) -> None:
        """Everybody has been told."""
        self.path.unlink(missing_ok=True)


def marks(home: Path) -> Iterator[Mark]:
    """What is to be told, the oldest job first."""
    with suppress(FileNotFoundError), os.scandir(home / FOLDER) as entries:
        yield from (Mark(Path(entry.path)) for entry in sorted(entries, key=lambda e: e.name) if "@" in entry.name)
