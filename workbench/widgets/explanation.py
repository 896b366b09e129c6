"""The live view of an explanation: every row, values that can be turned, and what else the model can be asked."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import anywidget
import numpy as np
import traitlets

from workbench.core.counterfactual import wanted_words
from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK
from workbench.core.nouns import expect
from workbench.core.run import Run
from workbench.display import explanation_panels as panels_of
from workbench.display.explanation import body, html, live_script
from workbench.display.explanation_rows import Packed, sentences_of, text
from workbench.errors import BadParameter, WorkbenchError
from workbench.explanation.explain import ALL, explain
from workbench.explanation.overview import MOST_CROSSED, Overview, overview
from workbench.explanation.row_lists import found_by
from workbench.widgets.in_turns import InTurns

if TYPE_CHECKING:
    from workbench.core.counterfactual import Counterfactual, Counterfactuals
    from workbench.core.what_if import Answer

# Rows that are listed at once; bytes of rows that the page carries beside those that it asks for; panels that are kept.
MOST_LISTED, CARRIED, KEPT = 200, 80_000, 100
# What else can be asked: a title, whether it is about a row, a column or all, and what it takes beside the explanation.
PANELS = {
    "effect": ("If every row had another value: partial dependence, single rows and ALE", "column", "run"),
    "joint": ("This column with another one: what both do together", "column", "run"),
    "cohorts": ("Groups by this column: what all columns add in each, and where that differs", "column", ""),
    "compare": ("What the other model weighs differently, in all rows and in groups by this column", "column", "other"),
    "pairs": ("Which columns do more together than each alone, by the model's answers (Friedman's H)", "all", "run"),
    "neighbours": ("Rows that are most like this one, and what came of them", "row", ""),
    "beside": ("This row by both models: what each column adds", "row", "other"),
    "path": ("Its way through the trees: within which values the answer stays", "row", "run"),
    "line": ("A straight line near this row (LIME), and how far to believe it", "row", "run"),
}
# Rows of the hold-out that a heat map is made of.
JOINT_ROWS = 300
LONG = ("panel", "changes")  # what may take long


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

    def __init__(self, explanation: Explanation, run: Run | None = None, other: Explanation | None = None) -> None:
        self.explained, self.explanation, self.run, self.other = explanation, explanation, run, other
        self._starts: dict[int, dict[str, Any]] = {}
        self._kept: dict[tuple[Any, ...], str] = {}
        self._long = InTurns(lambda message: self.send(message))
        self._asked_once = False
        super().__init__(
            html=self._page(),
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
        self._long.call_off_all()
        self._kept.clear()
        self.controls = self._turned_first()
        self.label = self.explained.labels.index(self.explanation.label)
        self.html = self._page()

    def _page(self) -> str:
        return body(self.explanation, most=CARRIED, sentences=False, seen=self.seen)

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
        base = self.explanation.base
        if wanted is None and not self.what_if.run.classes:
            wanted = (base, None) if self.explanation.outputs[row] < base else (None, base)
        found: Counterfactuals = self.what_if.counterfactuals(self._start(row), wanted, **rules)
        return found

    @cached_property
    def compared(self) -> Explanation:
        """The other model's explanation, of the class that is shown.

        Raises
        ------
        BadParameter
            If the view has none, or it has not that class.
        """
        if self.other is None:
            raise BadParameter("This view has no other model. Make it with wb.view(explanation, run, other=…).")
        same = self.other.label == self.explanation.label or not self.other.others
        return self.other if same else self.other.of(self.explanation.label)

    def place_in_other(self, row: int) -> int:
        """Where an explained row lies in the other explanation.

        Raises
        ------
        BadParameter
            If it is not among the rows of the other one.
        """
        own, other = self.explanation, self.compared
        found = np.flatnonzero(np.asarray(other.positions) == own.positions[row])
        shared = [name for name in own.features if name in other.columns]
        if not len(found) or any(own.given(name)[row] != other.given(name)[int(found[0])] for name in shared):
            raise BadParameter(
                "The other explanation is not of this row. Explain the same rows of both: hand over the other run."
            )
        return int(found[0])

    def _start(self, row: int) -> dict[str, Any]:
        """The values of an explained row, those that are masked in the explanation from the hold-out."""
        if row not in self._starts:
            given = {name: self.explanation.given(name)[row] for name in self.explanation.features}
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
        """Answer the page: at once, or step by step what takes long."""
        if asked["kind"] == "cancel":
            self._long.call_off(str(asked["name"]))
        elif asked["kind"] in LONG:
            self._long.begin(str(asked.get("name", asked["kind"])), partial(self._answered, asked))
        else:
            self.send(self._answered(asked))

    def _answered(self, asked: dict[str, Any]) -> dict[str, Any]:
        """The answer; what goes wrong is said there, since nobody sees a kernel's traceback of a message."""
        answers: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "row": self._tell_row,
            "cell": self._tell_cell,
            "find": self._tell_found,
            "start": self._tell_start,
            "turn": self._tell_turned,
            "changes": self._tell_changes,
            "panel": self._tell_panel,
            "label": self._tell_label,
        }
        try:
            return answers[asked["kind"]](asked)
        except WorkbenchError as error:
            return {"kind": "error", "text": str(error)}

    def _tell_row(self, asked: dict[str, Any]) -> dict[str, Any]:
        return {"kind": "row", **self._packed([self.row(int(asked["at"]))])}

    def _tell_cell(self, asked: dict[str, Any]) -> dict[str, Any]:
        rows = self.cell(int(asked["column"]), int(asked["x"]), int(asked["y"]))
        return {"kind": "cell", "what": asked["what"], **self._packed(rows)}

    def _tell_found(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Rows by what names them, those named exactly so first."""
        rows = found_by(self.explanation, self.explanation.named_by or "", str(asked["text"]), MOST_LISTED)
        return {"kind": "found", "what": asked["text"], **self._packed(rows)}

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
        return {"kind": "turned", "start": start, "sentences": sentences_of(self.explanation, row)}

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
            "steps": [
                [place[name], added, None if value is None else text(value)] for name, value, added in answer.reasons
            ],
            "told": self._told(row, answer),
            "sentences": {language: answer.sentence(language) for language in ("en", "de")},
        }

    def _masked(self, answer: Answer) -> Answer:
        """An answer that may be shown: what is sensitive is hidden, as the explanation hides it."""
        hidden = {c.column: MASK for c in self.what_if.controls if c.sensitive}
        return replace(answer, row={**answer.row, **hidden})

    def _tell_changes(self, asked: dict[str, Any]) -> dict[str, Any]:
        ways = self.changes(int(asked["row"]), immutable=list(asked.get("immutable", ())))
        nearest = None if ways.nearest is None else _way(ways.nearest)
        wanted = wanted_words(ways.wanted)
        return {"kind": "changes", "found": [_way(way) for way in ways.found], "wanted": wanted, "nearest": nearest}

    def _tell_label(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.choose_label(self.explained.labels[int(asked["label"])])
        return {"kind": "label"}

    def _offered(self) -> list[list[str]]:
        """Name, title, and what each panel is about, of those that can be answered."""
        there = {"": True, "run": self.run is not None, "other": self.other is not None}
        few = ("joint", "pairs") if len(self.explanation.features) < 2 else ()
        return [
            [name, title, about] for name, (title, about, takes) in PANELS.items() if there[takes] and name not in few
        ]

    def _tell_panel(self, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            html = self.panel(str(asked["name"]), asked["row"], asked["column"], asked.get("beside"))
        except WorkbenchError as error:
            html = panels_of.refusal(str(error))
        return {"kind": "panel", "name": asked["name"], "html": html}

    def panel(self, name: str, row: int, column: int, beside: int | None = None) -> str:
        """What the model is asked about a row, a column or two, as HTML; kept for when it is asked again.

        Parameters
        ----------
        name : str
            ``effect``, ``joint``, ``pairs``, ``cohorts``, ``compare``, ``neighbours``, ``beside``, ``path`` or
            ``line``.
        row, column : int
            Places among the explained rows and the features.
        beside : int, optional
            The second column, of ``joint``; by default the strongest other one.

        Raises
        ------
        BadParameter
            If there is no such panel, or it needs a run and the view has none.
        """
        if name not in PANELS:
            raise BadParameter(f"There is no panel {name!r}; there are {', '.join(PANELS)}.")
        key = (name, *{"row": (row,), "column": (column, beside), "all": ()}[PANELS[name][1]])
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.pop(next(iter(self._kept)))
            self._kept[key] = self._panel(name, row, self.explanation.features[column], beside)
        return self._kept[key]

    def _panel(self, name: str, row: int, column: str, beside: int | None) -> str:
        explanation, label = self.explanation, self.explanation.label
        panels: dict[str, Callable[[], str]] = {
            "effect": lambda: panels_of.effect(self.what_if.run.effect(column, label=label)),
            "joint": lambda: panels_of.joint(
                self.what_if.run.effect(column, self._second(column, beside), label=label, rows=JOINT_ROWS)
            ),
            "pairs": lambda: panels_of.pairs(self.what_if.run.interactions(self._crossed(), label=label)),
            "cohorts": lambda: panels_of.cohorts(explanation.cohorts(column)),
            "compare": lambda: panels_of.comparison(explanation.compare(self.compared, by=column)),
            "neighbours": lambda: panels_of.neighbours(explanation, row, explanation.nearest(row)),
            "beside": lambda: panels_of.beside(explanation, self.compared, row, self.place_in_other(row)),
            "path": lambda: panels_of.path(self.what_if.run.decision_path(self._start(row))),
            "line": lambda: panels_of.surrogate(self.what_if.run.lime(self._start(row), label=label)),
        }
        return panels[name]()

    def _second(self, column: str, beside: int | None) -> str:
        """The column that is crossed with another one."""
        if beside is not None:
            return self.explanation.features[beside]
        return next(name for name in self.explanation.importance() if name != column)

    def _crossed(self) -> list[str]:
        """The strongest columns, as the matrix has them."""
        return [column.name for column in self.seen.columns[:MOST_CROSSED]]

    def _told(self, row: int, answer: Answer) -> dict[str, Any]:
        """The answer beside that of the row as it is."""
        predictions = self.explanation.predictions
        return {
            "label": None if answer.probability is None else str(answer.label),
            "prediction": answer.prediction if answer.probability is None else answer.probability,
            "answered": str(answer.prediction),
            "unit": answer.unit,
            "before": None if predictions is None else float(predictions[row]),
            "flags": [
                [kind.replace("_", " "), name] for kind, _, name in (flag.partition(":") for flag in answer.flags)
            ],
        }

    def _repr_mimebundle_(self, **kwargs: Any) -> Any:
        """The live widget, and the same as plain HTML for a reader without a kernel."""
        mimebundle = super()._repr_mimebundle_(**kwargs)
        bundle, *rest = mimebundle if isinstance(mimebundle, tuple) else (mimebundle,)
        told = {"text/plain": self.explanation.headline(), "text/html": html(self.explanation, seen=self.seen)}
        whole = {**(bundle or {}), **told}
        return (whole, *rest) if rest else whole


def _way(way: Counterfactual) -> dict[str, Any]:
    """A way to another answer, as the page puts it into words."""
    return {
        "steps": [[change.column, change.before, change.after] for change in way.changes],
        "changes": {change.column: change.after for change in way.changes},
        "answered": way.prediction,
        "probability": way.probability,
    }


def view(explanation: Explanation, run: Run | None = None, other: Run | Explanation | None = None) -> ExplanationView:
    """The live view of an explanation; with the run, values can be turned; with another model, both are compared.

    Raises
    ------
    BadParameter
        If something else than a run came, or it has other features, or the other model has no column in common.
    """
    if run is not None and set(expect(run, Run, "wb.view").features) != set(explanation.features):
        raise BadParameter(
            "The explanation is of another run: the columns differ. Hand over the run that was explained."
        )
    return ExplanationView(explanation, run, _other(explanation, run, other))


def _other(explanation: Explanation, run: Run | None, other: Run | Explanation | None) -> Explanation | None:
    """The other model's explanation: of the same rows, where its run was handed over."""
    if isinstance(other, Run):
        rows = None if run is None else run.holdout
        label = ALL if explanation.others else explanation.label
        space = "probability" if explanation.unit == "probability" else "raw"
        other = explain(other, rows, rows=explanation.positions, label=label, space=space)
    if other is None:
        return None
    explanation.compare(expect(other, Explanation, "wb.view"))  # what can't be compared is told at once
    return other
