"""Alarms of a stream of rows: by the running sum from the reference's rate, or by a detector of river's."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from math import inf
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from workbench.core.running_sum import ALARM, LEAST_RATE, MOST_RATE, running, steps
from workbench.errors import BadParameter, MissingExtra

Detector = Literal["cusum", "adwin", "page_hinkley", "ddm", "hddm_a", "hddm_w"]
BLOCK = 2048  # rows that are looked at together


def alarms(happened: Sequence[bool] | Any, rate: float | None = None, detector: Detector = "cusum") -> list[int]:
    """Rows at which a detector alarms, started anew after each alarm.

    Parameters
    ----------
    happened : sequence of bool, length rows
        Whether it happened in each row, such as whether an answer was wrong.
    rate : float, optional
        How often it does in the reference: ``cusum`` needs it, river's detectors learn it from the first rows.
    detector : {"cusum", "adwin", "page_hinkley", "ddm", "hddm_a", "hddm_w"}
        The running sum, or one of river's at its defaults.

    Returns
    -------
    list of int
        From 0.

    Raises
    ------
    BadParameter
        If there is no such detector, or ``cusum`` has no rate.
    MissingExtra
        If river is not installed.

    Examples
    --------
    >>> alarms([False] * 50 + [True] * 36, 0.1)
    [67, 85]
    """
    if detector == "cusum":
        if rate is None or not 0 < rate < 1:
            raise BadParameter(f"The running sum starts from the reference's rate, between 0 and 1; got {rate!r}.")
        return _cusum_alarms(np.asarray(happened, dtype=bool), min(max(rate, LEAST_RATE), MOST_RATE))
    update = _of_river(detector)
    return [k for k, one in enumerate(happened) if update(float(one))]


def _cusum_alarms(happened: NDArray[np.bool_], rate: float) -> list[int]:
    increments = np.where(happened, *steps(rate))
    found, start, carried = [], 0, 0.0
    while start < len(increments):
        sums = running(increments[start : start + BLOCK], carried, inf)
        above = np.flatnonzero(sums >= ALARM)
        if len(above):
            found.append(start + int(above[0]))
            start, carried = found[-1] + 1, 0.0
        else:
            start, carried = start + BLOCK, float(sums[-1])
    return found


def _of_river(detector: str) -> Callable[[float], bool]:
    """A new detector of river's, told one row after the other."""
    known = {
        "adwin": ("drift", "ADWIN"), "page_hinkley": ("drift", "PageHinkley"), "ddm": ("drift.binary", "DDM"),
        "hddm_a": ("drift.binary", "HDDMA"), "hddm_w": ("drift.binary", "HDDMW"),
    }  # fmt: skip
    if detector not in known:
        raise BadParameter(f"There is no detector {detector!r}. Take one of cusum, {', '.join(known)}.")
    try:
        module, name = known[detector]
        one = getattr(importlib.import_module(f"river.{module}"), name)()
    except ImportError as error:
        raise MissingExtra.of(f"The detector {detector}", "river", "river") from error

    def update(value: float) -> bool:
        one.update(value)
        return bool(one.drift_detected)

    return update
