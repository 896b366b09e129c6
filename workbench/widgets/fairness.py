"""The live view of a fairness: whose groups are compared, and of which answer the rates are told."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import anywidget
import traitlets

from workbench.core.fairness import Fairness
from workbench.core.group_choices import choices
from workbench.core.literals import python
from workbench.core.nouns import expect
from workbench.core.run import Run
from workbench.display.fairness import html, live_script, live_style
from workbench.errors import BadParameter, WorkbenchError
from workbench.explanation.fairness import fairness

NO_RUN = "This view has no model to ask. Make it with wb.view(fairness, run)."


class FairnessView(anywidget.AnyWidget):
    """A fairness with a kernel behind it. Made by :func:`workbench.view`.

    Choosing tells rates, gaps and the verdict at once; what makes a gap and what closing it costs takes longer, and is
    told, and kept with the run, by the code that the view shows. A saved notebook, or one that ran as a job, shows the
    same page without the choices.
    """

    _esm = f"{live_script()}\nexport default {{ render }};"
    html = traitlets.Unicode().tag(sync=True)
    rules = traitlets.Unicode().tag(sync=True)  # not "style", which widgets have for something else
    code = traitlets.Unicode().tag(sync=True)
    columns = traitlets.List(traitlets.Unicode()).tag(sync=True)
    by = traitlets.List(traitlets.Unicode()).tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)

    def __init__(self, found: Fairness, run: Run | None = None) -> None:
        self.run = run
        super().__init__(columns=_columns(found, run), labels=_labels(run), rules=live_style())
        self._show(found)
        self.on_msg(self._asked)

    def choose(self, by: Sequence[str] | None = None, label: Any = None) -> None:
        """Compare the groups of other columns, or tell the rates of another answer; what is left out stays.

        Raises
        ------
        BadParameter
            If the view has no run, there is no column, or no such class.
        ColumnNotFound
            If a column is not among the rows of the hold-out.
        """
        if self.run is None:
            raise BadParameter(NO_RUN)
        now = self.fairness
        by = [one.column for one in now.by] if by is None else list(by)
        if not by:
            raise BadParameter("Groups of at least one column are compared. Choose one.")
        edges = {one.column: list(one.edges) for one in now.by if one.edges and one.column in by and not one.moments}
        found = fairness(
            self.run, by, bins=edges, label=now.label if label is None else label, smallest=now.smallest,
            false_alarm_rate=now.false_alarm_rate, why=False,
        )  # fmt: skip
        self._show(found)

    def _show(self, found: Fairness) -> None:
        self.fairness = found
        self.by = [one.column for one in found.by]
        self.label = self.labels.index(str(found.label)) if str(found.label) in self.labels else 0
        self.code = python("wb.fairness(run, by=$by, label=$label)", by=self.by, label=found.label)
        self.html = html(found)

    def _asked(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Answer the page; what goes wrong is said there, since nobody sees a kernel's traceback of a message."""
        try:
            self.choose(asked.get("by"), self.run.classes[asked["label"]] if self.run and "label" in asked else None)
            self.send({"text": self.fairness.headline()})
        except WorkbenchError as error:
            self.send({"text": str(error)})

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        mimebundle = super()._repr_mimebundle_(**kwargs)
        bundle, *rest = mimebundle if isinstance(mimebundle, tuple) else (mimebundle,)
        whole = {**(bundle or {}), "text/plain": self.fairness.headline(), "text/html": html(self.fairness)}
        return (whole, *rest) if rest else whole


def view(found: Fairness, run: Run | None = None) -> FairnessView:
    """The live view of a fairness; with the run, other groups can be chosen.

    Raises
    ------
    BadParameter
        If something else than a run came, or it is another one.
    """
    if run is not None and not found.is_of(expect(run, Run, "wb.view")):
        raise BadParameter(
            f"The fairness is of another run, {found.run}, or threshold. Hand over the run it was made of."
        )
    return FairnessView(found, run)


def _columns(found: Fairness, run: Run | None) -> list[str]:
    """Columns of the kept rows whose groups are worth a look, those that are compared first."""
    if run is None:
        return []
    people, others = choices(run.contract)
    names = dict.fromkeys((*(one.column for one in found.by), *people, *others))
    return [name for name in names if name in run.holdout]


def _labels(run: Run | None) -> list[str]:
    return [] if run is None else [str(label) for label in run.classes]
