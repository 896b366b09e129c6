"""The verb ``dataset``: a table in, its contract and its values out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from polars import selectors

from workbench.core.contract import Column, Contract, Role, Task
from workbench.core.dataset import Dataset, fingerprint
from workbench.core.nouns import expect_or_none
from workbench.core.parameters import DatasetStep, listed, take_beside
from workbench.errors import BadParameter, BadTable, ColumnNotFound
from workbench.reading import tasks
from workbench.reading.again import Again
from workbench.reading.by_contract import to_pandas
from workbench.reading.column_findings import findings_of
from workbench.reading.columns import CHUNK, TEXTS, read_column
from workbench.reading.deciding import Wish
from workbench.reading.pandas_tables import nothing, tidied
from workbench.reading.passing import Wanted, passed
from workbench.reading.read_columns import ColumnRead, column_of, in_unit
from workbench.reading.sensitive import Glance, set_apart
from workbench.reading.source import Source, together, values_of
from workbench.reading.sources import source_of

# Bytes of values up to which the table of a file is held, so that none is read twice. The process takes 300 MB at most
# then, of which 135 are the libraries': about as much as where a large file is kept and profiled.
MOST_HELD = 64_000_000
EXACT = 2**53  # up to here floats hold each whole number
# Where all columns of a table are wanted at once anyway, as many bytes are held as there are.
_ALL_HELD: ContextVar[bool] = ContextVar("all of a file is held", default=False)


@contextmanager
def held() -> Iterator[None]:
    """Tables of files that are made a dataset meanwhile are held, however large: they are read once."""
    token = _ALL_HELD.set(True)
    try:
        yield
    finally:
        _ALL_HELD.reset(token)


def dataset(
    source: Any,
    *,
    target: str | None = None,
    task: str | None = None,
    classes: Iterable[str] = (),
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    weight: str | None = None,
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    encoding: str | None = None,
    separator: str | None = None,
    header: bool | None = None,
    skip: int | None = None,
    quote: str | None = None,
    comment: str | None = None,
    sheet: str | None = None,
    table: str | None = None,
    decimal: str | None = None,
    missing: Iterable[str] | Mapping[str, Iterable[str]] = (),
    dates: Iterable[str] | Mapping[str, str | Iterable[str]] = (),
    contract: Contract | None = None,
) -> Dataset:
    """Point at a table and say what is to be predicted.

    How the table is written is seen once and kept in its contract: encoding and separator, header and title lines, the
    marks of numbers, the order of day and month, words for missing. Every later row is read by that. What could not be
    read is missing and told in the dataset's findings; no value changes in silence. Rows are put in order of time.
    Columns that hold e-mail addresses, phone, card or social security numbers or IBANs, or texts with them, get the
    role *personal*: they are no features, unless :meth:`Dataset.with_personal` names them with a reason.

    Parameters
    ----------
    source : path, pandas or polars frame, Arrow table, query or Dask frame
        A path or glob of files of text (CSV and its relatives), Excel, Parquet, Feather or JSON, also compressed, local
        or an fsspec URL; a frame of shape (rows, columns); a :func:`workbench.query`. Of local files of text, Parquet,
        Feather and JSON lines with more than 64 MB of values the files are kept, not the values: the dataset goes
        through them once, and reads a column when it is asked for. Everything else is held in memory.
    target : str, optional
        Column to predict. Text and booleans make classes, numbers with fractions a regression, and whole numbers what
        their name, range and frequencies say (:func:`workbench.reading.tasks.whole_numbers`): counts are numbers, few
        scores and codes that come equally often are classes. A finding of the profile (WB137) tells which and why.
    task : {"binary", "multiclass", "ordinal", "regression"}, optional
        What is predicted, where the target can be read in several ways: whole numbers as classes or as a number, and
        more than 50 texts with fewer than 10 rows each (up to 1,000). *ordinal*: classes that come in an order, as
        grades do: numbers by their value, texts as ``classes`` has them. A column whose pandas type is an ordered
        category is so by itself.
    classes : iterable of str
        All labels that the target may have: whole numbers as ``"3"``, booleans as ``"true"``; of ordinal ones the least
        first. A target with other labels is refused.
    time : str, optional
        Column that orders the rows, of moments or of numbers that rise with time; what is later is never used to
        predict what is earlier.
    group : str, optional
        Column whose rows belong together and are never split.
    id : str, optional
        Column by which labels that come later are joined.
    weight : str, optional
        Column of numbers that says how much a row counts in fits and scores (``sample_weight`` of scikit-learn); it is
        no feature, and rows that count 0 are not used.
    known_after : iterable of str
        Columns known only after the moment of prediction; they are never features.
    ignore : iterable of str
        Columns to leave out.
    encoding, separator : str, optional
        Of a file of text; seen by default.
    header : bool, optional
        Whether a line of a file of text has the names of the columns; seen by default.
    skip : int, optional
        Lines above the header, or above the first row; seen by default.
    quote, comment : str, optional
        What stands around values that hold the separator, and what begins a line that is no row; an empty text for
        none; seen by default.
    sheet : str, optional
        Of a workbook; the first with values by default.
    table : str, optional
        Of a database in a file; must be given where there are several.
    decimal : {".", ","}, optional
        The mark before decimals in numbers that are kept as text; each column's own by default.
    missing : iterable of str, or mapping of str to iterable of str, optional
        Words that stand for a missing value, and no others, in all columns or by column (an empty list: none). By
        default each column decides.
    dates : iterable of str, or mapping of str to str, optional
        Patterns of dates in the letters of ``strptime``, such as ``%d/%m/%Y``, for all columns or by column.
    contract : Contract, optional
        An accepted contract: its kinds, forms, roles and ranges are taken as they are; the keywords above change roles
        in it.

    Returns
    -------
    Dataset

    Raises
    ------
    BadTable
        If the file is missing or unreadable, the table is empty, or two columns have one name.
        Also if the time column is no moment and no number.
    ColumnNotFound
        If a named column is not in the table.
    BadTarget
        If the target has no value, one class only, labels that are not among ``classes``, or does not fit ``task``.
    BadParameter
        If a keyword takes a text or names, and something else came.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"total": ["29.85", " ", "108.15"], "Churn": ["No", "No", "Yes"]})
    >>> data = dataset(frame, target="Churn")
    >>> data.contract["total"].kind, data.contract.task
    ('number', 'binary')
    >>> dataset(pd.DataFrame({"when": ["02.01.24", "31.01.24"]})).contract.reading.forms["when"].moments
    ('%d.%m.%y',)
    """
    contract = expect_or_none(contract, Contract, "wb.dataset(contract=…)")
    roles: dict[str, Any] = {"target": target, "time": time, "group": group, "id": id, "weight": weight}
    roles |= {"known_after": listed(known_after), "ignore": listed(ignore)}
    layout: dict[str, Any] = {"encoding": encoding, "separator": separator, "header": header, "skip": skip}
    layout |= {"quote": quote, "comment": comment, "sheet": sheet, "table": table}
    wishes = Wishes(decimal, listed(missing), listed(dates))
    asked = {"task": task, "classes": listed(classes)}
    step = _checked(source, {**roles, **asked, **layout, **wishes.for_all_columns()})
    stream = source_of(source, **layout)
    chunks = fitting(stream)
    _check_names(stream.names, (*_roles(step), *wishes.columns()))
    wanted = _wanted(stream, contract, wishes, _roles(step))
    read = passed(stream, wanted) if chunks is None else in_memory(chunks, wanted)
    columns = tuple(in_unit(one.column, stream.units.get(name)) for name, one in read.columns.items())
    accepted = contract or Contract(columns, layout=stream.layout)
    accepted = accepted.set_roles(_roles(step))
    accepted = set_apart(accepted, {n: one.meaning for n, one in read.columns.items() if one.meaning})
    again = Again(source if isinstance(source, str) else None, _given({**roles, **asked}))
    notes = {name: one.notes for name, one in read.columns.items()}
    findings = (*stream.notes(), *findings_of(notes, accepted, again, stream.typed))
    accepted = _with_task(accepted, read.series, step, source)
    digest, rows, values = read.rows(_order(read.series, accepted))
    return Dataset(accepted, digest, rows, stream.description, values, findings)


def read_table(source: Any, *, like: Contract | None = None) -> pd.DataFrame:
    """Read a table whole, as it is written: the values of a file of text are texts.

    Parameters
    ----------
    source : object
        As :func:`dataset` takes it.
    like : Contract, optional
        Of an earlier table: a file of text is read by its layout, if that gives its features.

    Raises
    ------
    BadTable
        If it is not there, is no table, is empty or can't be read.
    """
    if isinstance(source, (pd.DataFrame, pd.Series)):
        return tidied(source)
    layout, expected = (None, ()) if like is None else (like.layout, like.features)
    table = together(whole(source_of(source, like=layout, expected=expected)))
    assert table is not None
    return _exact(table)


def _exact(table: pl.DataFrame) -> pd.DataFrame:
    """In pandas, where whole numbers with gaps are floats: not those that floats can't tell apart, such as ids."""
    frame = table.to_pandas()
    for column in table.select(selectors.integer()):
        ends: list[Any] = [column.min() or 0, column.max() or 0]
        if column.null_count() and max(map(abs, ends)) > EXACT:
            kind: Any = "UInt64" if column.dtype == pl.UInt64 else "Int64"
            frame[column.name] = pd.Series(column.to_list(), dtype=kind)
    return frame


