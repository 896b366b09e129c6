"""Reading tables, and saying what each column is."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from pandas.api import types

from workbench.core.contract import Column, Contract, Kind, Role, Task
from workbench.core.dataset import Dataset, fingerprint
from workbench.errors import BadTable, BadTarget, ColumnNotFound

# Text with more distinct values than this is free text: nobody lists them, and a model that learns them learns names.
MOST_CATEGORIES = 1000
# A text column is a number (a date) when at least this share of what is not blank can be read as one.
READABLE = 0.95
# Classes beyond this are no classes.
MOST_CLASSES = 50

_BLANK = re.compile(r"^\s*(?:|na|n/a|nan|null|none|-|\?)\s*$", re.IGNORECASE)
_NUMBER = re.compile(r"^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?\s*$")
_DATE = re.compile(r"^\s*(?:\d{4}[-/.]\d{1,2}[-/.]\d{1,2}|\d{1,2}[-/.]\d{1,2}[-/.]\d{4})(?:[T ]\d{1,2}:\d{2}.*)?\s*$")


def dataset(
    source: str | Path | pd.DataFrame,
    *,
    target: str | None = None,
    time: str | None = None,
    group: str | None = None,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    known_after: Iterable[str] = (),
    ignore: Iterable[str] = (),
    contract: Contract | None = None,
) -> Dataset:
    """Point at a table and say what is to be predicted.

    Numbers and dates that are kept as text are read as such, blanks become missing, and rows are put in order of time.

    Parameters
    ----------
    source : path or pandas.DataFrame
        CSV (also zipped; commas, semicolons, tabs or bars between the columns), Parquet, Feather or JSON-lines file, or
        a frame of shape (rows, columns).
    target : str, optional
        Column to predict. Text, booleans and few whole numbers make classes, other numbers a regression.
    time : str, optional
        Column that orders the rows; what is later is never used to predict what is earlier.
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
    ColumnNotFound
        If a named column is not in the table.
    BadTarget
        If the target has no value, or one class only.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"total": ["29.85", " ", "108.15"], "Churn": ["No", "No", "Yes"]})
    >>> data = dataset(frame, target="Churn")
    >>> data.contract["total"].kind, data.contract.task
    ('number', 'binary')
    """
    table = source if isinstance(source, pd.DataFrame) else read_table(source)
    _check_shape(table)
    table = table.rename(columns=str)
    roles = _roles(target=target, time=time, group=group, id=id, known_after=known_after, ignore=ignore)
    for name in roles:
        if name not in table.columns:
            raise ColumnNotFound.named(name, table.columns)
    accepted = contract or infer_contract(table)
    for name, role in roles.items():
        accepted = accepted.change(name, role=role)
    typed = coerce(table, accepted)
    typed.attrs["read_as"] = _read_as(table, typed, accepted)
    accepted = _with_task(accepted, typed)
    typed = _in_order(typed, accepted.time)
    where = "memory" if isinstance(source, pd.DataFrame) else _told(source)
    return Dataset(accepted, fingerprint(typed), len(typed), where, typed)


def read_table(source: str | Path) -> pd.DataFrame:
    """Read a file by the ending of its name, values untouched.

    Raises
    ------
    BadTable
        If it is not there, has another ending, is empty or can't be read.
    """
    path = Path(source)
    reader = _reader(path)
    if not path.exists():
        raise BadTable(f"There is no file {str(path)!r}. Give the path from the working folder {Path.cwd()}.")
    try:
        return reader(path)
    except pd.errors.EmptyDataError as error:
        raise BadTable(f"{path.name} is empty. Give a file with a header and rows.") from error
    except (ValueError, OSError, UnicodeDecodeError, pd.errors.ParserError) as error:
        raise BadTable(
            f"{path.name} can't be read as {path.suffix[1:]} ({error}). Check the file, or give a frame."
        ) from error


def infer_contract(table: pd.DataFrame) -> Contract:
    """Say what each column is, from its values; every role is *feature*."""
    return Contract(tuple(Column(str(name), infer_kind(table[name])) for name in table.columns))


def infer_kind(values: pd.Series) -> Kind:
    """What the values of one column are.

    >>> infer_kind(pd.Series(["1.5", " ", "3"])), infer_kind(pd.Series(["2024-01-02", "2024-02-03"]))
    ('number', 'datetime')
    """
    if types.is_bool_dtype(values):
        return "boolean"
    if types.is_numeric_dtype(values):
        return _number_kind(values)
    if types.is_datetime64_any_dtype(values):
        return "datetime"
    return _text_kind(values)


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


def _reader(path: Path) -> Callable[[Path], pd.DataFrame]:
    ending = "".join(path.suffixes[-2:]).lower() if path.suffix.lower() in (".zip", ".gz") else path.suffix.lower()
    readers: dict[str, Callable[[Path], pd.DataFrame]] = {
        ".csv": _read_csv,
        ".csv.zip": _read_csv,
        ".csv.gz": _read_csv,
        ".tsv": _read_csv,
        ".parquet": _read_parquet,
        ".feather": pd.read_feather,
        ".jsonl": _read_json_lines,
        ".ndjson": _read_json_lines,
    }
    if ending not in readers:
        raise BadTable(f"{path.name!r} ends in {ending or 'nothing'!r}. Give one of {', '.join(readers)}, or a frame.")
    return readers[ending]


def _read_csv(path: Path) -> pd.DataFrame:
    header = pd.read_csv(path, header=None, nrows=1, dtype=str)
    separator = _separator(str(header.iloc[0, 0])) if header.shape[1] == 1 else ","
    if separator != ",":
        header = pd.read_csv(path, header=None, nrows=1, dtype=str, sep=separator)
    _refuse_twins(header.iloc[0].astype(str))
    # Where semicolons separate, the comma is the decimal point.
    return pd.read_csv(path, low_memory=False, sep=separator, decimal="," if separator == ";" else ".")


def _separator(line: str) -> str:
    """What separates the names of a header that has no comma.

    >>> _separator("a;b"), _separator("a")
    (';', ',')
    """
    most = max(";\t|", key=line.count)
    return most if most in line else ","


def _read_parquet(path: Path) -> pd.DataFrame:
    return pd.read_parquet(path, engine="pyarrow", page_checksum_verification=True)


def _read_json_lines(path: Path) -> pd.DataFrame:
    return pd.read_json(path, lines=True)


def _check_shape(table: pd.DataFrame) -> None:
    _refuse_twins(pd.Series([str(c) for c in table.columns], dtype=str))
    if table.empty:
        raise BadTable(
            f"The table has {len(table)} rows and {table.shape[1]} columns. Give one with at least one of each."
        )


def _refuse_twins(names: pd.Series) -> None:
    twins = names[names.duplicated()].unique()
    if len(twins):
        raise BadTable(f"Two columns are called {str(twins[0])!r}. Rename one of them.")


def _roles(known_after: Iterable[str], ignore: Iterable[str], **single: str | None) -> dict[str, Role]:
    roles: dict[str, Role] = dict.fromkeys(ignore, "ignored")
    roles.update(dict.fromkeys(known_after, "known_after"))
    for role, name in single.items():
        if name is not None:
            roles[name] = role  # type: ignore[assignment]  # the keywords are the roles
    return roles


def _number_kind(values: pd.Series) -> Kind:
    if types.is_integer_dtype(values):
        return "integer"
    finite = values.to_numpy(dtype=float, na_value=np.nan)
    finite = finite[np.isfinite(finite)]
    # Whole numbers with gaps arrive as floats; so do measurements that happen to be whole, hence the size.
    return (
        "integer"
        if finite.size and bool(np.all(finite == np.round(finite))) and abs(finite).max() < 2**53
        else "number"
    )


def _text_kind(values: pd.Series) -> Kind:
    filled = pd.Series(values.dropna().unique()).map(str)
    filled = filled[~filled.str.match(_BLANK)]
    if filled.empty:
        return "category"
    if len(filled) <= 10 and set(filled.str.strip().str.lower()) <= {"true", "false"}:
        return "boolean"
    if filled.str.match(_NUMBER).mean() >= READABLE:
        return _number_kind(pd.to_numeric(filled, errors="coerce"))
    if filled.str.match(_DATE).mean() >= READABLE:
        return "datetime"
    return "category" if len(filled) <= MOST_CATEGORIES and len(filled) < 0.9 * values.count() + 10 else "text"


def _typed(values: pd.Series, kind: Kind) -> pd.Series:
    if kind in ("number", "integer"):
        return _numbers(values, kind)
    if kind == "boolean":
        return _booleans(values)
    if kind == "datetime":
        return _datetimes(values)
    if not isinstance(values.dtype, pd.StringDtype):
        values = values.map(str, na_action="ignore")
    text = values.astype("str")
    return text.mask(text.str.strip() == "")


def _numbers(values: pd.Series, kind: Kind) -> pd.Series:
    numeric = values if types.is_numeric_dtype(values) else pd.to_numeric(values, errors="coerce")
    whole = pd.Series(numeric.to_numpy(dtype=float, na_value=np.nan), index=values.index, name=values.name)
    return whole.astype("int64") if kind == "integer" and bool(np.isfinite(whole).all()) else whole


def _booleans(values: pd.Series) -> pd.Series:
    words = values.map(
        lambda v: {"true": 1.0, "false": 0.0, "1": 1.0, "0": 0.0, "1.0": 1.0, "0.0": 0.0}.get(str(v).strip().lower())
    )
    return words.astype("float64")


def _datetimes(values: pd.Series) -> pd.Series:
    if types.is_datetime64_any_dtype(values):
        return values
    text = values.astype("str").str.strip()
    zoned = bool(text.str.contains(r"(?:Z|[+-]\d{2}:?\d{2})$", regex=True).any()) and bool(
        text.str.contains("T|:").any()
    )
    day_first = not text.str.match(r"^\d{4}").any() and _day_first(text)
    return pd.to_datetime(
        text, errors="coerce", utc=zoned, dayfirst=day_first, format="mixed" if not day_first else None
    )


def _day_first(text: pd.Series) -> bool:
    """Whether 02-01-2011 is the second of January: some first number is above 12, or no second one is."""
    first = pd.to_numeric(text.str.extract(r"^(\d{1,2})[-/.]")[0], errors="coerce")
    second = pd.to_numeric(text.str.extract(r"^\d{1,2}[-/.](\d{1,2})")[0], errors="coerce")
    return bool((first > 12).any()) or not bool((second > 12).any())


def _read_as(table: pd.DataFrame, typed: pd.DataFrame, contract: Contract) -> dict[str, dict[str, Any]]:
    """Numbers and dates that were kept as text, and how many rows of each could not be read."""
    told = {}
    for column in contract.columns:
        if column.kind in ("number", "integer", "datetime") and types.is_string_dtype(table[column.name].dtype):
            unread = typed[column.name].isna() & table[column.name].notna()
            told[column.name] = {"kind": column.kind, "unread": int(unread.sum())}
    return told


def _with_task(contract: Contract, table: pd.DataFrame) -> Contract:
    if contract.target is None:
        return contract
    return Contract(contract.columns, infer_task(table[contract.target], contract[contract.target].kind))


def infer_task(values: pd.Series, kind: Kind) -> Task:
    """The task that a target sets.

    Raises
    ------
    BadTarget
        If it has no value, one class only, or is free text.
    """
    known = values.dropna()
    name, distinct = values.name, known.nunique()
    if known.empty:
        raise BadTarget(f"The target {name!r} has no value in any row. Choose another column.")
    if distinct == 1:
        raise BadTarget(
            f"The target {name!r} has one class only ({known.iloc[0]!r}). Give rows of at least two classes."
        )
    if kind == "datetime" or (kind in ("text", "category") and distinct > MOST_CLASSES):
        raise BadTarget(f"The target {name!r} has {distinct:,} distinct {kind} values. Choose classes or a number.")
    if distinct == 2:
        return "binary"
    classes = kind in ("category", "text", "boolean") or (kind == "integer" and distinct <= 10)
    return "multiclass" if classes else "regression"


def _in_order(table: pd.DataFrame, time: str | None) -> pd.DataFrame:
    if time is None:
        return table.reset_index(drop=True)
    if table[time].isna().all():
        raise BadTable(f"The time column {time!r} has no value that can be read as a time. Choose another column.")
    return table.sort_values(time, kind="stable", na_position="first").reset_index(drop=True)


def _told(source: str | Path) -> str:
    return str(source)
