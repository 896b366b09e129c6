"""The verb ``feedback``: the truth comes later, and finds its predictions."""

from __future__ import annotations

import re
import sys
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.arguments import names_or_none, text_or_none
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.contract import Column, Contract
from workbench.core.literals import python
from workbench.core.names import matching
from workbench.core.nouns import bundle_name
from workbench.core.parameters import FeedbackStep, take_beside
from workbench.core.wording import how_many, listed, listed_values, worded
from workbench.errors import BadTable, ColumnNotFound
from workbench.monitoring.places import Places, look_up
from workbench.monitoring.row_keys import CONTENT, contents, hashes, joined
from workbench.monitoring.window_order import natural
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.ids import no_id, settled
from workbench.scoring.log import PredictionLog, log_of
from workbench.settings import settings

HARDLY = 0.1  # share of labels below which they seem to have other ids than the predictions
MOST_NAMED = 20  # classes that a message names
FEW_NAMED = 3  # ids that a message names
_POINT_ZERO = re.compile(r"^(-?[0-9]+)\.0$")


def feedback(
    name: str | Bundle,
    labels: Any,
    *,
    id: str | Sequence[str] | None = (),  # noqa: A002 - as in score
    label: str | None = None,
    window: str | None = None,
    withdraw: bool = False,
    home: str | Path | None = None,
) -> int:
    """Keep labels that came later, joined to their predictions by id or by what tells a row; the last one counts.

    Labels whose prediction has not arrived are kept until it does, and their number is told. Another label than the one
    that is there is a correction: both are kept with their times, and the window tells of a conflict until the label is
    withdrawn and given again. The same label again is nothing new.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    labels : path, pandas.DataFrame, or whatever else :func:`workbench.dataset` reads
        Table of shape (rows, at least 2); rows without a label are left out. It has ids and labels; or columns that
        tell a row and came with it to ``wb.score`` (keys), or all features, and labels.
    id : str or sequence of str, optional
        Its id column, or the columns that make the id together: the contract's by default, or ``id``.
    label : str, optional
        Its label column: the target by default, or ``label``.
    window : str, optional
        Of which the rows are, where keys find rows of several.
    withdraw : bool
        True: take back what was said of these rows; no label is needed.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    int
        Labels that have their prediction, each counted once.

    Raises
    ------
    NotFound
        If there is no such bundle.
    BadParameter
        If something else than a name or a bundle came, or a keyword got what it does not take.
    ColumnNotFound
        If the labels, or what tells their rows, are absent.
    BadTable
        If a label is none of the model's classes, or no number for a regression. If keys find several rows, or an id is
        a float that other ids have too.

    Notes
    -----
    Ids and labels are read as the contract says: ``1000.0`` and ``1,000`` are the id 1000 where ids are whole numbers.
    Where hardly any label has its prediction, a warning shows an id of each.

    Examples
    --------
    >>> import workbench as wb
    >>> answers = wb.score("churn", "july.csv", window="2026-07")
    >>> wb.feedback("churn", "july-labels.csv")
    300
    """
    columns, label = names_or_none(id, "id", "wb.feedback"), text_or_none(label, "label", "wb.feedback")
    window = text_or_none(window, "window", "wb.feedback")
    asked = {"id": columns or (), "label": label, "window": window, "withdraw": withdraw}
    name = take_beside(FeedbackStep, "labels", labels, {"name": bundle_name(name, "wb.feedback"), **asked}).name
    force = settings(home=home)
    bundle = champion(name, force)
    table = read_table(labels, like=bundle.contract).reset_index(drop=True)
    truth = _none_of(table) if withdraw else truth_of(bundle, table, _label_column(table, label, bundle.contract))
    given = Given(bundle, table if withdraw else table[truth.notna()], columns, window)
    with log_of(name, force) as log:
        ids = look_up(name, force, log, lambda places: _found(given, places, log.key))
        log.label((one, _plain(truth[row])) for row, one in ids.items())
        return _told(given, set(ids.values()), log, look_up(name, force, log, lambda places: _unjoined(places, ids)))


