"""The verbs ``score`` and ``feedback``: a batch is answered, and the truth comes later."""

from __future__ import annotations

import re
import sys
import warnings
from collections import Counter
from collections.abc import Sequence, Set
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.arguments import text, text_or_none
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.contract import Column, Contract
from workbench.core.literals import python
from workbench.core.names import matching
from workbench.core.nouns import bundle_name
from workbench.core.wording import how_many, listed_values, worded
from workbench.errors import BadTable, ColumnNotFound, Refused
from workbench.monitoring.group_windows import group_columns
from workbench.monitoring.reason_windows import reasons_of
from workbench.monitoring.windows import answered, keep, windows
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.ids import id_text
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings, settings

HARDLY = 0.1  # share of labels below which they seem to have other ids than the predictions
MOST_NAMED = 20  # classes that a message names
_POINT_ZERO = re.compile(r"^(-?[0-9]+)\.0$")
# A whole number with marks between thousands: in an id nothing else can be meant.
_GROUPED = re.compile(r"[1-9][0-9]{0,2}([,.'\u2019\s])[0-9]{3}(?:\1[0-9]{3})*")


def score(
    name: str | Bundle,
    source: Any,
    *,
    window: str,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    home: str | Path | None = None,
) -> pd.DataFrame:
    """Answer a whole table with the champion, and keep what was seen as one window.

    Scoring a window again replaces it, and says so.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle, if it is the champion.
    source : path, pandas.DataFrame, or whatever else :func:`workbench.dataset` reads
        Table of shape (rows, columns) with the model's features; target and known-after columns may be absent.
    window : str
        Name of the stretch of time or batch, such as ``2013-07``; windows sort by it.
    id : str, optional
        Column by which labels are joined later: the contract's by default; without one, ids are ``WINDOW/000001``, ….
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    pandas.DataFrame, shape (rows, columns)
        id, prediction (binary: probability of the second class; several classes: one column a class), answer, what the
        prediction leaves open where the bundle knows it (regression: ``low`` and ``high``, the ends of an interval that
        holds nine of ten; classes: ``set``, the labels that hold the right one in nine of ten rows), flags
        (``unseen_category:COLUMN; out_of_range:COLUMN``; ``unreadable:COLUMN`` where a value could not be read as the
        contract says and was taken as missing; or an empty text).

    Raises
    ------
    NotFound
        If there is no such bundle.
    BadParameter
        If something else than a name or a bundle came, or a keyword that takes a text got none.
    Refused
        If a bundle came that is not the champion: another version would answer.
    ColumnNotFound
        If a feature is absent.
    BadTable
        If the table can't be read, is empty, or an id is missing or there twice.

    Examples
    --------
    >>> import workbench as wb
    >>> answers = wb.score("churn", "july.csv", window="2026-07")
    >>> answers.shape, list(answers.columns)
    ((300, 5), ['id', 'prediction', 'answer', 'set', 'flags'])
    """
    force = settings(home=home)
    window, key = text(window, "window", "wb.score"), text_or_none(id, "id", "wb.score")
    scorer, name = Scorer(_answering(name, force).path), bundle_name(name, "wb.score")
    table = read_table(source, like=scorer.contract)
    if table.empty:
        raise BadTable(f"The table of window {window!r} has no row. Give one with at least one row.")
    predictions, features = answered(scorer, table, _ids(table, key, scorer.contract, window))
    kept = predictions.assign(**group_columns(scorer.bundle, table, force))
    why = reasons_of(scorer.bundle, features, "batch")
    if keep(scorer.bundle, window, kept, features, "batch", force, why):
        sys.stderr.write(f"Window {window} of {name} was there; it is replaced.\n")
    return predictions


def _answering(name: str | Bundle, force: Settings) -> Bundle:
    """The champion; another version that somebody holds is not taken for it."""
    now = champion(bundle_name(name, "wb.score"), force)
    if isinstance(name, Bundle) and name.version != now.version:
        raise Refused(
            f"Version {now.version} of {now.name} answers, and the bundle is version {name.version}. "
            f"Give the name, or promote the bundle: {python('wb.promote(bundle, bundle.version)')}."
        )
    return now


