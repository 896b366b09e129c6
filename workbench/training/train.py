"""The verb ``train``."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from time import process_time
from typing import Any

import numpy as np
import pandas as pd
from threadpoolctl import threadpool_limits

from workbench.core.contract import Column, Contract, Task
from workbench.core.dataset import Dataset
from workbench.core.finding import Finding, sort
from workbench.core.literals import assigned, call, python
from workbench.core.metric import Metric, metric_name, short
from workbench.core.nouns import expect_or_none
from workbench.core.parameters import TrainStep, listed, take
from workbench.core.profile import Profile
from workbench.core.progress import progress
from workbench.core.run import Candidate, Run, first_answers
from workbench.core.scores import deciding_metric, scores
from workbench.core.wording import worded
from workbench.errors import BadParameter, BadTable, BadTarget
from workbench.profiling.findings.wb111_infinities import MADE_MISSING
from workbench.profiling.profile import profile as make_profile
from workbench.profiling.profile import profile_columns
from workbench.reading.door import roles_asked, to_learn_from
from workbench.settings import settings
from workbench.training.candidates import Settings, build, settings_to_try
from workbench.training.columns import follow_the_clock, left_out, suspicious
from workbench.training.evidence import Evidence, evidence, too_short
from workbench.training.recording import Recorder
from workbench.training.splits import Parts, in_order, parts

# Rows of the hold-out that a run keeps: enough for golden rows, explanations and intervals.
MOST_KEPT = 20_000
FEWEST_ROWS = 40
# Standard errors beyond which one in ten differences lies by chance.
ONE_IN_TEN = 1.645
SIMPLEST_FIRST = ("baseline", "linear", "boosting", "forest")


def train(
    data: Any,
    *,
    target: str | None = None,
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    candidates: Iterable[str] = ("baseline", "linear", "boosting"),
    metric: str | None = None,
    split: str = "auto",
    trials: int = 6,
    folds: int = 3,
    seed: int = 0,
    profile: Profile | None = None,
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
    target, time, group, id, known_after, ignore : str or iterable of str, optional
        As :func:`workbench.dataset` takes them, for a table that is no dataset yet. A dataset gets the target that it
        lacks, and never another one than it has.
    candidates : iterable of {"baseline", "linear", "boosting", "forest"}
        Models to try.
    metric : str, optional
        The score that decides: ``roc_auc``, ``log_loss``, ``average_precision``, ``accuracy``, ``balanced_accuracy``,
        ``rmse``, ``mae`` or ``r2``. By default ROC AUC for two classes, log loss for more, RMSE for numbers.
    split : {"auto", "time", "group", "random"}
        How rows are held out. *auto*: by the time or the group of the dataset; where it has neither, by what the rows
        show. *time*: later rows, by the dates that are there, else as the rows come. *group*: whole groups. *random*:
        drawn at random, which is right where rows to come will be like these.
    trials : int
        Settings of gradient boosting to try, at least 1; the first are good defaults.
    folds : int
        Parts of the validation, at least 2.
    seed : int
        Of everything random, 0 to 2**32 - 1.
    profile : Profile, optional
        Of ``data``, if it has been made already; its findings decide what is left out.

    Returns
    -------
    Run
        An MLflow run with one child run for each candidate. Stopped with Ctrl-C, it keeps the best candidate so far.

    Raises
    ------
    BadTable
        If there is no target, there are too few rows, no feature is left, a column has an infinite number, or groups
        are asked for and there are none.
    BadTarget
        If a class has too few rows to validate on.
    BadParameter
        If a parameter is unknown or out of its range, or the dataset has another target.
    ColumnNotFound
        If a named column is not in the table.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["baseline", "linear"])
    >>> run.best.name, run.metrics[0].name, run.left_out
    ('linear', 'roc_auc', {'customer': 'identifies the row'})
    >>> wb.train("churn.csv", target="Churn", candidates=["baseline"]).best.name
    'baseline'
    """
    asked = {"metric": metric, "split": split, "trials": trials, "folds": folds, "seed": seed}
    step = take(TrainStep, {"candidates": listed(candidates), **asked})
    roles = roles_asked(target=target, time=time, group=group, id=id, known_after=known_after, ignore=ignore)
    profile = expect_or_none(profile, Profile, "wb.train(profile=…)")
    data = to_learn_from(data, **roles)
    known = data.take(data.target.notna())
    seen = _profile_of(data, profile)
    plan = _plan(known, seen, step)
    recorder = Recorder.start(data, plan.left_out, step.seed)
    try:
        with threadpool_limits(settings().threads):
            run = _trained(plan, data, seen, _simplest_first(step.candidates), step.trials, step.seed, recorder)
        recorder.finished(run)
    except BaseException:
        recorder.failed()
        raise
    return run


