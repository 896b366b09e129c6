"""How often each value of a column comes: exact while they are few, in sketches beyond."""

from __future__ import annotations

from hashlib import blake2b
from typing import Any

import datasketches
import numpy as np
import polars as pl

from workbench.profiling import sketches
from workbench.profiling.distinct import Distinct, Values, hash_values, listed
from workbench.profiling.quantiles import Quantiles
from workbench.profiling.sketches import MOST_EXACT

MOST_TOP = 50
# A longer text is told by its beginning: a profile is no place for documents.
LONGEST_TOLD = 100
# Bytes of a text beyond which its digest stands for it.
LONGEST_HASHED = 512
# Items that the sketch of frequent values may hold, as a power of two, and those that one chunk may give it.
FREQUENT_LG = 9
MOST_GIVEN = 500


class ValueCounts:
    """Values with their counts, fed chunk by chunk.

    Parameters
    ----------
    numeric : bool
        True for numbers, which get a quantile sketch; texts get hash buckets.

    Examples
    --------
    >>> seen = ValueCounts(numeric=True)
    >>> seen.update(np.array([1.0, 2.0]), np.array([3, 1]))
    >>> seen.state()["counts"], seen.state()["distinct"]
    ([[1.0, 3], [2.0, 1]], 2)
    """

    def __init__(self, numeric: bool) -> None:
        self.numeric = numeric
        self._exact: dict[Any, int] | None = {}
        self._distinct = Distinct()
        self._quantiles = Quantiles()
        self._frequent = datasketches.frequent_strings_sketch(FREQUENT_LG)
        self._buckets = np.zeros(sketches.BUCKETS, dtype=np.int64)
        self._unseen = 0

    def update(self, values: Values, counts: np.ndarray) -> None:
        """More rows: distinct values, shape (m,), numbers or a series of texts, and how often each came."""
        if self._exact is not None:
            if self._fits(values):
                _add(self._exact, values.to_list() if isinstance(values, pl.Series) else values.tolist(), counts)
                if len(self._exact) <= MOST_EXACT:
                    return
                values, counts = arrays(self._exact)
            elif self._exact:
                self._feed(*arrays(self._exact))
            self._exact = None
        if len(values):
            self._feed(values, counts)

    def state(self) -> dict[str, Any]:
        """What merging needs, as plain JSON."""
        if self._exact is not None:
            # In one order, so that equal tables have equal profiles.
            counts = [[_told(v), n] for v, n in sorted(self._exact.items(), key=lambda pair: (-pair[1], pair[0]))]
            return {"distinct": len(counts), "top": counts[:MOST_TOP], "top_error": 0, "counts": counts, **_NO_SKETCH}
        top, error = self._top()
        return {
            "distinct": None,
            "top": top,
            "top_error": error,
            "counts": None,
            "hll": self._distinct.text(),
            "kll": sketches.as_text(self._quantiles.serialize()) if self.numeric else None,
            "buckets": None if self.numeric else self._buckets.tolist(),
            "hashed_by": sketches.HASH,
        }

    def _fits(self, values: Values) -> bool:
        if len(values) > MOST_EXACT:
            return False
        long = isinstance(values, pl.Series) and len(values) and values.str.len_chars().max() > LONGEST_TOLD  # type: ignore[operator]
        return not long

    def _feed(self, values: Values, counts: np.ndarray) -> None:
        if isinstance(values, pl.Series):
            values = shortened(values)
            hashed = hash_values(values)
            # In one order: polars' threads give them in any, and the sketches' estimates depend on it.
            order = np.argsort(hashed[0], kind="stable")
            values, counts, hashed = values[order], counts[order], (hashed[0][order], hashed[1][order])
            self._distinct.update(values, hashed)
            self._buckets += sketches.bucketed(hashed, counts)
        else:
            self._distinct.update(values)
            rows = values if len(values) == counts.sum() else np.repeat(values, counts)
            self._quantiles.update(rows.astype(float, copy=False))
        self._feed_frequent(values, counts)

    def _feed_frequent(self, values: Values, counts: np.ndarray) -> None:
        """Values that come more than once in a chunk; the others can't have been frequent."""
        often = np.flatnonzero(counts > 1)
        dropped = int(len(often) < len(counts))
        if len(often) > MOST_GIVEN:
            often = often[np.argpartition(-counts[often], MOST_GIVEN)]
            often, dropped = often[:MOST_GIVEN], int(counts[often[MOST_GIVEN]])
        self._unseen += dropped
        for value, n in zip(listed(values[often]), counts[often].tolist(), strict=True):
            self._frequent.update(value[:LONGEST_TOLD] if isinstance(value, str) else repr(value), n)

    def _top(self) -> tuple[list[list[Any]], int]:
        items = self._frequent.get_frequent_items(datasketches.frequent_items_error_type.NO_FALSE_NEGATIVES, 0)
        top = sorted(((low, text, high) for text, _, low, high in items if low > 0), reverse=True)[:MOST_TOP]
        error = max((high - low for low, _, high in top), default=0) + self._unseen
        return [[float(text) if self.numeric else text, int(low)] for low, text, _ in top], int(error)


_NO_SKETCH: dict[str, Any] = {"hll": None, "kll": None, "buckets": None}


def arrays(counted: dict[Any, int]) -> tuple[Values, np.ndarray]:
    """Values with their counts, apart; texts as a series."""
    values = list(counted)
    texts = bool(values) and isinstance(values[0], str)
    return pl.Series(values) if texts else np.array(values), np.array(list(counted.values()), dtype=np.int64)


def _add(counted: dict[Any, int], values: list[Any], counts: np.ndarray) -> None:
    for value, n in zip(values, counts.tolist(), strict=True):
        counted[value] = counted.get(value, 0) + n


def shortened(texts: pl.Series) -> pl.Series:
    """Long texts by their beginning and a digest of the whole."""
    if texts.str.len_bytes().max() <= LONGEST_HASHED:  # type: ignore[operator]  # not empty
        return texts
    shortened = (t if len(t) <= LONGEST_TOLD else t[:LONGEST_TOLD] + _digest(t) for t in texts.to_list())
    return pl.Series(texts.name, list(shortened))


def _digest(text: str) -> str:
    return blake2b(text.encode("utf-8", "replace"), digest_size=16).hexdigest()


def _told(value: Any) -> Any:
    return value if isinstance(value, str) else float(value)
