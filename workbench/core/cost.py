"""What a candidate costs when it ships."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Cost:
    """What a candidate costs when it ships, as fitted on the last fold.

    Size and operations are the same on every machine. Milliseconds are those of the machine that trained, of the
    tables alone: without HTTP, checks and reasons.

    Parameters
    ----------
    size : int, optional
        Bytes of the model's file; None where it can't be kept.
    compiled : bool
        Whether it ships as tables; else as a pipeline of scikit-learn.
    operations : float, optional
        Comparisons and multiplications of a row, in the mean of the rows that were learnt from; None without tables.
    one_row : float
        Milliseconds of a row that comes alone.
    many_rows : float
        Microseconds of a row that comes with others, 1,000 at once.
    """

    size: int | None
    compiled: bool
    operations: float | None
    one_row: float
    many_rows: float

    def told(self) -> dict[str, float]:
        """The numbers with their units in their names, without those that are not known."""
        known = {"size_bytes": self.size, "one_row_ms": self.one_row, "many_rows_us": self.many_rows}
        return {name: float(value) for name, value in known.items() if value is not None}


def best_of_their_cost(points: Iterable[tuple[str, float, float]], larger: bool) -> tuple[str, ...]:
    """The Pareto front: candidates than which none costs less and scores as well, the cheapest first.

    Parameters
    ----------
    points : iterable of (str, float, float)
        Name, cost and score.
    larger : bool
        Whether larger scores are better.

    Examples
    --------
    >>> best_of_their_cost([("linear", 1.0, 0.8), ("forest", 9.0, 0.8), ("lightgbm", 2.0, 0.9)], larger=True)
    ('linear', 'lightgbm')
    """
    sign = -1.0 if larger else 1.0
    front: list[str] = []
    reached = float("inf")
    for name, _, score in sorted(points, key=lambda point: (point[1], sign * point[2])):
        if sign * score < reached:
            front.append(name)
            reached = sign * score
    return tuple(front)
