"""A bundle: the folder that ships.

``bundle.json`` says what it is and holds the SHA-256 of every other file. Nothing in the folder is taken at its word:
:mod:`workbench.storage.manifest` looks at the fields, :mod:`workbench.storage.bundle_files` at the files, and
:mod:`workbench.storage.signature` at who made it.

The format's change procedure: a reader reads every older ``format_version`` of ``bundle.json``. A field that older
readers would misread, or a file that moves or changes its meaning, raises ``FORMAT`` in
:mod:`workbench.storage.manifest`, and the reader of the older format stays. Files that are merely added
(``sbom.cdx.json``, ``signature``, ``uncertainty.json``, ``explanation.parquet``, ``reasons.json``, ``chunks.json``,
``estimation.json``, ``losses/``, ``segments.json``, ``value.json``, ``seen.json``, ``needs.json``) do not raise it. A
bundle of each format is kept in ``tests/packaging/formats`` and must load. The files in the folder have formats of
their own: ``model.npz`` in :mod:`workbench.tables.compiled`, ``contract.json``, ``reference.profile``,
``chunks.json``, ``uncertainty.json``, ``explanation.parquet``, ``reasons.json``, ``estimation.json`` (its ``losses/``
are as ``model.npz``), ``seen.json``, ``needs.json``, ``signature``.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, TypeVar

from workbench.core.chunks import FILE as CHUNKS
from workbench.core.chunks import Chunks
from workbench.core.claim import Claim, scores_hash
from workbench.core.contract import Contract, Task
from workbench.core.late import late
from workbench.core.metric import Metric
from workbench.core.needs import FILE as NEEDS
from workbench.core.needs import Needs
from workbench.core.profile import Profile
from workbench.core.reasons import FILE as REASONS
from workbench.core.reasons import Reasons
from workbench.core.result import Result
from workbench.core.saved import Saved
from workbench.core.uncertainty import Uncertainty
from workbench.errors import Damaged
from workbench.settings import path_setting
from workbench.storage.bundle_files import check_files, file_hash
from workbench.storage.manifest import FORMAT, MANIFEST, parse_manifest, read_manifest
from workbench.storage.signature import check_signature

if TYPE_CHECKING:
    import pandas as pd

    from workbench.core.explanation import Explanation

__all__ = ["MANIFEST", "Bundle", "file_hash"]

_Saved = TypeVar("_Saved", bound=Saved)
UNCERTAINTY = "uncertainty.json"
EXPLANATION = "explanation.parquet"
MOST_TEXT = 256 * 2**20  # bytes of a file of plain data; a profile has some 40 kB a column


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
    format_version: ClassVar[int] = FORMAT

    @property
    def claim(self) -> Claim | None:
        """What binds the scores to the model; None in bundles of older versions."""
        return Claim(**self.lineage["claim"]) if "claim" in self.lineage else None

    @property
    def model_file(self) -> str:
        """Where the model lies in the folder."""
        return "model.npz" if self.compiled else "model.skops"

    def bound(self, claim: Claim | None) -> Bundle:
        """The same bundle, its scores bound to the model file that ships, for a run's claim; its files are hashed."""
        if claim is None:
            return self
        told = {"model": claim.model, "scores": self._scores_hash(claim.model)}
        return replace(self, lineage={**self.lineage, "claim": told})

    def _scores_hash(self, model: str) -> str:
        told = ("run_id", "fingerprint", "task", "classes", "features", "model", "metrics")
        known = {f"of {name}": getattr(self, name) for name in told}
        return scores_hash(model, file=self.files[self.model_file], **known)

    def _check_claim(self) -> None:
        claim = self.claim
        if claim is not None and self._scores_hash(claim.model) != claim.scores:
            raise Damaged(
                f"{MANIFEST} tells scores that are not of the model in {self.model_file}: one of the two was "
                "exchanged. Package the run again."
            )

    @cached_property
    def contract(self) -> Contract:
        """What a row must look like."""
        contract = self._read(Contract, "contract.json")
        strange = sorted(set(self.features) - set(contract.names))
        if strange:
            raise Damaged(f"contract.json has no column {strange[0][:80]!r}, a feature. Package the model again.")
        return contract

    @cached_property
    def reference(self) -> Profile:
        """Profile of the training rows, and of what models that had not seen them answered (column ``prediction``).

        ``lineage["reference"]`` says which predictions they are; in older bundles they are those of the hold-out.
        """
        return self._read(Profile, "reference.profile")

    @cached_property
    def chunks(self) -> Chunks | None:
        """The training rows by chunks of time; None where nothing orders them, and in older bundles."""
        if CHUNKS not in self.files:
            return None
        read = self._read(Chunks, CHUNKS)
        strange = sorted({one.column for one in read.columns} - {*self.features, "prediction"})
        if strange:
            raise Damaged(f"{CHUNKS} has a column {strange[0][:80]!r}, no feature. Package the model again.")
        return read

    @cached_property
    def uncertainty(self) -> Uncertainty | None:
        """What predictions leave open; None where too few rows were there to say it, and in older bundles."""
        if UNCERTAINTY not in self.files:
            return None
        read = self._read(Uncertainty, UNCERTAINTY)
        if (read.least is None) == bool(self.classes):
            raise Damaged(f"{UNCERTAINTY} is of another task than the model. Package the model again.")
        return read

    @cached_property
    def reasons(self) -> Reasons | None:
        """The kept explanation in sums, which is read without Parquet; None without one, and in older bundles."""
        if REASONS not in self.files:
            return None
        read = self._read(Reasons, REASONS)
        if tuple(one.column for one in read.columns) != self.features:
            raise Damaged(f"{REASONS} is of other columns than the model. Package the model again.")
        return read

    @cached_property
    def needs(self) -> Needs | None:
        """What its service took when it was packaged, and whether it tells reasons; None in older bundles."""
        return self._read(Needs, NEEDS) if NEEDS in self.files else None

    def check_parts(self) -> None:
        """Read what lies beside the model, as everybody who uses it does later.

        Raises
        ------
        Damaged
            Naming the first part that is not as it can be read.
        """
        for name in ("contract", "reference", "chunks", "uncertainty", "reasons", "needs"):
            getattr(self, name)

    def explanation(self) -> Explanation | None:
        """How the model explained the rows that were held out when it was packaged; None where nobody had asked.

        Without the rows: :meth:`Explanation.compare` tells whether later rows have other reasons.

        Returns
        -------
        Explanation or None
        """
        return late("Bundle.explanation")(self)

    @classmethod
    def load_folder(cls, path: str | Path, *, ask_signature: bool = True) -> Bundle:
        """Read a bundle from its folder and check every file against its hash.

        Parameters
        ----------
        path : path
            Of the folder ``NAME/VERSION``.
        ask_signature : bool
            True: where ``WORKBENCH_TRUSTED_KEYS`` is set, one of those keys must have signed it. False is for
            whoever is about to sign it.

        Raises
        ------
        NotFound
            If there is no bundle in the folder.
        Damaged
            Naming the first field or file that is missing, is not what was packaged, or was added.
        Untrusted
            Naming a pickle.
        Unsigned
            If trusted keys are set, and none of them has signed it as it is.
        FormatVersion
            If a newer Workbench made it.
        """
        folder = Path(path).absolute()
        content = read_manifest(folder)
        trusted = path_setting("WORKBENCH_TRUSTED_KEYS") if ask_signature else None
        if trusted is not None:
            check_signature(folder, content, trusted)
        bundle = replace(cls.from_dict(parse_manifest(content)), path=folder)
        # Where the bundle's own runtime looks at itself, Python has compiled it a moment ago.
        itself = Path(__file__).resolve().is_relative_to((folder / "scoring").resolve())
        check_files(folder, bundle.files, strict=trusted is not None and not itself)
        bundle._check_claim()
        return bundle

    def headline(self) -> str:
        """Name, version, model and score in one line."""
        return f"{self.name} version {self.version}: {self.model}, {self.metrics[0]}"

    def as_parameter(self) -> str:
        """Its folder; where it has none yet, its name and version."""
        return f"{self.name}/{self.version}" if self.path == Path() else str(self.path)

    def frame(self) -> pd.DataFrame:
        """One row a file: path and hash."""
        return self._frame(self.files.items(), columns=["file", "sha256"])

    def results(self) -> dict[str, Any]:
        """The scores that it ships with, and its threshold."""
        return {"metrics": {one.name: one.value for one in self.metrics}, "threshold": self.threshold}

    def origin(self) -> dict[str, Any]:
        """The fingerprint of the table that it was trained on, and the seed."""
        told = {"fingerprint": self.fingerprint, "source": self.lineage.get("source"), "seed": self.lineage.get("seed")}
        return {name: value for name, value in told.items() if value not in (None, "")}

    def passing(self) -> tuple[str, ...]:
        """Its version and its folder."""
        return (f"{self.name} version {self.version}", f"{self.name}/{self.version}", str(self.path))

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

    def _read(self, kind: type[_Saved], name: str) -> _Saved:
        path = self.path / name
        if path.is_file() and path.stat().st_size > MOST_TEXT:
            raise Damaged(f"{name} is longer than {MOST_TEXT // 2**20} MB. Package the model again.")
        return kind.load(path)
