"""A comparison: which version is better, by how much, and whether chance alone would do it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.comparison import Comparison
from workbench.core.metric import Metric
from workbench.display.rendering import fragment, metric_name, number, signed
from workbench.display.run import interval

# What the rows are, by where they come from.
ROWS = {"table": "labelled rows that neither has seen", "log": "rows of the service's log that both have answered"}

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(comparison: Comparison) -> str:
    """Verdict, both scores, and the difference with its interval against zero."""
    kind, word = _outcome(comparison)
    line = comparison.least_gain if comparison.champion.larger_is_better else -comparison.least_gain
    old, new = comparison.versions
    both = [(f"Champion, version {old}", comparison.champion), (f"Challenger, version {new}", comparison.challenger)]
    return fragment(
        "comparison",
        c=comparison,
        kind=kind,
        word=word,
        title=f"Version {new} {comparison.said} version {old}",
        tiles=[*((name, number(m.value), interval(m)) for name, m in both), _difference(comparison.difference)],
        scale=_scale(comparison.difference, line),
        line=line,
        wanted="above" if comparison.champion.larger_is_better else "below",
        rows=ROWS[comparison.source],
    )


def figure(comparison: Comparison) -> go.Figure:
    """Both scores with their intervals."""
    from workbench.display.figures import intervals

    names = [f"version {v}" for v in comparison.versions]
    title = metric_name(comparison.champion.name)
    return intervals(names[::-1], [comparison.challenger, comparison.champion], title)


def _outcome(comparison: Comparison) -> tuple[str, str]:
    """Kind of the mark, and its word."""
    if comparison.better:
        return "ok", "better"
    if comparison.worse:
        return "alarm", "worse"
    return "unknown", "not better by enough" if comparison.ahead else "not shown to be better"


def _difference(metric: Metric) -> tuple[str, str, str]:
    ends = [v for v in (metric.low, metric.high) if v is not None]
    digits = 4 if max(map(abs, [metric.value, *ends])) < 1 else None
    return "Difference", _signed(metric.value, digits), " to ".join(_signed(v, digits) for v in ends)


def _signed(value: float, digits: int | None) -> str:
    """Differences of scores are small: with as many digits each, they can be compared."""
    return signed(value) if digits is None else f"{value:+.{digits}f}".replace("-", "−")


def _scale(metric: Metric, line: float) -> tuple[float, float]:
    """The interval, zero and what was asked for, with some room."""
    ends = [v for v in (metric.low, metric.value, metric.high) if v is not None] + [0.0, line]
    room = 0.1 * (max(ends) - min(ends) or 1.0)
    return min(ends) - room, max(ends) + room
