"""The page of all models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.apps.choice import Choice
from workbench.apps.query import link, query
from workbench.apps.stored import Listed, models
from workbench.display.rendering import fragment
from workbench.settings import Settings

if TYPE_CHECKING:
    from IPython.display import HTML


def page() -> HTML:
    """All models with status, latest performance, incidents and the last thing that was done; links to each.

    Examples
    --------
    >>> shown = page()
    """
    from IPython.display import HTML

    return HTML(shown(Choice.of(query())))


def shown(choice: Choice, given: Settings | None = None) -> str:
    """The page as text, from what is stored."""
    return html(models(given), choice)


def html(known: tuple[Listed, ...], choice: Choice = Choice()) -> str:
    """The page as text."""
    worst = {"alarm": 0, "warning": 1, "unknown": 3}
    rows = sorted((_row(one) for one in known), key=lambda row: worst.get(row["status"], 2))
    counts = [(kind, sum(row["status"] == kind for row in rows)) for kind in ("alarm", "warning", "ok", "unknown")]
    return fragment("models", rows=rows, counts=counts, themes=themes("models.ipynb"))


def themes(notebook: str, **parameters: str | None) -> list[tuple[str, str]]:
    """The links that change light and dark."""
    return [(word, link(notebook, theme=word, **parameters)) for word in ("light", "dark")]


def _row(one: Listed) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": one.name,
        "href": link("model.ipynb", name=one.name),
        "problem": one.problem,
        "status": "unknown",
    }
    known = one.summary
    if known is None:
        return row
    return {
        **row,
        "report": known,
        "status": known.status,
        "metric": known.metric,
        "values": known.values,
        "last": known.last,
        "reference": {"value": known.reference} if known.reference is not None else None,
        "window": known.window,
        "open": known.open,
        "event": known.event,
    }
