"""How rows are held out and validated: in time order where there is time, by group where there are groups.

Rows that are equal in every feature, or nearly, are never on both sides: a model that learns rows by heart would be
praised for it. Drawn at random they are drawn together; in time and by group, where each side is given, those to fit on
give way.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import timedelta
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from workbench.core.contract import Contract, Task
from workbench.core.run import Split
from workbench.core.wording import how_many
from workbench.errors import BadParameter, BadTable
from workbench.training.evidence import AT_RANDOM, Evidence, said
from workbench.training.near_rows import equal_rows, near_rows

Rows = NDArray[np.intp]
HOLDOUT = 0.2
WATCHED = 0.1
# Rows that the search looks at; the final fit takes all of them. The latest ones, where there is time.
MOST_SEARCHED = 30_000
# Features with fewer different rows than these are a few levels that any rows share: keeping equal ones together would
# validate on levels that were never fitted on.
FEWEST_DIFFERENT = 20
# Equal rows that fill more than this share of the hold-out would be what it says: they stay among the rows to fit on.
MOST_OF_HOLDOUT = 0.5
UNITS = {"min": "minutes", "h": "hours", "d": "days"}
# Where rows to fit on give way to the scored ones that they equal, at least this share of them stays, or all do.
FEWEST_LEFT = 0.1


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
    units : int array, shape (n,)
        Which rows count as one where an interval is measured: those of a group, equal ones.
    stretches : tuple of int array
        Of a hold-out that was given and comes in time: its rows, cut into parts in their order.
    """

    train: Rows
    holdout: Rows
    folds: tuple[tuple[Rows, Rows], ...]
    split: Split
    units: Rows
    stretches: tuple[Rows, ...] = ()

    def inner(self, rows: Rows, seed: int) -> tuple[Rows, Rows]:
        """Rows to fit on and a tenth to watch them with: the latest in time, else whole units."""
        if self.split.kind == "time":
            cut = int(len(rows) * (1 - WATCHED))
            return rows[:cut], rows[cut:]
        units = np.unique(self.units[rows])
        watched = np.random.default_rng(seed).permutation(units)[: max(int(len(units) * WATCHED), 1)]
        apart = np.isin(self.units[rows], watched)
        return rows[~apart], rows[apart]

    def share(self, share: float, seed: int) -> Rows:
        """A part of the rows to choose on: the latest in time, else whole units, drawn."""
        if self.split.kind == "time":
            return self.train[-max(int(share * len(self.train)), 1) :]
        units = np.unique(self.units[self.train])
        some = np.random.default_rng(seed).permutation(units)[: max(int(share * len(units)), 1)]
        return self.train[np.isin(self.units[self.train], some)]

    def thirds(self, rows: Rows, labels: Rows, seed: int) -> list[tuple[Rows, Rows]]:
        """Positions within some rows of three parts, each with what it leaves: stretches of time, else whole units."""
        if self.split.kind == "time":
            return list(KFold(3).split(rows))
        splitter: Any = GroupKFold if labels.dtype.kind == "f" else StratifiedGroupKFold
        return list(splitter(3, shuffle=True, random_state=seed).split(rows, labels, self.units[rows]))


