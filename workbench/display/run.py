"""A run: the kept candidate, the leaderboard with intervals, how it decides and where it errs, and how it was made.

The page is whole without a script. ``static/run.js`` lets the threshold and the costs be played with, and sorts the
leaderboard.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import asdict
from functools import cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.core.evaluation import Evaluation, Slice
from workbench.core.literals import python
from workbench.core.loss import SQUARED, Loss
from workbench.core.metric import Metric
from workbench.core.run import Run
from workbench.core.scores import share_interval
from workbench.core.thresholds import Confusion
from workbench.core.wording import file_name
from workbench.display import charts, run_costs, run_fairness
from workbench.display import run_drawings as drawings
from workbench.display.rendering import (
    clipped,
    fragment,
    functions,
    metric_name,
    moment,
    number,
    percent,
    scoped,
    signed,
    some,
)

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Columns that are offered to slice by.
MOST_COLUMNS = 200
_NOTEBOOK = "run.to_notebook($path, $name, data=data)"
_START = "enhance(document.currentScript.previousElementSibling);"
# What is counted at a threshold, in words.
MEASURES = {
    "precision": "Precision: right, of those answered so",
    "recall": "Recall: found, of all there are",
    "false_alarm_rate": "False alarms, of all others",
    "answered": "Answered so, of all rows",
    "accuracy": "Accuracy: right, of all rows",
}


def html(run: Run) -> str:
    """The whole view: what :func:`body` gives, and the script that lets the threshold be moved."""
    return f"{body(run)}<script>(() => {{ {script()}\n{_START} }})();</script>"


def body(run: Run) -> str:
    """Score on the hold-out, leaderboard, decision, curves, worst groups, split and lineage; without any script."""
    seen = run.evaluation
    return fragment(
        "run",
        r=run,
        style=scoped("run", "controls.css", "plane.css", "run.css"),
        deciding=run.metrics[0],
        scale=_scale(run),
        tiles=_tiles(run),
        how=_how(run),
        seen=seen,
        drawings=drawings,
        notebooks=_notebooks(run),
        trials=list(_trials(run)),
        costs=run_costs.told(run),
        picker=run_costs.picker(run),
        decision=_decision(run),
        curves=list(_curves(run, seen)) if seen else [],
        matrix=_matrix(seen) if seen and seen.confusion else [],
        slices=_slices(run, seen) if seen else [],
        open_=_left_open(run),
        slicing=_slicing(run),
        fairness=run_fairness.told(run),
    )


@cache
def script() -> str:
    """The functions of ``static/run.js``; whoever shows them adds the line that starts them."""
    return functions("run.js")


def figure(run: Run) -> go.Figure:
    """The deciding score of each candidate, with its interval."""
    from workbench.display.figures import intervals

    scored = [c for c in run.candidates if c.metrics]
    names = [c.name for c in scored][::-1]
    return intervals(names, [c.metrics[0] for c in scored][::-1], metric_name(run.metrics[0].name))


def _scale(run: Run) -> tuple[float, float]:
    """Ends of the common axis: all values and intervals."""
    return _ends(*(c.metrics[0] for c in run.candidates if c.metrics))


def _ends(*metrics: Metric) -> tuple[float, float]:
    ends = [v for m in metrics for v in (m.value, m.low, m.high) if v is not None]
    return min(ends, default=0.0), max(ends, default=1.0)


def _tiles(run: Run) -> list[tuple[str, str, str]]:
    broken = "time" if run.split.kind == "time" else "new groups"
    naive = [("If drawn at random", number(m.value), f"a promise that {broken} would break") for m in run.at_random[:1]]
    return [
        ("Kept", run.best.name, f"of {len(run.candidates)} candidates"),
        (metric_name(run.metrics[0].name), number(run.metrics[0].value), interval(run.metrics[0])),
        *naive,
        *(("If rows count the same", number(m.value), interval(m)) for m in run.unweighted[:1]),
        ("Hold-out", number(run.split.holdout_rows), "rows, scored once at the end"),
        ("Trained on", number(run.split.train_rows), f"rows, {len(run.features)} features"),
    ]


def interval(metric: Metric) -> str:
    """The interval of a score in words, or nothing.

    >>> interval(Metric("roc_auc", 0.75, 0.74, 0.76))
    '0.740 to 0.760'
    """
    return "" if metric.low is None else f"{number(metric.low)} to {number(metric.high)}"


def _notebooks(run: Run) -> dict[str, str]:
    """What writes each candidate as a notebook without us, where the run knows its folds."""
    names = [c.name for c in run.candidates] if run.folds else []
    return {name: python(_NOTEBOOK, path=f"{file_name(name)}.ipynb", name=name) for name in names}


def _trials(run: Run) -> Iterator[tuple[str, int, Markup]]:
    """Of each candidate that was tried with several settings: its name, how many, and their drawing."""
    score = run.metrics[0]
    for name in dict.fromkeys(one.name for one in run.trials):
        tried = [one for one in run.trials if one.name == name and not one.failed]
        if len(tried) > 1 and any(one.metrics for one in tried):
            yield name, len(tried), drawings.trials(tried, metric_name(score.name), score.larger_is_better)


def _decision(run: Run) -> dict[str, Any] | None:
    """Two classes: what the threshold answers on the hold-out, and what the script needs to move it."""
    now, seen = run.confusion(), run.evaluation
    if now is None or seen is None or seen.thresholds is None or seen.spread is None or run.threshold is None:
        return None
    return {
        "drawing": drawings.decision(seen.spread, run.threshold, f"Probability of {clipped(run.classes[1], 30)}"),
        "rule": run.asked.get("threshold"),
        "weighed": bool(run.unweighted),
        "first": str(run.classes[0]),
        "second": str(run.classes[1]),
        "now": now,
        "measures": _measures(now),
        "data": json.dumps(
            {"holdout": asdict(seen.thresholds), "validated": asdict(seen.validated or seen.thresholds)}
        ),
    }


def _measures(now: Confusion) -> list[tuple[str, str, str, str]]:
    shown = []
    for name, (part, whole) in now.shares().items():
        ends = share_interval(part, whole)
        between = "" if ends is None else f"{percent(ends[0])} to {percent(ends[1])}"
        shown.append((name, MEASURES[name], percent(part / whole if whole else None), between))
    return shown


def _curves(run: Run, seen: Evaluation) -> list[tuple[str, str, Markup]]:
    """Title, note and drawing of each curve that the task has."""
    drawn: list[tuple[str, str, Markup]] = []
    if seen.thresholds and run.threshold is not None:
        drawn = [
            ("ROC", "found against false alarms", drawings.roc(seen.thresholds, run.threshold)),
            ("Precision and recall", "", drawings.precision_recall(seen.thresholds, run.threshold)),
            ("Gains", "found, the most probable first", drawings.lift(seen.thresholds, run.threshold)),
        ]
    if seen.points:
        drawing = drawings.predicted_and_true(seen.points, run.uncertainty)
        drawn.append(("Predicted and true", f"{len(seen.points)} rows", drawing))
    if seen.bins:
        titles = _axes(run)
        off = f"off by {number(seen.calibration_error)} in the mean"
        drawn.append(("Calibration", off, drawings.calibration(seen, titles)))
    if seen.learned:
        drawn.append(("Learning curve", _twice(run, seen), drawings.learning(seen, metric_name(run.metrics[0].name))))
    if seen.spread and len(seen.spread.counts) == 1:
        drawn.append(("Residuals", "true minus predicted", drawings.spread(seen.spread, "Residual")))
    return drawn


def _twice(run: Run, seen: Evaluation) -> str:
    """What twice the rows would bring."""
    if seen.doubled is None:
        return ""
    now = seen.learned[-1].score.value
    if number(seen.doubled) == number(now):
        return "more rows would hardly help"
    return f"twice the rows: {signed(seen.doubled - now)}"


def _axes(run: Run) -> tuple[str, str]:
    return {
        "binary": ("Predicted probability", "Share that came true"),
        "multiclass": ("Probability of the answer", "Share that was right"),
        "regression": ("Predicted", f"{_gives(run).capitalize()} that came true"),
    }[run.task]


def _gives(run: Run) -> str:
    """What a predicted number is of the target."""
    return (Loss.of(run.loss) if run.loss else SQUARED).gives


def _predicts(run: Run) -> str | None:
    """The same with the loss; nothing for classes, and for pipelines that came fitted."""
    return f"the {_gives(run)} of {run.contract.target} (loss: {run.loss})" if run.loss else None


def _matrix(seen: Evaluation) -> list[tuple[str, float, list[tuple[float, float]]]]:
    """Label, rows, and of each answer how many and how large a share of the label's rows."""
    rows = zip(seen.labels, seen.confusion, strict=True)
    return [(label, sum(row), [(n, n / (sum(row) or 1)) for n in row]) for label, row in rows]


