"""A compiled model: a fitted pipeline as numpy tables, without scikit-learn, pandas or pickle.

One ``model.npz`` holds everything: plain arrays, and a JSON header that says what they are. It is loaded with
``allow_pickle=False`` and every table is checked before it is walked.

The format's change procedure: a reader reads every older ``format_version``; whatever changes the meaning of a file
raises ``FORMAT``, and a file of the old format is kept in the tests. Format 2 brought encoders of several steps and
models on models' outputs; format 3 steps with tables (bins, quantiles, splines) and columns made of several others;
format 4 the days between two dates, the day of the month and the days since 1970; format 5 words of texts, and numbers
in them; format 6 the rows that models on models are explained against; format 7 one-hot columns of many categories
without their zeros.
"""

from __future__ import annotations

import io
import json
import struct
import tokenize
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

import numpy as np

from workbench.core.contract import Task
from workbench.errors import BadRow, ColumnNotFound, Damaged
from workbench.storage.bundle_files import check_archive, check_writable
from workbench.storage.files import check_format, write_bytes
from workbench.tables.encoders import (
    Categories,
    Columns,
    Hot,
    Numbers,
    Source,
    fits,
    is_missing,
    moments,
    numbers,
    parts,
    read_encoder,
)
from workbench.tables.links import LINKS, Array
from workbench.tables.lookup import Lookup, lookup
from workbench.tables.nodes import Chain, Linear, explained_by, has_trees, read_node, write_node
from workbench.tables.patterns import MOST_BYTES, Patterns, patterns
from workbench.tables.trees import Engine, Trees, blocks
from workbench.tables.words import Words, read_words

__all__ = ["Categories", "Columns", "CompiledModel", "Linear", "Link", "Numbers", "moments", "numbers", "parts"]

FORMAT = 7
MANY_ROWS = 2500  # whose reasons pay for the tables
FEW_NODES = 300  # whose tables are made at once
MOST_PROBLEMS = 100  # rows named in one error
ARRAY = 256  # bytes of an array's own header in the file, at most
WIDE = 4_000_000  # numbers of the matrix that are made at once: 32 MB
MOST_CELLS = 2**24  # words that are looked at while the tables of reasons are made: 128 MB
Link = Literal[
    "identity",
    "logistic",
    "softmax",
    "softmax in order",
    "single logistic",
    "single softmax",
    "one against rest",
]
# What a file that is no sound npz can raise while it is unpacked and read.
_BROKEN = (
    ValueError,
    LookupError,
    TypeError,
    AttributeError,
    ArithmeticError,
    MemoryError,
    EOFError,
    OSError,
    RuntimeError,
    SyntaxError,
    struct.error,
    tokenize.TokenError,
    zipfile.BadZipFile,
    zlib.error,
)


class _Read:
    """Rows as the model reads them: its matrix, and the codes of its look-ups where it has some, each once asked for.

    Parameters
    ----------
    rows : int
        How many.
    encode, find : callable
        Give the matrix, shape (rows, model columns), and the codes, shape (questions, rows).
    """

    __slots__ = ("_codes", "_encode", "_find", "_matrix", "rows")

    def __init__(self, rows: int, encode: Callable[[], Array], find: Callable[[], Array]) -> None:
        self.rows, self._encode, self._find = rows, encode, find
        self._matrix: Array | None = None
        self._codes: Array | None = None

    @property
    def matrix(self) -> Array:
        if self._matrix is None:
            self._matrix = self._encode()
        return self._matrix

    @property
    def codes(self) -> Array:
        if self._codes is None:
            self._codes = self._find()
        return self._codes

    def only(self, rows: Array) -> _Read:
        """The same of some of the rows, by a truth value each."""
        return _Read(int(rows.sum()), lambda: self.matrix[rows], lambda: self.codes[:, rows])


