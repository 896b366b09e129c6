"""Which explained rows are like one, in their columns or in their reasons; and which are worth a look."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.arguments import described
from workbench.core.explanation import Explanation
from workbench.core.grouping import as_text
from workbench.core.json_values import seconds_of
from workbench.core.neighbours import Neighbour, Neighbours
from workbench.core.wording import Ours
from workbench.errors import BadParameter, ColumnNotFound

Numbers = NDArray[np.float64]
TINY = 1e-12


def nearest(explanation: Explanation, row: int | Mapping[str, Any], n: int = 5, by: str = "columns") -> Neighbours:
    """The explained rows that are most like one, and what came of them.

    Parameters
    ----------
    explanation : Explanation
        With its rows.
    row : int, or mapping
        Place of a row among the explained ones, which is left out; or every feature and its value.
    n : int
        How many, at least 1.
    by : {"columns", "reasons"}
        *columns*: Gower's distance, the mean over the features of how far their values are apart. *reasons*: how far
        what the columns added is apart: rows that are answered alike for the same reasons.

    Raises
    ------
    BadParameter
        If there is no such row, a parameter is out of its range, or the reasons of a row that was not explained are
        asked for.
    ColumnNotFound
        If the given row lacks a feature.

    References
    ----------
    Gower, J. (1971), A general coefficient of similarity and some of its properties.
    """
    if by not in ("columns", "reasons"):
        raise BadParameter(f"by is 'columns' or 'reasons'; got {described(by)}.")
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise BadParameter(f"n is a whole number from 1; got {described(n)}.")
    own = None if isinstance(row, Mapping) else place_of(explanation, row)
    if own is None and by == "reasons":
        raise BadParameter("A row that was not explained has no reasons. Compare columns: by='columns'.")
    distance = _by_reasons(explanation, own) if by == "reasons" and own is not None else _by_columns(explanation, row)
    order = [i for i in np.argsort(distance, kind="stable").tolist() if i != own][:n]
    found = tuple(_neighbour(explanation, i, float(distance[i])) for i in order)
    return Neighbours(found, cast(Literal["columns", "reasons"], by), explanation.label, _outcome(explanation, found))


def pick(explanation: Explanation, by: str = "error", n: int = 1, *, value: Any = None) -> tuple[int, ...]:
    """Places of the explained rows that are worth a look.

    Parameters
    ----------
    explanation : Explanation
        With its rows.
    by : str
        ``"error"``: those that the model is most wrong about. ``"threshold"``: those nearest to the threshold, where
        the answer is least sure. ``"highest"``, ``"lowest"``: by prediction. Or the name of a column, such as an id:
        those with ``value`` in it.
    n : int
        How many at most, at least 1.
    value : object, optional
        What stands in the named column.

    Returns
    -------
    tuple of int
        Places among the explained rows, for :meth:`workbench.Explanation.reasons`.

    Raises
    ------
    BadParameter
        If what it takes is not known: the true outcomes, or a threshold; or no row has the value.
    ColumnNotFound
        If there is no such column.
    """
    if not isinstance(n, int) or isinstance(n, bool) or n < 1:
        raise BadParameter(f"n is a whole number from 1; got {described(n)}.")
    if by not in _ORDERS:
        return _with_value(explanation, by, value)[:n]
    if explanation.predictions is None:
        raise BadParameter("This explanation kept no predictions: it is of an older version. Make it again.")
    order = _ORDERS[by](explanation, explanation.predictions)
    return tuple(i for i in np.argsort(order, kind="stable").tolist() if order[i] < np.inf)[:n]


def place_of(explanation: Explanation, row: Any) -> int:
    """The place of an explained row, counted from its start.

    Raises
    ------
    BadParameter
        If there is none.
    """
    many = len(explanation.values)
    if not isinstance(row, (int, np.integer)) or isinstance(row, bool) or not -many <= row < many:
        raise BadParameter(f"row is the place of an explained row, from 0 to {many - 1}; got {described(row)}.")
    return int(row) % many


def numbers_of(values: Sequence[Any]) -> Numbers | None:
    """A column of plain values as numbers, moments in seconds, NaN where missing; None where it has another order."""
    there = [value for value in values if value is not None]
    if all(isinstance(value, (bool, int, float)) for value in there):
        return np.array([np.nan if value is None else float(value) for value in values])
    moments = [None if value is None else _moment(value) for value in values]
    if any(moment is None for moment, value in zip(moments, values, strict=True) if value is not None):
        return None
    return np.array([np.nan if moment is None else moment for moment in moments])


def group_name(name: str, column: pd.Series) -> str:
    """The name of a group of a column's values: a word of ours, such as a range, unless it is one of the values."""
    return name if name in set(map(as_text, column.dropna().unique())) else Ours(name)


