"""What a model saw and answered, kept window by window.

::

    predictions/NAME/log.sqlite                    the live service's log, and every label that came later
    predictions/NAME/windows/WINDOW/window.json    what the window is, and which content below is the valid one
    predictions/NAME/windows/WINDOW/CONTENT/       predictions.parquet (with page checksums), profile.json, reasons.json

``window.json`` is written last and in one step, so a killed process leaves the old window, never half of a new one.
"""

from __future__ import annotations

import io
import secrets
import shutil
import warnings
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Contract
from workbench.core.profile import Profile
from workbench.core.reasons import FILE as REASONS
from workbench.core.reasons import Reasons
from workbench.core.saved import check_types
from workbench.errors import BadTable, Damaged, StoreError
from workbench.profiling.profile import profile_columns
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings
from workbench.storage.files import inside, lock, read, safe_name, write_bytes, write_json


@dataclass(frozen=True)
class Seen:
    """One window as it was scored.

    Parameters
    ----------
    label : str
        Name of the window; windows sort by it.
    version : int
        Of the bundle that answered.
    rows : int
        Predictions.
    flagged : float
        Share of rows with a flag, in [0, 1].
    flags : dict of str to int
        Rows of each flag.
    missing : dict of str to int
        Rows without a value, of the columns whose contract allows none.
    source : {"batch", "service"}
        Where the rows came from.
    content : str
        Folder of the predictions and the profile.
    created : str
        ISO 8601 with zone.
    path : Path
        Folder of the window.
    """

    label: str
    version: int
    rows: int
    flagged: float
    flags: dict[str, int]
    missing: dict[str, int]
    source: str
    content: str
    created: str
    path: Path = field(default=Path(), compare=False)

    def predictions(self) -> pd.DataFrame:
        """Columns id, prediction (or one probability a class), answer and flags."""
        return _checked(self.path / self.content / "predictions.parquet")

    def profile(self) -> Profile:
        """Of the features and of ``prediction``."""
        return Profile.load(self.path / self.content / "profile.json")

    def reasons(self) -> Reasons | None:
        """Of some of its rows, in sums; None where they are not followed, and in windows of older versions."""
        path = self.path / self.content / REASONS
        return Reasons.load(path) if path.exists() else None


def folder_of(name: str, force: Settings) -> Path:
    """Folder of all windows of a bundle name."""
    return force.predictions / safe_name(name, "bundle") / "windows"


