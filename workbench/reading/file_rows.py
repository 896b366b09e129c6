"""The rows of a dataset that keeps its file: read when they are asked for, and never other ones in silence."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
import pandas as pd
import polars as pl

from workbench.core.dataset import Fingerprint, row_hashes
from workbench.core.rows import Rows
from workbench.errors import BadTable
from workbench.reading.columns import CHUNK
from workbench.reading.pandas_tables import pandas_source
from workbench.reading.source import Stored, values_of
from workbench.reading.stamps import Stamp, stamps
from workbench.reading.typed_columns import TypedColumn, in_pandas

# Values that are put in order at once, or as many of all as need so many ways through the files, where those are more.
WINDOW = 2_000_000
MOST_WINDOWS = 8


class FileRows(Rows):
    """Rows that lie in files, in the types and the order that a dataset has them in.

    Parameters
    ----------
    files : Stored
    columns : mapping of str to TypedColumn
        How each column is read.
    rows : int
    fingerprint : str
        Of all rows in their order.
    order : numpy.ndarray, shape (rows,), optional
        Place of each row in the files; None: they are in order.
    first : pandas.DataFrame
    often : mapping of str to frozenset of str
        As :class:`~workbench.core.rows.Rows` has them.
    """

    def __init__(
        self,
        files: Stored,
        columns: Mapping[str, TypedColumn],
        rows: int,
        fingerprint: str,
        order: np.ndarray | None,
        first: pd.DataFrame,
        often: Mapping[str, frozenset[str]],
    ) -> None:
        self.names, self.first, self.often = tuple(columns), first, often
        self._files, self._seen, self._typed = files, files.seen, dict(columns)
        self._rows, self._fingerprint, self._order = rows, fingerprint, order
        self._columns: dict[str, pd.Series] = {}
        self._frame: pd.DataFrame | None = None

    def __repr__(self) -> str:
        return f"<{self._rows:,} rows of {', '.join(self._files.places[:3])}>"

    def __getstate__(self) -> dict[str, object]:
        """What was read is read again from the files, which are not copied."""
        return {**vars(self), "_columns": {}, "_frame": None}

    def columns(self, names: Sequence[str]) -> pd.DataFrame:
        """Some columns, shape (rows, names).

        Raises
        ------
        BadTable
            If a file is gone, or holds other rows than it did.
        KeyError
            If there is no such column.
        """
        if self._frame is not None:
            return self._frame[list(names)]
        if unknown := [name for name in names if name not in self._typed]:
            raise KeyError(f"{unknown} not in the columns {list(self.names)}")
        self._columns |= self._read([name for name in dict.fromkeys(names) if name not in self._columns])
        some = pd.DataFrame({name: self._columns[name] for name in names}, index=pd.RangeIndex(self._rows))
        return some if len(some.columns) == len(names) else some[list(names)]

    def frame(self) -> pd.DataFrame:
        """All columns; they are kept from then on.

        Raises
        ------
        BadTable
            If a file is gone, or holds other rows than it did.
        """
        if self._frame is None:
            self._columns |= self._read([name for name in self.names if name not in self._columns])
            self._frame = pd.DataFrame({name: self._columns.pop(name) for name in self.names})
        return self._frame

    def chunks(self, most: int) -> Iterator[pl.DataFrame]:
        """All columns, ``most`` rows at a time; none is kept.

        Raises
        ------
        BadTable
            If a file is gone, or holds other rows than it did.
        """
        if self._frame is not None:
            yield from pandas_source(self._frame, "memory").chunks(most)
            return
        self._check()
        parts = self._chunks(self.names) if self._order is None else self._in_windows(self._order, most)
        yield from evenly(self._as_held(parts), most)

    def _in_windows(self, order: np.ndarray, most: int) -> Iterator[pl.DataFrame]:
        """The rows in order, so many of them at once as fit: the files are gone through for each such part."""
        rank = np.empty_like(order)
        rank[order] = np.arange(len(order), dtype=order.dtype)
        window = max(WINDOW // len(self.names), -(-len(order) // MOST_WINDOWS))
        window += -window % most  # whole chunks, so that none is left of it when the next is read
        for start in range(0, len(order), window):
            yield self._window(rank, start, start + window)

    def _window(self, rank: np.ndarray, start: int, end: int) -> pl.DataFrame:
        at, parts, ranks = 0, [], []
        for chunk in self._chunks(self.names):
            here = rank[at : (at := at + chunk.height)]
            inside = np.flatnonzero((here >= start) & (here < end))
            parts.append(chunk[inside])
            ranks.append(here[inside])
        return pl.concat(parts)[np.argsort(np.concatenate(ranks))]

    def _as_held(self, parts: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """In the types that a table in memory has."""
        for part in parts:
            yield pl.DataFrame({name: self._typed[name].as_held(values_of(part, name)) for name in part.columns})
            del part  # of what was read, which would stay while more is read

    def _read(self, names: Sequence[str]) -> dict[str, pd.Series]:
        """Columns in the dataset's order; one after the other leaves the form in which it was read."""
        if not names:
            return {}
        self._check()
        parts: dict[str, list[pl.Series]] = {name: [] for name in names}
        for chunk in self._chunks(names):
            for name, several in parts.items():
                several.append(values_of(chunk, name))
        return {name: self._in_order(self._typed[name].to_pandas(pl.concat(parts.pop(name)))) for name in names}

    def _in_order(self, values: pd.Series) -> pd.Series:
        return values if self._order is None else values.take(self._order).reset_index(drop=True)

    def _chunks(self, names: Sequence[str]) -> Iterator[pl.DataFrame]:
        """What the files hold, in its types and in their order.

        Raises
        ------
        BadTable
            If they have changed meanwhile.
        """
        source, rows = self._files.open(), 0
        if not set(names) <= set(source.names):
            raise changed(self._files, self._seen)
        for chunk in source.chunks_of(names, CHUNK):
            rows += chunk.height
            yield pl.DataFrame({name: self._typed[name].read(values_of(chunk, name)) for name in names})
        if rows != self._rows or stamps(self._files.places) != self._seen:
            raise changed(self._files, self._seen)

    def _check(self) -> None:
        """Whether the files are as they were; where they were only touched or copied, their content says it."""
        before, now = self._seen, stamps(self._files.places)
        if now == before:
            return
        if gone := [place for place, one in zip(self._files.places, now, strict=True) if one is None]:
            raise BadTable(
                f"{gone[0]} is not there any more, and the dataset reads its rows from it. Put it back, or call "
                "wb.dataset with another file."
            )
        self._seen = now
        if [one and one.size for one in now] != [one and one.size for one in before] or not self._same_content():
            self._seen = before
            raise changed(self._files, self._seen)

    def _same_content(self) -> bool:
        content = Content(ordered=self._order is not None)
        try:
            for chunk in self._chunks(self.names):
                content.add(in_pandas(self._typed, {name: values_of(chunk, name) for name in self.names}))
        except (BadTable, pl.exceptions.PolarsError):  # a file of another kind, other columns, other types
            return False
        return content.fingerprint(self._order) == self._fingerprint


