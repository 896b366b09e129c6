"""Fairness: how a model answers groups of people, what makes the gap, and what closing it would cost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.contract import Task
from workbench.core.finding import Finding
from workbench.core.grouping import Grouping
from workbench.core.late import late
from workbench.core.metric import Metric, short
from workbench.core.result import Result

if TYPE_CHECKING:
    import pandas as pd

    from workbench.core.dataset import Dataset
    from workbench.core.run import Run

# Where a bundle keeps it.
FILE = "fairness.json"
# Rows below which rates of a group of a sensitive column would tell of persons: its size alone is told.
FEWEST_TOLD = 5
LIMITS = (
    "What such numbers say, and what not: they compare how groups of the held-out rows are answered. They do not say "
    "why, nor whether the true outcomes were fair: labels that came of unfair decisions make an unfair model look "
    "right. Where groups differ in how often the outcome is true, no model can have equal selection rates, equal error "
    "rates and equal precision at once, so which one matters is a choice of people who know the decision, and of the "
    "law. Rows are taken as independent of each other. No difference beyond chance is not equality: the interval says "
    "how large a difference may still be. Groups that are in no column are not seen."
)


@dataclass(frozen=True)
class GroupMetric:
    """One measure of one group.

    Parameters
    ----------
    name : str
        As fairlearn and scikit-learn call it: ``selection_rate``, ``true_positive_rate``, ``mae``, …
    value : float, optional
        None where no row of the group counts in it, as a true positive rate without positives.
    low, high : float, optional
        Ends of its interval.
    rows : float
        Rows that it is a share or a mean of; effective ones where rows have weights.
    rest : float, optional
        The same measure of all other rows.
    p_value : float, optional
        That chance alone makes such a difference between the group and all other rows, in either direction, corrected
        for all groups and measures that were judged (Holm). None where it was not judged.
    differs : bool
        Whether it differs from the rest by more than chance, at the false-alarm rate that was asked for.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    rows: float = 0.0
    rest: float | None = None
    p_value: float | None = None
    differs: bool = False

    @property
    def text(self) -> str:
        """Value and interval.

        >>> GroupMetric("selection_rate", 0.25, 0.2, 0.31).text
        '0.250 (0.200 to 0.310)'
        """
        return "–" if self.value is None else Metric(self.name, self.value, self.low, self.high).text


@dataclass(frozen=True)
class Group:
    """Rows that have the same in one column, or in several.

    Parameters
    ----------
    column : str
        Or several with × between.
    value : str
    rows : int
    share : float
        Of all rows, by their weights, in (0, 1].
    small : bool
        Whether it has too few rows to be judged; it is shown all the same.
    metrics : tuple of GroupMetric
    score : Metric, optional
        The run's deciding score of these rows, where it can be computed.
    """

    column: str
    value: str
    rows: int
    share: float
    small: bool
    metrics: tuple[GroupMetric, ...]
    score: Metric | None = None

    def __getitem__(self, name: str) -> GroupMetric:
        return next(one for one in self.metrics if one.name == name)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Group:
        """Read what ``dataclasses.asdict`` wrote."""
        metrics, score = tuple(GroupMetric(**one) for one in content["metrics"]), content["score"]
        return cls(**{**content, "metrics": metrics, "score": score and Metric.from_dict(score)})


@dataclass(frozen=True)
class Gap:
    """The largest difference between the groups of a column, or their smallest ratio.

    Parameters
    ----------
    column : str
    name : str
        As fairlearn calls it: ``demographic_parity_difference``, ``equalized_odds_ratio``, …
    value : float
    low, high : float, optional
        An interval that holds for all pairs of groups together; of a difference ``low`` is 0 unless two groups surely
        differ, of a ratio ``high`` is 1.
    least, most : str
        The groups with the smallest and the largest value.
    """

    column: str
    name: str
    value: float
    low: float | None
    high: float | None
    least: str
    most: str

    @property
    def text(self) -> str:
        """Value and interval."""
        return Metric(self.name, self.value, self.low, self.high).text


@dataclass(frozen=True)
class Driver:
    """What one feature adds to the difference between a group's mean output and that of all other rows.

    Parameters
    ----------
    column, group : str
    feature : str
    value : float
        Mean SHAP value in the group less that of the rest; over all features they add up to the difference of outputs.
    low, high : float
        Its interval.
    """

    column: str
    group: str
    feature: str
    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Proxy:
    """How well a feature tells a column's groups.

    Parameters
    ----------
    column : str
    feature : str
        One feature, or ``all features together``.
    strength : float
        Of rows that were held out, in [0, 1]: 2 AUC - 1, in the mean over the groups. 0: it tells nothing.
    is_feature : bool
        Whether the model uses the column itself.
    """

    column: str
    feature: str
    strength: float
    is_feature: bool


