"""What a training has to say: its findings."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.core.finding import Finding, sort
from workbench.core.literals import Code, assigned, call, python
from workbench.core.metric import Metric, metric_name, short
from workbench.core.parameters import twice
from workbench.core.profile import Profile
from workbench.core.ranked import Ranked
from workbench.core.scores import SHARES, effective, share_interval
from workbench.core.uncertainty import Uncertainty
from workbench.core.wording import how_many, listed
from workbench.training.columns import may_have_spoken
from workbench.training.ending import Ending
from workbench.training.near_rows import equal_rows
from workbench.training.plan import TREND, Plan
from workbench.training.probes import Selected
from workbench.training.search import Search
from workbench.training.trending import Looked
from workbench.training.trials import Trial, window_scores

# Of those that score the same, the first is the simplest; what people bring comes last.
SIMPLER = ("baseline", "linear", "lightgbm", "boosting", "xgboost", "catboost", "forest")
CALIBRATED = python('run = wb.train(data, class_weight="balanced", calibration="auto")')
# How columns of ordered classes are called.
OF_GRADES = re.compile(
    r"(?i)(^|[\s_.-])(quality|ratings?|rates?|grades?|scores?|stars?|levels?|severity|stages?|ranks?|satisfaction|"
    r"risk|priority|bewertung|note|stufe)([\s_.-]|$)"
)
# Rare classes that are named.
MOST_NAMED = 5
# Intervals of the next stretch of time that are too wide for one score: of a share, and of an error.
WIDE_SHARE, WIDE_RATIO = 0.2, 2.5
WITHOUT_TREND = python('run = wb.train(data, trend="none")')
AGAIN = python('run = wb.train(data, split="random")')


@dataclass(frozen=True)
class Outcome:
    """What a training came to.

    Parameters
    ----------
    metrics : tuple of Metric
        Of the best candidate on the hold-out.
    tied : tuple of str
        Candidates that score as well, within the noise.
    uncertainty : Uncertainty, optional
        What its predictions leave open.
    off_by : float, optional
        How far its probabilities are off, where that is far.
    decided : bool
        Whether a threshold fulfils the rule that was asked for.
    not_kept : tuple of str
        Types in its pipeline that only a pickle could keep.
    below : tuple of float, optional
        Of a median or quantile: the share of the hold-out at or below its prediction, and the ends of its interval.
    tabled : bool
        Whether it has exact tables, which can be kept in its place.
    """

    metrics: tuple[Metric, ...]
    tied: tuple[str, ...]
    uncertainty: Uncertainty | None
    off_by: float | None
    decided: bool
    not_kept: tuple[str, ...]
    below: tuple[float, float, float] | None = None
    tabled: bool = False


def findings(
    plan: Plan,
    found: Search,
    ending: Ending,
    profile: Profile,
    outcome: Outcome,
    probed: Selected | None = None,
    looked: Looked | None = None,
) -> tuple[Finding, ...]:
    """What somebody should know of a training, worst first."""
    told = [
        *_split(plan, outcome.metrics, ending.at_random),
        *_uneven(plan, found.best, outcome.metrics[0]),
        *_suspicions(ending.without, outcome.metrics),
        *_beaten(plan, found.tried),
        *_ties(found.best, outcome.tied),
        *_stopped(plan, found, ending),
        *_failed(found.failed),
        *_alone(plan, found),
        *_late(found, looked, plan.step.budget),
        *_budget(found, plan.step.budget),
        *_not_kept(found.best.name, outcome),
        *_undecided(plan.step.threshold, outcome.decided),
        *_too_sure(outcome.uncertainty, plan),
        *_off(outcome.off_by, plan.step.calibration),
        *_selected(probed),
        *_clocks(looked),
        *_trended(found),
        *_counted(plan),
        *_grades(plan),
        *_rare(plan),
        *_another_share(plan, outcome.below),
        *_untried_lines(plan),
        *_weighed(plan, [trial.name for trial in found.tried]),
        *_without_target(plan, profile, len(plan.table) + sum(plan.rare.values())),
    ]
    return sort(told)


def of_adopted(
    plan: Plan, ending: Ending, profile: Profile, outcome: Outcome, doubted: Mapping[str, str]
) -> tuple[Finding, ...]:
    """What somebody should know of a pipeline that was adopted, worst first.

    Parameters
    ----------
    plan, ending, profile, outcome
        As :func:`findings` takes them.
    doubted : mapping of str to str
        Columns that it takes though a training would leave them out, with the reason.
    """
    name = next(iter(plan.models))
    again = python('run = wb.adopt(pipeline, data, split="random")')
    told = [
        *_split(plan, outcome.metrics, ending.at_random, again),
        *_of_clones(plan),
        *_seen_before(plan),
        *(_doubtful(column, reason) for column, reason in doubted.items()),
        *_not_kept(name, outcome),
        *_too_sure(outcome.uncertainty, plan),
        *_off(outcome.off_by, "as it came"),
        *_weighed(plan, [] if plan.parts.split.kind == "given" else [name]),
        *_without_target(plan, profile, len(plan.parts.train) if plan.parts.split.kind == "given" else len(plan.table)),
    ]
    return sort(told)


def _selected(probed: Selected | None) -> Iterator[Finding]:
    """Columns that were left out since they tell no more than shuffled copies of themselves."""
    if probed is None:
        return
    if probed.none:
        message = "No column tells more of the target than shuffled copies of it: all were kept."
        yield Finding("WB221", "warning", message)
    elif probed.columns and probed.with_them and probed.without:
        name, many = metric_name(probed.with_them.name), len(probed.columns) > 1
        shown = (*probed.columns[:5], *([f"{len(probed.columns) - 5} more"] if len(probed.columns) > 5 else []))
        message = (
            f"{listed(shown)} {'tell' if many else 'tells'} no more of the target than shuffled copies, and "
            f"{'were' if many else 'was'} left out: LightGBM validates {name} {short(probed.with_them.value)} with "
            f"{'them' if many else 'it'}, {short(probed.without.value)} without."
        )
        yield Finding("WB221", "info", message, evidence={"columns": list(probed.columns)})


def _clocks(looked: Looked | None) -> Iterator[Finding]:
    """Columns that follow the clock and are features all the same."""
    if looked is None or looked.without is None or looked.with_them is None:
        return
    names, many = looked.columns, len(looked.columns) > 1
    follows = f"{listed(names)} follow the clock and are features" if many else "follows the clock and is a feature"
    message = (
        f"{follows} all the same, for what was fitted before answers later rows better with "
        f"{'them' if many else 'it'}: {metric_name(looked.without.name)} {short(looked.without.value)} without, "
        f"{short(looked.with_them.value)} with."
    )
    yield Finding("WB222", "info", message, None if many else names[0], WITHOUT_TREND, {"columns": list(names)})


def _trended(found: Search) -> Iterator[Finding]:
    """A line below the trees, which nobody asked for."""
    if found.best.name == TREND:
        best, others = found.best.metrics[0], found.tried[1:2]
        beside = "".join(f", where {other.name} has {short(other.metrics[0].value)}" for other in others)
        message = (
            "trend is a line through all columns, and LightGBM on what it leaves: trees alone can't answer beyond the "
            f"numbers that they have seen. {metric_name(best.name)} {short(best.value)} on later rows{beside}."
        )
        yield Finding("WB223", "info", message, cure=WITHOUT_TREND)


def _of_clones(plan: Plan) -> Iterator[Finding]:
    if plan.parts.split.kind != "given":
        message = (
            "The scores are of clones of the pipeline, each fitted on rows that it was not scored on: which rows the "
            "adopted one has seen can't be known."
        )
        yield Finding("WB215", "info", message, cure=python("run = wb.adopt(pipeline, data, holdout=unseen)"))


def _seen_before(plan: Plan) -> Iterator[Finding]:
    """Rows of a given hold-out that equal one of the data in every feature and the target."""
    if plan.parts.split.kind != "given":
        return
    same, rows = equal_rows(plan.table[[*plan.features, str(plan.target.name)]]), len(plan.parts.holdout)
    equals = int(np.isin(same[plan.parts.holdout], same[plan.parts.train]).sum())
    if equals:
        message = (
            f"{equals:,} of the {how_many(rows, 'row')} held out equal a row of the data, which the pipeline may have "
            "been fitted on: the scores may flatter it."
        )
        yield Finding("WB216", "warning", message, evidence={"rows": rows, "equal": equals})


def _doubtful(column: str, reason: str) -> Finding:
    message = f"The pipeline takes {column}, which a training would leave out: it {reason}."
    return Finding("WB217", "warning", message, column)


def _without_target(plan: Plan, profile: Profile, used: int) -> Iterator[Finding]:
    if profile.rows > used:
        or_none = "" if plan.contract.weight is None else ", or with a weight of 0,"
        message = f"{how_many(profile.rows - used, 'row')} without a target value{or_none} were not used."
        yield Finding("WB203", "info", message, plan.contract.target)


def _split(
    plan: Plan, metrics: Sequence[Metric], at_random: Sequence[Metric], again: Code = AGAIN
) -> Iterator[Finding]:
    """What was found of the rows' order or groups, with the score that rows drawn at random would have promised."""
    split = plan.parts.split
    if not split.found or not at_random:
        return
    name, honest, naive = metric_name(metrics[0].name), short(metrics[0].value), short(at_random[0].value)
    if split.kind == "time":
        found, scored = ("says when each row happened" if split.column else "The rows come in time"), "on later rows"
    else:
        found, scored = "says whose row it is", "on rows of others"
    message = (
        f"{found}, though nobody named it: {name} {honest} {scored}; drawn at random, {naive} would have been promised."
    )
    code = "WB201" if split.kind == "time" else "WB205"
    yield Finding(code, "info", message, split.column, again)


