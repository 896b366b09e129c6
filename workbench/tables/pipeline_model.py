"""A model that has no tables: the audited pipeline itself. Needs scikit-learn and pandas, imported when it is used."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from workbench.core.contract import Contract
from workbench.tables.compiled import Columns


class PipelineModel:
    """Scores as :class:`workbench.tables.compiled.CompiledModel` does, by a scikit-learn pipeline; it gives no reasons.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, on raw columns.
    features : tuple of str
        Columns that it takes.
    contract : Contract
        Says how the columns are typed.
    """

    unit = ""
    method = ""

    def __init__(self, pipeline: Any, features: tuple[str, ...], contract: Contract) -> None:
        self.pipeline, self.features, self.contract = pipeline, features, contract

    @classmethod
    def load(cls, path: str | Path, features: tuple[str, ...], contract: Contract) -> PipelineModel:
        """Read an audited pipeline; types that are not on our list are refused."""
        from workbench.storage.pipelines import load_pipeline

        return cls(load_pipeline(Path(path)), features, contract)

    def predict(self, columns: Columns) -> np.ndarray[Any, Any]:
        """Binary: probability of the second class, shape (rows,); multiclass: (rows, classes); regression: (rows,)."""
        frame = self._frame(columns)
        if self.contract.task == "regression":
            return np.asarray(self.pipeline.predict(frame), dtype=np.float64)
        probability = np.asarray(self.pipeline.predict_proba(frame))
        return probability[:, 1] if self.contract.task == "binary" else probability

    def explain(self, columns: Columns) -> None:
        """No exact reasons: None."""

    def _frame(self, columns: Columns) -> Any:
        import pandas as pd

        dtypes: dict[str, Any] = {"category": "str", "text": "str", "datetime": "datetime64[us]"}
        series = {f: pd.Series(np.asarray(columns[f], dtype=object)) for f in self.features}
        kinds = {f: self.contract[f].kind for f in self.features}
        return pd.DataFrame({f: s.astype(dtypes.get(kinds[f], "float64")) for f, s in series.items()})
