"""The verb ``train``."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from workbench.core.contract import NUMERIC, Role
from workbench.core.dataset import Dataset
from workbench.core.evaluation import Evaluation, Learned
from workbench.core.finding import Finding
from workbench.core.group_choices import MOST_VALUES
from workbench.core.loss import SQUARED
from workbench.core.measures import is_ours, is_own
from workbench.core.metric import Metric
from workbench.core.nouns import expect_or_none
from workbench.core.parameters import TrainStep, seconds, take
from workbench.core.profile import Profile
from workbench.core.run import Candidate, Run, first_answers
from workbench.core.seen_rows import SeenRows
from workbench.core.thresholds import Thresholds
from workbench.core.uncertainty import Uncertainty
from workbench.errors import BadParameter
from workbench.kernels.kept import keep_ahead
from workbench.profiling.profile import profile as make_profile
from workbench.profiling.profile import profile_columns
from workbench.reading.door import roles_asked, to_learn_from
from workbench.settings import in_kernel, settings
from workbench.storage.pipelines import untrusted
from workbench.training.budget import Clock
from workbench.training.calibrating import calibrated, off_by
from workbench.training.candidates import MODELS
from workbench.training.chunking import chunks_of, predictions_column
from workbench.training.columns import suspicious
from workbench.training.conformal import uncertainty
from workbench.training.costs import costs
from workbench.training.crossed import Crossed
from workbench.training.crossed import of_holdout as of_holdout_alone
from workbench.training.ending import Ending, end
from workbench.training.ensembling import ensembled
from workbench.training.estimating import estimation_of
from workbench.training.evaluating import evaluate, share_below
from workbench.training.journal import Journal
from workbench.training.learning import doubled
from workbench.training.learning import learning_curve as learning_curve_of
from workbench.training.numbered import in_words
from workbench.training.ordering import ordered
from workbench.training.own import sorted_out
from workbench.training.plan import TREND, Plan, make_plan, with_target
from workbench.training.probes import Selected, selected
from workbench.training.recording import Recorder, tables_of, undisturbed
from workbench.training.remembered import remembered
from workbench.training.search import Search, search
from workbench.training.telling import Outcome, findings
from workbench.training.trending import Looked, clocked, trended
from workbench.training.trials import Trial, of_holdout, tied, with_intervals
from workbench.training.weighing import class_weight_asked, counting_rows

if TYPE_CHECKING:
    from workbench.core.run import Folds

# Rows of the hold-out that a run keeps: enough for golden rows, explanations and intervals.
MOST_BACKGROUND = 1000
MOST_KEPT = 20_000
# Roles of columns beside the features that are kept with the hold-out where they make groups.
GROUPS_BESIDE: tuple[Role, ...] = ("feature", "ignored", "known_after", "group")


def train(
    data: Any,
    *,
    target: str | None = None,
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    weight: str | None = None,
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    candidates: Iterable[Any] = ("baseline", "linear", "lightgbm"),
    metric: str | Callable[..., Any] | None = None,
    loss: str = "auto",
    split: str = "auto",
    gap: str | None = None,
    trend: str = "auto",
    trials: int | None = None,
    budget: str | None = None,
    threshold: str | float = "f1",
    ensemble: str = "none",
    calibration: str = "none",
    class_weight: str | Mapping[Any, float] | None = None,
    feature_selection: str = "none",
    learning_curve: bool = False,
    folds: int = 3,
    seed: int = 0,
    profile: Profile | None = None,
    resume: bool = False,
) -> Run:
    """Fit candidates, compare them honestly and keep the best.

    A fifth of the rows (the latest, where rows come in time; whole groups, where rows belong together) is held out and
    scored once, at the end. Candidates are compared by their validated predictions on the others, in time order too.
    Whether rows come in time or belong together is what the dataset's roles say, or else what the rows themselves do:
    ``run.split.reason`` has it in words, ``run.at_random`` the score that rows drawn at random would have promised.
    Columns that identify a row, follow the clock or give the target away are left out, with the reason. The best
    candidate is fitted on all rows at last. The same data and seed give the same predictions.

    Parameters
    ----------
    data : Dataset, or a path, frame, query or other table
        A dataset with a target, or what :func:`workbench.dataset` makes one of. Rows without a target value are not
        used.
    target, time, group, id, weight, known_after, ignore : str or iterable of str, optional
        As :func:`workbench.dataset` takes them, for a table that is no dataset yet. A dataset gets the target that it
        lacks, and never another one than it has. A weight counts in every fit (of models that take
        ``sample_weight``; another one is told, WB218) and in every score, interval, threshold and calibration.
    candidates : iterable of str, estimator, or (str, estimator)
        Models to try: ``baseline``, ``linear``, ``lightgbm``, ``boosting`` (scikit-learn's), ``xgboost`` and
        ``catboost`` (where they are installed: ``ml-workbench[xgboost]``, ``[catboost]``), ``forest``, and any
        estimator of scikit-learn's kind, with a name or called by its class. A pipeline gets the feature columns as
        they are; another estimator gets numbers (categories one-hot, gaps filled, scaled). Where one fails, the others
        go on, and a finding (WB208) says why.
    metric : str or callable, optional
        The score that decides: ``roc_auc``, ``log_loss``, ``average_precision``, ``accuracy``, ``balanced_accuracy``,
        ``rmse``, ``mae``, ``r2``, ``poisson_deviance``, ``pinball`` (of the loss's quantile), ``quadratic_kappa`` and
        ``rank_mae`` (classes in an order: by the squared, or the mean, difference of ranks), or another of
        ``sklearn.metrics.get_scorer_names()``; a scorer; or a function of true and predicted values, as
        :func:`workbench.core.measures.measure` calls it. By default ROC AUC for two classes, log loss for more,
        quadratic weighted kappa for those in an order (where a candidate ``ordinal`` asks for each boundary), RMSE for
        numbers, and where a loss is asked for the score that goes with it.
    loss : {"auto", "squared", "absolute", "poisson"} or "quantile 0.9"
        Numbers: what our candidates are fitted by, and so what they predict. *squared*: the mean. *absolute*: the
        median. *poisson*: the mean of a count, on a log scale, never below 0. *quantile 0.9*: the number that nine in
        ten rows lie below, with any level in (0, 1); a finding (WB227) says where clearly more or fewer of the held-out
        rows do. *auto*: *poisson* for counts of a few things (WB225), else *squared*. Lines through medians and
        quantiles are fitted to up to 10,000 rows, and ``forest`` has no such loss.
    split : {"auto", "time", "group", "random"}
        How rows are held out. *auto*: by the time or the group of the dataset; where it has neither, by what the rows
        show. *time*: later rows, by the dates that are there, else as the rows come. *group*: whole groups. *random*:
        drawn at random, which is right where rows to come will be like these.
    gap : str, optional
        In time: how long it takes until a row's outcome is known, such as ``"7d"``, ``"12h"`` or ``"24 rows"``. Rows
        that close before those that are scored are not fitted on, for their outcome would not have been known.
    trend : {"auto", "none"}
        In time: whether to look for what goes on beyond the rows that were seen. *auto*: a date that says when each row
        is becomes a feature (its months, weekdays and hours, its days, the days between it and other dates), and of
        numbers a row ``trend`` joins the leaderboard: ``linear``, and ``lightgbm`` on what it leaves, for trees
        alone can't answer beyond what they have seen. Each only where later rows say so on every fold and by more
        than chance (WB222, WB223). *none*: what follows the clock stays left out.
    trials : int, optional
        Settings of gradient boosting to try, at least 1; the first are good defaults, and those that fall behind the
        best on the folds so far are stopped. By default 3 of up to 10,000 rows and a million values, where they matter
        most, and 1 of more.
    budget : str, optional
        Time that the training may take, such as ``"60s"`` or ``"10min"``: further settings of boosting are tried, at
        most ``trials`` or 200, as long as they and what follows are likely to end in time. A setting that takes longer
        is given up. Where the first one of a candidate does not end in time, the candidate is left out, and a finding
        (WB229) says so; the first candidate is fitted in any case. ``run.asked`` says what was tried, and gives the
        same run again without a clock.
    threshold : str or float
        Two classes: the rule by which the threshold is chosen on the validated rows: ``"f1"``, ``"recall >= 0.9"``,
        ``"precision >= 0.8"``, ``"top 5%"``, ``"cost 1:10"`` (a false alarm costs 1, a missed one 10), or the threshold
        itself. ``run.decide`` chooses another one afterwards; where none fulfils the rule, a finding (WB212) says so.
    ensemble : {"none", "blend", "stack"}
        What is made of the candidates together, as one more row of the leaderboard. *blend*: the weighted mean of their
        answers, with the weights that validated best (a candidate may get none; where one is best alone, there is no
        blend). *stack*: a linear model on what they answer to rows that they were not fitted on. It costs one more fit
        of each on each fold, for a stack four.
    calibration : {"none", "auto", "sigmoid", "isotonic"}
        Classes: whether a calibrator stands behind the best candidate, fitted on predictions of rows that it had not
        seen. *sigmoid*: two parameters; *isotonic*: any rising curve. *auto*: the better of both where it lowers the
        validated log loss by more than chance, else none. It costs four fits for each one. A finding (WB214) says
        where probabilities are off.
    class_weight : "balanced" or mapping of class to number, optional
        Classes: how much the rows of each count in the fits, as in scikit-learn; scores count them as they come.
        *balanced*: all classes together the same. By default all rows the same, which is right where probabilities
        are to mean what they say, and where a threshold decides (``threshold="cost 1:10"``): that deals with rare
        classes without distorting anything. With weights, probabilities of the classes that count more are too large
        (WB219); ``calibration=`` sets them right. They help where the class that is most probable is answered, as with
        several classes. Of 20,200 rows of adult.csv with one positive in a hundred, a threshold by cost 1:50 cost
        LightGBM 1,100 without and 1,167 with balanced classes, the linear model 1,156 and 1,237 (mean of 3 seeds).
    feature_selection : {"none", "probes"}
        *probes*: columns that tell no more than shuffled copies of themselves are left out, with what they would have
        brought (WB221). They are found on the rows that each fold fits on, never on the hold-out; dates stay.
    learning_curve : bool
        Whether the best candidate is fitted on an eighth, a quarter and half of the rows too, and scored on the
        hold-out: ``run.evaluation.learned``, and ``run.evaluation.doubled``, what twice the rows would bring.
    folds : int
        Parts of the validation, at least 2.
    seed : int
        Of everything random, 0 to 2**32 - 1.
    profile : Profile, optional
        Of ``data``, if it has been made already; its findings decide what is left out.
    resume : bool
        Go on where the same training was killed or stopped: trials that had ended are not done again, and the run is
        equal to one that nobody stopped. Own estimators and own scores are tried again.

    Returns
    -------
    Run
        An MLflow run with one child run for each candidate. Stopped with Ctrl-C at any moment, it is a run that can be
        used, with the best model so far; a finding (WB207) says what was not done.

    Raises
    ------
    BadTable
        If there is no target, there are too few rows, no feature is left, a column has an infinite number, or groups
        are asked for and there are none.
    BadTarget
        If fewer than two classes have enough rows to validate on (rarer ones of several are left out, with a finding,
        WB226), or a loss for counts is asked for a target below 0.
    BadParameter
        If a parameter is unknown or out of its range, a loss is asked for classes, or the dataset has another target.
    ColumnNotFound
        If a named column is not in the table.
    MissingExtra
        If a candidate's library is not installed.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["baseline", "linear"])
    >>> run.best.name, run.metrics[0].name, run.left_out
    ('linear', 'roc_auc', {'customer': 'identifies the row'})
    >>> wb.train("churn.csv", target="Churn", candidates=["baseline"]).best.name
    'baseline'

    An own estimator, and an own score:

    >>> from sklearn.metrics import fbeta_score, make_scorer
    >>> from sklearn.naive_bayes import GaussianNB
    >>> f2 = make_scorer(fbeta_score, beta=2)
    >>> run = wb.train("churn.csv", target="Churn", candidates=["baseline", GaussianNB()], metric=f2)
    >>> run.best.name, run.metrics[0].name
    ('GaussianNB', 'fbeta_score')
    """
    names, own = sorted_out(candidates)
    ours = None if is_own(metric) else metric
    asked = {
        "metric": ours,
        "loss": loss,
        "split": split,
        "gap": gap,
        "trend": trend,
        "trials": trials,
        "budget": budget,
        "folds": folds,
        "seed": seed,
    }
    asked |= {"threshold": str(threshold), "ensemble": ensemble, "calibration": calibration}
    asked |= {"learning_curve": learning_curve, "class_weight": class_weight_asked(class_weight)}
    asked |= {"feature_selection": feature_selection}
    step = take(TrainStep, ({"candidates": names} if names or not own else {}) | asked)
    step = replace(step, candidates=step.candidates if names else ())
    clock = Clock(seconds(step.budget))
    roles = roles_asked(
        target=target, time=time, group=group, id=id, weight=weight, known_after=known_after, ignore=ignore
    )
    profile = expect_or_none(profile, Profile, "wb.train(profile=…)")
    data = to_learn_from(data, **roles)
    known = counting_rows(data)
    seen = profile_of(data, profile)
    planned, looked = clocked(make_plan(known, seen, step, own, metric if ours is None else None), clock)
    plan, probed = selected(planned)
    journal = Journal(plan, data.fingerprint)
    if not resume:
        journal.clear()
    recorder = Recorder.start(data, plan.left_out, step.seed)
    clock.write = recorder.write
    with recorder.watching(), threadpool_limits(settings().threads):
        suspects, done = suspicious(seen, plan.features), looked.trials if plan is planned else {}
        certain = looked.names if looked.columns else ()
        found = search(plan, journal, clock, done, looked.stopped, certain, len(suspects))
        plan = plan.without({*found.late, *((TREND,) if found.late and looked.names else ())})  # it rests on them
        again = _asked(plan, found)
        plan, found = calibrated(*ensembled(*ordered(*trended(plan, found))))
        ending = end(plan, found, suspects)
        ending = replace(ending, costs=costs(plan, found.tried))
        learned = learning_curve_of(plan, found.best) if step.learning_curve and not ending.stopped else ()
        with undisturbed():
            run = replace(made(plan, data, seen, found, ending, recorder, probed, looked), asked=again)
            run = replace(run, evaluation=_with_curve(run, learned)).bound()
            recorder.finished(run)
            if not ending.stopped:
                journal.clear()
    if in_kernel():
        keep_ahead()  # what comes next in a notebook is wb.explain
    return run


def profile_of(data: Dataset, profile: Profile | None) -> Profile:
    """The profile that was given, if it is of the data, or one that is made."""
    if profile is not None and profile.fingerprint != data.fingerprint:
        raise BadParameter(
            "The profile is of another table than the data. Make it with wb.profile(data), or leave it out."
        )
    return profile or make_profile(data)


def made(
    plan: Plan,
    data: Dataset,
    profile: Profile,
    found: Search,
    ending: Ending,
    recorder: Recorder,
    probed: Selected | None = None,
    looked: Looked | None = None,
) -> Run:
    """The run of what was found and fitted, with what is told of it; it is not bound to its model yet."""
    best, *others = (with_intervals(plan, t) for t in found.tried)
    found = replace(found, tried=(replace(best, settings=ending.settings), *others))
    equal = [trial.name for trial in found.tried[1:] if tied(plan, found.best, trial)]
    metrics = of_holdout(plan, found.best, ending.held)
    words = plan.models[found.best.name].takes_words if found.best.name in plan.models else False
    pipeline = ending.pipeline if words else in_words(ending.pipeline, plan.numbered.words)
    not_kept = tuple(untrusted(pipeline))
    counted, left_open = validated_counts(plan, found.best), what_is_left_open(plan, found.best, ending.held)
    rows = plan.parts.holdout
    below = share_below(plan.loss or SQUARED, plan.target.iloc[rows], ending.held, plan.weights_of(rows))
    chosen = counted.chosen(plan.step.threshold) if counted else None
    threshold = chosen if chosen or counted is None else counted.chosen("f1")
    outcome = Outcome(
        metrics, tuple(equal), left_open, off_by(plan, found.best),
        decided=chosen == threshold, not_kept=not_kept, tabled=bool(not_kept) and has_tables(plan, pipeline),
        below=below,
    )  # fmt: skip
    told = findings(plan, found, ending, profile, outcome, probed, looked)
    judged = Judged(outcome, told, threshold, counted)
    return as_run(plan, data, profile, found, replace(ending, pipeline=pipeline), judged, recorder)


@dataclass(frozen=True)
class Judged:
    """What is told of a model, and how it decides.

    Parameters
    ----------
    outcome : Outcome
        Its scores and what they leave open.
    findings : tuple of Finding
    threshold : float, optional
        Binary: from which on the second class is answered.
    validated : Thresholds, optional
        Binary: what each threshold answers on the validated rows.
    """

    outcome: Outcome
    findings: tuple[Finding, ...]
    threshold: float | None = None
    validated: Thresholds | None = None


def as_run(
    plan: Plan, data: Dataset, profile: Profile, found: Search, ending: Ending, judged: Judged, recorder: Recorder
) -> Run:
    """What was found and fitted as a run; each trial is written to MLflow."""
    kept, pipeline, outcome = _kept(plan), ending.pipeline, judged.outcome
    estimation, losses = estimation_of(plan, found.best, ending.held)
    told = ending.crossed or of_holdout_alone(plan, ending.held)
    reference = _reference(plan, profile, told, judged.threshold)
    unweighted = _unweighted(plan, found.best, ending.held)
    recorder.others(found.others)
    return Run(
        id=recorder.run_id, task=plan.task, contract=plan.contract, features=plan.features, left_out=plan.left_out,
        classes=tuple(plan.classes), metrics=outcome.metrics,
        candidates=tuple(_candidate(t, recorder, t.name in outcome.tied, ending) for t in found.tried),
        split=plan.parts.split, at_random=ending.at_random, fingerprint=data.fingerprint, source=data.source,
        seed=plan.seed, threshold=judged.threshold, loss=None if plan.loss is None else str(plan.loss),
        created=datetime.now(UTC).isoformat(timespec="seconds"), findings=judged.findings,
        answers=first_answers(pipeline, kept, plan.features, plan.task),
        evaluation=_evaluation(plan, ending.held, judged.threshold, judged.validated), uncertainty=outcome.uncertainty,
        unweighted=unweighted, reference=told.told,
        pipeline=pipeline, profile=reference, holdout=kept,
        chunks=chunks_of(plan, reference.columns[:-1], told, unweighted or outcome.metrics, pipeline),
        background=_background(plan),
        held=np.asarray(ending.held, dtype=float)[-MOST_KEPT:],
        folds=plan.parts.folds, thirds=_thirds(plan), unfitted=_unfitted(plan, found),
        trials=(*found.others, *(trial.told("kept") for trial in found.tried)), costs=dict(ending.costs),
        made=dict(plan.made), estimation=estimation, losses=losses, seen=seen_rows(plan),
    )  # fmt: skip


def seen_rows(plan: Plan) -> SeenRows:
    """What tells the rows that were learnt from and scored, held out or not."""
    there = [c for c in plan.contract.columns if c.name in plan.table.columns and not c.sensitive]
    columns = [c.name for c in there if c.name in plan.features]
    return SeenRows.of(plan.table, columns, [c.name for c in there if c.role in ("id", "time")] if columns else ())


def _background(plan: Plan) -> pd.DataFrame:
    """Some of the rows that the pipeline was fitted on; sensitive columns are shuffled, so that no row is anybody's."""
    draw = np.random.default_rng(plan.seed)
    fitted_on = plan.parts.train if plan.parts.split.kind == "given" else np.arange(len(plan.table))
    rows = draw.choice(fitted_on, min(len(fitted_on), MOST_BACKGROUND), replace=False)
    background = plan.table[list(plan.features)].iloc[rows].reset_index(drop=True)
    hidden = [name for name in plan.features if plan.contract[name].sensitive]
    return background.assign(
        **{n: background[n].iloc[draw.permutation(len(rows))].reset_index(drop=True) for n in hidden}
    )


def _unweighted(plan: Plan, best: Trial, held: Any) -> tuple[Metric, ...]:
    """The scores of the hold-out where each row counts the same; nothing where they do anyway."""
    if plan.weights is None:
        return ()
    plan = replace(plan, weights=None)
    return of_holdout(plan, with_intervals(plan, replace(best, measured=False)), held)


def _asked(plan: Plan, found: Search) -> dict[str, Any]:
    """What gives the same run again, without a clock; nothing where it can't be written down."""
    own = _brought(plan) or not is_ours(plan.metric.name)
    return {} if own else {**asdict(plan.step), "trials": found.rounds, "budget": None}


def _brought(plan: Plan) -> list[str]:
    """Names of the candidates that are not ours as they are."""
    return [name for name, model in plan.models.items() if model is not MODELS.get(name)]


def _unfitted(plan: Plan, found: Search) -> dict[str, Any]:
    """The candidates on the leaderboard that are not ours as they are; of a hold-out that was given none is fitted."""
    if plan.parts.split.kind == "given":
        return {}
    ranked = {trial.name: trial.settings for trial in found.tried}
    return {name: plan.unfitted(name, ranked[name]) for name in _brought(plan) if name in ranked}


def _thirds(plan: Plan) -> Folds:
    """On which rows of each fold a calibrator, or the model upon a stack, was fitted; nothing where there is none."""
    if not any(model.cross_fits for model in plan.models.values()):
        return ()
    rows = (fit for fit, _ in plan.parts.folds)
    return tuple(pair for fit in rows for pair in plan.parts.thirds(fit, plan.labels[fit], plan.seed))


def _candidate(trial: Trial, recorder: Recorder, tied: bool, ending: Ending) -> Candidate:
    run_id = recorder.trial(trial.told("kept"), ending.costs.get(trial.name))
    return Candidate(trial.name, run_id, trial.metrics, trial.settings, round(trial.seconds, 3), tied)


def has_tables(plan: Plan, pipeline: Any) -> bool:
    """Whether a pipeline has exact tables, tried on rows that were held out."""
    rows = plan.table[list(plan.features)].iloc[plan.parts.holdout]
    return tables_of(pipeline, plan.features, plan.task, rows) is not None


def validated_counts(plan: Plan, best: Trial) -> Thresholds | None:
    """Binary: what each threshold answers on the validated rows."""
    if plan.task != "binary":
        return None
    return Thresholds.of(best.truth == plan.classes[1], best.prediction, weights=plan.weights_at(best.truth))


def _evaluation(plan: Plan, held: Any, threshold: float | None, validated: Thresholds | None) -> Evaluation:
    """How the hold-out was answered; masked columns make no slices, for their values must not be told."""
    rows = plan.parts.holdout
    shown = [name for name in plan.features if not plan.contract[name].sensitive]
    return evaluate(
        plan.task, plan.classes, plan.metric, plan.table[shown].iloc[rows], plan.target.iloc[rows], held,
        validated, threshold, plan.loss or SQUARED, plan.weights_of(rows),
    )  # fmt: skip


def _with_curve(run: Run, learned: Sequence[Learned]) -> Evaluation | None:
    """The evaluation with the learning curve, which ends at the score of all rows that were chosen on."""
    if run.evaluation is None or not learned:
        return run.evaluation
    curve = (*learned, Learned(run.split.train_rows, run.metrics[0]))
    return replace(run.evaluation, learned=curve, doubled=doubled(curve))


def what_is_left_open(plan: Plan, best: Trial, held: Any) -> Uncertainty | None:
    """Intervals or sets of classes of the validated rows, checked on the hold-out."""
    truth = plan.target.iloc[plan.parts.holdout]
    floor = 0.0 if plan.loss is not None and plan.loss.kind == "poisson" else None
    weights = (plan.weights_at(best.truth), plan.weights_of(plan.parts.holdout))
    validated = (best.truth, best.prediction)
    return uncertainty(plan.task, plan.classes, validated, (truth, held), floor=floor, weights=weights)


def _reference(plan: Plan, profile: Profile, told: Crossed, threshold: float | None) -> Profile:
    """Profile of the rows that were fitted on, and of predictions of rows by models that had not seen them."""
    learnt = plan.table.iloc[plan.parts.train] if plan.parts.split.kind == "given" else plan.table
    columns = profile_columns(learnt[list(plan.features)], plan.contract.only(plan.features))
    predicted = profile_columns(*predictions_column(plan.task, plan.classes, told.prediction))
    return replace(
        profile, rows=len(learnt), columns=(*columns, *predicted), contract=plan.contract, findings=(),
        state={**profile.state, **remembered(plan, learnt, told, threshold)},
    )  # fmt: skip


def _kept(plan: Plan) -> pd.DataFrame:
    beside = (plan.contract.id, plan.contract.time, plan.contract.weight)
    joins = (n for n in beside if n and not plan.contract[n].sensitive)
    names = dict.fromkeys((*plan.features, *joins, *_groups_beside(plan)))
    held = with_target(plan.table.iloc[plan.parts.holdout][list(names)], plan.target)
    return held.tail(MOST_KEPT).reset_index(drop=True)


def _groups_beside(plan: Plan) -> Iterator[str]:
    """Columns that are no features and make groups, whose rows slices and fairness tell of; none that names persons."""
    for column in plan.contract.columns:
        if column.name in plan.features or column.role not in GROUPS_BESIDE or column.name not in plan.table:
            continue
        few = column.kind in ("category", "boolean") and plan.table[column.name].nunique() <= MOST_VALUES
        if few or (column.kind in NUMERIC and column.role != "group" and not column.sensitive):
            yield column.name
