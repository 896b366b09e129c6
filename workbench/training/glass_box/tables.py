"""How a notebook gets the rows: from the file itself, where pandas reads the same values, else from one beside it."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path, PurePath
from typing import Any
from warnings import catch_warnings, simplefilter

import numpy as np
import pandas as pd

from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.dataset import fingerprint, row_hashes
from workbench.core.literals import Code, Written, assigned, call, dotted, laid_out, python
from workbench.core.reading import Form, Layout

Act = Callable[[pd.DataFrame], pd.DataFrame]
COLUMNAR = {".parquet": "read_parquet", ".pq": "read_parquet", ".feather": "read_feather", ".arrow": "read_feather"}
# Rows that are read first.
FIRST = 1_000
# What pandas raises that can't read a file by some options, and what a conversion does that does not fit.
UNREADABLE = (ValueError, TypeError, LookupError, OSError, csv.Error, AttributeError, ArithmeticError, Warning)


@dataclass(frozen=True)
class Step:
    """A statement of the notebook, and what it does to ``data``."""

    code: Code
    act: Act


@dataclass(frozen=True)
class Source:
    """Where the notebook's rows come from.

    Parameters
    ----------
    path : str
        The file.
    steps : tuple of Step
        What makes ``data`` of it, the reading itself first.
    own : bool
        Whether it is the file that the model was trained on, not one that is written beside the notebook.
    """

    path: str
    steps: tuple[Step, ...]
    own: bool

    def code(self) -> list[Code]:
        """The statements, laid out."""
        return [laid_out(step.code) for step in self.steps]


@dataclass(frozen=True)
class AsRead:
    """A file as pandas reads it in one way.

    Parameters
    ----------
    reading : Reading
    read : pandas.DataFrame
        Its columns in their types, before any is cast.
    table : pandas.DataFrame
        Those rows as a dataset has them: the ones of a fingerprint.
    """

    reading: Reading
    read: pd.DataFrame
    table: pd.DataFrame


def by_fingerprint(
    path: str, contract: Contract, digest: str, sort: str | None, dtypes: Mapping[str, Any]
) -> AsRead | None:
    """A file by the plainest way that pandas reads it, where that gives the rows of a fingerprint; else None.

    Parameters
    ----------
    path : str
        Of one local file.
    contract : Contract
        How it was read: all columns.
    digest : str
        Of all rows, as :func:`workbench.core.dataset.fingerprint` gives it.
    sort : str, optional
        Column by which they are in order.
    dtypes : mapping of str to dtype
        Of the columns of which they are known.
    """
    reading = next(_readings(path, contract, list(contract.names)), None)
    if reading is None:
        return None
    read = _done([reading.step(), *(step for name in contract.names for step in reading.typed(contract[name]))])
    if read is None:
        return None
    kinds = {name: str(dtype) for name, dtype in dtypes.items() if name in read and read[name].dtype != dtype}
    table = _done([*_typed_as(kinds), *_in_order(sort)], read)
    return AsRead(reading, read, table) if table is not None and fingerprint(table) == digest else None


def of_file(
    path: str, contract: Contract, wanted: pd.DataFrame, sort: str | None, classes: Sequence[Any] = (),
    whole: AsRead | None = None,
) -> Source | None:  # fmt: skip
    """How pandas reads the wanted rows from the file that they are from; None where it does not.

    What it says is tried: the rows that pandas gives are compared with those that were learnt from, value by value.

    Parameters
    ----------
    path : str
        Of one local file.
    contract : Contract
        How it was read.
    wanted : pandas.DataFrame
        Rows with a target, shape (n, columns), the columns in the file's order.
    sort : str, optional
        Column by which they are in order.
    classes : sequence
        Labels whose rows are wanted; by default those of all that have one.
    whole : AsRead, optional
        All columns, where they are read already: the same is not read again.
    """
    for reading in _readings(path, contract, [str(name) for name in wanted.columns]):
        if _steps(reading.head(), contract, wanted, sort, classes) is None:
            continue
        steps = _steps(reading, contract, wanted, sort, classes, whole)
        if steps is not None:
            return Source(path, steps, own=True)
    return None


def _steps(
    reading: Reading, contract: Contract, wanted: pd.DataFrame, sort: str | None, classes: Sequence[Any],
    whole: AsRead | None = None,
) -> tuple[Step, ...] | None:  # fmt: skip
    """What gives the wanted rows, or the first ones of them where no more are read; None where it gives others."""
    first = [reading.step(), *(step for name in wanted.columns for step in reading.typed(contract[name]))]
    read = whole.read if whole and whole.reading == reading else _done(first)
    if read is None:
        return None
    known = _known(contract.target or "", classes)
    then = [*_cast(read, wanted), *_in_order(sort), known, *_counting(contract.weight)]
    made = _done(then, read)
    if made is None:
        return None
    if whole and read is whole.read and made.shape == wanted.shape:  # the rows of the fingerprint
        return (*first, *then)
    if reading.rows is not None and sort is not None:  # the first rows of the file are not the first ones in time
        return (*first, *then)
    return (*first, *then) if _same(made, wanted.head(len(made)) if reading.rows else wanted) else None


def beside(path: Path) -> Source:
    """The rows from a file that is written beside the notebook."""
    return Source(
        path.name, (Step(python("data = pd.read_parquet(path)"), lambda _: pd.read_parquet(path)),), own=False
    )


def _done(steps: Sequence[Step], data: pd.DataFrame | None = None) -> pd.DataFrame | None:
    """What the steps make; None where one can't be done."""
    data = pd.DataFrame() if data is None else data
    with catch_warnings():
        simplefilter("error")  # nor does anybody want a notebook that warns
        try:
            for step in steps:
                data = step.act(data)
        except UNREADABLE:
            return None
    return data


