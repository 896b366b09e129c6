"""What MLflow shows of a training besides its scores: its data, how its rows were split, and its curves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from workbench.core.contract import Kind
from workbench.core.dataset import Dataset
from workbench.core.run import Run
from workbench.settings import may_be_path

if TYPE_CHECKING:
    from mlflow.entities import DatasetInput

# MLflow's own limits.
LONGEST_NAME, LONGEST_DIGEST = 500, 36
# Kinds by MLflow's names for types.
TYPES: dict[Kind, str] = {
    "number": "double",
    "integer": "long",
    "boolean": "boolean",
    "category": "string",
    "text": "string",
    "datetime": "datetime",
}


def dataset_input(data: Dataset, context: str) -> DatasetInput:
    """A table as MLflow shows the data of a run, by its name, digest, columns and size.

    Parameters
    ----------
    data : Dataset
    context : str
        What it was used for: ``training``, ``evaluation``.
    """
    from mlflow.entities import Dataset as Shown
    from mlflow.entities import DatasetInput, InputTag

    on_disk = may_be_path(data.source) and Path(data.source).exists()
    source = {"uri": data.source} if on_disk else {"tags": {"workbench.source": data.source}}
    names = data.names
    there = set(names)
    columns = [{"type": TYPES[c.kind], "name": c.name, "required": c.name in there} for c in data.contract.columns]
    shown = Shown(
        name=(Path(data.source).name if on_disk else data.source)[:LONGEST_NAME] or "table",
        digest=data.fingerprint[:LONGEST_DIGEST],
        source_type="local" if on_disk else "code",
        source=json.dumps(source),
        schema=json.dumps({"mlflow_colspec": columns}),
        profile=json.dumps({"num_rows": data.rows, "num_elements": data.rows * len(names)}),
    )
    return DatasetInput(shown, [InputTag("mlflow.data.context", context)])


def split_told(run: Run) -> dict[str, Any]:
    """How the rows were split, with the sizes of the folds (rows fitted on, rows validated), as plain JSON."""
    split = run.split
    return {
        "strategy": split.kind,
        "reason": split.reason,
        "column": split.column,
        "boundary": split.boundary,
        "found": split.found,
        "train_rows": split.train_rows,
        "holdout_rows": split.holdout_rows,
        "folds": [{"fitted": len(fitted), "validated": len(validated)} for fitted, validated in run.folds],
    }
