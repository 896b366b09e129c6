"""A compiled model: a fitted pipeline as numpy tables, without scikit-learn, pandas or pickle.

One ``model.npz`` holds everything: plain arrays, and a JSON header that says what they are. It is loaded with
``allow_pickle=False`` and every table is checked before it is walked.

The format's change procedure: a reader reads every older ``format_version``; whatever changes the meaning of a file
raises ``FORMAT``, and a file of the old format is kept in the tests.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Literal, Protocol

import numpy as np

from workbench.core.contract import Task
from workbench.core.store import check_format, write_bytes
from workbench.core.trees import FIELDS, Array, Trees
from workbench.errors import ColumnNotFound, Damaged

FORMAT = 1
Link = Literal["identity", "logistic", "softmax"]


class Columns(Protocol):
    """Values by column name: a mapping, or a DataFrame."""

    def __getitem__(self, name: Any, /) -> Any:
        """The values of a column, shape (rows,)."""

    def __contains__(self, name: Any, /) -> bool:
        """Whether there is such a column."""

    def __iter__(self) -> Iterator[Any]:
        """The column names."""


@dataclass(frozen=True, eq=False)
class Numbers:
    """Numbers as they are, or with missing ones filled, or scaled: ``(x - mean) / scale``.

    Parameters
    ----------
    columns : tuple of str
        Original columns.
    kind : {"number", "date"}
        *date*: each column gives its month, weekday (Monday = 0) and hour, in UTC where the zone is known.
    fill, mean, scale : float array, shape (made columns,)
        NaN in ``fill`` leaves missing values missing.
    """

    columns: tuple[str, ...]
    kind: Literal["number", "date"]
    fill: Array
    mean: Array
    scale: Array

    @property
    def sources(self) -> tuple[str, ...]:
        """Original column of each column that it makes."""
        return tuple(c for c in self.columns for _ in range(3 if self.kind == "date" else 1))

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        read = parts if self.kind == "date" else lambda values: numbers(values)[:, None]
        values = np.hstack([read(columns[c]) for c in self.columns])
        values = np.where(np.isnan(values) & ~np.isnan(self.fill), self.fill, values)
        return (values - self.mean) / self.scale


@dataclass(frozen=True, eq=False)
class Categories:
    """Categories by look-up: one row of numbers for each, one for a missing and one for an unseen value.

    Parameters
    ----------
    column : str
        Original column.
    keys : tuple
        The categories: texts, or numbers where the column holds numbers or booleans.
    table : float array, shape (keys + 2, made columns)
        What each category becomes; the last rows but one and the last are for missing and for unseen values.
    """

    column: str
    keys: tuple[Any, ...]
    table: Array

    @property
    def columns(self) -> tuple[str, ...]:
        """The one original column."""
        return (self.column,)

    @property
    def sources(self) -> tuple[str, ...]:
        """Original column of each column that it makes."""
        return (self.column,) * self.table.shape[1]

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        values = np.asarray(columns[self.column], dtype=object).tolist()
        missing, unseen = len(self.keys), len(self.keys) + 1
        rows = [self._codes.get(v, -1) for v in values]
        return self.table[
            [r if r >= 0 else missing if _is_missing(v) else unseen for r, v in zip(rows, values, strict=True)]
        ]

    @cached_property
    def _codes(self) -> dict[Any, int]:
        return {key: i for i, key in enumerate(self.keys)}


@dataclass(frozen=True, eq=False)
class Linear:
    """A weighted sum.

    Parameters
    ----------
    weights : float array, shape (outputs, columns)
        Coefficients.
    intercept : float array, shape (outputs,)
        Constant terms.
    mean : float array, shape (columns,)
        Mean of the encoded training rows: SHAP values are measured from it.
    """

    weights: Array
    intercept: Array
    mean: Array

    def predict(self, matrix: Array) -> Array:
        """The outputs, shape (rows, outputs)."""
        return matrix @ self.weights.T + self.intercept

    def explain(self, matrix: Array, output: int, source: Array, columns: int) -> tuple[Array, float]:
        """SHAP values of a linear model with independent columns, shape (rows, columns), and the base."""
        added = (matrix - self.mean) * self.weights[output]
        values = added @ np.eye(columns)[source]
        return values, float(self.weights[output] @ self.mean + self.intercept[output])

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"weights": self.weights, "intercept": self.intercept, "mean": self.mean}

    def checked(self, columns: int) -> Linear:
        """This model, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        shapes = self.weights.shape == (len(self.intercept), columns) and self.mean.shape == (columns,)
        if not shapes or not all(np.isfinite(a).all() for a in self.arrays().values()):
            raise Damaged("The model's coefficients are not what was written. Package the model again.")
        return self


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A model as tables. Made by :func:`workbench.core.compile.compile_pipeline`.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    classes : tuple
        Labels in the order of the probabilities; empty for a regression.
    features : tuple of str
        Original columns, in the order of the SHAP values.
    encoders : tuple of Numbers or Categories
        Side by side they make the model's matrix.
    model : Trees or Linear
        What works on the matrix. A constant is a linear model without weights.
    link : {"identity", "logistic", "softmax"}
        From the model's own output to the prediction.
    """

    task: Task
    classes: tuple[Any, ...]
    features: tuple[str, ...]
    encoders: tuple[Numbers | Categories, ...] = field(repr=False)
    model: Trees | Linear = field(repr=False)
    link: Link = "identity"

    @property
    def method(self) -> str:
        """How it is explained: ``tree paths`` or ``linear``."""
        return "tree paths" if isinstance(self.model, Trees) else "linear"

    @property
    def unit(self) -> str:
        """Of :meth:`output` and :meth:`explain`: ``log-odds``, ``probability``, or ``""``: the target's own unit."""
        return "" if self.task == "regression" else "probability" if self.link == "identity" else "log-odds"

    def encode(self, columns: Columns) -> Array:
        """The model's matrix, shape (rows, model columns).

        Raises
        ------
        ColumnNotFound
            If a feature is not among ``columns``.
        """
        for name in self.features:
            if name not in columns:
                raise ColumnNotFound.named(name, columns)
        if not self.encoders:
            return np.empty((len(columns[self.features[0]]), 0))
        return np.hstack([e.encode(columns) for e in self.encoders])

    def predict(self, columns: Columns) -> Array:
        """Score rows.

        Parameters
        ----------
        columns : mapping from str to array or list, each of shape (rows,)
            Raw values by feature; None or NaN where missing. A DataFrame is such a mapping.

        Returns
        -------
        float array
            Binary: probability of the second class, shape (rows,). Multiclass: shape (rows, classes).
            Regression: in the target's unit, shape (rows,).
        """
        return self._linked(self.model.predict(self.encode(columns)))

    def output(self, columns: Columns) -> Array:
        """The model's own output, in :attr:`unit`; shape (rows,), for multiclass (rows, classes)."""
        return self._shaped(self.model.predict(self.encode(columns)))

    def explain(self, columns: Columns) -> tuple[Array, float | Array]:
        """What each original column adds to the model's own output: exact SHAP values.

        Returns
        -------
        values : float array, shape (rows, features)
            In :attr:`unit`. Multiclass: of the most probable class of each row.
        base : float, or for multiclass float array of shape (rows,)
            ``base + values.sum(axis=1)`` is the output (of that class).
        """
        matrix = self.encode(columns)
        if self.task != "multiclass":
            return self.model.explain(matrix, 0, self._source, len(self.features))
        return self._explain_most_probable(matrix)

    def explain_class(self, columns: Columns, place: int) -> tuple[Array, float]:
        """As :meth:`explain`, of the class at one place of ``classes``, whichever is most probable."""
        return self.model.explain(self.encode(columns), place, self._source, len(self.features))

    def save(self, path: str | Path) -> Path:
        """Write the model to one npz file, in one step, and return its path."""
        header, arrays = self._header(), {f"model.{n}": a for n, a in self.model.arrays().items()}
        for i, encoder in enumerate(self.encoders):
            arrays |= {f"encoder{i}.{n}": getattr(encoder, n) for n in _TABLES[type(encoder)]}
        content = io.BytesIO()
        np.savez_compressed(content, header=np.frombuffer(json.dumps(header).encode(), np.uint8), **arrays)  # type: ignore[arg-type]
        write_bytes(Path(path), content.getvalue())
        return Path(path)

    @classmethod
    def load(cls, path: str | Path) -> CompiledModel:
        """Read what :meth:`save` wrote, and check every table.

        Raises
        ------
        Damaged
            If the file is not what was written, or a node leads out of its table.
        FormatVersion
            If a newer Workbench wrote it.
        """
        try:
            with np.load(Path(path), allow_pickle=False) as file:
                arrays = {name: file[name] for name in file.files}
            header = json.loads(arrays["header"].tobytes())
            check_format(header, FORMAT, Path(path).name)
            return _from_tables(header, arrays)
        except (ValueError, KeyError, TypeError, IndexError, EOFError, zipfile.BadZipFile) as error:
            raise Damaged(
                f"{Path(path).name} is not the model that was written ({error}). Package it again."
            ) from error

    @property
    def _source(self) -> Array:
        place = {name: i for i, name in enumerate(self.features)}
        return np.array([place[s] for e in self.encoders for s in e.sources], np.intp)

    def _shaped(self, outputs: Array) -> Array:
        return outputs if self.task == "multiclass" else outputs[:, 0]

    def _linked(self, outputs: Array) -> Array:
        if self.link == "logistic":
            return logistic(outputs[:, 0])
        return softmax(outputs) if self.link == "softmax" else self._shaped(outputs)

    def _explain_most_probable(self, matrix: Array) -> tuple[Array, Array]:
        chosen = self.model.predict(matrix).argmax(axis=1)
        values, bases = np.zeros((len(matrix), len(self.features))), np.zeros(len(matrix))
        for k in np.unique(chosen).tolist():
            rows = chosen == k
            values[rows], bases[rows] = self.model.explain(matrix[rows], k, self._source, len(self.features))
        return values, bases

    def _header(self) -> dict[str, Any]:
        trees = isinstance(self.model, Trees)
        return {
            "format_version": FORMAT,
            "task": self.task,
            "classes": list(self.classes),
            "features": list(self.features),
            "link": self.link,
            "model": "trees" if trees else "linear",
            "numbers": {"divisor": self.model.divisor, "single": self.model.single}
            if isinstance(self.model, Trees)
            else {},
            "encoders": [_encoder_header(e) for e in self.encoders],
        }