@dataclass(frozen=True)
class Remedy:
    """A way to close a gap, and what it costs.

    Parameters
    ----------
    name : str
        ``thresholds`` (one a group) or ``reweighing`` (of the rows that are learnt from).
    constraint : str
        What it is to make equal: ``demographic_parity``, ``true_positive_rate_parity``, ``equalized_odds``; of
        reweighing ``independence``.
    column : str
        Whose groups.
    ships : bool
        Whether a bundle can hold it.
    told : str
        What it does, and why it does not ship.
    before, after : tuple of Metric
        Scores without and with it, with their intervals, of rows that it was not made on.
    gaps : tuple of (Gap, Gap)
        Differences before and after, the same in both.
    thresholds : dict of str to dict
        Of each group: ``threshold``, or, where two take turns by chance, ``low``, ``high`` and the ``share`` of rows
        that ``low`` decides.
    """

    name: str
    constraint: str
    column: str
    ships: bool
    told: str
    before: tuple[Metric, ...]
    after: tuple[Metric, ...]
    gaps: tuple[tuple[Gap, Gap], ...]
    thresholds: dict[str, dict[str, float]] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Remedy:
        """Read what ``dataclasses.asdict`` wrote."""
        scores = {side: tuple(Metric.from_dict(one) for one in content[side]) for side in ("before", "after")}
        gaps = tuple((Gap(**before), Gap(**after)) for before, after in content["gaps"])
        return cls(**{**content, **scores, "gaps": gaps})


