"""How far two processors may be apart in a model's answer. This is the one rule; whatever compares answers asks here.

Additions, multiplications, divisions and square roots round one way everywhere (IEEE 754), and the tables do them in
the library's order: a sum of leaves is the same bits on every machine, and 0.0 is allowed. An exponential, a logarithm
or a power is not: with AVX-512 numpy computes its own, which the C library's, by which scikit-learn (through SciPy),
LightGBM and XGBoost go, differs from in the last digit of one value in twenty. What goes through one of them is allowed
:data:`FUNCTION` units in the last place, carried on to the answer (:func:`bound`). Sums of weighted columns are added
in another order by each processor's linear algebra, and are allowed :data:`WEIGHTED`.

What a tree answers is a matter of limits: behind a logarithm or another model, a value that lies on a limit to the last
digit may fall on its other side on another processor. No bound covers that; where it happens here, the compile refuses.

References
----------
GNU C Library manual, *Errors in Math Functions*: below 1 unit for exp, expm1, log, log1p and pow.
NumPy, *SIMD optimizations* (``NPY_DISABLE_SVML``): its own functions with AVX-512 are below 4 units.
Higham (2002), Accuracy and Stability of Numerical Algorithms, chapters 2 and 3.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from workbench.tables.compiled import Columns, CompiledModel
from workbench.tables.nodes import Chain, Curve, Linear
from workbench.tables.trees import Trees

UNIT = 2.0**-52  # a unit in the last place of 1; of any other float64 number at most this share of it
SINGLE_UNIT = 2.0**-23  # the same of a float32 number
FUNCTION = 5.0  # units: numpy's below 4 and the C library's below 1, to both sides of the truth
SINGLE_FUNCTION = 1.0  # the float32 exponential is computed in float64 here as there, and rounded once
SINGLE_MOST = 1e-6  # what goes through several of these is refused if it is farther off
CANCELLED_MOST = 1e-6  # of sums whose terms cancel out: what loses more digits than that is refused
LOGISTIC = (FUNCTION + 2) * UNIT  # of a probability: the exponential, an addition and a division
WEIGHTED = 1e-12  # of sums of weighted columns: thousands of terms of up to a thousandfold the sum's size
_LINKS = ("exp", "expm1", "single exp", "scaled")  # what may follow a raw output besides the model's own link


@dataclass(frozen=True)
class Bound:
    """How far an answer may be from the same answer by another library or processor.

    Parameters
    ----------
    limit : float
        Absolute for answers up to 1, relative above.
    why : str
        What in the model needs it.

    Examples
    --------
    >>> str(Bound(0.0, "sums of leaves")), str(Bound(7 * UNIT, "an exponential"))
    ('0.0 (sums of leaves)', '1.6e-15 (an exponential)')
    """

    limit: float
    why: str

    def __str__(self) -> str:
        return f"{self.limit:.1e} ({self.why})" if self.limit else f"0.0 ({self.why})"


def bound(model: CompiledModel, rows: Columns | None = None) -> Bound:
    """How far a model's predictions may be from those of the pipeline that it was made from.

    The condition of each function tells how many units of an input are how many of its result. A logistic
    1 / (1 + e) has at most those of e, and two for its own addition and division. A softmax has those of a numerator
    and as many of the sum, one for each addition, one for the division. The mean of answers has theirs.

    Parameters
    ----------
    model : CompiledModel
        Made by :func:`workbench.compiling.pipeline.compile_pipeline`, or loaded.
    rows : mapping of raw columns, optional
        Rows that are answered. Where the terms of a weighted sum cancel out on them, the order of the additions is
        worth the sum of the terms' sizes in units of the last place, once a term (Higham, chapter 4).

    Examples
    --------
    >>> leaf = Linear(np.zeros((1, 0)), np.ones(1), np.zeros(0), np.zeros(0, np.int64))
    >>> constant = CompiledModel("binary", ("no", "yes"), ("x",), (), leaf)
    >>> bound(constant).limit, bound(replace(constant, link="logistic")).limit / UNIT
    (0.0, 7.0)
    """
    error = _through(model.link, _error(model.model, 0.0), model.model.width)
    if not error:
        return Bound(0.0, "sums of leaves: the same on every processor")
    kinds = [model.link, *(part.kind for part in _parts(model.model) if isinstance(part, Curve))]
    if any(kind.startswith("single") for kind in kinds):
        return Bound(min(error, SINGLE_MOST), f"{error / SINGLE_UNIT:.0f} units in the last place of a float32 number")
    if error >= WEIGHTED:
        why = "weighted sums, which are added in another order"
        cancelled = 0.0 if rows is None else _through(model.link, _on_rows(model, rows), model.model.width)
        if cancelled > error:
            return Bound(min(cancelled, CANCELLED_MOST), f"{why}, of terms that cancel out")
        return Bound(WEIGHTED, why)
    return Bound(error, f"{error / UNIT:.0f} units in the last place, for an exponential")


def limit(model: CompiledModel, rows: Columns | None = None) -> float:
    """The number of :func:`bound`: 0.0 for trees without a link."""
    return bound(model, rows).limit


def raw(model: CompiledModel) -> CompiledModel:
    """The model before its link and before the functions that follow its last sum: what the library calls raw."""
    return replace(model, model=_before_functions(model.model), link="identity")


# --- the error that comes out of a part, by the error that goes in -------------------------------------------------


def _error(node: Any, into: float, matrix: Any = None) -> float:
    if isinstance(node, Chain):
        inner = [_error(member, into, matrix) for member in node.members]
        inputs = None if matrix is None else node.inputs(matrix)
        return _error(node.final, max([*inner, into if len(node.columns) else 0.0]), inputs)
    if isinstance(node, Trees):
        return 0.0
    if isinstance(node, Linear):
        carried = into * float(np.abs(node.weights).sum(axis=1).max()) if node.weights.size else 0.0
        return max(WEIGHTED, _of_order(node, matrix), carried) if node.weights.size else 0.0
    return _carried(node, into) if isinstance(node, Curve) else into


def _of_order(node: Linear, matrix: Any) -> float:
    """What another order of the additions may change: a unit of the terms' sizes for each, beside the sum's own size.

    One product and one addition a term; in blocks, as linear algebra adds, it is mostly far less.
    """
    if matrix is None or not len(matrix):
        return 0.0
    taken = np.nan_to_num(matrix if node.columns is None else matrix[:, node.columns])
    sizes = np.abs(taken) @ np.abs(node.weights).T + np.abs(node.intercept)
    sums = np.abs(taken @ node.weights.T + node.intercept)
    return float((taken.shape[1] + 1) * UNIT / 2 * np.max(sizes / np.maximum(1.0, sums), initial=0.0))


def _on_rows(model: CompiledModel, rows: Columns) -> float:
    return _error(model.model, 0.0, model.encode(rows))


def _carried(curve: Curve, into: float) -> float:
    if curve.kind == "sigmoids":
        return _through("logistic", into * _most(curve.first), curve.inputs)
    if curve.kind not in ("scaled", "isotonic", "mean"):
        return _through(curve.kind, into, curve.inputs)
    if not into:
        return 0.0
    if curve.kind == "mean":
        return into + 2 * len(curve.first) * UNIT
    return 2 * UNIT + into * (_most(curve.first) if curve.kind == "scaled" else _steepest(curve.first, curve.second))


def _through(kind: str, into: float, width: int) -> float:
    """Behind a function, where ``width`` numbers go through it together."""
    if kind in ("identity", "square", "shares") and not into:
        return 0.0
    unit, function = (SINGLE_UNIT, SINGLE_FUNCTION) if kind.startswith("single") else (UNIT, FUNCTION)
    after, logistic, total = into + function * unit, into + (function + 2) * unit, (width + 1) * unit
    errors = {"identity": into, "square": 2 * into + unit, "shares": 2 * into + total}
    errors |= {"logistic": logistic, "single logistic": logistic, "one against rest": 2 * logistic + total}
    errors |= dict.fromkeys(("softmax", "softmax in order", "single softmax"), 2 * after + total)
    return errors.get(kind, after)


def _most(factors: Any) -> float:
    return float(np.max(np.abs(factors), initial=0.0))


def _steepest(places: Any, values: Any) -> float:
    """The largest slope of isotonic steps; 1 where nothing is steeper."""
    away = np.diff(places, axis=1)
    slopes = np.divide(np.diff(values, axis=1), away, out=np.ones_like(away), where=away > 0)
    return float(np.max(slopes, initial=1.0))


def _parts(node: Any) -> Iterator[Any]:
    if isinstance(node, Chain):
        for inner in (*node.members, node.final):
            yield from _parts(inner)
    else:
        yield node


def _before_functions(node: Any) -> Any:
    if not isinstance(node, Chain):
        return node
    if isinstance(node.final, Curve):
        alone = len(node.members) == 1 and not len(node.columns) and node.final.kind in _LINKS
        return _before_functions(node.members[0]) if alone else node
    return replace(node, final=_before_functions(node.final))
