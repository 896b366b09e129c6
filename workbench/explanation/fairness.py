"""The verb ``fairness``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from workbench.core.arguments import mapping
from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.dataset import Dataset
from workbench.core.fairness import FILE, Fairness, Group
from workbench.core.finding import sort
from workbench.core.group_choices import MOST_FIRST, MOST_VALUES, choices
from workbench.core.grouping import Grouping, named
from workbench.core.literals import python
from workbench.core.nouns import expect, run_of
from workbench.core.parameters import FairnessStep, listed, take
from workbench.core.run import Run
from workbench.errors import BadParameter, ColumnNotFound
from workbench.explanation.answered_rows import Answered, answered_rows
from workbench.explanation.fairness_findings import findings
from workbench.explanation.gap_drivers import drivers, proxies
from workbench.explanation.group_verdict import LEVEL, gaps, groups, overall
from workbench.explanation.grouped import Grouped, grouped
from workbench.explanation.remedies import reweighing, thresholds
from workbench.storage.tracking import client


def fairness(
    run: Run | Any,
    by: str | Sequence[str] = (),
    *,
    data: Any = None,
    bins: Mapping[str, Sequence[float]] | None = None,
    label: Any = None,
    smallest: int = 50,
    false_alarm_rate: float = 0.05,
    why: bool = True,
    reweigh: Any = False,
    target: str | None = None,
    holdout: Any = None,
) -> Fairness:
    """Say how groups of the held-out rows are answered, what makes the gap, and what closing it would cost.

    Rates, errors and calibration of each group of a column, and of all columns crossed, each with its interval; the
    differences and ratios that people compare, by fairlearn's names; and which of the groups differ from all other rows
    by more than chance, at one false-alarm rate for all groups and measures. Where the run counts rows by a weight, so
    does this.

    Parameters
    ----------
    run : Run, or fitted pipeline
        Made by :func:`workbench.train`, or a model of your own, which :func:`workbench.adopt` scores first.
    by : str or sequence of str
        Columns whose groups are compared; they need not be features. By default those that the contract calls
        sensitive. Missing values are a group of their own.
    data : optional
        Beside a run: other rows with their target, which the model has not seen; by default its hold-out. With a
        pipeline: as :func:`workbench.adopt` takes it.
    bins : mapping of str to sequence of float, optional
        Where a number's parts begin, rising; by default its quarters, or its values where they are few.
    label : optional
        The class whose rates are told: of two the second by default; of more none, which tells accuracy, and how often
        each class is answered.
    smallest : int
        Rows below which a group is shown and not judged, at least 2; effective ones where rows have weights. Of fewer
        than 5 rows of a sensitive column the number alone is told.
    false_alarm_rate : float
        Chance that any group is said to differ where none does, in [0.000001, 0.5].
    why : bool
        Also which features make the gap (SHAP), which tell the groups, and what a threshold for each group would cost.
    reweigh : bool or Dataset
        Fit the candidate anew on rows whose weights make group and outcome independent, and tell what it costs. True
        reads the file that the run was trained on; where there is none give the dataset.
    target, holdout : optional
        For a model of your own, as :func:`workbench.adopt` takes them.

    Returns
    -------
    Fairness
        Shows itself; of a run's hold-out, and with its reasons, it is written to the run in MLflow.
        ``wb.package(run, name=…, fairness=…)`` puts it on the card, and :func:`workbench.monitor` follows the groups
        from then on.

    Raises
    ------
    BadParameter
        If a column names persons, has too many values, or none is given and none is sensitive; bins do not rise; a
        number is out of its range; or there is nothing to reweigh.
    ColumnNotFound
        If a column is not among the rows.
    Refused
        If the run's scores are of another pipeline than the one it holds.

    References
    ----------
    Barocas, S., Hardt, M. and Narayanan, A. (2023), Fairness and Machine Learning. ``fairlearn.metrics`` has the same
    values; Holm, S. (1979), A simple sequentially rejective multiple test procedure.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train("churn.csv", target="Churn", candidates=["linear"])
    >>> fair = wb.fairness(run, "Contract", why=False)
    >>> [group.value for group in fair.groups]
    ['yearly', 'monthly']
    >>> fair.gap("demographic_parity_difference").column
    'Contract'
    """
    asked = (by,) if isinstance(by, str) else listed(by)
    reweighs = reweigh if isinstance(reweigh, bool) else expect(reweigh, Dataset, "wb.fairness(reweigh=…)") is not None
    told = {"smallest": smallest, "false_alarm_rate": false_alarm_rate, "why": why, "reweigh": reweighs}
    step = take(FairnessStep, {"by": asked, **told})
    run, others = _run(run, data, target, holdout)
    if step.reweigh and others is not None:
        raise BadParameter("reweigh is compared on the run's own hold-out. Leave data= out.")
    if step.reweigh and run.task == "regression":
        raise BadParameter("A number has no classes to weigh. Leave reweigh= out.")
    rows = answered_rows(run, others, label)
    names = _columns(rows, step.by)
    edges = named(mapping(bins, "bins", "wb.fairness"), names)
    by_columns = tuple(Grouping.by(rows.table[name], edges.get(name)) for name in names)
    columns = grouped(rows, by_columns, step.smallest)
    found = _told(rows, by_columns, columns, step.false_alarm_rate)
    if step.why:
        found = _with_reasons(found, rows, columns)
    if step.reweigh:
        remedy = reweighing(rows, columns[-1], found, None if reweigh is True else reweigh)
        found = replace(found, remedies=(*found.remedies, remedy))
    found = replace(found, findings=sort(findings(found, run.features)))
    if others is None and step.why:
        _record(found)
        run.beside["fairness"] = found
    return found


def _record(found: Fairness) -> None:
    """Keep what is told of a run's own hold-out with the run."""
    with tempfile.TemporaryDirectory() as folder:
        client().log_artifact(found.run, str(found.save(Path(folder) / FILE)), "workbench")


