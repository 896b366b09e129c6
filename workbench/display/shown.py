"""What a run or an explanation answers when it is asked, as a line, its findings and a table."""

from __future__ import annotations

from typing import Any

from workbench.core.effect import Effect, JointEffect
from workbench.core.shown import Shown
from workbench.display.explanation_panels import Drawing, curves, heats
from workbench.display.rendering import fragment, scoped

MOST_ROWS = 60
MOST_COLUMNS = 24


def mime_bundle(shown: Shown, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Headline, findings and the table, for a notebook's output."""
    return {"text/plain": shown.headline(), "text/html": html(shown)}


def html(shown: Shown) -> str:
    """The line, an effect's curves, and the table; of a long or wide one its beginning, and how much more there is."""
    table = shown.frame()
    part = table.iloc[:MOST_ROWS, :MOST_COLUMNS]
    named = table.index.tolist() != list(range(len(table)))
    rows = [(str(index), [_told(value) for value in row]) for index, *row in part.itertuples(index=True, name=None)]
    numbers = [any(cells[i][1] for _, cells in rows) for i in range(part.shape[1])]
    return fragment(
        "shown",
        s=shown,
        names=list(zip(map(str, part.columns), numbers, strict=True)),
        rows=rows,
        named=named,
        left=(len(table) - len(part), table.shape[1] - part.shape[1]),
        style=scoped("shown", "plane.css"),
        drawings=_drawings(shown),
    )


def _drawings(shown: Shown) -> list[Drawing]:
    if isinstance(shown, JointEffect):
        return heats(shown)
    return curves(shown) if isinstance(shown, Effect) else []


def _told(value: Any) -> tuple[str, bool]:
    """A cell as text, and whether it is a number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return ("missing" if value is None else str(value)), False
    return ("missing" if value != value else f"{value:,.4g}" if abs(value) < 1e4 else f"{value:,.0f}"), True
