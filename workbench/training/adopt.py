"""The verb ``adopt``: a fitted model of somebody's own becomes a run, with a score that holds."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from workbench.core.dataset import Dataset
from workbench.core.measures import is_own
from workbench.core.nouns import expect_or_none
from workbench.core.parameters import TrainStep, take
from workbench.core.profile import Profile
from workbench.core.progress import progress
from workbench.core.run import Run, Split
from workbench.core.wording import how_many, worded
from workbench.errors import BadParameter, BadTable, BadTarget, WorkbenchError
from workbench.reading.dataset import dataset
from workbench.reading.door import roles_asked, to_learn_from
from workbench.settings import settings
from workbench.storage.pipelines import untrusted
from workbench.training.brought import (
    HOLDOUT,
    Brought,
    brought,
    check_answers,
    check_classes,
    check_clones,
    fitted_one,
    opened,
)
from workbench.training.calibrating import off_by
from workbench.training.columns import left_out
from workbench.training.costs import costs
from workbench.training.crossed import crossed
from workbench.training.crossed import of_holdout as of_holdout_alone
from workbench.training.ending import Ending, at_random
from workbench.training.evidence import evidence
from workbench.training.near_rows import near_rows
from workbench.training.plan import Plan, make_plan, with_target
from workbench.training.recording import Recorder
from workbench.training.search import Search, in_short
from workbench.training.splits import Parts, in_order
from workbench.training.telling import Outcome, of_adopted
from workbench.training.train import Judged, as_run, has_tables, profile_of, validated_counts, what_is_left_open
from workbench.training.trials import Trial, fitted, of_holdout, predicted, validated, with_intervals
from workbench.training.weighing import counting_rows, row_weights

FEWEST_HELD = 10
# Stretches of a hold-out that comes in time: what their scores differ by is in the interval.
STRETCHES = 4
GIVEN = "The hold-out was given, as rows that the pipeline has not seen: the pipeline itself is scored on them."


def adopt(
    pipeline: Any,
    data: Any = None,
    *,
    holdout: Any = None,
    target: str | None = None,
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    weight: str | None = None,
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    metric: str | Callable[..., Any] | None = None,
    split: str = "auto",
    folds: int = 3,
    seed: int = 0,
    profile: Profile | None = None,
) -> Run:
    """Take a fitted pipeline of your own as it is, and score it honestly: the run goes the whole way, as a trained one.

    With ``holdout=``, rows that it has not seen, the very pipeline is scored there. Without, nobody can know which rows
    it has seen: clones of it are fitted and scored as :func:`workbench.train` does with its candidates, on a split that
    follows from the evidence, and a finding (WB215) says that the score is of what makes such a model. What is kept,
    explained and shipped is the pipeline that came.

    Parameters
    ----------
    pipeline : fitted estimator, (str, estimator), or report
        Of scikit-learn, LightGBM, XGBoost, CatBoost, skrub, imbalanced-learn, or of their kind, with a name or called
        by the class of its last step; a search of settings stands for its best one. It takes columns of ``data`` by
        their names; fitted on numbers without names, all features in their order. An ``EstimatorReport`` of skore
        brings its test rows as the hold-out, and its training rows as the data.
    data : Dataset, or a path, frame, query or other table
        Rows like those that it was fitted on, with the target: they say what a row must look like, and what is usual.
        May be left out beside a report.
    holdout : Dataset, or a path, frame, query or other table, optional
        Rows with the target that the pipeline has not seen, at least 10. They are read as ``data`` is.
    target, time, group, id, weight, known_after, ignore : str or iterable of str, optional
        As :func:`workbench.dataset` takes them, for a table that is no dataset yet. A weight counts in the scores, and
        where clones are fitted.
    metric : str or callable, optional
        The score that is told first, as :func:`workbench.train` takes it.
    split : {"auto", "time", "group", "random"}
        How rows are held out where no hold-out is given, as :func:`workbench.train` has it.
    folds : int
        Parts of the validation where no hold-out is given, at least 2.
    seed : int
        Of everything random, 0 to 2**32 - 1.
    profile : Profile, optional
        Of ``data``, if it has been made already.

    Returns
    -------
    Run
        ``run.pipeline`` is the pipeline that came. A class is answered as the pipeline itself does: from its own
        threshold on, else from 0.5.

    Raises
    ------
    BadParameter
        If it is no fitted pipeline, does not fit the task or the classes, can't answer the rows, or can't be cloned
        where no hold-out is given.
    ColumnNotFound
        If the data lack a column that it was fitted on.
    BadTable, BadTarget
        As :func:`workbench.train`; or the hold-out has too few rows, or a class that the data have not.

    Examples
    --------
    >>> import workbench as wb
    >>> from sklearn.linear_model import LogisticRegression
    >>> data = wb.dataset("churn.csv", target="Churn")
    >>> frame = data.frame()
    >>> mine = LogisticRegression().fit(frame[["tenure", "MonthlyCharges"]], frame["Churn"])
    >>> run = wb.adopt(mine, data)
    >>> run.best.name, run.features, run.pipeline is mine
    ('LogisticRegression', ('tenure', 'MonthlyCharges'), True)
    >>> [finding.code for finding in run.findings]
    ['WB215']
    """
    report = opened(pipeline, data, holdout, target)
    name, model = fitted_one(report.model)
    step, judge = _asked(metric, split=split, folds=folds, seed=seed)
    roles = roles_asked(
        target=report.target, time=time, group=group, id=id, weight=weight, known_after=known_after, ignore=ignore
    )
    profile = expect_or_none(profile, Profile, "wb.adopt(profile=…)")
    data = to_learn_from(report.data, **roles)
    mine, seen = brought(name, model, data.contract), profile_of(data, profile)
    plan = make_plan(counting_rows(data), seen, step, {name: mine.procedure}, judge, mine.features)
    check_classes(mine.pipeline, plan.classes, str(plan.target.name))
    check_answers(mine, plan.table, plan.task, report.data if plan.contract.time is None else None)
    held = None if report.holdout is None else _held(report.holdout, data)
    if held is None:
        check_clones(mine.procedure)
    else:
        plan = _with_holdout(plan, held, seen)
    recorder = Recorder.start(data, plan.left_out, step.seed, "adopt", held)
    with recorder.watching(), threadpool_limits(settings().threads):
        trial, ending = (_of_clones if held is None else _of_itself)(plan, mine)
        metrics, ending = of_holdout(plan, trial, ending.held), replace(ending, costs=costs(plan, (trial,)))
        doubted = {n: why for n, why in left_out(data.contract, seen).items() if n in mine.features}
        not_kept = untrusted(mine.pipeline)
        outcome = Outcome(
            metrics, (), None if held is not None else what_is_left_open(plan, trial, ending.held),
            off_by(plan, trial), decided=True, not_kept=not_kept,
            tabled=bool(not_kept) and has_tables(plan, mine.pipeline),
        )  # fmt: skip
        told = of_adopted(plan, ending, seen, outcome, doubted)
        counted = None if held is not None else validated_counts(plan, trial)
        judged = Judged(outcome, told, mine.threshold if plan.task == "binary" else None, counted)
        run = as_run(plan, data, seen, Search((trial,), 0), ending, judged, recorder).bound()
        recorder.finished(run)
    return run


def _asked(metric: Any, **asked: Any) -> tuple[TrainStep, Any]:
    """What was asked for, checked, and a score of somebody's own."""
    own = is_own(metric)
    step = take(TrainStep, {"metric": None if own else metric, **asked})
    return replace(step, candidates=()), metric if own else None