def _run(run: Any, data: Any, target: Any, holdout: Any) -> tuple[Run, Any]:
    """The run, and other rows than its hold-out; data beside a pipeline are to adopt it with."""
    if isinstance(run, Run) and target is None and holdout is None:
        return run.checked(), data
    return run_of(run, data, "wb.fairness", target=target, holdout=holdout), None


def _columns(rows: Answered, asked: Sequence[str]) -> tuple[str, ...]:
    """The columns to group by, checked."""
    contract, target = rows.run.contract, rows.run.contract.target
    there = [str(name) for name in rows.table.columns if name != target]
    asked = asked or [c.name for c in contract.columns if c.name in there and _makes_groups(c, rows.table[c.name])]
    if not asked:
        raise BadParameter(
            "No column is sensitive by the contract, so say whose groups are compared: "
            f"{python('wb.fairness(run, by=$by)', by=_likely(contract, there))}."
        )
    for name in asked:
        if name not in there:
            raise _absent(rows, name, there)
        if name in contract and contract[name].role == "personal":
            raise BadParameter(
                f"{name!r} names persons, and each would be a group of one. Group by what people have in common."
            )
        if pd.api.types.is_datetime64_any_dtype(rows.table[name]):
            raise BadParameter(
                f"{name!r} holds moments. Make a column of what you mean, such as the year, and give that."
            )
    return tuple(asked)


def _likely(contract: Contract, there: Sequence[str]) -> list[str]:
    people, others = choices(contract)
    likely = [name for name in (*people[:MOST_FIRST], *others[:1], *there[:1]) if name in there]
    return [name for name in likely if name in people] or likely[:1]


def _makes_groups(column: Column, values: pd.Series) -> bool:
    """Whether a column is sensitive, and its values are ones that several people share."""
    if not column.sensitive or column.role == "personal":
        return False
    return column.kind in NUMERIC or (column.kind in ("category", "boolean") and values.nunique() <= MOST_VALUES)


def _absent(rows: Answered, name: str, there: Sequence[str]) -> Exception:
    if name in rows.run.contract and name != rows.run.contract.target and rows.table is rows.run.holdout:
        return BadParameter(
            f"The run did not keep {name!r} with its held-out rows: what is no feature is kept where it has few values "
            "or is a number, and by older versions not at all. Give rows that have it, and that are new to the model: "
            "wb.fairness(run, by, data=rows)."
        )
    return ColumnNotFound.named(name, there)


def _told(rows: Answered, by: Sequence[Grouping], columns: Sequence[Grouped], rate: float) -> Fairness:
    """Groups, gaps and verdict; why comes later."""
    run = rows.run
    plain = () if rows.weights is None else _plain(rows, by, columns[0].smallest, rate)
    return Fairness(
        run=run.id, task=run.task, label=rows.label, by=tuple(by), rows=len(rows.truth),
        overall=overall(columns[-1], rows.measures()), groups=tuple(groups(rows, columns, rate)),
        gaps=tuple(gap for of in columns for gap in gaps(rows, of)), smallest=columns[0].smallest,
        false_alarm_rate=rate, level=LEVEL, threshold=run.threshold,
        weight=None if rows.weights is None else run.contract.weight, unweighted=plain,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )  # fmt: skip


def _plain(rows: Answered, by: Sequence[Grouping], smallest: int, rate: float) -> tuple[Group, ...]:
    """The groups with each row counted the same, as a service sees rows."""
    rows = replace(rows, weights=None)
    return tuple(groups(rows, grouped(rows, by, smallest), rate))


def _with_reasons(found: Fairness, rows: Answered, columns: Sequence[Grouped]) -> Fairness:
    """With what makes the gap, what tells the groups, and what thresholds by group cost."""
    driven, unit = drivers(rows, columns, LEVEL, rows.run.seed)
    told = [one for of in columns[: len(found.by)] for one in proxies(rows, of, rows.run.seed)]
    remedies = thresholds(rows, columns[-1]) if rows.run.task == "binary" else ()
    return replace(found, drivers=driven, unit=unit, proxies=tuple(told), remedies=tuple(remedies))
