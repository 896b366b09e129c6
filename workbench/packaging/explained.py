"""The explanation that ships with a bundle: the one that was given, or the one that is kept with the run."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.bundle import EXPLANATION, Bundle
from workbench.core.contract import NUMERIC
from workbench.core.explanation import Explanation
from workbench.core.reasons import FILE as REASONS
from workbench.core.run import Run
from workbench.errors import BadParameter
from workbench.profiling.reasons import LEVELS, numbers, reference_reasons, texts
from workbench.storage.tracking import client

if TYPE_CHECKING:
    from collections.abc import Iterator

    from workbench.tables.compiled import CompiledModel

FEWEST = 50  # explained rows that windows are compared with
AGAIN = "Explain the run again before it is packaged: wb.explain(run)."


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


def write_explanation(
    bundle: Bundle, explanation: Explanation | None, compiled: CompiledModel | None, folder: Path
) -> None:
    """Put it into a bundle's folder without the rows, and beside it in sums, for who reads no Parquet."""
    if explanation is None:
        return
    explanation.bare().save(folder / EXPLANATION)
    why_not = _not_followed(explanation, compiled)
    reference_reasons(explanation, _known(bundle, explanation), why_not).save(folder / REASONS)


def _known(bundle: Bundle, explanation: Explanation) -> dict[str, Any]:
    """What columns of numbers and categories hold, but for sensitive ones."""
    plain = [c for c in bundle.contract.columns if not c.sensitive and c.name in explanation.columns]
    shown = [c for c in plain if c.kind in (*NUMERIC, *LEVELS) and c.name in explanation.features]
    return {c.name: (numbers if c.kind in NUMERIC else texts)(explanation.columns[c.name]) for c in shown}


def _not_followed(explanation: Explanation, compiled: CompiledModel | None) -> str:
    """Why later rows' reasons, which come from the tables, can't be compared with these; or nothing."""
    if compiled is None:
        return "This model has no tables, so reasons of later rows are not computed."
    if not explanation.exact or explanation.method != compiled.method or compiled.unit not in ("", explanation.unit):
        return (
            f"The kept explanation was made another way ({explanation.method}, in {explanation.unit}) than the "
            f"model's tables tell reasons ({compiled.method}). {AGAIN}"
        )
    positions, rows = explanation.positions, len(explanation.values)
    if rows < FEWEST:
        return f"The kept explanation is of {rows} rows, and {FEWEST} are needed to compare with. {AGAIN}"
    if list(positions) != list(range(positions[0], positions[0] + rows)):
        return f"The kept explanation is of rows that were picked, so others need not be like them. {AGAIN}"
    return ""


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