def _uneven(plan: Plan, best: Trial, metric: Metric) -> Iterator[Finding]:
    """Stretches of time that differ so much that the score of one says little of the next."""
    if plan.parts.split.kind != "time" or metric.low is None or metric.high is None:
        return
    wide = metric.high - metric.low > WIDE_SHARE if metric.name in SHARES else metric.high > WIDE_RATIO * metric.low > 0
    before = window_scores(plan, best)
    if wide and before:
        message = (
            f"Stretches of time differ: {metric_name(metric.name)} {short(metric.value)} on the held-out one, "
            f"{listed([short(value) for value in before])} on {'those' if len(before) > 1 else 'that'} before. The "
            f"next may have anything from {short(metric.low)} to {short(metric.high)}."
        )
        yield Finding("WB232", "info", message)


def _suspicions(without: Mapping[str, Metric], metrics: Sequence[Metric]) -> Iterator[Finding]:
    if without:
        names, name = tuple(without), metric_name(metrics[0].name)
        message = (
            f"{', '.join(names)} nearly {'gives' if len(names) == 1 else 'give'} the target: {name} "
            f"{short(metrics[0].value)} with, {short(without[names[0]].value)} without."
        )
        yield Finding("WB206", "warning", message, names[0], assigned("data", call("data.known_after", *names)))


