"""Sums of products of columns over all rows, from which Pearson correlations come: exact, and they merge.

Every two columns are taken over the rows in which both have a value.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from workbench.profiling.packing import packed, unpacked

# Values that are summed up together: few enough to stay in the processor's cache.
BLOCK = 1 << 15
# Fewer rows than these in which both have a value say nothing.
FEWEST = 20


@dataclass(frozen=True)
class Comoments:
    """Sums about a point near the means.

    Parameters
    ----------
    names : tuple of str, length p
    shift : numpy.ndarray, shape (p,)
        The point.
    n, x, xx, xy : numpy.ndarray, shape (p, p)
        Rows in which both columns have a value; over these rows the sums of column i, of its square, and of the
        product of both, about ``shift``.

    Examples
    --------
    >>> a = Comoments.of(("x", "y"), [np.array([1.0, 2.0, 3.0] * 10), np.array([2.0, 4.0, 7.0] * 10)])
    >>> round(float(a.correlations()[0, 1]), 4)
    0.9934
    """

    names: tuple[str, ...]
    shift: np.ndarray
    n: np.ndarray
    x: np.ndarray
    xx: np.ndarray
    xy: np.ndarray

    @classmethod
    def of(
        cls, names: tuple[str, ...], columns: Sequence[np.ndarray] | np.ndarray, shift: np.ndarray | None = None
    ) -> Comoments:
        """Of one chunk: columns, each of shape (rows,), NaN where missing; infinities count as missing."""
        p, rows = len(names), len(columns[0]) if names else 0
        step = max(BLOCK // max(p, 1), 64)
        sums = np.zeros((4, p, p))
        for start in range(0, rows, step):
            block = np.array([c[start : start + step] for c in columns])
            known = np.isfinite(block)
            shift = _means(block, known) if shift is None else shift
            with np.errstate(over="ignore", invalid="ignore"):
                sums += _sums(block - shift[:, None], known)
        return cls(names, np.zeros(p) if shift is None else shift, *sums)

    def merge(self, other: Comoments) -> Comoments:
        """Of the rows of both; a column that one of them has not is missing there."""
        if self.names != other.names:
            names = tuple(dict.fromkeys((*self.names, *other.names)))
            return self._with(names, other).merge(other._with(names, self))
        moved = other._about(self.shift)
        parts = ((getattr(self, part), getattr(moved, part)) for part in ("n", "x", "xx", "xy"))
        return Comoments(self.names, self.shift, *(a + b for a, b in parts))

    def correlations(self) -> np.ndarray:
        """Pearson's r of every two columns, shape (p, p); NaN where too few rows or no spread.

        Agrees with :meth:`pandas.DataFrame.corr`.
        """
        with np.errstate(all="ignore"):
            cov = self.xy - self.x * self.x.T / self.n
            spread = self.xx - self.x**2 / self.n
            # What is left of the sums by rounding alone is no spread.
            spread = np.where(spread > 1e-12 * self.xx, spread, np.nan)
            r = np.clip(cov / np.sqrt(spread * spread.T), -1, 1)
        return np.where(self.n >= FEWEST, r, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        parts = {part: packed(getattr(self, part)) for part in ("shift", "n", "x", "xx", "xy")}
        return {"names": list(self.names), **parts}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Comoments:
        """Read what :meth:`to_dict` wrote."""
        p = len(content["names"])
        square = (unpacked(content[part]).reshape(p, p) for part in ("n", "x", "xx", "xy"))
        return cls(tuple(content["names"]), unpacked(content["shift"]), *square)

    def _with(self, names: tuple[str, ...], other: Comoments) -> Comoments:
        at = [names.index(n) for n in self.names]
        shift = np.zeros(len(names))
        shift[[names.index(n) for n in other.names]] = other.shift
        shift[at] = self.shift
        square = []
        for part in (self.n, self.x, self.xx, self.xy):
            wide = np.zeros((len(names), len(names)))
            wide[np.ix_(at, at)] = part
            square.append(wide)
        return Comoments(names, shift, *square)

    def _about(self, shift: np.ndarray) -> Comoments:
        if np.array_equal(self.shift, shift):
            return self
        d = (self.shift - shift)[:, None]
        x = self.x + d * self.n
        xx = self.xx + 2 * d * self.x + d**2 * self.n
        xy = self.xy + d * self.x.T + d.T * self.x + d * d.T * self.n
        return Comoments(self.names, shift, self.n, x, xx, xy)


def _means(block: np.ndarray, known: np.ndarray) -> np.ndarray:
    return np.where(known, block, 0).sum(axis=1) / np.maximum(known.sum(axis=1), 1)


def _sums(away: np.ndarray, known: np.ndarray) -> np.ndarray:
    """n, x, xx and xy of columns, both of shape (p, rows)."""
    p, rows = away.shape
    gappy = np.flatnonzero(~known.all(axis=1))
    away[gappy] = np.where(known[gappy], away[gappy], 0.0)
    xy = away @ away.T
    n, x, xx = np.full((p, p), float(rows)), _repeated(away.sum(axis=1)), _repeated(xy.diagonal())
    if gappy.size:
        # A column without gaps takes no row away from the others.
        there = known[gappy].astype(float)
        n[:, gappy] = there.sum(axis=1)
        n[gappy, :] = there.sum(axis=1)[:, None]
        n[np.ix_(gappy, gappy)] = there @ there.T
        x[:, gappy], xx[:, gappy] = away @ there.T, (away * away) @ there.T
    return np.stack([n, x, xx, xy])


def _repeated(sums: np.ndarray) -> np.ndarray:
    return np.repeat(sums[:, None], len(sums), axis=1)