@dataclass(frozen=True)
class Plan:
    """What is fitted, on what, and how it is judged."""

    task: Task
    metric: str
    contract: Contract
    features: tuple[str, ...]
    left_out: dict[str, str]
    table: pd.DataFrame
    target: pd.Series
    classes: tuple[Any, ...]
    parts: Parts


# True and predicted values of some rows.
Window = tuple[pd.Series, Any]


@dataclass(frozen=True)
class Trial:
    """One validated setting of a candidate."""

    name: str
    settings: Settings
    metrics: tuple[Metric, ...]
    seconds: float
    rows: Any = field(repr=False)
    windows: tuple[Window, ...] = field(repr=False)

    @property
    def truth(self) -> Any:
        """Of all validated rows."""
        return pd.concat([truth for truth, _ in self.windows])

    @property
    def prediction(self) -> Any:
        """Of all validated rows."""
        return np.concatenate([prediction for _, prediction in self.windows])

    @property
    def quality(self) -> float:
        """The deciding score, larger being better."""
        return self.metrics[0].value if self.metrics[0].larger_is_better else -self.metrics[0].value


def _simplest_first(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=SIMPLEST_FIRST.index))


def _profile_of(data: Dataset, profile: Profile | None) -> Profile:
    if profile is not None and profile.fingerprint != data.fingerprint:
        raise BadParameter(
            "The profile is of another table than the data. Make it with wb.profile(data), or leave it out."
        )
    return profile or make_profile(data)


def _plan(known: Dataset, profile: Profile, step: TrainStep) -> Plan:
    task = known.contract.task
    assert task is not None, "a dataset with a target has a task"
    if known.rows < FEWEST_ROWS:
        raise BadTable(f"There are {known.rows} rows with a target. Give at least {FEWEST_ROWS}.")
    known = replace(known, contract=_without_persons(known.contract, profile))
    target = _labels(known)
    classes = tuple(np.unique(target).tolist()) if task != "regression" else ()
    _check_classes(target, classes, step.folds)
    table = with_target(known.frame(), target)
    how = evidence(table, known.contract, profile, asked=step.split)
    try:
        return _planned(known, table, classes, profile, step, how)
    except (BadTable, BadTarget):
        if not how.found or step.split != "auto":
            raise
        # What nobody asked for must not refuse a table.
        return _planned(known, table, classes, profile, step, too_short(how))


def _planned(
    known: Dataset, table: pd.DataFrame, classes: tuple[Any, ...], profile: Profile, step: TrainStep, how: Evidence
) -> Plan:
    """The plan by what is known of order and groups."""
    known = replace(known, contract=_with_role(known.contract, how))
    task, target = known.contract.task, table[known.contract.target]
    assert task is not None, "a dataset with a target has a task"
    out = left_out(known.contract, profile)
    if how.found and how.kind == "time" and how.by is not None:
        out |= dict(follow_the_clock(table, known.contract, in_order(how.by)))
    features = tuple(c for c in known.contract.features if c not in out)
    if not features:
        raise BadTable(f"No feature is left: {'; '.join(f'{n} {r}' for n, r in out.items())}. Give more columns.")
    _check_finite(table[[*features, str(target.name)]])
    split = parts(table, known.contract, task, step.folds, step.seed, features, how)
    contract = _seen(known.contract, profile).set_role(
        "ignored", (n for n in out if known.contract[n].role == "feature")
    )
    if classes:
        _check_folds(target, split)
    return Plan(task, deciding_metric(task, step.metric), contract, features, out, table, target, classes, split)


def _with_role(contract: Contract, how: Evidence) -> Contract:
    """The contract with the column that says when, or whose, a row is: it is no feature."""
    if not how.found or how.column is None or (how.kind == "time" and contract[how.column].kind != "datetime"):
        return contract
    return contract.set_role("time" if how.kind == "time" else "group", (how.column,))


def _without_persons(contract: Contract, profile: Profile) -> Contract:
    """Also of a dataset whose columns were changed after it was made: the profile has looked at these rows."""
    personal = profile.contract.with_role("personal")
    return contract.set_role("personal", (n for n in contract.features if n in personal and not contract[n].reason))


def _seen(contract: Contract, profile: Profile) -> Contract:
    """The data's own kinds and roles with the ranges, categories and masks that the profile saw."""
    seen = ("minimum", "maximum", "categories", "missing_allowed", "sensitive")
    for name in contract.names:
        proposed = profile.contract[name]
        contract = contract.change(name, **{what: getattr(proposed, what) for what in seen})
    return contract


