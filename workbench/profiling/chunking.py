"""Rows in their order, cut into chunks that are counted column by column."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray

from workbench.core.chunks import ColumnChunks
from workbench.core.contract import Contract
from workbench.core.profile import ColumnProfile
from workbench.profiling.distinct import hash_values
from workbench.profiling.profile import as_read
from workbench.profiling.sketches import BUCKETS
from workbench.profiling.statistics import as_floats, as_hashed, distribution
from workbench.profiling.value_counts import shortened

# Chunks that are kept at most, rows of one at least, and chunks below which nothing can be said of their spread.
MOST, LEAST_ROWS, FEWEST = 96, 30, 8
# Parts of the values of a column; of those that are hashed, a power of two.
PARTS, GROUPS = 12, 16

Places = NDArray[np.intp]


def places_of(rows: int) -> Places:
    """The chunk of each row, by its place in the order, shape (rows,); empty where there are too few.

    >>> np.bincount(places_of(1000)).tolist()[:3], places_of(100).size
    ([31, 30, 30], 0)
    """
    many = min(rows // LEAST_ROWS, MOST)
    return np.arange(rows) * many // rows if many >= FEWEST else np.empty(0, dtype=np.intp)


def chunked(
    frame: pd.DataFrame, contract: Contract, seen: Iterable[ColumnProfile], places: Places
) -> Iterator[ColumnChunks]:
    """The rows of each column by chunk and part.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (rows, columns)
        Typed as the contract says.
    contract : Contract
        What each column is.
    seen : iterable of ColumnProfile
        Of the same rows, which say what the parts are; dates, which always move on, are left out.
    places : int array, shape (rows,)
        The chunk of each row.
    """
    for one in seen:
        if one.name in frame and one.kind != "datetime" and one.count:
            values, _ = as_read(frame[one.name], contract[one.name])
            yield _numbers(one, as_floats(values), places) if "moments" in one.state else _texts(one, values, places)


def counted_again(one: ColumnChunks, frame: pd.DataFrame, contract: Contract, places: Places) -> ColumnChunks:
    """The chunks of a column with other values of the same rows beside them, in the same parts.

    Parameters
    ----------
    one : ColumnChunks
    frame, contract : pandas.DataFrame, Contract
        With the other values under the same name.
    places : int array, shape (rows,)
        The chunk of each row.
    """
    values, _ = as_read(frame[one.column], contract[one.column])
    many, parts = len(one.counts), len(one.counts[0])
    if one.edges:
        numbers = as_floats(values)
        finite = np.isfinite(numbers)
        return replace(one, again=_counted(places[finite], np.searchsorted(one.edges, numbers[finite]), many, parts))
    codes, different = pd.factorize(values.to_numpy())
    of = _level_of(one.levels, different) if one.levels else _group_of(different)
    return replace(one, again=_counted(places, of[codes], many, parts))


def in_parts(chunks: ColumnChunks, state: Mapping[str, Any]) -> NDArray[np.float64]:
    """The rows of a column's state by the parts of its chunks, shape (parts,).

    Raises
    ------
    ValueError
        If the column is of another kind by now, so that its values fall into none of them.
    """
    if chunks.edges:
        values, weights, _ = distribution(dict(state))
        return _rows(np.searchsorted(chunks.edges, values), weights, len(chunks.edges) + 1)
    if chunks.levels:
        if state.get("counts") is None:
            raise ValueError("the values are no longer counted")
        place = {level: k for k, level in enumerate(chunks.levels)}
        codes = [place.get(str(value), len(place)) for value, _ in state["counts"]]
        return _rows(codes, [n for _, n in state["counts"]], len(place) + 1)
    buckets = as_hashed(dict(state))["buckets"]
    if buckets is None or state.get("hashed_by", "murmur3") != "murmur3":
        raise ValueError("the values were hashed otherwise")
    return np.asarray(buckets, dtype=float).reshape(GROUPS, -1).sum(axis=1)


def _rows(parts: Any, rows: Any, many: int) -> NDArray[np.float64]:
    return np.bincount(parts, rows, many).astype(float)


def _numbers(one: ColumnProfile, values: NDArray[np.float64], places: Places) -> ColumnChunks:
    edges, finite = _edges(one), np.isfinite(values)
    many = int(places.max()) + 1
    known = np.bincount(places[finite], minlength=many)
    means = np.bincount(places[finite], values[finite], many) / np.maximum(known, 1)
    counts = _counted(places[finite], np.searchsorted(edges, values[finite]), many, len(edges) + 1)
    return ColumnChunks(one.name, counts, _missing(np.isnan(values), places), tuple(means.tolist()), edges=edges)


def _edges(one: ColumnProfile) -> tuple[float, ...]:
    """Between the parts: quantiles of the values, each once; of a column that is constant its one value."""
    values, weights, _ = distribution(one.state)
    if not values.size:
        return (0.0,)
    wanted = np.arange(1, PARTS) / PARTS * weights.sum()
    found = np.unique(values[np.minimum(np.searchsorted(np.cumsum(weights), wanted), len(values) - 1)])
    return tuple((found[:-1] if len(found) > 1 and found[-1] == values[-1] else found).tolist())


def _texts(one: ColumnProfile, values: pl.Series, places: Places) -> ColumnChunks:
    known = ~values.is_null().to_numpy()
    codes, different = pd.factorize(values.drop_nulls().to_numpy())
    levels = tuple(str(value) for value, _ in (one.state["counts"] or ())[: PARTS - 1])
    parts, of = (len(levels) + 1, _level_of(levels, different)) if levels else (GROUPS, _group_of(different))
    counts = _counted(places[known], of[codes], int(places.max()) + 1, parts)
    return ColumnChunks(one.name, counts, _missing(~known, places), levels=levels)


def _level_of(levels: tuple[str, ...], values: Any) -> Places:
    place = {level: k for k, level in enumerate(levels)}
    return np.array([place.get(str(value), len(levels)) for value in values], dtype=np.intp)


def _group_of(values: Any) -> Places:
    first, _ = hash_values(shortened(pl.Series(values, dtype=pl.String)))
    return (first >> np.uint64(56)).astype(np.intp) // (BUCKETS // GROUPS)


def _counted(places: Places, parts: Places, chunks: int, many: int) -> tuple[tuple[int, ...], ...]:
    counts = np.bincount(places * many + parts, minlength=chunks * many).reshape(chunks, many)
    return tuple(map(tuple, counts.tolist()))


def _missing(gaps: NDArray[np.bool_], places: Places) -> tuple[int, ...]:
    return tuple(np.bincount(places[gaps], minlength=int(places.max()) + 1).tolist())
