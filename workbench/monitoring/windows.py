"""Windows on disk: one folder each, whole or not there.

``predictions.parquet`` has the columns id, prediction (or one probability a class), answer, flagged and version;
``profile.json`` the statistics of what was seen; ``window.json`` the rest.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from secrets import token_hex
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Contract
from workbench.core.profile import ColumnProfile, Profile
from workbench.core.store import lock, read_json, safe_name, sync_folder, write_bytes, write_json
from workbench.errors import Damaged
from workbench.profiling.columns import profile_columns

Array = np.ndarray[Any, np.dtype[Any]]


@dataclass(frozen=True)
class StoredWindow:
    """What was seen in one stretch of time or one batch.

    Parameters
    ----------
    label : str
        Its folder's name; windows sort by it.
    version : int
        Of the bundle that answered, the latest where several did.
    rows : int
        Predictions.
    created : str
        ISO 8601 with zone.
    source : str
        File, ``memory`` or ``service``.
    flags : dict of str to int
        Rows that carry each flag, such as ``out_of_range:distance``.
    missing : dict of str to int
        Rows without a value where the contract wants one, by column.
    """

    label: str
    version: int
    rows: int
    created: str
    source: str
    flags: dict[str, int] = field(default_factory=dict)
    missing: dict[str, int] = field(default_factory=dict)


def write_window(folder: Path, window: StoredWindow, predictions: pd.DataFrame, profile: Profile) -> None:
    """Write a window's folder under a temporary name beside its place and rename it; an earlier one is replaced."""
    safe_name(window.label, "window")
    made = folder / f".{window.label}.{token_hex(4)}.tmp"
    made.mkdir(parents=True)
    try:
        write_bytes(made / "predictions.parquet", parquet(predictions))
        profile.save(made / "profile.json")
        write_json(made / "window.json", asdict(window))
        with lock(folder / ".lock"):
            _take_place(made, folder / window.label)
    finally:
        shutil.rmtree(made, ignore_errors=True)


def read_windows(folder: Path) -> list[StoredWindow]:
    """The windows of a folder, in order of label."""
    places = sorted(p for p in folder.glob("[!.]*") if p.is_dir()) if folder.is_dir() else []
    return [_window(place) for place in places]


def read_predictions(folder: Path, label: str) -> pd.DataFrame:
    """A window's predictions, one row each.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    return read_parquet(folder / label / "predictions.parquet")


def read_profile(folder: Path, label: str) -> Profile:
    """A window's profile."""
    return Profile.load(folder / label / "profile.json")


def parquet(frame: pd.DataFrame) -> bytes:
    """A frame as Parquet with a checksum on each page."""
    buffer = io.BytesIO()
    frame.to_parquet(buffer, engine="pyarrow", index=False, write_page_checksum=True)
    return buffer.getvalue()


def read_parquet(path: Path) -> pd.DataFrame:
    """Read what :func:`parquet` made, its checksums compared."""
    try:
        return pd.read_parquet(path, engine="pyarrow", page_checksum_verification=True)
    except (OSError, ValueError) as error:
        raise Damaged(
            f"{path.parent.name}/{path.name} is not what was written ({error}). Score the window again."
        ) from error


def prediction_columns(bundle: Bundle, prediction: Array) -> dict[str, Array]:
    """Predictions as columns: ``prediction``, or ``probability:LABEL`` for each of several classes."""
    if prediction.ndim == 1:
        return {"prediction": prediction}
    return {f"probability:{label}": prediction[:, k] for k, label in enumerate(bundle.classes)}


def predictions_of(table: pd.DataFrame) -> Array:
    """The array that :func:`prediction_columns` took apart: shape (rows,), or (rows, classes)."""
    several = [c for c in table.columns if c.startswith("probability:")]
    values: Array = table[several].to_numpy(float) if several else table["prediction"].to_numpy(float)
    return values


def seen_profile(bundle: Bundle, frame: pd.DataFrame, features: Sequence[str], prediction: Array) -> Profile:
    """Profile of the features and of the column ``prediction``, as the bundle's reference has them."""
    contract = bundle.contract.only(features)
    columns = (*profile_columns(frame, contract), *_prediction_profile(bundle, prediction))
    return Profile(len(frame), columns, contract)


def _prediction_profile(bundle: Bundle, prediction: Array) -> tuple[ColumnProfile, ...]:
    if prediction.ndim == 1:
        frame = pd.DataFrame({"prediction": prediction.astype(float)})
        return profile_columns(frame, Contract((Column("prediction", "number"),)))
    words = np.array([str(c) for c in bundle.classes], dtype=object)[prediction.argmax(axis=1)]
    frame = pd.DataFrame({"prediction": pd.Series(words, dtype="str")})
    return profile_columns(frame, Contract((Column("prediction", "category"),)))


def not_allowed(bundle: Bundle, frame: pd.DataFrame, features: Sequence[str]) -> dict[str, int]:
    """Rows without a value, by column that must have one; columns without such a row are left out."""
    return dict(_gaps(bundle, frame, features))


def _gaps(bundle: Bundle, frame: pd.DataFrame, features: Sequence[str]) -> Iterator[tuple[str, int]]:
    for name in features:
        gaps = int(frame[name].isna().sum())
        if gaps and not bundle.contract[name].missing_allowed:
            yield name, gaps


def _window(place: Path) -> StoredWindow:
    try:
        return StoredWindow(**read_json(place / "window.json"))
    except (TypeError, OSError) as error:
        raise Damaged(f"The window {place.name} is not what was written ({error}). Score it again.") from error


def _take_place(made: Path, place: Path) -> None:
    old = place.with_name(f".{place.name}.{token_hex(4)}.old")
    if place.exists():
        place.rename(old)
    try:
        made.rename(place)
    except BaseException:
        if old.exists():
            old.rename(place)
        raise
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)