def answered(scorer: Scorer, table: pd.DataFrame, ids: Iterable[Any]) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Score a table in one go.

    Parameters
    ----------
    scorer : Scorer
        The bundle.
    table : pandas.DataFrame, shape (rows, columns)
        Raw; has at least the model's features.
    ids : iterable, length rows
        One a row.

    Returns
    -------
    (pandas.DataFrame, pandas.DataFrame)
        Predictions (id, prediction, answer, flags), and the typed features.
    """
    typed, unread = read_by(table, scorer.contract.only(scorer.features))
    prediction, flags = scorer.score_columns(typed)
    unreadable = {f"unreadable:{name}": rows for name, rows in unread.items()}
    return framed(scorer.bundle, prediction, ids, _joined({**unreadable, **flags}, len(typed))), typed


def framed(bundle: Bundle, prediction: Any, ids: Iterable[Any], flags: Any) -> pd.DataFrame:
    """Predictions as a table: id, prediction or a probability a class, answer, what is left open, flags."""
    values = np.asarray(prediction, dtype=float)
    columns = {"prediction": values} if values.ndim == 1 else _by_class(values)
    said = {"answer": _answers(bundle, values), **_left_open(bundle, values), "flags": flags}
    return pd.DataFrame({"id": [str(i) for i in ids], **columns, **said})


def _left_open(bundle: Bundle, values: Any) -> dict[str, Any]:
    """Columns ``low`` and ``high`` of a regression, ``set`` (labels with semicolons between) of classes."""
    if bundle.uncertainty is None:
        return {}
    if not bundle.classes:
        low, high = bundle.uncertainty.intervals(values)
        return {"low": low, "high": high}
    may_be, place = np.unique(bundle.uncertainty.masks(values), axis=0, return_inverse=True)
    labels = np.asarray([str(label) for label in bundle.classes], dtype=object)
    return {"set": np.asarray(["; ".join(labels[one]) for one in may_be], dtype=object)[place.ravel()]}


def prediction_of(frame: pd.DataFrame) -> Any:
    """Predictions of a table that :func:`framed` made: shape (rows,), or (rows, classes)."""
    if "prediction" in frame:
        return frame["prediction"].to_numpy(dtype=float)
    return frame[[c for c in frame.columns if c.startswith("prediction_")]].to_numpy(dtype=float)


def keep(
    bundle: Bundle,
    window: str,
    predictions: pd.DataFrame,
    features: pd.DataFrame,
    source: str,
    force: Settings,
    reasons: Reasons | None = None,
) -> bool:
    """Write a window in place of an earlier one of that name, and say whether there was one."""
    folder = inside(folder_of(bundle.name, force), safe_name(window, "window"))
    content = secrets.token_hex(8)
    with lock(folder.parent / f".{window}.lock"):
        replaced = (folder / "window.json").exists()
        write_bytes(folder / content / "predictions.parquet", _parquet(predictions))
        _profiled(bundle, predictions, features).save(folder / content / "profile.json")
        if reasons is not None:
            reasons.save(folder / content / REASONS)
        flags = predictions.loc[predictions["flags"] != "", "flags"]
        seen = Seen(
            window,
            bundle.version,
            len(predictions),
            len(flags) / len(predictions),
            _counted(flags),
            _missing(bundle.contract, features, source),
            source,
            content,
            datetime.now(UTC).isoformat(timespec="seconds"),
        )
        described = asdict(seen)
        del described["path"]
        write_json(folder / "window.json", {"format_version": 1, **described})
        _sweep(folder, content)
    return replaced


def windows(name: str, force: Settings) -> list[Seen]:
    """All windows of a bundle name, in order of their labels; a damaged one is left out with a warning."""
    paths = sorted(folder_of(name, force).glob("[!.]*/window.json"))
    return [seen for path in paths if (seen := _listed(path.parent)) is not None]


def _listed(folder: Path) -> Seen | None:
    """One damaged window takes none of the others away; whoever looks is warned."""
    try:
        return _read(folder)
    except StoreError as error:
        warnings.warn(f"The window {folder.name} is left out: {error} Score it again.", stacklevel=4)
        return None


def forget(seen: Seen) -> None:
    """Remove a window."""
    with lock(seen.path.parent / f".{seen.label}.lock"):
        (seen.path / "window.json").unlink(missing_ok=True)
        shutil.rmtree(seen.path, ignore_errors=True)


def _read(folder: Path) -> Seen:
    return read(folder / "window.json", lambda content: _seen(content, folder))


def _seen(content: Any, folder: Path) -> Seen:
    seen = Seen(**{k: v for k, v in content.items() if k != "format_version"}, path=folder)
    check_types(seen)
    safe_name(seen.content, "content")
    return seen


def _checked(path: Path) -> pd.DataFrame:
    try:
        return read_table(path)
    except BadTable as error:
        raise Damaged(f"The predictions of window {path.parent.parent.name} are damaged. Score it again.") from error


def _sweep(folder: Path, content: str) -> None:
    """Remove contents that no window points at: the one that was replaced, and what a killed process left."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != content:
            shutil.rmtree(path)


def _parquet(frame: pd.DataFrame) -> bytes:
    import pyarrow as pa
    from pyarrow import parquet

    buffer = io.BytesIO()
    # Without page checksums a flipped bit is a wrong value that nobody notices.
    parquet.write_table(
        pa.Table.from_pandas(frame, preserve_index=False), buffer, compression="zstd", write_page_checksum=True
    )
    return buffer.getvalue()


def _profiled(bundle: Bundle, predictions: pd.DataFrame, features: pd.DataFrame) -> Profile:
    answer = Column("prediction", "category" if bundle.task == "multiclass" else "number")
    said = predictions["answer"].astype("str") if bundle.task == "multiclass" else predictions["prediction"]
    contract = bundle.contract.only(bundle.features)
    columns = profile_columns(features, contract)
    return Profile(
        rows=len(predictions),
        columns=(*columns, *profile_columns(pd.DataFrame({"prediction": said}), Contract((answer,)))),
        contract=contract,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
    )


def _missing(contract: Contract, features: pd.DataFrame, source: str) -> dict[str, int]:
    """Rows without a required value; the service's log keeps no sensitive value, so none of those can be missing."""
    hidden = {c.name for c in contract.columns if c.sensitive} if source == "service" else set()
    required = [n for n in features.columns if not contract[n].missing_allowed and n not in hidden]
    return {n: int(k) for n in required if (k := features[n].isna().sum())}


def _by_class(values: Any) -> dict[str, Any]:
    return {f"prediction_{k}": values[:, k] for k in range(values.shape[1])}


def _answers(bundle: Bundle, values: Any) -> list[Any]:
    if not bundle.classes:
        return list(values.tolist())
    cut = 0.5 if bundle.threshold is None else bundle.threshold
    places = values.argmax(axis=1) if values.ndim == 2 else (values >= cut).astype(int)
    return [bundle.classes[k] for k in places.tolist()]


def _joined(flags: Mapping[str, Any], rows: int) -> Any:
    """Flags of each row in one text; nothing where there is none."""
    text = np.full(rows, "", dtype=object)
    for flag, marked in flags.items():
        text[marked] = [f"{t}; {flag}" if t else flag for t in text[marked]]
    return text


def _counted(flags: pd.Series) -> dict[str, int]:
    return {str(k): int(n) for k, n in flags.str.split("; ").explode().value_counts().items()}
