"""The method ``Run.choose``: another row of the leaderboard becomes the run's model."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.calibration import CalibratedClassifierCV
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits

from workbench.core.contract import Contract
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding, sort
from workbench.core.measures import OURS
from workbench.core.metric import metric_name, short
from workbench.core.parameters import TrainStep, take
from workbench.core.run import Candidate, Run
from workbench.core.wording import listed
from workbench.errors import BadParameter, BadTable, BadTarget
from workbench.reading.dataset import dataset
from workbench.reading.door import to_learn_from
from workbench.settings import settings
from workbench.training.calibrating import calibrated
from workbench.training.candidates import MODELS, Columns, Model, Settings
from workbench.training.columns import ROLES, suspicious
from workbench.training.costs import costs
from workbench.training.ending import end
from workbench.training.ensembling import STACK
from workbench.training.plan import Plan, make_plan
from workbench.training.probes import selected
from workbench.training.recording import Recorder, undisturbed
from workbench.training.search import Search
from workbench.training.train import made, profile_of
from workbench.training.trending import OLDER, as_given, with_those_of
from workbench.training.trials import validated
from workbench.training.weighing import counting_rows

# How far the validated score may be from the leaderboard's, for another processor's last digits.
ALIKE = 1e-6
GIVE = "Give the dataset that wb.train was given: run.choose(name, data=data)."


def choose(run: Run, candidate: str, *, data: Any = None) -> Run:
    """Keep another candidate of the leaderboard: it is scored on the same hold-out and fitted on all rows.

    Parameters
    ----------
    run : Run
        The training.
    candidate : str
        Name of the row.
    data : Dataset, or a path, frame, query or other table, optional
        What it was trained on; by default the file that it was read from.

    Returns
    -------
    Run
        A run of its own in MLflow.

    Raises
    ------
    BadParameter
        If there is no such candidate, its estimator or its score were not kept, or the data or what comes of them are
        others than those of the training.
    BadTable
        If the file that it was trained on is gone.
    """
    row = _row(run, candidate)
    if row is run.best:
        return run
    rows = _data(run, data)
    known, seen = counting_rows(rows), profile_of(rows, None)
    plan = _same_plan(run, row, known, seen)
    recorder = Recorder.start(rows, plan.left_out, plan.seed, "choose", of=run.id)
    with recorder.watching(), threadpool_limits(settings().threads):
        plan, found = _validated_again(plan, row)
        ending = end(plan, found, suspicious(seen, plan.features))
        ending = replace(ending, costs=costs(plan, found.tried))
        with undisturbed():
            chosen = _as_chosen(run, row, made(plan, rows, seen, found, ending, recorder)).bound()
            recorder.finished(chosen)
    return chosen


def planned_again(run: Run, data: Any = None) -> Plan:
    """The plan of a training with its kept candidate alone.

    Raises
    ------
    BadParameter, BadTable
        As :func:`choose`.
    """
    row, rows = _row(run, run.best.name), _data(run, data)
    return _same_plan(run, row, counting_rows(rows), profile_of(rows, None))


def _row(run: Run, name: str) -> Candidate:
    named = {row.name: row for row in run.candidates}
    if name not in named:
        raise BadParameter.unknown(name, tuple(named), "The leaderboard")
    if not run.folds:
        raise BadParameter(
            f"The run {run.id} does not say on which rows its candidates were validated: it is of an older version, or "
            "nothing was validated here. Train with wb.train(data, …)."
        )
    return named[name]


def _data(run: Run, data: Any) -> Dataset:
    """The rows that the run was trained on."""
    if data is None:
        if not Path(run.source).is_file():
            raise BadParameter(f"The run was trained on {run.source!r}, which is no file here. {GIVE}")
        data = dataset(run.source, contract=_as_given(run))
    rows = to_learn_from(data, target=run.contract.target)
    if rows.fingerprint != run.fingerprint:
        raise BadParameter(f"The data is another table than the run was trained on, or was read otherwise. {GIVE}")
    return rows


def _as_given(run: Run) -> Contract:
    """The contract before the training set columns aside: what it found stands no more in the way of finding it."""
    contract = as_given(run)
    found = [name for name, why in run.left_out.items() if contract[name].role == "ignored" and why != ROLES["ignored"]]
    if run.split.found and run.split.column is not None:
        found.append(run.split.column)
    return contract.set_role("feature", found)


def _same_plan(run: Run, row: Candidate, known: Dataset, seen: Any) -> Plan:
    """The plan of the training, with this candidate alone.

    Raises
    ------
    BadParameter
        If it does not come out as it did.
    """
    own = row.name not in MODELS
    if own and row.name not in run.unfitted:
        raise BadParameter(
            f"The candidate {row.name!r} is somebody's own, and was not kept with the run. Train with it alone: "
            "wb.train(data, candidates=[…])."
        )
    try:
        plan = make_plan(known, seen, _step(run, () if own else (row.name,)), {} if own else None)
        plan, _ = selected(with_those_of(plan, run))
    except (BadTable, BadTarget) as error:
        raise BadParameter(f"The training can't be planned as it was: {error} {GIVE}") from error
    if plan.features != run.features or plan.parts.split != run.split or not _are(plan.parts.folds, run.folds):
        raise BadParameter(f"The split or the columns come out otherwise than in the training. {GIVE}")
    plan = replace(plan, left_out=run.left_out)
    return _with_kept(plan, run, row.name) if own else plan


def _step(run: Run, candidates: tuple[str, ...]) -> TrainStep:
    """What the training was asked for, or what is known of it where somebody's own estimator was part of it."""
    if run.asked:
        return replace(take(TrainStep, OLDER | run.asked), candidates=candidates, trials=None, budget=None)
    metric = run.candidates[0].metrics[0].name
    if metric not in OURS:
        raise BadParameter(
            f"The candidates were compared by a score of somebody's own, {metric!r}, which is not kept with the run. "
            "Train with the candidate alone: wb.train(data, candidates=[…], metric=…)."
        )
    split = "auto" if run.split.found or run.split.kind == "random" else run.split.kind
    known = {"metric": metric, "split": split, "folds": run.split.folds, "seed": run.seed}
    return replace(take(TrainStep, known | _calibration(run)), candidates=candidates)


