"""The verb ``score``: a batch is answered, and what was seen is kept as a window."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.arguments import names_or_none, text
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.contract import Contract
from workbench.core.literals import python
from workbench.core.names import matching
from workbench.core.nouns import bundle_name
from workbench.core.parameters import ScoreStep, take_beside
from workbench.core.wording import how_many, listed, worded
from workbench.errors import BadTable, ColumnNotFound, Refused
from workbench.monitoring.estimation import expected_losses
from workbench.monitoring.group_windows import group_columns
from workbench.monitoring.reason_windows import reasons_of
from workbench.monitoring.row_keys import CONTENT, by_column, contents, joined, kept_keys, numbered
from workbench.monitoring.segments import segment_columns
from workbench.monitoring.value import money_columns
from workbench.monitoring.window_order import span
from workbench.monitoring.windows import Part, Seen, answered, keep_parts, window_of
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.log import log_of
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings, settings


def score(
    name: str | Bundle,
    source: Any,
    *,
    window: str,
    id: str | Sequence[str] | None = (),  # noqa: A002 - the field's word for the column that identifies a row
    add: bool = False,
    home: str | Path | None = None,
) -> pd.DataFrame:
    """Answer a whole table with the champion, and keep what was seen as one window.

    Scoring a window again replaces it, and says so; with ``add`` rows that come late fill it up.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle, if it is the champion.
    source : path, pandas.DataFrame, or whatever else :func:`workbench.dataset` reads
        Table of shape (rows, columns) with the model's features; target and known-after columns may be absent.
    window : str
        Name of the stretch of time or batch, such as ``2013-07``. Windows come in the order of their rows' moments
        where the contract has a time column, else of the dates or numbers in their names.
    id : str or sequence of str, optional
        Column by which labels are joined later, or several that tell a row together: the contract's by default. Without
        one, a row's id is made of the window and of what it holds, wherever it stands; equal rows are numbered. Labels
        may then come by the columns that are no features, too.
    add : bool
        True: fill the window up. Rows whose id is in it stay as they are.
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
        If something else than a name or a bundle came, or a keyword got what it does not take.
    Refused
        If a bundle came that is not the champion: another version would answer. If another version than the champion
        has answered the window that is to be filled up.
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
    window, columns = text(window, "window", "wb.score"), names_or_none(id, "id", "wb.score")
    asked = {"name": bundle_name(name, "wb.score"), "window": window, "id": columns or (), "add": add}
    step = take_beside(ScoreStep, "source", source, asked)
    scorer, name = Scorer(_answering(name, force).path), step.name
    table = read_table(source, like=scorer.contract)
    if table.empty:
        raise BadTable(f"The table of window {window!r} has no row. Give one with at least one row.")
    onto = _to_fill_up(name, window, scorer.bundle, force) if add else None
    own = ids_of(table, columns, scorer.contract)
    predictions, features = answered(scorer, table, own or [""] * len(table))
    beside = group_columns(scorer.bundle, table, force) | segment_columns(scorer.bundle, table)
    beside |= expected_losses(scorer.bundle, features, predictions) | money_columns(scorer.bundle, table)
    keys = None
    if own is None:
        with log_of(name, force) as log:
            held = contents(features, log.key)
            predictions["id"] = numbered(window, held)
            keys = _keys(table, scorer, held, log.key).assign(id=predictions["id"])
    late = _late(predictions["id"], onto)
    if late.any():
        part = Part(
            predictions.assign(**beside)[late],
            features[late],
            _span(table[late], scorer.contract),
            None if keys is None else keys[late],
        )
        why = reasons_of(scorer.bundle, part.features, "batch")
        if keep_parts(scorer.bundle, window, [part], "batch", force, why, onto) and onto is None:
            sys.stderr.write(f"Window {window} of {name} was there; it is replaced.\n")
    return predictions


def _to_fill_up(name: str, window: str, bundle: Bundle, force: Settings) -> Seen | None:
    there = window_of(name, window, force)
    if there is not None and (there.version, there.source) != (bundle.version, "batch"):
        by = "the service" if there.source != "batch" else f"version {there.version}"
        raise Refused(
            f"The window {window!r} was answered by {by}, and version {bundle.version} of {name} answers now. Give the "
            "late rows a window of their own, or score all rows of it again without add=True."
        )
    return there


def _late(ids: pd.Series, onto: Seen | None) -> Any:
    """Which rows are not in the window yet."""
    late = np.ones(len(ids), dtype=bool) if onto is None else ~ids.isin(set(onto.ids())).to_numpy()
    if not late.all():
        sys.stderr.write(f"{how_many(int((~late).sum()), 'row')} were in the window already, and stay as they are.\n")
    return late


def _keys(table: pd.DataFrame, scorer: Scorer, held: list[str], key: bytes) -> pd.DataFrame:
    kept = kept_keys(table, scorer.contract, scorer.features, key)
    return pd.DataFrame({**by_column(kept), CONTENT: held})


def _span(table: pd.DataFrame, contract: Contract) -> tuple[str, str]:
    """First and last moment of the rows, where the contract has a column of them and the table too."""
    name = contract.time
    if name is None or contract[name].kind != "datetime" or matching(name, table.columns) is None:
        return "", ""
    moments = read_by(table, contract.only([name])).table[name].dropna()
    return span([moments.min().to_pydatetime(), moments.max().to_pydatetime()]) if len(moments) else ("", "")


def _answering(name: str | Bundle, force: Settings) -> Bundle:
    """The champion; another version that somebody holds is not taken for it."""
    now = champion(bundle_name(name, "wb.score"), force)
    if isinstance(name, Bundle) and name.version != now.version:
        raise Refused(
            f"Version {now.version} of {now.name} answers, and the bundle is version {name.version}. "
            f"Give the name, or promote the bundle: {python('wb.promote(bundle, bundle.version)')}."
        )
    return now


def ids_of(table: pd.DataFrame, given: Sequence[str] | None, contract: Contract) -> list[str] | None:
    """Ids of the rows by the columns that were asked for, or the contract's; None where there is none."""
    names = given or ([contract.id] if contract.id is not None else [])
    columns = []
    for name in names:
        if (at := matching(name, table.columns)) is not None:
            columns.append((table.iloc[:, at].tolist(), contract.by_name.get(name)))
        elif given:
            raise ColumnNotFound.named(name, map(str, table.columns))
    if not columns:
        return None
    read = [column for _, column in columns]
    ids = [joined(row, read) for row in zip(*(values for values, _ in columns), strict=True)]
    named = listed([repr(name) for name in names])
    if missing := ids.count(None):
        raise BadTable(f"{missing:,} rows have no {named}. Give each row an id, or none of them.")
    _check_twins(ids, named)
    return ids  # type: ignore[return-value]  # none is missing


def _check_twins(ids: Sequence[str | None], named: str) -> None:
    twin = next((i for i, times in Counter(ids).items() if times > 1), None)
    if twin is not None:
        raise BadTable(
            f"The id {worded(twin)} is there twice. Labels would not know which row they belong to; make {named} "
            "unique."
        )
