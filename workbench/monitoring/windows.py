"""What a model saw and answered, kept window by window.

::

    predictions/NAME/log.sqlite                    the live service's log, and every label that came later
    predictions/NAME/windows/WINDOW/window.json    what the window is, and which content below is the valid one
    predictions/NAME/windows/WINDOW/CONTENT/       predictions and keys (Parquet with page checksums), profile, reasons

``window.json`` is written last and in one step, so a killed process leaves the old window, never half of a new one.
"""

from __future__ import annotations

import secrets
import shutil
import warnings
from collections import Counter
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Self

import numpy as np
import pandas as pd

from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Contract
from workbench.core.profile import Profile
from workbench.core.reasons import FILE as REASONS
from workbench.core.reasons import Reasons
from workbench.core.saved import check_types
from workbench.errors import BadTable, Damaged, StoreError
from workbench.monitoring.window_order import in_time
from workbench.profiling.profile import merge_columns, profile_columns
from workbench.profiling.reasons import alike, merge_reasons
from workbench.profiling.together import together
from workbench.reading.by_contract import read_by
from workbench.reading.dataset import read_table
from workbench.scoring.runtime import Scorer
from workbench.settings import Settings
from workbench.storage.files import in_one_step, inside, lock, read, safe_name, write_json

PREDICTIONS, KEYS = "predictions.parquet", "keys.parquet"