def numbers(values: Any) -> Array:
    """A column as float64, NaN where missing, shape (rows,)."""
    array = np.asarray(values)
    if array.dtype == object:
        array = np.array([np.nan if v is None else v for v in array.tolist()])
    return array.astype(np.float64)


def parts(values: Any) -> Array:
    """Month, weekday (Monday = 0) and hour of moments, NaN where missing, shape (rows, 3).

    >>> parts(np.array(["2013-07-01T14:30", "NaT"], "datetime64[s]")).tolist()
    [[7.0, 0.0, 14.0], [nan, nan, nan]]
    """
    moment = moments(values)
    day = moment.astype("datetime64[D]")
    month = moment.astype("datetime64[M]").astype(np.int64) % 12 + 1
    weekday = (day.astype(np.int64) + 3) % 7
    hour = (moment - day).astype("timedelta64[h]").astype(np.int64)
    result = np.column_stack([month, weekday, hour]).astype(np.float64)
    result[np.isnat(moment)] = np.nan
    return result


def moments(values: Any) -> Array:
    """A column of moments as datetime64 in microseconds, in UTC where the zone is known, shape (rows,)."""
    if str(getattr(values, "dtype", "")).startswith("datetime64"):
        return np.asarray(values, dtype="datetime64[us]")  # pandas gives moments with a zone in UTC
    array = np.asarray(values)
    return np.array([_moment(v) for v in array.tolist()], "datetime64[us]")