def _same(found: pd.DataFrame, wanted: pd.DataFrame) -> bool:
    """Whether types and values are the same, bit by bit."""
    types = list(found.dtypes.items()) == list(wanted.dtypes.items())
    return types and np.array_equal(row_hashes(found), row_hashes(wanted))


PLAINLY = 'data[$name] = data[$name].str.replace($thousands, "").str.replace($decimal, ".").astype(float)'


@dataclass(frozen=True)
class Reading:
    """A way to read the file.

    Parameters
    ----------
    path : str
    function : str
        Of pandas.
    options : dict
        Its keywords.
    text : bool
        Whether values are texts in the file.
    told : bool
        Whether pandas is told what the columns are, and sees it not by itself.
    rows : int, optional
        At most so many rows.
    """

    path: str
    function: str
    options: dict[str, Any]
    text: bool = False
    told: bool = False
    rows: int | None = None

    def head(self) -> Reading:
        """The first rows alone, which tell of most ways that they are wrong."""
        return replace(self, rows=FIRST) if self.text else self

    def step(self) -> Step:
        """The statement."""
        code = assigned("data", call(f"pd.{self.function}", Written(dotted("path")), **self.options))
        some = {} if self.rows is None else {"nrows": self.rows}
        return Step(code, lambda _: getattr(pd, self.function)(self.path, **self.options, **some))

    def typed(self, column: Column) -> Iterator[Step]:
        """From the texts of a column to its values, where pandas does it after reading."""
        form = column.form or Form()
        if self.text and column.kind == "datetime":
            how = form.moments[0] if len(form.moments) == 1 else "ISO8601"
            code = python("data[$name] = pd.to_datetime(data[$name], format=$how)", name=column.name, how=how)
            yield _changed(code, column.name, lambda values: pd.to_datetime(values, format=how))
        if self.text and self.told and _is_marked(column):
            # pandas reads such numbers itself, too, though not each to the last bit.
            yield _changed(
                python(PLAINLY, name=column.name, thousands=form.thousands, decimal=form.decimal),
                column.name,
                lambda values: values.str.replace(form.thousands, "").str.replace(form.decimal, ".").astype(float),
            )
        if self.text and self.told and column.kind == "boolean":
            words = {**dict.fromkeys(_spelt(form.true), 1.0), **dict.fromkeys(_spelt(form.false), 0.0)}
            code = python("data[$name] = data[$name].map($words)", name=column.name, words=words)
            yield _changed(code, column.name, lambda values: values.map(words))


def _readings(path: str, contract: Contract, names: list[str]) -> Iterator[Reading]:
    """Ways to read the file, the plainest first."""
    ending = PurePath(path).suffix.lower()
    if ending in COLUMNAR:
        yield Reading(path, COLUMNAR[ending], {"columns": names})
    elif contract.layout is not None:
        for told, usual, blanks in product((False, True), (True, False), (False, True)):
            options = _of_text(contract, contract.layout, names, told=told, usual=usual, blanks=blanks)
            yield Reading(path, "read_csv", options, text=True, told=told)


