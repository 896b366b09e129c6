"""Reasons by look-up: SHAP values of groups of leaves, kept for each pattern of answers.

What a leaf adds to the columns depends on which of its path's conditions a row meets, and the row's codes
(:mod:`workbench.tables.lookup`) say that. So the leaves of a tree are grouped, each group small enough that the values
of every combination of its answers fit in a table, made once by the same quadrature that the edges use. A row's
reasons are then one line of the table for each group, added up.

References
----------
Yang (2021), Fast TreeSHAP: accelerating SHAP value computation for trees.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any

import numpy as np

from workbench.tables import native
from workbench.tables.edges import SMALLEST, Edges, edges, quadrature
from workbench.tables.lookup import Lookup, Places, reachable
from workbench.tables.trees import Array, Trees, blocks

LINES = 4096  # combinations of one group: more make fewer groups and larger tables
MOST_BYTES = 48 * 2**20  # of the tables of one model
BLOCK = 200_000  # values that are added up together


@dataclass(frozen=True, eq=False)
class Patterns:
    """The reasons of one output of a model.

    Parameters
    ----------
    lines : int array, shape (codes of all questions, groups)
        What each code adds to the place of its group's line.
    group, inside : int array, shape (columns of all groups,)
        Which group, and which value of its line; sorted by original column.
    starts, columns : int array, shape (original columns that are asked,)
        Where the values of each column begin, and which column that is.
    values : float array, shape (values of all lines,)
        SHAP values, line after line.
    rest : tuple of Edges
        Of trees whose combinations are too many.
    large : int array
        Which trees these are.
    first : int array, shape (questions,)
        Where the codes of each question begin.
    """

    lines: Array
    group: Array
    inside: Array
    starts: Array
    columns: Array
    values: Array
    rest: tuple[Edges, ...]
    large: Array
    first: Array

    def explain(self, codes: Array, columns: int) -> Array:
        """What each original column adds by the tables, shape (rows, columns).

        Parameters
        ----------
        codes : int array, shape (questions, rows)
            As :meth:`Lookup.codes` gives them.
        columns : int
            Number of original columns.
        """
        if self.group.size and (loops := native.kernel()) is not None:
            return loops.patterns(self._lines, codes, columns)
        result = np.zeros((codes.shape[1], columns))
        for block in blocks(codes.shape[1], BLOCK // max(1, len(self.group))) if self.group.size else ():
            place = self.lines.take(codes[:, block], axis=0).sum(axis=0, dtype=self.lines.dtype)
            taken = self.values.take(place.take(self.group, axis=1) + self.inside)
            result[block, self.columns] = np.add.reduceat(taken, self.starts, axis=1)
        return result

    @cached_property
    def _lines(self) -> native.Lines:
        """The tables as the compiled loops take them."""
        column = np.repeat(self.columns, np.diff(self.starts, append=len(self.group)))
        order = np.lexsort((self.inside, self.group))
        return native.lines(self.lines, self.first, self.group[order], column[order], self.values)


@dataclass(frozen=True, eq=False)
class _Group:
    """Leaves of one tree whose answers are kept together.

    Parameters
    ----------
    tree : int
        Which.
    leaves : list of (int, dict)
        Nodes, with the cover share of each column on their path.
    states : dict of int to (list of int, list of int)
        By question: the state of each code, and a code of each state.
    columns : list of int
        Original columns that are asked.
    """

    tree: int
    leaves: list[tuple[int, dict[int, float]]]
    states: dict[int, tuple[list[int], list[int]]]
    columns: list[int]

    @property
    def shape(self) -> list[int]:
        """Number of states by question."""
        return [len(examples) for _, examples in self.states.values()]

    @property
    def cells(self) -> int:
        """Numbers in the table."""
        return prod(self.shape) * len(self.columns)

    def place(self, lines: Array, starts: Array, at: int) -> None:
        """Write what each code adds to the place of the line, which is ``at`` for the first."""
        stride = len(self.columns)
        for i, (question, (state, examples)) in enumerate(self.states.items()):
            lines[starts[question] : starts[question] + len(state)] = np.array(state) * stride + (0 if i else at)
            stride *= len(examples)


def patterns(lookup: Lookup, output: int, source: Array, room: int = MOST_BYTES) -> Patterns:
    """The tables of one output, those of small trees first, as far as there is room.

    Parameters
    ----------
    lookup : Lookup
        The model.
    output : int
        Which output.
    source : int array, shape (model columns,)
        Original column of each column of the matrix.
    room : int
        Bytes that the tables may take.
    """
    maker = _Maker(lookup, output, source)
    of_trees = sorted(maker.groups(), key=_cells)
    fitting = int(np.searchsorted(np.cumsum(list(map(_cells, of_trees))), room // 8, side="right"))
    kept = [group for groups in of_trees[:fitting] for group in groups]
    lines, start = np.zeros((len(lookup.table), len(kept)), np.int32), 0
    values = np.zeros(sum(group.cells for group in kept))
    for i, group in enumerate(kept):
        group.place(lines[:, i], lookup.starts, start)
        values[start : start + group.cells] = maker.values(group)
        start += group.cells
    pairs = sorted((column, i, k) for i, group in enumerate(kept) for k, column in enumerate(group.columns))
    column_of, group_of, inside = np.array(pairs, np.intp).reshape(-1, 3).T
    columns, starts = np.unique(column_of, return_index=True)
    large = np.array([groups[0].tree for groups in of_trees[fitting:]], np.intp)
    rest = (edges(lookup.trees, large),) if large.size else ()
    return Patterns(lines, group_of, inside, starts, columns, values, rest, large, lookup.starts)


class _Maker:
    """What is known of the model while the tables are made."""

    def __init__(self, lookup: Lookup, output: int, source: Array) -> None:
        self.trees, self.output = lookup.trees, output
        self.sources = [int(source[q.columns[0]]) for q in lookup.questions]
        self.places = Places.of(self.trees)
        self.below = self.places.below.tolist()
        self.question = {c: i for i, q in enumerate(lookup.questions) for c in q.columns.tolist()}
        word = np.dtype(np.uint64)
        self.reach = {
            column: reachable(self.trees, q, k, self.places, word).T.copy()
            for q in lookup.questions
            for k, column in enumerate(q.columns.tolist())
        }

    def groups(self) -> Iterator[list[_Group]]:
        """The groups of each tree that adds to the output."""
        width = self.trees.value.shape[1]
        for tree, root in enumerate(self.trees.roots.tolist()):
            if 0 <= self.output - int(self.trees.outputs[tree]) < width and self.trees.feature[root] >= 0:
                yield list(self._split(tree, root, list(_paths(self.trees, root))))

    def values(self, group: _Group) -> Array:
        """The SHAP values of every combination of a group's states, flat; the first question's state goes quickest."""
        at, weights = quadrature(-(-max(len(path) for _, path in group.leaves) // 2))
        shape, axes = group.shape[::-1], len(group.shape)
        product = (self._weights(group)[:, None] * weights).reshape(len(group.leaves), len(at), *(1,) * axes)
        parts = []
        for axis, question in enumerate(group.states):
            factor, part = self._by_state(group, question, at)
            spread = (*factor.shape[:2], *(-1 if axes - 1 - k == axis else 1 for k in range(axes)))
            product = product * factor.reshape(spread)
            parts.append(part.reshape(spread))
        table = np.zeros((*shape, len(group.columns)))
        for question, part in zip(group.states, parts, strict=True):
            table[..., group.columns.index(self.sources[question])] += (product * part).sum(axis=(0, 1))
        return table.ravel()

    def _split(self, tree: int, node: int, leaves: list[tuple[int, dict[int, float]]]) -> Iterator[_Group]:
        """The leaves below a node as one group, or the groups below its children."""
        group = self._grouped(tree, leaves)
        if group is not None:
            yield group
            return
        for child in (int(self.trees.left[node]), int(self.trees.right[node])):
            yield from self._split(tree, child, [leaf for leaf in leaves if self.below[leaf[0]] & self.below[child]])

    def _grouped(self, tree: int, leaves: list[tuple[int, dict[int, float]]]) -> _Group | None:
        """One group, unless that would take too many lines; a leaf alone is always one."""
        asked: dict[int, dict[int, int]] = {}
        for leaf, path in leaves:
            for column in path:
                bits = asked.setdefault(self.question[column], {})
                bits[column] = bits.get(column, 0) | self.below[leaf]
        states, size = dict[int, tuple[list[int], list[int]]](), 1
        for question, columns in asked.items():
            words = [(self.reach[column][tree] & np.uint64(bits)).tolist() for column, bits in columns.items()]
            states[question] = _numbered(list(zip(*words, strict=True)) if len(words) > 1 else words[0])
            size *= len(states[question][1])
            if size > LINES and len(leaves) > 1:
                return None
        return _Group(tree, leaves, states, sorted({self.sources[question] for question in states}))

    def _weights(self, group: _Group) -> Array:
        column = self.output - int(self.trees.outputs[group.tree])
        weights: Array = self.trees.value[[leaf for leaf, _ in group.leaves], column] / self.trees.divisor
        return weights

    def _by_state(self, group: _Group, question: int, at: Array) -> tuple[Array, Array]:
        """Of one question the factor of each leaf, point and state, and what its columns add once it is divided out."""
        examples = group.states[question][1]
        factor = np.ones((len(group.leaves), len(at), len(examples)))
        part = np.zeros_like(factor)
        for i, (leaf, path) in enumerate(group.leaves):
            for column, share in path.items():
                if self.question[column] == question:
                    one = (self.reach[column][group.tree, examples] & self.places.below[leaf]) != 0
                    own = at[:, None] * one + (1 - at)[:, None] * share
                    factor[i] *= own
                    part[i] += (one - share) / own
        return factor, part


def _cells(groups: list[_Group]) -> int:
    return sum(group.cells for group in groups)


def _paths(trees: Trees, root: int) -> Iterator[tuple[int, dict[int, float]]]:
    """Leaves below ``root``, with the cover share of each column on their path."""
    stack: list[tuple[int, dict[int, float]]] = [(root, {})]
    while stack:
        node, path = stack.pop()
        column = int(trees.feature[node])
        if column < 0:
            yield node, path
            continue
        for child in (int(trees.right[node]), int(trees.left[node])):
            ratio = max(float(trees.cover[child]) / max(float(trees.cover[node]), SMALLEST), SMALLEST)
            stack.append((child, {**path, column: path.get(column, 1.0) * ratio}))


def _numbered(keys: list[Any]) -> tuple[list[int], list[int]]:
    """The number of each key, and where each number is first."""
    seen: dict[Any, int] = {}
    state = [seen.setdefault(key, len(seen)) for key in keys]
    return state, [keys.index(key) for key in seen]
