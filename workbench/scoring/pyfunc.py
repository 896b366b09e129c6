"""How MLflow loads a bundle, or the model of a run: ``mlflow.pyfunc.load_model`` calls :func:`_load_pyfunc` here.

A frame of any library comes in by the door of the service: its columns become plain values, a missing one None, and
each is read by its form and checked. What a batch of ``wb.score`` answers is answered alike, gaps included; what it
flags as unreadable is refused, since a bare prediction carries no flag.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.checking import Checker
from workbench.core.contract import Column, Contract, Kind
from workbench.core.names import matching
from workbench.core.reading import Form
from workbench.errors import BadRow, BadTable, ColumnNotFound
from workbench.scoring.runtime import PIPELINES, Array, Scorer
from workbench.storage.manifest import MANIFEST
from workbench.tables.compiled import CompiledModel

ROWS = 50_000  # that are checked at a time
# What pandas calls a value that is not there; the types are its own, and pandas is not loaded here.
NOTHING = ("NAType", "NaTType")
# MLflow asks the signature before this door is asked, and no signature tells it of names with blanks around them.
LEFT_OUT = (
    "MLflow leaves out columns that the model's signature does not name to the letter, such as those with a blank "
    "around their name. Name them as the contract does."
)


@dataclass(frozen=True)
class OfRun:
    """The model of a run, as a bundle's scorer has it.

    Parameters
    ----------
    model : CompiledModel or PipelineModel
        What answers.
    contract : Contract
        How its columns are read.
    features : tuple of str
        The columns that it takes.
    """

    model: Any
    contract: Contract
    features: tuple[str, ...]


class BundleModel:
    """A bundle, or the model of a run, as MLflow's Python function.

    Parameters
    ----------
    scorer : Scorer or OfRun
        What was loaded.
    """

    def __init__(self, scorer: Scorer | OfRun) -> None:
        self.scorer = scorer
        self._columns = [scorer.contract[name] for name in scorer.features]
        self._check = Checker(
            replace(scorer.contract, columns=tuple(map(_open, scorer.contract.columns))), scorer.features
        )

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Array:
        """Predictions for a frame: probability of the second class, of each class, or the number; shape (rows, …).

        Raises
        ------
        ColumnNotFound
            If a feature is absent.
        BadRow
            If a value can't be read as the contract says, naming every one.
        BadTable
            If it is no table, is empty, or has two columns of one name.
        """
        columns = {c.name: _plain_values(model_input, c) for c in self._columns}
        return np.concatenate([self.scorer.model.predict(part) for part in self._parts(columns)])

    def _parts(self, columns: Mapping[str, list[Any]]) -> Iterator[Mapping[str, Any]]:
        """Clean columns, some rows at a time."""
        rows = len(next(iter(columns.values())))
        if not rows:
            raise BadTable("The table has no row. Give one with at least one row.")
        for start in range(0, rows, ROWS):
            values = zip(*(column[start : start + ROWS] for column in columns.values()), strict=True)
            checked = self._check([dict(zip(columns, row, strict=True)) for row in values])
            if checked.problems:
                raise BadRow([{**problem, "row": problem["row"] + start} for problem in checked.problems])
            yield checked.columns


def _open(column: Column) -> Column:
    """A batch's gaps are answered, and its texts are read by the usual form where the contract has none."""
    return replace(column, missing_allowed=True, form=column.form or Form())


def _plain_values(frame: Any, column: Column) -> list[Any]:
    """A column of a frame of any library, as plain values: None where missing."""
    values = _column(frame, column.name)
    if isinstance(values, np.ndarray) and values.dtype.kind in "mM":
        values = values.astype(f"{values.dtype.kind}8[us]")  # numpy gives nanoseconds as bare numbers
    every = values.tolist() if hasattr(values, "tolist") else list(values)
    plain = _PLAIN[column.kind]
    if plain is _text and every and all(isinstance(v, bool) or _is_missing(v) for v in every):
        plain = _word  # a whole column of truth values has the words of a file
    # A column of one number type has its whole numbers as floats where one is missing.
    whole = plain is _text and all(_is_missing(v) or (type(v) is float and v.is_integer()) for v in every)
    return [None if _is_missing(v) else plain(int(v) if whole else v) for v in every]


def _column(frame: Any, name: str) -> Any:
    given = getattr(frame, "columns", None)
    given = list(frame) if given is None and isinstance(frame, Mapping) else given
    if given is None:
        raise BadTable(f"A model answers a table, got a {type(frame).__name__}. Give a frame with named columns.")
    names = list(given)
    if not names:
        raise BadTable(f"The table has no column. {LEFT_OUT}")
    place = matching(name, names)
    if place is None:
        raise ColumnNotFound(f"{ColumnNotFound.named(name, map(str, names))} {LEFT_OUT}")
    values = frame[names[place]]
    if getattr(values, "ndim", 1) != 1:
        raise BadTable(f"Two columns are called {name!r}. Rename one of them.")
    return values


def _is_missing(value: Any) -> bool:
    if value is None or type(value).__name__ in NOTHING:
        return True
    return isinstance(value, (float, Decimal, np.floating)) and bool(value != value)


def _number(value: Any) -> Any:
    """Numbers of all types as Python's own; what is none is left to the check."""
    if isinstance(value, timedelta):
        return value.total_seconds()
    if isinstance(value, (Decimal, np.floating)):
        return float(value)
    return value.item() if isinstance(value, np.generic) else value


def _text(value: Any) -> str:
    return value if type(value) is str else str(value)


def _word(value: Any) -> str:
    return str(value).lower()


def _moment(value: Any) -> Any:
    value = value.to_timestamp() if type(value).__name__ == "Period" else value
    if hasattr(value, "to_pydatetime"):
        return value.to_pydatetime(warn=False)
    return datetime.combine(value, time()) if isinstance(value, date) and not isinstance(value, datetime) else value


_PLAIN: dict[Kind, Callable[[Any], Any]] = {
    "number": _number,
    "integer": _number,
    "boolean": _number,
    "category": _text,
    "text": _text,
    "datetime": _moment,
}


def _load_pyfunc(path: str) -> BundleModel:
    folder = Path(path)
    _take_the_copy_off_the_path(folder)
    return BundleModel(Scorer(folder) if (folder / MANIFEST).is_file() else _model_of_a_run(folder))


def _model_of_a_run(folder: Path) -> OfRun:
    """What :mod:`workbench.training.recording` has written: the contract of the columns in their order, and a model."""
    contract = Contract.load(folder / "contract.json")
    if (folder / "model.npz").is_file():
        return OfRun(CompiledModel.load(folder / "model.npz"), contract, contract.features)
    module = import_module(PIPELINES)
    return OfRun(
        module.PipelineModel.load(folder / "pipeline.skops", contract.features, contract), contract, contract.features
    )


def _take_the_copy_off_the_path(folder: Path) -> None:
    """Where an installed Workbench loads the bundle, the bundle's copy must not hide it from later imports."""
    copy = (folder / "scoring").resolve()
    if not Path(__file__).resolve().is_relative_to(copy):
        sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != copy]