def _left_open(run: Run) -> str:
    """How many rows lie below what was predicted to be above them, and how far the truth may lie from a prediction."""
    return " ".join(filter(None, (_below(run), _intervals(run))))


def _below(run: Run) -> str:
    """Of medians and quantiles: the share of the hold-out that lies below, in one sentence."""
    seen, wanted = run.evaluation, Loss.of(run.loss).share if run.loss else None
    if seen is None or seen.below is None or wanted is None:
        return ""
    share, low, high = map(percent, seen.below)
    meant = f"{percent(wanted)} of rows should lie at or below their prediction"
    return f"{meant}: {share} of the hold-out do ({low} to {high})."


def _intervals(run: Run) -> str:
    """How far the truth may lie from a prediction, in one sentence."""
    said = run.uncertainty
    if said is None or said.held is None:
        return ""
    if said.least is None:
        part = len(said.low) // 2
        sizes = " where predictions are of middling size" if said.edges else ""
        what = f"From {number(said.low[part])} to +{number(said.high[part])} around the prediction{sizes}"
    else:
        what = f"Classes of a probability of {number(said.least)} and more"
    kind = "sets" if said.least is not None else "intervals"
    held, low, high = map(percent, said.held)
    return f"{what}: {kind} that should hold {percent(said.level)} hold {held} of the hold-out ({low} to {high})."


