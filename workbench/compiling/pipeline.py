"""From a fitted pipeline to tables. Reads fitted objects by attribute and imports none of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.compiling import (  # noqa: F401  (they register what they compile)
    boosters,
    ensembles,
    numbers,
    skrub_vectorizer,
)
from workbench.compiling.columns import INSTEAD, Matrix, Plain
from workbench.compiling.models import classes_of, compile_model
from workbench.core.contract import Task
from workbench.errors import BadRow, CannotCompile, Damaged
from workbench.tables.compiled import Columns, CompiledModel
from workbench.tables.nodes import Chain, Curve, Linear

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

# The last digit of a sum; a processor's own exponential may differ from the C library's in it.
LAST_DIGITS = 4.5e-16
LINEAR_LIMIT = 1e-12
SINGLE_DIGITS = 1.2e-7  # the last digit of a probability that is a float32 number
EXACT = {"identity", "mean", "scaled", "shares", "square", "isotonic"}  # no exponential in it
SAMPLE = 2000  # rows that a compile compares itself on


def compile_pipeline(
    pipeline: Pipeline, features: Sequence[str], task: Task, background: Columns | None = None
) -> CompiledModel:
    """Compile a fitted pipeline to tables that score exactly as it does.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted on raw columns.
    features : sequence of str
        Original columns, in the order that the SHAP values shall have.
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    background : mapping of raw columns, optional
        Rows whose mean a linear model's SHAP values are measured from. Without it scaled columns are measured from
        the training mean that the scaler holds, and one-hot columns from equal shares of the categories. Where it is
        a DataFrame, the tables are compared with the pipeline on it.

    Raises
    ------
    CannotCompile
        If a part has no exact table, or the tables answer otherwise than the pipeline; the message names it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from sklearn.pipeline import Pipeline
    >>> table = pd.DataFrame({"x": range(100)})
    >>> encode = ColumnTransformer([("numbers", "passthrough", ["x"])], verbose_feature_names_out=False)
    >>> pipeline = Pipeline([("encode", encode), ("model", HistGradientBoostingRegressor(max_iter=5))])
    >>> compiled = compile_pipeline(pipeline.fit(table, table["x"]), ["x"], "regression")
    >>> difference(pipeline, compiled, table)
    0.0
    """
    matrix = Matrix()
    try:
        compiled = _compiled(pipeline, features, task, matrix)
    except _UNLIKE as error:
        told = f"{type(error).__name__}: {error}"
        raise CannotCompile(
            f"The pipeline is not fitted, or not built as Workbench knows it ({told}). {INSTEAD}"
        ) from error
    mean = matrix.mean() if background is None else compiled.encode(background).mean(axis=0)
    compiled = replace(compiled, model=compiled.model.settled(np.nan_to_num(mean)))
    if background is not None and hasattr(background, "iloc"):
        check_difference(pipeline, compiled, background.iloc[:SAMPLE])
    return compiled


# What reading a fitted object raises where it is of another library, or of another version, than its name says.
_UNLIKE = (AttributeError, LookupError, TypeError, ValueError, Damaged)


def _compiled(pipeline: Any, features: Sequence[str], task: Task, matrix: Matrix) -> CompiledModel:
    part = compile_model(pipeline, tuple(Plain(name) for name in _read(pipeline, features)), task, matrix)
    node = _simple(part.node)
    return CompiledModel(
        task, classes_of(pipeline), tuple(features), matrix.encoders(), node, part.link, part.threshold
    )


def check_difference(pipeline: Pipeline, compiled: CompiledModel, frame: Any) -> float:
    """The largest difference of :func:`difference`, where it is within :func:`limit`.

    Raises
    ------
    CannotCompile
        With the difference, where it is not.
    """
    apart, most = difference(pipeline, compiled, frame), limit(compiled)
    if not apart <= most:
        raise CannotCompile(f"The tables differ from the pipeline by {apart:.3g}; {most:.3g} is allowed. {INSTEAD}")
    return apart


def limit(compiled: CompiledModel) -> float:
    """How far the tables may be from the pipeline: 0.0 for trees, 1e-12 (relative) where weighted sums are in it.

    A probability from log-odds may differ in its last digit, for a processor's own exponential may differ from the one
    that the pipeline used; where the pipeline's probabilities are float32 numbers, in the last digit of those.
    """
    parts = list(_parts(compiled.model))
    curves = {compiled.link, *(part.kind for part in parts if isinstance(part, Curve))}
    if any(kind.startswith("single") for kind in curves):
        return SINGLE_DIGITS
    if any(isinstance(part, Linear) and part.weights.size for part in parts):
        return LINEAR_LIMIT
    return LAST_DIGITS if curves - EXACT else 0.0


def difference(pipeline: Pipeline, compiled: CompiledModel, frame: pd.DataFrame) -> float:
    """Largest difference between the predictions of a pipeline and of its tables; relative where they exceed 1.

    Returns
    -------
    float
        0.0 for trees, about 1e-15 for linear models; NaN where one of them gives no number.
    """
    raw = frame[list(compiled.features)]
    if compiled.task == "regression":
        expected = np.asarray(pipeline.predict(raw), dtype=np.float64)
    else:
        expected = np.asarray(pipeline.predict_proba(raw))
        expected = expected[:, 1] if compiled.task == "binary" else expected
    try:
        found = compiled.predict(raw)
    except BadRow:
        return float("nan")
    with np.errstate(invalid="ignore"):
        apart = np.abs(expected - found) / np.maximum(1.0, np.abs(expected))
    return float(np.max(np.where(expected == found, 0.0, apart), initial=0.0))


def _parts(node: Any) -> Iterator[Any]:
    if isinstance(node, Chain):
        for inner in (*node.members, node.final):
            yield from _parts(inner)
    else:
        yield node


def _read(pipeline: Any, features: Sequence[str]) -> list[str]:
    """The columns that the pipeline was fitted on, in its order."""
    names = [str(n) for n in getattr(pipeline, "feature_names_in_", features)]
    strange = set(names) - set(features)
    if strange:
        raise CannotCompile(f"The pipeline was fitted on columns that are no features: {', '.join(sorted(strange))}.")
    return names


def _simple(node: Any) -> Any:
    """A linear model on all columns in their order needs no list of them."""
    plain = isinstance(node, Linear) and node.columns is not None
    return replace(node, columns=None) if plain and np.array_equal(node.columns, np.arange(len(node.columns))) else node
