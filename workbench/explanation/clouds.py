"""Clouds of cells: what a column adds by its value, and where other columns are low or high in it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from workbench.core.wording import Ours
from workbench.explanation.ordered_values import MISSING, Coded, group_means
from workbench.explanation.swarms import slots

Numbers = NDArray[np.float64]
Integers = NDArray[np.intp]
# Cells across and up, and across of a cloud that lies on its side.
ACROSS, UP, LONG = 44, 34, 60
# Cells on the left for missing values, of which the last two stay empty.
GAP = 3


@dataclass(frozen=True)
class Cloud:
    """What a column adds by its value: cells that hold rows, and in what they hold.

    Parameters
    ----------
    shape : (int, int)
        Cells across and up. Values go across and effects up; of categories, effects across and a category is a line.
    x, y : array of int, shape (cells,)
        Place of each cell that holds rows.
    sizes : array of int, shape (cells,)
        How many rows it holds, from 0 (few) to 3.
    partners : dict of str to array of int, shape (cells,)
        Other columns, the one first that changes most what this one adds, and the level of its values in each cell.
    places : array of int, shape (rows, 2)
        The cell of each row.
    values, effects : (float, float)
        The ends of both axes; what is beyond them lies in the last cell.
    categories : tuple of str
        The lines of categories, from below; the one of missing values last.
    missing : int
        Cells on the left that missing values take, with the gap after them.
    line : tuple of (float, float)
        Mean effect along the values, or of each category, in cells.
    """

    shape: tuple[int, int]
    x: Integers
    y: Integers
    sizes: Integers
    partners: dict[str, Integers]
    places: Integers
    values: tuple[float, float]
    effects: tuple[float, float]
    categories: tuple[str, ...] = ()
    missing: int = 0
    line: tuple[tuple[float, float], ...] = ()


def cloud(coded: Coded, effects: Numbers, partners: dict[str, Integers]) -> Cloud:
    """What a column adds by its value.

    Parameters
    ----------
    coded : Coded
        Its values.
    effects : float array, shape (rows,)
        What it adds.
    partners : dict of str to array of int, shape (rows,)
        Levels of other columns.
    """
    return (_of_categories if coded.kind in ("category", "flag") else _of_numbers)(coded, effects, partners)


def _of_numbers(coded: Coded, effects: Numbers, partners: dict[str, Integers]) -> Cloud:
    known = ~np.isnan(coded.order)
    values, ends = _middle(coded.order[known]), _middle(effects)
    missing = 0 if known.all() else GAP
    x = np.zeros(len(effects), dtype=np.intp)
    x[known] = missing + slots(coded.order[known], *values, ACROSS - missing)
    places = np.column_stack([x, slots(effects, *ends, UP)])
    along = [
        (missing + _share(value, values) * (ACROSS - missing), _share(effect, ends) * UP)
        for value, effect in means(coded, effects)
    ]
    return _cells((ACROSS, UP), places, partners, values=values, effects=ends, missing=missing, line=tuple(along))


def _of_categories(coded: Coded, effects: Numbers, partners: dict[str, Integers]) -> Cloud:
    known, ends = ~np.isnan(coded.order), _middle(effects)
    labels = (*coded.categories, *(() if known.all() else (Ours("missing"),)))
    lines = np.where(known, np.nan_to_num(coded.order), len(coded.categories)).astype(np.intp)
    places = np.column_stack([slots(effects, *ends, LONG), lines])
    shape = (LONG, len(labels))
    means = group_means(lines, effects)
    along = tuple((_share(mean, ends) * LONG, line + 0.5) for line, mean in enumerate(means.tolist()))
    return _cells(
        shape, places, partners, values=(0.0, float(len(labels))), effects=ends, categories=labels, line=along
    )


def _cells(shape: tuple[int, int], places: Integers, partners: dict[str, Integers], **rest: Any) -> Cloud:
    """The cells that hold rows, and the mean level of each other column in them."""
    across, _ = shape
    cells, inverse, counts = np.unique(places[:, 1] * across + places[:, 0], return_inverse=True, return_counts=True)
    sizes = np.minimum(4 * np.sqrt(counts / counts.max(initial=1)), 3).astype(np.intp)
    found = {name: _mean_levels(one, inverse, len(cells)) for name, one in partners.items()}
    return Cloud(shape, cells % across, cells // across, sizes, found, places, **rest)


def _mean_levels(one: Integers, cells: Integers, count: int) -> Integers:
    known = one < MISSING
    rows = np.bincount(cells[known], minlength=count)
    means = np.bincount(cells[known], one[known], count) / np.maximum(rows, 1)
    return np.where(rows > 0, np.rint(means), MISSING).astype(np.intp)


def _share(value: float, ends: tuple[float, float]) -> float:
    """Where a value lies between the ends of its axis, in [0, 1]."""
    return min(max((value - ends[0]) / ((ends[1] - ends[0]) or 1.0), 0.0), 1.0)


def means(coded: Coded, effects: Numbers) -> list[tuple[float, float]]:
    """Mean value and mean effect of each part of the known values, from the lowest."""
    known = ~np.isnan(coded.order)
    parts = coded.parts[known]
    rows = np.bincount(parts)
    sums = [np.bincount(parts, one[known]) for one in (coded.order, effects)]
    return sorted((v / n, e / n) for v, e, n in zip(*sums, rows, strict=True) if n)


def _middle(values: Numbers) -> tuple[float, float]:
    """The ends of an axis: all values, or where 99 of 100 lie if the others are far off."""
    if not len(values):
        return 0.0, 1.0
    low, inner_low, inner_high, high = np.quantile(values, (0, 0.005, 0.995, 1)).tolist()
    far = high - low > 3 * (inner_high - inner_low) > 0
    ends = (inner_low, inner_high) if far else (low, high)
    return ends if ends[0] < ends[1] else (ends[0] - 0.5, ends[1] + 0.5)
