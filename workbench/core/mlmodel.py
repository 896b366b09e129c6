"""``MLmodel``: how MLflow finds, shows and loads a model of ours, be it a bundle or what a run keeps."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from workbench.core.contract import Contract

TEXT = """artifact_path: {place}
flavors:
  python_function:
{code}    loader_module: workbench.scoring.pyfunc
    python_version: '{python}'
run_id: '{run}'
metadata:
  workbench: {kinds}
signature:
  inputs: {inputs}
  outputs: {outputs}
  params: null
utc_time_created: '{created}'
"""


def mlmodel(
    contract: Contract,
    features: Sequence[str],
    classes: Sequence[Any],
    *,
    run: str,
    python: str,
    created: str,
    place: str,
    code: str = "",
) -> str:
    """The text of the file.

    Parameters
    ----------
    contract : Contract
        Of the features, with the task.
    features : sequence of str
        Columns that the model takes.
    classes : sequence
        Labels in the order of the probabilities.
    run : str
        MLflow run that trained it.
    python : str
        Version that it was made with.
    created : str
        ISO 8601.
    place : str
        Where it lies among the run's artifacts.
    code : str
        Folder of the code that it carries.

    Examples
    --------
    >>> from workbench.core.contract import Column
    >>> contract = Contract((Column("age", "number"),), task="regression")
    >>> text = mlmodel(contract, ["age"], (), run="5d2c", python="3.11.4", created="2026-05-01T10:00:00", place="model")
    >>> text.splitlines()[0]
    'artifact_path: model'
    """
    folder = f"    code: {code}\n" if code else ""
    told = _signature(contract, features, classes)
    day = created.replace("T", " ")[:19]
    return TEXT.format(python=python, run=run, created=day, place=place, code=folder, **told)


def _signature(contract: Contract, features: Sequence[str], classes: Sequence[Any]) -> dict[str, str]:
    """What MLflow shows of inputs and outputs, each as a scalar of YAML: ``inputs``, ``outputs``, ``kinds``.

    MLflow's own types are stricter than a contract (no whole numbers where it was told floats, no gap among whole
    numbers or booleans, no categories), and where it refuses it repeats the rows. So it lets all pass, an absent
    column too, and our own door reads and refuses. The kinds of the contract are the model's metadata.
    """
    inputs = [{"type": "any", "name": name, "required": False} for name in features]
    shape = [-1, len(classes)] if contract.task == "multiclass" else [-1]
    outputs = [{"type": "tensor", "tensor-spec": {"dtype": "float64", "shape": shape}}]
    kinds = {name: contract[name].kind for name in features}
    return {"inputs": _scalar(inputs), "outputs": _scalar(outputs), "kinds": _scalar({"kinds": kinds})}


def _scalar(content: Any) -> str:
    """JSON in single quotes, which YAML reads as one text: no character of a name is more than that there."""
    return "'" + json.dumps(content).replace("'", "''") + "'"