def _beaten(plan: Plan, tried: Sequence[Trial]) -> Iterator[Finding]:
    if tried[0].name == "baseline" and len(tried) > 1:
        yield Finding("WB202", "warning", f"No candidate beats the baseline: {_nothing_said(plan)}.")


def _ties(best: Trial, tied: Sequence[str]) -> Iterator[Finding]:
    """Candidates that score as well as the best one, where a simpler one is among them."""
    simplest = min((best.name, *tied), key=_how_simple)
    if simplest == best.name or best.name == "baseline":
        return
    many = len(tied) > 1
    message = (
        f"{listed(tied)} {'score' if many else 'scores'} as well as {best.name}, within the noise"
        f"{f'; {simplest} is the simplest' if many else ', and is simpler'}."
    )
    cure = python("run = wb.train(data, candidates=$names)", names=["baseline", simplest])
    if simplest in SIMPLER[1:]:
        yield Finding("WB204", "info", message, cure=cure)
    else:
        yield Finding("WB204", "info", message)


def _how_simple(name: str) -> int:
    return SIMPLER.index(name) if name in SIMPLER else len(SIMPLER)


def _nothing_said(plan: Plan) -> str:
    """Features say nothing only where none was taken away that may have said something."""
    removed = may_have_spoken(plan.left_out)
    if not removed:
        return "the features say nothing about the target"
    return f"the features that are left say nothing about the target; left out were {', '.join(removed)}"


def _stopped(plan: Plan, found: Search, ending: Ending) -> Iterator[Finding]:
    """Somebody pressed Ctrl-C: what was not done."""
    if not ending.stopped:
        return
    were = "was" if found.untried == 1 else "were"
    untried = f"{how_many(found.untried, 'setting')} {were} not tried, and the" if found.untried else "The"
    message = f"Stopped early: {untried} model is fitted on {ending.rows:,} of {how_many(len(plan.table), 'row')}."
    yield Finding("WB207", "warning", message, cure=python("run = wb.train(data, resume=True)"))


