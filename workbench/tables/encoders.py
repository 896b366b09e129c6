"""From raw columns to the matrix that a model works on, with numpy alone."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, Protocol

import numpy as np

from workbench.errors import Damaged
from workbench.tables.steps import STEPS, sound
from workbench.tables.written import written

Array = np.ndarray[Any, np.dtype[Any]]
Source = str | tuple[str, str]
# Numbers that are read of each column, by the kind of an encoder; of a difference one of each two columns.
EACH = {"number": 1, "written": 1, "date": 3, "calendar": 2}
DAY = np.timedelta64(1, "D")
EPOCH = np.datetime64(0, "us")


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
    """Numbers as they are, or changed step by step.

    Parameters
    ----------
    columns : tuple of str
        Original columns that are read.
    kind : {"number", "written", "date", "calendar", "difference"}
        *written*: each column of texts gives the numbers in them. *date*: each column gives its month, weekday (Monday
        = 0) and hour, in UTC where the zone is known. *calendar*: its day of the month and its days since 1970.
        *difference*: each two columns, the first with the second and so on, give the days from the one to the other.
    take : int array, shape (made columns,)
        Which of the values read becomes which made column.
    steps : tuple of (str, float array)
        Names of :data:`~workbench.tables.steps.STEPS` with one operand a made column, in their order.
    """

    columns: tuple[str, ...]
    kind: Literal["number", "written", "date", "calendar", "difference"]
    take: Array
    steps: tuple[tuple[str, Array], ...] = ()

    @property
    def sources(self) -> tuple[Source, ...]:
        """Original column of each column that it makes; of a difference both."""
        if self.kind == "difference":
            return tuple((self.columns[2 * i], self.columns[2 * i + 1]) for i in self.take.tolist())
        return tuple(self.columns[i // EACH[self.kind]] for i in self.take.tolist())

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        values = self._read(columns)
        values = values if self._as_read else values[:, self.take]
        for name, operand in self.steps:
            values = STEPS[name](values, operand)
        return values

    def worked(self, raw: Array, made: int) -> Array:
        """What raw numbers, shape (rows,), become in one of the columns that it makes."""
        values = raw[:, None]
        for name, operand in self.steps:
            values = STEPS[name](values, operand[made : made + 1])
        return values[:, 0]

    def checked(self) -> Numbers:
        """This encoder, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        fits(all(isinstance(c, str) for c in self.columns) and bool(self.columns), "an encoder")
        fits(self.take.ndim == 1 and self.take.dtype.kind == "i", self._what)
        fits(self.kind != "difference" or len(self.columns) % 2 == 0, self._what)
        fits(bool(((self.take >= 0) & (self.take < self._width)).all()), self._what)
        for name, operand in self.steps:
            fits(sound(name, operand, len(self.take)), self._what)
        return self

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": self.kind, "columns": list(self.columns), "steps": [name for name, _ in self.steps]}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"take": self.take, **{f"step{i}": operand for i, (_, operand) in enumerate(self.steps)}}

    @property
    def _width(self) -> int:
        """How many numbers are read."""
        return len(self.columns) // 2 if self.kind == "difference" else len(self.columns) * EACH[self.kind]

    @property
    def _what(self) -> str:
        return self.columns[0] if self.columns else "the numbers"

    @cached_property
    def _as_read(self) -> bool:
        return np.array_equal(self.take, np.arange(self._width))

    def _read(self, columns: Columns) -> Array:
        if self.kind == "difference":
            return self._differences({c: moments(columns[c]) for c in unlike(self.columns)})
        read = [columns[c] for c in self.columns]
        if self.kind != "number":
            return np.hstack([_READ[self.kind](values) for values in read])
        if all(type(values) is list for values in read):
            return np.array(read, dtype=np.float64).T  # a service's rows; None becomes NaN
        return np.column_stack([numbers(values) for values in read])

    def _differences(self, read: dict[str, Array]) -> Array:
        pairs = zip(self.columns[::2], self.columns[1::2], strict=True)
        return np.column_stack([days(read[start], read[end]) for start, end in pairs])


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
    def sources(self) -> tuple[Source, ...]:
        """Original column of each column that it makes."""
        return (self.column,) * self.table.shape[1]

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        return self.table[self.codes(columns)]

    def code(self, value: Any) -> int:
        """Row of the table of one value."""
        return self._codes[value]

    def codes(self, columns: Columns) -> list[int]:
        """Row of the table by row."""
        values = columns[self.column]
        values = values if type(values) is list else np.asarray(values, dtype=object).tolist()
        return list(map(self._codes.__getitem__, values))

    def checked(self) -> Categories:
        """This encoder, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        fits(self.table.ndim == 2 and len(self.table) == len(self.keys) + 2, self.column)
        fits(self.table.dtype == np.float64 and not bool(np.isinf(self.table).any()), self.column)
        fits(all(isinstance(key, (str, int, float)) for key in self.keys), self.column)
        return self

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": "category", "column": self.column, "keys": list(self.keys)}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"table": self.table}

    @cached_property
    def _codes(self) -> _Codes:
        known = len(self.keys)
        return _Codes(((key, i) for i, key in enumerate(self.keys)), known, known + 1)


@dataclass(frozen=True, eq=False)
class Hot:
    """One-hot columns of many categories: which group each category falls into, and which group each column tells.

    It gives what :class:`Categories` gives, whose table would have as many numbers as the square of the categories.

    Parameters
    ----------
    column : str
        Original column.
    keys : tuple
        The categories: texts, or numbers where the column holds numbers or booleans.
    groups : int array, shape (keys + 2,)
        Group of each category, of missing and of unseen values; the last group is told by no column.
    place : int array, shape (made columns,)
        Which group each made column tells.
    yes, no : float array, shape (made columns,)
        What it is for that group, and for all others.
    """

    column: str
    keys: tuple[Any, ...]
    groups: Array
    place: Array
    yes: Array
    no: Array

    @property
    def columns(self) -> tuple[str, ...]:
        """The one original column."""
        return (self.column,)

    @property
    def sources(self) -> tuple[Source, ...]:
        """Original column of each column that it makes."""
        return (self.column,) * len(self.place)

    @property
    def codes_made(self) -> int:
        """How many groups there are."""
        return int(self.groups.max()) + 1

    def encode(self, columns: Columns) -> Array:
        """The encoded values, shape (rows, made columns)."""
        codes = np.array(self.codes(columns), np.intp)
        result = np.tile(self.no, (len(codes), 1))
        rows, made = self._told(codes)
        result[rows, made] = self.yes[made]
        return result

    def code(self, value: Any) -> int:
        """Group of one value."""
        return self._codes[value]

    def codes(self, columns: Columns) -> list[int]:
        """Group by row."""
        values = columns[self.column]
        values = values if type(values) is list else np.asarray(values, dtype=object).tolist()
        return list(map(self._codes.__getitem__, values))

    def by_group(self, made: int) -> Array:
        """What one of the made columns is for each group, shape (groups,)."""
        return np.where(np.arange(self.codes_made) == self.place[made], self.yes[made], self.no[made])

    def by_key(self, made: int) -> Array:
        """What one of the made columns is for each category, a missing and an unseen value, shape (keys + 2,)."""
        return np.where(self.groups == self.place[made], self.yes[made], self.no[made])

    def checked(self) -> Hot:
        """This encoder, if its tables fit together.

        Raises
        ------
        Damaged
            If they do not.
        """
        made, groups = len(self.place), self.groups
        fits(groups.shape == (len(self.keys) + 2,) and groups.dtype.kind == self.place.dtype.kind == "i", self.column)
        fits(bool(((groups >= 0) & (groups <= made)).all()) and self.place.ndim == 1 and made > 0, self.column)
        fits(bool(((self.place >= 0) & (self.place < made)).all()), self.column)
        for values in (self.yes, self.no):
            fits(
                values.shape == (made,) and values.dtype == np.float64 and not bool(np.isinf(values).any()), self.column
            )
        fits(all(isinstance(key, (str, int, float)) for key in self.keys), self.column)
        return self

    def header(self) -> dict[str, Any]:
        """What is not an array, for saving."""
        return {"kind": "hot", "column": self.column, "keys": list(self.keys)}

    def arrays(self) -> dict[str, Array]:
        """The tables by name, for saving."""
        return {"groups": self.groups, "place": self.place, "yes": self.yes, "no": self.no}

    def _told(self, codes: Array) -> tuple[Array, Array]:
        """Each row, with each of the columns that tell its group."""
        order, starts = self._by_group
        many = starts[codes + 1] - starts[codes]
        rows = np.repeat(np.arange(len(codes)), many)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(many) - many, many)
        return rows, order[starts[codes][rows] + within]

    @cached_property
    def _by_group(self) -> tuple[Array, Array]:
        """The made columns in the order of their groups, and where those of each group begin."""
        order = np.argsort(self.place, kind="stable")
        return order, np.searchsorted(self.place[order], np.arange(len(self.place) + 2))

    @cached_property
    def _codes(self) -> _Codes:
        return _Codes(zip(self.keys, self.groups.tolist(), strict=False), *self.groups[-2:].tolist())


class _Codes(dict[Any, int]):
    """Codes of the keys; then one for a missing and one for an unseen value."""

    def __init__(self, pairs: Iterable[tuple[Any, int]], missing: int, unseen: int) -> None:
        super().__init__(pairs)
        self._missing, self._unseen = missing, unseen

    def __missing__(self, value: Any) -> int:
        return self._missing if is_missing(value) else self._unseen


def in_texts(values: Any) -> Array:
    """The numbers in a column of texts, NaN where there is none, shape (rows, 1).

    >>> in_texts(["<5", None]).tolist()
    [[5.0], [nan]]
    """
    return np.array([written(value) for value in np.asarray(values, dtype=object).tolist()], np.float64)[:, None]


def read_encoder(header: dict[str, Any], arrays: dict[str, Array], name: str) -> Numbers | Categories | Hot:
    """An encoder from what its ``header`` and ``arrays`` gave, checked; formats 1 to 7."""
    if header["kind"] == "hot":
        tables = (arrays[f"{name}.{table}"] for table in ("groups", "place", "yes", "no"))
        return Hot(header["column"], tuple(header["keys"]), *tables).checked()
    if header["kind"] == "category":
        return Categories(header["column"], tuple(header["keys"]), arrays[f"{name}.table"]).checked()
    fits(header["kind"] in (*EACH, "difference"), "an encoder")
    columns: tuple[str, ...] = tuple(header["columns"])
    if "steps" in header:
        steps = tuple((s, arrays[f"{name}.step{i}"]) for i, s in enumerate(header["steps"]))
        return Numbers(columns, header["kind"], arrays[f"{name}.take"], steps).checked()
    first = (("fill", "fill"), ("subtract", "mean"), ("divide", "scale"))
    steps = tuple((step, arrays[f"{name}.{old}"]) for step, old in first)
    return Numbers(columns, header["kind"], np.arange(len(columns) * EACH[header["kind"]]), steps).checked()


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


def calendar(values: Any) -> Array:
    """Day of the month, and days since 1970, of moments, NaN where missing, shape (rows, 2).

    >>> calendar(np.array(["1970-02-03T12:00", "NaT"], "datetime64[s]")).tolist()
    [[3.0, 33.5], [nan, nan]]
    """
    moment = moments(values)
    day = (moment.astype("datetime64[D]") - moment.astype("datetime64[M]")) / DAY + 1
    return np.column_stack([day, days(EPOCH, moment)])


def days(start: Any, end: Any) -> Array:
    """Days from one moment to another, both of :func:`moments`; NaN where one is missing, shape (rows,).

    >>> days(moments(np.array(["2024-02-28", "NaT"], "datetime64[s]")), moments([np.datetime64("2024-03-01T06")] * 2))
    array([2.25,  nan])
    """
    between: Array = (end - start) / DAY
    return between


def moments(values: Any) -> Array:
    """A column of moments as datetime64 in microseconds, in UTC where the zone is known, shape (rows,)."""
    if str(getattr(values, "dtype", "")).startswith("datetime64"):
        return np.asarray(values, dtype="datetime64[us]")  # pandas gives moments with a zone in UTC
    array = np.asarray(values)
    return np.array([_moment(v) for v in array.tolist()], "datetime64[us]")


_READ: dict[str, Callable[[Any], Array]] = {"written": in_texts, "date": parts, "calendar": calendar}


def is_missing(value: Any) -> bool:
    """Whether a value of a category column is None or NaN."""
    return value is None or bool(value != value)


def fits(true: bool, what: str) -> None:
    """Raise :class:`~workbench.errors.Damaged` where a table is not ``true`` to what was written."""
    if not true:
        raise Damaged(f"The model's table for {what} is not what was written. Package the model again.")


def unlike(names: Sequence[str]) -> tuple[str, ...]:
    """The distinct names, in the order of their first appearance.

    >>> unlike(["b", "a", "b"])
    ('b', 'a')
    """
    return tuple(dict.fromkeys(names))


def _moment(value: Any) -> Any:
    if is_missing(value):
        return np.datetime64("NaT", "us")
    zone = getattr(value, "tzinfo", None)
    if zone is not None:
        value = value.replace(tzinfo=None) - value.utcoffset()
    return np.datetime64(value, "us")
