"""The KLL sketch of quantiles, which finds the same for the same numbers in the same order.

Apache DataSketches draws its coins from the clock, so that a table profiled twice had two histograms. Here the coin of
each compaction is a hash of how many numbers came and of the level, which no number has a part in; the rest is KLL as
published, and the bytes are those of DataSketches, which reads them.

References
----------
Karnin, Lang, Liberty (2016), Optimal quantile approximation in streams, FOCS (KLL).
"""

from __future__ import annotations

import struct
from functools import cache
from zlib import crc32

import datasketches
import numpy as np

# Rank error 0.68% at 99% confidence for 10 KB; a column whose values are few is kept exactly instead.
K = 400
NARROWEST = 8  # items that any level may hold
HEADER = struct.Struct("<BBBBHBBQHBB")  # ints before the data, version, family, flags, k, m, -, n, least k, levels, -
FULL, VERSION, FAMILY = 5, 1, 15


class Quantiles:
    """Quantiles of numbers that come in parts.

    Examples
    --------
    >>> def twice(): return [Quantiles().update(np.arange(100_000.0)).serialize() for _ in range(2)]
    >>> len(set(twice()))
    1
    """

    def __init__(self) -> None:
        self._levels: list[np.ndarray] = [np.empty(0)]
        self._n = 0
        self._least, self._most = np.inf, -np.inf

    @classmethod
    def deserialize(cls, content: bytes) -> Quantiles:
        """Read what :meth:`serialize` wrote, here or in DataSketches."""
        read, made = datasketches.kll_doubles_sketch.deserialize(content), cls()
        if read.is_empty():
            return made
        pairs = np.array(list(read), dtype=float).reshape(-1, 2)
        heights = np.log2(pairs[:, 1]).astype(int)
        made._levels = [np.sort(pairs[heights == h, 0]) for h in range(heights.max() + 1)]
        made._n, made._least, made._most = int(read.n), float(read.get_min_value()), float(read.get_max_value())
        return made

    def update(self, values: np.ndarray) -> Quantiles:
        """With further finite values, shape (n,)."""
        if len(values):
            self._take([np.array(values, dtype=float)], len(values), float(values.min()), float(values.max()))
        return self

    def merge(self, other: Quantiles) -> Quantiles:
        """With all that another one has seen."""
        self._take(other._levels, other._n, other._least, other._most)
        return self

    def _take(self, levels: list[np.ndarray], n: int, least: float, most: float) -> None:
        self._n, self._least, self._most = self._n + n, min(self._least, least), max(self._most, most)
        self._levels += [np.empty(0)] * (len(levels) - len(self._levels))
        for height, items in enumerate(levels):
            self._levels[height] = np.concatenate([self._levels[height], items])
        while sum(map(len, self._levels)) > sum(_widths(len(self._levels))):
            self._compact()

    def _compact(self) -> None:
        """Halve the lowest level that is full: every second of its items, in their order, counts twice."""
        widths = _widths(len(self._levels))
        height = next(h for h, items in enumerate(self._levels) if len(items) >= widths[h])
        items = self._levels[height]
        kept = len(items) % 2 or (0 if height else 2)  # who walks over DataSketches' items begins in the lowest level
        coin = crc32(struct.pack("<QQ", self._n, height)) & 1
        promoted = np.sort(items[kept:])[coin::2]
        self._levels[height] = items[:kept]
        self._levels += [np.empty(0)] * (height + 2 - len(self._levels))
        self._levels[height + 1] = np.sort(np.concatenate([self._levels[height + 1], promoted]))

    def serialize(self) -> bytes:
        """The bytes of DataSketches' sketch of doubles."""
        if self._n < 2:
            small = datasketches.kll_doubles_sketch(K)
            small.update(self._levels[0])
            return bytes(small.serialize())
        sizes = [len(items) for items in self._levels]
        ends = sum(_widths(len(sizes))) - np.cumsum(sizes[::-1])[::-1]
        head = HEADER.pack(FULL, VERSION, FAMILY, 0, K, NARROWEST, 0, self._n, K, len(sizes), 0)
        numbers = np.array([self._least, self._most, *np.concatenate(self._levels)], dtype="<f8")
        return head + ends.astype("<u4").tobytes() + numbers.tobytes()


@cache
def _widths(levels: int) -> tuple[int, ...]:
    """How many items each level may hold: two thirds of the one above it, rounded as DataSketches does."""
    return tuple(max(NARROWEST, _rounded(levels - 1 - height)) for height in range(levels))


def _rounded(depth: int) -> int:
    if depth > 30:
        return 0
    return ((((K << 1) << depth) // 3**depth) + 1) >> 1
