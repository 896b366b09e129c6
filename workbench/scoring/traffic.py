"""Which version answers which row: the champion, an arm of an experiment, and a shadow that only listens.

What somebody tries out by ``wb.promote(…, stage=…)`` is a :class:`Trial`: a shadow or a canary that comes and goes
while the service runs, beside the arms and the shadow that it was started with.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from hashlib import blake2b
from math import isfinite
from typing import Any

from workbench.core.fitting import check_follows, problems
from workbench.core.rollout import SHADOW, Rollout
from workbench.errors import BadParameter, BadRow, Refused
from workbench.scoring.runtime import REASONS, Scorer

CHAMPION, CANARY = "champion", "canary"
FALLBACK = "fallback"  # the champion, of a row that an arm could not answer

Answers = list[dict[str, Any]]


class Unsound(Refused):
    """A version has answered, but with no number, or not each row."""


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


Failed = Callable[[Arm, Exception, int], None]


@dataclass(frozen=True)
class Trial:
    """A version that is tried out.

    Parameters
    ----------
    rollout : Rollout
        What it does.
    scorer : Scorer
        The version.
    """

    rollout: Rollout
    scorer: Scorer

    @property
    def arm(self) -> Arm:
        """As it answers; a shadow answers nothing."""
        return Arm(self.rollout.stage, self.scorer, self.rollout.share)


@dataclass(frozen=True)
class Traffic:
    """Who answers at one moment; a change makes a new one, so a request sees one state from beginning to end.

    Parameters
    ----------
    champion : Scorer
        Answers all that no arm takes, and what an arm can't answer.
    arms : tuple of Arm
        Their shares add up to at most 1.
    shadow : Scorer, optional
        Scores the same rows after the answer has gone; only the log sees it.
    before : Scorer, optional
        The champion before, ready for an instant rollback.
    trial : Trial, optional
        What is tried out besides.

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
    trial: Trial | None = None

    def __post_init__(self) -> None:
        shares = [a.share for a in self.answering]
        if not all(0 <= share <= 1 for share in shares) or sum(shares) > 1 + 1e-9:
            raise BadParameter(f"Shares lie between 0 and 1 and add up to at most 1, got {shares}. Lower one of them.")
        names = {a.name for a in self.arms}
        if len(names) < len(self.arms) or names & {CHAMPION, SHADOW, CANARY, FALLBACK}:
            raise BadParameter(
                f"Arms need names of their own, not {CHAMPION!r}, {SHADOW!r}, {CANARY!r} or {FALLBACK!r}. Rename one."
            )
        for other in self.others:
            if other.bundle.name != self.champion.bundle.name:
                raise Refused(f"{other.bundle.headline()} is another bundle. Give a version of the same name.")

    @cached_property
    def answering(self) -> tuple[Arm, ...]:
        """The arms, and the canary behind them: with one more, rows keep the arm that they had."""
        canary = self.trial is not None and self.trial.rollout.stage == CANARY
        return (*self.arms, self.trial.arm) if canary and self.trial else self.arms

    @cached_property
    def shadows(self) -> tuple[Scorer, ...]:
        """Versions that score every row behind its answer, each once."""
        tried = self.trial.scorer if self.trial and self.trial.rollout.stage == SHADOW else None
        every = [one for one in (self.shadow, tried) if one is not None]
        return tuple({one.bundle.version: one for one in every}.values())

    @property
    def others(self) -> tuple[Scorer, ...]:
        """Every version but the champion."""
        return (*(a.scorer for a in self.answering), *self.shadows)

    @property
    def all(self) -> tuple[Scorer, ...]:
        """Every version that is in memory, the one before too."""
        return (self.champion, *self.others, *((self.before,) if self.before else ()))

    @property
    def answerers(self) -> tuple[Scorer, ...]:
        """Versions that answer rows now, the champion first, each once."""
        found = {self.champion.bundle.version: self.champion}
        for arm in self.answering:
            found.setdefault(arm.scorer.bundle.version, arm.scorer)
        return tuple(found.values())

    def only(self, scorer: Scorer) -> Traffic:
        """With one version that answers every row, as somebody asked for it by its number."""
        if scorer is self.champion and not self.answering:
            return self
        return replace(self, champion=scorer, arms=(), trial=None)

    @property
    def plain(self) -> bool:
        """Whether the champion answers everything, alone."""
        return not self.answering and not self.shadows

    def loaded(self, version: int) -> Scorer | None:
        """A version that is in memory."""
        return next((one for one in self.all if one.bundle.version == version), None)

    def follow(self, champion: Scorer) -> Traffic:
        """With another champion; the one before is kept for a rollback, and a trial that does not fit it is over.

        Raises
        ------
        Refused
            If it takes other rows than the champion, or answers another question.
        """
        check_follows(champion.bundle, self.champion.bundle)
        fits = self.trial is not None and not any(problems(self.trial.scorer.bundle, champion.bundle))
        return replace(self, champion=champion, before=self.champion, trial=self.trial if fits else None)

    def without(self, arm: Arm) -> Traffic:
        """Without an arm, or without what is tried out."""
        if self.trial is not None and self.trial.scorer is arm.scorer:
            return replace(self, trial=None)
        return replace(self, arms=tuple(a for a in self.arms if a is not arm))

    def back(self) -> Traffic:
        """Without what is tried out; where nothing is, with the champion before.

        Raises
        ------
        Refused
            If there was none since the service started.
        """
        if self.trial is not None:
            return replace(self, trial=None)
        if self.before is None:
            raise Refused("There was no other version since the service started. Use workbench rollback NAME.")
        return self.follow(self.before)

    def arm_of(self, row: str) -> Arm:
        """The arm of a row, by a hash of its id: the same row always meets the same arm."""
        at, end = _place(row), 0.0
        for arm in self.answering:
            end += arm.share
            if at < end:
                return arm
        return Arm(CHAMPION, self.champion, 1 - end)

    def predict(self, rows: Sequence[Any], reasons: int = REASONS, failed: Failed = lambda *_: None) -> Answers:
        """Answers of all rows, each with its ``arm`` where there are arms.

        Parameters
        ----------
        rows : sequence of mapping
            Column to value.
        reasons : int
            Columns named with each answer.
        failed : callable
            Is told the arm, the error and the number of rows where the champion had to answer in an arm's place.

        Raises
        ------
        BadRow
            If a row breaks the champion's contract.
        """
        if not self.answering:
            return self.champion.predict(rows, reasons)
        answers: Answers = [{}] * len(rows)
        for share in self.shares(rows):
            for i, answer in zip(share.places, self._of_arm(share, reasons, failed), strict=True):
                answers[i] = answer
        return answers

    def shares(self, rows: Sequence[Any]) -> list[Share]:
        """The rows by the arm that they meet.

        Raises
        ------
        BadRow
            If rows break the champion's contract: all of them at once, whichever arm they would meet.
        """
        ids = self.champion.ids_of(rows)
        taken: dict[str, Share] = {}
        self.champion.check(rows)
        for i, (arm, name) in enumerate(zip(map(self.arm_of, ids), ids, strict=True)):
            share = taken.setdefault(arm.name, Share(arm, [], [], []))
            share.places.append(i)
            share.rows.append(rows[i])
            share.ids.append(name)
        return list(taken.values())

    def _of_arm(self, share: Share, reasons: int, failed: Failed) -> Answers:
        """The answers of an arm; of the champion where the arm has none."""
        if share.arm.scorer is self.champion:
            return marked(self._of_champion(share, reasons), share.arm.name)
        answers, error = scored(share.arm.scorer, share.rows, reasons, share.ids)
        if error is None:
            return marked(answers, share.arm.name)
        left = share.left(answers)
        instead = self._of_champion(left, reasons)
        failed(share.arm, error, len(left.rows))  # not where the champion fails, too
        return share.filled(answers, instead)

    def _of_champion(self, share: Share, reasons: int) -> Answers:
        try:
            return self.champion.predict(share.rows, reasons, share.ids)
        except BadRow as error:
            raise share.told(error) from None