class Content:
    """The fingerprint of rows that pass by.

    Parameters
    ----------
    ordered : bool
        Whether they will be put in another order, so that a hash of each has to be kept.

    Examples
    --------
    >>> one, other = Content(ordered=True), Content(ordered=False)
    >>> one.add(pd.DataFrame({"x": [2, 1]}))
    >>> other.add(pd.DataFrame({"x": [1, 2]}))
    >>> one.fingerprint(np.array([1, 0])) == other.fingerprint()
    True
    """

    def __init__(self, *, ordered: bool) -> None:
        self._ordered, self._digest = ordered, Fingerprint({})
        self._hashes: list[np.ndarray] = []
        self.rows = 0

    def add(self, frame: pd.DataFrame) -> None:
        """Further rows; all have the types of the first."""
        if not self.rows:
            self._digest = Fingerprint(frame.dtypes)
        self.rows += len(frame)
        hashes = row_hashes(frame)
        if self._ordered:
            self._hashes.append(hashes)
        else:
            self._digest.update(hashes)

    def fingerprint(self, order: np.ndarray | None = None) -> str:
        """Of all rows; to be asked for once."""
        if self._ordered:
            hashes = np.concatenate(self._hashes)
            self._digest.update(hashes if order is None else hashes[order])
        return self._digest.hexdigest()


def evenly(chunks: Iterable[pl.DataFrame], most: int) -> Iterator[pl.DataFrame]:
    """The same rows, ``most`` at a time.

    >>> [part.height for part in evenly([pl.DataFrame({"x": [1, 2]}), pl.DataFrame({"x": [3, 4, 5]})], 2)]
    [2, 2, 1]
    """
    held: list[pl.DataFrame] = []
    rows = 0
    for chunk in chunks:
        held, rows = [*held, chunk], rows + chunk.height
        while rows >= most:
            joined = pl.concat(held)
            yield joined.head(most)
            held, rows = [joined.slice(most)] if rows > most else [], rows - most
            del joined
        del chunk  # of what was read, which would stay while more is read
    if rows:
        yield pl.concat(held)


def changed(files: Stored, seen: tuple[Stamp | None, ...]) -> BadTable:
    """The error of rows that are not those whose fingerprint was taken; it names the first file that differs."""
    now = zip(files.places, stamps(files.places), seen, strict=True)
    place = next((place for place, one, before in now if one != before), files.places[0])
    return BadTable(f"{place} has changed since it was read; call wb.dataset again.")
