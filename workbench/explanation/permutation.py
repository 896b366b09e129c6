"""SHAP values of a model without tables, by shap's permutation explainer around the raw pipeline."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.core.run import Run

Numbers = NDArray[np.float64]
# It asks the pipeline for some thousands of predictions a row: more rows would take minutes.
MOST_ROWS = 50
BACKGROUND = 50


def by_permutation(run: Run, table: pd.DataFrame) -> tuple[Numbers, float, Numbers, str, Any, str]:
    """Values (rows, features), base, outputs, unit, explained label and method, for the last 50 rows at most.

    shap's maskers can't hold text, so every column is given as codes of its distinct values and read back before the
    pipeline sees it. Probabilities are explained, not log-odds: they are finite for every model.
    """
    import shap

    shown = table.tail(MOST_ROWS)
    codes, read_back = _codes(table)
    place = len(run.classes) - 1
    answer = _answers(run, read_back, place)
    background = codes[np.random.default_rng(run.seed).choice(len(codes), min(BACKGROUND, len(codes)), replace=False)]
    explainer = shap.PermutationExplainer(answer, shap.maskers.Independent(background), seed=run.seed)
    shap_values = explainer(codes[-len(shown) :], silent=True)
    base = float(np.mean(shap_values.base_values))
    unit = "probability" if run.classes else ""
    label = run.classes[place] if run.classes else None
    return np.asarray(shap_values.values), base, answer(codes[-len(shown) :]), unit, label, "shap permutation"


def _codes(table: pd.DataFrame) -> tuple[Numbers, Callable[[Numbers], pd.DataFrame]]:
    factors = {name: pd.factorize(table[name], use_na_sentinel=False) for name in table.columns}
    codes = np.column_stack([codes for codes, _ in factors.values()]).astype(float)

    def read_back(matrix: Numbers) -> pd.DataFrame:
        columns = zip(factors.items(), matrix.T, strict=True)
        return pd.DataFrame(
            {
                name: pd.Series(kinds.take(code.astype(int))).astype(table[name].dtype)
                for (name, (_, kinds)), code in columns
            }
        )

    return codes, read_back


def _answers(run: Run, read_back: Callable[[Numbers], pd.DataFrame], place: int) -> Callable[[Numbers], Numbers]:
    def answer(matrix: Numbers) -> Numbers:
        table = read_back(matrix)
        if run.task == "regression":
            return np.asarray(run.pipeline.predict(table), dtype=float)
        return np.asarray(run.pipeline.predict_proba(table))[:, place]

    return answer
