"""The live view of an explanation: every row, values that can be turned, and what else the model can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK
from workbench.core.nouns import expect
from workbench.core.run import Run
from workbench.display import explanation_panels as panels_of
from workbench.display.explanation import body, html, live_script
from workbench.display.explanation_rows import Packed, sentences, text
from workbench.display.rendering import number, percent, piece
from workbench.errors import BadParameter, WorkbenchError
from workbench.explanation.overview import Overview, overview

if TYPE_CHECKING:
    from workbench.core.counterfactual import Counterfactuals
    from workbench.core.what_if import Answer

# Rows of a cell that are listed; bytes of rows that the page carries beside those that it asks for.
MOST_LISTED, CARRIED = 200, 80_000
# What else can be asked: a title, and whether it is about a row or a column.
PANELS = {
    "effect": ("If every row had another value: partial dependence, single rows and ALE", "column"),
    "cohorts": ("Groups by this column: what all columns add in each, and where that differs", "column"),
    "neighbours": ("Rows that are most like this one, and what came of them", "row"),
    "path": ("Its way through the trees: within which values the answer stays", "row"),
    "line": ("A straight line near this row (LIME), and how far to believe it", "row"),
}
WITHOUT_RUN = ("cohorts", "neighbours")


class ExplanationView(anywidget.AnyWidget):
    """An explanation with a kernel behind it. Made by :func:`workbench.view`.

    A saved notebook, or one that ran as a job, shows the same page with the rows that it can carry.
    """

    _esm = f"{live_script()}\nexport default {{ render }};"
    html = traitlets.Unicode().tag(sync=True)
    controls = traitlets.List().tag(sync=True)
    panels = traitlets.List().tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    label = traitlets.Int().tag(sync=True)

    def __init__(self, explanation: Explanation, run: Run | None = None) -> None:
        self.explained, self.explanation, self.run = explanation, explanation, run
        self._starts: dict[int, dict[str, Any]] = {}
        self._asked_once = False
        super().__init__(
            html=body(explanation, most=CARRIED, told=False),
            controls=self._turned_first(),
            panels=self._offered(),
            labels=[str(label) for label in explanation.labels],
        )
        self.on_msg(self._asked)

    def choose_label(self, label: Any) -> None:
        """Show the explanation of another class, where all of them were explained.

        Raises
        ------
        BadParameter
            If that class was not explained.
        """
        self.explanation = self.explained.of(label)
        for made in ("seen", "what_if"):
            self.__dict__.pop(made, None)
        self.controls = self._turned_first()
        self.label = self.explained.labels.index(self.explanation.label)
        self.html = body(self.explanation, most=CARRIED, told=False)

    @cached_property
    def seen(self) -> Overview:
        """What the page shows."""
        return overview(self.explanation)

    @cached_property
    def what_if(self) -> Any:
        """The model, ready to answer rows that somebody makes up."""
        if self.run is None:
            raise BadParameter("This view has no model to ask. Make it with wb.view(explanation, run).")
        return self.run.what_if(self.explanation.label if self.run.task == "multiclass" else None)

    def row(self, position: int) -> int:
        """Which of the explained rows lies at a position of the data.

        Raises
        ------
        BadParameter
            If the row at that position was not explained.
        """
        positions = np.asarray(self.explanation.positions)
        found = np.flatnonzero(positions == position)
        if not len(found):
            ends = f" Rows {positions.min():,} to {positions.max():,} are." if len(positions) else ""
            raise BadParameter(f"Row {position:,} was not explained.{ends}")
        return int(found[0])

    def cell(self, column: int, x: int, y: int) -> list[int]:
        """The explained rows that lie in a cell of a column's cloud, at most 200.

        Raises
        ------
        BadParameter
            If that column is not drawn.
        """
        one = next((c for c in self.seen.columns if c.at == column), None)
        if one is None:
            raise BadParameter(f"The view draws no column number {column}.")
        return [int(r) for r in np.flatnonzero((one.cloud.places == (x, y)).all(axis=1))[:MOST_LISTED]]

    def ask(self, row: int, changes: Mapping[str, Any]) -> Answer:
        """What the model answers where an explained row has other values.

        Parameters
        ----------
        row : int
            Place among the explained rows, from 0.
        changes : mapping of str to object
            Columns and their new values, as JSON has them.

        Raises
        ------
        BadParameter
            If the view has no run.
        BadRow
            If a value breaks the contract.
        """
        answer: Answer = self.what_if.ask({**self._start(row), **changes})
        return answer

    def changes(self, row: int, wanted: Any = None, **rules: Any) -> Counterfactuals:
        """The smallest changes of an explained row that lead to another answer.

        Parameters
        ----------
        row : int
            Place among the explained rows, from 0.
        wanted : object, optional
            As :meth:`workbench.Run.counterfactuals` takes it; by default of a number the other side of the mean
            prediction.
        **rules
            Of :meth:`workbench.Run.counterfactuals`, such as ``immutable=["sex"]``.

        Raises
        ------
        BadParameter
            If the view has no run, or there is no such rule.
        """
        run, base = self.what_if.run, self.explanation.base
        if wanted is None and not run.classes:
            wanted = (base, None) if self.explanation.outputs[row] < base else (None, base)
        found: Counterfactuals = run.counterfactuals(self._start(row), wanted, **rules)
        return found

    def _start(self, row: int) -> dict[str, Any]:
        """The values of an explained row, those that are masked in the explanation from the hold-out."""
        if row not in self._starts:
            given = {name: values[row] for name, values in self.explanation.columns.items()}
            self._starts[row] = self._unmasked(row, given)
        return self._starts[row]

    def _unmasked(self, row: int, given: dict[str, Any]) -> dict[str, Any]:
        if MASK not in given.values():
            return given
        position = int(self.explanation.positions[row]) if len(self.explanation.positions) else -1
        held = self.what_if.row(position) if 0 <= position < len(self.run.holdout) else {}  # type: ignore[union-attr]
        same = bool(held) and all(v == MASK or held[name] == v for name, v in given.items())
        usual = held if same else self.what_if.usual()
        return {name: usual[name] if v == MASK else v for name, v in given.items()}

    def _turned_first(self) -> list[dict[str, Any]]:
        """What can be turned, the strongest column first; nobody turns what is masked."""
        if self.run is None:
            return []
        known = {c.column: c for c in self.what_if.controls if not c.sensitive}
        return [known[name].to_dict() for name in self.explanation.importance() if name in known]

    def _asked(self, _: Any, asked: dict[str, Any], __: Any) -> None:
        """Answer the page; what goes wrong is said there, since nobody sees a kernel's traceback of a message."""
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "row": self._tell_row,
            "cell": self._tell_cell,
            "start": self._tell_start,
            "turn": self._tell_turned,
            "changes": self._tell_changes,
            "panel": self._tell_panel,
            "label": self._tell_label,
        }
        try:
            self.send(answers[asked["kind"]](asked))
        except WorkbenchError as error:
            self.send({"kind": "error", "text": str(error)})

    def _tell_row(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "row", **self._packed([self.row(int(asked["at"]))])}

    def _tell_cell(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = self.cell(int(asked["column"]), int(asked["x"]), int(asked["y"]))
        return {"kind": "cell", "text": f"{len(rows):,} rows: {asked['what']}", **self._packed(rows)}

    def _packed(self, rows: Iterable[int]) -> dict[str, Any]:
        packed = Packed(self.explanation, self.seen)
        return {"rows": packed.some(rows), "texts": list(packed.texts)}

    def _tell_start(self, asked: dict[str, Any]) -> dict[str, Any]:
        row = int(asked["row"])
        turned = {control["column"] for control in self.controls}
        start = {name: value for name, value in self._start(row).items() if name in turned} if turned else {}
        if turned and not self._asked_once:
            self.ask(row, {})  # the first answer makes look-ups, so that the first turn need not wait for them
            self._asked_once = True
        return {"kind": "turned", "start": start, "sentences": sentences(self.explanation, row)}

    def _tell_turned(self, asked: dict[str, Any]) -> dict[str, Any]:
        row = int(asked["row"])
        answer = self._masked(self.ask(row, dict(asked["changes"])))
        place = {name: at for at, name in enumerate(self.explanation.features)}
        return {
            "kind": "turned",
            "asked": asked["asked"],
            "base": answer.base,
            "output": answer.output,
            "unit": answer.unit,
            "steps": [[place[name], added, text(value)] for name, value, added in answer.reasons],
            "text": self._told(row, answer),
            "sentences": {language: answer.sentence(language) for language in ("en", "de")},
        }

    def _masked(self, answer: Answer) -> Answer:
        """An answer that may be shown: what is sensitive is hidden, as the explanation hides it."""
        hidden = {c.column: MASK for c in self.what_if.controls if c.sensitive}
        return replace(answer, row={**answer.row, **hidden})

    def _tell_changes(self, asked: dict[str, Any]) -> dict[str, Any]:
        ways = self.changes(int(asked["row"]), immutable=list(asked.get("immutable", ())))
        found = [{"told": str(way), "changes": {c.column: c.after for c in way.changes}} for way in ways.found]
        return {"kind": "changes", "found": found, "text": ways.headline()}

    def _tell_label(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.choose_label(self.explained.labels[int(asked["label"])])
        return {"kind": "label"}

    def _offered(self) -> list[list[str]]:
        """Name, title, and what each panel is about; without a run only what the explanation knows by itself."""
        return [[name, title, about] for name, (title, about) in PANELS.items() if self.run or name in WITHOUT_RUN]

    def _tell_panel(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            html = self.panel(str(asked["name"]), asked["row"], asked["column"])
        except WorkbenchError as error:
            html = piece("explanation_panel", told=str(error), findings=(), drawings=(), heads=(), rows=(), note="")
        return {"kind": "panel", "name": asked["name"], "html": html}

    def panel(self, name: str, row: int, column: int) -> str:
        """What the model is asked about a row or a column, as HTML.

        Parameters
        ----------
        name : str
            ``effect``, ``cohorts``, ``neighbours``, ``path`` or ``line``.
        row, column : int
            Places among the explained rows and the features.

        Raises
        ------
        BadParameter
            If there is no such panel, or it needs a run and the view has none.
        """
        label = self.explanation.label
        panels: dict[str, Callable[[], str]] = {
            "effect": lambda: panels_of.effect(self.what_if.run.effect(self.explanation.features[column], label=label)),
            "cohorts": lambda: panels_of.cohorts(self.explanation.cohorts(self.explanation.features[column])),
            "neighbours": lambda: panels_of.neighbours(self.explanation, row, self.explanation.nearest(row)),
            "path": lambda: panels_of.path(self.what_if.run.decision_path(self._start(row))),
            "line": lambda: panels_of.surrogate(self.what_if.run.lime(self._start(row), label=label)),
        }
        if name not in panels:
            raise BadParameter(f"There is no panel {name!r}; there are {', '.join(panels)}.")
        return panels[name]()

    def _told(self, row: int, answer: Answer) -> str:
        """The answer beside that of the row as it is."""
        flags = ", ".join(flag.replace("_", " ").replace(":", ": ") for flag in answer.flags)
        unusual = f" Unusual: {flags}." if flags else ""
        predictions = self.explanation.predictions
        if answer.probability is None:
            before = "" if predictions is None else f" instead of {number(float(predictions[row]))}"
            return f"Predicted {number(answer.prediction)} {answer.unit}{before}.{unusual}"
        before = "" if predictions is None else f" instead of {percent(float(predictions[row]))}"
        return f"Predicted {percent(answer.probability)} {answer.label}{before}; answered {answer.prediction}.{unusual}"

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        mimebundle = super()._repr_mimebundle_(**kwargs)
        bundle, *rest = mimebundle if isinstance(mimebundle, tuple) else (mimebundle,)
        told = {"text/plain": self.explanation.headline(), "text/html": html(self.explanation)}
        whole = {**(bundle or {}), **told}
        return (whole, *rest) if rest else whole


def view(explanation: Explanation, run: Run | None = None) -> ExplanationView:
    """The live view of an explanation; with the run, values can be turned.

    Raises
    ------
    BadParameter
        If something else than a run came, or it has other features.
    """
    if run is not None and set(expect(run, Run, "wb.view").features) != set(explanation.features):
        raise BadParameter(
            "The explanation is of another run: the columns differ. Hand over the run that was explained."
        )
    return ExplanationView(explanation, run)