def with_target(table: pd.DataFrame, target: pd.Series) -> pd.DataFrame:
    """The table with its target as it is learnt; a keyword of ``assign`` can't have every name."""
    table = table.copy(deep=False)
    table[target.name] = target
    return table


def _labels(known: Dataset) -> pd.Series:
    """The target as classes or numbers: booleans and integers were kept as floats beside missing ones."""
    target = known.target
    exact: Any = {"boolean": bool, "integer": np.int64}.get(known.contract[str(target.name)].kind)
    return target.astype(exact) if exact and known.contract.task != "regression" else target


def _check_finite(table: pd.DataFrame) -> None:
    """scikit-learn refuses an infinite number too, without saying where it is."""
    for name in table.columns[[d.kind == "f" for d in table.dtypes]]:
        if np.isinf(table[name]).any():
            raise BadTable(f"The column {name!r} has infinite numbers. Make them missing: {MADE_MISSING}")


def _check_classes(target: pd.Series, classes: Sequence[Any], folds: int) -> None:
    counts = target.value_counts() if classes else None
    if counts is not None and counts.min() < 2 * folds:
        rarest = next(c for c in classes if counts[c] == counts.min())
        raise BadTarget(
            f"Class {worded(rarest)} of {target.name!r} has {counts.min()} rows, validation needs {2 * folds}. "
            f"Merge it with another class, or leave its rows out{_or_number(target)}."
        ).cured_by(python("data = data.take(data.target != $label)", label=rarest))


def _or_number(target: pd.Series) -> str:
    """What else can be done with whole numbers."""
    return ", or learn it as a number: wb.dataset(…, task='regression')" if target.dtype.kind == "i" else ""


def _check_folds(target: pd.Series, parts: Parts) -> None:
    """Where rows are not drawn, an early part may hold one class alone."""
    for rows in (parts.train, *(fit for fit, _ in parts.folds)):
        if target.iloc[rows].nunique() < 2:
            raise BadTarget(
                f"Split by {parts.split.column!r}, {len(rows)} rows to fit on have only class "
                f"{worded(target.iloc[rows[0]])} of {target.name!r}. Give fewer folds or more rows, or leave "
                f"{parts.split.kind}= out."
            )


def _trained(
    plan: Plan, data: Dataset, profile: Profile, names: Sequence[str], trials: int, seed: int, recorder: Recorder
) -> Run:
    tried = [_with_intervals(plan, trial, seed) for trial in _search(plan, names, trials, seed)]
    best = max(tried, key=lambda t: t.quality)
    board = tuple(_candidate(t, recorder) for t in sorted(tried, key=lambda t: -t.quality))
    held = _held_out(plan, best, seed)
    metrics = _scored(plan, plan.parts.holdout, held, _stretches(plan, best, held), seed)
    at_random = _at_random(plan, best, seed)
    pipeline = build(best.name, plan.contract, plan.features, plan.task, best.settings, seed)
    pipeline.fit(plan.table[list(plan.features)], plan.target)
    kept = _kept(plan)
    return Run(
        id=recorder.run_id, task=plan.task, contract=plan.contract, features=plan.features, left_out=plan.left_out,
        classes=plan.classes, candidates=board, metrics=metrics, split=plan.parts.split, at_random=at_random,
        fingerprint=data.fingerprint, source=data.source, seed=seed, threshold=_threshold(plan, best),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        findings=_findings(plan, tried, profile, metrics, at_random, _without_suspects(plan, best, profile, seed)),
        answers=first_answers(pipeline, kept, plan.features, plan.task),
        pipeline=pipeline, profile=_reference(plan, profile, held), holdout=kept,
    )  # fmt: skip


def _search(plan: Plan, names: Sequence[str], trials: int, seed: int) -> list[Trial]:
    """The best trial of each candidate; what is there counts if somebody interrupts."""
    todo = [(name, setting) for name in names for setting in settings_to_try(name, trials, seed)]
    best: dict[str, Trial] = {}
    with progress("Training", total=len(todo)) as tracker:
        try:
            for name, setting in todo:
                trial = _validated(plan, name, setting, seed)
                if name not in best or trial.quality > best[name].quality:
                    best[name] = trial
                tracker.advance(name, rows=list(_board(best.values())))
        except KeyboardInterrupt:
            if not best:
                raise
    return list(best.values())


