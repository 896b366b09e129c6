"""Fairness: gaps, groups with their intervals, what makes the gap, who tells the groups, and what closing it costs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.core.fairness import LIMITS, Driver, Fairness, Gap, Group, GroupMetric, Remedy
from workbench.core.metric import Metric
from workbench.display import charts
from workbench.display.rendering import clipped, fragment, functions, metric_name, number, percent, scoped, signed
from workbench.errors import BadParameter

if TYPE_CHECKING:
    import plotly.graph_objects as go

# Measures that are drawn; all others are in the table below them.
DRAWN = {
    "binary": ("selection_rate", "true_positive_rate", "false_positive_rate", "accuracy", "calibration_gap"),
    "multiclass": ("accuracy", "log_loss"),
    "regression": ("mean_prediction", "mean_target", "mean_error", "mae", "rmse"),
}
MOST_DRAWN, MOST_GROUPS, MOST_DRIVERS, MOST_FEATURES, MOST_PROXIES = 5, 40, 6, 8, 6
TITLES = {
    "selection_rate": "Selection rate", "true_positive_rate": "True positive rate",
    "false_positive_rate": "False positive rate", "false_negative_rate": "False negative rate",
    "true_negative_rate": "True negative rate", "base_rate": "Came true", "mean_prediction": "Mean prediction",
    "calibration_gap": "Predicted − came", "mean_target": "Mean target", "mean_error": "Mean error",
    "demographic_parity_difference": "Demographic parity difference",
}  # fmt: skip
EQUAL = {
    "demographic_parity": "equal selection rates", "true_positive_rate_parity": "equal true positive rates",
    "equalized_odds": "equal true and false positive rates", "independence": "reweighing of the rows",
}  # fmt: skip
# Gaps that remedies are compared by.
COMPARED = ("demographic_parity_difference", "equalized_odds_difference", "equal_opportunity_difference")


@dataclass(frozen=True)
class Cell:
    """A measure of a group, drawn on the scale that all groups share."""

    one: GroupMetric
    drawing: Markup


def html(fairness: Fairness) -> str:
    """Everything on one page; columns crossed are folded."""
    return fragment(
        "fairness",
        f=fairness,
        about=_about(fairness),
        gaps=[(name, list(gaps_drawn(fairness, name))) for name in fairness.columns],
        columns=[_column(fairness, name, nth) for nth, name in enumerate(fairness.columns)],
        drivers=list(_drivers(fairness)),
        proxies=list(_proxies(fairness)),
        remedies=list(_remedies(fairness)),
        compared=[title(name) for name in COMPARED],
        title=title,
        together=EQUAL,
        limits=LIMITS,
    )


def live_script() -> str:
    """The functions of ``static/fairness_live.js``, of the view with a kernel."""
    return functions("fairness_live.js")


def live_style() -> str:
    """The style of its choices."""
    return scoped("choices", "controls.css", "fairness_live.css")


def figure(fairness: Fairness, measure: str | None = None) -> go.Figure:
    """A measure of each group, with its interval.

    Raises
    ------
    BadParameter
        If there is no such measure.
    """
    from workbench.display.figures import intervals

    known = [one.name for one in fairness.overall]
    measure = known[0] if measure is None and known else str(measure)
    if measure not in known:
        raise BadParameter.unknown(measure, known, "Fairness")
    told = [(f"{group.column}: {group.value}", group[measure]) for group in fairness.groups[::-1][:MOST_GROUPS]]
    shown = [(name, Metric(one.name, one.value, one.low, one.high)) for name, one in told if one.value is not None]
    return intervals([name for name, _ in shown], [one for _, one in shown], title(measure))


def drawn(fairness: Fairness) -> list[str]:
    """The measures that are drawn; of several classes also how often the commonest are answered."""
    kind = fairness.task if fairness.label is None else "binary"
    shares = [one.name for one in fairness.overall if one.name.startswith("selection_rate of ")]
    return [*DRAWN[kind], *shares][:MOST_DRAWN]


def title(name: str) -> str:
    """A measure or a gap in words.

    >>> title("true_positive_rate"), title("equalized_odds_ratio"), title("mae")
    ('True positive rate', 'Equalized odds ratio', 'MAE')
    """
    plain = metric_name(name)
    return TITLES.get(name) or (plain if plain != name.replace("_", " ") else plain.capitalize())


def _about(fairness: Fairness) -> str:
    label = "" if fairness.label is None else f"rates of the answer {clipped(fairness.label)}; "
    weight = f"rows count by {clipped(fairness.weight)}; " if fairness.weight else ""
    rate = percent(fairness.false_alarm_rate)
    return (
        f"{label}{weight}intervals hold {percent(fairness.level)}; ◆ differs from all other rows by more than chance "
        f"(Holm, {rate} for all groups and measures together)"
    )


def gaps_drawn(fairness: Fairness, column: str) -> Iterator[tuple[Gap, Markup]]:
    """The gaps of a column, or of all crossed, each with its interval on the scale that they share."""
    own = [gap for gap in fairness.gaps if gap.column == column]
    ends = [end for gap in own for end in (gap.value, gap.low or 0.0, gap.high or 0.0)]
    shares = all(0 <= end <= 1 for end in ends)
    scale = (0.0, 1.0 if shares else max(ends, default=1.0))
    for gap in own:
        text = f"{title(gap.name)} of {column}: {gap.text}, from {gap.least} to {gap.most}"
        against = 1.0 if gap.name.endswith("_ratio") else 0.0
        yield gap, charts.interval(gap.value, gap.low, gap.high, scale, text, against)


def _column(fairness: Fairness, column: str, nth: int) -> dict[str, Any]:
    groups = fairness.by_column[column]
    shown = groups[:MOST_GROUPS]
    overall = {one.name: one for one in fairness.overall}
    names = drawn(fairness)
    scales = {name: _scale([overall[name], *(group[name] for group in shown)]) for name in names}
    rows = [(group, [_cell(group, name, scales[name], overall[name]) for name in names]) for group in shown]
    return {
        "name": column, "open": nth == 0, "names": names, "rows": rows, "groups": shown,
        "more": len(groups) - len(shown),
        "differs": any(one.differs for group in groups for one in group.metrics),
        "score": next((group.score.name for group in groups if group.score), None),
    }  # fmt: skip


def _scale(measured: Sequence[GroupMetric]) -> tuple[float, float]:
    ends = [end for one in measured for end in (one.value, one.low, one.high) if end is not None]
    low, high = min(ends, default=0.0), max(ends, default=1.0)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _cell(group: Group, name: str, scale: tuple[float, float], overall: GroupMetric) -> Cell:
    one = group[name]
    if one.value is None:
        return Cell(one, Markup('<span class="wb-faint">–</span>'))
    word = "differs from the rest" if one.differs else "not judged" if one.p_value is None else "no sure difference"
    text = f"{title(name)} of {group.value}: {one.text}, {word}"
    return Cell(one, charts.interval(one.value, one.low, one.high, scale, text, overall.value))


def _drivers(fairness: Fairness) -> Iterator[dict[str, Any]]:
    """Group by group the strongest features; of two groups one says it all."""
    for column in fairness.columns:
        own = [one for one in fairness.drivers if one.column == column]
        names = list(dict.fromkeys(one.group for one in own))
        shown = names[:1] if len(names) == 2 else names[:MOST_DRIVERS]
        yield from (_driven(column, name, [one for one in own if one.group == name]) for name in shown)


def _driven(column: str, group: str, features: Sequence[Driver]) -> dict[str, Any]:
    shown = features[:MOST_FEATURES]
    rest = sum(one.value for one in features[MOST_FEATURES:])
    ends = [0.0, rest, *(end for one in shown for end in (one.low, one.high))]
    low, high = min(ends), max(ends)
    drawn = [
        (
            one,
            charts.signed_bar(0.0, one.value, low, high, f"{one.feature}: {signed(one.value)}, {_ends(one)}"),
            _ends(one),
        )
        for one in shown
    ]
    return {
        "column": column, "group": group, "features": drawn, "more": len(features) - len(shown), "rest": rest,
        "whole": sum(one.value for one in features),
    }  # fmt: skip


def _ends(one: Driver) -> str:
    return f"{signed(one.low)} to {signed(one.high)}"


def _proxies(fairness: Fairness) -> Iterator[tuple[str, bool, list[tuple[str, Markup, float]]]]:
    for column in dict.fromkeys(one.column for one in fairness.proxies):
        own = [one for one in fairness.proxies if one.column == column]
        drawn = [
            (
                one.feature,
                charts.bar(one.strength, 1.0, f"{one.feature} tells {column}: {number(one.strength)}"),
                one.strength,
            )
            for one in own[: MOST_PROXIES + 1]
        ]
        yield column, own[0].is_feature, drawn


def _remedies(fairness: Fairness) -> Iterator[dict[str, Any]]:
    """What is without any, then each remedy: scores and the gaps that are left."""
    for kind in dict.fromkeys(one.name for one in fairness.remedies):
        own = [one for one in fairness.remedies if one.name == kind]
        first = own[0]
        pairs = [gap for gap in first.gaps if gap[0].name in COMPARED] or list(first.gaps)[:3]
        kept = [before.name for before, _ in pairs]
        yield {
            "kind": kind, "column": first.column, "told": own,
            "scores": [metric_name(one.name) for one in first.before],
            "gaps": [title(name) for name in kept],
            "before": (first.before, [before for before, _ in pairs]),
            "rows": [(one, one.after, _after(one, kept)) for one in own],
        }  # fmt: skip


def _after(remedy: Remedy, names: Sequence[str]) -> list[Gap | None]:
    after = {gap.name: gap for _, gap in remedy.gaps}
    return [after.get(name) for name in names]
