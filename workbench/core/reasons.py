"""Reasons in sums: what each column added to many predictions, so small that a service and each window can keep it.

No row is in it. Of the reference the parts are chosen into which values fall, and whatever is compared with it counts
in the same parts, so sums of chunks add up and two of them can be tested against each other.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, ClassVar

from workbench.core.saved import Saved

FILE = "reasons.json"
Counts = tuple[tuple[int, ...], ...]


@dataclass(frozen=True)
class ColumnReasons:
    """What one column added to the output, over some rows.

    Parameters
    ----------
    column : str
        An original column.
    moments : tuple of float, length 5
        Of its absolute values: count, mean, and the sums of the second to fourth powers about it.
    mean : float
        Of its values with their sign.
    edges : tuple of float, length k - 1
        Between the parts into which its values fall, rising.
    given : tuple of float, length g - 1
        Between the parts of what the column holds; none where it holds no numbers, or sensitive ones.
    levels : tuple of str, length g
        What a column of categories holds, the most frequent ones; none of other kinds, and of sensitive ones.
    counts : tuple of tuple of int, shape (g + 1, k), or (1, k) where neither is known
        Rows by what the column holds and by what it added; the last line is of all other rows: where it holds nothing,
        or another level.
    low, high : float, optional
        95% interval of the importance, had other rows of the same kind been explained.
    direction : float, optional
        Rank correlation of what the column holds and what it adds, in [-1, 1], by the parts; None without ``given``.
    """

    column: str
    moments: tuple[float, ...]
    mean: float
    edges: tuple[float, ...]
    given: tuple[float, ...]
    counts: Counts
    low: float | None = None
    high: float | None = None
    direction: float | None = None
    levels: tuple[str, ...] = ()

    @property
    def importance(self) -> float:
        """Mean absolute value."""
        return self.moments[1]

    @property
    def rows(self) -> int:
        """How many were explained."""
        return round(self.moments[0])

    @property
    def shares(self) -> tuple[float, ...]:
        """Share of the rows in each part of the values."""
        return tuple(sum(part) / max(self.rows, 1) for part in zip(*self.counts, strict=True))

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> ColumnReasons:
        """Read what ``dataclasses.asdict`` wrote.

        Raises
        ------
        ValueError
            If the counts are not of the parts that the edges make.
        """
        moments, edges, given = (tuple(map(float, content[name])) for name in ("moments", "edges", "given"))
        counts = tuple(tuple(line) for line in content["counts"])
        levels = tuple(content.get("levels", ()))
        lines = len(given) + 2 if given else len(levels) + 1
        if (len(moments), len(counts), {len(line) for line in counts}) != (5, lines, {len(edges) + 1}):
            raise ValueError(f"counts of {content['column']!r} are not of its parts")
        return cls(
            **{**content, "moments": moments, "edges": edges, "given": given, "levels": levels, "counts": counts}
        )


@dataclass(frozen=True)
class Reasons(Saved):
    """What drives a model's predictions over many rows, column by column. Part of a bundle, and of each window.

    Parameters
    ----------
    model : str
        What tells the explained model from others: a run's claim, or its id.
    unit : str
        ``log-odds`` or ``probability`` for classes, the target's unit for a regression.
    label : object
        The class that is explained; None for a regression.
    rows : int
        How many were explained.
    created : str
        ISO 8601 with zone.
    columns : tuple of ColumnReasons
        In the order of the model's features.
    base : float, optional
        The output without any column.
    method : str
        How the values were found.
    not_followed : str
        Why windows can't be compared with it, and what to do; empty where they can.
    """

    model: str
    unit: str
    label: Any
    rows: int
    created: str
    columns: tuple[ColumnReasons, ...]
    base: float | None = None
    method: str = ""
    not_followed: str = ""

    noun: ClassVar[str] = "reasons"

    @property
    def ranked(self) -> tuple[ColumnReasons, ...]:
        """Its columns, those first that weigh most."""
        return tuple(sorted(self.columns, key=lambda one: -one.importance))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Reasons:
        """Read what :meth:`to_dict` wrote."""
        return cls(**{**content, "columns": tuple(ColumnReasons.from_dict(one) for one in content["columns"])})
