"""The page of one model."""

from __future__ import annotations

from typing import TYPE_CHECKING

from workbench.apps.models import themes
from workbench.apps.query import asked, link
from workbench.apps.stored import Stored, stored
from workbench.display import report
from workbench.display.rendering import fragment
from workbench.errors import BadParameter

if TYPE_CHECKING:
    from IPython.display import HTML


def page(name: str | None = None) -> HTML:
    """The latest report of one model in full.

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
    return HTML(html(one))


def html(one: Stored) -> str:
    """The page as text."""
    top = fragment("model", one=one, back=link("models.ipynb"), themes=themes("model.ipynb", name=one.name or None))
    return top + (report.html(one.report) if one.report else "")