def _of_clones(plan: Plan, mine: Brought) -> tuple[Trial, Ending]:
    """Scores of clones: on the folds, on the hold-out, and what rows drawn at random would promise."""
    try:
        with progress("Scoring", total=3) as tracker:
            trial = validated(plan, mine.name, {})
            assert trial is not None, "it has no rival"
            tracker.advance("folds")
            held = predicted(fitted(plan, trial, plan.parts.train), plan, mine.name, plan.parts.holdout)
            tracker.advance("hold-out")
            naive = at_random(plan, trial)
            tracker.advance("at random")
    except (WorkbenchError, MemoryError):
        raise
    except Exception as error:  # whatever somebody's own model raises is told
        raise BadParameter(f"A clone of the pipeline can't be fitted anew: {in_short(error)}. {HOLDOUT}") from error
    ending = Ending(mine.pipeline, held, len(plan.parts.train), {}, False, naive, crossed=crossed(plan, trial, held))
    return with_intervals(plan, trial), ending


def _held(holdout: Any, data: Dataset) -> Dataset:
    """The hold-out, read as the data are, with the rows whose target is known."""
    same = isinstance(holdout, Dataset) and holdout.contract == data.contract
    held = holdout if same else dataset(holdout, contract=data.contract)
    if data.contract.target not in held.names:
        raise BadTable(
            f"The hold-out has no column {data.contract.target!r}, which the pipeline predicts. Give rows with it."
        )
    if held.fingerprint == data.fingerprint:
        raise BadParameter(
            "The hold-out is the very table that was given as data. Give rows that the pipeline has not seen, or leave "
            "holdout= out: clones of it are scored then."
        )
    held = counting_rows(held)
    if held.rows < FEWEST_HELD:
        raise BadTable(f"The hold-out has {how_many(held.rows, 'row')} with a target. Give at least {FEWEST_HELD}.")
    return held


