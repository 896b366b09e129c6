"""Transformers of one number at a time that need tables: bins, quantiles, powers, splines. None is imported."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.compiling.columns import Made, State, each, transformer
from workbench.errors import CannotCompile
from workbench.tables.links import Array


@transformer("Binarizer")
def _binarizer(step: Any, state: State) -> State:
    return each(state, "above", step.threshold)


@transformer("KBinsDiscretizer")
def _bins(step: Any, state: State) -> State:
    if step.dtype is not None and np.dtype(step.dtype) != np.float64:
        raise CannotCompile(f"KBinsDiscretizer(dtype={np.dtype(step.dtype)}) has no exact table. Leave dtype out.")
    outputs: list[Made] = []
    for column, edges, bins in zip(state, step.bin_edges_, step.n_bins_.tolist(), strict=True):
        binned = column.then("bin", tuple(edges[1:-1].tolist()))
        outputs += [binned] if step.encode == "ordinal" else [binned.then("is", k) for k in range(bins)]
    return tuple(outputs)


@transformer("PowerTransformer")
def _power(step: Any, state: State) -> State:
    state = each(state, step.method, step.lambdas_)
    if not step.standardize:
        return state
    return each(each(state, "subtract", step._scaler.mean_), "divide", step._scaler.scale_)


@transformer("QuantileTransformer")
def _quantiles(step: Any, state: State) -> State:
    name = "normal quantile" if step.output_distribution == "normal" else "quantile"
    shares = step.references_.tolist()
    return tuple(c.then(name, (*q.tolist(), *shares)) for c, q in zip(state, step.quantiles_.T, strict=True))


# --- splines ------------------------------------------------------------------------------------------------------


@transformer("SplineTransformer")
def _splines(step: Any, state: State) -> State:
    if step.extrapolation == "error":
        raise CannotCompile(
            "SplineTransformer must answer beyond its knots: SplineTransformer(extrapolation='linear')."
        )
    if step.degree < {"constant": 1, "linear": 2}.get(step.extrapolation, 0):
        # scikit-learn 1.9 answers them otherwise from the second column on, or not at all.
        raise CannotCompile(f"Splines of degree {step.degree} have no exact table. Use SplineTransformer(degree=3).")
    outputs: list[Made] = []
    for column, spline in zip(state, step.bsplines_, strict=True):
        width = spline.c.shape[1]
        first, last = float(spline.t[spline.k]), float(spline.t[len(spline.t) - spline.k - 1])
        if step.extrapolation == "periodic" and first < last:
            column = column.then("wrap", (first, last))
        for table in _pieces(spline, step.extrapolation)[: width if step.include_bias else width - 1]:
            outputs.append(_zeros_for_missing(step, column.then("pieces", table)))
    return tuple(outputs)


def _zeros_for_missing(step: Any, column: Made) -> Made:
    return column.then("fill", 0.0) if getattr(step, "handle_missing", "error") == "zeros" else column


def _pieces(spline: Any, extrapolation: str) -> list[tuple[float, ...]]:
    """Each basis function as polynomials between the knots, in powers of the way from the knot before."""
    knots = np.unique(spline.t[spline.k : len(spline.t) - spline.k])
    if len(knots) < 2:  # of a column with one value: zeros everywhere, as scikit-learn answers
        return [_table(knots.repeat(2), knots.repeat(2), np.zeros((spline.k + 1, 2)))] * spline.c.shape[1]
    taylor = np.stack([spline(knots[:-1], nu=power) for power in range(spline.k, -1, -1)])
    factorials = np.cumprod([1.0, *range(1, spline.k + 1)])[::-1]
    inside = taylor / factorials[:, None, None]
    below, above = (_beyond(spline, place, extrapolation) for place in (knots[0], knots[-1]))
    if extrapolation in ("continue", "periodic"):
        below, above = inside[:, 0], inside[:, -1]
    coefficients = np.concatenate([below[:, None], inside, above[:, None]], axis=1)
    breaks = np.array([knots[0], *knots[:-1], np.nextafter(knots[-1], np.inf)])
    last = knots[-1] if extrapolation in ("constant", "linear") else knots[-2]
    origins = np.array([knots[0], *knots[:-1], last])
    return [_table(breaks, origins, coefficients[:, :, j]) for j in range(spline.c.shape[1])]


def _beyond(spline: Any, place: float, extrapolation: str) -> Array:
    """The value at an end, and its slope where it goes on in a line; highest power first."""
    result = np.zeros((spline.k + 1, spline.c.shape[1]))
    result[-1] = spline(place)
    if extrapolation == "linear":
        result[-2] = spline(place, nu=1)
    return result


def _table(breaks: Array, origins: Array, coefficients: Array) -> tuple[float, ...]:
    rows = np.column_stack([breaks, origins, coefficients.T])
    return (float(rows.shape[1]), *rows.reshape(-1).tolist())