def whole(table: Source) -> list[pl.DataFrame]:
    """All chunks of a table.

    Raises
    ------
    BadTable
        If there is none.
    """
    chunks = [chunk for chunk in table.chunks(CHUNK) if chunk.height]
    if not chunks:
        raise nothing(0, len(table.names))
    return chunks


def fitting(table: Source) -> list[pl.DataFrame] | None:
    """All chunks of a table; None of one that is read from files, as soon as it is seen to be too large for memory.

    Raises
    ------
    BadTable
        If there is none.
    """
    if table.files is None or not table.names:
        return whole(table)
    chunks, size = [], 0
    for chunk in table.chunks(CHUNK):
        if not chunk.height:
            continue
        chunks.append(chunk)
        size += size_of(chunk)
        if not _ALL_HELD.get() and max(size, _foreseen(table, sum(one.height for one in chunks), size)) > MOST_HELD:
            return None
    if not chunks:
        raise nothing(0, len(table.names))
    return chunks


def size_of(chunk: pl.DataFrame) -> int:
    """Bytes of its values: eight of a number, and those of each text."""
    letters = chunk.select(selectors.string().str.len_bytes().sum()).rows()
    return sum(map(sum, letters)) + 8 * chunk.width * chunk.height


def _foreseen(table: Source, rows: int, size: int) -> float:
    """Bytes of all values by those of the first rows."""
    return size * table.rows / rows if table.rows is not None else table.size or 0


