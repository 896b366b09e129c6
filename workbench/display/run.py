"""A run: the kept candidate, the leaderboard with intervals, and how it was made."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.metric import Metric
from workbench.core.run import Run
from workbench.display.rendering import fragment, metric_name, moment, number

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(run: Run) -> str:
    """Score on the hold-out, leaderboard with intervals on one scale, split and lineage."""
    return fragment("run", r=run, deciding=run.metrics[0], scale=_scale(run), tiles=_tiles(run), how=_how(run))


def figure(run: Run) -> go.Figure:
    """The deciding score of each candidate, with its interval."""
    from workbench.display.figures import intervals

    scored = [c for c in run.candidates if c.metrics]
    names = [c.name for c in scored][::-1]
    return intervals(names, [c.metrics[0] for c in scored][::-1], metric_name(run.metrics[0].name))


def _scale(run: Run) -> tuple[float, float]:
    """Ends of the common axis: all values and intervals."""
    deciding = [c.metrics[0] for c in run.candidates if c.metrics]
    ends = [v for m in deciding for v in (m.value, m.low, m.high) if v is not None]
    return min(ends, default=0.0), max(ends, default=1.0)


def _tiles(run: Run) -> list[tuple[str, str, str]]:
    broken = "time" if run.split.kind == "time" else "new groups"
    naive = [("If drawn at random", number(m.value), f"a promise that {broken} would break") for m in run.at_random[:1]]
    return [
        ("Kept", run.best.name, f"of {len(run.candidates)} candidates"),
        (metric_name(run.metrics[0].name), number(run.metrics[0].value), interval(run.metrics[0])),
        *naive,
        ("Hold-out", number(run.split.holdout_rows), "rows, scored once at the end"),
        ("Trained on", number(run.split.train_rows), f"rows, {len(run.features)} features"),
    ]


def interval(metric: Metric) -> str:
    """The interval of a score in words, or nothing.

    >>> interval(Metric("roc_auc", 0.75, 0.74, 0.76))
    '0.740 to 0.760'
    """
    return "" if metric.low is None else f"{number(metric.low)} to {number(metric.high)}"


def _how(run: Run) -> list[tuple[str, Any]]:
    return [
        ("Split", f"{run.split.kind}, by {run.split.column}" if run.split.column else run.split.kind),
        ("Hold-out from", run.split.boundary),
        ("Threshold", None if run.threshold is None else number(run.threshold)),
        ("Classes", ", ".join(map(str, run.classes)) or None),
        ("Data", f"{run.source} ({run.fingerprint[:8]})"),
        ("Seed", str(run.seed)),
        ("Run", run.id),
        ("Made", moment(run.created)),
    ]
