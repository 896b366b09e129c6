"""What can be done to a number on its way to the model, with numpy alone.

A step is a name and one operand a made column: a number, or for the steps in :data:`TABLED` a row of numbers. The order
of operations is scikit-learn's, so that sums and quotients are the same bits. The last digit of an exponential, a
logarithm or a power may differ, by the processor and by who computes it.
"""

from __future__ import annotations

from collections.abc import Callable
from statistics import NormalDist
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
Step = Callable[[Array, Array], Array]

MOST = 1e100  # no mean or scale is larger
EDGE = 1e-7  # scikit-learn's: numbers as near as this to the outer quantiles count as being there
TINY = float(np.finfo(np.float64).eps)
_NORMAL = NormalDist()
FARTHEST = (_NORMAL.inv_cdf(EDGE - TINY), _NORMAL.inv_cdf(1 - (EDGE - TINY)))


def _filled(values: Array, fill: Array) -> Array:
    return np.where(np.isnan(values) & ~np.isnan(fill), fill, values)


def _asked(values: Array, _: Array) -> Array:
    return np.isnan(values).astype(np.float64)


def _above(values: Array, by: Array) -> Array:
    return np.where(np.isnan(values), np.nan, values > by)


def _is(values: Array, by: Array) -> Array:
    return np.where(np.isnan(values), np.nan, values == by)


def _nothing_for(values: Array, by: Array) -> Array:
    return np.where(values == by, np.nan, values)


def _yeo_johnson(values: Array, powers: Array) -> Array:
    low, high = np.minimum(values, 0.0), np.maximum(values, 0.0)
    left = np.where(np.abs(powers - 2) > TINY, powers, 1.0)
    right = np.where(np.abs(powers) < TINY, 1.0, powers)
    below = np.where(left == powers, -np.expm1((2 - left) * np.log1p(-low)) / (2 - left), -np.log1p(-low))
    above = np.where(right == powers, np.expm1(right * np.log1p(high)) / right, np.log1p(high))
    return np.where(values >= 0, above, below)


def _box_cox(values: Array, powers: Array) -> Array:
    some = np.where(powers == 0, 1.0, powers)
    logs = np.log(values)
    return np.where(powers == 0, logs, np.expm1(some * logs) / some)


# --- steps with a row of numbers a made column --------------------------------------------------------------------


def _by_column(step: Step) -> Step:
    """A step on one column, shape (rows,), and its row of the operand, done for each column."""

    def apply(values: Array, operand: Array) -> Array:
        columns = [step(values[:, i], operand[i]) for i in range(values.shape[1])]
        return np.column_stack(columns) if columns else values

    return apply


def _bin(values: Array, edges: Array) -> Array:
    """The bin between the inner ``edges``, from 0."""
    return np.where(np.isnan(values), np.nan, np.searchsorted(edges, values, side="right"))


def _looked_up(values: Array, table: Array) -> Array:
    """What a number becomes: ``table`` is for missing and unseen ones, then known ones in order, then theirs."""
    keys, becomes = table[2:].reshape(2, -1)
    place = np.minimum(np.searchsorted(keys, values), len(keys) - 1)
    known = keys[place] == values if len(keys) else np.zeros(len(values), bool)
    result = np.full(len(values), table[1])
    result[known] = becomes[place[known]]
    return np.where(np.isnan(values), table[0], result)


def _quantile(values: Array, table: Array) -> Array:
    """The share of the training rows below: ``table`` is their quantiles and then the shares of these."""
    quantiles, shares = table.reshape(2, -1)
    result = _between(values, quantiles, shares)
    result = np.where(values == quantiles[-1], 1.0, result)
    return np.where(values == quantiles[0], 0.0, result)


def _normal_quantile(values: Array, table: Array) -> Array:
    """As :func:`_quantile`, and from there to the normal distribution."""
    quantiles, shares = table.reshape(2, -1)
    result = _between(values, quantiles, shares)
    outer = np.where(values - EDGE < quantiles[0], 0.0, np.where(values + EDGE > quantiles[-1], 1.0, result))
    normal = [_inverse_normal(share) for share in outer.tolist()]
    return np.array(normal, dtype=np.float64)


def _inverse_normal(share: float) -> float:
    if not 0 < share < 1:
        return share if share != share else FARTHEST[share >= 1]
    return min(max(_NORMAL.inv_cdf(share), FARTHEST[0]), FARTHEST[1])


def _between(values: Array, quantiles: Array, shares: Array) -> Array:
    """The mean of both directions, which differ where quantiles are equal."""
    falling = np.interp(-values, -quantiles[::-1], -shares[::-1])
    result: Array = 0.5 * (np.interp(values, quantiles, shares) - falling)
    return result


