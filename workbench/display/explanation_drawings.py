"""Drawings of an explanation: strips of dots, clouds of cells, and what a script needs to colour them anew.

A level of a value is a colour and a place: low ones are blue and lie below, high ones orange and above; what is missing
is a square.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable

import numpy as np
from markupsafe import Markup

from workbench.core.wording import Ours
from workbench.display.language import said, told
from workbench.display.rendering import signed
from workbench.display.run_drawings import BOTTOM, LEFT, TOP, Plane, marked
from workbench.explanation.clouds import Cloud
from workbench.explanation.ordered_values import MISSING
from workbench.explanation.overview import ColumnView
from workbench.explanation.swarms import PLACES, STACKED, Swarm
from workbench.explanation.value_parts import moment

# Of a place across or up in one letter.
LETTERS = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_"
# Of a line of a category, in units of the plane.
LINE = 17
Mark = tuple[float, str | Markup]


def strip(column: ColumnView, axis: tuple[float, float], unit: str) -> Markup:
    """The effects of a column as dots along the common axis."""
    zero = -axis[0] / ((axis[1] - axis[0]) or 1.0) * PLACES
    low, middle, high = column.spread
    label = f"{column.name}: effects from {signed(low)} to {signed(high)}, half of them above {signed(middle)} {unit}"
    ground = Markup('<path class="wb-zero" d="M{0:.1f} {1}V{2}"/>').format(zero, -STACKED - 2, STACKED + 2)
    kind = "wb-strip wb-plain" if column.kind == "category" else "wb-strip"
    return Markup(
        '<svg class="{}" viewBox="-1 {} {} {}" preserveAspectRatio="none" role="img" aria-label="{}">{}{}</svg>'
    ).format(kind, -STACKED - 2, PLACES + 1, 2 * STACKED + 4, label, ground, _dots(column.swarm))


def _dots(swarm: Swarm) -> Markup:
    """A path a level; each dot is a line without length."""
    paths = defaultdict(list)
    for x, y, level in zip(swarm.places.tolist(), swarm.heights.tolist(), swarm.levels.tolist(), strict=True):
        paths[level].append(f"M{x} {-y}h0")
    return Markup("").join(
        Markup('<path class="wb-v{}" d="{}"/>').format(level, "".join(paths[level])) for level in sorted(paths)
    )


def scale(axis: tuple[float, float]) -> list[tuple[float, str]]:
    """Places of the common axis, in percent of its width, and what is written there."""
    low, high = axis
    return [((v - low) / ((high - low) or 1.0) * 100, text) for v, text in marked(low, high)] if high > low else []


def cloud(column: ColumnView, unit: str) -> Markup:
    """What a column adds by its value, coloured by the column that changes it most."""
    seen = column.cloud
    label = f"adds, {_short(unit, 40)} by {column.name}; the table below says the same"
    return (_categories if seen.categories else _numbers)(column, seen, unit, label)


def _adds(unit: str) -> Markup:
    return said("adds, @1", _short(unit, 40), tag="tspan")


def _numbers(column: ColumnView, seen: Cloud, unit: str, label: str) -> Markup:
    across, up = seen.shape
    first = ((0.5, told(Ours("missing"), tag="tspan")),) if seen.missing else ()
    plane = Plane(
        (0, across),
        (0, up),
        (_short(column.name, 40), _adds(unit)),
        label,
        marks=(*first, *_placed(_values(column, seen), seen.values, across, seen.missing)),
        levels=tuple(_placed(marked(*seen.effects), seen.effects, up)),
    )
    return plane.draw(_zero(plane, seen), _cells(plane, seen), plane.line(seen.line, "wb-mean"))


def _values(column: ColumnView, seen: Cloud) -> list[Mark]:
    if column.kind != "moment":
        return marked(*seen.values)
    return moment_marks(seen.values)


def moment_marks(ends: tuple[float, float]) -> list[Mark]:
    """Two days between the ends of an axis of moments."""
    return [(v, moment(v)[:10]) for v in np.linspace(*ends, 5)[1:4:2].tolist()]


def ends_of(seen: Cloud) -> tuple[float, float]:
    """The values at the ends of all cells, those of missing values included."""
    low, high = seen.values
    return low - seen.missing * (high - low) / (seen.shape[0] - seen.missing), high


def _placed(marks: Iterable[Mark], ends: tuple[float, float], cells: int, first: int = 0) -> list[Mark]:
    """Marks of values as marks of cells."""
    return [(first + (v - ends[0]) / ((ends[1] - ends[0]) or 1.0) * (cells - first), text) for v, text in marks]


def _categories(column: ColumnView, seen: Cloud, unit: str, label: str) -> Markup:
    across, lines = seen.shape
    height = TOP + BOTTOM + LINE * lines
    marks = tuple(_placed(marked(*seen.effects), seen.effects, across))
    plane = Plane((0, across), (0, lines), (_adds(unit), ""), label, height, marks=marks, levels=())
    text = Markup('<text class="wb-category" x="{}" y="{:.1f}">{}</text>')
    names = Markup("").join(
        text.format(LEFT - 38, plane.at((0, line + 0.62))[1], told(name, 26, "tspan"))
        for line, name in enumerate(seen.categories)
    )
    tick = Markup('<path class="wb-mean" d="M{:.1f} {:.1f}v7"/>')
    means = Markup("").join(tick.format(x, y - 3.5) for x, y in map(plane.at, seen.line))
    return plane.draw(_zero(plane, seen), _cells(plane, seen), means, names)


def _short(name: str, most: int = 26) -> str:
    return name if len(name) <= most else name[: most - 1] + "…"


def _zero(plane: Plane, seen: Cloud) -> Markup:
    """Where nothing is added."""
    low, high = seen.effects
    if not low < 0 < high:
        return Markup("")
    across, up = seen.shape
    at = -low / (high - low)
    points = [(at * across, 0), (at * across, up)] if seen.categories else [(0, at * up), (across, at * up)]
    return plane.line(points, "wb-chance")


def _cells(plane: Plane, seen: Cloud) -> Markup:
    """Dots that can be coloured anew: a path a colour and size, and the cells and levels as letters beside them."""
    (left, bottom), (right, top) = plane.at((0, 0)), plane.at((float(seen.shape[0]), float(seen.shape[1])))
    wide, tall = (right - left) / seen.shape[0], (bottom - top) / seen.shape[1]
    places = list(zip(seen.x.tolist(), seen.y.tolist(), seen.sizes.tolist(), strict=True))
    letters = "".join(LETTERS[x] + LETTERS[y] + str(size) for x, y, size in places)
    others = {name: "".join(map(str, one.tolist())) for name, one in seen.partners.items()}
    first = next(iter(seen.partners.values()), np.full(len(places), MISSING))
    paths = defaultdict(list)
    for (x, y, size), level in zip(places, first.tolist(), strict=True):
        paths[level, size].append(f"M{left + (x + 0.5) * wide:.1f} {bottom - (y + 0.5) * tall:.1f}h0")
    drawn = Markup("").join(
        Markup('<path class="wb-v{} wb-s{}" d="{}"/>').format(*key, "".join(paths[key])) for key in sorted(paths)
    )
    return Markup(
        '<g class="wb-cells" data-cells="{}" data-levels="{}" data-plane="{:.2f} {:.2f} {:.3f} {:.3f}">{}</g>'
    ).format(letters, json.dumps(others, ensure_ascii=False, separators=(",", ":")), left, bottom, wide, tall, drawn)


def cell_letters(columns: Iterable[ColumnView], row: int) -> str:
    """The cells in which a row lies, two letters a column."""
    return "".join(LETTERS[at] for column in columns for at in column.cloud.places[row].tolist())
