"""What a comparison of two jobs gathers on its way: what differs, what was compared, and what is not known."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from workbench.core.job_comparison import JobDifference, Pair
from workbench.jobs.comparison.likeness import Sides, changes

Two = tuple[Any, Any]  # before and after


@dataclass
class Told:
    """What is known so far.

    Parameters
    ----------
    sides : Sides
        What both jobs go by.
    """

    sides: Sides
    differences: list[JobDifference] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    compared: Counter[str] = field(default_factory=Counter)

    def differ(self, kind: str, name: str, two: Two = (None, None), cell: int | None = None, cause: str = "") -> None:
        """Something differs."""
        self.differences.append(JobDifference(kind, name, *two, cell, cause))

    def pair(self, kind: str, name: str, two: Two) -> Pair:
        """One thing on both sides, which differs or not."""
        same = not list(changes(*two, self.sides))
        if not same:
            self.differ(kind, name, two)
        return Pair(name, *two, same)
