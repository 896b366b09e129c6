"""The plan of the floors, drawn from the import contracts: ``python tests/plan.py`` writes what README shows."""

import ast
import textwrap
import tomllib
from html import escape
from pathlib import Path

ROOT = Path(__file__).parents[1]
PICTURE = ROOT / "notebooks" / "images" / "floors.svg"

WIDTH, MARGIN, GAP, TITLE, LINE = 960, 16, 12, 26, 16
PIXELS = 6.3  # a letter's mean width at 12 pixels
STYLE = """
  .box { fill: #ffffff; stroke: #57606a; }
  .name { fill: #0b5cad; font: 600 14px system-ui, sans-serif; }
  .does { fill: #24292f; font: 12px system-ui, sans-serif; }
  .arrow { stroke: #57606a; fill: none; marker-end: url(#head); }
  #head path { fill: #57606a; }
  @media (prefers-color-scheme: dark) {
    .box { fill: #161b22; stroke: #8b949e; }
    .name { fill: #79b8ff; }
    .does { fill: #e6edf3; }
    .arrow { stroke: #8b949e; }
    #head path { fill: #8b949e; }
  }
"""


def floors() -> list[list[str]]:
    """Names of the rooms on each floor, the highest first, as the contract of layers has them."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    layers = next(c["layers"] for c in project["tool"]["importlinter"]["contracts"] if c["type"] == "layers")
    return [[room.strip().removeprefix("workbench.") for room in layer.split("|")] for layer in layers]


def does(room: str) -> str:
    """What a room does: the first sentence of its docstring."""
    folder = ROOT / "workbench" / room
    file = folder / "__init__.py" if folder.is_dir() else folder.with_suffix(".py")
    text = ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or ""
    return text.splitlines()[0].replace("``", "").rstrip(".")


def draw() -> str:
    """The plan as SVG: a floor imports only from those below it; rooms on one floor do not import each other."""
    parts, y = [], MARGIN
    for i, rooms in enumerate(floors()):
        if i:
            parts.append(f'<path class="arrow" d="M{WIDTH / 2:g} {y - GAP - 8:g}v{GAP + 4:g}"/>')
        height = _height(rooms)
        parts += [_box(room, place, y, height, len(rooms)) for place, room in enumerate(rooms)]
        y += height + GAP + 8
    return "\n".join([_head(y), *parts, "</svg>", ""])


def _head(height: float) -> str:
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height:g}" width="{WIDTH}" role="img" '
        'aria-label="The floors of Workbench: each imports only from those below it">\n'
        f"<style>{STYLE}</style>\n"
        '<defs><marker id="head" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
        '<path d="M0 0 8 4 0 8z"/></marker></defs>'
    )


def _box(room: str, place: int, y: float, height: float, rooms: int) -> str:
    width = _width(rooms)
    x = MARGIN + place * (width + GAP)
    lines = "".join(
        f'<text class="does" x="{x + 10:g}" y="{y + TITLE + 14 + LINE * i:g}">{escape(line)}</text>'
        for i, line in enumerate(_lines(room, rooms))
    )
    return (
        f'<rect class="box" x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6"/>'
        f'<text class="name" x="{x + 10:g}" y="{y + 20:g}">{escape(room)}</text>{lines}'
    )


def _height(rooms: list[str]) -> float:
    return TITLE + 6 + LINE * max(len(_lines(room, len(rooms))) for room in rooms)


def _lines(room: str, rooms: int) -> list[str]:
    return textwrap.wrap(does(room), int((_width(rooms) - 20) / PIXELS))


def _width(rooms: int) -> float:
    return (WIDTH - 2 * MARGIN - GAP * (rooms - 1)) / rooms


if __name__ == "__main__":
    PICTURE.write_text(draw(), encoding="utf-8")
