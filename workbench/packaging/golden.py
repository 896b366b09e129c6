"""Golden rows: what the notebook's model answered, and what a bad row must be told."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from workbench.core.bundle import Bundle
from workbench.core.checking import check
from workbench.core.contract import Column, Contract
from workbench.core.run import Run
from workbench.packaging.model import Packed
from workbench.storage.files import write_json

ROWS = 20
SEVERAL = 5  # times that a word comes, from which on it is nobody's own
WRONG: dict[str, Any] = {
    "number": "many",
    "integer": "many",
    "boolean": "perhaps",
    "category": 3,
    "text": 3,
    "datetime": "yesterday",
}


def write_golden(bundle: Bundle, run: Run, packed: Packed) -> None:
    """Write ``golden/rows.json`` and ``golden/bad.json``.

    Predictions come from the fitted pipeline itself. Values of sensitive columns are exchanged between rows of the
    hold-out, and so are the words of free texts, without the rare ones, so that no golden row is a person.
    """
    frame = _sample(run)
    rows = json_rows(frame, run.contract)
    explained = packed.model.explain(frame)
    write_json(
        bundle.path / "golden" / "rows.json",
        {
            "rows": rows,
            "predictions": _predict(run, frame).tolist(),
            "features": list(run.features),
            "values": None if explained is None else explained[0].tolist(),
            "allowed": None if packed.allowed is None else packed.allowed.limit,
        },
    )
    write_json(bundle.path / "golden" / "bad.json", bad_rows(rows[0], run.contract, run.features))


def json_rows(frame: Any, contract: Contract) -> list[dict[str, Any]]:
    """Rows of a typed frame as plain JSON values, shape (rows,) of column to value."""
    columns = {name: [json_value(v, contract[name]) for v in frame[name].tolist()] for name in frame.columns}
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]


def json_value(value: Any, column: Column) -> Any:
    """One value as JSON has it, None where missing."""
    if value is None or value != value:
        return None
    if column.kind == "datetime":
        return value.isoformat()
    if column.kind == "boolean":
        return bool(value)
    if column.kind in ("number", "integer"):
        return int(value) if column.kind == "integer" else float(value)
    return str(value)


def bad_rows(row: dict[str, Any], contract: Contract, features: tuple[str, ...]) -> list[dict[str, Any]]:
    """Spoilt copies of a good row with the errors that they must get: a missing column, a wrong type of each kind."""
    spoilt = [{k: v for k, v in row.items() if k != features[0]}]
    for kind, wrong in WRONG.items():
        name = next((f for f in features if contract[f].kind == kind), None)
        if name:
            spoilt.append({**row, name: wrong})
    return [{"row": bad, "problems": check(bad, contract, features).problems} for bad in spoilt]


def _sample(run: Run) -> Any:
    """Evenly spaced rows of the hold-out, those that the contract takes."""
    frame = run.holdout[list(run.features)].reset_index(drop=True)
    order = np.random.default_rng(run.seed)
    for name in run.features:
        if run.contract[name].sensitive:
            frame[name] = frame[name].iloc[order.permutation(len(frame))].to_numpy()
        if "words" in run.made.get(name, ""):
            frame[name] = _mixed(frame[name], order)
    frame = frame.iloc[np.unique(np.linspace(0, len(frame) - 1, 5 * ROWS).astype(int))]
    problems = check(json_rows(frame, run.contract), run.contract, run.features).problems
    return frame.drop(index=frame.index[sorted({p["row"] for p in problems})]).head(5 * ROWS).iloc[::5]


def _mixed(texts: Any, order: np.random.Generator) -> Any:
    """Texts of as many words, drawn from those that several of them have."""
    words = texts.str.findall(r"\w+")
    every = words.explode().dropna()
    rows = every.groupby(every).size()
    common = every[every.map(rows) >= SEVERAL].to_numpy()
    many = words.str.len().fillna(0).astype(int) if len(common) else words.map(lambda _: 0)
    mixed = texts.__class__([" ".join(order.choice(common, n)) if n else "" for n in many], texts.index, texts.dtype)
    return texts.where(texts.isna(), mixed)


def _predict(run: Run, frame: Any) -> Any:
    if run.task == "regression":
        return np.asarray(run.pipeline.predict(frame), dtype=np.float64)
    probability = run.pipeline.predict_proba(frame)
    return probability[:, 1] if run.task == "binary" else probability


def close(one: Any, other: Any, limit: float) -> bool:
    """Whether two numbers, or two lists of numbers, agree within ``limit`` (relative above 1)."""
    if isinstance(one, list):
        return isinstance(other, list) and len(one) == len(other) and all(map(close, one, other, [limit] * len(one)))
    return math.isclose(one, other, rel_tol=limit, abs_tol=limit)
