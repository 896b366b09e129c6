"""Two profiles side by side: what differs first, each column with both distributions over each other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.core.profile_comparison import ColumnDifference, ProfileComparison
from workbench.display.rendering import fragment, number, percent

if TYPE_CHECKING:
    import plotly.graph_objects as go

MOST = 100  # columns that are shown; those that differ come first
TESTS = {
    "ks": "Kolmogorov-Smirnov: how far the two distributions are apart",
    "mean": "Welch: difference of the means; the effect is how far the distributions are apart",
    "chi2": "Chi-square: how often each value occurs",
    "missing": "Chi-square: share of rows without a value",
    "kind": "none: the kinds of the values differ",
}


def html(comparison: ProfileComparison) -> str:
    """Findings, then the columns, strongest difference first, with effect, p-value and what it means."""
    important = sum(c.important for c in comparison.columns)
    kind = "warning" if important or comparison.only_reference else "ok"
    return fragment(
        "profile_comparison",
        c=comparison,
        headline=comparison.headline(),
        kind=kind,
        word="look at it" if kind == "warning" else "alike" if not comparison.differing else "small differences",
        tiles=_tiles(comparison, important),
        columns=comparison.columns[:MOST],
        hidden=max(len(comparison.columns) - MOST, 0),
        p_value=told_p_value,
        details=_details,
    )


def figure(comparison: ProfileComparison, column: str | None = None) -> go.Figure:
    """Both distributions of ``column``; without one, the effect of each column.

    Raises
    ------
    ColumnNotFound
        If the two tables have no such column in common.
    """
    from workbench.display.figures import bars, two_sides

    if column is None:
        shown = comparison.columns[:MOST]
        return bars([c.column for c in shown], [c.effect for c in shown], "Differences", "effect, 0 to 1")
    one = comparison[column]
    parts = one.parts or ("missing",)
    sides = (one.reference, one.current) if one.parts else ((one.missing[0],), (one.missing[1],))
    return two_sides(parts, sides, column, "share of the values" if one.parts else "share of the rows")


def _tiles(comparison: ProfileComparison, important: int) -> list[tuple[str, str, str]]:
    before, now = comparison.rows
    alone = (*comparison.only_reference, *comparison.only_current)
    return [
        ("Rows of the reference", number(before), ""),
        ("Rows now", number(now), ""),
        ("Columns that differ", str(len(comparison.differing)), f"of {len(comparison.columns)}"),
        ("Enough to matter", str(important), "effect of 0.1 or more"),
        ("In one table only", str(len(alone)), ", ".join(alone)[:60]),
    ]


def told_p_value(value: float) -> str:
    """A p-value, or that it is too small to be told.

    >>> told_p_value(0.2), told_p_value(0.0)
    ('0.200', '<0.0001')
    """
    return "<0.0001" if value < 0.0001 else number(value)


def _details(column: ColumnDifference) -> list[tuple[str, Any]]:
    same = column.missing[0] == column.missing[1]
    return [
        ("Test", TESTS[column.test]),
        ("Statistic", number(column.statistic)),
        ("p-value", f"{told_p_value(column.p_value)}, corrected for the tests and the columns"),
        ("Missing", None if same else f"{percent(column.missing[0])}, now {percent(column.missing[1])}"),
    ]
