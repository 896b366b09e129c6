"""SHAP values of trees by compiled loops, by as many threads as the machine can give.

References
----------
Lundberg et al. (2020), From local explanations to global understanding with explainable AI for trees: interactions, and
values against rows (interventional).
Laberge, Pequignot (2022), Understanding interventional TreeSHAP: how and why it works.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from math import comb

import numpy as np

from workbench.kernels import loops
from workbench.settings import settings
from workbench.tables.edges import Array
from workbench.tables.trees import Trees
from workbench.tables.walk import Walked, rules, walked

FEWEST = 8  # rows that are worth a thread
KINDS = ("values", "pairs", "against")
MOST_SLOTS = 64  # columns of a path, as bits of a word


def values(trees: Trees, matrix: Array, output: int, source: Array, columns: int) -> Array:
    """Path-dependent SHAP values of one output, shape (rows, columns).

    As :meth:`Trees.explain` takes and gives them; what sums in float32 lose is not in them.
    """
    asked = _asked(trees, matrix, output, source)
    if asked is None:
        return np.zeros((len(matrix), columns))
    found, matrix, value, column, shown = asked
    result = np.zeros((len(matrix), len(shown)))

    def work(rows: slice) -> None:
        room = loops.scratch(found.walk, len(found.used))
        added = np.zeros((len(shown), loops.ROWS, loops.POINTS))
        loops.add_values(found.walk, matrix[rows], found.used, value, column, rules(), room, added, result[rows])

    _share(len(matrix), work)
    return _wide(result, shown, columns)


def against(trees: Trees, matrix: Array, background: Array, output: int, source: Array, columns: int) -> Array | None:
    """Values of one output against the rows of a background (interventional), shape (rows, columns).

    Exact: all of an original column's places in the matrix change together, from what they are in a row of the
    background to what they are in the row that is explained, and the mean over the background is told. None where a
    path of a tree asks for more than 64 columns.
    """
    asked = _asked(trees, matrix, output, source)
    if asked is None:
        return np.zeros((len(matrix), columns))
    found, matrix, value, column, shown = asked
    others = _plain(trees.rounded(background))
    result, enough = np.zeros((len(matrix), len(shown))), [True]

    def work(rows: slice) -> None:
        enough.append(
            loops.add_against(
                found.walk, matrix[rows], others, found.used, value, column, _worth(), result[rows]
            )
        )  # fmt: skip

    _share(len(matrix), work)
    return _wide(result, shown, columns) if all(enough) else None


def pairs(trees: Trees, matrix: Array, output: int, source: Array, columns: int) -> Array:
    """The integrals of each pair of different columns, shape (rows, columns, columns), in both of its places."""
    asked = _asked(trees, matrix, output, source)
    result = np.zeros((len(matrix), columns, columns))
    if asked is None:
        return result
    found, matrix, value, column, shown = asked

    def work(rows: slice) -> None:
        added = np.zeros((rows.stop - rows.start, len(shown), len(shown)))
        room = loops.scratch(found.walk, len(found.used))
        loops.add_pairs(found.walk, matrix[rows], found.used, value, column, rules(), room, added)
        result[rows, shown[:, None], shown] = added + added.transpose(0, 2, 1)

    _share(len(matrix), work)
    return result


def compile_one(kind: str) -> None:
    """Compile the loop of ``values``, ``pairs`` or ``against``, or read it where it is kept."""
    trees, matrix, source = _smallest(), np.zeros((1, 1)), np.zeros(1, np.intp)
    if kind == "against":
        against(trees, matrix, matrix, 0, source, 1)
    else:
        {"values": values, "pairs": pairs}[kind](trees, matrix, 0, source, 1)


def _asked(trees: Trees, matrix: Array, output: int, source: Array) -> tuple[Walked, Array, Array, Array, Array] | None:
    """What the loops are given, each array of the one type that they are compiled for; None where nothing is asked.

    The last is which original columns are asked for: others take no room.
    """
    found = walked(trees, output)
    if found is None:
        return None
    shown, place = np.unique(source[found.used], return_inverse=True)
    column = place.astype(np.int64)[found.asked]
    return found, _plain(trees.rounded(matrix)), trees.weight(output)[found.node], column, shown


def _plain(matrix: Array) -> Array:
    return np.require(matrix, np.float64, ["C", "W"])


def _wide(result: Array, shown: Array, columns: int) -> Array:
    wide = np.zeros((len(result), columns))
    wide[:, shown] = result
    return wide


def _share(rows: int, work: Callable[[slice], None]) -> None:
    """Some rows for each thread; each row's values are the same whoever reckons them."""
    threads = max(1, min(settings().threads, rows // FEWEST))
    parts = list(_slices(rows, -(-rows // threads)))
    if len(parts) < 2:
        for part in parts:
            work(part)
        return
    with ThreadPoolExecutor(threads) as pool:
        list(pool.map(work, parts))


def _slices(rows: int, size: int) -> Iterator[slice]:
    return (slice(start, min(start + size, rows)) for start in range(0, rows, max(1, size)))


@cache
def _worth() -> Array:
    """``[a, b]``: what a column gets that is one of ``a`` against ``b`` others, (a - 1)! b! / (a + b)!."""
    span = range(MOST_SLOTS + 1)
    return np.array([[1 / (a * comb(a + b, a)) if a else 0.0 for b in span] for a in span])


def _smallest() -> Trees:
    return Trees(
        roots=np.array([0]), outputs=np.array([0]), feature=np.array([0, -1, -1]), threshold=np.zeros(3),
        left=np.array([1, -1, -1]), right=np.array([2, -1, -1]), missing_left=np.zeros(3, bool),
        category=np.full(3, -1), goes_left=np.zeros((0, 256), bool), value=np.ones((3, 1)),
        cover=np.array([2.0, 1.0, 1.0]), baseline=np.zeros(1),
    )  # fmt: skip