def _board(tried: Iterable[Trial]) -> Iterator[dict[str, Any]]:
    for trial in sorted(tried, key=lambda t: -t.quality):
        yield {"candidate": trial.name, **{m.name: m.value for m in trial.metrics}, "CPU s": round(trial.seconds, 1)}


def _validated(plan: Plan, name: str, setting: Settings, seed: int) -> Trial:
    started = process_time()
    windows = []
    for fit, validate in plan.parts.folds:
        pipeline = _fitted(plan, name, setting, fit, seed)
        windows.append((plan.target.iloc[validate], _predicted(pipeline, plan, validate)))
    trial = Trial(name, setting, (), process_time() - started, _validated_rows(plan), tuple(windows))
    metrics = scores(plan.task, trial.truth, trial.prediction, plan.classes, plan.metric, level=0)
    return replace(trial, metrics=metrics)


def _validated_rows(plan: Plan) -> Any:
    return np.concatenate([validate for _, validate in plan.parts.folds])


def _with_intervals(plan: Plan, trial: Trial, seed: int) -> Trial:
    return replace(trial, metrics=_scored(plan, trial.rows, trial.prediction, trial.windows, seed))


def _scored(plan: Plan, rows: Any, prediction: Any, windows: Sequence[Window], seed: int) -> tuple[Metric, ...]:
    """The scores of some rows, with intervals that know which of them belong together and how windows differ."""
    return scores(
        plan.task, plan.target.iloc[rows], prediction, plan.classes, plan.metric, seed=seed,
        units=plan.parts.units[rows], windows=windows, drawn=plan.parts.split.kind != "time",
    )  # fmt: skip


def _fitted(plan: Plan, name: str, setting: Settings, rows: Any, seed: int) -> Any:
    pipeline = build(name, plan.contract, plan.features, plan.task, setting, seed)
    return pipeline.fit(plan.table[list(plan.features)].iloc[rows], plan.target.iloc[rows])


def _predicted(pipeline: Any, plan: Plan, rows: Any) -> Any:
    """Predictions of some rows; a class that a fold has never seen gets probability 0."""
    table = plan.table[list(plan.features)].iloc[rows]
    if plan.task == "regression":
        return pipeline.predict(table)
    predicted = pipeline.predict_proba(table)
    probabilities = np.zeros((len(table), len(plan.classes)))
    probabilities[:, [plan.classes.index(c) for c in pipeline.classes_.tolist()]] = predicted
    return probabilities[:, 1] if plan.task == "binary" else probabilities


def _held_out(plan: Plan, best: Trial, seed: int) -> Any:
    pipeline = _fitted(plan, best.name, best.settings, plan.parts.train, seed)
    return _predicted(pipeline, plan, plan.parts.holdout)


def _stretches(plan: Plan, best: Trial, held: Any) -> tuple[Window, ...]:
    """All stretches of time that the best candidate was tried on, the hold-out last; none where there is no time."""
    if plan.parts.split.kind != "time":
        return ()
    return (*best.windows, (plan.target.iloc[plan.parts.holdout], held))


def _at_random(plan: Plan, best: Trial, seed: int) -> tuple[Metric, ...]:
    """What rows drawn at random would have promised; nothing where they were."""
    if plan.parts.split.kind == "random":
        return ()
    order = np.random.default_rng(seed).permutation(len(plan.target))
    held, fit = np.split(order, [len(plan.parts.holdout)])
    pipeline = _fitted(plan, best.name, best.settings, fit, seed)
    return scores(
        plan.task, plan.target.iloc[held], _predicted(pipeline, plan, held), plan.classes, plan.metric, seed=seed
    )


def _candidate(trial: Trial, recorder: Recorder) -> Candidate:
    run_id = recorder.candidate(trial.name, trial.settings, trial.metrics, trial.seconds)
    return Candidate(trial.name, run_id, trial.metrics, trial.settings, round(trial.seconds, 3))


def _threshold(plan: Plan, best: Trial) -> float | None:
    """Binary: the probability that gives the best F1 on the validated predictions, which sees both kinds of error."""
    if plan.task != "binary":
        return None
    truth = (best.truth == plan.classes[1]).to_numpy()
    grid = np.unique(np.quantile(best.prediction, np.linspace(0.01, 0.99, 99)))
    answered = best.prediction[None, :] >= grid[:, None]
    hits = (answered & truth).sum(axis=1)
    f1 = 2 * hits / (answered.sum(axis=1) + truth.sum())
    return float(np.clip(grid[int(f1.argmax())], 1e-6, 1 - 1e-6))


