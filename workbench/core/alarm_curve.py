"""How many alarms there would have been at other false-alarm rates, and what they and the missed windows would cost."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class AlarmsAt:
    """What one false-alarm rate would have brought.

    Parameters
    ----------
    rate : float
        In (0, 1).
    alarms, warnings : int
        Incidents of each severity: what people would have been told of.
    windows : int
        Windows in alarm.
    missed : int
        Bad windows that would have been in no alarm.
    cost : float
        Of all alarms and missed windows.
    """

    rate: float
    alarms: int
    warnings: int
    windows: int
    missed: int
    cost: float


@dataclass(frozen=True)
class AlarmCurve(Result):
    """Alarms of a stored history by the false-alarm rate. Made by ``report.alarms()``.

    Parameters
    ----------
    name : str
        Of the bundle.
    windows : int
        Judged ones.
    rate : float
        At which the report was made.
    points : tuple of AlarmsAt
        By rising rate; the report's own is among them.
    bad : tuple of str
        Windows that count as missed where no alarm tells of them.
    alarm_cost, missed_cost : float
        Of an alarm, and of a bad window that is missed.
    """

    name: str
    windows: int
    rate: float
    points: tuple[AlarmsAt, ...]
    bad: tuple[str, ...]
    alarm_cost: float = 1.0
    missed_cost: float = 0.0

    noun: ClassVar[str] = "alarm_curve"

    @property
    def now(self) -> AlarmsAt:
        """At the report's own rate."""
        return min(self.points, key=lambda one: abs(one.rate - self.rate))

    @property
    def cheapest(self) -> AlarmsAt:
        """The rate with the least cost; of equal ones the smallest."""
        return min(self.points, key=lambda one: (one.cost, one.rate))

    def headline(self) -> str:
        """Alarms at the report's rate, and the rate that would have cost least."""
        now, best = self.now, self.cheapest
        told = f"{self.name}: {now.alarms} alarms in {self.windows} windows at a rate of {now.rate:g}"
        return f"{told}, {now.missed} of {len(self.bad)} bad windows missed; cheapest {best.rate:g}: {best.alarms}"

    def frame(self) -> pd.DataFrame:
        """One row a rate: alarms, warnings, windows in alarm, missed windows, cost."""
        return self._frame([asdict(one) for one in self.points]).set_index("rate")

    def results(self) -> dict[str, Any]:
        """Alarms, missed windows and cost by rate."""
        return {f"{one.rate:g}": {"alarms": one.alarms, "missed": one.missed, "cost": one.cost} for one in self.points}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> AlarmCurve:
        """Read what :meth:`to_dict` wrote."""
        points = tuple(AlarmsAt(**one) for one in content["points"])
        return cls(**{**content, "points": points, "bad": tuple(content["bad"])})
