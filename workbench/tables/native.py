"""The compiled loops over trees, where they are: numpy asks here first, and does it itself where they are not.

They are loaded behind what goes on (:func:`begin`): who answers rows does not wait for a compiler. ctypes gives the
interpreter's lock away while they run. Predictions are the same bits as numpy's; values of reasons agree to their last
digits, for numpy adds them up in another order.
"""

from __future__ import annotations

import ctypes
import logging
import os
from dataclasses import dataclass
from functools import cache, cached_property
from threading import Lock, Thread
from typing import Any

import numpy as np

from workbench.settings import compiler
from workbench.tables.compiler import can_be_made, library
from workbench.tables.edges import MOST_POINTS
from workbench.tables.walk import Walked, rules

Array = np.ndarray[Any, np.dtype[Any]]

VERSION = 1
FEW = 8  # rows for which it does not pay to give the interpreter's lock away
BLOCK = 1024  # rows for which the loops of the patterns need room
DEEPEST = 4096  # edges of a path that the loops have room for
_NODE = np.dtype(
    [("threshold", "f8"), ("feature", "i4"), ("right", "i4"), ("left", "i4"), ("category", "i4")], align=True
)
_POINTER, _COUNT = ctypes.c_void_p, ctypes.c_int64


@dataclass(frozen=True, eq=False)
class Forest:
    """Trees as the loops walk them."""

    nodes: Array
    roots: Array
    outputs: Array
    goes_left: Array
    value: Array
    baseline: Array
    single_sum: bool

    @cached_property
    def start(self) -> tuple[Any, ...]:
        """What each call is given first."""
        return (
            _at(self.nodes), _at(self.roots), _at(self.outputs), len(self.roots), _at(self.goes_left), _at(self.value),
            self.value.shape[1], _at(self.baseline), len(self.baseline), self.single_sum,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Words:
    """Trees as look-ups: what a code leaves within reach, and the sums' tables."""

    table: Array
    outputs: Array
    value: Array  # (trees x most leaves, outputs a leaf)
    baseline: Array
    single_sum: bool

    @cached_property
    def start(self) -> tuple[Any, ...]:
        """What each call is given first."""
        return _at(self.table), self.table.itemsize

    @cached_property
    def end(self) -> tuple[Any, ...]:
        """What it is given after the codes."""
        trees = self.table.shape[1]
        return (
            trees, len(self.value) // trees, _at(self.outputs), _at(self.value), self.value.shape[1],
            _at(self.baseline), len(self.baseline), self.single_sum,
        )  # fmt: skip


@dataclass(frozen=True, eq=False)
class Lines:
    """Reasons as look-ups, group by group of leaves.

    What each code adds to the place of a group's line, shape (groups, codes); the questions that the groups ask, and
    the columns whose values stand in their lines, one group after the other, with where each begins, and the end.
    """

    lines: Array
    asks: Array
    ask: Array
    shown: Array
    show: Array
    values: Array

    @cached_property
    def start(self) -> tuple[Any, ...]:
        """What each call is given first."""
        return _at(self.lines), self.lines.shape[1], len(self.lines)

    @cached_property
    def end(self) -> tuple[Any, ...]:
        """What it is given after the codes."""
        return tuple(map(_at, (self.asks, self.ask, self.shown, self.show, self.values)))


class _Walk(ctypes.Structure):
    _fields_ = (
        ("trees", _COUNT),
        *((name, _POINTER) for name in ("starts", "points", "depth", "before", "left", "share", "feature")),
        *((name, _POINTER) for name in ("threshold", "missing_left", "category", "goes_left", "node", "asked")),
        ("value", _POINTER), ("width", _COUNT), ("offset", _POINTER), ("divisor", ctypes.c_double),
        ("columns", _POINTER),
    )  # fmt: skip


class Kernel:
    """The functions of a library that was compiled of ``kernel.c``.

    Raises
    ------
    OSError
        If it can't be loaded.
    AttributeError
        If it is another library.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        apart, at_once = ctypes.CDLL(path), ctypes.PyDLL(path)
        # A few rows are answered before another thread could have taken the interpreter and given it back.
        self._predict, self._predict_few = (_typed(dll.wb_predict, "pppqppqpqqpqqp") for dll in (apart, at_once))
        self._lookup, self._lookup_few = (_typed(dll.wb_lookup, "pqpqqqqppqpqqpp") for dll in (apart, at_once))
        self._patterns, self._patterns_few = (_typed(dll.wb_patterns, "pqqpqpppppqppp") for dll in (apart, at_once))
        self._values = _typed(apart.wb_values, "ppqqpqqqpppqppp")
        self._room, self._flags = _typed(at_once.wb_room, "qqqq", _COUNT), _typed(at_once.wb_flags, "q", _COUNT)
        self.version = int(apart.wb_version())

    def predict(self, forest: Forest, matrix: Array) -> Array:
        """The sums of the leaves of each row, shape (rows, outputs)."""
        matrix = np.require(matrix, np.float64, "C")
        result = np.empty((len(matrix), len(forest.baseline)))
        ask = self._predict_few if len(matrix) <= FEW else self._predict
        ask(*forest.start, _at(matrix), *matrix.shape, _at(result))
        return result

    def lookup(self, words: Words, codes: Array) -> Array:
        """The same of rows that come as codes, shape (questions, rows)."""
        codes = np.require(codes, np.int64, "C")
        result, room = np.empty((codes.shape[1], len(words.baseline))), np.empty(words.table.shape[1], np.uint64)
        ask = self._lookup_few if codes.shape[1] <= FEW else self._lookup
        ask(*words.start, _at(codes), *codes.shape, *words.end, _at(room), _at(result))
        return result

    def patterns(self, lines: Lines, codes: Array, columns: int) -> Array:
        """What each original column adds, shape (rows, columns)."""
        codes = np.require(codes, np.int64, "C")
        rows = codes.shape[1]
        result, block = np.empty((rows, columns)), min(rows, BLOCK)
        at, sums = np.empty(block, np.int32), np.empty(block * columns)
        ask = self._patterns_few if rows <= FEW else self._patterns
        ask(*lines.start, _at(codes), rows, *lines.end, columns, _at(at), _at(sums), _at(result))
        return result

    def values(self, paths: Paths, matrix: Array) -> Array | None:
        """SHAP values, shape (rows, columns that are asked for); None where a path is too deep."""
        found, many = paths.found, len(paths.shown)
        if found.depths > DEEPEST:
            return None
        matrix = np.require(matrix, np.float64, "C")
        result = np.empty((len(matrix), many))
        numbers = np.empty(self._room(len(matrix), len(found.used), many, found.depths))
        flags = np.empty(self._flags(found.depths), np.uint8)
        self._values(
            paths.start, _at(matrix), *matrix.shape, *paths.end, _at(numbers), _at(flags), _at(result)
        )  # fmt: skip
        return result


@dataclass(frozen=True, eq=False)
class Paths:
    """What is asked of a walk: an output's part of the leaves, and the column of the result of each used column."""

    found: Walked
    value: Array
    offset: Array
    divisor: float
    columns: Array
    shown: Array  # original columns, in the order of the result's

    @cached_property
    def walk(self) -> ctypes.Structure:
        """As the loops take it."""
        return _walk(self)

    @cached_property
    def start(self) -> int:
        """Its address."""
        return ctypes.addressof(self.walk)

    @cached_property
    def end(self) -> tuple[Any, ...]:
        """What a call is given after the matrix."""
        at, weight = rules()
        used, found = self.found.used, self.found
        return (
            _at(used), len(used), len(self.shown), found.depths, _at(at), _at(weight), _at(_lost()), MOST_POINTS
        )  # fmt: skip


def kernel() -> Kernel | None:
    """The compiled loops; None where they are not there, or not yet."""
    return _KERNEL[-1]


def there() -> bool:
    """Whether the loops are loaded, or can be, or can be compiled."""
    return kernel() is not None or (compiler() is not None and can_be_made())


def begin() -> None:
    """Have the loops loaded, and compiled where they never were, behind what goes on; once for a process."""
    with _TURN:
        if compiler() is None or _BEGUN[-1] == os.getpid():
            return
        _BEGUN[-1] = os.getpid()
    if load(make=False) is None:
        thread = Thread(target=load, name="compiling the loops over trees", daemon=True)
        thread.start()
        _COMPILING.append(thread)


def settled() -> None:
    """Wait until the loops are there, or it is known that they will not be: for who forks, which takes no threads."""
    for thread in _COMPILING:
        thread.join()


def load(make: bool = True) -> Kernel | None:
    """Load the loops now, compiled where they are not there yet and ``make`` says so."""
    if _KERNEL[-1] is None and np.dtype(np.intp).itemsize == 8:
        path = library(make)
        _KERNEL[-1] = None if path is None else _right(str(path))
    return _KERNEL[-1]


_KERNEL: list[Kernel | None] = [None]
_BEGUN, _TURN = [0], Lock()
_COMPILING: list[Thread] = []


def _right(path: str) -> Kernel | None:
    """A library that answers one tree as it must; None of any other."""
    try:
        loaded = Kernel(path)
        if (
            loaded.version == VERSION
            and loaded.predict(_STUMP, np.array([[0.0], [np.nan], [9.0]])).tolist() == _ANSWERS
        ):
            return loaded
    except (OSError, AttributeError) as error:
        logging.getLogger(__name__).info("The compiled loops over trees can't be loaded, numpy does it: %s", error)
    return None


def forest(
    roots: Array, outputs: Array, feature: Array, threshold: Array, left: Array, right: Array, missing_left: Array,
    category: Array, goes_left: Array, value: Array, baseline: Array, single_sum: bool,
) -> Forest:  # fmt: skip
    """Trees side by side, as :class:`workbench.tables.trees.Trees` has their tables."""
    nodes = np.empty(len(feature), _NODE)
    nodes["threshold"], nodes["feature"], nodes["left"], nodes["right"] = threshold, feature, left, right
    nodes["category"] = 2 * np.maximum(category, -1) + missing_left
    return Forest(
        nodes, _counts(roots), _counts(outputs), _bytes(goes_left), _plain(value), _plain(baseline), single_sum
    )


def words(table: Array, outputs: Array, value: Array, baseline: Array, single_sum: bool) -> Words:
    """Look-ups side by side, as :class:`workbench.tables.lookup.Lookup` has them."""
    return Words(np.ascontiguousarray(table), _counts(outputs), _plain(value), _plain(baseline), single_sum)


def lines(by_code: Array, first: Array, group: Array, column: Array, values: Array) -> Lines:
    """Lines of reasons.

    Parameters
    ----------
    by_code : int array, shape (codes of all questions, groups)
        What each code adds to the place of its group's line.
    first : int array, shape (questions,)
        Where the codes of each question begin.
    group, column : int array, shape (columns of all groups,)
        Whose, and which, in the order in which they stand in the lines.
    values : float array
        Line after line.
    """
    asked = np.add.reduceat(by_code != 0, first, axis=0).T  # (groups, questions)
    groups = by_code.shape[1]
    show = np.searchsorted(group, np.arange(groups + 1))
    return Lines(
        _small(by_code.T), _small(np.nonzero(asked)[1]), _counts(np.append(0, np.cumsum((asked > 0).sum(axis=1)))),
        _small(column), _counts(show), _plain(values),
    )  # fmt: skip


def _walk(paths: Paths) -> _Walk:
    found = paths.found
    arrays = found.walk._asdict() | {"node": found.node, "asked": found.asked, "value": paths.value}
    arrays |= {"offset": paths.offset, "columns": paths.columns}
    return _Walk(trees=len(found.trees), width=paths.value.shape[1], divisor=paths.divisor,
                 **{name: _at(array) for name, array in arrays.items() if name != "size"})  # fmt: skip


def _typed(function: Any, given: str, gives: Any = None) -> Any:
    """A function that takes pointers (p) and counts (q)."""
    function.argtypes, function.restype = [_POINTER if kind == "p" else _COUNT for kind in given], gives
    return function


def _at(array: Array) -> int:
    """Address of an array's numbers; the quicker way is closed to those that are empty or can't be written."""
    if array.size and array.flags.writeable:
        return ctypes.addressof(ctypes.c_char.from_buffer(array))  # type: ignore[arg-type]  # it is a buffer
    return int(array.ctypes.data)


def _plain(array: Array) -> Array:
    return np.ascontiguousarray(array, np.float64)


def _counts(array: Array) -> Array:
    return np.ascontiguousarray(array, np.int64)


def _small(array: Array) -> Array:
    return np.ascontiguousarray(array, np.int32)


def _bytes(array: Array) -> Array:
    return np.ascontiguousarray(array).view(np.uint8)


@cache
def _lost() -> Array:
    """By rule and point what an edge's column gets that is lost there, -1 / (1 - point)."""
    lost: Array = -1.0 / (1.0 - rules()[0])
    return lost


_STUMP = forest(
    np.array([0]), np.array([0]), np.array([0, -1, -1]), np.array([1.5, 0, 0]), np.array([1, -1, -1]),
    np.array([2, -1, -1]), np.array([True, False, False]), np.full(3, -1), np.zeros((0, 256), bool),
    np.array([[0.0], [0.1], [0.3]]), np.array([0.2]), False,
)  # fmt: skip
_ROWS = np.array([[0.0], [np.nan], [9.0]])
_ANSWERS = [[0.2 + 0.1], [0.2 + 0.1], [0.2 + 0.3]]
