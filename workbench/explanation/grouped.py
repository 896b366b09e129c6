"""Rows told apart by columns, with the sums that all measures follow from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.group_metrics import Summed, summed
from workbench.core.grouping import Grouping, crossed
from workbench.errors import BadParameter
from workbench.explanation.answered_rows import Answered

RESAMPLES = 500
MOST_GROUPS = 200


@dataclass(frozen=True)
class Grouped:
    """The groups of one column, or of several together.

    Parameters
    ----------
    column : str
        Or several with × between.
    codes : int array, shape (n,)
        The group of each row.
    names : tuple of str
        Of those that have rows.
    sums : Summed
    smallest : int
        Rows that a group has at least to be judged.
    """

    column: str
    codes: NDArray[np.intp]
    names: tuple[str, ...]
    sums: Summed
    smallest: int

    @property
    def large(self) -> NDArray[np.bool_]:
        """Which groups have rows enough to be judged, shape (groups,)."""
        return np.asarray(self.sums.effective("rows") >= self.smallest)

    def answering(self, parts: Mapping[str, Any], weights: Any, seed: int) -> Grouped:
        """The same groups, answered otherwise."""
        return replace(self, sums=summed(self.codes, len(self.names), parts, weights, RESAMPLES, seed))


def grouped(rows: Answered, by: Sequence[Grouping], smallest: int) -> tuple[Grouped, ...]:
    """The groups of each column, and those of all columns crossed last.

    The finest groups are summed up, all others are sums of theirs, so one set of samples serves all.

    Raises
    ------
    BadParameter
        If the columns make too many groups together.
    """
    codes = [one.of(rows.table[one.column]) for one in by]
    fine, names = crossed(codes, [one.names for one in by])
    if len(names) > MOST_GROUPS:
        raise BadParameter(
            f"Crossed, these columns make {len(names):,} groups, too few rows for each (at most {MOST_GROUPS}). Give "
            "fewer columns, or one at a time."
        )
    sums = summed(fine, len(names), rows.parts(), rows.weights, RESAMPLES, rows.run.seed)
    finest = Grouped(" × ".join(one.column for one in by), fine, names, sums, smallest)
    each = [_coarser(finest, one, places) for one, places in zip(by, codes, strict=True)]
    return (*each, finest) if len(by) > 1 else tuple(each)


def _coarser(finest: Grouped, one: Grouping, codes: NDArray[np.intp]) -> Grouped:
    """The groups of one column that have rows."""
    there, places = np.unique(codes, return_inverse=True)
    of_finest = np.zeros(len(finest.names), dtype=np.intp)
    of_finest[finest.codes] = places
    names = tuple(one.names[k] for k in there.tolist())
    return Grouped(one.column, places, names, finest.sums.together(of_finest, len(there)), finest.smallest)