@dataclass(frozen=True)
class Wishes:
    """What the user says of how values are written, for all columns or by column.

    Parameters
    ----------
    decimal : str, optional
    missing : tuple of str or mapping, optional
    dates : tuple of str or mapping
        As :func:`dataset` takes them.
    """

    decimal: str | None = None
    missing: Any = ()
    dates: Any = ()

    def for_all_columns(self) -> dict[str, Any]:
        """What a form may hold."""
        missing, dates = (() if isinstance(wish, Mapping) else wish for wish in (self.missing, self.dates))
        return {"decimal": self.decimal, "missing": missing, "dates": dates}

    def columns(self) -> tuple[str, ...]:
        """Names that are spoken of."""
        return tuple(name for wish in (self.missing, self.dates) if isinstance(wish, Mapping) for name in wish)

    def of(self, name: str, likely: str) -> Wish:
        """What is said of one column."""
        missing = self.missing.get(name) if isinstance(self.missing, Mapping) else self.missing or None
        dates = self.dates.get(name, ()) if isinstance(self.dates, Mapping) else self.dates
        return Wish(self.decimal, likely, None if missing is None else _texts(missing), _texts(dates))


@dataclass(frozen=True)
class InMemory:
    """A table whose values are held.

    Parameters
    ----------
    columns : mapping of str to ColumnRead
    series : dict of str to pandas.Series
        In their types.
    """

    columns: Mapping[str, ColumnRead]
    series: dict[str, pd.Series]

    def rows(self, order: np.ndarray | None) -> tuple[str, int, pd.DataFrame]:
        """Fingerprint, number and values of all rows, put in order; the series are given away."""
        table = pd.DataFrame(self.series)
        self.series.clear()
        table = table if order is None else table.take(order).reset_index(drop=True)
        return fingerprint(table), len(table), table


def in_memory(chunks: list[pl.DataFrame], wanted: Wanted) -> InMemory:
    """Read every column as the contract says, or as its values do; what was read is given away column by column."""
    parts = {name: [values_of(chunk, name) for chunk in chunks] for name in wanted.names}
    chunks.clear()
    columns, series = {}, {}
    for name in wanted.names:
        columns[name], series[name] = _read(parts.pop(name), name, wanted)
    return InMemory(columns, series)


def _read(parts: list[pl.Series], name: str, wanted: Wanted) -> tuple[ColumnRead, pd.Series]:
    known = wanted.known.get(name)
    values, notes = read_column(parts, known, wanted.wish(name))
    distinct = values.n_unique() - bool(values.null_count()) if notes.kind in TEXTS else 0
    column = known or column_of(name, notes, distinct, len(values) - values.null_count())
    meaning = _meaning(parts, column) if name in wanted.features else None
    return ColumnRead(column, notes, meaning), to_pandas(values, column.kind)


