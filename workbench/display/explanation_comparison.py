"""Two explanations side by side: what weighs otherwise first, then the same by segment."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.core.explanation_comparison import ExplanationComparison, ReasonDifference
from workbench.display.profile_comparison import told_p_value
from workbench.display.rendering import fragment

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 60  # columns that are shown; those that differ come first


def html(comparison: ExplanationComparison) -> str:
    """Columns with both importances and distributions of values, strongest change first; then each segment."""
    everywhere = list(comparison)
    most = max((size for d in comparison.differences for size in d.importance), default=1.0) or 1.0
    return fragment(
        "explanation_comparison",
        c=comparison,
        columns=everywhere[:MOST],
        hidden=max(len(everywhere) - MOST, 0),
        segments=[(name, _of(comparison, name)) for name in comparison.segments],
        most=most,
        p_value=told_p_value,
        same_run=comparison.run_ids[0] == comparison.run_ids[1],
    )


def figure(comparison: ExplanationComparison, column: str | None = None) -> go.Figure:
    """Both importances of each column; with ``column``, how its values are spread in both.

    Raises
    ------
    ColumnNotFound
        If there is no such column in both.
    """
    from workbench.display.figures import two_sides

    if column is not None:
        pairs = comparison[column].parts
        places = [str(i + 1) for i in range(len(pairs))]
        return two_sides(places, ([a for a, _ in pairs], [b for _, b in pairs]), column, "share of the values")
    shown = list(comparison)[:MOST]
    sides = ([d.importance[0] for d in shown], [d.importance[1] for d in shown])
    return two_sides([d.column for d in shown], sides, "Mean effect", comparison.unit)


def _of(comparison: ExplanationComparison, segment: str) -> list[ReasonDifference]:
    """The columns of one segment: those that differ, or else the strongest ones."""
    found = [d for d in comparison.differences if d.segment == segment]
    return [d for d in found if d.differs] or sorted(found, key=lambda d: d.rank[1])[:3]