def feedback(
    name: str | Bundle,
    labels: Any,
    *,
    id: str | None = None,  # noqa: A002 - as in score
    label: str | None = None,
    home: str | Path | None = None,
) -> int:
    """Keep labels that came later, joined to their predictions by id; the last label of an id wins.

    Labels whose prediction has not arrived are kept until it does, and their number is told.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    labels : path, pandas.DataFrame, or whatever else :func:`workbench.dataset` reads
        Table of shape (rows, at least 2); rows without a label are left out.
    id : str, optional
        Its id column: the contract's by default, or ``id``.
    label : str, optional
        Its label column: the target by default, or ``label``.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    int
        Labels that have their prediction.

    Raises
    ------
    NotFound
        If there is no such bundle.
    BadParameter
        If something else than a name or a bundle came, or a keyword that takes a text got none.
    ColumnNotFound
        If one of the two columns is absent.
    BadTable
        If a label is none of the model's classes, or no number for a regression.

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
    force, name = settings(home=home), bundle_name(name, "wb.feedback")
    key, label = text_or_none(id, "id", "wb.feedback"), text_or_none(label, "label", "wb.feedback")
    bundle = champion(name, force)
    table = read_table(labels, like=bundle.contract)
    ids = table[_column(table, key, bundle.contract.id, "id")]
    table, ids = table[ids.notna()], ids.dropna()
    truth = truth_of(bundle, table, _column(table, label, bundle.contract.target, "label"))
    log = PredictionLog(force.predictions / name)
    try:
        known = _known(log, name, force)
        given = _label_ids(ids[truth.notna()].tolist(), key, bundle.contract, known)
        pairs = [(i, _plain(t)) for i, t in zip(given, truth.dropna().tolist(), strict=True)]
        log.label(pairs)
    finally:
        log.close()
    joined = sum(i in known for i in given)
    if joined < len(given):
        _tell_unjoined(given, joined, known, bundle.contract)
    return joined


def _known(log: PredictionLog, name: str, force: Settings) -> set[str]:
    """Ids of all predictions."""
    live = {r["id"] for r in log.read()} if log.count() else set()
    return live.union(*(seen.predictions()["id"] for seen in windows(name, force)))


def _label_ids(values: list[Any], key: str | None, contract: Contract, known: Set[str]) -> list[str]:
    """Ids of labels by the contract.

    Where the predictions have them as they are written alone, or without marks between thousands, they are those. In a
    column that the contract does not know, as they are written comes first.
    """
    column = _id_column(contract, key) or _id_column(contract, None)
    strange = key is not None and key not in contract
    return [_one_id(value, column, strange, known) for value in values]


def _one_id(value: Any, column: Column | None, strange: bool, known: Set[str]) -> str:
    read, written = id_text(value, column), id_text(value)
    both = (written, read) if strange else (read, written)
    whole = column is not None and column.kind == "integer" and _GROUPED.fullmatch(written.strip())
    readings = (*both, re.sub("[^0-9]", "", written)) if whole else both
    return next((one for one in readings if one in known), readings[0])


def _id_column(contract: Contract, name: str | None) -> Column | None:
    """The contract's column of ids, or of that name; None where it has none."""
    wanted = contract.id if name is None else name
    return None if wanted is None else contract.by_name.get(wanted)


def _tell_unjoined(ids: Sequence[str], joined: int, known: Set[str], contract: Contract) -> None:
    """That labels wait; where hardly any has its prediction, that ids seem to be other ones."""
    waiting = len(ids) - joined
    if not known or joined >= HARDLY * len(ids):
        sys.stderr.write(f"{waiting:,} labels have no prediction yet; they are kept until it arrives.\n")
        return
    hidden = contract.id is not None and contract[contract.id].sensitive
    strange = next(i for i in ids if i not in known)
    shown = "" if hidden else f" An id of the labels is {strange!r}, one of the predictions {min(known)!r}."
    warnings.warn(
        f"{joined:,} of {len(ids):,} labels have their prediction.{shown} The others are kept until it arrives; if the "
        f"ids are in another column, give its name: {python('wb.feedback(name, labels, id=column)')}.",
        stacklevel=3,
    )


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


def _column(table: pd.DataFrame, given: str | None, usual: str | None, last: str) -> Any:
    """Label of the column that goes by a name: the given one, else the usual one if it is there, else the last."""
    places = [matching(name, table.columns) for name in ([given] if given else [usual, last]) if name is not None]
    place = next((at for at in places if at is not None), None)
    if place is None:
        raise ColumnNotFound.named(given or usual or last, map(str, table.columns))
    return table.columns[place]


def _ids(table: pd.DataFrame, given: str | None, contract: Contract, window: str) -> list[str]:
    name = given or contract.id
    place = None if name is None else matching(name, table.columns)
    if name is None or (given is None and place is None):
        return [f"{window}/{i:06d}" for i in range(1, len(table) + 1)]
    if place is None:
        raise ColumnNotFound.named(name, map(str, table.columns))
    column = _id_column(contract, name)
    values = table.iloc[:, place]
    if values.isna().any():
        raise BadTable(f"{int(values.isna().sum()):,} rows have no {name!r}. Give each row an id, or none of them.")
    ids = [id_text(value, column) for value in values.tolist()]
    _check_twins(ids, name)
    return ids


def _check_twins(ids: Sequence[str], name: str) -> None:
    twin = next((i for i, times in Counter(ids).items() if times > 1), None)
    if twin is not None:
        raise BadTable(
            f"The id {worded(twin)} is there twice. Labels would not know which row they belong to; "
            f"make {name!r} unique."
        )
