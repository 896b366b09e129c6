"""From a model's own output to its prediction, in the order of operations of the library that fitted it.

Each function takes outputs of shape (rows, outputs) and returns as many. Those that are named *single* work in float32,
as XGBoost does. The exponential of a few numbers is the C library's where the fitting library's is too, so that rows
sent one by one are answered with its very bits; that of many is numpy's, which on some processors differs in the last
place. A row may so differ by as much between a batch and a request of its own.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

Array = np.ndarray[Any, np.dtype[Any]]
FEW = 16  # numbers whose exponentials the C library gives as quickly as numpy
LARGEST = math.log(sys.float_info.max)


def logistic(outputs: Array) -> Array:
    """From log-odds to probability, in scikit-learn's order of operations."""
    result: Array = 1.0 / (1.0 + _exp(-outputs))
    return result


def _exp(values: Array) -> Array:
    """The exponential: of a few numbers the C library's, as SciPy and LightGBM have it."""
    if values.size > FEW:
        with np.errstate(over="ignore"):
            result: Array = np.exp(values)
        return result
    few = [math.inf if value > LARGEST else math.exp(value) for value in values.ravel().tolist()]
    return np.array(few, dtype=np.float64).reshape(values.shape)


def softmax(outputs: Array) -> Array:
    """From log-odds to probabilities that add up to 1 in each row, in scikit-learn's order of operations."""
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def softmax_in_order(outputs: Array) -> Array:
    """As :func:`softmax`, added class by class, as LightGBM does."""
    powers = _exp(outputs - outputs.max(axis=1, keepdims=True))
    result: Array = powers / np.cumsum(powers, axis=1)[:, -1:]
    return result


def shares(outputs: Array) -> Array:
    """Probabilities of one class against the rest, made to add up to 1; equal ones where all are 0."""
    total = outputs.sum(axis=1, keepdims=True)
    equal = np.full_like(outputs, 1 / outputs.shape[1])
    result: Array = np.minimum(np.divide(outputs, total, out=equal, where=total != 0), 1.0)
    return result


def one_against_rest(outputs: Array) -> Array:
    """The logistic of each output, made to add up to 1."""
    return shares(logistic(outputs))


def single_logistic(outputs: Array) -> Array:
    """The logistic in float32."""
    powers = expf(np.minimum(-outputs.astype(np.float32), np.float32(88.7)))
    result: Array = (np.float32(1) / (powers + np.float32(1))).astype(np.float64)
    return result


def single_softmax(outputs: Array) -> Array:
    """The softmax in float32, added class by class in float64."""
    single = outputs.astype(np.float32)
    powers = expf(single - single.max(axis=1, keepdims=True))
    total = np.cumsum(powers.astype(np.float64), axis=1)[:, -1:].astype(np.float32)
    result: Array = (powers / total).astype(np.float64)
    return result


def single_exp(outputs: Array) -> Array:
    """The exponential in float32."""
    result: Array = expf(outputs.astype(np.float32)).astype(np.float64)
    return result


# 2 to the power of x / 32 by a table and a polynomial in float64: what the C library does for a float's exponential.
# numpy's own differs from it in the last digit of one value in four.
_STEPS = 32
_TABLE = np.array([2.0 ** (i / _STEPS) for i in range(_STEPS)])  # the C library's powers
_CUBIC = (float.fromhex("0x1.c6af84b912394p-5"), float.fromhex("0x1.ebfce50fac4f3p-3"))
_SLOPE = float.fromhex("0x1.62e42ff0c52d6p-1")


def expf(values: Array) -> Array:
    """The exponential of float32 values as the C library rounds it.

    >>> float(expf(np.float32([0.0]))[0])
    1.0
    """
    wide = np.clip(values.astype(np.float64), -110.0, 90.0) * (float.fromhex("0x1.71547652b82fep+0") * _STEPS)
    whole = np.rint(wide)
    rest = wide - whole
    place = whole.astype(np.int64)
    power = np.ldexp(_TABLE[place % _STEPS], (place // _STEPS).astype(np.int32))
    cubic = _CUBIC[0] / _STEPS**3 * rest + _CUBIC[1] / _STEPS**2
    with np.errstate(over="ignore"):
        result: Array = ((cubic * (rest * rest) + (_SLOPE / _STEPS * rest + 1.0)) * power).astype(np.float32)
    return result


LINKS: dict[str, Callable[[Array], Array]] = {
    "identity": lambda outputs: outputs,
    "logistic": logistic,
    "softmax": softmax,
    "softmax in order": softmax_in_order,
    "single logistic": single_logistic,
    "single softmax": single_softmax,
    "one against rest": one_against_rest,
}
