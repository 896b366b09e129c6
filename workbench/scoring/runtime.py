"""The runtime: a bundle's folder in memory, ready to score rows and to say why."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence, Set
from datetime import date
from decimal import Decimal
from functools import cached_property
from importlib import import_module
from pathlib import Path
from threading import Event, Thread
from typing import Any, Protocol

import numpy as np

from workbench.core.bundle import Bundle
from workbench.core.checking import Checker, NamedRows, alike
from workbench.core.contract import Column
from workbench.core.names import renaming
from workbench.core.reasons import Reasons
from workbench.errors import BadRow, BadTable, Damaged, Refused
from workbench.scoring.ids import id_text, new_ids, no_id, settled
from workbench.tables import native
from workbench.tables.compiled import Columns, CompiledModel, moments, numbers

Array = np.ndarray[Any, np.dtype[Any]]
REASONS = 5  # columns named with each answer
IDS = (str, int, float, date, Decimal)  # what an id of a row may be; anything else is none
SMALL = 60  # values that are sorted sooner than numpy has begun
FEW = 32  # rows with reasons, after which their tables are made behind the answers
# By name: the runtime of a compiled bundle carries neither scikit-learn nor the module that loads it.
PIPELINES = "workbench.tables.pipeline_model"


class Model(Protocol):
    """What scores columns: a compiled model, or a pipeline."""

    @property
    def unit(self) -> str:
        """Of the reasons."""

    def predict(self, columns: Columns) -> Array:
        """Predictions, one a row."""

    def explain(self, columns: Columns) -> tuple[Array, float | Array] | None:
        """What each column added, and the base; None where the model gives no reasons."""


class Scorer:
    """A bundle, loaded and checked.

    Parameters
    ----------
    folder : path
        The bundle's folder.

    Raises
    ------
    Damaged
        If a file is not what was packaged.
    Refused
        If it is a pipeline, and what reads one is not here.

    Examples
    --------
    >>> from workbench.scoring.runtime import Scorer
    >>> scorer = Scorer(".workbench/bundles/churn/1")
    >>> scorer.predict([{"tenure": 1, "Contract": "monthly", "MonthlyCharges": 90.5}])[0]["answer"]
    'Yes'
    """

    def __init__(self, folder: str | Path) -> None:
        native.begin()  # behind: until the loops are there, numpy answers
        self.bundle = Bundle.load_folder(folder)
        self.contract = self.bundle.contract
        self.features = self.bundle.features
        self.model: Model = _model(self.bundle)
        self._check = Checker(self.contract, self.features)
        self.known = self._check.known
        self._id = self.contract.id
        self._asked, self._preparing = 0, Event()
        self._cut = 0.5 if self.bundle.threshold is None else self.bundle.threshold
        # Read now, so that what is damaged does not wait for a request.
        self._left_open, self._drives = self.bundle.uncertainty, self.bundle.reasons
        # Whether loops will be there: what compiles them may still be at it.
        self.without_reasons = self.bundle.needs.refusal(native.there()) if self.bundle.needs else ""

    @property
    def sensitive(self) -> tuple[str, ...]:
        """Columns that are kept out of the log in clear."""
        return tuple(c.name for c in self.contract.columns if c.sensitive)

    @cached_property
    def kept_explanation(self) -> bytes | None:
        """As JSON what drives the predictions, over the rows that were explained; None where the bundle has none."""
        return None if self._drives is None else json.dumps(_drivers(self.bundle, self._drives)).encode()

    def check(self, rows: Sequence[Any]) -> None:
        """Refuse rows that break the contract.

        Raises
        ------
        BadRow
            With every fault.
        """
        self._checked(self.named(rows))

    def named(self, rows: Sequence[Any]) -> NamedRows:
        """Rows with the contract's names where theirs have the same normal form, such as blanks around them."""
        if isinstance(rows, NamedRows):
            return rows
        found = alike(rows)
        if all(map(self.known.issuperset, found)):
            named = NamedRows(rows)
            named.known = True
            return named
        other = {names: names_of for names in found if (names_of := renaming(names, self.known))}
        return NamedRows([_renamed(row, other) for row in rows] if other else rows)

    def predict(
        self, rows: Sequence[Mapping[str, Any]], reasons: int = REASONS, ids: Sequence[str] | None = None
    ) -> list[dict[str, Any]]:
        """Check rows, score them and say why.

        Parameters
        ----------
        rows : sequence of mapping
            Column to value, as JSON gives them.
        reasons : int
            Columns named with each answer, strongest first; 0 for none.
        ids : sequence of str, optional
            Of the rows; by default their own ids, or new ones.

        Returns
        -------
        list of dict
            ``id``, ``version``, ``prediction`` (binary: probability of the positive class; multiclass: one a class),
            ``answer`` (label or number), ``probability`` (of the answer; None for a regression), ``low`` and ``high``
            (of a regression: ends of the 90% interval) or ``set`` (labels that hold the right one in nine of ten
            rows), both where the bundle knows them, ``reasons`` (``column``, ``value``, ``added``), ``flags``.

        Raises
        ------
        BadRow
            If a row breaks the contract; every fault is listed.
        """
        rows = self.named(rows)
        columns, flags = self._checked(rows)
        prediction, explanation = self._scored(columns, len(rows), reasons > 0)
        why = self._reasons(None if explanation is None else explanation[0], rows, reasons)
        names = self.ids_of(rows) if ids is None else ids
        version, predicted = self.bundle.version, prediction.tolist()
        answers, probabilities = self._answered(predicted)
        said = zip(names, predicted, answers, probabilities, self.left_open(predicted), why, flags, strict=True)
        return [
            {"id": i, "version": version, "prediction": p, "answer": a, "probability": q, **u, "reasons": r, "flags": f}
            for i, p, a, q, u, r, f in said
        ]

    def explain(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
        """What every column added to each prediction.

        Returns
        -------
        dict
            ``features``, ``values`` (rows x features), ``base`` (one a row), ``unit``, ``method``.

        Raises
        ------
        BadRow
            If a row breaks the contract.
        Refused
            If the model gives no exact reasons, or they are dear and the bundle tells none.
        """
        if self.without_reasons:
            raise Refused(self.without_reasons)
        columns, _ = self._checked(self.named(rows))
        explanation = self._explained(columns, len(rows))
        if explanation is None:
            raise Refused("This model has no tables, so there are no exact reasons. Package a model that compiles.")
        values, base = explanation
        return {
            "features": list(self.features),
            "values": values.tolist(),
            "unit": self.model.unit,
            "base": np.broadcast_to(base, len(values)).tolist(),
            "method": getattr(self.model, "method", ""),
        }

    def score_columns(self, columns: Columns) -> tuple[Array, dict[str, Array]]:
        """Score a whole frame, without reasons.

        Parameters
        ----------
        columns : mapping from str to array, each of shape (rows,)
            Typed as the contract says; a DataFrame is such a mapping.

        Returns
        -------
        prediction : float array
            Binary and regression: shape (rows,). Multiclass: shape (rows, classes).
        flags : dict of str to bool array, shape (rows,)
            Which rows carry ``unseen_category:COLUMN`` or ``out_of_range:COLUMN``; flags without a row are left out.
        """
        unusual = {}
        for name in self.features:
            flag, rows = _unusual(columns[name], self.contract[name])
            if rows.any():
                unusual[f"{flag}:{name}"] = rows
        return self.model.predict(columns), unusual

    def left_open(self, predicted: Sequence[Any]) -> list[dict[str, Any]]:
        """``low`` and ``high``, or ``set``, of each prediction; nothing where the bundle does not know them."""
        if self._left_open is None:
            return [{} for _ in predicted]
        return self._left_open.added(predicted, self.bundle.classes)

    def answers(self, prediction: Array) -> list[Any]:
        """The label of each prediction (binary: by the bundle's threshold), or the number itself."""
        return self._answered(prediction.tolist())[0]

    def _checked(self, rows: Sequence[Any]) -> tuple[dict[str, list[Any]], list[list[str]]]:
        columns, problems, flags = self._check(rows)
        if problems:
            raise BadRow(problems)
        return columns, flags

    def _answered(self, predicted: list[Any]) -> tuple[list[Any], list[float | None]]:
        """The answer to each prediction, and its probability."""
        classes, cut = self.bundle.classes, self._cut
        if not classes:
            return predicted, [None] * len(predicted)
        if self.bundle.task == "multiclass":
            probabilities = list(map(max, predicted))
            return [classes[p.index(most)] for p, most in zip(predicted, probabilities, strict=True)], probabilities
        return [classes[p >= cut] for p in predicted], [p if p >= cut else 1.0 - p for p in predicted]

    def _reasons(self, values: Array | None, rows: Sequence[Mapping[str, Any]], most: int) -> list[list[Any]]:
        """The strongest reasons of each row, as an answer tells them; a column that added nothing is none."""
        if values is None:
            return [[] for _ in rows]
        strongest, added = _strongest(values, most)
        features = self.features
        return [
            [{"column": (c := features[j]), "value": row.get(c), "added": a} for j, a in zip(js, by, strict=True) if a]
            for row, js, by in zip(rows, strongest, added, strict=True)
        ]

    def _scored(
        self, columns: Mapping[str, Any], rows: int, why: bool
    ) -> tuple[Array, tuple[Array, float | Array] | None]:
        """Predictions, and what every column added to each if that is asked."""
        if not why or self.without_reasons:
            return self.model.predict(columns), None
        self._prepare_behind(rows)
        if not isinstance(self.model, CompiledModel):
            return self.model.predict(columns), self.model.explain(columns)
        prediction, values, base = self.model.predict_and_explain(columns)
        return prediction, (values, base)

    def _explained(self, columns: Mapping[str, Any], rows: int) -> tuple[Array, float | Array] | None:
        if self.without_reasons:
            return None
        self._prepare_behind(rows)
        return self.model.explain(columns)

    def _prepare_behind(self, rows: int) -> None:
        """Once some reasons were asked for, their tables are made behind the answers."""
        self._asked += rows
        if self._asked >= FEW and not self._preparing.is_set():
            self._preparing.set()
            if isinstance(self.model, CompiledModel):
                Thread(target=self.model.prepare, name="tables of reasons", daemon=True).start()

    def ids_of(self, rows: Sequence[Any]) -> list[str]:
        """The rows' own ids, by which labels will come later, or new ones."""
        fresh_ids = new_ids(len(rows))
        if self._id is None:
            return fresh_ids
        owned = [row.get(self._id) if isinstance(row, Mapping) else None for row in rows]
        read = self._each_id(owned, str(self._id), lambda own: None if no_id(own, self.id_column) else self._read(own))
        return [new if own is None else own for own, new in zip(read, fresh_ids, strict=True)]

    @property
    def id_column(self) -> Column | None:
        """Of the contract; None where rows have no id of their own."""
        return None if self._id is None else self.contract[self._id]

    def label_ids(self, values: Sequence[Any], known: Callable[[Iterable[str]], Set[str]]) -> list[str]:
        """Ids that labels came with, as their predictions have them; ``known`` tells which there are.

        Raises
        ------
        BadRow
            If one can't be told from others.
        """
        self._each_id(values, "id", self._read)
        return settled(values, self.id_column, known)

    def _each_id(self, values: Sequence[Any], field: str, read: Callable[[Any], str | None]) -> list[str | None]:
        """The ids, read; all that can't be are told together."""
        ids, problems = [], []
        for i, value in enumerate(values):
            try:
                ids.append(read(value) if isinstance(value, IDS) else None)
            except BadTable:
                expected = "a whole number or a text: other ids have the same float"
                problems.append({"row": i, "field": field, "expected": expected, "got": repr(value)[:60]})
        if problems:
            raise BadRow(problems)
        return ids

    def _read(self, value: Any) -> str:
        return id_text(value, self.id_column)


def _strongest(values: Array, most: int) -> tuple[list[list[int]], list[list[float]]]:
    """The columns that added most to each row, and what."""
    if values.size >= SMALL:
        order = np.argsort(-np.abs(values), axis=1, kind="stable")[:, :most]
        return order.tolist(), values[np.arange(len(values))[:, None], order].tolist()
    added = values.tolist()
    sizes = [[-abs(value) for value in one] for one in added]
    places = [sorted(range(len(size)), key=size.__getitem__)[:most] for size in sizes]
    return places, [[one[j] for j in js] for one, js in zip(added, places, strict=True)]


def _drivers(bundle: Bundle, reasons: Reasons) -> dict[str, Any]:
    """The kept explanation without what its parts are counted by."""
    told = ("column", "importance", "low", "high", "mean", "direction")
    return {
        "name": bundle.name,
        "version": bundle.version,
        "target": bundle.contract.target,
        **{name: getattr(reasons, name) for name in ("label", "unit", "rows", "created", "method", "base")},
        "columns": [{name: getattr(one, name) for name in told} for one in reasons.ranked],
    }


def _renamed(row: Any, other: Mapping[tuple[str, ...], Mapping[str, str]]) -> Any:
    names = other.get(tuple(row), {}) if isinstance(row, Mapping) else {}
    return {names.get(name, name): value for name, value in row.items()} if names else row


def _model(bundle: Bundle) -> Model:
    if bundle.compiled:
        tables = CompiledModel.load(bundle.path / "model.npz")
        if (tables.task, tables.features, len(tables.classes)) != (bundle.task, bundle.features, len(bundle.classes)):
            raise Damaged("model.npz is not the model that bundle.json tells of. Package the model again.")
        return tables
    try:
        module = import_module(PIPELINES)
        model: Model = module.PipelineModel.load(bundle.path / "model.skops", bundle.features, bundle.contract)
    except ModuleNotFoundError as error:
        raise Refused(
            f"{bundle.name} version {bundle.version} ships as a pipeline of scikit-learn, and this service runs "
            f"without what reads one: {error.name} is not there. Start the service from the folder of that version, "
            "with the packages of its requirements.lock, or by workbench serve."
        ) from error
    return model


def _unusual(values: Any, column: Column) -> tuple[str, Array]:
    if column.kind in ("number", "integer"):
        number = numbers(values)
        low = -np.inf if column.minimum is None else column.minimum
        high = np.inf if column.maximum is None else column.maximum
        return "out_of_range", (number < low) | (number > high)
    if column.kind == "category" and column.categories is not None:
        usual = {*column.categories, None}
        known = [v in usual or v != v for v in np.asarray(values, dtype=object).tolist()]
        return "unseen_category", ~np.array(known, bool)
    return "", np.zeros(len(moments(values)) if column.kind == "datetime" else len(values), bool)
