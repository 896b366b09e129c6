"""Estimated scores on the line of those that came: dashed with a band where they can be trusted, hollow where not."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from markupsafe import Markup

NARROW = 5.0  # half of the width of a band that stands alone


@dataclass(frozen=True)
class Guess:
    """An estimate of a window: its value, its interval, and whether it can be trusted."""

    value: float
    low: float | None = None
    high: float | None = None
    trusted: bool = False

    @property
    def ends(self) -> list[float]:
        """Values that are drawn."""
        drawn = (self.value, self.low, self.high) if self.trusted else (self.value,)
        return [one for one in drawn if one is not None]


Place = tuple[float, Guess]


def guesses(
    shown: Sequence[Guess | None],
    xs: Sequence[float],
    labels: Sequence[str],
    y: Callable[[float], float],
    write: Callable[[str], str] = str,
) -> Markup:
    """Bands and dashed lines of those that can be trusted, and a mark of each.

    Parameters
    ----------
    shown : sequence of Guess or None
        One a window.
    xs : sequence of float
        Their places.
    labels : sequence of str
        Of the windows.
    y : callable
        From a value to its height.
    write : callable
        Puts a word of ours, or a number, into the reader's language.

    Examples
    --------
    >>> drawn = guesses([Guess(0.8, 0.7, 0.9, True), Guess(0.6), None], [0, 1, 2], ["a", "b", "c"], lambda v: 10 * v)
    >>> drawn.count("wb-guess-band"), drawn.count("wb-hollow"), drawn.count("<title>")
    (1, 1, 2)
    """
    each = groupby(zip(xs, shown, strict=True), key=lambda pair: pair[1] is not None and pair[1].trusted)
    runs = [[(x, one) for x, one in run if one is not None] for trusted, run in each if trusted]
    behind = Markup("").join(_band(run, y) + _dashed(run, y) for run in runs)
    marks = (_mark(x, one, label, y, write) for x, one, label in zip(xs, shown, labels, strict=True) if one is not None)
    return behind + Markup("").join(marks)


def _band(run: Sequence[Place], y: Callable[[float], float]) -> Markup:
    corners = [*_side(run, True, y), *reversed(list(_side(run, False, y)))]
    points = " ".join(f"{x:.1f},{height:.1f}" for x, height in corners)
    return Markup('<polygon class="wb-guess-band" points="{}"/>').format(points)


def _side(run: Sequence[Place], upper: bool, y: Callable[[float], float]) -> Iterator[tuple[float, float]]:
    aside = (-NARROW, NARROW) if len(run) == 1 else (0.0,)
    for x, one in run:
        end = one.high if upper else one.low
        for more in aside:
            yield x + more, y(one.value if end is None else end)


def _dashed(run: Sequence[Place], y: Callable[[float], float]) -> Markup:
    points = " ".join(f"{x:.1f},{y(one.value):.1f}" for x, one in run)
    return Markup('<polyline class="wb-guess" points="{}"/>').format(points)


def _mark(x: float, one: Guess, label: str, y: Callable[[float], float], write: Callable[[str], str]) -> Markup:
    kind, so = ("wb-guessed", "estimated") if one.trusted else ("wb-hollow", "estimated, not to be trusted")
    mark = Markup('<g><title>{}: {} {}</title><circle class="{}" cx="{:.1f}" cy="{:.1f}" r="{}"/></g>')
    return mark.format(label, write(so), write(f"{one.value:.4g}"), kind, x, y(one.value), 2.5 if one.trusted else 4)
