"""What two columns add together, beyond what each adds by itself."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from workbench.errors import BadParameter
from workbench.explanation.subject import Subject
from workbench.explanation.values import Model
from workbench.kernels.quick import mean_interactions
from workbench.tables.trees import Trees

Numbers = NDArray[np.float64]


def check(model: Model) -> None:
    """Refuse a model that has no interactions to tell.

    Raises
    ------
    BadParameter
        Saying why, and what to do.
    """
    if model.compiled is None:
        raise _none("this model has no tables")
    if model.compiled.method == "linear":
        return
    if model.against_rows:
        raise _none('values against rows have none here; give background="paths"')
    if not isinstance(model.compiled.model, Trees):
        raise _none('this model works on others\' answers, or its probabilities are explained; there give space="raw"')


def interactions_of(subject: Subject, model: Model, table: pd.DataFrame, place: int, values: Numbers) -> Numbers:
    """The mean absolute interaction values over the rows, shape (features, features); a line has none but with itself.

    Parameters
    ----------
    subject, model : Subject, Model
        A model that :func:`check` lets pass.
    table : pandas.DataFrame
        The rows.
    place : int
        Which class.
    values : float array, shape (rows, features)
        The rows' SHAP values.
    """
    assert model.compiled is not None
    if isinstance(model.compiled.model, Trees):
        return mean_interactions(model.compiled, table, place if subject.task == "multiclass" else 0)
    return np.diag(np.abs(values).mean(axis=0))


def _none(why: str) -> BadParameter:
    return BadParameter(
        f"Interactions are told of the paths of trees, and {why}. Leave interactions out, and ask the answers of any "
        "model: run.interactions(), or run.effect of two columns."
    )