@dataclass(frozen=True)
class Given:
    """Labels as they came.

    Parameters
    ----------
    bundle : Bundle
        That answers now.
    table : pandas.DataFrame
        Of the rows that have a label.
    columns : tuple of str, optional
        That make the id, if somebody named them.
    window : str, optional
        Of which the rows are.
    """

    bundle: Bundle
    table: pd.DataFrame
    columns: tuple[str, ...] | None
    window: str | None

    @property
    def contract(self) -> Contract:
        """Of the bundle."""
        return self.bundle.contract

    def place(self, name: str | None) -> int | None:
        """Where a column stands; None where there is none of that name."""
        return None if name is None else matching(name, self.table.columns)

    def values(self, name: str) -> list[Any]:
        """Of a column that is there."""
        at = self.place(name)
        assert at is not None
        return self.table[self.table.columns[at]].tolist()

    def id_columns(self) -> tuple[str, ...]:
        """Those that make the id, named or usual ones.

        Raises
        ------
        ColumnNotFound
            If one that was named is absent.
        """
        for name in self.columns or ():
            if self.place(name) is None:
                raise ColumnNotFound.named(name, map(str, self.table.columns))
        usual = (name for name in (self.contract.id, "id") if self.place(name) is not None)
        return self.columns or tuple(n for n in [next(usual, None)] if n is not None)


def _none_of(table: pd.DataFrame) -> pd.Series:
    return pd.Series([None] * len(table), index=table.index, dtype=object)


def _found(given: Given, places: Places, key: bytes) -> dict[Any, str]:
    """The id of each row's prediction by the row's index; rows that no key finds are left out."""
    names = given.id_columns()
    by_id = _by_id(given, names, places) if names else {}
    unknown = by_id.keys() - _known_rows(by_id, places)
    kept = places.key_columns() if unknown or not names else []
    if names and not (set(names) <= set(kept) and unknown):
        return by_id
    keyed = _by_keys(given, places, key, names, kept)
    if not names:
        _tell_lost(given, len(given.table) - len(keyed))
    return {**by_id, **{row: one for row, one in keyed.items() if row in unknown or not names}}


def _known_rows(by_id: dict[Any, str], places: Places) -> set[Any]:
    known = places.known(by_id.values())
    return {row for row, one in by_id.items() if one in known}


def _by_id(given: Given, names: Sequence[str], places: Places) -> dict[Any, str]:
    columns = [_id_column(given.contract, name) for name in names]
    if len(names) > 1:
        rows = zip(*map(given.values, names), strict=True)
        ids: list[Any] = [joined(row, columns) for row in rows]
        return {row: one for row, one in zip(given.table.index, ids, strict=True) if one is not None}
    column = columns[0] or _id_column(given.contract, given.contract.id)
    there = [
        (row, value)
        for row, value in zip(given.table.index, given.values(names[0]), strict=True)
        if not no_id(value, column)
    ]
    strange = given.columns is not None and names[0] not in given.contract
    read = settled([value for _, value in there], column, places.known, strange)
    return dict(zip((row for row, _ in there), read, strict=True))


def _id_column(contract: Contract, name: str | None) -> Column | None:
    return None if name is None else contract.by_name.get(name)


def _by_keys(given: Given, places: Places, key: bytes, names: Sequence[str], kept: Sequence[str]) -> dict[Any, str]:
    """By all features, if they are there, else by the columns that were kept.

    Raises
    ------
    ColumnNotFound
        If neither is there.
    BadTable
        If a key finds several rows.
    """
    lacking = [name for name in given.bundle.features if given.place(name) is None]
    if not names and CONTENT in kept and not lacking:
        found = _by_content(given, places, key)
        if found:
            return found
    used = [name for name in (names or kept) if given.place(name) is not None and name != CONTENT]
    if not used:
        raise _nothing_to_find_by(given, kept, lacking)
    columns = [given.contract.by_name.get(name) for name in used]
    rows = [
        hashes(([value] for value in given.values(name)), [column], key)
        for name, column in zip(used, columns, strict=True)
    ]
    held = [_holding(places, name, keys, given.window) for name, keys in zip(used, rows, strict=True)]
    found = {}
    for i, row in enumerate(given.table.index):
        meant = [holding.get(keys[i], set()) for holding, keys in zip(held, rows, strict=True) if keys[i] is not None]
        if together := set.intersection(*meant) if meant else set():
            found[row] = _only(together, used)
    return found


