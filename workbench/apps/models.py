"""The page of all models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.apps.query import link
from workbench.apps.stored import Stored, models
from workbench.display.rendering import fragment
from workbench.display.report import metric_of, points, reference_of

if TYPE_CHECKING:
    from IPython.display import HTML


def page() -> HTML:
    """All models with status, latest performance, incidents and the last thing that was done; links to each.

    Examples
    --------
    >>> shown = page()
    """
    from IPython.display import HTML

    return HTML(html(models()))


def html(known: tuple[Stored, ...]) -> str:
    """The page as text."""
    worst = {"alarm": 0, "warning": 1, "unknown": 3}
    rows = sorted((_row(one) for one in known), key=lambda row: worst.get(row["status"], 2))
    counts = [(kind, sum(row["status"] == kind for row in rows)) for kind in ("alarm", "warning", "ok", "unknown")]
    return fragment("models", rows=rows, counts=counts, themes=themes("models.ipynb"))


def themes(notebook: str, **parameters: str | None) -> list[tuple[str, str]]:
    """The links that change light and dark."""
    return [(word, link(notebook, theme=word, **parameters)) for word in ("light", "dark")]


def _row(one: Stored) -> dict[str, Any]:
    row: dict[str, Any] = {
        "name": one.name,
        "href": link("model.ipynb", name=one.name),
        "problem": one.problem,
        "status": "unknown",
    }
    if one.report is None:
        return row
    report = one.report
    line = points(report)
    known = [p for p in line if p.value is not None]
    return {
        **row,
        "report": report,
        "status": report.status,
        "metric": metric_of(report),
        "values": [p.value for p in line],
        "last": known[-1] if known else None,
        "reference": reference_of(report),
        "window": report.windows[-1] if report.windows else None,
        "open": sum(i.open for i in report.incidents),
        "event": report.events[-1] if report.events else None,
    }
