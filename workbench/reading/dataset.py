"""Reading tables, and saying what each column is."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
from pandas.api import types

from workbench.core.contract import Column, Contract, Kind, Role, Task
from workbench.core.dataset import Dataset, fingerprint
from workbench.core.parameters import DatasetStep, listed, take
from workbench.errors import BadParameter, BadTable, ColumnNotFound
from workbench.reading import kinds, tasks
from workbench.reading.sensitive import meanings_of, set_apart
from workbench.reading.source import refuse_twins
from workbench.reading.sources import from_pandas, source_of

# Rows that are looked through for identifiers of persons.
LOOKED_THROUGH = 500_000


def dataset(
    source: Any,
    *,
    target: str | None = None,
    task: str | None = None,
    classes: Iterable[str] = (),
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    contract: Contract | None = None,
) -> Dataset:
    """Point at a table and say what is to be predicted.

    Numbers and dates that are kept as text are read as such, blanks become missing, and rows are put in order of time.
    Columns that hold e-mail addresses, phone, card or social security numbers or IBANs, or texts with them, get the
    role *personal*: they are no features, unless :meth:`Dataset.with_personal` names them with a reason.

    Parameters
    ----------
    source : path, pandas or polars frame, Arrow table, query or Dask frame
        A path or glob of CSV (also zipped; commas, semicolons, tabs or bars between the columns), Parquet, Feather or
        JSON-lines files, local or an fsspec URL; a frame of shape (rows, columns); a :func:`workbench.query`. All of it
        is read into memory: to look at a table that is larger than that, give its path to :func:`workbench.profile`.
    target : str, optional
        Column to predict. Text, booleans and few whole numbers (at most 10 different ones, each in at least 10 rows)
        make classes, other numbers a regression.
    task : {"binary", "multiclass", "regression"}, optional
        What is predicted, where the target can be read in several ways: whole scores as classes or as a number, and
        more than 50 classes (up to 1,000).
    classes : iterable of str
        All labels that the target may have, in their order: whole numbers as ``"3"``, booleans as ``"true"``. A target
        with other labels is refused.
    time : str, optional
        Column that orders the rows, of moments or of numbers that rise with time; what is later is never used to
        predict what is earlier.
    group : str, optional
        Column whose rows belong together and are never split.
    id : str, optional
        Column by which labels that come later are joined.
    known_after : iterable of str
        Columns known only after the moment of prediction; they are never features.
    ignore : iterable of str
        Columns to leave out.
    contract : Contract, optional
        An accepted contract: its kinds, roles and ranges are taken as they are; the keywords above change roles in it.

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
    """
    asked = {"target": target, "task": task, "classes": listed(classes), "time": time, "group": group, "id": id}
    step = _checked(source, {**asked, "known_after": listed(known_after), "ignore": listed(ignore)})
    roles = _roles(step)
    table = read_table(source)
    _check_shape(table)
    table = table.rename(columns=str)
    for name in roles:
        if name not in table.columns:
            raise ColumnNotFound.named(name, table.columns)
    accepted = contract or infer_contract(table)
    for name, role in roles.items():
        accepted = accepted.change(name, role=role)
    accepted = _without_persons(table, accepted)
    typed = coerce(table, accepted)
    typed.attrs["read_as"] = _read_as(table, typed, accepted)
    accepted = _with_task(accepted, typed, step)
    typed = _in_order(typed, accepted)
    return Dataset(accepted, fingerprint(typed), len(typed), origin(source), typed)


def read_table(source: Any) -> pd.DataFrame:
    """Read a table whole, values untouched.

    Parameters
    ----------
    source : object
        As :func:`dataset` takes it.

    Raises
    ------
    BadTable
        If it is not there, has another ending, is empty or can't be read.
    """
    if isinstance(source, pd.DataFrame):
        return source
    if isinstance(source, (str, Path)) and Path(source).is_file() and _is_csv(source):
        return _explained(Path(source))
    stream = source_of(source)
    chunks = list(stream.chunks(1 << 20))
    if not chunks:
        raise BadTable(f"The table has 0 rows and {len(stream.names)} columns. Give one with at least one of each.")
    return pl.concat(chunks, how="vertical_relaxed").to_pandas()


def origin(source: Any) -> str:
    """Where a table comes from, in words, without a password."""
    if isinstance(source, pd.DataFrame):
        return "memory"
    return str(source) if isinstance(source, Path) else source_of(source).description


def _is_csv(source: str | Path) -> bool:
    return str(source).lower().endswith((".csv", ".tsv", ".csv.zip", ".csv.gz"))


def _explained(path: Path) -> pd.DataFrame:
    try:
        return _read_csv(path)
    except pd.errors.EmptyDataError as error:
        raise BadTable(f"{path.name} is empty. Give a file with a header and rows.") from error
    except (ValueError, OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        if isinstance(error, BadTable):
            raise
        raise BadTable(f"{path.name} can't be read as CSV ({error}). Check the file, or give a frame.") from error


def infer_contract(table: pd.DataFrame) -> Contract:
    """Say what each column is, from its values; every role is *feature*."""
    return Contract(tuple(Column(str(name), infer_kind(table[name])) for name in table.columns))


def infer_kind(values: pd.Series) -> Kind:
    """What the values of one column are.

    >>> infer_kind(pd.Series(["1.5", " ", "3"])), infer_kind(pd.Series(["2024-01-02", "2024-02-03"]))
    ('number', 'datetime')
    """
    return kinds.infer_kind(from_pandas(values))


def coerce(table: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    """The columns of the contract in their types; what can't be read in its type becomes missing.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (rows, columns); columns that the contract does not have are dropped.
    contract : Contract
        Target and known-after columns may be absent from the table, features may not.

    Returns
    -------
    pandas.DataFrame
        number: float64. integer: int64, float64 where values are missing. boolean: float64 (0, 1). category, text:
        ``str``. datetime: ``datetime64``.

    Raises
    ------
    ColumnNotFound
        If a feature is absent.
    """
    for name in contract.features:
        if name not in table.columns:
            raise ColumnNotFound.named(name, map(str, table.columns))
    present = [c for c in contract.columns if c.name in table.columns]
    return pd.DataFrame({c.name: _typed(table[c.name], c.kind) for c in present}, index=table.index)


def _read_csv(path: Path) -> pd.DataFrame:
    header = pd.read_csv(path, header=None, nrows=1, dtype=str)
    separator = _separator(str(header.iloc[0, 0])) if header.shape[1] == 1 else ","
    if separator != ",":
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, sep=separator)
    refuse_twins(header.iloc[0].astype(str))
    # Where semicolons separate, the comma is the decimal point.
    return pd.read_csv(path, low_memory=False, sep=separator, decimal="," if separator == ";" else ".")


def _separator(line: str) -> str:
    """What separates the names of a header that has no comma.

    >>> _separator("a;b"), _separator("a")
    (';', ',')
    """
    most = max(";\t|", key=line.count)
    return most if most in line else ","


def _check_shape(table: pd.DataFrame) -> None:
    refuse_twins(table.columns)
    if table.empty:
        raise BadTable(
            f"The table has {len(table)} rows and {table.shape[1]} columns. Give one with at least one of each."
        )


def _checked(source: Any, asked: dict[str, Any]) -> DatasetStep:
    """The step; a source that is no text is none of the form's, and checked where it is read."""
    text = isinstance(source, str)
    return take(DatasetStep, {"source": source, **asked} if text else asked, elsewhere=() if text else ("source",))