def _calibration(run: Run) -> dict[str, str]:
    """By what the best one was calibrated, if it was."""
    last = run.unfitted[run.best.name][-1] if run.thirds and run.best.name in run.unfitted else None
    return {"calibration": last.method} if isinstance(last, CalibratedClassifierCV) else {}


def _with_kept(plan: Plan, run: Run, name: str) -> Plan:
    """The plan with a candidate as it was kept: somebody's own, one with its calibrator, or models of models."""
    unfitted = run.unfitted[name]
    is_calibrated = bool(run.thirds) and isinstance(unfitted[-1], CalibratedClassifierCV)

    def make(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
        return clone(unfitted)

    model = Model(make, takes_words=True, cross_fits=is_calibrated or name == STACK)
    step = replace(plan.step, calibration="none") if is_calibrated else plan.step
    return replace(plan, models={name: model}, step=step)


def _are(folds: Any, kept: Any) -> bool:
    pairs = zip(folds, kept, strict=False)
    same = (np.array_equal(one, other) for pair in pairs for one, other in zip(*pair, strict=True))
    return len(folds) == len(kept) and all(same)


def _validated_again(plan: Plan, row: Candidate) -> tuple[Plan, Search]:
    """The candidate on the folds, calibrated where that was asked for: there it says how it decides.

    Raises
    ------
    BadParameter
        If it scores otherwise than on the leaderboard.
    """
    model = plan.models[row.name]
    folds_say = {"n_estimators"} if model.grows else {model.library.count} if model.library else set()
    trial = validated(plan, row.name, {k: v for k, v in row.parameters.items() if k not in folds_say})
    assert trial is not None, "it has no rival"
    plan, found = calibrated(plan, Search((trial,), 0))
    then, now = row.metrics[0].value, [one.metrics[0].value for one in (trial, found.best)]
    if min(abs(one - then) for one in now) > ALIKE * max(1.0, abs(then)):
        raise BadParameter(f"{row.name} scores {short(now[0])} where the leaderboard has {short(then)}. {GIVE}")
    return plan, found


def _as_chosen(run: Run, row: Candidate, chosen: Run) -> Run:
    """The new run with the rest of the leaderboard, and with what choosing does to its score."""
    looked = tuple(dict.fromkeys((*(run.chosen or (run.best.name,)), row.name)))
    looked = (*(name for name in looked if name != row.name), row.name)
    mine = replace(chosen.best, tied=False)
    others = (replace(c, tied=_as_good(run, row, c)) for c in run.candidates if c.name != row.name)
    return replace(
        chosen, candidates=(mine, *others), asked=run.asked, trials=run.trials, costs={**run.costs, **chosen.costs},
        unfitted={**run.unfitted, **chosen.unfitted}, chosen=looked,
        findings=sort([*chosen.findings, *_by_hand(run, row, looked)]),
    )  # fmt: skip


def _as_good(run: Run, row: Candidate, other: Candidate) -> bool:
    """What was found of the best one and this one holds of both."""
    return row.tied and other is run.best and not run.chosen


def _by_hand(run: Run, row: Candidate, looked: tuple[str, ...]) -> list[Finding]:
    score = row.metrics[0]
    name, sign = metric_name(score.name), 1 if score.larger_is_better else -1
    best = max((c for c in run.candidates if c.metrics), key=lambda c: sign * c.metrics[0].value)
    apart = "" if best is row else f", where {best.name} has {short(best.metrics[0].value)}"
    message = (
        f"{row.name} was chosen by hand: validated {name} {short(score.value)}{apart}. The hold-out has scored "
        f"{listed(looked)} by now: choose by validated scores, for who takes the best on the hold-out is flattered."
    )
    return [Finding("WB220", "info", message)]
