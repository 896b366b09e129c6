"""Interactions and values against rows with numpy alone: where nothing can be compiled, and to compare with."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.tables.edges import Array, Edges, previous
from workbench.tables.trees import Trees

ALMOST_NOTHING = 1e-150  # stands for a share of nothing, by which nothing can be divided


def pairs(trees: Trees, matrix: Array, output: int, source: Array, columns: int) -> Array:
    """The integrals of each pair of different columns, shape (rows, columns, columns), in both of its places."""
    matrix, value, result = trees.rounded(matrix), trees.weight(output), np.zeros((len(matrix), columns, columns))
    for part in trees.parts(output):
        column = _columns(trees, part, source)
        for row, into in zip(matrix, result, strict=True):
            _add_pairs(part, part.met(trees.go_left(part.asked, row[None])), value, column, into)
    result += result.transpose(0, 2, 1).copy()
    result[:, np.arange(columns), np.arange(columns)] = 0
    return result


def against(trees: Trees, matrix: Array, background: Array, output: int, source: Array, columns: int) -> Array:
    """Values against the rows of a background, shape (rows, columns)."""
    matrix, background, value = trees.rounded(matrix), trees.rounded(background), trees.weight(output)
    result = np.zeros((len(matrix), columns))
    for part in trees.parts(output):
        column = _columns(trees, part, source)
        players = replace(part, before=previous(part.above, column), exact=True)
        met, others = (players.met(trees.go_left(part.asked, rows)) for rows in (matrix, background))
        for other in others.T:
            seen = replace(players, share=np.where(other, 1.0, ALMOST_NOTHING))
            added = seen.added(met, value)[1:].T
            for row, into in zip(added, result, strict=True):
                into += np.bincount(column[1:], row, columns) / len(background)
    return result


def _columns(trees: Trees, part: Edges, source: Array) -> Array:
    """Of each edge; -1 for the first, which asks nothing."""
    return np.append(-1, np.repeat(source[trees.feature[part.asked]], 2))


def _add_pairs(part: Edges, met: Array, value: Array, column: Array, into: Array) -> None:
    total, parts = (found[:, 0] for found in part.brought_up(met, value))
    carried = np.zeros((*total.shape, len(into)))
    for level in part.levels:
        above = carried[part.above[level]]
        np.add.at(into, column[level], np.einsum("eq,eqc->ec", total[level] * parts[level], above))
        carried[level] = above
        edge = np.arange(level.start, level.stop)
        carried[edge, :, column[level]] += parts[level]
