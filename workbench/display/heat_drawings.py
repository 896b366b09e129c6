"""Heat maps of two columns: what a model answers at each two values of theirs, and where no row is.

A cell's colour is one of seven levels, blue for low and orange for high. Where no row is near, the cell is small and
hatched: the answer is about rows that don't exist.
"""

from __future__ import annotations

import json
from collections import defaultdict

import numpy as np
from markupsafe import Markup
from numpy.typing import NDArray

from workbench.core.effect import JointEffect
from workbench.core.wording import Ours
from workbench.display.explanation_rows import text
from workbench.display.language import told
from workbench.display.rendering import clipped, number, signed

Numbers = NDArray[np.float64]
LEVELS = 7
# Of the picture, in its own units; room for the values on the left and below.
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, RIGHT = 300, 240, 78, 58, 6, 6
# Values that are written along an axis, at most, and letters of each.
MARKED, LETTERS = 8, 13


def heat(seen: JointEffect, interaction: bool = False) -> Markup:
    """The mean answers at each two values, or what of them no sum of two effects has.

    Parameters
    ----------
    seen : JointEffect
        Two columns.
    interaction : bool
        Whether what both do alone is taken off. Around 0, which has the colour in the middle.
    """
    values = seen.interaction if interaction else seen.pdp
    across, down = len(seen.grids[1]), len(seen.grids[0])
    wide, tall = (WIDTH - LEFT - RIGHT) / across, (HEIGHT - TOP - BOTTOM) / down
    label = f"{seen.columns[0]} and {seen.columns[1]}; the table below says the same"
    frame = Markup(
        '<svg class="wb-heatmap" viewBox="0 0 {} {}" role="img" aria-label="{}" data-plane="{} {} {:.3f} {:.3f}"'
        ' data-columns="{}" data-kinds="{}" data-grids="{}" data-values="{}" data-counts="{}">{}{}</svg>'
    )
    shown = [[(signed if interaction else number)(v) for v in row] for row in values.tolist()]
    return frame.format(
        WIDTH, HEIGHT, label, LEFT, TOP, wide, tall, _json(seen.columns), _json(seen.kinds),
        _json([[text(v, 40) for v in grid] for grid in seen.grids]), _json(shown), _json(seen.counts.tolist()),
        _cells(levels(values, seen.counts, interaction), seen.counts, wide, tall), _axes(seen, wide, tall),
    )  # fmt: skip


def levels(values: Numbers, counts: NDArray[np.intp], around_zero: bool) -> NDArray[np.intp]:
    """The level of each cell, from 0 (lowest) to 6, by the ends of :func:`ends`.

    >>> levels(np.array([[0.0, 0.5, 1.0]]), np.array([[1, 1, 1]]), False).tolist()
    [[0, 3, 6]]
    """
    low, high = ends(values, counts, around_zero)
    return np.rint(np.clip((values - low) / ((high - low) or 1.0), 0, 1) * (LEVELS - 1)).astype(np.intp)


def ends(values: Numbers, counts: NDArray[np.intp], around_zero: bool) -> tuple[float, float]:
    """The values of the first and the last colour: of cells that have rows, and as far below zero as above."""
    there = values[counts > 0] if (counts > 0).any() else values.ravel()
    if around_zero:
        most = float(np.abs(there).max())
        return -most, most
    return float(there.min()), float(there.max())


def _cells(level: NDArray[np.intp], counts: NDArray[np.intp], wide: float, tall: float) -> Markup:
    """A path a level; of cells without rows another one, drawn smaller."""
    paths = defaultdict(list)
    for (down, across), one in np.ndenumerate(level):
        there = bool(counts[down, across])
        inset = 0.4 if there else 0.3 * min(wide, tall)
        x, y = LEFT + across * wide + inset, TOP + down * tall + inset
        w, h = wide - 2 * inset, tall - 2 * inset
        paths[one, there].append(f"M{x:.1f} {y:.1f}h{w:.1f}v{h:.1f}h{-w:.1f}z")
    drawn = Markup('<path class="wb-f{}{}" d="{}"/>')
    return Markup("").join(
        drawn.format(one, "" if there else " wb-nobody", "".join(paths[one, there])) for one, there in sorted(paths)
    )


def _axes(seen: JointEffect, wide: float, tall: float) -> Markup:
    """Values below and on the left, and the columns' names."""
    floor = HEIGHT - BOTTOM
    below = Markup("").join(
        Markup('<text transform="translate({:.1f} {}) rotate(-38)" text-anchor="end">{}</text>').format(
            LEFT + (k + 0.5) * wide + 2, floor + 9, _short(seen.grids[1][k])
        )
        for k in _marked(len(seen.grids[1]))
    )
    beside = Markup("").join(
        Markup('<text x="{}" y="{:.1f}" text-anchor="end">{}</text>').format(
            LEFT - 4, TOP + (k + 0.5) * tall + 2.6, _short(seen.grids[0][k])
        )
        for k in _marked(len(seen.grids[0]))
    )
    titles = Markup(
        '<text class="wb-axis" x="{:.1f}" y="{}" text-anchor="middle">{}</text>'
        '<text class="wb-axis" transform="translate(9 {:.1f}) rotate(-90)" text-anchor="middle">{}</text>'
    ).format(
        (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 3, clipped(seen.columns[1], 40), (TOP + floor) / 2,
        clipped(seen.columns[0], 40),
    )  # fmt: skip
    return below + beside + titles


def _marked(many: int) -> range:
    return range(0, many, -(-many // MARKED) if many > 2 * MARKED else 1 if many <= MARKED else 2)


def _short(value: object) -> str | Markup:
    """A value on an axis; what is missing or true in a word of ours."""
    shown = text(value)
    return told(Ours(str(shown)[:10]) if _is_day(shown) else shown, LETTERS, "tspan")


def _is_day(shown: str) -> bool:
    return shown.endswith("T00:00:00") and len(shown) == len("2024-01-01T00:00:00")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
