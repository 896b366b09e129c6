"""Scoring a batch with the champion, and the labels that come later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.registry import champion
from workbench.core.store import safe_name
from workbench.errors import BadTable, ColumnNotFound
from workbench.monitoring.labels import class_codes, id_texts, keep_labels, numbers
from workbench.monitoring.windows import (
    StoredWindow,
    not_allowed,
    prediction_columns,
    read_predictions,
    read_windows,
    seen_profile,
    write_window,
)
from workbench.profiling.reading import coerce, read_table
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.settings import settings


def score(name: str, source: str | Path | pd.DataFrame, *, window: str, id: str | None = None) -> pd.DataFrame:  # noqa: A002
    """Score a table with the champion and keep the predictions as a window that monitoring looks at.

    Scoring a window again replaces it.

    Parameters
    ----------
    name : str
        Name of the bundle.
    source : path or pandas.DataFrame
        Rows to score, shape (rows, columns), with the model's features; the target may be absent.
    window : str
        Name of the window, such as ``2013-07``; windows sort by it.
    id : str, optional
        Column by which labels come later. By default the contract's id; without one, rows are numbered
        ``WINDOW/000001`` and so on.

    Returns
    -------
    pandas.DataFrame
        One row a row of the source: id, prediction (or one probability a class), answer, flagged, version.

    Raises
    ------
    NotFound
        If there is no such bundle, or it has no champion.
    ColumnNotFound
        If a feature or the id column is not in the table.
    BadTable
        If the table can't be read or is empty.
    BadParameter
        If the window's name can't be a folder's name.

    Examples
    --------
    >>> import workbench as wb
    >>> seen = wb.score("flights", "flights-2013-07.parquet", window="2013-07")   # doctest: +SKIP
    >>> seen["prediction"].mean()                                                 # doctest: +SKIP
    0.31
    """
    safe_name(window, "window")
    bundle = champion(name)
    table = _table(source)
    frame = coerce(table, bundle.contract)
    prediction, flags = Scorer(bundle.path).score_columns(frame)
    ids = _ids(table, frame, id or bundle.contract.id, window, required=id is not None)
    predictions = predictions_table(bundle, ids, prediction, flags)
    stored = StoredWindow(
        window, bundle.version, len(frame), datetime.now(UTC).isoformat(timespec="seconds"), _told(source),
        {flag: int(rows.sum()) for flag, rows in flags.items()}, not_allowed(bundle, frame, bundle.features),
    )  # fmt: skip
    profile = seen_profile(bundle, frame, bundle.features, prediction)
    write_window(windows_folder(name), stored, predictions, profile)
    return predictions


def feedback(
    name: str,
    labels: pd.DataFrame | str | Path,
    *,
    id: str | None = None,  # noqa: A002 - the field's word for the column that identifies a row
    label: str | None = None,
) -> int:
    """Keep true labels that came later; the latest label of an id wins.

    Labels whose prediction is not there yet are kept, and counted once it is.

    Parameters
    ----------
    name : str
        Name of the bundle.
    labels : pandas.DataFrame or path
        Table with an id and a label a row; rows without a label are left out.
    id : str, optional
        Column of the ids; by default the contract's id, or a column ``id``.
    label : str, optional
        Column of the labels; by default the contract's target, or a column ``label``.

    Returns
    -------
    int
        How many of these labels have their prediction.

    Raises
    ------
    NotFound
        If there is no such bundle.
    ColumnNotFound
        If the table has no such column.
    BadTable
        If the table can't be read, or no label is one of the model's classes (a number, for a regression).

    Examples
    --------
    >>> import workbench as wb
    >>> wb.feedback("flights", "flights-2013-07-landed.csv")   # doctest: +SKIP
    28293
    """
    bundle = champion(name)
    table = _table(labels)
    id_column = _column(table, id, bundle.contract.id, "id")
    label_column = _column(table, label, bundle.contract.target, "label")
    ids = id_texts(_typed(table, bundle, id_column)) if id_column in bundle.contract else id_texts(table[id_column])
    known = _known(bundle, id_texts(table[label_column]))
    pairs = {i: v for i, v in zip(ids, known, strict=True) if i is not None and v is not None}
    if not pairs:
        raise BadTable(
            f"No row of the column {label_column!r} has an id and a label that the model knows "
            f"({', '.join(map(str, bundle.classes)) or 'a number'}). Name the right columns with id= and label=."
        )
    folder = settings().predictions / name
    keep_labels(folder, list(pairs), list(pairs.values()))
    return len(pairs.keys() & (_predicted(name) | _tell_service(folder, pairs)))


def windows_folder(name: str) -> Path:
    """Where the windows of a name lie."""
    return settings().predictions / safe_name(name, "bundle") / "windows"


def predictions_table(
    bundle: Bundle, ids: list[str], prediction: np.ndarray[Any, np.dtype[Any]], flags: Mapping[str, Any]
) -> pd.DataFrame:
    """What a window keeps of each row."""
    flagged = np.zeros(len(ids), bool)
    for rows in flags.values():
        flagged |= rows
    return pd.DataFrame({
        "id": pd.Series(ids, dtype="str"),
        **prediction_columns(bundle, prediction),
        "answer": answers(bundle, prediction),
        "flagged": flagged,
        "version": bundle.version,
    })


def answers(bundle: Bundle, prediction: np.ndarray[Any, np.dtype[Any]]) -> Any:
    """The label of each prediction, by the bundle's threshold for two classes; the number itself for a regression."""
    if not bundle.classes:
        return prediction
    cut = 0.5 if bundle.threshold is None else bundle.threshold
    codes = (prediction >= cut).astype(int) if prediction.ndim == 1 else prediction.argmax(axis=1)
    return pd.Series(list(bundle.classes)).to_numpy()[codes]


