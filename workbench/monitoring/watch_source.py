"""What is new at a source: rows that have not been scored, labels that have not been taken in.

A file that is as it was is not read again. Of one that has grown, or of a query, the rows are cut into windows by their
time (or the file is one), and a window that holds what it held is passed over; others are filled up by what is not in
them yet. So no row is scored twice, whoever is killed when, and rows that come late are found.
"""

from __future__ import annotations

import re
import zlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.contract import Contract
from workbench.core.dataset import fingerprint
from workbench.core.names import matching
from workbench.core.secrets import is_reference, secret
from workbench.core.watch import Plan
from workbench.core.wording import how_many
from workbench.errors import BadParameter, BadTable, ColumnNotFound, WorkbenchError
from workbench.monitoring.feedback import feedback
from workbench.monitoring.row_keys import CONTENT, contents
from workbench.monitoring.score import ids_of, score
from workbench.monitoring.watch_book import Book, keep_stamp, stamps
from workbench.monitoring.window_order import bare_name
from workbench.monitoring.windows import Seen, windows
from workbench.reading import stamps as of_files
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.reading.files import paths_of
from workbench.reading.queries import query
from workbench.scoring.log import log_of

FREQUENCIES = {"day": "%Y-%m-%d", "week": "%G-W%V", "month": "%Y-%m"}
QUERY = "query"


@dataclass(frozen=True)
class Piece:
    """One file of a source, or a query.

    Parameters
    ----------
    place : str
        Its path; of a query what it is called.
    table : str or Query
        What is read.
    stamp : list
        What it is known by; empty where that can't be told without reading it.
    """

    place: str
    table: Any
    stamp: list[Any]

    @property
    def stem(self) -> str:
        """A name of a window for it."""
        name = re.sub(r"[^A-Za-z0-9._-]+", "-", Path(self.place).name.partition(".")[0]).strip("-._")
        return name[:80] or QUERY


def pieces(source: Any) -> list[Piece]:
    """The files of a source, or the one query; none where nothing is there yet.

    Raises
    ------
    BadParameter
        If a secret that it refers to is not set.
    """
    if isinstance(source, dict):
        return [Piece(QUERY, asked_of(source), [])]
    try:
        found = paths_of(str(source))
    except BadTable:
        return []  # a folder into which nothing has come
    return [Piece(path, path, _stamp(path)) for path in found]


def asked_of(source: Any) -> Any:
    """A source as :func:`workbench.dataset` takes it; a query's URL may be a reference to a secret."""
    if not isinstance(source, dict):
        return source
    url = secret(source["url"]) if is_reference(source["url"]) else source["url"]
    return query(source["sql"], url, **source.get("parameters", {}))


def is_select(text: str) -> bool:
    """Whether a table to train on is asked of a database.

    >>> is_select("SELECT * FROM sold"), is_select("selected/")
    (True, False)
    """
    return re.match(r"\s*(select|with)\s", text, re.IGNORECASE) is not None


def training_source(plan: Plan) -> Any:
    """Where the rows to train on are, as a plan keeps a source."""
    asked = plan.policy.train_on
    if asked is not None and isinstance(plan.source, dict) and is_select(asked):
        return {"sql": asked, "url": plan.source["url"]}
    return asked


def _stamp(path: str) -> list[Any]:
    found = None if "://" in path else of_files.stamps([path])[0]
    return [] if found is None else [found.size, found.changed[0]]


def collect(plan: Plan, book: Book) -> None:
    """Score what is new at the source, and take in new labels.

    A file that can't be read is told, and the others are read.

    Raises
    ------
    NotFound
        If there is no such bundle.
    """
    if plan.source is not None:
        for piece in _new(plan, "source", book):
            with _tried(piece, "source", book):
                _score(plan, piece, book)
    if plan.labels is not None:
        for piece in _new(plan, "labels", book):
            with _tried(piece, "labels", book):
                _take_labels(plan, piece, book)


def _new(plan: Plan, of: str, book: Book) -> Iterator[Piece]:
    known = stamps(book.name, book.force)
    for piece in pieces(getattr(plan, of)):
        if not piece.stamp or known.get(f"{of} {piece.place}") != piece.stamp:
            yield piece


class _tried:  # noqa: N801 - a context manager, as contextlib's
    """What goes wrong with one file is a decision, and holds up no other; what went well is not read again."""

    def __init__(self, piece: Piece, of: str, book: Book) -> None:
        self._piece, self._of, self._book = piece, of, book

    def __enter__(self) -> None:
        """Nothing is held."""

    def __exit__(self, _: Any, error: BaseException | None, __: Any) -> bool:
        piece, book = self._piece, self._book
        if error is None:
            if piece.stamp:
                keep_stamp(book.name, f"{self._of} {piece.place}", piece.stamp, book.force)
            return False
        if not isinstance(error, (WorkbenchError, OSError)):
            return False
        said = " ".join(str(error).split())
        key = f"unread/{self._of}/{piece.place}/{_digest([piece.stamp, said])}"
        book.write(key, "unread", f"{Path(piece.place).name}: {said}", saw={"of": self._of, "place": piece.place})
        return True


