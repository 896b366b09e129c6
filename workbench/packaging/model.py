"""The model of a bundle: tables where there are exact ones, an audited pipeline otherwise."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.compiling.pipeline import check_difference, compile_pipeline
from workbench.compiling.rounding import Bound, bound, raw
from workbench.core.run import Run, first_answers
from workbench.errors import Refused
from workbench.storage.pipelines import libraries
from workbench.tables.compiled import CompiledModel
from workbench.tables.pipeline_model import PipelineModel

# Of an answer, relative and absolute: another processor differs by less, and another model by more.
SAME_ANSWER = 1e-6


@dataclass(frozen=True)
class Packed:
    """What is written as the model.

    Parameters
    ----------
    model : CompiledModel or PipelineModel
        Scores columns.
    pipeline : sklearn.pipeline.Pipeline
        What it was made from.
    difference : float
        Largest difference between the two on the hold-out.
    reason : str
        Why there are no tables; empty where there are.
    raw : float, optional
        Largest difference of the model's own output before its link, where the pipeline shows it.
    allowed, raw_allowed : Bound, optional
        How far answers, and the output before its link, may be apart; of tables alone.
    """

    model: CompiledModel | PipelineModel
    pipeline: Any
    difference: float
    reason: str = ""
    raw: float | None = None
    allowed: Bound | None = None
    raw_allowed: Bound | None = None

    @property
    def compiled(self) -> CompiledModel | None:
        """The tables, if there are any."""
        return self.model if isinstance(self.model, CompiledModel) else None

    @property
    def libraries(self) -> tuple[str, ...]:
        """Packages that a pipeline without tables needs besides scikit-learn."""
        return () if self.compiled is not None else libraries(self.pipeline)

    def write(self, folder: Path) -> None:
        """Write ``model.npz``, or ``model.skops`` where there are no tables."""
        if isinstance(self.model, CompiledModel):
            self.model.save(folder / "model.npz")
            return
        from workbench.storage.pipelines import save_pipeline

        save_pipeline(self.pipeline, folder / "model.skops")


def _check_scored(run: Run) -> None:
    """That the pipeline answers as the one did whose scores the run has."""
    if not run.answers:
        return
    answers = first_answers(run.pipeline, run.holdout, run.features, run.task)
    if len(answers) == len(run.answers) and np.allclose(answers, run.answers, rtol=SAME_ANSWER, atol=SAME_ANSWER):
        return
    pairs = zip(answers, run.answers, strict=False)
    now, then = max(pairs, key=lambda pair: abs(pair[0] - pair[1]))
    raise Refused(
        f"The run's scores are of another pipeline than the one it holds: for a row that was held out that one answers "
        f"{then:.6g}, this one {now:.6g}. Package the run as wb.train gave it; another pipeline needs its own training."
    )


def pack(run: Run) -> Packed:
    """Compile a run's pipeline and compare the tables with it on the hold-out.

    What has no exact tables, or tables that answer otherwise, is packed as the pipeline itself, with the reason.

    Raises
    ------
    Refused
        If the pipeline is another than the one that the run's scores are of.
    """
    _check_scored(run)
    rows = run.holdout[list(run.features)]
    try:
        model = compile_pipeline(run.pipeline, run.features, run.task, background=run.usual)
        compared = check_difference(run.pipeline, model, rows)
        model.check_size()
        allowed, before = bound(model, rows), bound(raw(model), rows)
        return Packed(model, run.pipeline, compared.predictions, raw=compared.raw, allowed=allowed, raw_allowed=before)
    except Refused as error:
        return Packed(PipelineModel(run.pipeline, run.features, run.contract), run.pipeline, 0.0, str(error))
