"""The explanation that ships with a bundle: the one that was given, or the one that is kept with the run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.core.bundle import EXPLANATION, Bundle
from workbench.core.explanation import Explanation
from workbench.core.run import Run
from workbench.errors import BadParameter
from workbench.storage.tracking import client

if TYPE_CHECKING:
    from collections.abc import Iterator


def explanation_of(run: Run, given: Explanation | None) -> Explanation | None:
    """What was given, if it is of the run's model; else what :func:`workbench.explain` has kept with the run.

    Raises
    ------
    BadParameter
        If another model was explained.
    """
    if given is None:
        return next(_kept(run), None)
    if not _same(run, given):
        raise BadParameter(
            "The explanation is of another model than the run's. Explain this one: "
            "wb.package(run, name=…, explanation=wb.explain(run))."
        )
    return given


def explanation(bundle: Bundle) -> Explanation | None:
    """How the model explained the rows that were held out when it was packaged; None where nobody had asked.

    Without the rows: :meth:`Explanation.compare` tells whether later rows have other reasons.
    """
    path = bundle.path / EXPLANATION
    return Explanation.load(path) if EXPLANATION in bundle.files else None


def write_explanation(folder: Path, explanation: Explanation | None) -> None:
    """Put it into a bundle's folder, without the rows."""
    if explanation is not None:
        explanation.bare().save(folder / EXPLANATION)


def _same(run: Run, explanation: Explanation) -> bool:
    own = run.id if run.claim is None else run.claim.model
    return explanation.run_id == run.id and explanation.model in ("", own)


def _kept(run: Run) -> Iterator[Explanation]:
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            path = client().download_artifacts(run.id, f"workbench/{EXPLANATION}", folder)
        except (MlflowException, OSError):
            return
        kept = Explanation.load(path)
        if _same(run, kept):
            yield kept