def parts(
    table: pd.DataFrame,
    contract: Contract,
    task: Task,
    folds: int,
    seed: int,
    features: Iterable[str] | None = None,
    how: Evidence | None = None,
    gap: str | None = None,
) -> Parts:
    """Split the rows of a table whose target is known.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, columns).
    contract : Contract
        Its target; its time column is preferred to its group column.
    task : {"binary", "multiclass", "regression"}
        Classes keep their shares where rows are drawn at random.
    folds : int
        Parts of the validation.
    seed : int
        Of drawing rows.
    features : iterable of str, optional
        Columns in which rows are compared to find equal ones; by default the contract's.
    how : Evidence, optional
        What the split follows; by default what the contract's roles say.
    gap : str, optional
        In time: ``7d``, ``12h``, ``30min`` or ``24 rows``, by which rows to fit on end before those that are scored.

    Raises
    ------
    BadTable
        If there are too few moments or groups for the folds.
    BadParameter
        If there is a gap and no order in time, or one of hours where the order is no time.
    """
    how = how or said(table, contract) or AT_RANDOM
    compared = table[list(contract.features if features is None else features)]
    target = table[contract.target] if task != "regression" else None
    if how.kind == "time" and how.by is not None:  # a row like that of an hour before is no copy
        return apart(_by_time(how, folds, Gap.of(gap, how.by)), equal_rows(compared), target)
    if gap is not None:
        raise BadParameter(
            f"A gap of {gap} asks for an order in time, and these rows have none. Name their time=, give "
            "split='time', or leave the gap out."
        )
    same = near_rows(compared)
    if how.kind == "group" and how.by is not None:
        return apart(_by_group(how, folds, seed), same, target)
    return _at_random(how, same, target, folds, seed)


def apart(made: Parts, equal: Rows, target: pd.Series | None) -> Parts:
    """The parts without rows to fit on that equal one that is scored."""
    train = _unlike(made.train, made.holdout, equal, target)
    pairs = tuple((_unlike(fit, validate, equal, target), validate) for fit, validate in made.folds)
    sides = ((train, made.holdout), *pairs)
    before = (made.train, *(fit for fit, _ in made.folds))
    left = max(len(all_of) - len(fit) for all_of, (fit, _) in zip(before, sides, strict=True))
    shared = any(np.isin(equal[fit], equal[scored]).any() for fit, scored in sides)
    split = replace(made.split, train_rows=len(train), reason=f"{made.split.reason}{_of_equals(left, shared)}")
    units = made.units if made.split.kind == "group" else equal
    return Parts(train, made.holdout, pairs, split, units)


def _unlike(fit: Rows, scored: Rows, equal: Rows, target: pd.Series | None) -> Rows:
    """The rows to fit on that equal no scored one; all of them where hardly any, or not every class, would stay."""
    rest = fit[~np.isin(equal[fit], equal[scored])]
    classes = target is not None and target.iloc[rest].nunique() < target.iloc[fit].nunique()
    return fit if classes or len(rest) < FEWEST_LEFT * len(fit) else rest


def _of_equals(left: int, shared: bool) -> str:
    """What the split does with equal rows, in words; nothing where there are none."""
    words = (
        f" Rows that equal a scored one in every feature, or nearly, are not fitted on (up to {left:,})."
        if left
        else ""
    )
    kept = " Most rows are equal to others in every feature, so equal ones are on both sides: scores flatter the model."
    return words + (kept if shared else "")


@dataclass(frozen=True)
class Gap:
    """How far rows to fit on end before those that are scored: their outcome must have been known by then.

    Parameters
    ----------
    text : str
        As it was asked for; empty without one.
    rows : int
        So many rows.
    span : timedelta, optional
        So much time.

    References
    ----------
    López de Prado, M. (2018), Advances in Financial Machine Learning: purging. scikit-learn's
    ``TimeSeriesSplit(gap=)`` leaves the same rows out.
    """

    text: str = ""
    rows: int = 0
    span: timedelta | None = None

    @classmethod
    def of(cls, text: str | None, time: pd.Series) -> Gap:
        """The gap that a text says, for an order.

        >>> Gap.of("24 rows", pd.Series([1, 2, 3])).rows
        24
        """
        if text is None:
            return cls()
        number, unit = re.fullmatch(r"([\d.]+) ?(\w+)", text).groups()  # type: ignore[union-attr]
        if unit == "rows":
            return cls(text, rows=ceil(float(number)))
        if time.dtype.kind != "M":
            raise BadParameter(
                f"A gap of {text} asks for moments, and {time.name!r} has none. Give it in rows: '24 rows'."
            )
        return cls(text, span=timedelta(**{UNITS[unit]: float(number)}))

    def before(self, time: pd.Series, rows: Rows, first: int) -> Rows:
        """The rows whose outcome was known when the first scored one came, by their places in the order."""
        known = ~(time.iloc[rows] >= time.iloc[first]).to_numpy() & (rows < first - self.rows)
        if self.span is not None:
            known &= ~(time.iloc[rows] > time.iloc[first] - self.span).to_numpy()
        return rows[known]


