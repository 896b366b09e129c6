"""The page of one model."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from workbench.apps.acting_form import ACTION, ANSWER, BACK
from workbench.apps.choice import Choice
from workbench.apps.query import query
from workbench.apps.stored import Driven, Shapes, Stored, driven, shapes, stored
from workbench.apps.top import top
from workbench.display import reasons, report
from workbench.display.language import speaker
from workbench.display.rendering import piece, sparing
from workbench.display.report_view import Form, View
from workbench.errors import BadParameter
from workbench.settings import Settings, settings

if TYPE_CHECKING:
    from IPython.display import HTML


HERE, ALL = "model.ipynb", "models.ipynb"
DRIVES = 8  # columns of what drives the predictions
DECISIONS, ROUTINE = 8, ("scored", "labels")  # of a watch: the newest ones, and those that nobody asks about
# A page of many long rows shows fewer of them, so that it stays below so many bytes.
MOST_BYTES, SHARES = 100_000, (1.0, 0.6, 0.3)
NOTHING = Driven()
NO_MODEL = "Choose a model on the page of all models."
NO_SHAPES: Shapes = {}


def page(name: str | None = None) -> HTML:
    """The latest report of one model, what somebody chose to see of it, and what drives its predictions.

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

    Parameters
    ----------
    choice : Choice
        What the address asks for, and what its reader may do.
    given : Settings, optional

    Examples
    --------
    >>> "Choose a model" in shown(Choice())
    True
    """
    force = given or settings()
    try:
        one = stored(choice.name, force) if choice.name else Stored("", None, NO_MODEL)
    except BadParameter as error:
        return html(Stored("", None, str(error)), NOTHING, choice)
    why = driven(one.name, force) if one.name else NOTHING
    return html(one, why, choice, shapes(one, choice.window, force))


def html(one: Stored, why: Driven = NOTHING, choice: Choice = Choice(), known: Shapes = NO_SHAPES) -> str:  # noqa: B008 - frozen
    """The page as text, of what is handed over alone: it reads nothing.

    Parameters
    ----------
    one : Stored
        The report, or why there is none.
    why : Driven
        What drives the predictions.
    choice : Choice
    known : mapping of str to Shape
        By column, its values in the training and in the window that is looked at.
    """
    choice = choice.but(name=one.name or choice.name)
    pages = (_page(one, why, choice, known, share) for share in SHARES)
    return next((text for text in pages if len(text.encode()) <= MOST_BYTES), "") or _page(one, why, choice, known, 0.0)


def _page(one: Stored, why: Driven, choice: Choice, known: Shapes, share: float) -> str:
    drives = _drives(why, choice, share)
    return sparing(
        "model",
        "report.css",
        **top(HERE, choice, choice.kept(name="").link(ALL)),
        **speaker(choice.lang).words(),
        name=one.name,
        problem=one.problem,
        report=_report(one, _view(choice, known, share), choice.done, drives),
        unexplained=why.problem,
        drives=drives,
    )


def _drives(why: Driven, choice: Choice, share: float) -> Markup:
    """What drives the predictions; who looks at one column sees what that adds."""
    if why.reasons is None or choice.column:
        return Markup("")
    body = reasons.body(why.reasons, why.target, language=choice.lang, most=max(round(DRIVES * share), 2))
    return Markup(body)  # noqa: S704 - our own fragment


def _report(one: Stored, view: View, done: str, drives: Markup) -> Markup:
    if one.report is None:
        return Markup("")
    context = report.context(one.report, view)
    mine = {"style": "", "done": done, "drives": drives, **_watched(one, view)}
    return Markup(piece("report", **{**context, **mine}))  # noqa: S704 - our own fragment


def _watched(one: Stored, view: View) -> dict[str, Any]:
    """What looks after the model by itself: its newest decisions, and the form by which it is answered."""
    told = [d for d in one.watch.decisions if d.what not in ROUTINE] if one.watch else []
    answering = Form(ANSWER, view.acting.hidden, view.acting.by) if view.acting else None
    return {"watch": one.watch, "decisions": told[: -DECISIONS - 1 : -1], "answering": answering}


def _view(choice: Choice, known: Shapes, share: float) -> View:
    return View(
        choice.lang, choice.since, choice.until, choice.window, choice.column, choice.segment, choice.metric, known,
        _linked(choice), Form(HERE, tuple(choice.kept().asked().items())), _acting(choice), share,
    )  # fmt: skip


def _linked(choice: Choice) -> Callable[..., str]:
    def link(at: str = "", **changes: str) -> str:
        return choice.link(HERE, **changes) + (f"#{at}" if at else "")

    return link


def _acting(choice: Choice) -> Form | None:
    return Form(ACTION, (*choice.hidden, (BACK, choice.query())), choice.by) if choice.may_act else None
