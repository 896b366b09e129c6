"""Which version answers which row: the champion, an arm of an experiment, and a shadow that only listens."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from hashlib import blake2b
from typing import Any

from workbench.errors import BadParameter, Refused
from workbench.scoring.runtime import REASONS, Scorer

CHAMPION, SHADOW = "champion", "shadow"


@dataclass(frozen=True)
class Arm:
    """A version that answers a share of the rows.

    Parameters
    ----------
    name : str
        As it stands in the log and the metrics.
    scorer : Scorer
        The version.
    share : float
        Of the rows, between 0 and 1.
    """

    name: str
    scorer: Scorer
    share: float


@dataclass(frozen=True)
class Traffic:
    """Who answers at one moment; a change makes a new one, so a request sees one state from beginning to end.

    Parameters
    ----------
    champion : Scorer
        Answers all that no arm takes.
    arms : tuple of Arm
        Their shares add up to at most 1.
    shadow : Scorer, optional
        Scores the same rows after the answer has gone; only the log sees it.
    before : Scorer, optional
        The champion before, ready for an instant rollback.

    Raises
    ------
    BadParameter
        If the shares don't add up, or two arms have one name.
    Refused
        If a version is of another bundle.
    """

    champion: Scorer
    arms: tuple[Arm, ...] = ()
    shadow: Scorer | None = None
    before: Scorer | None = None

    def __post_init__(self) -> None:
        shares, names = [a.share for a in self.arms], {a.name for a in self.arms}
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
            raise BadParameter(f"Shares lie between 0 and 1 and add up to at most 1, got {shares}. Lower one of them.")
        if len(names) < len(self.arms) or names & {CHAMPION, SHADOW}:
            raise BadParameter(f"Arms need names of their own, not {CHAMPION!r} or {SHADOW!r}. Rename one.")
        for other in self.others:
            if other.bundle.name != self.champion.bundle.name:
                raise Refused(f"{other.bundle.headline()} is another bundle. Give a version of the same name.")

    @property
    def others(self) -> tuple[Scorer, ...]:
        """Every version but the champion."""
        return (*(a.scorer for a in self.arms), *((self.shadow,) if self.shadow else ()))

    @property
    def plain(self) -> bool:
        """Whether the champion answers everything, alone."""
        return not self.arms and self.shadow is None

    def follow(self, champion: Scorer) -> Traffic:
        """With another champion; the one before is kept for a rollback."""
        return replace(self, champion=champion, before=self.champion)

    def back(self) -> Traffic:
        """With the champion before.

        Raises
        ------
        Refused
            If there was none since the service started.
        """
        if self.before is None:
            raise Refused("There was no other version since the service started. Use workbench rollback NAME.")
        return self.follow(self.before)

    def arm_of(self, row: str) -> Arm:
        """The arm of a row, by a hash of its id: the same row always meets the same arm."""
        at, end = _place(row), 0.0
        for arm in self.arms:
            end += arm.share
            if at < end:
                return arm
        return Arm(CHAMPION, self.champion, 1 - end)

    def predict(self, rows: Sequence[Any], reasons: int = REASONS) -> list[dict[str, Any]]:
        """Answers of all rows, each with its ``arm`` where there are arms.

        Raises
        ------
        BadRow
            If a row breaks the contract.
        """
        if not self.arms:
            return self.champion.predict(rows, reasons)
        ids = self.champion.ids_of(rows)
        taken: dict[str, tuple[Arm, list[int]]] = {}
        self.champion.check(rows)  # all bad rows at once, whichever arm they would meet
        for i, arm in enumerate(map(self.arm_of, ids)):
            taken.setdefault(arm.name, (arm, []))[1].append(i)
        answers: list[dict[str, Any]] = [{}] * len(rows)
        for arm, places in taken.values():
            predictions = arm.scorer.predict([rows[i] for i in places], reasons, [ids[i] for i in places])
            for i, answer in zip(places, predictions, strict=True):
                answers[i] = {**answer, "arm": arm.name}
        return answers


def _place(row: str) -> float:
    """A number in [0, 1) that depends on the id alone."""
    return int.from_bytes(blake2b(row.encode("utf-8", "replace"), digest_size=8).digest()) / 2**64
