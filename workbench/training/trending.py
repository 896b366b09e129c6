"""What goes on beyond the rows that were seen: columns that follow the clock, and a line below the trees.

Both are for rows in time, and only where rows that came later say that they pay: on every fold, and by more than
chance.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from time import process_time
from typing import Any

import numpy as np
from sklearn.pipeline import Pipeline

from workbench.core.contract import NUMERIC, Contract
from workbench.core.metric import Metric
from workbench.core.progress import Tracker, progress
from workbench.core.run import Run
from workbench.errors import WorkbenchError
from workbench.tables.trended import TrendRegressor
from workbench.training.budget import Clock, Deadline, OutOfTime, ahead
from workbench.training.candidates import MODELS, Columns, Model, Settings, member_settings
from workbench.training.columns import REASONS, ROLES
from workbench.training.growing import Growing
from workbench.training.plan import LINE, TREES, TREND, Plan, may_drift
from workbench.training.search import Search, first_settings
from workbench.training.splits import parts
from workbench.training.trials import Trial, Window, falls_behind, fitted, predicted, scored_so_far, tied, validated

# What runs of before were asked for that do not say it.
OLDER = {"trend": "none"}
# Why a column was left out that may be a feature after all.
CLOCKS = frozenset({ROLES["time"], REASONS["WB117"]})


@dataclass(frozen=True)
class Looked:
    """What came of a look at the columns that follow the clock.

    Parameters
    ----------
    columns : tuple of str
        That are features.
    without, with_them : Metric, optional
        The best score of the first settings without them, and with them.
    trials : mapping of (str, str) to Trial
        By candidate and setting: those of the plan that was kept, which need not be done again.
    stopped : bool
        Whether somebody pressed Ctrl-C.
    names : tuple of str
        Candidates that it rests on; none where it was not done.
    late : bool
        Whether the budget was too short for it.
    """

    columns: tuple[str, ...] = ()
    without: Metric | None = None
    with_them: Metric | None = None
    trials: dict[tuple[str, str], Trial] = field(default_factory=dict)
    stopped: bool = False
    names: tuple[str, ...] = ()
    late: bool = False


def clocked(plan: Plan, clock: Clock | None = None) -> tuple[Plan, Looked]:
    """The plan with the columns that follow the clock as features, where that pays.

    A date that says when each row is also says which month, weekday and hour it was, how long it is since another date,
    and how far time has gone on. Its own values to come are never seen in training, so it is a feature only where what
    was fitted before answers rows that came later better with it than without.

    Of dates all are looked at together; of numbers that rise with the rows where there is no date. Where a budget of
    time is too short, the plan is one that looks for nothing that goes on.
    """
    names = clocks(plan)
    tried = _to_try(plan) if plan.step.trend == "auto" and plan.parts.split.kind == "time" and names else {}
    if not tried:
        return plan, Looked()
    other, before = with_clocks(plan, names), {}
    clock = clock or Clock(None)
    most = ahead(plan).at_most(clock, "", 0.0, len(tried))
    try:
        with progress("Looking at the clock", total=2 * len(tried)) as tracker:
            before = _tried(plan, tried, tracker, clock.deadline(most / 2))
            rival = _best(before)
            after = {} if rival is None else _tried(other, tried, tracker, clock.deadline(most / 2), rival)
    except KeyboardInterrupt:
        return plan, Looked(stopped=True)
    except OutOfTime:
        return plan.without((TREND,)), Looked(trials=before, late=True)
    best, looked = _best(after), tuple(tried)
    if rival is None or best is None or tied(other, best, rival):
        return plan, Looked(trials=before, names=looked)
    return other, Looked(names, rival.metrics[0], best.metrics[0], after, names=looked)


def clocks(plan: Plan) -> tuple[str, ...]:
    """Columns that follow the clock and may be features: dates, else numbers."""
    left = [name for name, why in plan.left_out.items() if why in CLOCKS]
    dates = tuple(name for name in left if plan.contract[name].kind == "datetime")
    return dates or tuple(name for name in left if plan.contract[name].kind in NUMERIC)


def with_clocks(plan: Plan, names: Sequence[str]) -> Plan:
    """The plan with these columns as features; equal rows are found with them, too."""
    features = tuple(name for name in plan.contract.names if name in plan.features or name in names)
    split = parts(
        plan.table, plan.contract, plan.task, plan.step.folds, plan.seed, features, plan.how, plan.step.gap
    )  # fmt: skip
    return replace(
        plan, features=features, parts=split, numbered=plan.numbered.beside(plan.table[list(names)], features),
        contract=plan.contract.set_role("feature", names),
        left_out={name: why for name, why in plan.left_out.items() if name not in names},
    )  # fmt: skip


def as_given(run: Run) -> Contract:
    """The contract of a run with the column that somebody named as the time in that role, though it is a feature."""
    split = run.split
    named = split.kind == "time" and not split.found and split.column in run.features
    return run.contract.set_role("time", (str(split.column),)) if named else run.contract


def with_those_of(plan: Plan, run: Run) -> Plan:
    """The plan with the columns that follow the clock and are features of a run."""
    names = tuple(name for name in clocks(plan) if name in run.features)
    return with_clocks(plan, names) if names else plan


def _to_try(plan: Plan) -> dict[str, Settings]:
    """The line and the trees by their first settings; where neither is a candidate, the first of ours that looks."""
    first = {name: one for name, one in first_settings(plan) if plan.models[name] is MODELS.get(name)}
    first.pop("baseline", None)
    return {name: first[name] for name in (LINE, TREES) if name in first} or dict(list(first.items())[:1])


def _tried(
    plan: Plan, tried: Mapping[str, Settings], tracker: Tracker, deadline: Deadline, rival: Trial | None = None
) -> dict[tuple[str, str], Trial]:
    """Candidates on the folds, by name and setting, without those that a rival leaves behind.

    Nor those that can't be fitted: the search will tell.
    """
    found = {}
    for name, settings in tried.items():
        try:
            trial = validated(plan, name, settings, rival, deadline.check)
        except (WorkbenchError, MemoryError, OutOfTime):
            raise
        except Exception:  # of a library: any
            logging.getLogger(__name__).info("The candidate %s failed.", name, exc_info=True)
            trial = None
        if trial is not None:
            found[name, repr(settings)] = trial
        tracker.advance(name)
    return found


def _best(trials: Mapping[tuple[str, str], Trial]) -> Trial | None:
    return max(trials.values(), key=lambda trial: trial.quality, default=None)


def trended(plan: Plan, found: Search) -> tuple[Plan, Search]:
    """The plan and the search with a line and trees on what it leaves beside the candidates, where that is best.

    It is validated as they are: fitted on each fold, scored on what the fold leaves. Where a target drifts, or a column
    that it goes with, rows to come have numbers that no tree has seen: of New York's weather, the temperature by the
    dew point, the wind and the rest, LightGBM misses by 0.94 degrees, the line by 1.44, both together by 0.35.
    """
    members = {trial.name: trial for trial in found.tried if trial.name in (LINE, TREES)}
    if not may_drift(plan) or found.untried or len(members) < 2:
        return plan, found
    other = replace(plan, models={**plan.models, TREND: MODEL})
    began = process_time()
    try:
        with progress("A line below the trees", total=1) as tracker:
            settings = _together(plan, members, found.best)
            trial = None if settings is None else validated(other, TREND, settings, found.best)
            tracker.advance(TREND)
    except KeyboardInterrupt:
        return plan, replace(found, untried=1)
    except (WorkbenchError, MemoryError):
        raise
    except Exception:  # of a library: any; nobody asked for it, and the others are there
        logging.getLogger(__name__).info("The line below the trees failed.", exc_info=True)
        return plan, found
    if trial is None or tied(plan, trial, found.best):
        return plan, found
    trial = replace(trial, seconds=sum(member.seconds for member in members.values()) + process_time() - began)
    return other, replace(found, tried=(trial, *found.tried))


def _together(plan: Plan, members: Mapping[str, Trial], rival: Trial) -> Settings | None:
    """The settings of both by ``member__setting``; how many trees, the folds say of what the line leaves.

    None where a rival is better on the first fold alone, or is no worse but by chance on all of them.
    """
    line, trees = members[LINE], members[TREES]
    _, first = _grown(plan, line, trees, plan.parts.folds[:1])
    if falls_behind(plan, scored_so_far(plan, replace(line, windows=first)), rival):
        return None
    many, windows = _grown(plan, line, trees, plan.parts.folds)
    if tied(plan, scored_so_far(plan, replace(line, windows=windows)), rival):
        return None
    settings = trees.settings | {"n_estimators": many}
    of_line = {f"{LINE}__{name}": value for name, value in line.settings.items()}
    return of_line | {f"{TREES}__{name}": value for name, value in settings.items()}


def _grown(plan: Plan, line: Trial, trees: Trial, folds: Sequence[Any]) -> tuple[int, tuple[Window, ...]]:
    """How many trees there should be on what a line leaves of some folds, and what both answer there."""
    left = [_left(plan, line, fit) for fit, _ in folds]
    encode = plan.to_fit(TREES, {})
    grown = Growing(encode, plan.numbered.table, plan.labels, 0, folds, plan.weights, left=left).grow(trees.settings)
    answers = (
        plan.labels[rows] - rest[rows] + told
        for (_, rows), rest, told in zip(folds, left, grown.predictions, strict=True)
    )
    return grown.trees, tuple((plan.target.iloc[rows], told) for (_, rows), told in zip(folds, answers, strict=True))


def _left(plan: Plan, line: Trial, rows: Any) -> Any:
    """What a line that was fitted on some rows leaves of all; shape (n,)."""
    return plan.labels - predicted(fitted(plan, line, rows), plan, LINE, np.arange(len(plan.table)))


def _made(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    line, trees = (MODELS[name].make(columns, classes, member_settings(settings, name), seed) for name in (LINE, TREES))
    return Pipeline([("model", TrendRegressor(line, trees))])


MODEL = Model(_made, takes_words=True)
