"""A plotly figure as a small drawing without a script: its lines, points and bars, two on the same axes."""

from __future__ import annotations

import base64
import binascii
import json
import math
from collections.abc import Iterator
from typing import Any

import numpy as np
from markupsafe import Markup

WIDTH, HEIGHT, EDGE = 320, 180, 6
MOST = 2000  # points of one trace
DRAWN = ("scatter", "scattergl", "bar")

Trace = tuple[str, list[float], list[float]]  # "line", "points" or "bars"; places along both axes
Limits = tuple[float, float, float, float]


def sketches(before: str, after: str) -> tuple[Markup | None, Markup | None]:
    """Both figures on the same axes; None of one that has nothing that can be drawn so.

    Parameters
    ----------
    before, after : str
        As JSON; empty where there is none.
    """
    sides = [list(_traces(_read(text))) for text in (before, after)]
    values = [trace for side in sides for trace in side]
    if not values:
        return None, None
    names = ("before", "now")
    limits = _limits(values)
    first, second = (_drawing(side, limits, name) if side else None for side, name in zip(sides, names, strict=True))
    return first, second


def _read(text: str) -> dict[str, Any]:
    try:
        content = json.loads(text) if text else {}
    except (ValueError, RecursionError):
        return {}
    return content if isinstance(content, dict) else {}


def _traces(figure: dict[str, Any]) -> Iterator[Trace]:
    listed = figure.get("data")
    for trace in listed if isinstance(listed, list) else ():
        if isinstance(trace, dict) and trace.get("type", "scatter") in DRAWN:
            x, y = (_column(trace.get(name)) for name in ("x", "y"))
            size = min(len(x) or len(y), len(y) or len(x), MOST)
            along = _places(x, size), _places(y, size)
            kind = (
                "bars"
                if trace.get("type") == "bar"
                else "line"
                if "lines" in str(trace.get("mode", "lines"))
                else "points"
            )
            if kind == "bars" and trace.get("orientation") == "h":
                along = along[::-1]
            if size:
                yield kind, *along


def _column(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value[:MOST]
    if isinstance(value, dict) and isinstance(value.get("bdata"), str):
        try:
            content = base64.b64decode(value["bdata"])
            return [float(one) for one in np.frombuffer(content, dtype=np.dtype(str(value.get("dtype"))))[:MOST]]
        except (TypeError, ValueError, binascii.Error):
            return []
    return []


def _places(values: list[Any], size: int) -> list[float]:
    """Numbers as they are; of other values, and where there are none, their order."""
    numbers = [
        float(v) for v in values[:size] if isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v)
    ]
    return numbers if len(numbers) == size else [float(i) for i in range(size)]


def _limits(traces: list[Trace]) -> Limits:
    xs = [x for _, along, _ in traces for x in along]
    ys = [y for _, _, along in traces for y in along]
    if any(kind == "bars" for kind, *_ in traces):
        ys.append(0.0)
    return min(xs), max(xs), min(ys), max(ys)


def _drawing(traces: list[Trace], limits: Limits, name: str) -> Markup:
    parts = Markup("").join(_shape(*trace, limits) for trace in traces)
    return Markup('<svg class="wb-sketch" viewBox="0 0 {} {}" role="img" aria-label="{}">{}</svg>').format(
        WIDTH, HEIGHT, f"Figure {name}", parts
    )


def _shape(kind: str, xs: list[float], ys: list[float], limits: Limits) -> Markup:
    low, high, bottom, top = limits
    places = [
        (_scaled(x, low, high, EDGE + 4, WIDTH - EDGE - 4), _scaled(y, bottom, top, HEIGHT - EDGE, EDGE))
        for x, y in zip(xs, ys, strict=False)
    ]
    if kind == "line":
        return Markup('<polyline points="{}"/>').format(" ".join(f"{x:.1f},{y:.1f}" for x, y in places))
    if kind == "points":
        return Markup("").join(Markup('<circle cx="{:.1f}" cy="{:.1f}" r="2"/>').format(x, y) for x, y in places)
    zero = _scaled(min(max(0.0, bottom), top), bottom, top, HEIGHT - EDGE, EDGE)
    wide = max(0.8 * (WIDTH - 2 * EDGE) / max(len(places), 1), 1.0)
    return Markup("").join(
        Markup('<rect x="{:.1f}" y="{:.1f}" width="{:.1f}" height="{:.1f}"/>').format(
            x - wide / 2, min(y, zero), wide, abs(zero - y)
        )
        for x, y in places
    )


def _scaled(value: float, low: float, high: float, start: float, end: float) -> float:
    return start + (value - low) / ((high - low) or 1.0) * (end - start)
