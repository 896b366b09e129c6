"""A rollout: a version that is tried out beside the champion, before it answers everything."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import ClassVar, Literal, get_args

from workbench.core.saved import Flat

Stage = Literal["shadow", "canary", "champion"]
STAGES: tuple[Stage, ...] = get_args(Stage)
# What the log and the metrics call whoever scores behind an answer that another version gave.
SHADOW: Stage = "shadow"
# Of the rows, where nobody says how many a canary answers.
SHARE = 0.1


@dataclass(frozen=True)
class Rollout(Flat):
    """A version on its way. Made by :func:`workbench.promote`, and followed by the running service.

    Parameters
    ----------
    name : str
        Of the bundle.
    version : int
        That is tried out.
    stage : {"shadow", "canary"}
        *shadow*: it scores every row after the answer has gone; the log alone sees it. *canary*: it answers a share of
        the rows, by a hash of their ids, and the champion scores those too, for the log.
    share : float
        Of the rows that it answers, in (0, 1); 0 of a shadow.
    since : str
        When the stage began, ISO 8601 with zone.
    by : str
        Who began it.
    reason : str
        Why.

    Examples
    --------
    >>> print(Rollout("churn", 2, "canary", 0.1, "2026-11-30T09:00:00+00:00", "anna", "better by 0.02"))
    churn version 2: canary, answers 10% of rows, since 2026-11-30 09:00 (anna: better by 0.02)
    """

    name: str
    version: int
    stage: Stage
    share: float
    since: str
    by: str
    reason: str = ""

    noun: ClassVar[str] = "rollout"

    def __post_init__(self) -> None:
        _ = datetime.fromisoformat(self.since).astimezone()
        if self.stage not in ("shadow", "canary") or (self.stage == "canary") != (0 < self.share < 1):
            raise ValueError(f"a canary has a share between 0 and 1 and a shadow none, got {self.stage} {self.share!r}")

    @property
    def does(self) -> str:
        """What the version does, in words."""
        return (
            "shadow, scores every row" if self.stage == "shadow" else f"canary, answers {percent(self.share)} of rows"
        )

    def headline(self) -> str:
        """Which version, what it does, since when and why."""
        why = f"{self.by}: {self.reason}" if self.reason else self.by
        return f"{self.name} version {self.version}: {self.does}, since {self.since[:16].replace('T', ' ')} ({why})"

    def __str__(self) -> str:
        return self.headline()

    @classmethod
    def of_file(cls, path: Path) -> Rollout | None:
        """What a file says; None where there is none.

        Raises
        ------
        Damaged
            If it is not what was written.
        """
        return cls.load(path) if path.exists() else None


def percent(share: float) -> str:
    """A share in per cent, as short as it can be.

    >>> percent(0.1), percent(0.125), percent(0.001)
    ('10%', '12.5%', '0.1%')
    """
    return f"{100 * share:.4g}%"