def _with_holdout(plan: Plan, held: Dataset, profile: Profile) -> Plan:
    """The plan whose hold-out is the one that was given: behind the data's own rows in its table."""
    later = with_target(held.frame(), _as_learnt(held.target, plan))
    table = pd.concat([plan.table, later], ignore_index=True)
    n, rows = len(plan.table), np.arange(len(plan.table), len(table))
    how = evidence(later, plan.contract, profile, asked=plan.step.split)
    grouped, timed = (how.by if how.kind == kind else None for kind in ("group", "time"))
    units = near_rows(later[list(plan.features)]) if grouped is None else pd.factorize(grouped)[0]
    stretches = () if timed is None else tuple(n + part for part in np.array_split(in_order(timed), STRETCHES))
    split = Split("given", 0, n, len(rows), reason=GIVEN)
    parts = Parts(np.arange(n), rows, (), split, np.concatenate([np.arange(n), n + units]), stretches)
    weights = None
    if plan.weights is not None or row_weights(held) is not None:
        pair = (plan.weights, row_weights(held))
        weights = np.concatenate([np.ones(m) if w is None else w for w, m in zip(pair, (n, len(rows)), strict=True)])
    return replace(plan, table=table, target=table[plan.target.name], parts=parts, weights=weights)


def _as_learnt(target: pd.Series, plan: Plan) -> pd.Series:
    """The target of a hold-out in the type of the data's."""
    target = target.astype(plan.target.dtype)
    strange = sorted(set(target.unique().tolist()) - set(plan.classes), key=str) if plan.classes else []
    if strange:
        raise BadTarget(
            f"The hold-out has the class {worded(strange[0])} of {target.name!r}, which the data have not. Correct it, "
            "or leave these rows out."
        )
    return target


def _of_itself(plan: Plan, mine: Brought) -> tuple[Trial, Ending]:
    """Scores of the pipeline itself, on the hold-out that was given."""
    began, rows = process_time(), plan.parts.holdout
    held = predicted(mine.pipeline, plan, mine.name, rows)
    windows = tuple((plan.target.iloc[part], held[part - rows[0]]) for part in plan.parts.stretches or (rows,))
    trial = Trial(mine.name, {}, (), process_time() - began, rows, windows, mine.pipeline, measured=True)
    trial = replace(trial, metrics=of_holdout(plan, trial, held))
    itself = of_holdout_alone(plan, held, itself=True)
    return trial, Ending(mine.pipeline, held, len(plan.parts.train), {}, False, crossed=itself)