def _wrapped(values: Array, ends: Array) -> Array:
    """Into one period, from the first of ``ends`` to the second."""
    start, period = ends[0], ends[1] - ends[0]
    result: Array = start + (values - start) % period
    return result


def _pieces(values: Array, table: Array) -> Array:
    """A polynomial in each piece: ``table`` has the breaks, and for each piece its origin and its coefficients.

    It is laid out in rows of the number of coefficients + 2: break, origin, coefficients from the highest power. The
    first piece lies below every break; its own break is not looked at.
    """
    rows = table[1:].reshape(-1, int(table[0]))
    chosen = rows[np.searchsorted(rows[1:, 0], values, side="right")]
    away, result = values - chosen[:, 1], chosen[:, 2]
    for power in range(3, rows.shape[1]):
        result = result * away + chosen[:, power]
    return np.where(np.isnan(values), np.nan, result)


def _quietly(step: Step) -> Step:
    def apply(values: Array, operand: Array) -> Array:
        with np.errstate(all="ignore"):
            return step(values, operand)

    return apply


def _numpys(name: str) -> Step:
    return _quietly(lambda values, _: getattr(np, name)(values))


FUNCTIONS = (
    *("log", "log2", "log10", "log1p", "exp", "exp2", "expm1", "sqrt", "square", "abs", "cbrt", "sign", "negative"),
    *("reciprocal", "sin", "cos", "tan", "arcsinh", "tanh", "floor", "ceil", "rint", "trunc", "deg2rad", "rad2deg"),
)
TABLED = frozenset({"bin", "look up", "quantile", "normal quantile", "wrap", "pieces"})
STEPS: dict[str, Step] = {
    "fill": _filled,
    "missing": _asked,
    "subtract": lambda values, by: values - by,
    "divide": lambda values, by: values / by,
    "multiply": lambda values, by: values * by,
    "add": lambda values, by: values + by,
    "at least": np.maximum,
    "at most": np.minimum,
    "above": _above,
    "is": _is,
    "nothing for": _nothing_for,
    "single": _quietly(lambda values, _: values.astype(np.float32).astype(np.float64)),
    "yeo-johnson": _quietly(_yeo_johnson),
    "box-cox": _quietly(_box_cox),
    "bin": _by_column(_bin),
    "look up": _by_column(_looked_up),
    "quantile": _by_column(_quietly(_quantile)),
    "normal quantile": _by_column(_quietly(_normal_quantile)),
    "wrap": _by_column(_quietly(_wrapped)),
    "pieces": _by_column(_pieces),
    **{name: _numpys(name) for name in FUNCTIONS},
}
# Steps that SciPy does in scikit-learn and numpy here, so that the last digit may differ; and those whose answer jumps
# at limits, so that the last digit may decide.
ROUGH = frozenset({"yeo-johnson", "box-cox", "normal quantile"})
JUMPS = frozenset({"bin", "above", "is", "nothing for", "look up", "quantile", "normal quantile", "wrap",
                   "floor", "ceil", "rint", "trunc", "sign"})  # fmt: skip
# Steps whose operand may be NaN: nothing is filled then, and a category may become a missing value.
WITH_NAN = frozenset({"fill", "look up"})


def sound(name: str, operand: Array, made: int) -> bool:
    """Whether a step read from a file can be done to ``made`` columns."""
    if name not in STEPS or operand.dtype != np.float64 or operand.shape[:1] != (made,):
        return False
    if operand.ndim != (2 if name in TABLED else 1) or not _bounded(name, operand):
        return False
    return all(map(_SOUND[name], operand)) if name in _SOUND else True


def _bounded(name: str, operand: Array) -> bool:
    if name in WITH_NAN:
        return not bool(np.isinf(operand).any())
    return bool((np.abs(operand) <= MOST).all()) and (name != "divide" or bool((np.abs(operand) > 1 / MOST).all()))


def _sound_pieces(table: Array) -> bool:
    width = int(table[0]) if len(table) else 0
    return width == table[0] and width >= 3 and len(table) > 1 and (len(table) - 1) % width == 0


_SOUND: dict[str, Callable[[Array], bool]] = {
    "look up": lambda table: len(table) >= 2 and len(table) % 2 == 0,
    "quantile": lambda table: len(table) > 0 and len(table) % 2 == 0,
    "normal quantile": lambda table: len(table) > 0 and len(table) % 2 == 0,
    "wrap": lambda ends: len(ends) == 2 and bool(ends[0] < ends[1]),
    "pieces": _sound_pieces,
}