def _of_text(
    contract: Contract, layout: Layout, names: list[str], *, told: bool, usual: bool, blanks: bool
) -> dict[str, Any]:
    """Keywords of ``pandas.read_csv``: what a column is, which words are missing values, blanks at the beginning."""
    forms = {name: contract[name].form or Form() for name in names}
    numbers = [forms[n] for n in names if contract[n].kind in NUMERIC]
    decimal, thousands = ({getattr(form, mark) for form in numbers} for mark in ("decimal", "thousands"))
    said = {
        "sep": r"\s+" if layout.separator == " " else layout.separator,
        "encoding": layout.encoding,
        "header": 0 if layout.header else None,
        "names": None if layout.header else list(contract.names),
        "index_col": 0 if layout.row_names else None,
        "skiprows": layout.skip,
        "comment": layout.comment or None,
        "quotechar": layout.quote or '"',
        "quoting": csv.QUOTE_MINIMAL if layout.quote else csv.QUOTE_NONE,
        "escapechar": layout.escape or None,
        "doublequote": not layout.escape,
        "skipinitialspace": blanks or layout.padded,
        "usecols": None if tuple(names) == contract.names else names,
        "dtype": {n: kind for n in names if (kind := _read_as(contract[n], told))},
        "decimal": decimal.pop() if len(decimal) == 1 and not told else ".",
        "thousands": (thousands.pop() if len(thousands) == 1 and not told else "") or None,
        "keep_default_na": usual,
        "na_values": _missing(forms, usual),
    }
    return {name: value for name, value in said.items() if value != USUAL[name]}


# What pandas.read_csv does where nobody says otherwise.
USUAL: dict[str, Any] = {
    "sep": ",", "encoding": "utf-8", "header": 0, "names": None, "index_col": None, "skiprows": 0, "comment": None,
    "quotechar": '"', "quoting": csv.QUOTE_MINIMAL, "escapechar": None, "doublequote": True, "skipinitialspace": False,
    "usecols": None, "dtype": {}, "decimal": ".", "thousands": None, "keep_default_na": True, "na_values": [],
}  # fmt: skip


def _missing(forms: dict[str, Form], usual: bool) -> Any:
    """Words for a missing value, of all columns, or by column where these differ."""
    nothing = [] if usual else [""]
    by_column = {name: [*nothing, *_spelt(form.missing)] for name, form in forms.items()}
    first = next(iter(by_column.values()))
    return first if all(words == first for words in by_column.values()) else by_column


def _spelt(words: Sequence[str]) -> list[str]:
    return list(dict.fromkeys(s for w in words for s in (w, w.upper(), w.capitalize())))


def _read_as(column: Column, told: bool) -> str | None:
    """What a column is read as; whole numbers with gaps are seen to be floats, and moments are made of texts."""
    if column.kind == "datetime" or (told and _is_marked(column)):
        return "str"
    return {"number": "float64", "integer": None}.get(column.kind, "str") if told else None


def _is_marked(column: Column) -> bool:
    """Whether its numbers have other marks than those of programs."""
    form = column.form or Form()
    return column.kind == "number" and (form.decimal, form.thousands) != (".", "")


def _cast(found: pd.DataFrame, wanted: pd.DataFrame) -> Iterator[Step]:
    """Numbers and moments of another width."""
    yield from _typed_as(
        {str(n): str(wanted[n].dtype) for n in wanted.columns if n in found and found[n].dtype != wanted[n].dtype}
    )


def _typed_as(kinds: dict[str, str]) -> Iterator[Step]:
    if kinds:
        yield Step(assigned("data", call("data.astype", kinds)), lambda data: data.astype(kinds))


def _changed(code: Code, name: str, function: Callable[[pd.Series], pd.Series]) -> Step:
    """One column; a keyword of ``assign`` can't have every name."""

    def act(data: pd.DataFrame) -> pd.DataFrame:
        data = data.copy(deep=False)
        data[name] = function(data[name])
        return data

    return Step(code, act)


def _in_order(sort: str | None) -> Iterator[Step]:
    if sort is not None:
        options: dict[str, Any] = {"kind": "stable", "na_position": "first", "ignore_index": True}
        code = assigned("data", call("data.sort_values", sort, **options))
        yield Step(code, lambda data: data.sort_values(sort, **options))


def _counting(weight: str | None) -> Iterator[Step]:
    """Nor from those with a weight of 0."""
    if weight is not None:
        code = python("data = data[data[$weight] > 0].reset_index(drop=True)", weight=weight)
        yield Step(code, lambda data: data[data[weight] > 0].reset_index(drop=True))


def _known(target: str, classes: Sequence[Any]) -> Step:
    """Rows without a target, or of a class that is too rare, are not learnt from."""
    if classes:
        kept = list(classes)
        code = python("data = data[data[$target].isin($kept)].reset_index(drop=True)", target=target, kept=kept)
        return Step(code, lambda data: data[data[target].isin(kept)].reset_index(drop=True))
    code = python("data = data[data[$target].notna()].reset_index(drop=True)", target=target)
    return Step(code, lambda data: data[data[target].notna()].reset_index(drop=True))
