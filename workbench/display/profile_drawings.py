"""Drawings of a profile: a distribution as one path, and the map of what goes together.

A table may have hundreds of columns, so a drawing is one short path where it can be.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from markupsafe import Markup

from workbench.core.profile import Association, ColumnProfile, Histogram

WIDTH, HEIGHT = 200, 80  # of the drawing's own units; the stylesheet gives it its size
MOST_ON_MAP = 24  # columns: more can't be told apart on a screen
_CELL, _LABEL = 20, 132


def distribution(column: ColumnProfile) -> Markup:
    """The column's histogram, or the counts of its most frequent values; a dash where it has neither."""
    bars = column.histogram or _of_values(column)
    if bars is None:
        return Markup('<span class="wb-faint">–</span>')
    what = "Histogram of" if column.histogram else "Counts of the most frequent values of"
    return Markup(
        '<svg class="wb-dist" viewBox="0 0 {} {}" preserveAspectRatio="none" role="img" aria-label="{} {}">'
        '<path d="{}"/></svg>'
    ).format(WIDTH, HEIGHT, what, column.name[:48], silhouette(bars))


def silhouette(bars: Histogram) -> str:
    """The bars as the ``d`` of an SVG path; their area is the number of rows, whatever the width of a bin.

    >>> silhouette(Histogram((0.0, 1.0, 2.0), (2.0, 4.0)))
    'M0 80v-40h99v40m1 0v-80h99v80'
    """
    low, high = bars.edges[0], bars.edges[-1]
    scale = WIDTH / ((high - low) or 1)
    places = [round((edge - low) * scale) for edge in bars.edges] if high > low else [0, WIDTH]
    drawn = zip(pairwise(places), _heights(bars), strict=False)
    # Relative steps: half as long as places, and a table may have hundreds of columns.
    steps = [f"v-{h}h{max(b - a - 1, 1)}v{h}m{b - a - max(b - a - 1, 1)} 0" for (a, b), h in drawn]
    return f"M0 {HEIGHT}{''.join(steps)}".removesuffix("m1 0")


def association_map(pairs: Sequence[Association], label: str) -> Markup:
    """A matrix of the columns that go together most; the darker a cell, the more they do."""
    names = most_connected(pairs)
    at = {name: i for i, name in enumerate(names)}
    cells = Markup("").join(_cell(p, at) for p in pairs if p.a in at and p.b in at)
    texts = Markup("").join(
        Markup('<text x="{}" y="{}">{}</text>').format(_LABEL - 6, _LABEL + i * _CELL + 14, _short(name))
        + Markup('<text transform="translate({} {}) rotate(-55)">{}</text>').format(
            _LABEL + i * _CELL + 13, _LABEL - 6, _short(name)
        )
        for i, name in enumerate(names)
    )
    side = _LABEL + len(names) * _CELL + 2
    return Markup(
        '<svg class="wb-map" viewBox="0 0 {0} {0}" width="{0}" role="img" aria-label="{1}">{2}{3}</svg>'
    ).format(side, label, texts, cells)


def most_connected(pairs: Sequence[Association]) -> list[str]:
    """Names of the columns in the strongest pairs, those with the most strength first.

    >>> most_connected([Association("a", "b", "pearson", 0.5), Association("b", "c", "pearson", -0.9)])
    ['b', 'c', 'a']
    """
    weight: dict[str, float] = {}
    for pair in sorted(pairs, key=lambda p: -p.strength):
        if len({*weight, pair.a, pair.b}) <= MOST_ON_MAP:
            for name in (pair.a, pair.b):
                weight[name] = weight.get(name, 0.0) + pair.strength
    return sorted(weight, key=lambda name: -weight[name])


def _of_values(column: ColumnProfile) -> Histogram | None:
    counts = [float(n) for _, n in column.top[:12]]
    places = max(len(counts), 6)  # two values are no two walls
    counts += [0.0] * (places - len(counts))
    return Histogram(tuple(map(float, range(places + 1))), tuple(counts)) if column.top else None


def _heights(bars: Histogram) -> list[int]:
    dense = [n / ((b - a) or 1) for (a, b), n in zip(pairwise(bars.edges), bars.counts, strict=True)]
    top = max(dense, default=0) or 1
    # What is not empty can be seen.
    return [max(round(HEIGHT * d / top), 2) if n else 0 for d, n in zip(dense, bars.counts, strict=True)]


def _cell(pair: Association, at: dict[str, int]) -> Markup:
    i, j = at[pair.a], at[pair.b]
    sign = "wb-minus" if pair.value < 0 else "wb-plus"
    said = f"{pair.a} · {pair.b}: {pair.value:.2f}"
    one = Markup(
        '<rect class="{}" x="{}" y="{}" width="18" height="18" rx="2" fill-opacity="{:.2f}"><title>{}</title></rect>'
    )
    return Markup("").join(
        one.format(sign, _LABEL + x * _CELL, _LABEL + y * _CELL, 0.12 + 0.88 * pair.strength, said)
        for x, y in ((i, j), (j, i))
    )


def _short(name: str) -> str:
    return name if len(name) <= 18 else name[:17] + "…"
