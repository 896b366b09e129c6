"""A profile: findings first, then one row a column that opens for more.

The page is whole without a script. ``static/profile.js`` adds search, sorting, reading of drawings and copying; the
widget (``workbench.widgets.profile``) uses the same file.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from datetime import UTC, datetime
from itertools import accumulate, pairwise
from math import isfinite
from typing import TYPE_CHECKING, Any

from workbench.core.finding import Finding
from workbench.core.profile import Association, ColumnProfile, Profile
from workbench.display import language
from workbench.display import profile_drawings as drawings
from workbench.display.rendering import fragment, number, percent, scoped

if TYPE_CHECKING:
    import plotly.graph_objects as go

MEASURES = {
    "pearson": "Pearson",
    "spearman": "Spearman",
    "cramers_v": "Cramér's V",
    "correlation_ratio": "correlation ratio",
    "missing_together": "missing together",
}
_START = "enhance(document.currentScript.previousElementSibling);"


def html(profile: Profile) -> str:
    """The whole view: what :func:`body` gives, and the script that makes it searchable and sortable."""
    # A script of its own for each view: nothing is shared, so the same profile may be shown twice or anew.
    return f"{body(profile)}<script>(() => {{ {script()}\n{_START} }})();</script>"


def body(profile: Profile) -> str:
    """Findings, tiles, columns with their details, gaps and associations, readable without any script."""
    together, gaps = _parted(profile.associations)
    return fragment(
        "profile",
        p=profile,
        headline=profile.headline(),
        style=scoped("profile", "controls.css", "profile.css"),
        drawings=drawings,
        kinds=", ".join(f"{n} {kind}" for kind, n in Counter(c.kind for c in profile.columns).most_common(3)),
        missing=_missing_share(profile),
        duplicates=estimate(profile.duplicates, profile.duplicates_error),
        index={c.name: i for i, c in enumerate(profile.columns)},
        column_findings=_by_column(profile.findings),
        near=_neighbours(profile.associations),
        together=together,
        gaps=gaps,
        measures=MEASURES,
        value=_value,
        facts=_facts,
        distinct=_distinct,
        plot=_plot,
        by_target=_by_target,
        rarer=_rarer(profile),
        estimate=estimate,
    )


def script() -> str:
    """The functions of ``static/profile.js``; whoever shows them adds the line that starts them."""
    return language.script("profile")


def catalogues() -> dict[str, dict[str, str]]:
    """The sentences of the page and its script in other languages, by the language's two letters."""
    return language.catalogues("profile")


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
        centres = [(a + b) / 2 for a, b in pairwise(one.histogram.edges)]
        return bars([_value(one, c) for c in centres], list(one.histogram.counts), column, "rows")
    return bars([v for v, _ in one.top], [n for _, n in one.top], column, "rows")


def estimate(value: float | None, error: float = 0.0) -> str:
    """A number with the error that it may have at 95% confidence; relative to the number once that is readable.

    >>> estimate(52), estimate(12_430, 373), estimate(7, 2), estimate(None)
    ('52', '≈ 12,430 ± 3.0%', '≈ 7 ± 2', '–')
    """
    if not value or not error:
        return number(value)
    bound = percent(error / abs(value)) if abs(value) >= 100 else number(error)
    return f"≈ {number(value)} ± {bound}"


def _distinct(column: ColumnProfile) -> str:
    if column.distinct_exact:
        return number(column.distinct)
    text = estimate(column.distinct, column.distinct * column.distinct_error)
    return text if text.startswith("≈") else f"≈ {text}"


def _value(column: ColumnProfile, value: float | None) -> str:
    """A value of a column; datetimes come as seconds since 1970."""
    if value is None or column.kind != "datetime":
        return _plain(value if value is None else float(value))
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
    value += 0.0  # no minus before a zero
    text = f"{value:,.0f}" if value.is_integer() or abs(value) >= 1000 else number(value)
    return (text.replace(",", "") if abs(value) < 10_000 else text).replace("-", "−")


def _facts(column: ColumnProfile) -> list[tuple[str, Any]]:
    """What the opened row says in numbers; None is left out."""
    return [*_amounts(column), *_moments(column), *_texts(column), *_quantiles(column), *_weighted(column)]


def _amounts(c: ColumnProfile) -> list[tuple[str, Any]]:
    missing = f"{number(c.missing)} ({percent(c.missing_share)})" if c.missing else None
    counts = [("Unread", c.unread), ("Zeros", c.zeros), ("Negative", c.negatives), ("Infinite", c.infinities)]
    return [
        ("Means", c.meaning),
        ("Values", number(c.count)),
        ("Missing", missing),
        ("Distinct", _distinct(c)),
        *((name, f"{number(n)} ({percent(n / (c.rows or 1))})") for name, n in counts if n),
    ]


def _moments(c: ColumnProfile) -> list[tuple[str, Any]]:
    gap = c.longest_gap and f"{_value(c, c.longest_gap[0])} to {_value(c, c.longest_gap[1])}, {_days(c.longest_gap)}"
    spread = None if c.sd is None or c.kind == "datetime" else _plain(c.sd)
    return [
        ("Mean", None if c.mean is None else _value(c, c.mean)),
        ("Sd", spread),
        ("Skew", None if c.skew is None else number(c.skew)),
        ("Excess kurtosis", None if c.kurtosis is None else number(c.kurtosis)),
        ("Longest gap", gap),
    ]


def _days(gap: tuple[float, float]) -> str:
    days = (gap[1] - gap[0]) / 86_400
    return f"{days:,.0f} days" if days >= 2 else f"{days * 24:,.0f} hours"