def _meaning(parts: list[pl.Series], column: Column) -> str | None:
    glance = Glance(column.name, column.kind)
    for part in parts:
        glance.add(part)
    meaning = glance.meaning()
    return None if meaning is None else meaning.name


def _wanted(table: Source, contract: Contract | None, wishes: Wishes, roles: dict[str, Role]) -> Wanted:
    """What is to be read, and what is known of it before."""
    if contract is None:
        known, usual = {}, {name: roles.get(name, "feature") for name in table.names}
    else:
        known, agreed = contract.by_name, contract.set_roles(roles)
        usual = {column.name: column.role for column in agreed.columns if column.name in table.names}
    names = tuple(name for name in table.names if name in usual)
    features = frozenset(name for name, role in usual.items() if role == "feature")
    single = {role: name for name, role in reversed(usual.items())}
    return Wanted(
        names, known, lambda name: wishes.of(name, table.decimal), features, single.get("target"), single.get("time")
    )


def _texts(words: str | Iterable[str]) -> tuple[str, ...]:
    return (words,) if isinstance(words, str) else tuple(words)


def _checked(source: Any, asked: dict[str, Any]) -> DatasetStep:
    """The step; a source that is no text is none of the form's."""
    return take_beside(DatasetStep, "source", source, asked)


def _roles(step: DatasetStep) -> dict[str, Role]:
    """Role of each named column."""
    roles: dict[str, Role] = dict.fromkeys(step.ignore, "ignored")
    roles.update(dict.fromkeys(step.known_after, "known_after"))
    single: tuple[Role, ...] = ("target", "time", "group", "id", "weight")
    roles.update({name: role for role in single if (name := getattr(step, role)) is not None})
    return roles


def _check_names(names: tuple[str, ...], asked: Iterable[str]) -> None:
    for name in asked:
        if name not in names:
            raise ColumnNotFound.named(name, names)


def _given(asked: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in asked.items() if value}


def _with_task(contract: Contract, values: Mapping[str, pd.Series], step: DatasetStep, source: Any) -> Contract:
    """The contract with the task that the target sets, or that was asked for, now or when the contract was made."""
    name = contract.target
    if name is None or name not in values:
        if step.task is not None or step.classes:
            raise BadParameter("'task' and 'classes' are about a target. Name it with target=, or leave them out.")
        return contract
    kind, counts = contract[name].kind, values[name].value_counts()
    ranks = tasks.ordered_categories(source, name) if step.task in (None, "ordinal") and not step.classes else ()
    labels = step.classes or (ranks if len(counts) > 2 else ())
    if labels:
        if step.task == "regression":
            raise BadParameter("A regression has no classes. Leave out classes=, or task='regression'.")
        tasks.check_classes(labels, name, {tasks.label_of(v, kind): int(n) for v, n in counts.items()})
        contract = contract.change(name, categories=labels)
    whole = (name, kind, int(counts.sum()), len(counts))
    if step.task == "ordinal" or (labels and not step.classes):
        tasks.check_order(name, kind, len(counts), labels)
        return replace(contract.change(name, ordered=True), task=tasks.check_task("multiclass", *whole))
    asked: Any = step.task or _task_of_classes(step, len(counts)) or _kept(contract, step, len(counts))
    seen = tasks.Seen(*whole, list(counts.items()), name in tasks.categorical_columns(source))
    task = tasks.infer_task(seen) if asked is None else asked
    return replace(contract, task=task if asked is None else tasks.check_task(task, *whole))


def _task_of_classes(step: DatasetStep, distinct: int) -> Task | None:
    """Named classes are classes, whatever their kind."""
    return ("binary" if distinct == 2 else "multiclass") if step.classes else None


def _kept(contract: Contract, step: DatasetStep, distinct: int) -> Task | None:
    """What an accepted contract says of its own target, where that still holds."""
    same = step.target is None and contract.task is not None
    return contract.task if same and (contract.task == "binary") == (distinct == 2) else None


def _order(values: Mapping[str, pd.Series], contract: Contract) -> np.ndarray | None:
    """Place of each row in the order of time; None where they have it."""
    time = contract.time
    if time is None or time not in values:
        return None
    times = values[time]
    tasks.check_time(contract, times.dropna().head(1000))
    if times.isna().all():
        raise BadTable(f"The time column {time!r} has no value that can be read as a time. Choose another column.")
    order = times.sort_values(kind="stable", na_position="first").index.to_numpy()
    if (order[1:] > order[:-1]).all():
        return None
    return order.astype(np.int32) if len(order) < 2**31 else order
