"""A bundle's model as an ONNX file, where that is exact enough."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from workbench.compiling.onnx import onnx_difference, to_onnx
from workbench.core.bundle import Bundle
from workbench.core.checking import check
from workbench.errors import CannotCompile, Refused
from workbench.packaging.package import bundle as fetch
from workbench.storage.files import read, write_bytes
from workbench.tables.compiled import CompiledModel

LIMIT = 1e-6  # XGBoost adds in float32, which ONNX does not: a few 1e-7; all else differs by a few 1e-16
SHUFFLES = 20


@dataclass(frozen=True)
class Exported:
    """An ONNX file.

    Parameters
    ----------
    path : path
        Where it lies.
    difference : float
        Largest difference from the bundle's own predictions, by onnxruntime; relative where they exceed 1.
    rows : int
        On how many rows.
    """

    path: Path
    difference: float
    rows: int

    def __str__(self) -> str:
        return f"{self.path}: largest difference {self.difference:.1e} on {self.rows} rows"


def export_onnx(name: str | Path | Bundle, path: str | Path | None = None, *, limit: float = LIMIT) -> Exported:
    """Write a bundle's model as an ONNX graph in float64, and compare the two on the golden rows.

    The graph takes one input of shape (rows, 1) a feature: float64 with NaN where missing, or text, empty where
    missing. Its output ``prediction`` is the probability of the second class, of each class, or the number. The golden
    rows are compared as they are, with their columns shuffled among them, and with each value missing in turn.

    Parameters
    ----------
    name : str, path or Bundle
        As :func:`workbench.bundle` takes it.
    path : path, optional
        The file to write; ``NAME-VERSION.onnx`` in the working folder by default.
    limit : float
        Largest difference that is let pass.

    Returns
    -------
    Exported
        With the measured difference.

    Raises
    ------
    CannotCompile
        If the bundle has no tables, or a part of it no exact ONNX operator.
    Refused
        If the difference is larger than ``limit``; nothing is written then.
    MissingExtra
        If onnx or onnxruntime is not installed.
    """
    bundle = name if isinstance(name, Bundle) else fetch(name)
    if not bundle.compiled:
        raise CannotCompile(f"{bundle.name} ships as a pipeline: without tables there is nothing to make a graph of.")
    model = CompiledModel.load(bundle.path / "model.npz")
    content, columns = to_onnx(model).SerializeToString(), _rows(bundle)
    apart = onnx_difference(content, model, columns)
    if not apart <= limit:
        raise Refused(f"The ONNX model of {bundle.name} differs by {apart:.1e}, over {limit:.1e}. It is not written.")
    written = Path(path) if path else Path(f"{bundle.name}-{bundle.version}.onnx")
    write_bytes(written, content)
    return Exported(written, apart, len(columns[bundle.features[0]]))


def _rows(bundle: Bundle) -> dict[str, Any]:
    golden = read(bundle.path / "golden" / "rows.json", lambda content: list(content["rows"]))
    columns = check(golden, bundle.contract, bundle.features).columns
    rng = np.random.default_rng(0)
    found = {name: list(values) for name, values in columns.items()}
    for _ in range(SHUFFLES):
        for name, values in columns.items():
            found[name] += [values[i] for i in rng.permutation(len(values))]
    for gap in columns:
        for name, values in columns.items():
            found[name] += [None if name == gap and bundle.contract[name].missing_allowed else values[0]]
    return found
