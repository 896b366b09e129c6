"""What speaks for an order in time, or for groups: the split follows from it, and is told with its reason.

A score of rows drawn at random promises what holds for rows drawn at random. Rows to come are later ones, mostly, and
of people who were not among those that a model was fitted on. In order of what is believed: what the user says; a date,
or the parts of one; a column of names that say whose row it is; a counter, or hours that come round again and again;
and rows whose target is like that of the row before, though no column orders them so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.contract import Contract, Task
from workbench.core.names import YEAR
from workbench.core.profile import Profile
from workbench.core.run import SplitKind
from workbench.errors import BadTable
from workbench.profiling.findings.wb117_follows_the_clock import with_order
from workbench.training.near_rows import near_rows

Rows = NDArray[np.intp]
Floats = NDArray[np.float64]

# How alike neighbours are, from -1 to 1 (a correlation): what is enough beside a clock, beside a counter, and alone.
ALIKE_BY_CLOCK = 0.1
ALIKE_BY_COUNTER = 0.2
ALIKE_ALONE = 0.3
# And how surely: in standard errors.
SURELY = 5.0
# A rank correlation with the rows, or of the target with time, that can't be overlooked.
SORTED = 0.95
DRIFTS = 0.1
# Neighbours are compared within so many stretches, so that what rises slowly, such as with age, is no likeness.
STRETCHES = 20
# Share of the rows from which on one value of the target is a pile, as zeros are.
PILED_UP = 0.1
# Moments from which on there can be an earlier and a later part.
FEWEST_MOMENTS = 10
# Share of the steps of a counter that must come round in one order, and rounds that it must make.
COMES_ROUND = 0.97
FEWEST_ROUNDS = 5
# Names that say whose row it is have at least so many values and so many rows each on average, at most so many,
# and tell at least this share of the other columns, each this exactly.
FEWEST_GROUPS = 10
ROWS_OF_GROUP = (2.0, 60.0)
TELLS = 0.5
EXACTLY = 0.9
# Columns that are asked for it, and about how many rows of whole groups.
MOST_ASKED = 30
MOST_ROWS = 20_000

# Dates that belong to a person or thing, and are no moment of the row.
NO_MOMENT = re.compile(r"(?i)birth|born|\bdob\b|geb(urt|oren)|naiss|nacim|expir|valid|due|deadline|frist|ablauf")
CLOCK = re.compile(r"(?i)(^|[\s_.-])(time|date|timestamp|ts|epoch|t|step|seconds?|minutes?|hours?|days?|weeks?|"
                   r"months?|quarters?|years?|zeit|datum|tag|monat|jahr)([\s_.-]|$)")  # fmt: skip
YEARS = (1500, 2500)
PLACE = (re.compile(r"(?i)(.*[\s_.-])?lat(itude)?"), re.compile(r"(?i)(.*[\s_.-])?(lon|lng|long(itude)?)"))


@dataclass(frozen=True)
class Evidence:
    """How rows are to be split, and why.

    Parameters
    ----------
    kind : {"time", "group", "random"}
    reason : str
        One sentence.
    by : pandas.Series, optional
        *time*: the moment of each row. *group*: the group of each row. Shape (n,).
    columns : tuple of str
        That say so; none where the order of the rows itself does.
    found : bool
        Whether it was found and not said.
    """

    kind: SplitKind
    reason: str
    by: pd.Series | None = None
    columns: tuple[str, ...] = ()
    found: bool = False

    @property
    def column(self) -> str | None:
        """The one column that says so."""
        return self.columns[0] if len(self.columns) == 1 else None


AT_RANDOM = Evidence(
    "random", "Nothing says that the rows have an order in time or belong together: they are drawn at random, "
    "classes keep their shares.",
)  # fmt: skip


def too_short(how: Evidence) -> Evidence:
    """At random, where the rows are too few for what was found of them."""
    words = "an order in time" if how.kind == "time" else "that rows belong together"
    return Evidence("random", f"The rows show {words}, and are too few to be split by it: they are drawn at random.")


def said(table: pd.DataFrame, contract: Contract) -> Evidence | None:
    """What the user said of the split, by roles; time before groups."""
    if contract.time is not None:
        reason = "There is a time column: each score is of rows that came after the ones the model was fitted on."
        return Evidence("time", reason, table[contract.time], (contract.time,))
    if contract.group is not None:
        return Evidence("group", "Rows of one group are never on both sides.", table[contract.group], (contract.group,))
    return None


def evidence(table: pd.DataFrame, contract: Contract, profile: Profile, *, asked: str = "auto") -> Evidence:
    """How the rows are to be split.

    Parameters
    ----------
    table : pandas.DataFrame
        Shape (n, columns), with the target.
    contract : Contract
        Roles and task.
    profile : Profile
        Of the table; its findings name the parts of a date.
    asked : {"auto", "time", "group", "random"}
        *auto*: as the evidence says. The others overrule it.

    Raises
    ------
    BadTable
        If groups are asked for and there are none.
    """
    if asked == "random":
        return Evidence("random", "Asked for: rows are drawn at random, classes keep their shares.")
    told = said(table, contract)
    if told is not None and asked in ("auto", told.kind):
        return told
    rows = _Rows(table, contract, profile)
    if asked == "time":
        return rows.clock() or rows.as_they_come("Asked for: the rows are taken as they come, in time")
    if asked == "group":
        how = _groups(table, contract) or rows.group()
        if how is None:
            raise BadTable("No column says which rows belong together. Name it: wb.train(…, group='column').")
        return how
    return rows.clock() or rows.group() or rows.counter() or rows.order() or AT_RANDOM


def _groups(table: pd.DataFrame, contract: Contract) -> Evidence | None:
    """The group that the user named, where the time that he named too is overruled."""
    if contract.group is None:
        return None
    reason = "Asked for: rows of one group are never on both sides."
    return Evidence("group", reason, table[contract.group], (contract.group,))


class _Rows:
    """One table, looked at from several sides."""

    def __init__(self, table: pd.DataFrame, contract: Contract, profile: Profile) -> None:
        self.table, self.contract, self.profile = table, contract, profile
        self.target = _ranked(table[contract.target], contract.task)
        self.names = [c.name for c in contract.columns if c.role in ("feature", "id") and c.name in table]

    def of_kind(self, *kinds: str) -> Iterator[str]:
        return (n for n in self.names if self.contract[n].kind in kinds)

    def clock(self) -> Evidence | None:
        """A date, or the parts of one: rows are in its order, or the target follows it."""
        dates: dict[tuple[str, ...], pd.Series] = {
            (name,): self.table[name] for name in self.of_kind("datetime") if not NO_MOMENT.search(name)
        }
        clocks = dates or self._parts() or self._years()
        matters = {columns: self._matters(moments) for columns, moments in clocks.items()}
        columns = max(matters, key=lambda c: matters[c], default=())
        if not columns or not matters[columns]:
            return None
        moments = clocks[columns]
        words = f"{', '.join(columns[:-1])} and {columns[-1]} say" if columns[1:] else f"{columns[0]} says"
        why = "rows are in its order" if matters[columns] > 1 else "the target goes with it"
        reason = (
            f"{words} when each row happened, and {why}: each score is of rows that came after the ones the model was "
            "fitted on."
        )
        return Evidence("time", reason, moments, columns, found=True)

    def counter(self) -> Evidence | None:
        """Numbers that count the rows, or hours that come round, where the target is like that of the row before."""
        alike, surely = self._alike
        if surely < SURELY or alike < ALIKE_BY_CLOCK or self._sorted:
            return None
        like = f"the target is like that of the row before (correlation {alike:.2f})"
        for name in self.of_kind("integer", "number", "category"):
            if comes_round(self.table[name]):
                return self.as_they_come(f"{name} comes round again and again, as a clock does, and {like}")
        if alike < ALIKE_BY_COUNTER or self._placed():
            return None
        for name in self.of_kind("integer", "number"):
            if counts(self.table[name], name):
                return self.as_they_come(f"{name} rises with the rows, and {like}")
        return None

    def order(self) -> Evidence | None:
        """No clock at all: neighbours are alike, and no column explains their order."""
        alike, surely = self._alike
        if surely < SURELY or alike < ALIKE_ALONE or self._placed() or self._sorted:
            return None
        why = f"The target is like that of the row before (correlation {alike:.2f}), as it is where rows come in time"
        return self.as_they_come(why)

    def as_they_come(self, why: str) -> Evidence:
        """The rows' own order is that of time."""
        reason = f"{why}: each score is of rows that came after the ones the model was fitted on."
        return Evidence("time", reason, pd.Series(np.arange(len(self.table))), found=True)

    def group(self) -> Evidence | None:
        """A column of names that come again and tell most of the other columns: whose row it is."""
        low, high = ROWS_OF_GROUP
        n = len(self.table)
        best: tuple[float, str] | None = None
        for name in self.of_kind("integer", "category", "text"):
            values = self.table[name]
            distinct = values.nunique()
            if distinct < FEWEST_GROUPS or not low <= n / distinct <= high:
                continue
            share = self._tells(name)
            if share >= TELLS and (best is None or share > best[0]):
                best = (share, name)
        if best is None:
            return None
        share, name = best
        reason = (
            f"{name} comes again and tells {share:.0%} of the other columns, as whose row it is does: rows of one "
            f"{name} are never on both sides."
        )
        return Evidence("group", reason, self.table[name].astype(str), (name,), found=True)

    def _tells(self, name: str) -> float:
        """Share of the other columns that hardly vary among the rows of one value."""
        rows = self._of_some(name)
        names = self.table[name].iloc[rows]
        others = [n for n in self.names if n != name and self.table[n].iloc[rows].nunique() > 1][:MOST_ASKED]
        if len(others) < 2:
            return 0.0
        return sum(told_by(names, self.table[n].iloc[rows]) >= EXACTLY for n in others) / len(others)

    def _of_some(self, name: str) -> Rows:
        """The rows of some groups, all of each: enough to see what a name tells."""
        codes = pd.factorize(self.table[name])[0]
        step = max(len(codes) // MOST_ROWS, 1)
        return np.flatnonzero(codes % step == 0)

    def _parts(self) -> dict[tuple[str, ...], pd.Series]:
        for finding in self.profile.findings:
            columns, parts = (finding.evidence.get(key, ()) for key in ("columns", "parts"))
            if finding.code == "WB135" and parts and not NO_MOMENT.search(finding.column or ""):
                given = self.table[list(columns)].set_axis(list(parts), axis=1)
                moments = pd.to_datetime(given.assign(day=1) if "day" not in parts else given, errors="coerce")
                return {tuple(columns): moments}
        return {}

    def _years(self) -> dict[tuple[str, ...], pd.Series]:
        """A year alone, as tables of states and firms have it."""
        years = (n for n in self.of_kind("integer", "number") if YEAR.fullmatch(n) and not NO_MOMENT.search(n))
        return {(n,): self.table[n] for n in years if self.table[n].dropna().between(*YEARS).all()}

    def _matters(self, moments: pd.Series) -> float:
        """0 where the order says nothing; above 1 where rows are in it."""
        known = moments.notna().to_numpy()
        if known.mean() < 0.5 or moments.nunique() < FEWEST_MOMENTS:
            return 0.0
        seconds = moments[known].astype("int64").to_numpy().astype(float)  # of years the years
        if abs(with_order(seconds)) >= SORTED:
            return 1 + abs(with_order(seconds))
        order = np.argsort(seconds, kind="stable")
        alike, surely = likeness(self.target[known][order], self.contract.task)
        drift = _drift(self.target[known][order], self.contract.task)
        return max(alike if alike >= ALIKE_BY_CLOCK and surely >= SURELY else 0.0, drift if drift >= DRIFTS else 0.0)

    @cached_property
    def _alike(self) -> tuple[float, float]:
        """How alike the target is from row to row, and in how many standard errors; sets of near rows count once."""
        sets = near_rows(self.table[self.names])
        first = np.sort(np.unique(sets, return_index=True)[1])
        return likeness(self.target[first], self.contract.task)

    def _placed(self) -> bool:
        """Latitude and longitude say why neighbours are alike: they are neighbours in space."""
        return all(any(pattern.fullmatch(n) for n in self.names) for pattern in PLACE)

    @cached_property
    def _sorted(self) -> bool:
        """The target itself, or a column in whose blocks the rows lie, explains why neighbours are alike."""
        codes = pd.Series(pd.factorize(self.target)[0])
        commonest = codes == codes.mode()[0]  # such as no purchase at all, beside amounts of all sizes
        piled = commonest.mean() >= PILED_UP and in_blocks(commonest)
        by_target = piled or in_blocks(codes) or _drift(self.target, self.contract.task) >= SORTED
        return by_target or any(in_blocks(self.table[n]) for n in self.names)


def likeness(target: Floats | Rows, task: Task | None) -> tuple[float, float]:
    """How alike neighbours are beyond what the stretch that they lie in tells, and in how many standard errors.

    Parameters
    ----------
    target : array, shape (n,)
        Numbers, or codes of classes, in order.
    task : {"binary", "multiclass", "regression"}

    Returns
    -------
    tuple of float
        Numbers: the correlation with the one before, within each of twenty stretches. Classes: the share of equal
        neighbours beyond chance, as Cohen's kappa. In [-1, 1].

    Examples
    --------
    >>> hours = np.sin(np.arange(2000) / 10)
    >>> round(likeness(hours, "regression")[0], 1), round(likeness(np.resize([0, 1], 2000), "binary")[0], 1)
    (1.0, -1.0)
    """
    parts = [p for p in np.array_split(np.asarray(target), STRETCHES) if len(p) > 2]
    if not parts:
        return 0.0, 0.0
    pairs = sum(len(p) - 1 for p in parts)
    if task == "regression":
        centred = [p - p.mean() for p in parts]
        together = sum(float((c[1:] * c[:-1]).sum()) for c in centred)
        whole = sum(float((c**2).sum()) for c in centred)
    else:
        shares = [np.unique(p, return_counts=True)[1] / len(p) for p in parts]
        chance = sum((len(p) - 1) * float((s**2).sum()) for p, s in zip(parts, shares, strict=True))
        together = sum(float((p[1:] == p[:-1]).sum()) for p in parts) - chance
        whole = pairs - chance
    alike = together / whole if whole > 0 else 0.0
    return alike, alike * pairs**0.5


def comes_round(values: pd.Series) -> bool:
    """Whether its values follow each other in one order that comes round again and again: hours, weekdays, months.

    >>> comes_round(pd.Series(list(range(24)) * 9)), comes_round(pd.Series([3, 1, 2] * 2))
    (True, False)
    """
    codes = pd.factorize(values)[0]
    changed = codes[np.flatnonzero(np.diff(codes, prepend=-1) != 0)]
    levels = int(codes.max(initial=-1)) + 1
    if levels < 4 or codes.min(initial=0) < 0 or len(changed) < FEWEST_ROUNDS * levels:
        return False
    steps = pd.DataFrame({"from": changed[:-1], "to": changed[1:]}).value_counts()
    usual = steps.groupby("from").max()
    return bool(usual.sum() >= COMES_ROUND * (len(changed) - 1) and _one_round(steps, levels))


def _one_round(steps: pd.Series, levels: int) -> bool:
    """Whether the commonest next values make one round of nearly all levels."""
    commonest = steps.reset_index().drop_duplicates("from")
    after = dict(zip(commonest["from"].tolist(), commonest["to"].tolist(), strict=True))
    seen, at = set[int](), 0
    while at not in seen:
        seen.add(at)
        at = after.get(at, at)
    return len(seen) >= 0.9 * levels


def counts(values: pd.Series, name: str) -> bool:
    """Whether it rises with the rows as an index or a measured time does, and not as a price to sort by."""
    numbers = values.dropna().to_numpy(dtype=float)
    if len(numbers) < FEWEST_MOMENTS or not bool((np.diff(numbers) >= 0).all()) or numbers[0] == numbers[-1]:
        return False
    steps = np.diff(numbers)
    regular = bool(np.mean(steps == np.median(steps)) >= SORTED) and float(np.median(steps)) > 0
    return regular or CLOCK.search(name) is not None


def in_blocks(values: pd.Series) -> bool:
    """Whether the rows are sorted by it, or the rows of each value follow each other."""
    codes = pd.factorize(values)[0]
    distinct = int(codes.max(initial=-1)) + 1
    if distinct < 2 or distinct > 0.5 * len(codes):
        return False
    blocks = 1 + int((np.diff(codes) != 0).sum())
    return blocks <= 1.2 * distinct


def told_by(names: pd.Series, values: pd.Series) -> float:
    """How exactly a value's group tells it, in [0, 1]: of numbers the intraclass correlation, of others the share of
    errors of the commonest value that are gone.

    Shrout, P. and Fleiss, J. (1979), Intraclass correlations, form (1, 1).
    """
    codes = pd.factorize(names)[0].astype(np.intp)
    values, codes = values[codes >= 0], codes[codes >= 0]
    if values.dtype.kind in "fiub" and values.nunique() > 2:
        return _intraclass(codes, values)
    others = pd.factorize(values)[0]
    table = pd.DataFrame({"group": codes, "value": others}).value_counts()
    sizes = np.bincount(codes)
    several = sizes[codes] > 1
    right = table.groupby("group").max()
    alone = sizes[right.index.to_numpy()] == 1
    n = int(several.sum())
    base = n - int(np.bincount(others[several] + 1).max(initial=0)) if n else 0
    wrong = n - int(right[~alone].sum())
    return 1 - wrong / base if base > 0 else 0.0


def _intraclass(codes: Rows, values: pd.Series) -> float:
    numbers = values.to_numpy(dtype=float, na_value=np.nan)
    known = np.isfinite(numbers)
    ranks = pd.Series(numbers[known]).rank().to_numpy()
    groups = pd.factorize(codes[known])[0]
    sizes = np.bincount(groups)
    k, n = len(sizes), len(ranks)
    if n - k < FEWEST_GROUPS or k < 2:
        return 0.0
    means = np.bincount(groups, ranks) / sizes
    within = float(((ranks - means[groups]) ** 2).sum()) / (n - k)
    between = float((sizes * (means - ranks.mean()) ** 2).sum()) / (k - 1)
    size = (n - float((sizes**2).sum()) / n) / (k - 1)
    total = between + (size - 1) * within
    return max((between - within) / total, 0.0) if total > 0 else 0.0


def _ranked(target: pd.Series, task: Task | None) -> Any:
    """Numbers by their ranks, so that no outlier decides; classes by their codes."""
    if task == "regression":
        return target.rank().to_numpy(dtype=float)
    return pd.factorize(target)[0].astype(np.intp)


def _drift(target: Any, task: Task | None) -> float:
    """Rank correlation of the target with its place: of classes that of the class that goes with it most."""
    if task == "regression":
        return abs(with_order(np.asarray(target, dtype=float)))
    return max((abs(with_order((target == k).astype(float))) for k in np.unique(target)[:20]), default=0.0)
