"""A result comes in, a figure (plotly) or a page fragment (HTML with inline SVG) goes out.

One module a noun: ``display/profile.py``, ``display/run.py``, …, each with ``html(result)`` and ``figure(result)``.
Rendering never computes. Everything that comes from data is escaped.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

from workbench.core.json_values import json_value
from workbench.core.result import MIME

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from workbench.core.result import Result

__all__ = ["figure", "html", "mime_bundle", "page"]


def html(result: Result) -> str:
    """The result as an HTML fragment: self-contained, no script from elsewhere, light and dark."""
    text: str = import_module(f"workbench.display.{result.noun}").html(result)
    return text


def mime_bundle(result: Result, include: Any = None, exclude: Any = None) -> dict[str, Any]:
    """Headline, page fragment and the result's own record, for a notebook's output."""
    return {"text/plain": result.headline(), "text/html": html(result), MIME: json_value(result.record())}


def page(result: Result) -> str:
    """The result as an HTML page of one file, which a browser shows without a server."""
    from workbench.display.rendering import whole_page

    return whole_page(f"{result.noun.replace('_', ' ').capitalize()}: {result.headline()}", html(result))


def figure(result: Result, *args: Any, **kwargs: Any) -> go.Figure:
    """An interactive figure of the result; arguments as the figure of the noun takes them.

    It has at most about 2,000 points.
    """
    return import_module(f"workbench.display.{result.noun}").figure(result, *args, **kwargs)
