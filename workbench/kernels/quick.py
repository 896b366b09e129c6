"""Which way values of trees are found: by compiled loops where they pay, else by numpy. Either way they are the same.

The loops are read from where they are kept (:mod:`workbench.kernels.kept`). Where they are not yet, numpy answers what
it answers sooner than they are compiled, while another process compiles them; what takes longer has them compiled at
once, and says so.
"""

from __future__ import annotations

from contextlib import suppress
from types import ModuleType

import numpy as np

from workbench.core.progress import progress
from workbench.kernels import plain
from workbench.kernels.kept import keep_ahead, kept
from workbench.tables.compiled import CompiledModel
from workbench.tables.edges import Array
from workbench.tables.encoders import Columns
from workbench.tables.trees import Trees

READING = 0.25  # seconds that are worth reading code that is kept, which takes a second once
COMPILING = 8.0  # seconds that one kind of value takes to be compiled
A_LEAF = 1.5e-7  # seconds that numpy takes for a leaf and a row
PAIRS = 2_000_000  # numbers of interactions that are held at once: 16 MB


def quick(model: CompiledModel) -> CompiledModel:
    """The same model, whose reasons come from the compiled loops where they pay.

    Examples
    --------
    >>> from workbench.tables.compiled import CompiledModel, Linear, Numbers
    >>> line = Linear(np.ones((1, 1)), np.zeros(1), np.zeros(1))
    >>> quick(CompiledModel("regression", (), ("x",), (Numbers(("x",), "number", np.zeros(1)),), line)).method
    'linear'
    """
    return model.explained_by(_values) if model.trees else model


def told_against_rows(model: CompiledModel) -> bool:
    """Whether :func:`against` tells a model's exact values: of one table of trees, of columns that each are one's own.

    Days between two dates are of both, and belong to no single player of the game.
    """
    return isinstance(model.model, Trees) and len(model.origins) == len(model.features)


def against(model: CompiledModel, columns: Columns, place: int, background: Columns) -> tuple[Array, float]:
    """Exact values of one output against rows of a background (interventional), of a model that is one of trees.

    All that an original column becomes changes together: the game's players are the original columns.

    Parameters
    ----------
    model : CompiledModel
        Whose ``model`` is one of :class:`Trees`.
    columns, background : mapping from str to array
        Raw values by feature: the rows to explain, and those that stand for a column which is not known.
    place : int
        Which output; 0 but for several classes.

    Returns
    -------
    values : float array, shape (rows, features)
    base : float
        The mean output over the background: ``base + values.sum(axis=1)`` is the output.
    """
    trees, matrix, others = _trees(model), model.encode(columns), model.encode(background)
    loops = _loops("against", len(trees.feature) // 2 * len(matrix) * len(others))
    arguments = (trees, matrix, others, place, model.source, len(model.origins))
    values = loops.against(*arguments) if loops else None
    if values is None:
        values = plain.against(*arguments)
    base = float(trees.predict(others)[:, place].mean())
    return model.by_feature(values + trees.rounding(matrix, place, values, base)), base


def interactions(model: CompiledModel, columns: Columns, place: int) -> Array:
    """Interaction values of one output down the trees' paths, shape (rows, features, features).

    Symmetric; the diagonal has what a column adds by itself, and a line's sum is the column's SHAP value.
    """
    matrix = model.encode(columns)
    return np.concatenate([_interactions(model, part, place) for part in _blocks(model, matrix)])


def mean_interactions(model: CompiledModel, columns: Columns, place: int) -> Array:
    """The mean absolute interaction value of each two features, shape (features, features), over any number of rows."""
    matrix = model.encode(columns)
    sums = [np.abs(_interactions(model, part, place)).sum(axis=0) for part in _blocks(model, matrix)]
    result: Array = np.sum(sums, axis=0) / len(matrix)
    return result


def _interactions(model: CompiledModel, matrix: Array, place: int) -> Array:
    trees, width = _trees(model), len(model.origins)
    loops = _loops("pairs", len(trees.feature) * len(matrix) * 5)
    shared = (loops or plain).pairs(trees, matrix, place, model.source, width) / 2
    arguments = (matrix, place, model.source, width)
    values = loops.values(trees, *arguments) if loops else trees.explain(*arguments)[0]
    values = values + trees.rounding(matrix, place, values, trees.base(place))
    own = np.arange(width)
    shared[:, own, own] = values - shared.sum(axis=2)
    rows, features = len(matrix), len(model.features)
    lines = model.by_feature(shared.reshape(-1, width)).reshape(rows, width, features)
    return model.by_feature(lines.swapaxes(1, 2).reshape(-1, width)).reshape(rows, features, features)


def _blocks(model: CompiledModel, matrix: Array) -> list[Array]:
    size = max(1, PAIRS // len(model.origins) ** 2)
    return [matrix[start : start + size] for start in range(0, len(matrix), size)]


def _trees(model: CompiledModel) -> Trees:
    if not isinstance(model.model, Trees):
        raise TypeError(f"these values are those of one table of trees, not of {type(model.model).__name__}")
    return model.model


def _values(trees: Trees, matrix: Array, output: int, source: Array, columns: int) -> Array | None:
    loops = _loops("values", len(trees.feature) // 2 * len(matrix))
    return loops.values(trees, matrix, output, source, columns) if loops else None


def _loops(kind: str, leaves: int) -> ModuleType | None:
    """The module of the loops, if they are the quicker way for so many leaves and rows."""
    seconds = leaves * A_LEAF
    if kind in _COMPILED or (seconds > READING and kept()):
        return _compiled(kind)
    if seconds > COMPILING:
        with progress("Compiling the loops over trees, once", total=None):
            return _compiled(kind)
    if seconds > READING:
        keep_ahead()
    return None


_COMPILED: dict[str, ModuleType | None] = {}


def _compiled(kind: str) -> ModuleType | None:
    """The loops, ready to go; None where they can't be compiled, and numpy does it."""
    if kind not in _COMPILED:
        _COMPILED[kind] = None
        with suppress(*_errors()):
            from workbench.kernels import engine

            engine.compile_one(kind)
            _COMPILED[kind] = engine
    return _COMPILED[kind]


def _errors() -> tuple[type[Exception], ...]:
    """What a numba that is missing, too old, or not made for this machine raises."""
    usual = (ImportError, OSError, AttributeError, TypeError)
    with suppress(ImportError):
        from numba.core.errors import NumbaError

        return (*usual, NumbaError)
    return usual
