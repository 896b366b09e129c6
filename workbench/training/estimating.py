"""What a bundle needs to tell a score without labels, found on predictions of rows that the model had not seen."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.contract import NUMERIC, Column, Contract
from workbench.core.estimation import Backtest, Estimation
from workbench.core.measures import METRICS, Measure, is_ours, is_own, measure
from workbench.profiling.expected import (
    FEWEST,
    FEWEST_OF_STRETCH,
    MOST_CLASSES,
    beyond_chance,
    by_columns,
    curves_of,
    of_losses,
    row_losses,
    stretch_edges,
    stretches,
)
from workbench.tables.compiled import CompiledModel
from workbench.training.candidates import build
from workbench.training.plan import Plan
from workbench.training.trials import Trial

Numbers = NDArray[np.float64]
Rows = NDArray[np.intp]
# Columns whose parts are estimated by themselves, and parts of each.
MOST_COLUMNS, MOST_PARTS = 16, 4
# Models of the loss on rows before, and trees of those, which only tell how far such models are off.
REFITS, TREES = 3, 40
PREDICTED = "prediction"


@dataclass(frozen=True)
class Unseen:
    """Rows whose predictions come from models that had not seen them, in the order in which they came.

    Parameters
    ----------
    rows : int array, shape (n,)
        Their positions.
    truth : pandas.Series, shape (n,)
    predicted : float array, shape (n,) or (n, k)
    ordered : bool
        Whether they come in time; else they were shuffled.
    """

    rows: Rows
    truth: pd.Series
    predicted: Numbers
    ordered: bool


def estimation_of(plan: Plan, best: Trial, held: Any) -> tuple[Estimation | None, dict[str, CompiledModel]]:
    """How a score is told without labels, and the models of the losses of numbers; None of too few rows.

    Parameters
    ----------
    plan : Plan
    best : Trial
        The candidate that ships, with its validated predictions.
    held : array
        What it answered of the hold-out.
    """
    if len(plan.classes) > MOST_CLASSES:
        return None, {}
    unseen = _unseen(plan, best, held)
    if len(unseen.rows) < FEWEST or (plan.classes and unseen.truth.nunique() < len(plan.classes)):
        return None, {}
    return _of_numbers(plan, unseen) if plan.task == "regression" else (_of_classes(plan, unseen), {})


def _unseen(plan: Plan, best: Trial, held: Any) -> Unseen:
    """Validated rows and the hold-out; each once, the hold-out last."""
    rows = plan.parts.holdout
    parts = [(truth, np.asarray(said, dtype=float)) for truth, said in best.windows]
    parts.append((plan.target.iloc[rows], np.asarray(held, dtype=float)))
    index = np.concatenate([truth.index.to_numpy() for truth, _ in parts]).astype(np.intp)
    fold = np.repeat(np.arange(len(parts)), [len(truth) for truth, _ in parts])
    last = np.flatnonzero((fold == len(parts) - 1) | ~np.isin(index, rows))
    order = last[_order(plan, index[last], fold[last])]
    predicted = np.concatenate([said for _, said in parts])
    truth = pd.concat([truth for truth, _ in parts])
    return Unseen(index[order], truth.iloc[order], predicted[order], _in_time(plan))


def _in_time(plan: Plan) -> bool:
    return plan.parts.split.kind == "time" or plan.contract.time is not None


def _order(plan: Plan, rows: Rows, fold: Rows) -> Rows:
    """By time where there is one, by the folds where these follow each other; else drawn."""
    time = plan.contract.time
    if time is not None and time in plan.table:
        moments = plan.table[time].iloc[rows].rank(method="first", na_option="top").to_numpy()
        return np.lexsort((rows, moments))
    if plan.parts.split.kind == "time":
        return np.lexsort((rows, fold))
    return np.random.default_rng(plan.seed).permutation(len(rows))


def _deciding(plan: Plan) -> Measure:
    """The deciding score, where it can be computed without the notebook and knows weights; else the task's first."""
    name = plan.metric.name
    known = (is_ours(name) or is_own(name)) if plan.classes else is_ours(name) and name != "r2"
    found = measure(name, plan.task, plan.classes) if known else None
    return found if found is not None and found.weighs else measure(METRICS[plan.task][0], plan.task, plan.classes)


def _of_classes(plan: Plan, unseen: Unseen) -> Estimation:
    one, draw = _deciding(plan), np.random.default_rng(plan.seed)
    codes = pd.Index(plan.classes).get_indexer(unseen.truth)
    curves = curves_of(unseen.predicted, codes)
    tests = stretches(one, unseen.predicted, codes, draw)
    columns = by_columns(one, unseen.predicted, codes, curves, _parts(plan, unseen.rows), draw)
    return Estimation(
        one.name, len(codes), curves, unseen.ordered, tests, *beyond_chance(tests), by_column=columns
    )  # fmt: skip


