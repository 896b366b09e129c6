"""The page of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.apps.choice import Choice
from workbench.apps.models import themes
from workbench.apps.query import link, query
from workbench.apps.stored import Driven, Stored, driven, stored
from workbench.display import reasons, report
from workbench.display.rendering import fragment
from workbench.errors import BadParameter
from workbench.settings import Settings, settings

if TYPE_CHECKING:
    from IPython.display import HTML


NOTHING = Driven()
NO_MODEL = "Choose a model on the page of all models."


def page(name: str | None = None) -> HTML:
    """The latest report of one model in full, and what drives its predictions.

    Parameters
    ----------
    name : str, optional
        Of the bundle; by default what the page's address says (``?name=flights``).

    Examples
    --------
    >>> shown = page("churn")
    """
    from IPython.display import HTML

    choice = Choice.of(query())
    return HTML(shown(choice.but(name=name) if name else choice))


def shown(choice: Choice, given: Settings | None = None) -> str:
    """The page as text, from what is stored; a name that can't be one, or a report that can't be read, is told there.

    Examples
    --------
    >>> "Choose a model" in shown(Choice())
    True
    """
    force = given or settings()
    try:
        one = stored(choice.name, force) if choice.name else Stored("", None, NO_MODEL)
    except BadParameter as error:
        one = Stored("", None, str(error))
    return html(one, driven(one.name, force) if one.name else NOTHING, choice)


def html(one: Stored, why: Driven = NOTHING, choice: Choice = Choice()) -> str:
    """The page as text: the report, and what drives the predictions."""
    place, back = themes("model.ipynb", name=one.name or None), link("models.ipynb")
    top = fragment("model", one=one, unexplained=why.problem, back=back, themes=place)
    told = reasons.html(why.reasons, why.target) if why.reasons else ""
    return top + (report.html(one.report) if one.report else "") + told
