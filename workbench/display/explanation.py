"""An explanation: what drives the predictions, and one of them column by column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from workbench.core.explanation import Explanation
from workbench.display.rendering import fragment
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 12


@dataclass(frozen=True)
class Step:
    """What one column added, from ``start`` to ``end``."""

    name: str
    given: str
    start: float
    end: float

    @property
    def added(self) -> float:
        """What it added."""
        return self.end - self.start


def html(explanation: Explanation, row: int = 0) -> str:
    """Global importance, and one row as a waterfall."""
    importance = list(explanation.importance().items())
    steps = waterfall(explanation, row) if len(explanation.values) else []
    ends = [v for s in steps for v in (s.start, s.end)]
    label = "" if explanation.label is None else f" Positive values speak for {explanation.label}."
    return fragment(
        "explanation",
        e=explanation,
        importance=importance[:MOST],
        others=max(len(importance) - MOST, 0),
        steps=steps,
        row=row,
        low=min(ends, default=0.0),
        high=max(ends, default=1.0),
        title=explanation.drivers(),
        subtitle=f"SHAP values of {len(explanation.values):,} held-out rows.{label}",
    )


def figure(explanation: Explanation, row: int | None = None) -> go.Figure:
    """Mean absolute effect of each column; with ``row``, that prediction as a waterfall.

    Parameters
    ----------
    explanation : Explanation
        What to show.
    row : int, optional
        Position of an explained row, from 0.

    Raises
    ------
    BadParameter
        If there is no such row.
    """
    from workbench.display import figures

    if row is None:
        shown = list(explanation.importance().items())[:30][::-1]
        return figures.bars([n for n, _ in shown], [v for _, v in shown], "Mean effect", explanation.unit, flat=True)
    steps = waterfall(explanation, row)
    names = [f"{s.name} = {s.given}" if s.given else s.name for s in steps]
    return figures.waterfall(names, [s.added for s in steps], explanation.base, f"Row {row}", explanation.unit)


def waterfall(explanation: Explanation, row: int) -> list[Step]:
    """The strongest columns of one row, strongest first, and the rest as one step; they lead from base to output.

    Raises
    ------
    BadParameter
        If there is no such row.
    """
    if not 0 <= row < len(explanation.values):
        raise BadParameter(
            f"Row {row} is not explained: rows are 0 to {len(explanation.values) - 1}. Choose one of them."
        )
    reasons = explanation.reasons(row)
    rest = [v for _, _, v in reasons[MOST:]]
    parts: list[tuple[str, Any, float]] = list(reasons[:MOST])
    if rest:
        parts.append((f"{len(rest)} other columns", "", sum(rest)))
    steps, at = [], explanation.base
    for name, given, added in parts:
        steps.append(Step(name, "missing" if given is None else str(given), at, at + added))
        at += added
    return steps
