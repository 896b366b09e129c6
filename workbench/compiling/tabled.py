"""A model by its tables, where the pipeline that they were made of could not be kept."""

from __future__ import annotations

from typing import Any

import numpy as np

from workbench.tables.compiled import CompiledModel
from workbench.tables.links import Array


class Tabled:
    """Answers as a fitted pipeline does, by tables alone: it can be explained and packaged, and not fitted again.

    Parameters
    ----------
    model : CompiledModel
        The tables.
    """

    def __init__(self, model: CompiledModel) -> None:
        self.model = model

    @property
    def classes_(self) -> Array:
        """Labels in the order of the probabilities."""
        return np.asarray(self.model.classes)

    @property
    def feature_names_in_(self) -> Array:
        """Columns that it takes."""
        return np.asarray(self.model.features, dtype=object)

    def predict_proba(self, rows: Any) -> Array:
        """Probabilities, shape (rows, classes)."""
        told = self.model.predict(rows)
        return told if told.ndim == 2 else np.column_stack([1.0 - told, told])

    def predict(self, rows: Any) -> Array:
        """Numbers, or the classes that are most probable, shape (rows,)."""
        if self.model.task == "regression":
            return self.model.predict(rows)
        told = self.predict_proba(rows)
        if self.model.task == "binary":
            return self.classes_[(told[:, 1] >= (self.model.threshold or 0.5)).astype(int)]
        return self.classes_[told.argmax(axis=1)]

    def __getstate__(self) -> dict[str, Any]:
        """What is written of it, without what reading makes faster: one model has one hash."""
        return self.model.contents()
