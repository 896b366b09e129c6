"""A policy: what a watch may do about an alarm, declared once."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass, fields
from typing import Any, ClassVar, Literal

from workbench.core.incident import KINDS, LOSSES, SERVED, kin
from workbench.core.parameters import Step, checked_value, parameter
from workbench.core.spans import span
from workbench.errors import BadParameter

WHEN, NEW, TRIAL, BACK = "When it retrains", "The new model", "Before it answers", "Going back"
STAGE = re.compile(r"(shadow|canary (\d{1,2}(?:\.\d{1,3})?)%) (\d{1,9}) (rows|windows)\Z", re.ASCII)
STAGES = ("shadow 1000 rows", "shadow 3 windows", "canary 10% 1000 rows", "canary 50% 2 windows")


@dataclass(frozen=True)
class TrialStage:
    """What a new version does before it is champion, and for how long.

    Parameters
    ----------
    name : {"shadow", "canary"}
        *shadow*: it answers beside the champion, and nobody hears it. *canary*: it answers a share of the rows.
    share : float
        Of the rows that a canary answers, in (0, 1); 0 of a shadow.
    least : int
        So many rows or windows that it has answered end the stage.
    unit : {"rows", "windows"}
        What is counted. A window is a day on which it has answered.
    """

    name: Literal["shadow", "canary"]
    share: float
    least: int
    unit: Literal["rows", "windows"]

    def __str__(self) -> str:
        share = f" {100 * self.share:g}%" if self.name == "canary" else ""
        return f"{self.name}{share} {self.least} {self.unit}"

    @classmethod
    def read(cls, text: str) -> TrialStage:
        """A stage as a policy says it.

        Raises
        ------
        BadParameter
            If it is none.

        Examples
        --------
        >>> TrialStage.read("canary 10% 2000 rows")
        TrialStage(name='canary', share=0.1, least=2000, unit='rows')
        """
        found = STAGE.match(text.strip()) if isinstance(text, str) else None
        if found is None or int(found[3]) < 1 or (found[2] and float(found[2]) <= 0):
            known = ", ".join(map(repr, STAGES))
            raise BadParameter(f"A stage is one such as {known}; got {str(text)[:60]!r}. Write it so.")
        share = round(float(found[2]) / 100, 6) if found[2] else 0.0
        return cls("canary" if found[2] else "shadow", share, int(found[3]), found[4])  # type: ignore[arg-type]  # one of


@dataclass(frozen=True)
class Policy(Step):
    """What a watch may do without being asked: retrain, compare, try, promote, go back.

    Parameters
    ----------
    train_on : str, optional
        Table of labelled rows as :func:`workbench.dataset` reads it (file, folder, glob), or a SELECT where the watch
        knows the database. Rows up to the end of the incident are trained on, where the contract has a time column;
        later ones decide. Without it nothing is retrained: the watch scores, monitors and tells.
    severity : {"alarm", "warning"}
        The least of an incident that retrains.
    kinds : tuple of str
        Kinds of incidents that retrain, such as ``("score", "drift")``; none named: all but those of the service.
        *score*, *concept* and *errors* are one: what labels say of the model.
    windows : int
        So many windows in which it has been seen, at least.
    cool_down : str
        So long after a retraining no other begins.
    a_month : int
        Retrainings within 30 days, at most.
    history : str, optional
        Rows older than so long are not trained on.
    notebook : str
        That retrains: one that comes with Workbench, or a path. It gives ``bundle``.
    fresh_rows : int
        Labelled rows that neither version has seen, at least, before they are compared.
    least_gain : float, optional
        Of the deciding score, in its unit; the whole paired interval must clear it. By default that of
        :func:`workbench.challenge`.
    level : float
        Share of intervals that hold the true difference, in (0, 1).
    patience : str
        A new version that is not decided on after so long is given up.
    stages : tuple of str
        What it does before it is champion, in this order: ``"shadow 1000 rows"``, ``"canary 10% 3 windows"``.
    approve : bool
        Whether somebody is asked before it becomes champion.
    rollback_within : str, optional
        If an incident of the kinds below begins with the new champion within this time, the one before answers again.
        Nothing: it is left to people.
    rollback_kinds : tuple of str
        Kinds of incidents that the model itself is to blame for.

    Raises
    ------
    BadParameter
        If a value is of another type, out of its range, or no time or stage.

    Examples
    --------
    >>> policy = Policy(train_on="labelled/", stages=["shadow 1000 rows", "canary 10% 3 windows"])
    >>> [str(stage) for stage in policy.trial]
    ['shadow 1000 rows', 'canary 10% 3 windows']
    """

    verb: ClassVar[str] = "Policy"
    title: ClassVar[str] = "Policy"
    gives: ClassVar[str] = "policy"

    train_on: str | None = parameter("Labelled rows to train on: a file, folder or glob.", None, group=WHEN)
    severity: str = parameter(
        "The least severity of an incident that retrains.", "alarm", choices=("alarm", "warning"), group=WHEN
    )
    kinds: tuple[str, ...] = parameter(
        "Kinds of incidents that retrain; none: all but those of the service.",
        (),
        choices=KINDS,
        alone=True,
        group=WHEN,
    )
    windows: int = parameter(
        "So many windows in which an incident has been seen, at least.", 1, minimum=1, maximum=10**6, group=WHEN
    )
    cool_down: str = parameter("So long after a retraining no other begins.", "7d", group=WHEN)
    a_month: int = parameter("Retrainings within 30 days, at most.", 2, minimum=1, maximum=1000, group=WHEN)
    history: str | None = parameter("Rows older than so long are not trained on.", None, group=NEW)
    notebook: str = parameter("The notebook that retrains.", "retrain.ipynb", group=NEW)
    fresh_rows: int = parameter(
        "Labelled rows that neither version has seen, at least.", 1000, minimum=30, maximum=10**9, group=NEW
    )
    least_gain: float | None = parameter(
        "Gain in the deciding score that the whole interval must clear.", None, minimum=0.0, group=NEW
    )
    level: float = parameter(
        "Share of intervals that hold the true difference.", 0.9, minimum=0.5, maximum=0.999, group=NEW
    )
    patience: str = parameter("A new version that is not decided on after so long is given up.", "60d", group=NEW)
    stages: tuple[str, ...] = parameter(
        "What a new version does before it is champion.", (), alone=True, examples=STAGES, group=TRIAL
    )
    approve: bool = parameter("Whether somebody is asked before it becomes champion.", True, group=TRIAL)
    rollback_within: str | None = parameter(
        "The champion before answers again if the new one fails within this time.", "14d", group=BACK
    )
    rollback_kinds: tuple[str, ...] = parameter(
        "Kinds of incidents that the model itself is to blame for.", LOSSES, choices=KINDS, alone=True, group=BACK
    )

    def __post_init__(self) -> None:
        for one in fields(self):
            value = checked_value(Policy, one.name, getattr(self, one.name))
            object.__setattr__(self, one.name, value)
        for name in ("cool_down", "history", "patience", "rollback_within"):
            if getattr(self, name) is not None:
                span(getattr(self, name))
        _ = self.trial

    @property
    def trial(self) -> tuple[TrialStage, ...]:
        """The stages, read."""
        return tuple(map(TrialStage.read, self.stages))

    def retrains_on(self, severity: str, kind: str, windows: int = 1) -> bool:
        """Whether an incident of that severity and kind, seen in so many windows, is one to retrain for.

        >>> Policy(train_on="t.csv", kinds=("score",)).retrains_on("alarm", "drift")
        False
        >>> [Policy(train_on="t.csv").retrains_on("alarm", kind) for kind in ("drift", "latency")]
        [True, False]
        """
        grave = (severity == "alarm" or self.severity == "warning") and windows >= self.windows
        named = kin(kind) in map(kin, self.kinds) if self.kinds else kind not in SERVED
        return self.train_on is not None and grave and named

    def goes_back_on(self, kind: str) -> bool:
        """Whether an incident of that kind is one that the champion itself is to blame for.

        >>> Policy(rollback_kinds=("concept",)).goes_back_on("score")
        True
        """
        return kin(kind) in map(kin, self.rollback_kinds)

    def asked(self) -> dict[str, Any]:
        """What differs from the defaults, as plain JSON."""
        defaults = asdict(Policy())
        differing = {name: value for name, value in asdict(self).items() if value != defaults[name]}
        return {name: list(value) if isinstance(value, tuple) else value for name, value in differing.items()}

    def words(self) -> str:
        """It in one sentence.

        >>> Policy().words()
        'Nothing is retrained: the policy names no table to train on.'
        """
        if self.train_on is None:
            return "Nothing is retrained: the policy names no table to train on."
        kinds = f" of {', '.join(self.kinds)}" if self.kinds else ""
        grave = "An alarm" if self.severity == "alarm" else "A warning or an alarm"
        gain = "" if self.least_gain is None else f" by more than {self.least_gain:g}"
        grave += f" of {self.windows} windows or more" if self.windows > 1 else ""
        steps = [f"retrains on {self.train_on}", f"the new version must win{gain}", *self.stages]
        end = "somebody approves" if self.approve else "it becomes champion"
        back = f"; a loss within {self.rollback_within} goes back" if self.rollback_within else ""
        limits = f"at most {self.a_month} in 30 days, {self.cool_down} apart"
        return f"{grave}{kinds} {', then '.join(steps)}, then {end}{back}; {limits}."
