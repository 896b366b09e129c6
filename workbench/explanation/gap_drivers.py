"""Which features make the gap between groups, and which features tell the groups."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import pandas as pd
import polars as pl
from numpy.typing import NDArray
from scipy import stats
from threadpoolctl import threadpool_limits

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.contract import Column, Contract
from workbench.core.fairness import Driver, Proxy
from workbench.errors import CannotCompile
from workbench.explanation.answered_rows import Answered
from workbench.explanation.grouped import Grouped
from workbench.profiling.associations import gini, target_scores

Numbers = NDArray[np.float64]
# Rows that are explained, of each of the finest groups at least so many, and rows on which proxies are looked for.
MOST_EXPLAINED, FEWEST_EXPLAINED, MOST_LOOKED_AT = 2_000, 50, 4_000
TOGETHER = "all features together"
TREES = 40


def drivers(rows: Answered, ofs: Sequence[Grouped], level: float, seed: int = 0) -> tuple[tuple[Driver, ...], str]:
    """What each feature adds to the difference of mean outputs between a group and the rest, and in which unit.

    Mean SHAP values of the group less those of the rest, from the compiled model: over all features they add up to the
    difference of the outputs. Of each of the finest groups some hundred rows are explained, and weighed by its size.
    Nothing where the model has no tables, or several classes and none that is asked about.

    Parameters
    ----------
    rows : Answered
    ofs : sequence of Grouped
        Column by column, the finest groups last.
    level : float
        Share of intervals that hold the true value.
    seed : int
        Of the rows that are drawn.
    """
    run = rows.run
    if run.task == "multiclass" and rows.place is None:
        return (), ""
    try:
        compiled = compile_pipeline(run.pipeline, run.features, run.task, background=rows.table[list(run.features)])
    except CannotCompile:
        return (), ""
    picked, weights = _picked(ofs[-1], rows.weights, seed)
    place = (rows.place or 0) if run.task == "multiclass" else 0
    values, _ = compiled.explain_class(rows.table[list(run.features)].iloc[picked].reset_index(drop=True), place)
    values = -np.asarray(values) if run.task == "binary" and rows.place == 0 else np.asarray(values)
    unit = compiled.unit or run.contract[str(run.contract.target)].unit or f"units of {run.contract.target}"
    found = (one for of in ofs for one in _drivers(run.features, of, of.codes[picked], values, weights, level))
    return tuple(found), unit


def _picked(finest: Grouped, weights: Numbers | None, seed: int) -> tuple[NDArray[np.intp], Numbers]:
    """Rows that are explained, as many of each of the finest groups, and how much each counts for all of its group."""
    rng, most = np.random.default_rng(seed), max(FEWEST_EXPLAINED, MOST_EXPLAINED // len(finest.names))
    each = np.ones(len(finest.codes)) if weights is None else weights
    groups = [np.flatnonzero(finest.codes == k) for k in range(len(finest.names))]
    drawn = [np.sort(rng.permutation(rows)[:most]) for rows in groups]
    counted = [each[some] * (each[rows].sum() / each[some].sum()) for rows, some in zip(groups, drawn, strict=True)]
    return np.concatenate(drawn), np.concatenate(counted)


def _drivers(
    features: Sequence[str], of: Grouped, codes: NDArray[np.intp], values: Numbers, weights: Numbers, level: float
) -> Iterator[Driver]:
    z = float(stats.norm.ppf((1 + level) / 2))
    for k in np.flatnonzero(of.large).tolist():
        sides = [codes == k, codes != k]
        if not all(side.any() for side in sides):
            continue
        (mean, error), (rest, other) = (_mean(values[side], weights[side]) for side in sides)
        apart, half = mean - rest, z * np.sqrt(error + other)
        for j in np.argsort(-abs(apart), kind="stable").tolist():
            ends = float(apart[j] - half[j]), float(apart[j] + half[j])
            yield Driver(of.column, of.names[k], features[j], float(apart[j]), *ends)


def _mean(values: Numbers, weights: Numbers) -> tuple[Numbers, Numbers]:
    """Weighted mean of each column, and its squared standard error."""
    shares = weights / weights.sum()
    mean = shares @ values
    return mean, shares**2 @ (values - mean) ** 2


def proxies(rows: Answered, of: Grouped, seed: int = 0) -> tuple[Proxy, ...]:
    """How well each feature, and all of them together, tell a column's groups on rows that were held out.

    Each half of the rows tells of the other: a feature alone by the groups' shares in each of its bins, all together by
    boosted trees. 2 AUC - 1 in the mean over the groups, 0 for what tells nothing. The column itself is left out.
    """
    run = rows.run
    features = [name for name in run.features if name != of.column]
    if not features or len(np.unique(of.codes[of.large[of.codes]])) < 2:
        return ()
    picked = _evenly(np.flatnonzero(of.large[of.codes]), seed)
    table, codes = rows.table[features].iloc[picked].reset_index(drop=True), of.codes[picked]
    alone = _alone(table, codes, run.contract, seed)
    is_feature = of.column in run.features
    found = [Proxy(of.column, name, score, is_feature) for name, score in alone.items()]
    together = Proxy(of.column, TOGETHER, _together(table, codes, run.contract, seed), is_feature)
    return (together, *sorted(found, key=lambda one: -one.strength))


def _evenly(rows: NDArray[np.intp], seed: int) -> NDArray[np.intp]:
    return np.sort(np.random.default_rng(seed).permutation(rows)[:MOST_LOOKED_AT])


def _alone(table: pd.DataFrame, codes: NDArray[np.intp], contract: Contract, seed: int) -> dict[str, float]:
    group = "group"
    while group in table:
        group += "_"
    frame = pl.from_pandas(table).with_columns(pl.Series(group, [f"g{code}" for code in codes.tolist()]))
    columns = tuple(contract[str(name)] for name in table.columns)
    return target_scores(frame, Contract((*columns, Column(group, "category", "target")), task="multiclass"), seed)


def _together(table: pd.DataFrame, codes: NDArray[np.intp], contract: Contract, seed: int) -> float:
    from sklearn.ensemble import HistGradientBoostingClassifier

    matrix = np.column_stack([_numbers(table[name]) for name in table.columns])
    half = np.random.default_rng(seed).permutation(len(codes)) % 2 == 0
    model = HistGradientBoostingClassifier(max_iter=TREES, max_leaf_nodes=15, early_stopping=False, random_state=0)
    found = []
    with threadpool_limits(1):  # of so few rows threads wait for each other
        for fit in [side for side in (half, ~half) if len(np.unique(codes[side])) > 1]:
            said = model.fit(matrix[fit], codes[fit]).predict_proba(matrix[~fit])
            found += [gini((codes[~fit] == k).astype(float), said[:, j]) for j, k in enumerate(model.classes_)]
    return round(float(np.clip(np.mean(found), 0, 1)), 4) if found else 0.0


def _numbers(column: pd.Series) -> Numbers:
    """As a tree takes it: numbers as they are, others by how common they are."""
    if pd.api.types.is_numeric_dtype(column):
        return column.to_numpy(dtype=float, na_value=np.nan)
    if pd.api.types.is_datetime64_any_dtype(column):
        return np.asarray(column.astype("int64").where(column.notna()), dtype=float)
    place = {value: float(k) for k, value in enumerate(column.value_counts().index)}
    return np.asarray(column.map(place), dtype=float)
