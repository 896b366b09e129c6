"""Labels that came later, by id: one Parquet file a name, the latest label of an id wins."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.store import lock, write_bytes
from workbench.monitoring.windows import parquet, read_parquet

FILE = "labels.parquet"
Array = np.ndarray[Any, np.dtype[Any]]


def keep_labels(folder: Path, ids: Sequence[str], labels: Sequence[Any], *, overwrite: bool = True) -> None:
    """Add labels under a lock, so that two processes at once lose nothing.

    Parameters
    ----------
    folder : Path
        Of the name.
    ids, labels : sequence, each of length n
        Missing labels are left out.
    overwrite : bool
        False: a label that is there already stays.
    """
    new = pd.DataFrame({"id": list(ids), "label": [written(v) for v in labels]}, dtype="str").dropna()
    with lock(folder / ".labels.lock"):
        old = read_labels(folder).rename_axis("id").reset_index()
        together = pd.concat([old, new] if overwrite else [new, old], ignore_index=True)
        write_bytes(folder / FILE, parquet(together.drop_duplicates("id", keep="last")))


def read_labels(folder: Path) -> pd.Series:
    """Labels as text, indexed by id."""
    path = folder / FILE
    if not path.exists():
        return pd.Series([], dtype="str", name="label", index=pd.Index([], dtype="str", name="id"))
    table = read_parquet(path)
    return table.astype("str").set_index("id")["label"]


def id_texts(values: pd.Series) -> list[str | None]:
    """Ids as text, None where missing; a whole number is written without its point, whatever its type."""
    return [written(value) for value in values.tolist()]


def written(value: Any) -> str | None:
    """One value as text; None where missing.

    >>> written(17.0), written(True), written(float("nan")), written(" a")
    ('17', 'True', None, ' a')
    """
    if value is None or value is pd.NA or value is pd.NaT or value != value:
        return None
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    return str(value)


def class_codes(labels: Sequence[str | None], classes: Sequence[Any]) -> Array:
    """Position of each label among the classes, -1 where it is none of them.

    Booleans, whole numbers and their texts are the same label: a CSV file brings ``1.0`` or ``True`` for a bool.

    >>> class_codes(["True", "0", "1.0", "no"], (False, True)).tolist()
    [1, 0, 1, -1]
    """
    places: dict[str, int] = {}
    for code, label in enumerate(classes):
        for spelling in _spellings(label):
            places.setdefault(spelling, code)
    return np.array([places.get(_spelling(v), -1) for v in labels], dtype=np.intp)


def numbers(labels: Sequence[str | None]) -> Array:
    """Labels of a regression as float64, NaN where they are no number."""
    values: Array = pd.to_numeric(pd.Series(list(labels), dtype="object"), errors="coerce").to_numpy(dtype=float)
    return np.where(np.isfinite(values), values, np.nan)


def _spellings(label: Any) -> tuple[str, ...]:
    text = _spelling(written(label))
    twins = {"true": "1", "false": "0", "1": "true", "0": "false"}
    return (text, twins[text]) if text in twins and not isinstance(label, str) else (text,)


def _spelling(label: str | None) -> str:
    text = "" if label is None else label.strip()
    lower = text.lower()
    if lower in ("true", "false"):
        return lower
    return text.removesuffix(".0") if text.removesuffix(".0").lstrip("-").isdigit() else text
