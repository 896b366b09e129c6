"""The page of all models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from workbench.apps.choice import Choice
from workbench.apps.query import query
from workbench.apps.stored import Listed, models
from workbench.apps.top import top
from workbench.display import report_words
from workbench.display.language import speaker
from workbench.display.rendering import sparing
from workbench.settings import Settings

if TYPE_CHECKING:
    from IPython.display import HTML

HERE, ONE = "models.ipynb", "model.ipynb"
# What is wrong comes first.
ORDER = ("no", "look", "unknown", "estimated", "yes")
COUNTED = (("alarm", ("no",)), ("warning", ("look",)), ("ok", ("yes", "estimated")), ("unknown", ("unknown",)))


def page() -> HTML:
    """All models with a verdict in words, owner, volume, trend and incidents; links to each.

    Examples
    --------
    >>> shown = page()
    """
    from IPython.display import HTML

    return HTML(shown(Choice.of(query())))


def shown(choice: Choice, given: Settings | None = None) -> str:
    """The page as text, from what is stored."""
    return html(models(given), choice)


def html(known: tuple[Listed, ...], choice: Choice = Choice()) -> str:  # noqa: B008 - frozen
    """The page as text, of what is handed over alone: it reads nothing."""
    rows = sorted((_row(one, choice) for one in known), key=lambda row: ORDER.index(row["trust"]))
    counts = [(state, sum(row["trust"] in some for row in rows)) for state, some in COUNTED]
    return sparing(
        "models",
        "report.css",
        **top(HERE, choice.kept(name="")),
        **speaker(choice.lang).words(),
        words=report_words,
        rows=rows,
        counts=counts,
    )


def _row(one: Listed, choice: Choice) -> dict[str, Any]:
    told = one.summary
    trust = told.trust if told and told.trust in ORDER else "unknown"
    state = next(state for state, some in COUNTED if trust in some)
    owners = dict.fromkeys(i.owner for i in one.incidents if i.owner)
    return {
        "name": one.name,
        "href": choice.kept(name=one.name).link(ONE),
        "problem": one.problem,
        "told": told,
        "trust": trust,
        "state": state,
        "owner": ", ".join(owners) or (told.keeper if told else ""),
        "looked": sum(i.state in ("acknowledged", "snoozed") for i in one.incidents),
    }