def _failed(failed: Mapping[str, str]) -> Iterator[Finding]:
    for name, reason in failed.items():
        yield Finding("WB208", "warning", f"The candidate {name!r} could not be fitted, and the others were: {reason}")


def _not_kept(name: str, outcome: Outcome) -> Iterator[Finding]:
    types = outcome.not_kept
    if types and outcome.tabled:
        message = (
            f"The model {name!r} is kept as tables, which answer, explain and ship as it does: it holds "
            f"{', '.join(types)}, which only a pickle could keep."
        )
        yield Finding("WB209", "info", message)
    elif types:
        message = (
            f"The model {name!r} can be used here, and is gone with this session: it holds {', '.join(types)}, "
            "which only a pickle could keep."
        )
        yield Finding("WB209", "warning", message)


def _undecided(rule: str, decided: bool) -> Iterator[Finding]:
    if not decided:
        message = f"No threshold fulfils {rule!r} on the validated rows; the one with the best F1 decides."
        yield Finding("WB212", "warning", message, cure=python('run = run.decide("cost 1:5")'))


def _too_sure(said: Uncertainty | None, plan: Plan) -> Iterator[Finding]:
    """Intervals that hold fewer rows of the hold-out than they promise: by chance in one of a hundred tables."""
    if said is None or said.held is None:
        return
    weights, rows = plan.weights_of(plan.parts.holdout), len(plan.parts.holdout)
    many = rows if weights is None else effective(weights)
    ends = share_interval(round(said.held[0] * rows) if weights is None else said.held[0] * many, many, 0.98)
    if ends is not None and ends[1] < said.level:
        message = (
            f"The {'sets' if said.least is not None else 'intervals'} of predictions hold {said.held[0]:.0%} of the "
            f"held-out rows, where they should hold {said.level:.0%}: these differ from the rows that were learnt from."
        )
        yield Finding("WB213", "warning", message)


def _off(far: float | None, calibration: str) -> Iterator[Finding]:
    if far is not None:
        message = f"The probabilities are off by {far:.3f} in the mean on validated rows: no shares to reckon with."
        if calibration == "none":
            cure = python('run = wb.train(data, calibration="auto")')
            yield Finding("WB214", "warning", message, cure=cure)
        else:
            yield Finding("WB214", "warning", message)


def _weighed(plan: Plan, names: Sequence[str]) -> Iterator[Finding]:
    """What weights do not reach, and what those of classes do to probabilities."""
    models = {name: plan.models[name] for name in names if name in plan.models}
    rows = [name for name, model in models.items() if not model.takes_weights]
    classes = [name for name, model in models.items() if not model.weighs_classes and name != "baseline"]
    asked = (plan.weights is not None, plan.class_weight is not None)
    for what, wanted, without in zip(("the weights of rows", "class_weight"), asked, (rows, classes), strict=True):
        if wanted and without:
            yield Finding("WB218", "warning", f"Fitted without {what}, which it does not take: {listed(without)}.")
    if plan.weights is not None and not plan.metric.weighs:
        message = f"The score {plan.metric.name!r} takes no sample_weight: it counts all rows the same."
        yield Finding("WB218", "warning", message)
    best = models.get(names[0]) if names else None
    if plan.weights is not None and plan.step.calibration != "none" and best is not None and best.library is not None:
        message = f"There is no calibrator: it would give the weights of rows to no {names[0]} behind it."
        yield Finding("WB218", "warning", message)
    if plan.class_weight and best is not None and best.weighs_classes and not best.cross_fits:
        message = (
            "Classes count differently in the fit, so probabilities are no shares to reckon with: those of classes "
            "that count more are too large. A calibrator behind class_weight='balanced' sets them right."
        )
        yield Finding("WB219", "info", message, cure=CALIBRATED)


def _alone(plan: Plan, found: Search) -> Iterator[Finding]:
    """An ensemble that was asked for and that is none."""
    name = plan.step.ensemble
    if name != "none" and not found.untried and name not in {*found.failed, *(trial.name for trial in found.tried)}:
        best = next((trial.name for trial in found.tried if trial.name != "baseline"), "baseline")
        message = f"There is no {name} of the candidates: {best} is best alone."
        yield Finding("WB231", "info", message)