def _slices(run: Run, seen: Evaluation) -> list[tuple[Any, Markup]]:
    """Each slice with its score on one scale, beside that of all rows."""
    overall = run.metrics[0]
    scale = _ends(overall, *(s.score for s in seen.slices if s.score))

    def score(one: Slice) -> Markup:
        if one.score is None:
            return Markup('<span class="wb-faint">–</span>')
        text = f"{one.column} {one.value}: {one.score}"
        return charts.interval(one.score.value, one.score.low, one.score.high, scale, text, overall.value)

    return [(one, score(one)) for one in seen.slices]


def _slicing(run: Run) -> dict[str, str] | None:
    """The columns that the hold-out can be sliced by, as literals; nothing where the run kept no predictions."""
    masked = {c.name for c in run.contract.columns if c.sensitive or c.role == "personal"}
    names = [name for name in run.features if name not in masked][:MOST_COLUMNS]
    if run.held is None or not names:
        return None
    literals = {name: python("$name", name=name) for name in names}
    return {"literals": json.dumps(literals), "first": python("run.slices($name)", name=names[0])}


def _how(run: Run) -> list[tuple[str, Any]]:
    return [
        ("Split", f"{run.split.kind}, by {run.split.column}" if run.split.column else run.split.kind),
        ("Hold-out from", run.split.boundary),
        ("Predicts", _predicts(run)),
        ("Weights", run.contract.weight and f"rows count by {run.contract.weight}"),
        ("Class weights", run.asked.get("class_weight")),
        ("Threshold", None if run.threshold is None else number(run.threshold)),
        ("Classes", some(run.classes)),
        ("Data", f"{run.source} ({run.fingerprint[:8]})"),
        ("Seed", str(run.seed)),
        ("Run", run.id),
        ("Made", moment(run.created)),
    ]