def _texts(c: ColumnProfile) -> list[tuple[str, Any]]:
    mean = "" if c.mean_length is None else f", {number(c.mean_length)} on average"
    return [("Length", None if c.shortest is None else f"{c.shortest} to {c.longest} characters{mean}")]


def _quantiles(c: ColumnProfile) -> list[tuple[str, Any]]:
    """Smallest, quantiles and largest, with what the ranks may be off."""
    if c.minimum is None:
        return []
    shares = [(_share(q), _value(c, v)) for q, v in sorted(c.quantiles.items())]
    error = [("Rank error", f"± {percent(c.rank_error)}")] if c.rank_error else []
    return [("Smallest", _value(c, c.minimum)), *shares, ("Largest", _value(c, c.maximum)), *error]


def _weighted(c: ColumnProfile) -> list[tuple[str, Any]]:
    """The same by weight, where rows have weights."""
    by = c.weighted
    if by is None:
        return []
    spread = None if by.sd is None or c.kind == "datetime" else _plain(by.sd)
    return [
        ("Missing by weight", percent(by.missing_share) if c.missing else None),
        ("Mean by weight", None if by.mean is None else _value(c, by.mean)),
        ("Sd by weight", spread),
        ("Median by weight", _value(c, by.quantiles[0.5]) if by.quantiles else None),
    ]


def _share(quantile: float) -> str:
    return "Median" if quantile == 0.5 else f"{100 * quantile:g}%"


def _plot(column: ColumnProfile) -> dict[str, str]:
    """What the script reads out of the large histogram: the edges, or the two ends where all bins are equally wide."""
    assert column.histogram is not None
    edges, counts = column.histogram.edges, column.histogram.counts
    step = (edges[-1] - edges[0]) / len(counts)
    even = all(abs(b - a - step) <= 1e-6 * abs(step) for a, b in pairwise(edges))
    shown = (edges[0], edges[-1]) if even else edges
    return {"edges": " ".join(map(repr, shown)), "counts": " ".join(f"{n:.6g}" for n in counts)}


def _by_target(column: ColumnProfile, rarer: str) -> dict[str, Any]:
    """What the table of the target in the parts of a column shows: classes, and a bar and a number for each part."""
    view = column.by_target
    assert view is not None
    shown = _shown(view.classes, rarer)
    means = [v[0] for v in view.values if not view.classes and v and isfinite(v[0])]
    low, high = (min(0.0, *means), max(0.0, *means)) if means else (0.0, 1.0)
    parts = zip(view.parts, _ours(column, view.parts), view.rows, view.values, strict=True)
    rows = [(part, ours, n, *_bars(values, shown, low, high)) for part, ours, n, values in parts]
    return {"classes": [view.classes[i] for i in shown], "rows": rows}


def _ours(column: ColumnProfile, parts: tuple[str, ...]) -> list[bool]:
    """Which names of parts are words of ours and no values: ranges, and at the end the others and the missing."""
    last = [("others",), ("missing",), ("others", "missing")]
    return [column.histogram is not None or parts[i:] in last for i in range(len(parts))]


def _shown(classes: tuple[str, ...], rarer: str) -> list[int]:
    """Which classes are drawn: the rarer of two, the first five of many.

    >>> _shown(("No", "Yes"), "Yes"), _shown(tuple("abcdefg"), "g")
    ([1], [0, 1, 2, 3, 4])
    """
    if len(classes) == 2:
        return [classes.index(rarer) if rarer in classes else 1]
    return list(range(min(len(classes), 5)))


def _rarer(profile: Profile) -> str:
    """The rarer class of the target: of two shares, the one that is asked for."""
    target = profile.contract.target
    top = profile[target].top if target is not None and target in profile else ()
    return top[-1][0] if top else ""


def _bars(values: tuple[float, ...], shown: list[int], low: float, high: float) -> tuple[str, str]:
    """Where the parts of a bar end, as the style that the sheet reads, and the number beside the bar."""
    if not shown:
        return f"--a:{_width(values[0], low, high)}", _plain(float(values[0]))
    ends = accumulate(values[i] for i in shown)
    return ";".join(f"--{k}:{_width(v)}" for k, v in zip("abcde", ends, strict=False)), percent(values[shown[0]])


def _width(value: float, low: float = 0.0, high: float = 1.0) -> str:
    return f"{100 * (value - low) / ((high - low) or 1):.1f}%"


def _missing_share(profile: Profile) -> float:
    cells = sum(c.rows for c in profile.columns)
    return sum(c.missing for c in profile.columns) / cells if cells else 0.0


def _by_column(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    by_column: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        if one.column is not None:
            by_column[one.column].append(one)
    return dict(by_column)


def _parted(pairs: Iterable[Association]) -> tuple[list[Association], list[Association]]:
    """Those of values and those of gaps, each strongest first."""
    ordered = sorted(pairs, key=lambda p: -p.strength)
    gaps = [p for p in ordered if p.measure == "missing_together"]
    return [p for p in ordered if p.measure != "missing_together"], gaps


def _neighbours(pairs: Iterable[Association], most: int = 5) -> dict[str, list[tuple[str, Association]]]:
    """The strongest associations of each column, with the other column's name."""
    near: dict[str, list[tuple[str, Association]]] = defaultdict(list)
    for pair in sorted(pairs, key=lambda p: -p.strength):
        for one, other in ((pair.a, pair.b), (pair.b, pair.a)):
            if len(near[one]) < most:
                near[one].append((other, pair))
    return near