def kept_column(explanation: Explanation, name: str) -> pd.Series:
    """A column of the explained rows as pandas has it: numbers, moments, or the values as they are.

    Raises
    ------
    ColumnNotFound
        If there is no such column.
    """
    if name not in explanation.columns:
        raise ColumnNotFound.named(str(name), explanation.columns)
    values = explanation.columns[name]
    numbers = numbers_of(values)
    if numbers is None or any(isinstance(value, bool) for value in values):
        return pd.Series(values, name=name, dtype=object)
    moments = any(isinstance(value, str) for value in values)
    return pd.Series(pd.to_datetime(numbers, unit="s") if moments else numbers, name=name)


def _moment(value: Any) -> float | None:
    """Seconds of a day and time as ISO 8601 writes it in full; None of anything else."""
    if not isinstance(value, str) or len(value) < len("2024-01-01") or value[4:5] != "-":
        return None
    try:
        return seconds_of(value)
    except ValueError:
        return None


def _by_reasons(explanation: Explanation, row: int) -> Numbers:
    apart: Numbers = np.sqrt(((explanation.values - explanation.values[row]) ** 2).sum(axis=1))
    return apart


def _by_columns(explanation: Explanation, row: int | Mapping[str, Any]) -> Numbers:
    total = np.zeros(len(explanation.values))
    for name in explanation.features:
        if isinstance(row, Mapping) and name not in row:
            raise ColumnNotFound.named(name, row)
        own = row[name] if isinstance(row, Mapping) else explanation.given(name)[row]
        total += _apart(explanation.given(name), own)
    return total / max(len(explanation.features), 1)


def _apart(values: Sequence[Any], own: Any) -> Numbers:
    """How far the values of one column are from another, each in [0, 1]."""
    numbers, there = numbers_of([*values, own]), np.array([value is None for value in values])
    if numbers is None:
        return np.array([value != own for value in values], dtype=float)
    if own is None:
        return (~there).astype(float)
    span = np.ptp(numbers[:-1][~there]) if (~there).any() else 0.0
    return np.where(there, 1.0, np.minimum(np.abs(numbers[:-1] - numbers[-1]) / (span or 1.0), 1.0))


def _neighbour(explanation: Explanation, row: int, distance: float) -> Neighbour:
    values = {name: column[row] for name, column in explanation.columns.items()}
    predicted = None if explanation.predictions is None else float(explanation.predictions[row])
    return Neighbour(row, distance, values, predicted, None if explanation.truth is None else explanation.truth[row])


def _outcome(explanation: Explanation, rows: Sequence[Neighbour]) -> float | None:
    known = [one.truth for one in rows if one.truth is not None]
    if not known:
        return None
    return float(np.mean(known if explanation.label is None else [_is(truth, explanation.label) for truth in known]))


def _is(truth: Any, label: Any) -> bool:
    return bool(truth == label) or str(truth) == str(label)


def _by_error(explanation: Explanation, predicted: Numbers) -> Numbers:
    """The most wrong first: by absolute error, or by the probability that was given to what came."""
    if explanation.truth is None or all(truth is None for truth in explanation.truth):
        raise BadParameter("What came of these rows is not known, so no error is. Explain rows with a target.")
    if explanation.label is None:
        errors = [np.inf if t is None else -abs(t - p) for t, p in zip(explanation.truth, predicted, strict=True)]
    else:
        errors = [
            np.inf if t is None else p if _is(t, explanation.label) else 1 - p
            for t, p in zip(explanation.truth, predicted, strict=True)
        ]
    return np.array(errors, dtype=float)


def _by_threshold(explanation: Explanation, predicted: Numbers) -> Numbers:
    if explanation.label is None:
        raise BadParameter("A number has no threshold. Pick by 'error', 'highest' or 'lowest'.")
    cut = 0.5 if explanation.threshold is None else explanation.threshold
    return np.abs(predicted - cut)


_ORDERS: dict[str, Any] = {
    "error": _by_error,
    "threshold": _by_threshold,
    "highest": lambda _, predicted: -predicted,
    "lowest": lambda _, predicted: predicted,
}


def _with_value(explanation: Explanation, name: str, value: Any) -> tuple[int, ...]:
    if name not in explanation.columns:
        raise ColumnNotFound.named(str(name), [*explanation.columns, *_ORDERS])
    rows = tuple(i for i, own in enumerate(explanation.columns[name]) if own == value or str(own) == str(value))
    if not rows:
        raise BadParameter(f"No explained row has {described(value)} in {name!r}.")
    return rows
