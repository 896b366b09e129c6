"""How rows are held out and validated: in time order where there is time, by group where there are groups."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from workbench.core.contract import Contract, Task
from workbench.core.run import Split
from workbench.errors import BadTable

Rows = NDArray[np.intp]
HOLDOUT = 0.2
# Rows that the search looks at; the final fit takes all of them. The latest ones, where there is time.
MOST_SEARCHED = 60_000


@dataclass(frozen=True)
class Parts:
    """Positions of the rows.

    Parameters
    ----------
    train, holdout : int array
        Rows to choose on, and rows that are scored once at the end.
    folds : tuple of (int array, int array)
        Rows to fit and to validate on, all of them among ``train``.
    split : Split
        The same in words.
    """

    train: Rows
    holdout: Rows
    folds: tuple[tuple[Rows, Rows], ...]
    split: Split


def parts(table: pd.DataFrame, contract: Contract, task: Task, folds: int, seed: int) -> Parts:
    """Split the rows of a table whose target is known and which is in order of time where there is time.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, columns).
    contract : Contract
        Its time column is preferred to its group column.
    task : {"binary", "multiclass", "regression"}
        Classes keep their shares where rows are drawn at random.
    folds : int
        Parts of the validation.
    seed : int
        Of drawing rows.

    Raises
    ------
    BadTable
        If there are too few moments or groups for the folds.
    """
    if contract.time is not None:
        return _by_time(table[contract.time], folds)
    if contract.group is not None:
        return _by_group(table[contract.group], folds, seed)
    target = table[contract.target] if task != "regression" else None
    return _at_random(len(table), target, folds, seed)


def _by_time(time: pd.Series, folds: int) -> Parts:
    """Rows of one moment are never on both sides; rows without a time count as earlier than all others."""
    boundary = time.iloc[int(len(time) * (1 - HOLDOUT))]
    later = (time >= boundary).to_numpy()
    train, holdout = np.flatnonzero(~later), np.flatnonzero(later)
    if not len(train) or not len(holdout):
        raise BadTable(
            f"Most rows of {time.name!r} share one moment, or have none: there is no later part. Use another."
        )
    pairs = tuple(_time_folds(time, train[-MOST_SEARCHED:], folds))
    reason = "There is a time column: each score is of rows that came after the ones the model was fitted on."
    split = Split("time", len(pairs), len(train), len(holdout), str(time.name), str(boundary), reason)
    return Parts(train, holdout, pairs, split)


def _time_folds(time: pd.Series, rows: Rows, folds: int) -> Iterator[tuple[Rows, Rows]]:
    """Each part is validated after what came before it; rows of its first moment are not fitted on."""
    splits = TimeSeriesSplit(folds).split(rows) if len(rows) > folds else ()
    pairs = [(rows[a], rows[b]) for a, b in splits]
    cut = [(fit[~(time.iloc[fit] >= time.iloc[validate[0]])], validate) for fit, validate in pairs]
    if not cut or not all(len(fit) for fit, _ in cut):
        raise BadTable(
            f"The time column {time.name!r} has {time.nunique()} moments, too few for {folds} folds in order. "
            f"Give fewer folds or more rows, or leave time={time.name!r} out."
        )
    yield from cut


def _by_group(group: pd.Series, folds: int, seed: int) -> Parts:
    labels = group.astype(str).to_numpy()
    _check_groups(group, folds)
    rows = np.arange(len(labels))
    train, holdout = next(GroupShuffleSplit(1, test_size=HOLDOUT, random_state=seed).split(rows, groups=labels))
    pairs = tuple((train[a], train[b]) for a, b in GroupKFold(folds).split(train, groups=labels[train]))
    reason = "Rows of one group are never on both sides."
    return Parts(train, holdout, pairs, Split("group", folds, len(train), len(holdout), str(group.name), None, reason))


def _check_groups(group: pd.Series, folds: int) -> None:
    # A fifth of the groups, rounded up, is held out; each fold needs one of the others.
    n = group.astype(str).nunique()
    if n - ceil(n * HOLDOUT) < folds:
        raise BadTable(
            f"The group column {group.name!r} has {n} groups, too few for a hold-out and {folds} folds. "
            f"Give fewer folds or more groups, or leave group={group.name!r} out."
        )


def _at_random(n: int, target: pd.Series | None, folds: int, seed: int) -> Parts:
    rows = np.arange(n)
    train, holdout = train_test_split(rows, test_size=HOLDOUT, random_state=seed, stratify=target)
    searched = np.sort(train)[:MOST_SEARCHED] if n <= MOST_SEARCHED else train[:MOST_SEARCHED]
    pairs = tuple(_folds(searched, target, folds, seed))
    reason = "There is neither a time nor a group column: rows are drawn at random, classes keep their shares."
    return Parts(train, holdout, pairs, Split("random", folds, len(train), len(holdout), reason=reason))


def _folds(rows: Rows, target: pd.Series | None, folds: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    splitter: Any = KFold(folds, shuffle=True, random_state=seed)
    labels = None
    if target is not None:
        splitter, labels = StratifiedKFold(folds, shuffle=True, random_state=seed), target.iloc[rows]
    for fit, validate in splitter.split(rows, labels):
        yield rows[fit], rows[validate]
