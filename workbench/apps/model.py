"""The page of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.apps.models import themes
from workbench.apps.query import asked, link
from workbench.apps.stored import Driven, Stored, driven, stored
from workbench.display import reasons, report
from workbench.display.rendering import fragment
from workbench.errors import BadParameter

if TYPE_CHECKING:
    from IPython.display import HTML


NOTHING = Driven()


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

    name = name or asked("name")
    try:
        one = stored(name) if name else Stored("", None, "Choose a model on the page of all models.")
    except BadParameter as error:
        one = Stored("", None, str(error))
    return HTML(html(one, driven(one.name) if one.name else NOTHING))


def html(one: Stored, why: Driven = NOTHING) -> str:
    """The page as text: the report, and what drives the predictions."""
    place, back = themes("model.ipynb", name=one.name or None), link("models.ipynb")
    top = fragment("model", one=one, unexplained=why.problem, back=back, themes=place)
    told = reasons.html(why.reasons, why.target) if why.reasons else ""
    return top + (report.html(one.report) if one.report else "") + told
