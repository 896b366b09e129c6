"""One budget of false alarms for all rules: what each may spend, and what of their suspicions is beyond chance.

Each rule gives a family of suspicions with p-values. Within a family they are corrected by Holm's method, between the
families by Holm's with weights: each has its part of the rate, and a family whose strongest suspicion is beyond chance
hands its part on. Where nothing changed, the chance that anything is told is at most the rate, however the tests depend
on each other.

References
----------
Holm (1979), A simple sequentially rejective multiple test procedure, Scandinavian Journal of Statistics 6 (weights:
section 4).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from workbench.core.report import Direction
from workbench.profiling.drift_tests import holm


@dataclass(frozen=True)
class Suspicion:
    """What a rule would tell, if it is beyond chance.

    Parameters
    ----------
    kind : str
        One of :data:`workbench.monitoring.levels.SCALES`.
    text : str
        A sentence.
    p_value : float
        In [0, 1], before any correction for other suspicions.
    effect : float
        In the unit of its kind.
    columns : tuple of str
    direction : {"", "up", "down"}
    scale : str
        The kind whose scale it is judged by, where that is another one.
    """

    kind: str
    text: str
    p_value: float
    effect: float
    columns: tuple[str, ...] = ()
    direction: Direction = ""
    scale: str = ""


@dataclass(frozen=True)
class Family:
    """The suspicions of one rule.

    Parameters
    ----------
    found : tuple of Suspicion
    tests : int
        So many tests were made; those that are not among ``found`` saw nothing.
    decided : bool
        Whether the rule has corrected and decided by itself, at its own part: all that it found is told.
    """

    found: tuple[Suspicion, ...] = ()
    tests: int = 0
    decided: bool = False

    def corrected(self) -> list[float]:
        """P-values of what was found, corrected for all tests of the family."""
        p = [one.p_value for one in self.found]
        return p if self.decided else holm([*p, *[1.0] * (self.tests - len(p))])[: len(p)]


def spend(families: Sequence[tuple[float, Family]], rate: float) -> tuple[list[float], list[Suspicion]]:
    """What may be told.

    Parameters
    ----------
    families : sequence of (float, Family)
        With their weights, above 0.
    rate : float
        The chance, in (0, 1), that anything is told where nothing changed.

    Returns
    -------
    (list of float, list of Suspicion)
        The part of the rate that each family was judged by in the end, and what is beyond chance.

    Examples
    --------
    >>> one, two = (Family((Suspicion("drift", "", p, 0.2),), 1) for p in (0.02, 0.04))
    >>> [len(spend([(1.0, one), (1.0, two)], rate)[1]) for rate in (0.03, 0.04, 0.05)]
    [0, 2, 2]
    """
    corrected = [family.corrected() for _, family in families]
    left = sum(weight for weight, _ in families)
    parts, told = [0.0] * len(families), []
    for k in sorted(range(len(families)), key=lambda k: min(corrected[k], default=1.0) / families[k][0]):
        weight, family = families[k]
        parts[k] = rate * weight / left
        beyond = [one for one, p in zip(family.found, corrected[k], strict=True) if family.decided or p <= parts[k]]
        told.extend(beyond)
        left -= weight if beyond else 0.0
    return parts, told


def part_of(weight: float, weights: Iterable[float], rate: float) -> float:
    """What a family may spend at least."""
    return rate * weight / sum(weights)