def _by_content(given: Given, places: Places, key: bytes) -> dict[Any, str]:
    """Equal rows take the ids of equal rows one after the other."""
    features = read_by(given.table, given.contract.only(given.bundle.features)).table
    held = contents(features, key)
    left = {
        one: sorted(rows, key=lambda row: natural(row[1]), reverse=True)
        for one, rows in _holding(places, CONTENT, held, given.window).items()
    }
    found = {}
    for row, one in zip(given.table.index, held, strict=True):
        if len({window for window, _ in left.get(one, ())}) > 1:
            raise _in_several(left[one], "what these rows hold")
        if left.get(one):
            found[row] = left[one].pop()[1]
    return found


def _holding(places: Places, name: str, keys: Sequence[Any], window: str | None) -> dict[Any, set[tuple[str, str]]]:
    held: dict[Any, set[tuple[str, str]]] = {}
    for one, label, row in places.holding(name, (key for key in keys if key is not None)):
        if window in (None, label):
            held.setdefault(one, set()).add((label, row))
    return held


def _only(rows: set[tuple[str, str]], used: Sequence[str]) -> str:
    if len(rows) == 1:
        return next(iter(rows))[1]
    named = listed([repr(name) for name in used])
    if len({window for window, _ in rows}) > 1:
        raise _in_several(rows, named)
    raise BadTable(
        f"{named} is the same in {len(rows)} rows of the window {next(iter(rows))[0]}. Give ids, or more columns."
    )


def _in_several(rows: Any, what: str) -> BadTable:
    windows = listed(sorted({window for window, _ in rows}, key=natural)[:FEW_NAMED])
    return BadTable(f"Of {what} there are rows in several windows, such as {windows}. Say of which: window=….")


def _nothing_to_find_by(given: Given, kept: Sequence[str], lacking: Sequence[str]) -> ColumnNotFound:
    """What is missing, in words."""
    others = [repr(name) for name in kept if name != CONTENT]
    ways = [
        f"the column {given.contract.id or 'id'!r}, as wb.score answered it",
        *([f"{listed(others)}, which came with the rows"] if others else []),
        *([f"all features (of them {listed([repr(n) for n in lacking[:FEW_NAMED]])} and others are missing)"
           if len(lacking) > FEW_NAMED else f"all features ({listed([repr(n) for n in lacking])} missing)"]
          if CONTENT in kept and lacking else []),
    ]  # fmt: skip
    has = listed([repr(str(name)) for name in given.table.columns[:MOST_NAMED]])
    return ColumnNotFound(
        f"The labels have nothing that tells their rows. Expected {'; or '.join(ways)}; got {has}. Add one of them, or "
        "name the id column: id=…."
    )


def _tell_lost(given: Given, lost: int) -> None:
    if lost:
        sys.stderr.write(
            f"{how_many(lost, 'label')} of {len(given.table):,} found no row that was scored, and "
            f"{'is' if lost == 1 else 'are'} not kept. Give them again when their rows are scored, or give ids.\n"
        )


def _unjoined(places: Places, ids: dict[Any, str]) -> tuple[set[str], str | None]:
    """Ids without a prediction, and an id of some prediction."""
    given = set(ids.values())
    return given - places.known(given), places.any_id()


def _told(given: Given, ids: set[str], log: PredictionLog, unjoined: tuple[set[str], str | None]) -> int:
    """How many labels have their prediction; what waits and what contradicts is said."""
    waiting, one = unjoined
    hidden = given.contract.id is not None and given.contract[given.contract.id].sensitive
    if conflicts := log.conflicts(ids):
        named = "" if hidden else f" (such as {min(conflicts, key=natural)!r})"
        sys.stderr.write(
            f"{how_many(len(conflicts), 'row')}{named} had another label before. The last one counts; the report tells "
            "of them until what is wrong is withdrawn.\n"
        )
    if waiting:
        _tell_waiting(sorted(waiting, key=natural), len(ids), one, hidden)
    return len(ids) - len(waiting)


