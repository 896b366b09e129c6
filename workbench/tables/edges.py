"""SHAP values of trees edge by edge, with numpy alone: each edge is reckoned once for all the leaves behind it.

On a path from the root each distinct column j has a condition (met or not: o_j in {1, 0}) and a cover share z_j (the
product of its splits' cover ratios). The path's game is a product, so its Shapley values are
``v * (o_j - z_j) * integral over t in [0, 1] of product over k != j of f_k(t)``, where
``f_k(t) = t * o_k + (1 - t) * z_k``. Gauss-Legendre points take the integral's place. At each point the product runs
down the tree: an edge multiplies it by its column's factor, divided by the one that the column had above. Leaves
multiply it by their value, and what comes up again is the sum over all leaves behind an edge, of which its column gets
``(o - z) / f`` less what it had above.

Eight points are exact for 16 columns on a path. Where there are more, a tree's paths say whether eight are enough
(:attr:`Edges.points`): they nearly always are, for cover shares multiply up to no less than one row of the training.

References
----------
Mitchell, Frank, Holmes (2022), GPUTreeShap: massively parallel exact calculation of SHAP scores for tree ensembles.
Quadrature-TreeSHAP, arXiv 2605.04497.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache, cached_property
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from workbench.tables.trees import Trees

Array = np.ndarray[Any, np.dtype[Any]]

EDGES = 30_000  # explained together: one row of them takes 2 MB
SMALLEST = 1e-12  # a cover share of nothing would divide by zero
POINTS = 8  # of the quadrature
MOST_POINTS = 64
MISS = 1e-14  # of a tree's largest leaf, that its points may miss
TABLED = 20_000  # edges whose factors are kept: 8 MB


@dataclass(frozen=True, eq=False)
class Edges:
    """All edges of some trees, level by level; those of one node side by side, the left one first.

    Parameters
    ----------
    node, parent : int array, shape (edges,)
        Where the edge leads, and whence. The first edge stands for nothing: it leads to all roots.
    above : int array, shape (edges,)
        The edge that leads to ``parent``; 0 for a root.
    before : int array, shape (edges,)
        The last edge above that asks for the same column; 0 where there is none.
    share : float array, shape (edges,)
        Share of the training rows that meet all that the path asks of the column, z in (0, 1].
    reach : float array, shape (edges,)
        Share of the training rows that come through.
    levels : tuple of slice
        The edges of each level, the roots' first.
    exact : bool
        Whether the points of the quadrature are as many as any shares may need.
    """

    node: Array
    parent: Array
    above: Array
    before: Array
    share: Array
    reach: Array
    levels: tuple[slice, ...]
    exact: bool = False

    @property
    def asked(self) -> Array:
        """The inner nodes, shape (edges // 2,), in the order of their edges."""
        return self.parent[1::2]

    def met(self, goes_left: Array) -> Array:
        """Whether rows meet all that the path asks of an edge's column, shape (edges, rows).

        Parameters
        ----------
        goes_left : bool array, shape (edges // 2, rows)
            Which way each row goes at the nodes that are :attr:`asked`.
        """
        met = np.ones((len(self.node), goes_left.shape[1]), bool)
        met[1::2] = goes_left
        met[2::2] = ~goes_left
        for level in self.levels[1:]:
            met[level] &= met[self.before[level]]
        return met

    def added(self, met: Array, value: Array) -> Array:
        """What each edge adds to its column, shape (edges, rows), where leaves add ``value``, shape (nodes,)."""
        result: Array = np.einsum("erq,erq->er", *self.brought_up(met, value))
        return result

    def brought_up(self, met: Array, value: Array) -> tuple[Array, Array]:
        """The sum over the leaves behind each edge, and what its column gets of it, both (edges, rows, points)."""
        product, part = self._factors(met)
        product[0] = quadrature(self.points)[1]
        for level in self.levels:
            product[level] *= product.take(self.above[level], axis=0)
        total = np.zeros_like(product)
        total[self.leaves] = product[self.leaves] * value[self.node[self.leaves], None, None]
        for level in reversed(self.levels):
            total[self.above[level][::2]] = total[level][::2] + total[level][1::2]
        return total, part

    @cached_property
    def points(self) -> int:
        """Points of the quadrature by which all paths come out to :data:`MISS` of a leaf."""
        points, most = POINTS, int(self.columns.max(initial=0))
        if self.exact:
            return max(points, -(-most // 2))
        while 2 * points < min(most, 2 * MOST_POINTS) and self.missed(points).max(initial=0.0) > MISS:
            points += POINTS
        return points

    def missed(self, points: int) -> Array:
        """How far a row's values that meets a whole path are from their sum, ``1 - product of z``; shape (leaves,)."""
        at, weights = quadrature(points)
        factor = at + (1 - at) * self.share[:, None]
        part = (1 - self.share)[:, None] / factor
        rate, product = part - part[self.before], factor / factor[self.before]
        for level in self.levels:
            product[level] *= product[self.above[level]]
            rate[level] += rate[self.above[level]]
        sums = (product * rate)[self.leaves] @ weights
        return np.abs(sums - (1 - self.reach[self.leaves]))

    @cached_property
    def columns(self) -> Array:
        """How many distinct columns a path asks for, shape (edges,)."""
        columns = (self.before == 0).astype(np.intp)
        columns[0] = 0
        for level in self.levels:
            columns[level] += columns[self.above[level]]
        return columns

    @cached_property
    def leaves(self) -> Array:
        """Edges that lead to a leaf."""
        inner = np.zeros(len(self.node), bool)
        inner[self.above] = inner[0] = True
        return np.flatnonzero(~inner)

    def _factors(self, met: Array) -> tuple[Array, Array]:
        """By what an edge multiplies the product, and what its column gets of it, both (edges, rows, points)."""
        if len(self.node) > TABLED:
            return self._reckoned(met, self.share, self.before)
        state = met.astype(np.intp)
        state += state[self.before]
        state += 3 * np.arange(len(state))[:, None]
        factor, part = self._kept
        return factor.take(state, axis=0), part.take(state, axis=0)

    @cached_property
    def _kept(self) -> tuple[Array, Array]:
        """The factors of an edge and its parts in each state: not met above, not met here, met; (3 x edges, points)."""
        edges = len(self.node)
        met, share = np.zeros((2 * edges, 3), bool), np.concatenate([self.share, self.share[self.before]])
        met[:edges, 2] = met[edges:, 1:] = True
        factor, part = self._reckoned(met, share, np.concatenate([np.arange(edges, 2 * edges)] * 2))
        return factor[:edges].reshape(3 * edges, -1), part[:edges].reshape(3 * edges, -1)

    def _reckoned(self, met: Array, share: Array, before: Array) -> tuple[Array, Array]:
        at = quadrature(self.points)[0]
        factor = met[:, :, None] * at
        factor += (share[:, None] * (1 - at))[:, None]
        inverse = 1 / factor
        factor *= inverse.take(before, axis=0)
        inverse *= (met - share[:, None])[:, :, None]
        inverse -= inverse.take(before, axis=0)
        return factor, inverse


def edges(trees: Trees, chosen: Array) -> Edges:
    """The edges of the ``chosen`` trees."""
    roots = trees.roots[chosen]
    level = roots[trees.feature[roots] >= 0]
    place = np.zeros(len(trees.feature), np.intp)
    node, parent, levels, count = [np.zeros(1, np.intp)], [np.zeros(1, np.intp)], list[slice](), 1
    while level.size:
        below = np.column_stack([trees.left[level], trees.right[level]]).ravel()
        place[below] = np.arange(count, count + len(below))
        node.append(below)
        parent.append(np.repeat(level, 2))
        levels.append(slice(count, count + len(below)))
        count, level = count + len(below), below[trees.feature[below] >= 0]
    return _linked(trees, np.concatenate(node), np.concatenate(parent), place, tuple(levels))


def _linked(trees: Trees, node: Array, parent: Array, place: Array, levels: tuple[slice, ...]) -> Edges:
    above = place[parent]
    above[0] = 0
    feature = np.append(-1, trees.feature[parent[1:]])
    before = previous(above, feature)
    ratio = trees.cover[node] / np.maximum(trees.cover[parent], SMALLEST)
    share = np.append(1.0, np.maximum(ratio, SMALLEST)[1:])
    reach = share.copy()
    for level in levels:
        share[level] *= share[before[level]]
        reach[level] *= reach[above[level]]
    return Edges(node, parent, above, before, share, reach, levels)


def previous(above: Array, asked: Array) -> Array:
    """The last edge above that asks the same as each edge, 0 where there is none; the first edge asks nothing."""
    before = above.copy()
    other = np.flatnonzero((before > 0) & (asked[before] != asked))
    while other.size:
        before[other] = above[before[other]]
        at = before[other]
        other = other[(at > 0) & (asked[at] != asked[other])]
    return before


@cache
def quadrature(points: int) -> tuple[Array, Array]:
    """Gauss-Legendre points and weights on [0, 1].

    >>> [round(float(p), 3) for p in quadrature(2)[0]]
    [0.211, 0.789]
    """
    at, weights = np.polynomial.legendre.leggauss(points)
    return (at + 1) / 2, weights / 2