def _by_time(how: Evidence, folds: int, gap: Gap) -> Parts:
    """Rows of one moment are never on both sides; rows without a time count as earlier than all others."""
    assert how.by is not None, "the moments"
    order = in_order(how.by)
    time = how.by.iloc[order]
    boundary = time.iloc[int(len(time) * (1 - HOLDOUT))]
    later = (time >= boundary).to_numpy()
    train, holdout = np.flatnonzero(~later), np.flatnonzero(later)
    if len(train) and len(holdout):
        train = gap.before(time, train, holdout[0])
    if not len(train) or not len(holdout):
        raise BadTable(
            f"Most rows of {time.name!r} share one moment, or have none"
            f"{f', or lie in the gap of {gap.text}' if gap.text else ''}: there is no later part. Use another."
        )
    pairs = [(order[fit], order[scored]) for fit, scored in _time_folds(time, train[-MOST_SEARCHED:], folds, gap)]
    told = str(boundary) if how.columns else f"row {boundary + 1:,}"
    reason = f"{how.reason} Rows of the {gap.text} before scored ones are not fitted on." if gap.text else how.reason
    split = Split("time", len(pairs), len(train), len(holdout), how.column, told, reason, how.found)
    return Parts(order[train], order[holdout], tuple(pairs), split, np.arange(len(order)))


def in_order(time: pd.Series) -> Rows:
    """Positions in order of time, those without one first."""
    gaps = time.isna().to_numpy()
    known = np.flatnonzero(~gaps)
    return np.concatenate([np.flatnonzero(gaps), known[np.argsort(time.to_numpy()[known], kind="stable")]])


def _time_folds(time: pd.Series, rows: Rows, folds: int, gap: Gap) -> Iterator[tuple[Rows, Rows]]:
    """Each part is validated after what came before it; rows of its first moment, and of the gap, are not fitted on."""
    splits = TimeSeriesSplit(folds).split(rows) if len(rows) > folds else ()
    pairs = [(rows[a], rows[b]) for a, b in splits]
    cut = [(gap.before(time, fit, validate[0]), validate) for fit, validate in pairs]
    if not cut or not all(len(fit) for fit, _ in cut):
        raise BadTable(
            f"The time column {time.name!r} has {time.nunique()} moments, too few for {folds} folds in order"
            f"{f' with a gap of {gap.text}' if gap.text else ''}. Give fewer folds or more rows, or leave "
            f"time={time.name!r} out."
        )
    yield from cut


def _by_group(how: Evidence, folds: int, seed: int) -> Parts:
    assert how.by is not None, "the groups"
    labels = how.by.astype(str).to_numpy()
    _check_groups(how.by, folds)
    rows = np.arange(len(labels))
    train, holdout = next(GroupShuffleSplit(1, test_size=HOLDOUT, random_state=seed).split(rows, groups=labels))
    pairs = tuple((train[a], train[b]) for a, b in GroupKFold(folds).split(train, groups=labels[train]))
    split = Split("group", folds, len(train), len(holdout), how.column, None, how.reason, how.found)
    return Parts(train, holdout, pairs, split, pd.factorize(labels)[0].astype(np.intp))


def _check_groups(group: pd.Series, folds: int) -> None:
    # A fifth of the groups, rounded up, is held out; each fold needs one of the others.
    n = group.astype(str).nunique()
    if n - ceil(n * HOLDOUT) < folds:
        raise BadTable(
            f"The group column {group.name!r} has {n} groups, too few for a hold-out and {folds} folds. "
            f"Give fewer folds or more groups, or leave group={group.name!r} out."
        )