def _roles(step: DatasetStep) -> dict[str, Role]:
    """Role of each named column."""
    roles: dict[str, Role] = dict.fromkeys(step.ignore, "ignored")
    roles.update(dict.fromkeys(step.known_after, "known_after"))
    single: tuple[Role, ...] = ("target", "time", "group", "id")
    roles.update({name: role for role in single if (name := getattr(step, role)) is not None})
    return roles


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind in ("number", "integer"):
        return _numbers(values, kind)
    if kind == "boolean":
        return _through(values, kind).astype("float64")
    if kind == "datetime":
        return values if types.is_datetime64_any_dtype(values) else _through(values, kind)
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.map(str, na_action="ignore")
    text = values.astype("str")
    return text.mask(text.str.strip() == "")


def _numbers(values: pd.Series, kind: Kind) -> pd.Series:
    numeric = values if types.is_numeric_dtype(values) else _through(values, kind)
    whole = pd.Series(numeric.to_numpy(dtype=float, na_value=np.nan), index=values.index, name=values.name)
    return whole.astype("int64") if kind == "integer" and bool(np.isfinite(whole).all()) else whole


def _through(values: pd.Series, kind: Kind) -> pd.Series:
    """Read by the one place that reads texts."""
    typed = kinds.read(from_pandas(values), kind).to_pandas()
    typed.index, typed.name = values.index, values.name
    return typed


