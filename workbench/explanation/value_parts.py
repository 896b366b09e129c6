"""Rows with like values of a column, as a table tells them: what they are, how many, and what the column adds."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from workbench.core.wording import Ours
from workbench.explanation.ordered_values import Coded, split

Numbers = NDArray[np.float64]
TABLED = 8


@dataclass(frozen=True)
class Part:
    """Rows with like values: what they are, how many, the mean effect and where nine of ten effects lie."""

    value: str
    rows: int
    mean: float
    low: float
    high: float


def parts_of(coded: Coded, effects: Numbers) -> tuple[Part, ...]:
    """The table of a column: categories, few values, or eight parts with equally many rows."""
    parts = split(coded.order, TABLED)
    of_each = [_part(coded, parts == one, effects) for one in np.unique(parts)]
    return tuple(part for _, part in sorted(of_each, key=lambda item: item[0]))


def _part(coded: Coded, rows: NDArray[np.bool_], effects: Numbers) -> tuple[float, Part]:
    """The lowest value of a part, infinite where it is missing, and the part."""
    own = effects[rows]
    low, high = np.quantile(own, (0.05, 0.95)).tolist()
    told = Part(_told(coded, coded.order[rows]), int(rows.sum()), float(own.mean()), low, high)
    return float(np.nan_to_num(coded.order[rows].min(), nan=np.inf)), told


def _told(coded: Coded, order: Numbers) -> str:
    """What values of a part are, in words."""
    low, high = float(order.min()), float(order.max())
    if np.isnan(low):
        return Ours("missing")
    if coded.categories:
        return coded.categories[int(low)]
    ends = [moment(v) if coded.kind == "moment" else f"{v:.12g}" if v == int(v) else f"{v:.4g}" for v in (low, high)]
    return Ours(ends[0] if low == high else f"{ends[0]} to {ends[1]}")


def moment(seconds: float) -> str:
    """A moment as people read it; the time of day where it has one.

    >>> moment(0.0)
    '1970-01-01'
    """
    at = datetime.fromtimestamp(seconds, UTC)
    return f"{at:%Y-%m-%d}" if at.time() == datetime.min.time() else f"{at:%Y-%m-%d %H:%M}"