def _reference(plan: Plan, profile: Profile, held: Any) -> Profile:
    """Profile of the rows that were fitted on, and of the predictions of rows that were not."""
    columns = profile_columns(plan.table[list(plan.features)], plan.contract.only(plan.features))
    answer, contract = predictions_column(plan.task, plan.classes, held)
    predicted = profile_columns(answer, contract)
    return replace(profile, rows=len(plan.table), columns=(*columns, *predicted), contract=plan.contract, findings=())


def predictions_column(task: Task, classes: Sequence[Any], prediction: Any) -> tuple[pd.DataFrame, Contract]:
    """Predictions as a column ``prediction`` to profile: the number, or the most probable of several classes."""
    if task == "multiclass":
        words = np.asarray([str(c) for c in classes], dtype=object)[np.asarray(prediction).argmax(axis=1)]
        return pd.DataFrame({"prediction": pd.Series(words, dtype="str")}), Contract(
            (Column("prediction", "category"),)
        )
    return pd.DataFrame({"prediction": np.asarray(prediction, dtype=float)}), Contract(
        (Column("prediction", "number"),)
    )


def _kept(plan: Plan) -> pd.DataFrame:
    joins = (n for n in (plan.contract.id, plan.contract.time) if n and not plan.contract[n].sensitive)
    names = [*plan.features, *joins]
    held = with_target(plan.table.iloc[plan.parts.holdout][names], plan.target)
    return held.tail(MOST_KEPT).reset_index(drop=True)


def _findings(
    plan: Plan,
    tried: Sequence[Trial],
    profile: Profile,
    metrics: Sequence[Metric],
    at_random: Sequence[Metric],
    without: Mapping[str, Metric],
) -> tuple[Finding, ...]:
    findings = [*_split_findings(plan, metrics, at_random), *_suspicions(without, metrics), *_baseline_findings(tried)]
    missing = profile.rows - len(plan.table)
    if missing > 0:
        findings.append(
            Finding("WB203", "info", f"{missing:,} rows without a target value were not used.", plan.contract.target)
        )
    return sort(findings)


def _without_suspects(plan: Plan, best: Trial, profile: Profile, seed: int) -> dict[str, Metric]:
    """What the best candidate scores without the columns that nearly give the target, by the names of these."""
    suspects = suspicious(profile, plan.features)
    rest = tuple(n for n in plan.features if n not in suspects)
    if not suspects or not rest:
        return {}
    other = replace(plan, features=rest)
    held = _held_out(other, best, seed)
    return dict.fromkeys(suspects, _scored(other, plan.parts.holdout, held, (), seed)[0])


def _suspicions(without: Mapping[str, Metric], metrics: Sequence[Metric]) -> Iterator[Finding]:
    if without:
        names, name = tuple(without), metric_name(metrics[0].name)
        message = (
            f"{', '.join(names)} nearly {'gives' if len(names) == 1 else 'give'} the target: {name} "
            f"{short(metrics[0].value)} with, {short(without[names[0]].value)} without."
        )
        yield Finding("WB206", "warning", message, names[0], assigned("data", call("data.known_after", *names)))


def _split_findings(plan: Plan, metrics: Sequence[Metric], at_random: Sequence[Metric]) -> Iterator[Finding]:
    """What was found of the rows' order or groups, with the score that rows drawn at random would have promised."""
    split = plan.parts.split
    if not split.found or not at_random:
        return
    name, honest, naive = metric_name(metrics[0].name), short(metrics[0].value), short(at_random[0].value)
    what = "in time order" if split.kind == "time" else "by whole groups"
    message = f"{split.reason} {name}: {honest} {what}; drawn at random {naive} would have been promised."
    code = "WB201" if split.kind == "time" else "WB205"
    yield Finding(code, "info", message, split.column, python('run = wb.train(data, split="random")'))


def _baseline_findings(tried: Sequence[Trial]) -> Iterator[Finding]:
    by_name = {t.name: t for t in tried}
    best = max(tried, key=lambda t: t.quality)
    if best.name == "baseline" and len(tried) > 1:
        yield Finding("WB202", "warning", "No candidate beats the baseline: the features say nothing about the target.")
    linear, boosting = by_name.get("linear"), by_name.get("boosting")
    if linear and boosting and _tied(linear, boosting):
        yield Finding("WB204", "info", "The linear model scores as well as boosting, within the noise, and is simpler.",
                      cure=python('run = wb.train(data, candidates=["baseline", "linear"])'))  # fmt: skip


def _tied(a: Trial, b: Trial) -> bool:
    """Whether the scores differ by less than the rows that they were measured on let tell."""
    first, second = a.metrics[0], b.metrics[0]
    return second.error is not None and abs(first.value - second.value) <= ONE_IN_TEN * second.error
