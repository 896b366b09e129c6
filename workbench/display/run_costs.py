"""Score against cost: what each candidate of a run costs when it ships, and those that none beats at both."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from math import ceil, floor, log10
from typing import Any, NamedTuple

from markupsafe import Markup

from workbench.core.cost import Cost, best_of_their_cost
from workbench.core.literals import python
from workbench.core.run import Candidate, Run
from workbench.display.rendering import clipped, metric_name
from workbench.display.run_drawings import WIDTH, Plane

_CHOOSE = "run = run.choose($name, data=data)"
# Characters of a candidate's name in a drawing.
SHOWN = 16


class Scale(NamedTuple):
    """A way to look at costs.

    Parameters
    ----------
    title : str
        With its unit.
    of : callable
        A candidate and its cost to a number, in (0, inf).
    shown : callable
        That number in words.
    """

    title: str
    of: Callable[[Candidate, Cost], float | None]
    shown: Callable[[float], str]


def milliseconds(value: float) -> str:
    """A time in a unit in which it is easy to read.

    >>> milliseconds(0.0246), milliseconds(12.3), milliseconds(2300.0)
    ('25 µs', '12 ms', '2.3 s')
    """
    return _in_units(value, ((1e3, "s"), (1.0, "ms"), (1e-3, "µs")))


def bytes_(size: float) -> str:
    """A size in a unit in which it is easy to read.

    >>> bytes_(990), bytes_(20_262), bytes_(1_401_462)
    ('990 B', '20 kB', '1.4 MB')
    """
    return _in_units(size, ((1e9, "GB"), (1e6, "MB"), (1e3, "kB"), (1.0, "B")))


def _in_units(value: float, units: tuple[tuple[float, str], ...]) -> str:
    unit, sign = next((pair for pair in units if value >= 0.9995 * pair[0]), units[-1])
    return f"{float(f'{value / unit:.2g}'):g} {sign}" if value < 99.5 * unit else f"{value / unit:.0f} {sign}"


SCALES = (
    Scale("A row that comes alone", lambda _, cost: cost.one_row, milliseconds),
    Scale("A row among 1,000", lambda _, cost: cost.many_rows / 1e3, milliseconds),
    Scale("Size of the model", lambda _, cost: cost.size, bytes_),
    Scale("CPU of its validation", lambda candidate, _: 1e3 * candidate.seconds, milliseconds),
)


def told(run: Run) -> dict[str, tuple[tuple[float, str], ...]]:
    """Of each candidate the cells of the leaderboard: number and words for size, a row alone, a row among many."""
    return {name: _cells(cost) for name, cost in run.costs.items()}


def _cells(cost: Cost) -> tuple[tuple[float, str], ...]:
    size = "" if cost.size is None else bytes_(cost.size)
    times = ((ms, milliseconds(ms)) for ms in (cost.one_row, cost.many_rows / 1e3))
    return ((cost.size or 0, size if cost.compiled else f"{size}, a pipeline".removeprefix(", ")), *times)


def picker(run: Run) -> dict[str, Any] | None:
    """The drawings, and the code that keeps each other candidate; nothing where there are no two with a cost."""
    scored = [c for c in run.candidates if c.metrics and c.name in run.costs and c.name != "baseline"]
    if len(scored) < 2 or not run.folds:
        return None
    codes = {c.name: python(_CHOOSE, name=c.name) for c in scored if c.name != run.best.name}
    return {
        "drawings": [_drawing(run, scored, scale) for scale in SCALES],
        "codes": json.dumps(codes),
        "first": next(iter(codes.values())),
        "tables": all(run.costs[c.name].compiled for c in scored),
    }


def _drawing(run: Run, scored: list[Candidate], scale: Scale) -> Markup:
    """A point a candidate: the score up, the cost across in steps of ten."""
    known = [(c, cost) for c in scored if (cost := scale.of(c, run.costs[c.name]))]
    ends = [e for c, _ in known for m in c.metrics[:1] for e in (m.value, m.low, m.high) if e is not None]
    room = (max(ends) - min(ends)) * 0.08 or 0.01
    across = _across([cost for _, cost in known])
    marks = tuple((log10(at), scale.shown(at)) for at in _round_numbers(*across))
    score = metric_name(run.metrics[0].name)
    plane = Plane(
        (log10(across[0]), log10(across[1])), (min(ends) - room, max(ends) + room), (scale.title, score),
        f"{score} by cost: {scale.title}", marks=marks,
    )  # fmt: skip
    larger = known[0][0].metrics[0].larger_is_better
    front = best_of_their_cost(((c.name, cost, c.metrics[0].value) for c, cost in known), larger)
    at = {c.name: (log10(cost), c.metrics[0].value) for c, cost in known}
    line = plane.line(_steps([at[name] for name in front], plane.x[1]), "wb-front")
    return plane.draw(line, *_points(plane, known, front, run.best.name, scale))


def _across(costs: list[float]) -> tuple[float, float]:
    """Ends of the axis: a third of the smallest cost to three times the largest, so that there is room for names."""
    return min(costs) / 2, max(costs) * 4


def _round_numbers(low: float, high: float) -> Iterator[float]:
    """Powers of ten between the ends; with halves and fifths of them where there are few."""
    powers = range(floor(log10(low)), ceil(log10(high)) + 1)
    factors = (1.0,) if log10(high / low) > 2.2 else (1.0, 3.0) if log10(high / low) > 1.3 else (1.0, 2.0, 5.0)
    return (f * 10.0**p for p in powers for f in factors if low <= f * 10.0**p <= high)


def _steps(points: list[tuple[float, float]], end: float) -> list[tuple[float, float]]:
    """What the front's candidates reach at each cost."""
    corners = points[:1]
    for x, y in points[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    return [*corners, (end, corners[-1][1])]


def _points(
    plane: Plane, known: list[tuple[Candidate, float]], front: tuple[str, ...], kept: str, scale: Scale
) -> Iterator[Markup]:
    """Each candidate with the interval of its score and its name; what is off the front is faint."""
    drawn = Markup(
        '<g class="wb-pick{}" data-pick="{}">{}'
        '<text class="wb-axis" x="{:.1f}" y="{:.1f}" text-anchor="{}">{}</text></g>'
    )
    written: list[tuple[float, float]] = []
    for candidate, cost in known:
        score, place = candidate.metrics[0], (log10(cost), candidate.metrics[0].value)
        low, high = (end if end is not None else score.value for end in (score.low, score.high))
        dot = plane.whisker(place, low, high, f"{candidate.name}: {score}, {scale.shown(cost)}")
        kind = " wb-kept" if candidate.name == kept else "" if candidate.name in front else " wb-beaten"
        at = _beside(plane.at(place), written)
        yield drawn.format(kind, candidate.name, dot, *at, clipped(candidate.name, SHOWN))


def _beside(point: tuple[float, float], written: list[tuple[float, float]]) -> tuple[float, float, str]:
    """Where a name goes: to the right of its point, or else where no other one stands."""
    x, y = point
    places = [(x + 6, y - 5, "start"), (x + 6, y + 12, "start"), (x - 6, y - 5, "end"), (x - 6, y + 12, "end")]
    places = places[::-1] if x > WIDTH - 60 else places
    middles = [(at + (30 if side == "start" else -30), up) for at, up, side in places]
    free = (k for k, (at, up) in enumerate(middles) if all(abs(at - a) > 60 or abs(up - u) > 9 for a, u in written))
    k = next(free, 0)
    written.append(middles[k])
    return places[k]
