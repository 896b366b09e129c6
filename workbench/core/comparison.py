"""A comparison: champion and challenger on the same labelled rows."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from workbench.core.finding import Finding
from workbench.core.metric import Metric, short
from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Comparison(Result):
    """Two versions on the same labelled rows. Made by :func:`workbench.challenge`.

    Parameters
    ----------
    name : str
        Of the bundle.
    versions : (int, int)
        Champion, challenger.
    rows : int
        Labelled rows that both answered.
    champion, challenger : Metric
        The champion's deciding score of each.
    difference : Metric
        Challenger less champion, with a paired bootstrap interval.
    better : bool
        True: the whole interval of the difference lies beyond the least gain, on the challenger's side.
    least_gain : float
        In the score's unit, at least 0.
    source : {"table", "log"}
        *log*: rows of the prediction log that both had answered.
    seen : int
        Rows that were left out, since one of the two was trained on them.
    findings : tuple of Finding
        What is to be known of the rows.
    """

    name: str
    versions: tuple[int, int]
    rows: int
    champion: Metric
    challenger: Metric
    difference: Metric
    better: bool
    least_gain: float = 0.0
    source: Literal["table", "log"] = "table"
    seen: int = 0
    findings: tuple[Finding, ...] = ()

    noun: ClassVar[str] = "comparison"

    @property
    def ahead(self) -> bool:
        """Whether the whole interval lies on the challenger's side, be it by ever so little."""
        low, high = self._ends()
        return low > 0 if self.champion.larger_is_better else high < 0

    @property
    def worse(self) -> bool:
        """Whether the whole interval lies on the champion's side."""
        low, high = self._ends()
        return high < 0 if self.champion.larger_is_better else low > 0

    @property
    def verdict(self) -> str:
        """What it means, in one sentence."""
        low, high = self._ends()
        asked = f"; at least {self.least_gain:.3g} was asked for" if self.least_gain else ""
        return (
            f"Version {self.versions[1]} {self.said} version {self.versions[0]}: {self.champion.name} "
            f"{short(self.challenger.value)} against {short(self.champion.value)} on {self.rows:,} rows, "
            f"difference {self.difference.value:+.4f} ({low:+.4f} to {high:+.4f}){asked}."
        )

    @property
    def said(self) -> str:
        """The verb of the verdict."""
        if self.better:
            return "is better than"
        if self.worse:
            return "is worse than"
        return "is not better by enough than" if self.ahead else "is not shown to be better than"

    def headline(self) -> str:
        """The verdict."""
        return self.verdict

    def frame(self) -> pd.DataFrame:
        """One row each for champion, challenger and difference: version, value, low, high."""
        scored = (("champion", self.champion), ("challenger", self.challenger), ("difference", self.difference))
        versions = {"champion": self.versions[0], "challenger": self.versions[1]}
        rows = [
            {"of": what, "version": versions.get(what), "value": m.value, "low": m.low, "high": m.high}
            for what, m in scored
        ]
        return self._frame(rows).set_index("of")

    def results(self) -> dict[str, Any]:
        """Both scores, their difference with its interval, and the verdict."""
        difference = self.difference
        told = {"value": difference.value, "low": difference.low, "high": difference.high}
        scores = {"champion": self.champion.value, "challenger": self.challenger.value}
        return {
            **scores,
            "difference": told,
            "least_gain": self.least_gain,
            "better": self.better,
            "rows": self.rows,
            "seen": self.seen,
        }

    def passing(self) -> tuple[str, ...]:
        """Both versions."""
        return tuple(f"{word} {one}" for one in self.versions for word in ("version", "Version"))

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Comparison:
        """Read what :meth:`to_dict` wrote."""
        scored = {key: Metric.from_dict(content[key]) for key in ("champion", "challenger", "difference")}
        found = tuple(Finding.from_dict(one) for one in content.get("findings", ()))
        return cls(**{**content, **scored, "versions": tuple(content["versions"]), "findings": found})

    def _ends(self) -> tuple[float, float]:
        low, high = self.difference.low, self.difference.high
        assert low is not None, "a difference always has an interval"
        assert high is not None, "a difference always has an interval"
        return low, high