def _counted(plan: Plan) -> Iterator[Finding]:
    """Nobody said that the target is a count."""
    if plan.loss is not None and plan.loss.kind == "poisson" and plan.step.loss == "auto":
        message = (
            "is learnt as a count, by Poisson's loss: predictions are the mean that is expected, on a log scale, and "
            "never below 0."
        )
        cure = python('run = wb.train(data, loss="squared")')
        yield Finding("WB225", "info", message, plan.contract.target, cure)


def _grades(plan: Plan) -> Iterator[Finding]:
    """Classes that are called as grades are, and nobody said that they come in an order."""
    name = str(plan.target.name)
    if plan.task != "multiclass" or isinstance(plan.classes, Ranked) or plan.target.dtype.kind != "i":
        return
    if OF_GRADES.search(name) and plan.classes[-1] - plan.classes[0] < 2 * len(plan.classes):
        message = (
            "is learnt as classes without an order, though it is called as grades are: an answer that is off by one "
            "counts as much as one that is off by more. wb.dataset(…, task='ordinal') says that they have one."
        )
        yield Finding("WB224", "info", message, name)


def _rare(plan: Plan) -> Iterator[Finding]:
    """Classes whose rows were left out."""
    if not plan.rare:
        return
    many, rows = len(plan.rare), sum(plan.rare.values())
    named = [f"{label} ({n})" for label, n in sorted(plan.rare.items(), key=lambda pair: (-pair[1], pair[0]))]
    shown = ", ".join(named[:MOST_NAMED]) + (f" and {many - MOST_NAMED} more" if many > MOST_NAMED else "")
    message = (
        f"has {many} {'class' if many == 1 else 'classes'} of fewer than {2 * plan.step.folds} rows, too few to "
        f"validate: {shown}. Their {how_many(rows, 'row')} of {len(plan.table) + rows:,} were not used, and "
        f"the model never answers them{', but tells the other two apart' if plan.task == 'binary' else ''}."
    )
    yield Finding(
        "WB226", "warning", message, plan.contract.target, evidence={"classes": dict(plan.rare), "rows": rows}
    )


def _another_share(plan: Plan, below: tuple[float, float, float] | None) -> Iterator[Finding]:
    """Held-out rows of which another share lies below than was asked for: by chance in one of a hundred tables."""
    wanted, rows = plan.loss.share if plan.loss else None, len(plan.parts.holdout)
    ends = share_interval(round(below[0] * rows), rows, 0.99) if below else None
    if below is None or wanted is None or ends is None or ends[0] <= wanted <= ends[1]:
        return
    message = (
        f"{below[0]:.1%} of the held-out rows ({below[1]:.1%} to {below[2]:.1%}) lie at or below their prediction, "
        f"where {wanted:.1%} should: these differ from the rows that were learnt from, or many have one value."
    )
    evidence = {"wanted": wanted, "below": below[0], "rows": rows}
    yield Finding("WB227", "warning", message, plan.contract.target, evidence=evidence)


def _untried_lines(plan: Plan) -> Iterator[Finding]:
    if plan.untried:
        message = (
            f"{listed(plan.untried)} was not tried: a line through quantiles takes time as the square of its rows, and "
            f"there are {len(plan.table):,}."
        )
        cure = python("run = wb.train(data, loss=$loss, candidates=$names)", loss=plan.step.loss, names=[*plan.untried])
        yield Finding("WB228", "info", message, cure=cure)


def _budget(found: Search, budget: str | None) -> Iterator[Finding]:
    """How many settings the clock allowed: what else depends on it is nothing."""
    if budget and not found.untried:
        were = "was" if found.rounds == 1 else "were"
        tried = f"{how_many(found.rounds, 'setting')} of boosting {were} tried"
        message = f"In {budget}, {tried}. So many give the same model again, without a clock."
        yield Finding(
            "WB211", "info", message, cure=python("run = wb.train(data, trials=$trials)", trials=found.rounds)
        )


def _late(found: Search, looked: Looked | None, budget: str | None) -> Iterator[Finding]:
    """What a budget was too short for."""
    late = (*found.late, *([TREND] if looked and looked.late else []))
    if not budget or not late:
        return
    more = twice(budget)
    message = f"{budget} {'are' if budget != '1s' else 'is'} too short for {listed(late)}, left out. Give {more}, say."
    yield Finding("WB229", "warning", message, cure=python("run = wb.train(data, budget=$budget)", budget=more))