def _digest(value: Any) -> str:
    return f"{zlib.crc32(repr(value).encode()):08x}"


def _score(plan: Plan, piece: Piece, book: Book) -> None:
    bundle = champion(plan.name, book.force)
    table = read_table(piece.table, like=bundle.contract)
    for stretch, rows in cut(table, bundle.contract, plan, piece):
        key = f"score/{stretch}/{piece.place}/{fingerprint(rows)[:16]}"
        if not book.has(key):
            _score_stretch(plan, bundle, stretch, rows, key, piece, book)


def _score_stretch(
    plan: Plan, bundle: Bundle, stretch: str, rows: pd.DataFrame, key: str, piece: Piece, book: Book
) -> None:
    there = [s for s in windows(plan.name, book.force) if s.source == "batch" and bare_name(s.label) == stretch]
    own = next((s for s in there if s.version == bundle.version), None)
    others = [s for s in there if s.version != bundle.version]
    rows = rows[_not_in(others, rows, bundle, plan, book)] if others else rows
    label = own.label if own else f"{stretch}.v{bundle.version}" if others else stretch
    before = own.rows if own else 0
    if len(rows):
        score(plan.name, rows, window=label, id=plan.id or None, add=own is not None, home=book.force.home)
    now = next((s.rows for s in windows(plan.name, book.force) if s.label == label), 0) if len(rows) else before
    why = f"{how_many(now - before, 'row')} of {Path(piece.place).name} in the window {label}."
    saw = {"window": label, "rows": now - before, "place": piece.place}
    book.write(key, "scored", why, saw=saw, version=bundle.version)


def _not_in(others: list[Seen], rows: pd.DataFrame, bundle: Bundle, plan: Plan, book: Book) -> Any:
    """Which rows no other version has answered: shape (rows,), booleans."""
    ids = ids_of(rows, plan.id or None, bundle.contract)
    if ids is not None:
        known = {one for seen in others for one in seen.ids()}
        return pd.Series([one not in known for one in ids], index=rows.index)
    with log_of(plan.name, book.force) as log:
        held = contents(read_by(rows, bundle.contract.only(bundle.features)).table, log.key)
    left = Counter(one for seen in others if (keys := seen.keys()) is not None for one in keys[CONTENT])
    return pd.Series([_is_left(one, left) for one in held], index=rows.index)


def _is_left(one: str, known: Counter[str]) -> bool:
    """Whether a row is none of those that are known; equal ones are counted."""
    if known[one] > 0:
        known[one] -= 1
        return False
    return True


def cut(table: pd.DataFrame, contract: Contract, plan: Plan, piece: Piece) -> list[tuple[str, pd.DataFrame]]:
    """The rows of a file by the windows that they belong to, in order of time.

    Raises
    ------
    ColumnNotFound
        If the column of moments is absent.
    BadTable
        If a row has no moment.
    """
    way = way_of(contract, plan)
    if way == "file":
        return [(piece.stem, table)]
    time = contract.time or ""
    if matching(time, table.columns) is None:
        raise ColumnNotFound.named(time, map(str, table.columns))
    moments = read_by(table, contract.only([time])).table[time]
    if missing := int(moments.isna().sum()):
        raise BadTable(f"{how_many(missing, 'row')} have no {time!r}, which says of which {way} they are. Correct it.")
    labels = moments.dt.strftime(FREQUENCIES[way])
    return [(str(label), table[labels == label]) for label in sorted(labels.unique())]


def way_of(contract: Contract, plan: Plan) -> str:
    """How rows are cut into windows: by day, week or month, or each file for itself.

    Raises
    ------
    BadParameter
        If they are to be cut by time, and no column has any; or rows of several files make one window, and nothing
        tells equal ones apart.
    """
    timed = contract.time is not None and contract[contract.time].kind == "datetime"
    apart = contract.id is not None or bool(plan.id) or not _several(plan.source)
    if plan.window == "auto":
        return "day" if timed and apart else "file"
    if plan.window != "file" and not timed:
        raise BadParameter(
            f"window={plan.window!r} cuts by time, and the bundle's contract has no time column. Give window='file'."
        )
    if plan.window != "file" and not apart:
        raise BadParameter(
            f"window={plan.window!r} may join rows of several files, and equal ones can't be told apart without an "
            "id. Name the column, id=…, or give window='file'."
        )
    return plan.window


def _several(source: Any) -> bool:
    return isinstance(source, str) and not Path(source).is_file()


def _take_labels(plan: Plan, piece: Piece, book: Book) -> None:
    bundle = champion(plan.name, book.force)
    table = read_table(piece.table, like=bundle.contract)
    key = f"labels/{piece.place}/{fingerprint(table)[:16]}"
    if book.has(key) or table.empty:
        return
    joined = feedback(plan.name, table, id=plan.id or None, home=book.force.home)
    why = f"{how_many(len(table), 'row')} of {Path(piece.place).name}: {how_many(joined, 'label')} with a prediction."
    book.write(key, "labels", why, saw={"joined": joined, "rows": len(table), "place": piece.place})
