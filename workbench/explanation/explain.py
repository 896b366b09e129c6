"""The verb ``explain``."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.compiling.pipeline import compile_pipeline
from workbench.core.explanation import Explanation
from workbench.core.finding import Finding
from workbench.core.json_values import rows as plain_rows
from workbench.core.literals import python
from workbench.core.nouns import run_of
from workbench.core.parameters import ExplainStep, take
from workbench.core.run import Run
from workbench.errors import CannotCompile
from workbench.explanation.permutation import by_permutation
from workbench.storage.tracking import client
from workbench.tables.compiled import CompiledModel

Numbers = NDArray[np.float64]
# Share of the spread of the outputs that the sum may be off before the values are called wrong.
TOLERANCE = 1e-6


def explain(
    run: Run | Any, data: Any = None, *, rows: int = 1000, target: str | None = None, holdout: Any = None
) -> Explanation:
    """Say which columns drive the predictions, over all held-out rows and for each one.

    Values are exact SHAP values of the original columns (path-dependent for trees), from the compiled model. What can't
    be compiled is explained by shap's permutation explainer. Either way the sum is checked against the model itself.

    Parameters
    ----------
    run : Run, or fitted pipeline
        Made by :func:`workbench.train`, or a model of your own, which :func:`workbench.adopt` scores first.
    data, target, holdout : optional
        For a model of your own, as :func:`workbench.adopt` takes them.
    rows : int
        Held-out rows to explain, the latest ones, at least 1; all of them where there are fewer.

    Returns
    -------
    Explanation
        Values of shape (rows, features): in log-odds for classes, in the target's unit for a regression. A count
        is learnt on a log scale, and explained in counts: what the columns add there is shared out in proportion. With
        more than two classes it is the most frequently predicted one that is explained. Also written to the run in
        MLflow.

    Raises
    ------
    BadParameter
        If ``rows`` is out of its range, or something else than a run, or a pipeline with data, came.
    Refused
        If the run's scores are of another pipeline than the one it holds.

    References
    ----------
    Lundberg, S. and Lee, S. (2017), A Unified Approach to Interpreting Model Predictions. Lundberg, S. et al. (2020),
    From local explanations to global understanding with explainable AI for trees; ``shap.TreeExplainer`` agrees.

    Examples
    --------
    >>> import workbench as wb
    >>> run = wb.train(wb.dataset("churn.csv", target="Churn"), candidates=["linear"])
    >>> explanation = wb.explain(run, rows=50)
    >>> list(explanation.importance())
    ['tenure', 'Contract', 'MonthlyCharges']
    """
    rows = take(ExplainStep, {"rows": rows}).rows
    run = run_of(run, data, "wb.explain", target=target, holdout=holdout)
    table = run.holdout[list(run.features)].tail(rows).reset_index(drop=True)
    explained = _values(run, table)
    error = float(np.abs(explained.base + explained.values.sum(axis=1) - explained.outputs).max())
    explanation = Explanation(
        run_id=run.id,
        features=run.features,
        values=tuple(tuple(row) for row in explained.values.tolist()),
        base=float(explained.base),
        outputs=tuple(explained.outputs.tolist()),
        unit=explained.unit or run.contract[str(run.contract.target)].unit or f"units of {run.contract.target}",
        label=explained.label,
        additivity_error=error,
        method=explained.method,
        rows=plain_rows(
            table.tail(len(explained.values)), hidden=(c.name for c in run.contract.columns if c.sensitive)
        ),
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        findings=tuple(_findings(error, explained.outputs)),
    )
    _record(explanation)
    return explanation


@dataclass(frozen=True)
class Values:
    """SHAP values and what they must add up to."""

    values: Numbers
    base: float
    outputs: Numbers
    unit: str
    label: Any
    method: str


def _values(run: Run, table: pd.DataFrame) -> Values:
    try:
        compiled = compile_pipeline(run.pipeline, run.features, run.task, background=run.holdout[list(run.features)])
    except CannotCompile:
        return Values(*by_permutation(run, table))
    place = _place(run, compiled, table)
    values, base = compiled.explain_class(table, place if run.task == "multiclass" else 0)
    label = run.classes[place] if run.classes else None
    return Values(values, base, _own_output(run, compiled, table, place), compiled.unit, label, compiled.method)


def _place(run: Run, compiled: CompiledModel, table: pd.DataFrame) -> int:
    """Which class is explained: of two the second, of more the one that is predicted most often."""
    if run.task != "multiclass":
        return 1
    return int(np.bincount(compiled.predict(table).argmax(axis=1)).argmax())


def _own_output(run: Run, compiled: CompiledModel, table: pd.DataFrame, place: int) -> Numbers:
    """What the fitted pipeline itself answers, in the unit of the values.

    LightGBM, XGBoost and models on models' outputs have no such function; their tables have been compared already.
    """
    if run.task == "regression":
        return np.asarray(run.pipeline.predict(table), dtype=float)
    if compiled.unit == "probability":
        return np.asarray(run.pipeline.predict_proba(table))[:, place]
    if not compiled.plain or not hasattr(run.pipeline, "decision_function"):
        return compiled.output(table)[:, place] if run.task == "multiclass" else compiled.output(table)
    own = np.asarray(run.pipeline.decision_function(table))
    return own[:, place] if own.ndim == 2 else own


def _findings(error: float, outputs: Numbers) -> Iterator[Finding]:
    spread = float(outputs.std()) or 1.0
    if error > TOLERANCE * spread:
        yield Finding(
            "WB210",
            "error",
            f"The values miss the model's own output by up to {error:.2g}: don't rely on them.",
            cure=python('run = wb.train(data, candidates=["baseline", "linear"])'),
            evidence={"additivity_error": error, "spread": spread},
        )


def _record(explanation: Explanation) -> None:
    """Keep the explanation with its run."""
    with tempfile.TemporaryDirectory() as folder:
        path = explanation.save(Path(folder) / "explanation.json")
        client().log_artifact(explanation.run_id, str(path), "workbench")
