"""What a service had to bear for some time, and how it answered; two stretches add up."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Each part of the times ends so much later than the one before, so that a percentile is off by at most its half.
GROWTH = 1.05
_PARTS = 1 / math.log(GROWTH)
# Statuses that say that rows broke the contract; 401, 403, 404 and 429 are no matter of rows.
BROKEN = (400, 413, 415, 422)


@dataclass(frozen=True)
class Load:
    """Requests for predictions, and what they took.

    Parameters
    ----------
    requests : int
        All that were answered, failed and refused ones too.
    failed : int
        Answered with a status of 500 or more.
    refused : int
        Answered with a status that says that the rows break the contract.
    rows : int
        Of the requests.
    times : dict of str to int
        Requests by their time: part k ends at ``GROWTH ** k`` seconds.
    cpu : float
        CPU seconds of the process.
    memory : float
        The most that the process held when it was looked at, in MB.

    References
    ----------
    Masson, Rim, Lee (2019), DDSketch: a fast and fully-mergeable quantile sketch with relative-error guarantees,
    Proceedings of the VLDB Endowment 12.

    Examples
    --------
    >>> load = Load(3, times={part(0.010): 2, part(0.200): 1})
    >>> round(load.milliseconds(0.5)), round(load.milliseconds(0.99))
    (10, 205)
    """

    requests: int = 0
    failed: int = 0
    refused: int = 0
    rows: int = 0
    times: dict[str, int] = field(default_factory=dict)
    cpu: float = 0.0
    memory: float = 0.0

    def __add__(self, other: Load) -> Load:
        times = {k: self.times.get(k, 0) + other.times.get(k, 0) for k in {**self.times, **other.times}}
        return Load(
            self.requests + other.requests,
            self.failed + other.failed,
            self.refused + other.refused,
            self.rows + other.rows,
            times,
            self.cpu + other.cpu,
            max(self.memory, other.memory),
        )

    def milliseconds(self, share: float) -> float | None:
        """The time within which that share of the requests was answered; None where there were none."""
        wanted, so_far = share * sum(self.times.values()), 0
        for key in sorted(self.times, key=int):
            so_far += self.times[key]
            if so_far >= wanted:
                return 1000 * GROWTH ** (int(key) - 0.5)
        return None

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> Load:
        """Read what ``dataclasses.asdict`` wrote."""
        return cls(**content)


def part(seconds: float) -> str:
    """The part of the times that some seconds lie in.

    >>> part(1.0), part(1.04), part(0.0)
    ('0', '1', '-283')
    """
    return str(math.ceil(math.log(max(seconds, 1e-6)) * _PARTS))


@dataclass(frozen=True)
class Served:
    """How the service answered a window's rows.

    Parameters
    ----------
    requests, failed, refused : int
        As of :class:`Load`.
    p50, p95, p99 : float, optional
        Within how many milliseconds half, 95% and 99% of the requests were answered.
    cpu : float, optional
        CPU milliseconds a row, what the process did between requests included.
    memory : float
        The most that a process of it held, in MB; 0 where that can't be seen.
    """

    requests: int
    failed: int = 0
    refused: int = 0
    p50: float | None = None
    p95: float | None = None
    p99: float | None = None
    cpu: float | None = None
    memory: float = 0.0

    @classmethod
    def of(cls, load: Load) -> Served:
        """In the numbers that people ask for.

        >>> Served.of(Load(2, failed=1, rows=4, times={part(0.01): 2}, cpu=0.008)).cpu
        2.0
        """
        p50, p95, p99 = (load.milliseconds(share) for share in (0.5, 0.95, 0.99))
        cpu = 1000 * load.cpu / load.rows if load.rows else None
        return cls(load.requests, load.failed, load.refused, p50, p95, p99, cpu, load.memory)