def _tell_waiting(waiting: Sequence[str], labels: int, one: str | None, hidden: bool) -> None:
    """That labels wait; where hardly any has its prediction, that ids seem to be other ones."""
    joined_labels = labels - len(waiting)
    if one is None or joined_labels >= HARDLY * labels:
        named = "" if hidden else f" ({', '.join(waiting[:FEW_NAMED])}{', …' if len(waiting) > FEW_NAMED else ''})"
        sys.stderr.write(f"{len(waiting):,} labels have no prediction yet{named}; they are kept until it arrives.\n")
        return
    shown = "" if hidden else f" An id of the labels is {waiting[0]!r}, one of the predictions {one!r}."
    warnings.warn(
        f"{joined_labels:,} of {labels:,} labels have their prediction.{shown} The others are kept until it arrives; "
        f"if the ids are in another column, give its name: {python('wb.feedback(name, labels, id=column)')}.",
        stacklevel=4,
    )


def _label_column(table: pd.DataFrame, given: str | None, contract: Contract) -> Any:
    """Name of the column of labels: the given one, else the target if it is there, else ``label``."""
    places = [matching(name, table.columns) for name in ([given] if given else [contract.target, "label"]) if name]
    place = next((at for at in places if at is not None), None)
    if place is None:
        raise ColumnNotFound.named(given or contract.target or "label", map(str, table.columns))
    return table.columns[place]


def truth_of(bundle: Bundle, table: pd.DataFrame, column: str) -> pd.Series:
    """Labels as the model has them, shape (rows,), missing where there is none.

    Raises
    ------
    BadTable
        If a label is none of the model's classes, or no number for a regression.
    """
    target = bundle.contract.target or column
    read = read_by(pd.DataFrame({target: table[column]}), bundle.contract.only([target]))
    typed = read.table[target]
    # What could not be read became missing: that is an error where something was there.
    unread = table.loc[read.unread.get(target, np.zeros(len(table), dtype=bool)), column]
    if not bundle.classes:
        if len(unread):
            whole = "whole " if bundle.contract[target].kind == "integer" else ""
            raise BadTable(f"The label {_plain(unread.iloc[0])!r} is no {whole}number. Correct the column {column!r}.")
        return typed.astype(float)
    place = _places(typed.dropna().unique().tolist(), bundle.classes)
    left_out = {label for label, known in place.items() if known is None and _was_there(bundle, label)}
    strange = [*unread, *(label for label, known in place.items() if known is None and label not in left_out)]
    if strange:
        raise BadTable(
            f"The label {worded(strange[0])} is none of the classes {listed_values(bundle.classes, MOST_NAMED)}. "
            f"Correct the column {column!r}."
        )
    if left_out:
        rows = how_many(int(typed.isin(left_out).sum()), "label")
        sys.stderr.write(
            f"{rows} of {listed_values(sorted(left_out))} left out: so few rows had these classes when "
            f"{bundle.name} was trained that it does not know them.\n"
        )
    # A plain dict, as pandas' map takes 1.0 and True for two things.
    return pd.Series([place.get(v) for v in typed.tolist()], index=typed.index, dtype=object)


def _was_there(bundle: Bundle, label: Any) -> bool:
    """Whether a class was in the table that was learnt from, too rare to be learnt."""
    target = bundle.contract.target
    return target is not None and str(label) in (bundle.contract[target].categories or ())


def _places(labels: Sequence[Any], classes: Sequence[Any]) -> dict[Any, Any]:
    """The class of each label, None where it is none; 1.0 is the class 1, as one gap in a file makes it."""
    known = {c: c for c in classes}
    return {v: known.get(v, known.get(_POINT_ZERO.sub(r"\1", str(v)))) for v in labels}


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label
