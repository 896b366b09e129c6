"""From a fitted pipeline to tables. Reads fitted objects by attribute and imports none of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from workbench.compiling import (  # noqa: F401  (they register what they compile)
    additive,
    boundaries,
    catboost,
    ensembles,
    numbers,
    skrub_vectorizer,
    trended,
    vectorizers,
)
from workbench.compiling.boosters import raw_outputs
from workbench.compiling.columns import INSTEAD, Matrix, Plain
from workbench.compiling.models import classes_of, compile_model
from workbench.compiling.rounding import bound, limit, raw
from workbench.compiling.tabled import Tabled
from workbench.core.contract import Task
from workbench.errors import BadRow, CannotCompile, Damaged
from workbench.tables.compiled import Columns, CompiledModel
from workbench.tables.nodes import Linear

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

SAMPLE = 2000  # rows that a compile compares itself on


def compile_pipeline(
    pipeline: Pipeline, features: Sequence[str], task: Task, background: Columns | None = None
) -> CompiledModel:
    """Compile a fitted pipeline to tables that score as it does: their sums alike, the rest within :func:`bound`.

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
        If a part has no exact table, or the tables answer otherwise than the pipeline, be it in their own output before
        the link or in the prediction; the message names it.

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
    if isinstance(pipeline, Tabled):
        return pipeline.model
    matrix = Matrix()
    try:
        compiled = _compiled(pipeline, features, task, matrix)
    except _UNLIKE as error:
        reason = f"{type(error).__name__}: {error}"
        raise CannotCompile(
            f"The pipeline is not fitted, or not built as Workbench knows it ({reason}). {INSTEAD}"
        ) from error
    rows = None if background is None else compiled.encode(background)
    mean = matrix.mean() if rows is None else rows.mean(axis=0)
    compiled = replace(compiled, model=compiled.model.settled(np.nan_to_num(mean), rows))
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


class Compared(NamedTuple):
    """Largest differences between a pipeline and its tables."""

    predictions: float
    raw: float | None  # of the model's own output before its link; None where the pipeline does not show it


def check_difference(pipeline: Pipeline, compiled: CompiledModel, frame: Any) -> Compared:
    """The largest differences, where they are within :func:`workbench.compiling.rounding.bound`.

    The model's own output (a sum of leaves, log-odds) is compared by itself, so that what a function may differ by
    hides no other difference.

    Raises
    ------
    CannotCompile
        With the difference, where it is not.
    """
    rows = frame[list(compiled.features)]
    compared = Compared(difference(pipeline, compiled, frame), raw_difference(pipeline, compiled, frame))
    of_both = (
        ("The tables differ", compared.predictions, compiled),
        ("The tables' sums differ", compared.raw, raw(compiled)),
    )
    for what, apart, model in of_both:
        # What depends on the rows is looked at where it may decide.
        if apart is not None and not apart <= limit(model) and not apart <= limit(model, rows):
            allowed = bound(model, rows)
            raise CannotCompile(f"{what} from the pipeline by {apart:.3g}; {allowed} is allowed. {INSTEAD}")
    return compared


def difference(pipeline: Pipeline, compiled: CompiledModel, frame: pd.DataFrame) -> float:
    """Largest difference between the predictions of a pipeline and of its tables; relative where they exceed 1.

    Returns
    -------
    float
        0.0 for sums of leaves; within :func:`workbench.compiling.rounding.bound` for what goes through a function or
        sums of weighted columns; NaN where one of them gives no number.
    """
    rows = frame[list(compiled.features)]
    if compiled.task == "regression":
        expected = np.asarray(pipeline.predict(rows), dtype=np.float64)
    else:
        expected = np.asarray(pipeline.predict_proba(rows))
        expected = expected[:, 1] if compiled.task == "binary" else expected
    try:
        return _largest(expected, compiled.predict(rows))
    except BadRow:
        return float("nan")


def raw_difference(pipeline: Pipeline, compiled: CompiledModel, frame: pd.DataFrame) -> float | None:
    """As :func:`difference`, of the model's own output before its link.

    Returns
    -------
    float or None
        None where the pipeline does not show it, or where there is no link: the prediction is the own output then.
    """
    plain = raw(compiled)
    if compiled.link == "identity" and plain.model is compiled.model:
        return None
    rows = frame[list(compiled.features)]
    expected = raw_outputs(pipeline, rows)
    if expected is None and compiled.link != "identity" and hasattr(pipeline, "decision_function"):
        expected = np.asarray(pipeline.decision_function(rows), dtype=np.float64)
    return None if expected is None else _largest(expected, plain.output(rows))


def _largest(expected: Any, answers: Any) -> float:
    with np.errstate(invalid="ignore"):
        apart = np.abs(expected - answers) / np.maximum(1.0, np.abs(expected))
    return float(np.max(np.where(expected == answers, 0.0, apart), initial=0.0))


def _read(pipeline: Any, features: Sequence[str]) -> list[str]:
    """The columns that the pipeline was fitted on, in its order."""
    names = [str(n) for n in getattr(pipeline, "feature_names_in_", features)]
    if names == [f"Column_{i}" for i in range(len(features))]:  # LightGBM's own words, in files that hold no others
        names = list(features)
    strange = set(names) - set(features)
    if strange:
        raise CannotCompile(f"The pipeline was fitted on columns that are no features: {', '.join(sorted(strange))}.")
    return names


def _simple(node: Any) -> Any:
    """A linear model on all columns in their order needs no list of them."""
    plain = isinstance(node, Linear) and node.columns is not None
    return replace(node, columns=None) if plain and np.array_equal(node.columns, np.arange(len(node.columns))) else node