@dataclass(frozen=True, eq=False)
class CompiledModel:
    """A model as tables. Made by :func:`workbench.compiling.pipeline.compile_pipeline`.

    Parameters
    ----------
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    classes : tuple
        Labels in the order of the probabilities; empty for a regression.
    features : tuple of str
        Original columns, in the order of the SHAP values.
    encoders : tuple of Numbers, Categories, Hot or Words
        Side by side they make the model's matrix.
    model : Trees, Linear or Chain
        What works on the matrix. A constant is a linear model without weights.
    link : str
        From the model's own output to the prediction, one of :data:`workbench.tables.links.LINKS`.
    threshold : float, optional
        Probability from which the fitted classifier itself answers the second class, where it has chosen one.
    """

    task: Task
    classes: tuple[Any, ...]
    features: tuple[str, ...]
    encoders: tuple[Numbers | Categories | Hot | Words, ...] = field(repr=False)
    model: Trees | Linear | Chain = field(repr=False)
    link: Link = "identity"
    threshold: float | None = None

    @property
    def method(self) -> str:
        """How it is explained: ``tree paths`` or ``linear``, exact SHAP values, or the same ``through a curve``.

        :mod:`workbench.tables.nodes` says what that means.
        """
        kind = "tree paths" if self.trees else "linear"
        return kind if self.model.exact else f"{kind} through a curve"

    @property
    def plain(self) -> bool:
        """Whether it is one model, and not a model on models' outputs."""
        return not isinstance(self.model, Chain)

    @property
    def trees(self) -> bool:
        """Whether there is a tree in it."""
        return has_trees(self.model)

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
        self._check_there(columns)
        if not self.encoders:
            return np.empty((len(columns[self.features[0]]), 0))
        matrices = [e.encode(columns) for e in self.encoders]
        return matrices[0] if len(matrices) == 1 else np.hstack(matrices)

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

        Raises
        ------
        BadRow
            If the model gives no number for a row, as a linear model does for a missing value that nothing fills.
        """
        return self._all_numbers(self._linked(self._outputs(columns)), columns)

    def predict_and_explain(self, columns: Columns) -> tuple[Array, Array, float | Array]:
        """What :meth:`predict` gives, and both of :meth:`explain`, for which the rows are read once.

        Raises
        ------
        BadRow
            As :meth:`predict` does.
        """
        if len(list(self._in_parts(columns))) > 1:
            return self.predict(columns), *self.explain(columns)
        read = self._read(columns)
        prediction = self._all_numbers(self._linked(self._outputs_of(read)), columns)
        return prediction, *self._explained_most(read)

    def output(self, columns: Columns) -> Array:
        """The model's own output, in :attr:`unit`; shape (rows,), for multiclass (rows, classes)."""
        return self._shaped(self._outputs(columns))

    def explain(self, columns: Columns) -> tuple[Array, float | Array]:
        """What each original column adds to the model's own output: exact SHAP values.

        What the days between two dates add belongs to both, and half of it is told of each.

        Returns
        -------
        values : float array, shape (rows, features)
            In :attr:`unit`. Multiclass: of the most probable class of each row.
        base : float, or for multiclass float array of shape (rows,)
            ``base + values.sum(axis=1)`` is the output (of that class).
        """
        return _joined([self._explained_most(self._read(part)) for part in self._in_parts(columns)])

    def explain_class(self, columns: Columns, place: int) -> tuple[Array, float]:
        """As :meth:`explain`, of the class at one place of ``classes``, whichever is most probable."""
        reads = map(self._read, self._in_parts(columns))
        found = [self._explained(self._prepared(read), place) for read in reads]
        return np.concatenate([values for values, _ in found]), found[0][1]

    def explained_by(self, engine: Engine) -> CompiledModel:
        """The same model, whose trees ask ``engine`` for their values first."""
        return replace(self, model=explained_by(self.model, engine))

    def prepare(self) -> None:
        """Make the tables by which reasons are looked up: a second once, and later reasons take a fifth of the time.

        A model that has none is left as it is; so is one that is not a single table of trees. The values are the same
        but for their last digit, for they are added up in another order.
        """
        if self.lookup is None or not isinstance(self.model, Trees) or self._patterns:
            return
        if self.lookup.cells > MOST_CELLS:
            return
        room = MOST_BYTES // self.model.width
        tables = [patterns(self.lookup, k, self.source, room) for k in range(self.model.width)]
        self._patterns.update(dict(enumerate(tables)))  # all in one step: others may read

    def save(self, path: str | Path) -> Path:
        """Write the model to one npz file, in one step, and return its path."""
        write_bytes(Path(path), self.packed())
        return Path(path)

    def packed(self) -> bytes:
        """The model as the bytes of one npz file.

        Raises
        ------
        Refused
            If its tables are larger than :meth:`load` reads.
        """
        content = io.BytesIO()
        np.savez_compressed(content, **self.check_size())  # type: ignore[arg-type]
        return content.getvalue()

    def check_size(self) -> dict[str, Array]:
        """The arrays of the file, if they are no larger than :meth:`load` reads.

        Raises
        ------
        Refused
            Saying how large they are.
        """
        arrays = self.contents()
        check_writable("The model's table", [array.nbytes + ARRAY for array in arrays.values()])
        return arrays

    def contents(self) -> dict[str, Array]:
        """The arrays of the file, with its header as bytes."""
        node, arrays = write_node(self.model, "model")
        for i, encoder in enumerate(self.encoders):
            arrays |= {f"encoder{i}.{n}": table for n, table in encoder.arrays().items()}
        header = np.frombuffer(json.dumps({**self._header(), "model": node}).encode(), np.uint8)
        return {"header": header, **arrays}

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
            arrays = _unpacked(Path(path))
            header = json.loads(arrays["header"].tobytes())
            check_format(header, FORMAT, Path(path).name)
            return _from_tables(header, arrays)
        except FileNotFoundError:
            raise
        except _BROKEN as error:
            raise Damaged(
                f"{Path(path).name} is not the model that was written ({error}). Package it again."
            ) from error

    @cached_property
    def lookup(self) -> Lookup | None:
        """The same trees as look-ups, where the model is one of trees that fit; found once."""
        return lookup(self.model, self.encoders) if isinstance(self.model, Trees) else None

    @property
    def _quick(self) -> bool:
        return isinstance(self.model, Trees) and self.model.engine is not None

    @cached_property
    def _patterns(self) -> dict[int, Patterns]:
        """By output; empty until :meth:`prepare`."""
        return {}

    def _read(self, columns: Columns) -> _Read:
        tables = self.lookup
        return _Read(
            len(columns[self.features[0]]),
            lambda: self.encode(columns),
            lambda: np.empty((0, 0)) if tables is None else tables.codes(columns),
        )

    def _all_numbers(self, result: Array, columns: Columns) -> Array:
        missing = bool(np.isnan(result).any()) if result.size != 1 else result.item() != result.item()
        if missing:
            raise BadRow(list(self._without_number(columns, result)))
        return result

    def _prepared(self, read: _Read) -> _Read:
        """The same rows, once the tables are made by which the reasons of so many are looked up."""
        few = isinstance(self.model, Trees) and len(self.model.feature) <= FEW_NODES
        if few or (read.rows >= MANY_ROWS and not self._quick):
            self.prepare()
        return read

    def _explained_most(self, read: _Read) -> tuple[Array, float | Array]:
        if self.task != "multiclass":
            return self._explained(self._prepared(read), 0)
        return self._explain_most_probable(self._prepared(read))

    def _explained(self, read: _Read, output: int) -> tuple[Array, float]:
        values, base = self._by_origin(read, output)
        return self.by_feature(values), base

    def _by_origin(self, read: _Read, output: int) -> tuple[Array, float]:
        columns = len(self.origins)
        if not self._patterns or not isinstance(self.model, Trees):
            return self.model.explain(read.matrix, output, self.source, columns)
        tables = self._patterns[output]
        values = tables.explain(read.codes, columns)
        if tables.rest:
            values += self.model.of_large(tables, read.matrix, output, self.source, columns)
        base = self.model.base(output)
        if not self.model.single_sum:
            return values, base
        return values + self.model.rounding(read.matrix, output, values, base), base

    def by_feature(self, values: Array) -> Array:
        """What was added by origin, with that of two features shared out to them in halves; shape (rows, features)."""
        result = values[:, : len(self.features)]
        for i, pair in enumerate(self._pairs, len(self.features)):
            for feature in pair:
                result[:, feature] += values[:, i] / 2
        return result

    def _outputs(self, columns: Columns) -> Array:
        self._check_there(columns)
        if self.lookup is not None:
            return self._outputs_of(self._read(columns))
        parts = [self._outputs_of(self._read(part)) for part in self._in_parts(columns)]
        return parts[0] if len(parts) == 1 else np.concatenate(parts)

    def _outputs_of(self, read: _Read) -> Array:
        return self.model.predict(read.matrix) if self.lookup is None else self.lookup.predict(read.codes)

    def _in_parts(self, columns: Columns) -> Iterator[Columns]:
        """The rows, some at a time where their matrix would be large."""
        self._check_there(columns)
        rows = len(columns[self.features[0]])
        if rows * len(self.source) <= WIDE:
            yield columns
            return
        for block in blocks(rows, WIDE // len(self.source)):
            yield {name: _some(columns[name], block) for name in self.features}

    @cached_property
    def origins(self) -> tuple[Source, ...]:
        """What the matrix' columns are made of: each feature, then the pairs of them that there are."""
        sources = (source for encoder in self.encoders for source in encoder.sources)
        return tuple(dict.fromkeys([*self.features, *sources]))

    @cached_property
    def _pairs(self) -> tuple[tuple[int, ...], ...]:
        """The two features of each pair among the origins."""
        place = {name: i for i, name in enumerate(self.features)}
        return tuple(tuple(place[name] for name in pair) for pair in self.origins[len(place) :])

    @cached_property
    def source(self) -> Array:
        """Origin of each of the matrix' columns."""
        place = {origin: i for i, origin in enumerate(self.origins)}
        return np.array([place[s] for e in self.encoders for s in e.sources], np.intp)

    def _check_there(self, columns: Columns) -> None:
        for name in self.features:
            if name not in columns:
                raise ColumnNotFound.named(name, columns)

    def _shaped(self, outputs: Array) -> Array:
        return outputs if self.task == "multiclass" else outputs[:, 0]

    def _without_number(self, columns: Columns, result: Array) -> Iterator[dict[str, object]]:
        wrong = np.flatnonzero(np.isnan(result.reshape(len(result), -1)).any(axis=1))
        for row in wrong[:MOST_PROBLEMS].tolist():
            values = {name: np.asarray(columns[name], dtype=object)[row] for name in self.features}
            field = next((name for name, value in values.items() if is_missing(value)), "")
            got = "a missing value" if field else "values out of reach"
            yield {"row": row, "field": field, "expected": "values that the model gives a number for", "got": got}

    def _linked(self, outputs: Array) -> Array:
        return self._shaped(LINKS[self.link](outputs))

    def _explain_most_probable(self, read: _Read) -> tuple[Array, Array]:
        chosen = self._outputs_of(read).argmax(axis=1)
        values, bases = np.zeros((len(chosen), len(self.features))), np.zeros(len(chosen))
        for k in np.unique(chosen).tolist():
            rows = chosen == k
            values[rows], bases[rows] = self._explained(read.only(rows), k)
        return values, bases

    def _header(self) -> dict[str, Any]:
        return {
            "format_version": FORMAT,
            "task": self.task,
            "classes": list(self.classes),
            "features": list(self.features),
            "link": self.link,
            "threshold": self.threshold,
            "encoders": [e.header() for e in self.encoders],
        }


def _joined(found: list[tuple[Array, float | Array]]) -> tuple[Array, float | Array]:
    """What was explained in parts; the base is one for all rows, or one a row."""
    if len(found) == 1:
        return found[0]
    bases = [base for _, base in found]
    several = [base for base in bases if isinstance(base, np.ndarray)]
    return np.concatenate([values for values, _ in found]), np.concatenate(several) if several else bases[0]


def _some(values: Any, rows: slice) -> Any:
    """Some rows of a column; a pandas column by place, whatever its index holds."""
    return values.iloc[rows] if hasattr(values, "iloc") else values[rows]


def _unpacked(path: Path) -> dict[str, Array]:
    path.stat()  # a file that is not there is told as such
    check_archive(path)
    with np.load(path, allow_pickle=False) as file:
        return {name: file[name] for name in file.files}


def _from_tables(header: dict[str, Any], arrays: dict[str, Array]) -> CompiledModel:
    encoders = tuple(_encoder(h, arrays, f"encoder{i}") for i, h in enumerate(header["encoders"]))
    width = sum(len(e.sources) for e in encoders)
    node = read_node(_node_header(header), arrays, "model", width)
    classes, features = tuple(header["classes"]), tuple(header["features"])
    compiled = CompiledModel(
        header["task"],
        classes,
        features,
        encoders,
        node,
        header["link"],
        header.get("threshold"),
    )
    _check_whole(compiled)
    return compiled


def _encoder(header: dict[str, Any], arrays: dict[str, Array], name: str) -> Numbers | Categories | Hot | Words:
    read = read_words if header["kind"] == "words" else read_encoder
    return read(header, arrays, name)


def _node_header(header: dict[str, Any]) -> dict[str, Any]:
    """Format 1 named the only node's kind, and gave its rules beside it."""
    if isinstance(header["model"], str):
        return {"kind": header["model"], "columns": False, "single_sum": False, **header["numbers"]}
    node: dict[str, Any] = header["model"]
    return node


def _check_whole(model: CompiledModel) -> None:
    fits(model.task in ("binary", "multiclass", "regression"), "the task")
    fits(all(isinstance(name, str) for name in model.features), "the features")
    fits(len(model.classes) == 2 if model.task == "binary" else True, "the classes")
    fits(model.model.width == (len(model.classes) if model.task == "multiclass" else 1), "the outputs")
    fits({s for e in model.encoders for s in e.columns} <= set(model.features), "the features")
    fits(model.link in LINKS and (model.link == "identity" or model.task != "regression"), "the link")
    fits(model.threshold is None or 0 <= model.threshold <= 1, "the threshold")
