"""A model's trees in the order in which a depth-first walk meets their nodes, for the compiled loops."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import TYPE_CHECKING, NamedTuple
from weakref import WeakKeyDictionary

import numpy as np

from workbench.tables.edges import EDGES, MISS, MOST_POINTS, POINTS, Array, Edges, edges, quadrature

if TYPE_CHECKING:
    from workbench.tables.trees import Trees


class Walk(NamedTuple):
    """Nodes of some trees, depth first, left before right; arrays of shape (nodes,) where nothing else is said.

    ``starts`` has where each tree begins, and the end; ``points`` how many points each tree needs. ``depth`` counts
    edges from the root, ``before`` has the depth of the last edge above that asks for the same column of the matrix
    (0: none), ``left`` whether the edge that leads here goes left, ``share`` what share of the training rows meets all
    that the path asks of its column, ``size`` counts the nodes of a subtree. ``feature`` is the place of the column
    that the node asks for among those that are used, -1 for a leaf.
    """

    starts: Array
    points: Array
    depth: Array
    before: Array
    left: Array
    share: Array
    size: Array
    feature: Array
    threshold: Array
    missing_left: Array
    category: Array
    goes_left: Array


class Walked(NamedTuple):
    """A walk, the columns of the matrix that are asked for, and by place the model's node and what is asked above it.

    ``asked`` is a place in ``used``; a root's is any. ``trees`` says which trees they are, ``depths`` counts the levels
    of the deepest.
    """

    walk: Walk
    used: Array
    node: Array
    asked: Array
    trees: Array
    depths: int


_KEPT: WeakKeyDictionary[Trees, dict[bytes, Walked]] = WeakKeyDictionary()


def walked(trees: Trees, output: int, among: Array | None = None) -> Walked | None:
    """The walk of the trees that add to an output, None where none asks anything; found once for a model.

    ``among`` has the trees that are to be looked at; by default all are.
    """
    adding = (trees.outputs <= output) & (output < trees.outputs + trees.value.shape[1])
    chosen = np.flatnonzero(adding & (trees.feature[trees.roots] >= 0))
    if among is not None:
        chosen = np.intersect1d(chosen, among)
    if not chosen.size:
        return None
    kept = _KEPT.setdefault(trees, {})
    which = chosen.tobytes()
    if which not in kept:
        kept[which] = _walked(trees, chosen)
    return kept[which]


@cache
def rules() -> tuple[Array, Array]:
    """Points and weights of 8, 16 … points, shape (rules, most points)."""
    at, weights = np.zeros((2, MOST_POINTS // POINTS, MOST_POINTS))
    for i in range(len(at)):
        at[i, : POINTS * (i + 1)], weights[i, : POINTS * (i + 1)] = quadrature(POINTS * (i + 1))
    return at, weights


def _walked(trees: Trees, chosen: Array) -> Walked:
    """Some trees at a time, so that what is needed meanwhile stays small."""
    sizes = np.diff(trees.roots, append=len(trees.feature))[chosen]
    parts = [_part(trees, part) for part in _parts(chosen, sizes)]
    node, parent, points, depth, before, left, share, size = (np.concatenate(a) for a in zip(*parts, strict=True))
    used = np.unique(trees.feature[trees.feature >= 0])
    column = np.full(int(used[-1]) + 2, -1, np.int32)  # a leaf's is the last
    column[used] = np.arange(len(used))
    walk = Walk(
        starts=np.append(0, np.cumsum(sizes)).astype(np.int64),
        points=points.astype(np.int64),
        depth=depth,
        before=before,
        left=left,
        share=share,
        size=size,
        feature=column[trees.feature[node]],
        threshold=trees.threshold[node],
        missing_left=trees.missing_left[node],
        category=trees.category[node].astype(np.int32),
        goes_left=trees.goes_left.copy(),
    )
    asked = np.maximum(column[trees.feature[parent]], 0)
    return Walked(walk, used.astype(np.int64), node.astype(np.int32), asked, chosen, int(depth.max(initial=0)) + 1)


def _parts(chosen: Array, sizes: Array) -> Iterator[Array]:
    part = np.cumsum(sizes) // EDGES
    return (chosen[part == k] for k in np.unique(part))


def _part(trees: Trees, chosen: Array) -> tuple[Array, ...]:
    """By place of some trees: node, node above; points by tree; depth, before, left, share and size."""
    found, sizes = edges(trees, chosen), np.diff(trees.roots, append=len(trees.feature))[chosen]
    starts = np.cumsum(sizes) - sizes
    size, place = _places(found, starts)
    edge = np.zeros(sizes.sum(), np.intp)
    edge[place[1:]] = np.arange(1, len(place))
    node = found.node[edge]
    node[starts] = trees.roots[chosen]
    level = np.zeros(len(found.node), np.int32)
    for depth, span in enumerate(found.levels, 1):
        level[span] = depth
    below = size[edge].astype(np.int32)
    below[starts] = sizes
    questions = (level[edge], level[found.before[edge]], edge % 2 == 1, found.share[edge], below)
    return node, found.parent[edge], _points(trees, found, chosen), *questions


def _places(found: Edges, starts: Array) -> tuple[Array, Array]:
    """Nodes of the subtree behind each edge, and the place of its first one in the walk."""
    size = np.ones(len(found.node), np.int64)
    for level in reversed(found.levels[1:]):
        size[found.above[level][::2]] += size[level][::2] + size[level][1::2]
    place = np.zeros(len(size), np.int64)
    for i, level in enumerate(found.levels):
        above = place[found.above[level][::2]] if i else starts
        place[level][::2] = above + 1
        place[level][1::2] = above + 1 + size[level][::2]
    return size, place


def _points(trees: Trees, found: Edges, chosen: Array) -> Array:
    """How many points each tree needs, as :attr:`Edges.points` has it for all together."""
    tree = np.searchsorted(trees.roots[chosen], found.node[found.leaves], side="right") - 1
    points, columns = np.full(len(chosen), POINTS), np.zeros(len(chosen), np.intp)
    np.maximum.at(columns, tree, found.columns[found.leaves])
    for few in range(POINTS, MOST_POINTS, POINTS):
        unsure, missed = (points == few) & (columns > 2 * few), np.zeros(len(chosen))
        if not unsure.any():
            break
        np.maximum.at(missed, tree, found.missed(few))
        points[unsure & (missed > MISS)] += POINTS
    return points