@dataclass(frozen=True)
class Share:
    """Rows that meet one arm.

    Parameters
    ----------
    arm : Arm
        It.
    places : list of int
        Of the rows among all.
    rows : list of mapping
        Column to value.
    ids : list of str
        Of the rows.
    """

    arm: Arm
    places: list[int]
    rows: list[Any]
    ids: list[str]

    def left(self, answers: Answers) -> Share:
        """Those rows that the arm has given no answer."""
        at = [i for i, answer in enumerate(answers) if not answer]
        return Share(self.arm, [self.places[i] for i in at], [self.rows[i] for i in at], [self.ids[i] for i in at])

    def told(self, error: BadRow) -> BadRow:
        """The faults of its rows, by their places among all."""
        return BadRow([{**problem, "row": self.places[int(str(problem["row"]))]} for problem in error.problems])

    def filled(self, answers: Answers, instead: Answers) -> Answers:
        """The arm's answers, marked, with those that the champion gave in its place."""
        spare = iter(marked(instead, FALLBACK))
        return [{**answer, "arm": self.arm.name} if answer else next(spare) for answer in answers]


def scored(scorer: Scorer, rows: Sequence[Any], reasons: int, ids: Sequence[str]) -> tuple[Answers, Exception | None]:
    """The answers of a version that may fail, an empty one where it has none, and why.

    A row that breaks its contract costs that row alone; anything else costs all of them.
    """
    try:
        return sound(scorer.predict(rows, reasons, ids), len(rows)), None
    except BadRow as error:
        bad = {problem["row"] for problem in error.problems}
        good = [i for i in range(len(rows)) if i not in bad] if bad else []
        answers, more = scored(scorer, [rows[i] for i in good], reasons, [ids[i] for i in good]) if good else ([], None)
        whole: Answers = [{}] * len(rows)
        for i, answer in zip(good, answers, strict=True):
            whole[i] = answer
        return whole, more or error
    except SystemExit as error:  # a model that ends its process would end ours
        return [{}] * len(rows), Unsound(f"It has ended itself with {type(error).__name__}. Look into the model.")
    except Exception as error:  # noqa: BLE001 - whatever a version does that is tried out, the champion answers
        return [{}] * len(rows), error


def sound(answers: Answers, rows: int) -> Answers:
    """The answers, if there is one a row, each with a number.

    Raises
    ------
    Unsound
        Otherwise.
    """
    if len(answers) != rows:
        raise Unsound(f"{rows} rows have got {len(answers)} answers. Look into the model.")
    if not all(map(_is_number, [answer["prediction"] for answer in answers])):
        raise Unsound("A prediction is no number. Look into the model.")
    return answers


def _is_number(prediction: Any) -> bool:
    return all(map(isfinite, prediction)) if isinstance(prediction, list) else isfinite(prediction)


def answered_by(answers: Sequence[dict[str, Any]], arm: str) -> Iterator[int]:
    """Places of the answers of an arm."""
    return (i for i, answer in enumerate(answers) if answer.get("arm") == arm)


def marked(answers: Answers, arm: str) -> Answers:
    """The answers, each with the arm that gave it."""
    return [{**answer, "arm": arm} for answer in answers]


def _place(row: str) -> float:
    """A number in [0, 1) that depends on the id alone."""
    return int.from_bytes(blake2b(row.encode("utf-8", "replace"), digest_size=8).digest()) / 2**64
