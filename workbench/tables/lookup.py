"""Trees as look-ups: a row becomes one small code a column, and all trees are answered by tables of codes.

A tree never sees a number, only on which side of its thresholds the number lies. So the numbers of a column between
two thresholds share a *code*, and so do the rows of a category. For each code and tree a table holds a word with one
bit a leaf: those that a row with this code can still reach. The words of all columns, taken together by *and*, leave
one bit: the row's leaf. No node is walked, and the leaf is the one that the walk finds.

References
----------
Lucchese et al. (2015), QuickScorer: a fast algorithm to rank documents with additive ensembles of regression trees.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from workbench.tables import native
from workbench.tables.cuts import Cuts, cuts
from workbench.tables.encoders import Categories, Columns, Hot
from workbench.tables.trees import Array, Trees, blocks

MOST_LEAVES = 64  # bits of a word
MOST_BYTES = 32 * 2**20  # of the tables of one model
EXPONENT = 127  # of the number 1, as a float32 keeps it
BLOCK = 50_000  # words that are looked up together: their arrays stay in the cache, and are not given back each time


@dataclass(frozen=True, eq=False)
class Question:
    """What the trees ask of a group of the matrix' columns that change together.

    Parameters
    ----------
    encoder : int
        Which encoder makes them.
    columns : int array, shape (columns,)
        Of the matrix: one column of numbers, or all that one category becomes.
    values : float array, shape (codes, columns), or Hot
        An example of each code. Of numbers: each threshold, then a larger number, then a missing one. Of one-hot
        columns of many categories the encoder itself, for a table would be the square of them.
    inside : int, optional
        For numbers: which column of its encoder. None: the code is the category's own.
    cuts : Cuts, optional
        For numbers whose thresholds are limits of the raw column: these.
    """

    encoder: int
    columns: Array
    values: Array | Hot
    inside: int | None = None
    cuts: Cuts | None = None

    @property
    def size(self) -> int:
        """How many codes there are."""
        return self.values.codes_made if isinstance(self.values, Hot) else len(self.values)

    def of(self, column: int) -> Array:
        """What one of the columns is for each code, shape (codes,)."""
        return self.values.by_group(column) if isinstance(self.values, Hot) else self.values[:, column]

    def codes(self, made: Array) -> Array:
        """Code of each row, shape (rows,), from the matrix that the encoder ``made``."""
        numbers = made[:, self.inside]
        codes = np.searchsorted(self.of(0)[:-2], numbers)
        codes[np.isnan(numbers)] = self.size - 1
        return codes


@dataclass(frozen=True, eq=False)
class Lookup:
    """The trees of a model, for rows as their encoders read them.

    Parameters
    ----------
    trees : Trees
        The model.
    encoders : tuple
        Side by side they make its matrix.
    questions : tuple of Question
        All that the trees ask.
    table : unsigned int array, shape (codes of all questions, trees)
        Leaves that can be reached.
    leaves : int array, shape (trees x most leaves,)
        Node of each bit of a tree's word.
    """

    trees: Trees
    encoders: tuple[Any, ...]
    questions: tuple[Question, ...]
    table: Array
    leaves: Array

    def codes(self, columns: Columns) -> Array:
        """Rows of the tables by question and row, shape (questions, rows)."""
        if self._one and all(type(v := columns[name]) is list and len(v) == 1 for name, _, _ in self._one):
            return np.array([[start + code(columns[name][0])] for name, start, code in self._one], np.intp)
        matrices = {i: self.trees.rounded(self.encoders[i].encode(columns)) for i in self._made}
        codes = [self._codes(question, columns, matrices) for question in self.questions]
        return np.array(codes, np.intp) + self.starts[:, None]

    def predict(self, codes: Array) -> Array:
        """The model's own outputs, shape (rows, outputs): what :meth:`Trees.predict` gives, to the last bit."""
        if (loops := native.kernel()) is not None:
            return loops.lookup(self._words, codes) / self.trees.divisor
        if codes.shape[1] == 1 and self._single:
            return self._of_one(codes)
        result = np.empty((codes.shape[1], self.trees.width))
        for block in blocks(codes.shape[1], BLOCK // self.table.shape[1]):
            result[block] = self.trees.sum(self._places(codes[:, block]), self._added)
        return result

    def _codes(self, question: Question, columns: Columns, matrices: dict[int, Array]) -> Any:
        if question.cuts is not None:
            return question.cuts.codes(columns[question.cuts.column])
        return question.codes(matrices[i]) if (i := question.encoder) in matrices else self.encoders[i].codes(columns)

    def _of_one(self, codes: Array) -> Array:
        """As :meth:`predict`, of one row and one output."""
        total: Array = self.trees.in_turn(self._added.take(self._places(codes)), 0)
        return total[:, None] / self.trees.divisor

    def _places(self, codes: Array) -> Array:
        """Where in ``leaves`` each row arrives in each tree, shape (rows, trees)."""
        if codes.shape[1] == 1:
            words = np.bitwise_and.reduce(self.table.take(codes[:, 0], axis=0), axis=0, keepdims=True)
        else:
            words = self.table.take(codes[0], axis=0)
            other = np.empty_like(words)
            for of_question in codes[1:]:
                words &= self.table.take(of_question, axis=0, out=other, mode="clip")
        # One bit is left, and its place is the exponent of the word as a number.
        places: Array = (words.astype(np.float32).view(np.int32) >> 23) + self._first
        return places

    @cached_property
    def _added(self) -> Array:
        """What each of ``leaves`` adds, shape (trees x most leaves, outputs a leaf)."""
        added: Array = self.trees.value[self.leaves]
        return added

    @cached_property
    def _words(self) -> native.Words:
        """The tables as the compiled loops take them."""
        trees = self.trees
        return native.words(self.table, trees.outputs, self._added, trees.baseline, trees.single_sum)

    @cached_property
    def _made(self) -> tuple[int, ...]:
        """Encoders whose numbers have to be made."""
        return tuple(sorted({q.encoder for q in self.questions if q.inside is not None and q.cuts is None}))

    @cached_property
    def _single(self) -> bool:
        """Whether there is one output."""
        return self._added.shape[1] == self.trees.width == 1

    @cached_property
    def _one(self) -> tuple[tuple[str, int, Callable[[Any], int]], ...]:
        """By question: column, first code, code of a value. Empty where numbers have to be made."""
        if self._made:
            return ()
        return tuple(self._asking(*pair) for pair in zip(self.questions, self.starts, strict=True))

    def _asking(self, question: Question, start: int) -> tuple[str, int, Callable[[Any], int]]:
        if question.cuts is not None:
            return question.cuts.column, int(start), question.cuts.code
        encoder = self.encoders[question.encoder]
        return encoder.column, int(start), encoder.code

    @cached_property
    def starts(self) -> Array:
        """Where the codes of each question begin, shape (questions,)."""
        return np.cumsum([0, *(q.size for q in self.questions[:-1])])

    @property
    def cells(self) -> int:
        """Words that tell what each code leaves within reach by each of its columns, by tree."""
        return sum(q.size * len(q.columns) for q in self.questions) * len(self.trees.roots)

    @cached_property
    def _first(self) -> Array:
        """Where a tree's leaves begin, less what a float32 adds to its exponent."""
        trees = len(self.trees.roots)
        return np.arange(trees) * (len(self.leaves) // trees) - EXPONENT


def lookup(trees: Trees, encoders: Sequence[Any]) -> Lookup | None:
    """The tables of a model; None where they would be too large, or a tree has too many leaves for a word."""
    places = Places.of(trees)
    questions = _questions(trees, encoders) if places.most <= MOST_LEAVES else None
    if not questions:
        return None
    size = 1 << max(3, (places.most - 1).bit_length())  # bits of a word
    word = np.dtype(f"u{size // 8}")
    codes = sum(q.size for q in questions)
    if codes * len(trees.roots) * word.itemsize > MOST_BYTES:
        return None
    table = np.tile(places.below[trees.roots].astype(word), (codes, 1))
    start = 0
    for question in questions:
        part = table[start : start + question.size]
        if isinstance(question.values, Hot):
            part &= _reachable_by_groups(trees, question.columns, question.values, places, word)
        else:
            for column in range(len(question.columns)):
                part &= reachable(trees, question, column, places, word)
        start += len(part)
    return Lookup(trees, tuple(encoders), questions, table, places.leaves)


@dataclass(frozen=True, eq=False)
class Places:
    """Where leaves stand in their tree's word.

    Parameters
    ----------
    tree : int array, shape (nodes,)
        Of each node.
    below : uint64 array, shape (nodes,)
        Bits of the leaves below each node.
    leaves : int array, shape (trees x most,)
        Node of each bit.
    most : int
        Leaves of the largest tree.
    """

    tree: Array
    below: Array
    leaves: Array
    most: int

    @classmethod
    def of(cls, trees: Trees) -> Places:
        """The places of a model's leaves."""
        nodes = len(trees.feature)
        tree = np.searchsorted(trees.roots, np.arange(nodes), side="right") - 1
        ends = np.flatnonzero(trees.feature < 0)
        bit = np.arange(len(ends)) - np.searchsorted(ends, trees.roots)[tree[ends]]
        most = int(bit.max()) + 1
        leaves = np.zeros((len(trees.roots), most), np.intp)
        below = np.zeros(nodes, np.uint64)
        if most <= MOST_LEAVES:
            leaves[tree[ends], bit] = ends
            below[ends] = np.uint64(1) << bit.astype(np.uint64)
            _gather(trees, below)
        return cls(tree, below, leaves.ravel(), most)


def _gather(trees: Trees, below: Array) -> None:
    """Bits of inner nodes, from the last to the first: children come after their parents."""
    bits, left, right = below.tolist(), trees.left.tolist(), trees.right.tolist()
    for node in np.flatnonzero(trees.feature >= 0)[::-1].tolist():
        bits[node] = bits[left[node]] | bits[right[node]]
    below[:] = bits


def _questions(trees: Trees, encoders: Sequence[Any]) -> tuple[Question, ...] | None:
    asked = set(trees.feature[trees.feature >= 0].tolist())
    by_number = set(trees.feature[trees.category >= 0].tolist())
    questions, start = list[Question](), 0
    for i, encoder in enumerate(encoders):
        columns = range(start, start + len(encoder.sources))
        start = columns.stop
        if isinstance(encoder, Hot):
            if asked & set(columns):
                yes, no = trees.rounded(encoder.yes), trees.rounded(encoder.no)
                questions.append(Question(i, np.array(columns), replace(encoder, yes=yes, no=no)))
            continue
        if isinstance(encoder, Categories):
            if asked & set(columns):
                questions.append(Question(i, np.array(columns), trees.rounded(encoder.table)))
            continue
        if by_number & set(columns):
            return None  # a category that came as a number
        questions += [_of_numbers(trees, i, encoder, c, c - columns.start) for c in columns if c in asked]
    return tuple(questions)


def _of_numbers(trees: Trees, place: int, encoder: Any, column: int, inside: int) -> Question:
    points = np.unique(trees.threshold[trees.feature == column])
    values = np.append(points, [np.inf, np.nan])[:, None]
    return Question(place, np.array([column]), values, inside, cuts(encoder, inside, points, trees.rounded))


def reachable(trees: Trees, question: Question, column: int, places: Places, word: Any) -> Array:
    """Leaves that each code of a question leaves within reach, by one of its columns, shape (codes, trees)."""
    codes = question.size
    result = np.full((codes, len(trees.roots)), ~word.type(0))
    nodes = np.flatnonzero(trees.feature == question.columns[column])
    if nodes.size:
        value = np.repeat(question.of(column), len(nodes))
        left = trees.goes(np.tile(nodes, codes), value).reshape(codes, -1)
        lost = np.where(left, places.below[trees.right[nodes]], places.below[trees.left[nodes]])
        first = np.flatnonzero(np.diff(places.tree[nodes], prepend=-1))
        result[:, places.tree[nodes][first]] = np.bitwise_and.reduceat((~lost).astype(word), first, axis=1)
    return result


def _reachable_by_groups(trees: Trees, columns: Array, hot: Hot, places: Places, word: Any) -> Array:
    """As :func:`reachable`, by all one-hot columns of an encoder together, shape (groups, trees).

    In each tree a group differs from what no column tells by the few nodes that ask for its own columns.
    """
    nodes = np.flatnonzero((trees.feature >= columns[0]) & (trees.feature <= columns[-1]))
    made = trees.feature[nodes] - columns[0]
    group = hot.place[made]
    if_no, if_yes = (_left_by(trees, nodes, values[made], places, word) for values in (hot.no, hot.yes))
    result = np.full((hot.codes_made, len(trees.roots)), ~word.type(0))
    ends = np.flatnonzero(np.diff(places.tree[nodes], append=len(trees.roots)))
    for begin, end in zip([0, *(ends[:-1] + 1).tolist()], (ends + 1).tolist(), strict=True):
        tree, own = places.tree[nodes[begin]], group[begin:end]
        result[:, tree] = np.bitwise_and.reduce(if_no[begin:end])
        each = np.unique(own)
        told = np.where(own == each[:, None], if_yes[begin:end], if_no[begin:end])
        known = each < hot.codes_made
        result[each[known], tree] = np.bitwise_and.reduce(told, axis=1)[known]
    return result


def _left_by(trees: Trees, nodes: Array, values: Array, places: Places, word: Any) -> Array:
    """Leaves that are within reach behind each node, for a value of its column."""
    left = trees.goes(nodes, values)
    lost = np.where(left, places.below[trees.right[nodes]], places.below[trees.left[nodes]])
    kept: Array = (~lost).astype(word)
    return kept
