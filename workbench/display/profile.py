"""A profile: findings first, then one row a column that opens for more."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from workbench.core.profile import ColumnProfile, Profile
from workbench.display.rendering import fragment, number, percent

if TYPE_CHECKING:
    import plotly.graph_objects as go


def html(profile: Profile) -> str:
    """Findings, then each column with its distribution, missing share, range and association with the target."""
    kinds = Counter(c.kind for c in profile.columns)
    cells = sum(c.rows for c in profile.columns)
    return fragment(
        "profile",
        p=profile,
        headline=profile.headline(),
        value=_value,
        plain=_plain,
        details=_details,
        kinds=", ".join(f"{n} {kind}" for kind, n in kinds.most_common(3)),
        missing=sum(c.missing for c in profile.columns) / cells if cells else 0.0,
    )


def figure(profile: Profile, column: str | None = None) -> go.Figure:
    """The distribution of ``column``; without one, the share of missing values of each column.

    Raises
    ------
    ColumnNotFound
        If the profile has no such column.
    """
    from workbench.display.figures import bars

    if column is None:
        shown = sorted(profile.columns, key=lambda c: -c.missing_share)[:100]
        return bars([c.name for c in shown], [c.missing_share for c in shown], "Missing values", "share of rows")
    one = profile[column]
    if one.histogram:
        centres = [(a + b) / 2 for a, b in zip(one.histogram.edges, one.histogram.edges[1:], strict=False)]
        return bars([_value(one, c) for c in centres], list(one.histogram.counts), column, "rows")
    return bars([v for v, _ in one.top], [n for _, n in one.top], column, "rows")


def _value(column: ColumnProfile, value: float) -> str:
    """A value of a column; datetimes come as seconds since 1970."""
    if column.kind != "datetime":
        return _plain(float(value))
    try:
        return f"{datetime.fromtimestamp(value, UTC):%Y-%m-%d}"
    except (OverflowError, OSError, ValueError):
        return number(value)


def _plain(value: float | None) -> str:
    """A number of the data; four digits stay together, since they may be a year or a time of day.

    >>> _plain(2013.0), _plain(-33.25), _plain(48211.0)
    ('2013', '−33.2', '48,211')
    """
    if value is None:
        return number(value)
    text = f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else number(value)
    return (text.replace(",", "") if abs(value) < 10_000 else text).replace("-", "−")


def _details(column: ColumnProfile) -> list[tuple[str, Any]]:
    """What the opened row says; None is left out."""
    quantiles = {f"{100 * q:g}% quantile": _value(column, v) for q, v in sorted(column.quantiles.items())}
    lengths = None if column.shortest is None else f"{column.shortest} to {column.longest} characters"
    shape = None if column.skew is None else f"skew {number(column.skew)}, excess kurtosis {number(column.kurtosis)}"
    return [
        ("Values", number(column.count)),
        ("Missing", f"{number(column.missing)} ({percent(column.missing_share)})" if column.missing else None),
        *quantiles.items(),
        ("Shape", shape),
        ("Zeros", number(column.zeros) if column.zeros else None),
        ("Negative", number(column.negatives) if column.negatives else None),
        ("Infinite", number(column.infinities) if column.infinities else None),
        ("Length", lengths),
    ]
