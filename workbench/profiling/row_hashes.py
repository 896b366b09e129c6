"""Duplicate rows by the hash of the row: exact while the hashes fit, beyond it from a share of them.

HyperLogLog can't do this: the difference of two large numbers, each 1% off, says nothing about few duplicates. Here a
hash is kept when it is below a threshold, so a row that is kept is kept each time it comes (distinct sampling, Gibbons
2001), and the duplicates among the kept rows are a known share of all.

References
----------
Gibbons (2001), Distinct sampling for highly-accurate answers to distinct values queries and event reports, VLDB.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.profiling.packing import packed, unpacked

# Hashes that are kept while looking, unless a larger budget of memory allows more, and in a saved profile.
MOST_KEPT = 1_000_000
MOST_SAVED = 2_000


@dataclass(frozen=True)
class RowHashes:
    """Hashes below 2^64 / 2^level, one a row.

    Examples
    --------
    >>> RowHashes(np.array([1, 2, 2, 2], dtype=np.uint64)).duplicates()
    (2, 0)
    """

    hashes: np.ndarray
    level: int = 0

    def add(self, hashes: np.ndarray, most: int = MOST_KEPT) -> RowHashes:
        """With more rows, shape (n,); the threshold sinks when there are more than ``most``."""
        return RowHashes(np.concatenate([self.hashes, _below(hashes, self.level)]), self.level).thinned(most)

    def thinned(self, most: int) -> RowHashes:
        """At most ``most`` hashes, as far as halving the threshold goes."""
        kept = self
        while len(kept.hashes) > most and kept.level < 63:
            kept = RowHashes(_below(kept.hashes, kept.level + 1), kept.level + 1)
        return kept

    def at_level(self, level: int) -> RowHashes:
        """With a threshold that is as low or lower."""
        return RowHashes(_below(self.hashes, level), max(level, self.level))

    def merge(self, other: RowHashes, most: int = MOST_KEPT) -> RowHashes:
        """Of the rows of both."""
        level = max(self.level, other.level)
        both = np.concatenate([_below(self.hashes, level), _below(other.hashes, level)])
        return RowHashes(both, level).thinned(most)

    def duplicates(self) -> tuple[int, int]:
        """Rows equal to an earlier one, and by how many that may be off at 99% confidence; 0 where exact."""
        ordered = np.sort(self.hashes)
        last = np.flatnonzero(np.append(ordered[1:] != ordered[:-1], bool(len(ordered))))
        extra = np.diff(last, prepend=-1) - 1
        repeated, scale = int(extra.sum()), 2**self.level
        if not self.level:
            return repeated, 0
        # Each distinct row is kept with chance 1 / scale; where none is kept, five would hardly all have been missed.
        off = (
            2.58 * math.sqrt(float((extra.astype(float) ** 2).sum()) * (scale - 1) * scale) if repeated else 4.6 * scale
        )
        return repeated * scale, math.ceil(off)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, at most 2,000 hashes."""
        few = self.thinned(MOST_SAVED)
        return {"level": few.level, "hashes": packed(few.hashes, "<u8")}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> RowHashes:
        """Read what :meth:`to_dict` wrote."""
        return cls(unpacked(content["hashes"], "<u8"), content["level"])


def _below(hashes: np.ndarray, level: int) -> np.ndarray:
    return hashes if not level else hashes[hashes < np.uint64(2 ** (64 - level))]
