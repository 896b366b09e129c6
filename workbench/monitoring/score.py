"""The verbs ``score`` and ``feedback``: a batch is answered, and the truth comes later."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.arguments import text, text_or_none
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.contract import Contract
from workbench.core.literals import python
from workbench.core.nouns import bundle_name
from workbench.core.wording import worded
from workbench.errors import BadTable, ColumnNotFound, Refused
from workbench.monitoring.windows import answered, keep, windows
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings, settings


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
    pandas.DataFrame, shape (rows, 4)
        id, prediction (binary: probability of the second class; several classes: one column a class), answer, flags
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
    ((300, 4), ['id', 'prediction', 'answer', 'flags'])
    """
    force = settings(home=home)
    window, key = text(window, "window", "wb.score"), text_or_none(id, "id", "wb.score")
    scorer, name = Scorer(_answering(name, force).path), bundle_name(name, "wb.score")
    table = read_table(source, like=scorer.contract)
    if table.empty:
        raise BadTable(f"The table of window {window!r} has no row. Give one with at least one row.")
    predictions, features = answered(scorer, table, _ids(table, key, scorer.contract, window))
    if keep(scorer.bundle, window, predictions, features, "batch", force):
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
        If a label is none of the model's classes.

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
    table = read_table(labels)
    ids = table[_column(table, key, bundle.contract.id, "id")]
    table, ids = table[ids.notna()], pd.Series(id_texts(ids.dropna()), index=ids.dropna().index)
    truth = truth_of(bundle, table, _column(table, label, bundle.contract.target, "label"))
    pairs = [(i, _plain(t)) for i, t in zip(ids[truth.notna()], truth.dropna().tolist(), strict=True)]
    log = PredictionLog(force.predictions / name)
    try:
        log.label(pairs)
        known = {r["id"] for r in log.read()} if log.count() else set()
    finally:
        log.close()
    known.update(*(seen.predictions()["id"] for seen in windows(name, force)))
    joined = sum(i in known for i, _ in pairs)
    if joined < len(pairs):
        sys.stderr.write(f"{len(pairs) - joined:,} labels have no prediction yet; they are kept until it arrives.\n")
    return joined


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
            raise BadTable(f"The label {unread.iloc[0]!r} is no number. Correct the column {column!r}.")
        return typed.astype(float)
    strange = [*unread, *(v for v in typed.dropna().unique().tolist() if v not in bundle.classes)]
    if strange:
        raise BadTable(
            f"The label {worded(strange[0])} is none of the classes {worded(bundle.classes)}. "
            f"Correct the column {column!r}."
        )
    # A plain dict, as pandas' map takes 1.0 and True for two things.
    place = {c: c for c in bundle.classes}
    return pd.Series([place.get(v) for v in typed.tolist()], index=typed.index, dtype=object)


def id_texts(ids: pd.Series) -> list[str]:
    """Ids as text; a whole number is written without its point, as one gap in a file makes the whole column floats.

    Examples
    --------
    >>> id_texts(pd.Series([7.0, 8.0])), id_texts(pd.Series([7, 8])), id_texts(pd.Series(["7.0"]))
    (['7', '8'], ['7', '8'], ['7.0'])
    """
    return [str(int(v)) if isinstance(v, float) and v.is_integer() else str(v) for v in ids.tolist()]


def _plain(label: Any) -> Any:
    return label.item() if hasattr(label, "item") else label


def _column(table: pd.DataFrame, given: str | None, usual: str | None, last: str) -> str:
    name = given or (usual if usual is not None and usual in table.columns else last)
    if name not in table.columns:
        raise ColumnNotFound.named(given or usual or last, map(str, table.columns))
    return str(name)


def _ids(table: pd.DataFrame, given: str | None, contract: Contract, window: str) -> list[str]:
    name = given or contract.id
    if name is None or (given is None and name not in table.columns):
        return [f"{window}/{i:06d}" for i in range(1, len(table) + 1)]
    if name not in table.columns:
        raise ColumnNotFound.named(name, map(str, table.columns))
    _check_ids(table[name])
    return id_texts(table[name])


def _check_ids(ids: pd.Series) -> None:
    if ids.isna().any():
        raise BadTable(f"{int(ids.isna().sum()):,} rows have no {ids.name!r}. Give each row an id, or none of them.")
    twins = ids[ids.duplicated()]
    if len(twins):
        raise BadTable(
            f"The id {worded(twins.iloc[0])} is there twice. Labels would not know which row they belong to; "
            f"make {ids.name!r} unique."
        )