def _without_persons(table: pd.DataFrame, contract: Contract) -> Contract:
    """Looked for in all rows of usual tables, at even steps in larger ones."""
    rows = table.iloc[:: -(-len(table) // LOOKED_THROUGH)]
    columns = (from_pandas(rows[n]).alias(n) for n in contract.features if n in rows.columns)
    return set_apart(contract, meanings_of(columns, contract))


def _read_as(table: pd.DataFrame, typed: pd.DataFrame, contract: Contract) -> dict[str, dict[str, Any]]:
    """Numbers and dates that were kept as text, and how many rows of each could not be read."""
    notes = {}
    for column in contract.columns:
        if column.kind in ("number", "integer", "datetime") and types.is_string_dtype(table[column.name].dtype):
            unread = typed[column.name].isna() & table[column.name].notna()
            notes[column.name] = {"kind": column.kind, "unread": int(unread.sum())}
    return notes


def _with_task(contract: Contract, table: pd.DataFrame, step: DatasetStep) -> Contract:
    """The contract with the task that the target sets, or that was asked for, now or when the contract was made."""
    name = contract.target
    if name is None:
        if step.task is not None or step.classes:
            raise BadParameter("'task' and 'classes' are about a target. Name it with target=, or leave them out.")
        return contract
    kind, counts = contract[name].kind, table[name].value_counts()
    if step.classes:
        if step.task == "regression":
            raise BadParameter("A regression has no classes. Leave out classes=, or task='regression'.")
        tasks.check_classes(step.classes, name, {tasks.label_of(v, kind): int(n) for v, n in counts.items()})
        contract = contract.change(name, categories=step.classes)
    whole = (name, kind, int(counts.sum()), len(counts))
    asked: Any = step.task or _task_of_classes(step, len(counts)) or _kept(contract, step, len(counts))
    task = tasks.infer_task(*whole, int(counts.min()) if len(counts) else None) if asked is None else asked
    return replace(contract, task=task if asked is None else tasks.check_task(task, *whole))


def _task_of_classes(step: DatasetStep, distinct: int) -> Task | None:
    """Named classes are classes, whatever their kind."""
    return ("binary" if distinct == 2 else "multiclass") if step.classes else None


def _kept(contract: Contract, step: DatasetStep, distinct: int) -> Task | None:
    """What an accepted contract says of its own target, where that still holds."""
    same = step.target is None and contract.task is not None
    return contract.task if same and (contract.task == "binary") == (distinct == 2) else None


def _in_order(table: pd.DataFrame, contract: Contract) -> pd.DataFrame:
    time = contract.time
    if time is None:
        return table.reset_index(drop=True)
    tasks.check_time(contract, table[time].dropna().head(1000))
    if table[time].isna().all():
        raise BadTable(f"The time column {time!r} has no value that can be read as a time. Choose another column.")
    return table.sort_values(time, kind="stable", na_position="first").reset_index(drop=True)