def _parts(plan: Plan, rows: Rows) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Parts of the rows by what a column holds: quarters of numbers, the most frequent categories."""
    for name in plan.features[:MOST_COLUMNS]:
        column = plan.table[name].iloc[rows]
        if plan.contract[name].kind in NUMERIC:
            values = pd.to_numeric(column, errors="coerce").to_numpy(dtype=float, na_value=np.nan)
            known = values[np.isfinite(values)]
            edges = np.unique(np.quantile(known, [0.25, 0.5, 0.75])) if len(known) else known
            place = np.where(np.isfinite(values), np.searchsorted(edges, values, side="right"), -1)
        else:
            texts = column.astype("str").where(column.notna())
            place = pd.Index(texts.value_counts().index[:MOST_PARTS]).get_indexer(texts)
        for part in range(MOST_PARTS):
            if FEWEST_OF_STRETCH <= (place == part).sum() < len(rows):
                yield name, place == part


def _of_numbers(plan: Plan, unseen: Unseen) -> tuple[Estimation, dict[str, CompiledModel]]:
    """By models of the loss (direct loss estimation), as NannyML makes them: LightGBM as it comes."""
    asked = _deciding(plan)
    names = tuple(dict.fromkeys((asked.name, "rmse", "mae")))
    table = _with_prediction(plan, unseen)
    truth = unseen.truth.to_numpy(dtype=float)
    losses = {name: row_losses(name, truth, unseen.predicted) for name in names}
    fit = partial(_fitted, plan, table)
    models = {name: fit(loss) for name, loss in losses.items()}
    first = losses[names[0]]
    tests, guessed = _stretches_of_numbers(plan, table, first, names[0])
    noise = (_noise(first, guessed), *(_noise(losses[name], np.full(len(truth), np.nan)) for name in names[1:]))
    columns = _columns_of_numbers(plan, unseen.rows, first, guessed, names[0])
    found = Estimation(names[0], len(truth), (), unseen.ordered, tests, *beyond_chance(tests), columns, names, noise)
    return found, models


def _noise(loss: Numbers, guessed: Numbers) -> float:
    """Variance of losses about what is expected, by the squared expectation; about their mean where that is not known.

    >>> _noise(np.array([1.0, 3.0]), np.array([2.0, 2.0]))
    0.25
    """
    expected = np.where(np.isfinite(guessed), guessed, loss.mean())
    return float(np.mean((loss - expected) ** 2)) / max(float(np.mean(expected**2)), 1e-300)


def _with_prediction(plan: Plan, unseen: Unseen) -> pd.DataFrame:
    """The features that a model of the loss takes, and the prediction; texts and many levels would need a target."""
    names = [name for name in plan.features if name not in plan.made and plan.contract[name].kind != "datetime"]
    added = PREDICTED
    while added in names:
        added += "_"
    return plan.table[names].iloc[unseen.rows].reset_index(drop=True).assign(**{added: unseen.predicted})


def _pipeline(plan: Plan, table: pd.DataFrame, settings: Mapping[str, Any]) -> Any:
    *names, added = table.columns
    contract = Contract((*(plan.contract[name] for name in names), Column(added, "number")))
    contract = replace(contract, columns=tuple(replace(one, role="feature") for one in contract.columns))
    return build("lightgbm", contract, tuple(table.columns), "regression", dict(settings), plan.seed)


def _fitted(plan: Plan, table: pd.DataFrame, loss: Numbers) -> CompiledModel:
    pipeline = _pipeline(plan, table, {}).fit(table, loss)
    return compile_pipeline(pipeline, tuple(table.columns), "regression")


def _stretches_of_numbers(
    plan: Plan, table: pd.DataFrame, loss: Numbers, name: str
) -> tuple[tuple[Backtest, ...], Numbers]:
    """Stretches estimated by models of the rows before, and what those expected of each row (NaN of the first)."""
    edges, guessed = stretch_edges(len(loss)), np.full(len(loss), np.nan)
    first = max(len(edges) // 3, 1)
    starts = np.unique(np.linspace(first, len(edges) - 1, REFITS + 1).astype(int))
    for start, end in zip(edges[starts[:-1]], edges[starts[1:]], strict=True):
        made = _pipeline(plan, table, {"n_estimators": TREES}).fit(table.iloc[:start], loss[:start])
        guessed[start:end] = made.predict(table.iloc[start:end])
    pairs = zip(edges[first:-1], edges[first + 1 :], strict=True)
    return tuple(of_losses(name, loss[a:b], guessed[a:b]) for a, b in pairs), guessed


def _columns_of_numbers(plan: Plan, rows: Rows, loss: Numbers, guessed: Numbers, name: str) -> dict[str, float]:
    tests: dict[str, list[Backtest]] = {}
    for column, part in _parts(plan, rows):
        part &= np.isfinite(guessed)
        if part.sum() >= FEWEST_OF_STRETCH:
            tests.setdefault(column, []).append(of_losses(name, loss[part], guessed[part]))
    return dict(sorted(((c, beyond_chance(t)[0]) for c, t in tests.items()), key=lambda pair: (-pair[1], pair[0])))
