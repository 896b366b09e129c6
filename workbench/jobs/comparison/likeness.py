"""Whether two outputs of a cell show the same: records number by number, texts and pages, figures by what they show."""

from __future__ import annotations

import base64
import binascii
import io
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import reduce
from itertools import zip_longest
from typing import Any

from workbench.core.job_comparison import FigurePair
from workbench.core.tolerance import Tolerance
from workbench.jobs.comparison.volatile import When, settled, settled_page

PLOTLY = "application/vnd.plotly.v1+json"
PICTURES = {"image/png": "png", "image/jpeg": "jpeg"}
SVG = "image/svg+xml"
LARGEST = 2_000_000  # characters of a figure that a comparison keeps
MOST_PIXELS = 50_000_000
_DRAWN = frozenset(("uid", "uirevision", "selectionrevision", "editrevision"))
_CODES = {"f8": "d", "f4": "f", "i1": "b", "u1": "B", "i2": "h", "u2": "H", "i4": "i", "u4": "I"}

Change = tuple[str, Any, Any]  # path, before, after


@dataclass(frozen=True)
class Sides:
    """What both sides go by.

    Parameters
    ----------
    before, after : When
    tolerance : Tolerance
    passing : (tuple of str, tuple of str)
        Texts of both sides that differ each time.
    """

    before: When
    after: When
    tolerance: Tolerance = field(default_factory=Tolerance)
    passing: tuple[tuple[str, ...], tuple[str, ...]] = ((), ())

    def same_text(self, one: str, other: str) -> bool:
        """Whether two texts say the same."""
        if one == other:
            return True
        told = settled(one, self.before, self.passing[0]), settled(other, self.after, self.passing[1])
        return self.tolerance.same_text(*told)

    def same_page(self, one: str, other: str) -> bool:
        """The same of HTML and SVG."""
        if one == other:
            return True
        told = settled_page(one, self.before, self.passing[0]), settled_page(other, self.after, self.passing[1])
        return self.tolerance.same_text(*told)


def changes(before: Any, after: Any, sides: Sides, path: str = "") -> Iterator[Change]:
    """Where two values of plain JSON differ: path by path, numbers within the tolerance.

    Examples
    --------
    >>> sides = Sides(When(), When())
    >>> list(changes({"metrics": {"auc": 0.5}}, {"metrics": {"auc": 0.75, "f1": 1}}, sides))
    [('metrics.auc', 0.5, 0.75), ('metrics.f1', None, 1)]
    """
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys([*before, *after]):
            yield from changes(before.get(name), after.get(name), sides, f"{path}.{name}" if path else str(name))
    elif isinstance(before, list) and isinstance(after, list):
        for place, (one, other) in enumerate(zip_longest(before, after)):
            yield from changes(one, other, sides, f"{path}[{place}]")
    elif not _same(before, after, sides):
        yield path, before, after


def _same(one: Any, other: Any, sides: Sides) -> bool:
    if isinstance(one, str) and isinstance(other, str):
        return sides.same_text(one, other)
    if _is_number(one) and _is_number(other):
        return sides.tolerance.same(one, other)
    return type(one) is type(other) and one == other


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


# --- figures ----------------------------------------------------------------------------------------------------------


def figure(mime: str, before: Any, after: Any, sides: Sides) -> FigurePair:
    """A figure on both sides, None where a side has none."""
    if mime == PLOTLY:
        return _kept("plotly", _plotly(before, after, sides), *(_as_json(one) for one in (before, after)))
    one, other = (None if part is None else _text(part) for part in (before, after))
    alone = (one is None) != (other is None)
    told = "it is on one side alone" if alone else _told(mime, one or "", other or "", sides)
    return _kept(PICTURES.get(mime, "svg"), told, one or "", other or "")


def _told(mime: str, before: str, after: str, sides: Sides) -> str:
    if mime == SVG:
        return "" if sides.same_page(before, after) else "its drawing differs"
    return _picture("".join(before.split()), "".join(after.split()), sides.tolerance)


def _kept(kind: str, told: str, before: str, after: str) -> FigurePair:
    kept = ("" if len(one) > LARGEST else one for one in (before, after))
    return FigurePair(kind, not told, told, *kept)


def _plotly(before: Any, after: Any, sides: Sides) -> str:
    if before == after:
        return ""
    if not isinstance(before, dict) or not isinstance(after, dict):
        return "it is on one side alone"
    found = list(changes(_plain(before), _plain(after), sides))
    if not found:
        return ""
    path, one, other = found[0]
    more = f", and {len(found) - 1:,} more values" if len(found) > 1 else ""
    return f"{path}: {_short(one)} → {_short(other)}{more}"


def _plain(value: Any) -> Any:
    """A figure without what is drawn for it, and with its numbers read where they are packed."""
    if isinstance(value, dict):
        return _unpacked(value) or {n: _plain(part) for n, part in value.items() if n not in _DRAWN}
    return [_plain(part) for part in value] if isinstance(value, list) else value


def _unpacked(value: dict[str, Any]) -> dict[str, Any] | None:
    code = _CODES.get(str(value.get("dtype")))
    if code is None or not isinstance(value.get("bdata"), str):
        return None
    try:
        numbers = [one for (one,) in struct.iter_unpack(f"<{code}", base64.b64decode(value["bdata"]))]
    except (binascii.Error, struct.error, ValueError):
        return None
    return {"shape": value.get("shape"), "values": numbers}


def _picture(before: str, after: str, tolerance: Tolerance) -> str:
    """By pixels where Pillow is there, else by bytes."""
    if before == after:
        return ""
    try:
        from PIL import Image, ImageChops
    except ImportError:
        return "its bytes differ (its pixels could be compared with Pillow)"
    try:
        one, other = (_opened(Image, content) for content in (before, after))
    except (ValueError, OSError, SyntaxError, Image.DecompressionBombError):
        return "its bytes differ, and they are no picture that can be read"
    if one.size != other.size:
        return f"its size differs: {one.size[0]} × {one.size[1]} → {other.size[0]} × {other.size[1]}"
    counts = reduce(ImageChops.lighter, ImageChops.difference(one, other).split()).histogram()
    most = max((level for level, number in enumerate(counts) if number), default=0)
    if most <= tolerance.absolute * 255:
        return ""
    touched = 1 - counts[0] / max(sum(counts), 1)
    return f"{100 * touched:.2g}% of its pixels differ, by up to {most} of 255"


def _opened(image: Any, content: str) -> Any:
    opened = image.open(io.BytesIO(base64.b64decode(content)))
    if opened.size[0] * opened.size[1] > MOST_PIXELS:
        raise ValueError("too many pixels")
    return opened.convert("RGBA")


def _as_json(value: Any) -> str:
    return "" if value is None else json.dumps(value)


def _text(value: Any) -> str:
    return "".join(map(str, value)) if isinstance(value, list) else str(value)


def _short(value: Any) -> str:
    text = "–" if value is None else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"