def _table(source: str | Path | pd.DataFrame) -> pd.DataFrame:
    table = source if isinstance(source, pd.DataFrame) else read_table(source)
    table = table.rename(columns=str).reset_index(drop=True)
    twins = table.columns[table.columns.duplicated()]
    if len(twins):
        raise BadTable(f"Two columns are called {twins[0]!r}. Rename one of them.")
    if not len(table):
        raise BadTable("The table has no rows. Give one with at least one.")
    return table


def _ids(table: pd.DataFrame, frame: pd.DataFrame, column: str | None, window: str, required: bool) -> list[str]:
    """Ids as text; a row without one gets its number in the window."""
    if required and column not in table.columns:
        raise ColumnNotFound.named(str(column), table.columns)
    source = frame if column in frame.columns else table
    own = id_texts(source[column]) if column in source.columns else [None] * len(table)
    return [f"{window}/{n:06d}" if text is None else text for n, text in enumerate(own, 1)]


def _column(table: pd.DataFrame, asked: str | None, usual: str | None, fallback: str) -> str:
    wanted = asked or (usual if usual in table.columns else fallback)
    if wanted not in table.columns:
        raise ColumnNotFound.named(asked or usual or fallback, table.columns)
    return str(wanted)


def _typed(table: pd.DataFrame, bundle: Bundle, column: str) -> pd.Series:
    """The id column in the contract's type, as :func:`score` reads it."""
    contract = bundle.contract.change(column, role="id").only([column])
    return coerce(table[[column]], contract)[column]


def _known(bundle: Bundle, labels: list[str | None]) -> list[Any]:
    """Labels as the bundle writes its classes, numbers for a regression, None for what is neither."""
    if not bundle.classes:
        return [None if v != v else float(v) for v in numbers(labels)]
    return [None if code < 0 else bundle.classes[code] for code in class_codes(labels, bundle.classes)]


def _predicted(name: str) -> set[str]:
    return {i for ids in _ids_of_windows(name) for i in ids}


def _ids_of_windows(name: str) -> Iterator[list[str]]:
    folder = windows_folder(name)
    for window in read_windows(folder):
        yield read_predictions(folder, window.label)["id"].tolist()


def _tell_service(folder: Path, pairs: Mapping[str, Any]) -> set[str]:
    """Hand the labels of its own records to the service's log, if there is one."""
    if not (folder / "log.sqlite").exists():
        return set()
    log = PredictionLog(folder)
    try:
        asked = {record["id"] for record in log.read()}
        log.label([(i, v) for i, v in pairs.items() if i in asked])
    finally:
        log.close()
    return asked


def _told(source: str | Path | pd.DataFrame) -> str:
    return "memory" if isinstance(source, pd.DataFrame) else Path(source).name