@dataclass(frozen=True)
class Seen:
    """One window as it was scored.

    Parameters
    ----------
    label : str
        Name of the window.
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
    begin, end : str
        First and last moment of its rows, ISO 8601 in UTC; empty where none is known, and in windows of older versions.
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
    begin: str = ""
    end: str = ""

    def predictions(self) -> pd.DataFrame:
        """Columns id, prediction (or one probability a class), answer and flags."""
        return _checked(self.path / self.content / PREDICTIONS)

    def ids(self) -> list[str]:
        """Of its rows."""
        return _column(self.path / self.content / PREDICTIONS, "id")

    def keys(self) -> pd.DataFrame | None:
        """By what labels may find its rows besides their ids: ``id``, and a hash by column; None where none is kept."""
        path = self.path / self.content / KEYS
        return _kept(path).to_pandas(integer_object_nulls=True) if path.exists() else None

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


def truths(frame: pd.DataFrame, labels: Mapping[str, Any]) -> pd.Series:
    """The label of each row, None where it has none; of rows with one id, as a client's retry, the last alone has it.

    Parameters
    ----------
    frame : pandas.DataFrame, shape (rows, columns)
        Predictions of a window.
    labels : mapping of str to object
        By id.

    Examples
    --------
    >>> truths(pd.DataFrame({"id": ["a", "b", "a"]}), {"a": "yes"}).tolist()
    [nan, nan, 'yes']
    """
    return frame["id"].map(dict(labels)).mask(frame["id"].duplicated(keep="last"))


@dataclass(frozen=True)
class Part:
    """Some rows of a window.

    Parameters
    ----------
    predictions : pandas.DataFrame, shape (rows, columns)
        As :func:`framed` makes them, and what is kept beside.
    features : pandas.DataFrame, shape (rows, features)
        Typed as the contract says.
    span : (str, str)
        First and last moment of the rows, ISO 8601 in UTC; empty where none is known.
    keys : pandas.DataFrame, optional
        By what labels may find the rows besides their ids.
    """

    predictions: pd.DataFrame
    features: pd.DataFrame
    span: tuple[str, str] = ("", "")
    keys: pd.DataFrame | None = None


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
    return keep_parts(bundle, window, [Part(predictions, features)], source, force, reasons)


def keep_parts(
    bundle: Bundle,
    window: str,
    parts: Iterable[Part],
    source: str,
    force: Settings,
    reasons: Reasons | None = None,
    onto: Seen | None = None,
) -> bool:
    """Write a window part by part, no more than one in memory, and say whether there was one.

    Parameters
    ----------
    bundle : Bundle
        That answered.
    window : str
        Its name.
    parts : iterable of Part
        At least one, of at least one row.
    source : {"batch", "service"}
    force : Settings
    reasons : Reasons, optional
        Of some of the rows.
    onto : Seen, optional
        The window as it was, where the parts fill it up; by default they take its place.
    """
    folder = inside(folder_of(bundle.name, force), safe_name(window, "window"))
    content = secrets.token_hex(8)
    with lock(folder.parent / f".{window}.lock"):
        replaced = (folder / "window.json").exists()
        known = _Summed(bundle, source) if onto is None else _Summed.of(bundle, onto)
        try:
            _write_parts(folder / content, parts, known, onto)
            assert known.profile is not None
            known.profile.save(folder / content / "profile.json")
            if (told := _reasons_of_both(reasons, onto)) is not None:
                told.save(folder / content / REASONS)
        except BaseException:
            shutil.rmtree(folder / content, ignore_errors=True)
            raise
        described = asdict(known.seen(window, content))
        del described["path"]
        write_json(folder / "window.json", {"format_version": 1, **described})
        _sweep(folder, content)
    return replaced


@dataclass
class _Summed:
    """What is counted of a window while its parts are written."""

    bundle: Bundle
    source: str
    rows: int = 0
    flagged: int = 0
    flags: Counter[str] = field(default_factory=Counter)
    missing: Counter[str] = field(default_factory=Counter)
    begin: str = ""
    end: str = ""
    profile: Profile | None = None

    @classmethod
    def of(cls, bundle: Bundle, seen: Seen) -> _Summed:
        return cls(
            bundle, seen.source, seen.rows, round(seen.flagged * seen.rows), Counter(seen.flags), Counter(seen.missing),
            seen.begin, seen.end, seen.profile(),
        )  # fmt: skip

    def add(self, part: Part) -> None:
        flags = part.predictions.loc[part.predictions["flags"] != "", "flags"]
        self.rows += len(part.predictions)
        self.flagged += len(flags)
        self.flags.update(_counted(flags))
        self.missing.update(_missing(self.bundle.contract, part.features, self.source))
        self.begin = min(filter(None, (self.begin, part.span[0])), default="")
        self.end = max(self.end, part.span[1])
        profile = _profiled(self.bundle, part.predictions, part.features)
        self.profile = profile if self.profile is None else _both(self.bundle, self.profile, profile)

    def seen(self, window: str, content: str) -> Seen:
        return Seen(
            window, self.bundle.version, self.rows, self.flagged / self.rows, dict(self.flags.most_common()),
            dict(self.missing), self.source, content, datetime.now(UTC).isoformat(timespec="seconds"),
            begin=self.begin, end=self.end,
        )  # fmt: skip


def _write_parts(folder: Path, parts: Iterable[Part], known: _Summed, onto: Seen | None) -> None:
    old = None if onto is None else onto.path / onto.content
    files = {name: None if old is None else old / name for name in (PREDICTIONS, KEYS)}
    with _Table(folder / PREDICTIONS, files[PREDICTIONS]) as predictions, _Table(folder / KEYS, files[KEYS]) as keys:
        for part in parts:
            known.add(part)
            predictions.write(part.predictions)
            if part.keys is not None:
                keys.write(part.keys)


class _Table:
    """A Parquet file that is written part by part, and takes its name when all went well; without a part there is none.

    It begins with the rows of an older file, where there is one.
    """

    def __init__(self, path: Path, old: Path | None) -> None:
        self._path, self._old, self._stack = path, old, ExitStack()
        self._writer: Any = None

    def __enter__(self) -> Self:
        if self._old is not None and self._old.exists():
            self.write(_checked(self._old))
        return self

    def __exit__(self, *error: Any) -> None:
        self._stack.__exit__(*error)

    def write(self, frame: pd.DataFrame) -> None:
        import pyarrow as pa
        from pyarrow import parquet

        if self._writer is None:
            table = pa.Table.from_pandas(frame, preserve_index=False)
            file = self._stack.enter_context(in_one_step(self._path))
            # Without page checksums a flipped bit is a wrong value that nobody notices.
            writer = parquet.ParquetWriter(file, table.schema, compression="zstd", write_page_checksum=True)
            self._writer = self._stack.enter_context(writer)
        else:
            table = pa.Table.from_pandas(frame, schema=self._writer.schema, preserve_index=False)
        self._writer.write_table(table)


def _reasons_of_both(reasons: Reasons | None, onto: Seen | None) -> Reasons | None:
    before = None if onto is None else onto.reasons()
    if before is None or reasons is None:
        return reasons if onto is None else None
    return merge_reasons(before, reasons) if alike(before, reasons) else None


def windows(name: str, force: Settings) -> list[Seen]:
    """All windows of a bundle name, in the order of their time; a damaged one is left out with a warning."""
    paths = sorted(folder_of(name, force).glob("[!.]*/window.json"))
    return in_time(seen for path in paths if (seen := listed(path.parent)) is not None)


def window_of(name: str, label: str, force: Settings) -> Seen | None:
    """One window; None where there is none of that name."""
    folder = inside(folder_of(name, force), safe_name(label, "window"))
    return _read(folder) if (folder / "window.json").exists() else None


def listed(folder: Path) -> Seen | None:
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
        raise _damaged(path) from error


def _column(path: Path, name: str) -> list[str]:
    return list(_kept(path, name)[name].to_pylist())


def _kept(path: Path, *names: str) -> Any:
    """Columns as they were written; all where none is named."""
    from pyarrow import ArrowException, parquet

    try:
        with parquet.ParquetFile(path, page_checksum_verification=True) as file:
            return file.read(list(names) or None)
    except (ArrowException, OSError, KeyError) as error:
        raise _damaged(path) from error


def _damaged(path: Path) -> Damaged:
    return Damaged(f"The predictions of window {path.parent.parent.name} are damaged. Score it again.")


def _sweep(folder: Path, content: str) -> None:
    """Remove contents that no window points at: the one that was replaced, and what a killed process left."""
    for path in folder.iterdir():
        if path.is_dir() and path.name != content:
            shutil.rmtree(path)


def _profiled(bundle: Bundle, predictions: pd.DataFrame, features: pd.DataFrame) -> Profile:
    answer = Column("prediction", "category" if bundle.task == "multiclass" else "number")
    said = predictions["answer"].astype("str") if bundle.task == "multiclass" else predictions["prediction"]
    contract = bundle.contract.only(bundle.features)
    columns = profile_columns(features, contract)
    joint = together(features, contract)
    return Profile(
        rows=len(predictions),
        columns=(*columns, *profile_columns(pd.DataFrame({"prediction": said}), Contract((answer,)))),
        contract=contract,
        created=datetime.now(UTC).isoformat(timespec="seconds"),
        state={"together": joint.to_dict()} if joint else {},
    )


def _both(bundle: Bundle, one: Profile, other: Profile) -> Profile:
    """The profile of the rows of both."""
    known = bundle.contract.only(bundle.features)
    contract = Contract((*known.columns, Column("prediction", one["prediction"].kind)))
    columns = merge_columns(one.columns, other.columns, contract)
    return replace(one, rows=one.rows + other.rows, columns=columns, created=other.created)


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