@dataclass(frozen=True)
class Fairness(Result):
    """How a model answers groups of the rows that it has not seen. Made by :func:`workbench.fairness`.

    Parameters
    ----------
    run : str
        Id of the run.
    task : {"binary", "multiclass", "regression"}
    label : object
        Two classes: the answer whose rates are told; None otherwise.
    by : tuple of Grouping
        How rows are told apart, column by column.
    rows : int
        That were looked at.
    overall : tuple of GroupMetric
        Of all of them.
    groups : tuple of Group
        Column by column, those of all columns crossed last; the largest first.
    gaps : tuple of Gap
        Of groups that are large enough.
    drivers : tuple of Driver
        Which features make the difference of outputs, group by group, the strongest first.
    unit : str
        Of the drivers: ``log-odds``, ``probability``, or the target's.
    proxies : tuple of Proxy
        Which features tell the groups, the best first.
    remedies : tuple of Remedy
    smallest : int
        Rows below which a group is shown and not judged.
    false_alarm_rate : float
        Chance that any group is said to differ where none does.
    level : float
        Share of intervals that hold the true value.
    weight : str, optional
        Column by which rows count.
    threshold : float, optional
        Two classes: from which probability on the second was answered. None where an older version told of them.
    unweighted : tuple of Group
        Where they do: the groups with each row counted the same, as a service sees rows, so what monitoring compares
        with. Else empty.
    findings : tuple of Finding
    created : str
        ISO 8601 with zone.
    """

    run: str
    task: Task
    label: Any
    by: tuple[Grouping, ...]
    rows: int
    overall: tuple[GroupMetric, ...]
    groups: tuple[Group, ...]
    gaps: tuple[Gap, ...]
    drivers: tuple[Driver, ...] = ()
    unit: str = ""
    proxies: tuple[Proxy, ...] = ()
    remedies: tuple[Remedy, ...] = ()
    smallest: int = 50
    false_alarm_rate: float = 0.05
    level: float = 0.9
    weight: str | None = None
    threshold: float | None = None
    unweighted: tuple[Group, ...] = ()
    findings: tuple[Finding, ...] = ()
    created: str = ""

    noun: ClassVar[str] = "fairness"

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns, and all of them crossed."""
        return tuple(dict.fromkeys(one.column for one in self.groups))

    @property
    def by_column(self) -> Mapping[str, tuple[Group, ...]]:
        """The groups of each column, or of all columns crossed."""
        return {name: tuple(one for one in self.groups if one.column == name) for name in self.columns}

    def is_of(self, run: Run) -> bool:
        """Whether it tells of a run's answers: of its model, by its threshold."""
        return self.run == run.id and self.threshold in (None, run.threshold)

    def gap(self, name: str, column: str | None = None) -> Gap | None:
        """A difference or ratio by its name, of the first column or of the one that is named; None where there is none.

        >>> Fairness("", "binary", 1, (), 0, (), (), ()).gap("demographic_parity_difference") is None
        True
        """
        column = self.columns[0] if column is None and self.columns else column
        return next((one for one in self.gaps if one.name == name and one.column == column), None)

    def headline(self) -> str:
        """What differs most surely, or that nothing does by more than chance."""
        rows = f"{self.rows:,} held-out rows"
        if not (told := self.told_apart()):
            judged = sum(not group.small for group in self.groups)
            gap = next((one for one in self.gaps if one.high is not None), None)
            most = f"; {gap.name.replace('_', ' ')} up to {short(gap.high or 0.0)} is possible" if gap else ""
            return f"{rows}: no group of {judged} differs from the others by more than chance{most}"
        group, one = told[0]
        name = one.name.replace("_", " ")
        more = f", and {len(told) - 1} more such differences" if len(told) > 1 else ""
        value, rest = short(one.value or 0.0), short(one.rest or 0.0)
        return f"{rows}: {name} of {group.column} {group.value} is {value}, {rest} for all others{more}"

    def told_apart(self) -> list[tuple[Group, GroupMetric]]:
        """Groups and measures that differ from the rest by more than chance, the surest first, then the largest."""
        found = [(group, one) for group in self.groups for one in group.metrics if one.differs]
        return sorted(
            found, key=lambda pair: (pair[1].p_value or 0.0, -abs((pair[1].value or 0) - (pair[1].rest or 0)))
        )

    def frame(self) -> pd.DataFrame:
        """One row a group: its size, its measures and their intervals."""
        return self._frame([_row(one) for one in self.groups])

    def reweigh(self, data: Dataset, *, column: str = "fair_weight") -> Dataset:
        """The same rows with weights that make group and outcome independent of each other, to train on.

        A row counts by how often its group and its outcome would come together if neither told of the other, over how
        often they do: rows of a group whose outcome is rare there count more. A weight that the rows have already is
        multiplied by it.

        Parameters
        ----------
        data : Dataset
            What the run was trained on, or other rows with target and the columns of the groups.
        column : str
            Name of the column of weights that is added.

        Returns
        -------
        Dataset

        Raises
        ------
        ColumnNotFound
            If it lacks a column of the groups.
        BadParameter
            If the target is a number, which has no classes to weigh.

        References
        ----------
        Kamiran, F. and Calders, T. (2012), Data preprocessing techniques for classification without discrimination.

        Examples
        --------
        >>> import workbench as wb
        >>> data = wb.dataset("churn.csv", target="Churn")
        >>> run = wb.train(data, candidates=["linear"])
        >>> fair = wb.fairness(run, "Contract", why=False)
        >>> wb.train(fair.reweigh(data), candidates=["linear"]).contract.weight
        'fair_weight'
        """
        return late("Fairness.reweigh")(self, data, column=column)

    def results(self) -> dict[str, Any]:
        """The measures of all rows and of each group, and the gaps."""
        gaps = {column: {one.name: one.value for one in self.gaps if one.column == column} for column in self.columns}
        groups = {column: {one.value: _values(one.metrics) for one in its} for column, its in self.by_column.items()}
        return {"overall": _values(self.overall), "groups": groups, "gaps": gaps}

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Fairness:
        """Read what :meth:`to_dict` wrote."""
        by = tuple(map(Grouping.from_dict, content["by"]))
        content = _renamed(content, {one.column: one.renamed for one in by})
        read = {
            "by": by,
            "overall": tuple(GroupMetric(**one) for one in content["overall"]),
            "groups": tuple(Group.from_dict(one) for one in content["groups"]),
            "unweighted": tuple(Group.from_dict(one) for one in content["unweighted"]),
            "gaps": tuple(Gap(**one) for one in content["gaps"]),
            "drivers": tuple(Driver(**one) for one in content["drivers"]),
            "proxies": tuple(Proxy(**one) for one in content["proxies"]),
            "remedies": tuple(Remedy.from_dict(one) for one in content["remedies"]),
            "findings": tuple(Finding.from_dict(one) for one in content["findings"]),
        }
        return cls(**{**content, **read})


def _renamed(content: dict[str, Any], names: Mapping[str, Mapping[str, str]]) -> dict[str, Any]:
    """With the names that groups have now, where an older version gave them others."""

    def now(one: dict[str, Any], *fields: str) -> dict[str, Any]:
        known = names.get(one["column"], {})
        return {**one, **{name: known.get(one[name], one[name]) for name in fields}}

    told = {"groups": ("value",), "unweighted": ("value",), "gaps": ("least", "most"), "drivers": ("group",)}
    return {**content, **{of: [now(one, *fields) for one in content[of]] for of, fields in told.items()}}


def _values(metrics: tuple[GroupMetric, ...]) -> dict[str, float | None]:
    return {one.name: one.value for one in metrics}


def _row(group: Group) -> dict[str, Any]:
    told = {
        "column": group.column,
        "value": group.value,
        "rows": group.rows,
        "share": group.share,
        "small": group.small,
    }
    for one in group.metrics:
        told |= {one.name: one.value, f"{one.name}_low": one.low, f"{one.name}_high": one.high}
        told |= {} if one.p_value is None else {f"{one.name}_p": one.p_value}
    if group.score is not None:
        told |= {group.score.name: group.score.value}
    return told