def logistic(outputs: Array) -> Array:
    """From log-odds to probability, in scikit-learn's order of operations."""
    with np.errstate(over="ignore"):
        result: Array = 1.0 / (1.0 + np.exp(-outputs))
    return result


def softmax(outputs: Array) -> Array:
    """From log-odds to probabilities that add up to 1 in each row, in scikit-learn's order of operations."""
    powers = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    result: Array = powers / powers.sum(axis=1, keepdims=True)
    return result


def _moment(value: Any) -> Any:
    if _is_missing(value):
        return np.datetime64("NaT")
    zone = getattr(value, "tzinfo", None)
    if zone is not None:
        value = value.replace(tzinfo=None) - value.utcoffset()
    return np.datetime64(value, "us")


def _is_missing(value: Any) -> bool:
    return value is None or bool(value != value)


_TABLES: dict[type, tuple[str, ...]] = {Numbers: ("fill", "mean", "scale"), Categories: ("table",)}


def _encoder_header(encoder: Numbers | Categories) -> dict[str, Any]:
    if isinstance(encoder, Categories):
        return {"kind": "category", "column": encoder.column, "keys": list(encoder.keys)}
    return {"kind": encoder.kind, "columns": list(encoder.columns)}


def _from_tables(header: dict[str, Any], arrays: dict[str, Array]) -> CompiledModel:
    encoders = tuple(_encoder(h, i, arrays) for i, h in enumerate(header["encoders"]))
    width = sum(len(e.sources) for e in encoders)
    kind: type[Trees] | type[Linear] = Trees if header["model"] == "trees" else Linear
    names: Sequence[str] = FIELDS if kind is Trees else ("weights", "intercept", "mean")
    tables: dict[str, Any] = {n: arrays[f"model.{n}"] for n in names} | header["numbers"]
    model = kind(**tables).checked(width)
    compiled = CompiledModel(
        header["task"], tuple(header["classes"]), tuple(header["features"]), encoders, model, header["link"]
    )
    _check_outputs(compiled)
    return compiled


def _encoder(header: dict[str, Any], i: int, arrays: dict[str, Array]) -> Numbers | Categories:
    if header["kind"] == "category":
        found = Categories(header["column"], tuple(header["keys"]), arrays[f"encoder{i}.table"])
        _fits(found.table.ndim == 2 and len(found.table) == len(found.keys) + 2, found.column)
        return found
    made = Numbers(tuple(header["columns"]), header["kind"], *(arrays[f"encoder{i}.{n}"] for n in _TABLES[Numbers]))
    shape = (len(made.sources),)
    _fits(
        made.fill.shape == made.mean.shape == made.scale.shape == shape and bool((made.scale != 0).all()),
        made.columns[0],
    )
    return made


def _check_outputs(model: CompiledModel) -> None:
    outputs = len(model.model.baseline) if isinstance(model.model, Trees) else len(model.model.intercept)
    _fits(outputs == (len(model.classes) if model.task == "multiclass" else 1), "the outputs")
    _fits({s for e in model.encoders for s in e.sources} <= set(model.features), "the features")
    _fits(model.link in ("identity", "logistic", "softmax"), "the link")


def _fits(true: bool, what: str) -> None:
    if not true:
        raise Damaged(f"The model's table for {what} is not what was written. Package the model again.")
