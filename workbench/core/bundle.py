"""A bundle: the folder that ships."""

from __future__ import annotations

import hashlib
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from workbench.core.contract import Contract, Task
from workbench.core.metric import Metric
from workbench.core.profile import Profile
from workbench.core.result import Result
from workbench.core.store import SAFE_NAME, inside, read_json
from workbench.errors import Damaged, NotFound

if TYPE_CHECKING:
    import pandas as pd

MANIFEST = "bundle.json"


@dataclass(frozen=True)
class Bundle(Result):
    """A folder that serves predictions and their reasons. Made by :func:`workbench.package`.

    Parameters
    ----------
    name : str
        Under which it is registered and served.
    version : int
        From 1, the version in MLflow's registry too.
    path : Path
        The folder ``NAME/VERSION``.
    run_id : str
        MLflow run that trained it.
    model : str
        The candidate that it carries, such as ``boosting``.
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    classes : tuple
        Labels in the order of the probabilities; empty for a regression.
    features : tuple of str
        Columns that the model uses.
    threshold : float, optional
        Binary: probability from which on the positive class is answered.
    metrics : tuple of Metric
        On the hold-out, the deciding one first.
    fingerprint : str
        Of the training data.
    compiled : bool
        True: numpy tables, no scikit-learn needed. False: an audited skops pipeline, with the reason on the card.
    files : dict of str to str
        SHA-256 of each file, by its path in the folder.
    created : str
        ISO 8601 with zone.
    lineage : dict
        Where it came from: source of the data, seed, code, versions of the environment.
    """

    name: str
    version: int
    run_id: str
    model: str
    task: Task
    classes: tuple[Any, ...]
    features: tuple[str, ...]
    threshold: float | None
    metrics: tuple[Metric, ...]
    fingerprint: str
    compiled: bool
    files: dict[str, str] = field(repr=False)
    created: str = ""
    lineage: dict[str, Any] = field(default_factory=dict, repr=False)
    path: Path = field(default=Path(), compare=False)

    noun: ClassVar[str] = "bundle"

    @cached_property
    def contract(self) -> Contract:
        """What a row must look like."""
        return Contract.from_dict(read_json(self.path / "contract.json"))

    @cached_property
    def reference(self) -> Profile:
        """Profile of the training rows and of the hold-out's predictions (column ``prediction``)."""
        return Profile.load(self.path / "reference.profile")

    @classmethod
    def load_folder(cls, path: str | Path) -> Bundle:
        """Read a bundle from its folder and check every file against its hash.

        Raises
        ------
        NotFound
            If there is no bundle in the folder.
        Damaged
            Naming the first file that is missing, is not what was packaged, or was added to the code.
        FormatVersion
            If a newer Workbench made it.
        """
        folder = Path(path).absolute()
        if not (folder / MANIFEST).is_file():
            raise NotFound(f"There is no {MANIFEST} in {folder}. Give the folder NAME/VERSION of a bundle.")
        try:
            bundle = replace(cls.load(folder / MANIFEST), path=folder)
        except (KeyError, TypeError, AttributeError) as error:
            raise Damaged(f"{MANIFEST} is not what was written ({error}). Package the model again.") from error
        # What is kept about a bundle lies in a folder of its name.
        if not SAFE_NAME.match(str(bundle.name)) or not isinstance(bundle.version, int):
            raise Damaged(f"{MANIFEST} names no bundle that could be made. Package the model again.")
        for name, expected in bundle.files.items():
            _check_file(folder, name, expected)
        _check_no_code_was_added(folder, bundle.files)
        return bundle

    def headline(self) -> str:
        """Name, version, model and score in one line."""
        return f"{self.name} version {self.version}: {self.model}, {self.metrics[0]}"

    def frame(self) -> pd.DataFrame:
        """One row a file: path and hash."""
        import pandas as pd

        return pd.DataFrame(self.files.items(), columns=["file", "sha256"])

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data, as in ``bundle.json``; the folder's own path is left out."""
        content = {**asdict(self), "classes": list(self.classes), "features": list(self.features)}
        del content["path"]
        return content

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> Bundle:
        """Read what :meth:`to_dict` wrote."""
        return cls(
            **{
                **content,
                "classes": tuple(content["classes"]),
                "features": tuple(content["features"]),
                "metrics": tuple(Metric.from_dict(m) for m in content["metrics"]),
            }
        )


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _check_no_code_was_added(folder: Path, files: dict[str, str]) -> None:
    """What lies in ``scoring/`` is imported before what is installed. (Elsewhere MLflow adds files of its own.)"""
    for path in sorted((folder / "scoring").rglob("*")):
        name = path.relative_to(folder).as_posix()
        if path.is_file() and name not in files and "__pycache__" not in path.parts:
            raise Damaged(f"{name} was not packaged. Take it out of the folder, or package the model again.")


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = inside(folder, name)
    if not path.is_file():
        raise Damaged(f"The bundle's file {name!r} is missing. Copy the bundle again, or package the model again.")
    if file_hash(path) != expected:
        raise Damaged(
            f"The bundle's file {name!r} is not what was packaged. Copy the bundle again, or package it again."
        )
