"""How MLflow loads a bundle: ``mlflow.pyfunc.load_model`` imports this module and calls :func:`_load_pyfunc`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from workbench.scoring.runtime import Array, Scorer


class BundleModel:
    """A bundle as MLflow's Python function.

    Parameters
    ----------
    scorer : Scorer
        The loaded bundle.
    """

    def __init__(self, scorer: Scorer) -> None:
        self.scorer = scorer

    def predict(self, model_input: Any, params: dict[str, Any] | None = None) -> Array:
        """Predictions for a frame: probability of the second class, of each class, or the number; shape (rows, …)."""
        return self.scorer.score_columns(model_input)[0]


def _load_pyfunc(path: str) -> BundleModel:
    _take_the_copy_off_the_path(Path(path))
    return BundleModel(Scorer(Path(path)))


def _take_the_copy_off_the_path(folder: Path) -> None:
    """Where an installed Workbench loads the bundle, the bundle's copy must not hide it from later imports."""
    copy = (folder / "scoring").resolve()
    if not Path(__file__).resolve().is_relative_to(copy):
        sys.path[:] = [place for place in sys.path if not place or Path(place).resolve() != copy]
