"""What drives a model's predictions, from the sums that ship with it: no row, no numpy, a page in milliseconds."""

from __future__ import annotations

from itertools import accumulate, pairwise
from typing import Any

from workbench.core.reasons import ColumnReasons, Reasons
from workbench.display.charts import Part
from workbench.display.language import Speaker, speaker
from workbench.display.rendering import fragment, piece

COLUMNS = 20
# A rank correlation of value and effect from which on the direction has a word.
CLEAR = 0.6
TITLE = "What drives the predictions"
FEW = 5  # rows of a part that is drawn


def html(reasons: Reasons, target: str = "", title: str = TITLE) -> str:
    """Columns with their importance, its interval, their direction, and what they add by what they hold.

    Parameters
    ----------
    reasons : Reasons
        Of a bundle.
    target : str
        What is predicted.
    title : str
    """
    return fragment("reasons", **_context(reasons, target, title), brief=False)


def body(reasons: Reasons, target: str = "", title: str = TITLE, language: str = "en", most: int = COLUMNS) -> str:
    """The same without the stylesheet, in a language, of the columns that weigh most: a part of a page."""
    return piece("reasons", **_context(reasons, target, title, language, most), brief=True)


def _context(reasons: Reasons, target: str, title: str, language: str = "en", most: int = COLUMNS) -> dict[str, Any]:
    say = speaker(language)
    shown = [(one, parts(one, say)) for one in reasons.ranked[:most]]
    return dict(
        say.words(),
        r=reasons,
        target=target,
        title=title,
        columns=shown,
        scale=_scale,
        most=max((one.high or one.importance for one, _ in shown), default=1.0) or 1.0,
        hidden=max(len(reasons.columns) - most, 0),
        direction=_direction,
        known=any(one.given or one.levels for one, _ in shown),
    )


def parts(one: ColumnReasons, say: Speaker) -> list[Part]:
    """What a column adds in each part of what it holds; one part where that is not kept."""
    places = _places(one)
    return [
        Part(name, *(_quantile(line, places, share) for share in (0.05, 0.5, 0.95)))
        for name, line in zip(_names(one, say), one.counts, strict=True)
        if sum(line) >= FEW
    ]


def _scale(some: list[Part]) -> tuple[float, float]:
    """From the least to the most that a column adds, with zero between them."""
    ends = [0.0, *(end for part in some for end in (part.low, part.high))]
    return min(ends), max(ends)


def _names(one: ColumnReasons, say: Speaker) -> list[str]:
    if one.given:
        between = [say("#1 to #2", say.number(a), say.number(b)) for a, b in pairwise(one.given)]
        first, last = say("up to #1", say.number(one.given[0])), say("above #1", say.number(one.given[-1]))
        return [first, *between, last, say("missing")]
    return [*one.levels, say("other or missing")] if one.levels else [say("all rows")]


def _places(one: ColumnReasons) -> list[float]:
    """A value for each part of the values: its middle; those at the ends, which are open, are as wide as the others."""
    at = one.edges
    if not at:
        return [one.mean]
    size = (at[-1] - at[0]) / max(len(at) - 1, 1)
    return [at[0] - size / 2, *((a + b) / 2 for a, b in pairwise(at)), at[-1] + size / 2]


def _quantile(counts: tuple[int, ...], places: list[float], share: float) -> float:
    wanted = share * sum(counts)
    return next(place for place, many in zip(places, accumulate(counts), strict=True) if many >= wanted)


def _direction(one: ColumnReasons) -> tuple[str, str]:
    """A mark and the words for it."""
    if one.direction is None:
        return ("≡", "by category") if one.levels else ("", "")
    if abs(one.direction) <= CLEAR:
        return "∿", "either way"
    return ("↗", "more raises it") if one.direction > 0 else ("↘", "more lowers it")