def _at_random(how: Evidence, equal: Rows, target: pd.Series | None, folds: int, seed: int) -> Parts:
    """Equal rows are drawn together, unless all rows are a few."""
    copies = len(equal) - int(equal.max()) - 1
    together = equal if equal.max() + 1 >= max(FEWEST_DIFFERENT, 3 * folds) else np.arange(len(equal))
    train, holdout = _drawn(together, target, seed)
    # At even steps of the order drawn: a few large sets of equal rows must not be all that the search sees.
    step = max(len(train) / MOST_SEARCHED, 1.0)
    searched = np.sort(train[np.arange(0, len(train), step).astype(np.intp)])
    pairs = tuple(_folds(searched, together, target, folds, seed))
    told = (
        f" {how_many(copies, 'row')} equal an earlier one in every feature, or nearly; these are kept on one side."
        if copies
        else ""
    )
    told = told if together is equal else _of_equals(0, True)
    split = Split("random", folds, len(train), len(holdout), reason=how.reason + told)
    return Parts(train, holdout, pairs, split, together)


def _drawn(equal: Rows, target: pd.Series | None, seed: int) -> tuple[Rows, Rows]:
    """Rows to choose on and rows to hold out, in the order in which they were drawn."""
    first, sizes = _sets(equal)
    large = sizes > MOST_OF_HOLDOUT * HOLDOUT * len(equal)
    usual = np.flatnonzero(~large)
    strata = _strata(first[usual], sizes[usual], equal, target, least=2)
    train, holdout = train_test_split(usual, test_size=HOLDOUT, random_state=seed, stratify=strata)
    return _rows(np.concatenate([train, np.flatnonzero(large)]), equal), _rows(holdout, equal)


def _folds(rows: Rows, equal: Rows, target: pd.Series | None, folds: int, seed: int) -> Iterator[tuple[Rows, Rows]]:
    codes = pd.factorize(equal[rows])[0]
    first, sizes = _sets(codes)
    strata = _strata(rows[first], sizes, equal, target, least=folds)
    splitter: Any = (KFold if strata is None else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    for fit, validate in splitter.split(first, strata):
        yield rows[np.isin(codes, fit)], rows[np.isin(codes, validate)]


def _sets(equal: Rows) -> tuple[Rows, Rows]:
    """First row and size of each set of equal rows."""
    return np.unique(equal, return_index=True)[1], np.bincount(equal)


def _rows(sets: Rows, equal: Rows) -> Rows:
    """The rows of the sets, in the sets' order."""
    place = np.full(int(equal.max()) + 1, -1)
    place[sets] = np.arange(len(sets))
    at = place[equal]
    order = np.argsort(at, kind="stable")
    return order[np.searchsorted(at[order], 0) :]


def _strata(first: Rows, sizes: Rows, equal: Rows, target: pd.Series | None, least: int) -> Rows | None:
    """What is spread evenly over the parts: the rarest class of each set of equal rows, and how many rows it has."""
    if target is None and sizes.max(initial=1) == 1:
        return None
    labels = np.zeros(len(first), dtype=np.intp) if target is None else _rarest_class(equal, target)[equal[first]]
    for keys in (64 * labels + np.frexp(sizes)[1] - 1, labels):
        strata = _joined(_joined(keys, labels, least), np.zeros_like(labels), least)
        if len(np.unique(strata)) <= HOLDOUT * len(first):
            return strata
    return None


def _joined(keys: Rows, within: Rows, least: int) -> Rows:
    """The keys, of which those with too few members to be spread become the commonest one within the same whole."""
    counts = pd.Series(keys).groupby(keys).transform("size")
    commonest = counts.groupby(within).transform("idxmax")
    return np.where(counts < least, keys[commonest], keys)


def _rarest_class(equal: Rows, target: pd.Series) -> Rows:
    """Of each set of equal rows: its number in the order of the classes."""
    codes, counts = np.unique(target, return_inverse=True, return_counts=True)[1:]
    commonest_last = np.argsort(counts, kind="stable")
    rank = np.argsort(commonest_last)
    rarest = np.full(int(equal.max()) + 1, len(counts) - 1)
    np.minimum.at(rarest, equal, rank[codes])
    return commonest_last[rarest]
