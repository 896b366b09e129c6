"""Running sums that notice a rise row by row: Bernoulli CUSUM from the rate that the reference has.

What is watched is a matter of yes or no: an answer was wrong, a row carries a flag. Because the rate before is known,
the sum needs half the rows that detectors need which learn it on the way (``tests/benchmarks/MONITORING.md``).

References
----------
Page (1954), Continuous inspection schemes, Biometrika 41.
Reynolds, Stoumbos (1999), A CUSUM chart for monitoring a proportion when inspecting continuously, Journal of Quality
Technology 31.
Siegmund (1985), Sequential analysis, chapter 2 (mean rows between false alarms).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# The sum is quickest for a rise by a half, and alarms from here on: with one row in ten wrong once in 100,000 rows.
RISE, ALARM = 1.5, 7.0
# It forgets what lies further above the alarm, so that it comes down within some hundred rows once all is well.
MOST = 12.0
# Rates are taken as within these.
LEAST_RATE, MOST_RATE = 0.002, 0.6


@dataclass(frozen=True)
class Watch:
    """A running sum over rows.

    Parameters
    ----------
    rate : float
        Of the reference, in (0, 1).
    largest : float
        Of the sum over the rows, that before them included.
    last : float
        The sum after the last row: what the rows that come next begin with.
    alarm : int, optional
        First row from which on the sum was at ``ALARM``; None where it never was.
    onset : int
        The row after which the sum rose to its largest: where the change began, most likely. 0: before these rows.
    now : float
        Rate from the onset to the largest.
    p_value : float
        The chance that so large a sum stands anywhere in so many rows while the rate is what it was.
    """

    rate: float
    largest: float
    last: float
    alarm: int | None
    onset: int
    now: float
    p_value: float


def watch(happened: Any, rate: float, carried: float = 0.0, most: float = MOST) -> Watch:
    """Run over rows in their order.

    Parameters
    ----------
    happened : array of bool, shape (rows,)
        Whether it happened in each.
    rate : float
        How often it does in the reference, in (0, 1).
    carried : float
        The sum before the first row.
    most : float
        Where it is cut off.

    Examples
    --------
    >>> draw = np.random.default_rng(0).random(2000)
    >>> quiet, risen = watch(draw < 0.1, 0.1), watch(draw < np.repeat([0.1, 0.3], 1000), 0.1)
    >>> quiet.alarm, 1000 < risen.alarm < 1100, risen.p_value < 0.001
    (None, True, True)
    """
    happened = np.asarray(happened, dtype=bool)
    rate = min(max(rate, LEAST_RATE), MOST_RATE)
    yes, no = steps(rate)
    sums = running(np.where(happened, yes, no), carried, most)
    top = int(sums.argmax()) if len(sums) else 0
    if not len(sums) or sums[top] <= 0:
        return Watch(rate, 0.0 if len(sums) else carried, 0.0 if len(sums) else carried, None, 0, 0.0, 1.0)
    zero = np.flatnonzero(sums[: top + 1] <= 0)
    onset = int(zero[-1]) + 1 if len(zero) else 0
    above = np.flatnonzero(sums >= ALARM)
    return Watch(
        rate, float(sums[top]), float(sums[-1]), int(above[0]) if len(above) else None, onset,
        float(happened[onset : top + 1].mean()), chance(float(sums[top]), len(sums), rate),
    )  # fmt: skip


def steps(rate: float) -> tuple[float, float]:
    """What a row adds in which it happened, and one in which not: log likelihood ratios of a rate half as high again.

    >>> [round(step, 3) for step in steps(0.1)]
    [0.405, -0.057]
    """
    risen = min(rate * RISE, (1 + rate) / 2)
    return math.log(risen / rate), math.log((1 - risen) / (1 - rate))


def running(increments: NDArray[np.float64], carried: float = 0.0, most: float = MOST) -> NDArray[np.float64]:
    """The sum after each row, never below 0 nor above ``most``.

    >>> running(np.array([1.0, -3.0, 2.0, 20.0, -1.0]), 1.0).tolist()
    [2.0, 0.0, 2.0, 12.0, 11.0]
    """
    sums = np.cumsum(increments) + carried
    sums = sums - np.minimum(np.minimum.accumulate(sums), 0.0)
    if sums.max(initial=0.0) <= most:
        return sums
    # The two bounds at once can't be had from running extremes: row by row from where the upper one is met.
    first, now = int((sums > most).argmax()), most
    sums[first] = most
    for k in range(first + 1, len(sums)):
        now = min(max(now + increments[k], 0.0), most)
        sums[k] = now
    return sums


def chance(largest: float, rows: int, rate: float) -> float:
    """The chance of so large a sum in so many rows at the reference's rate, begun at any time.

    >>> round(chance(7.0, 10_000, 0.1), 2)
    0.1
    """
    if largest <= 0:
        return 1.0
    yes, no = steps(rate)
    drift = -(rate * yes + (1 - rate) * no)
    between = (math.exp(largest) - largest - 1) / drift
    return min(1.0, -math.expm1(-rows / max(between, 1e-12)) + math.exp(-largest))
