"""Trials on disk: what ended before a process was killed is not done again.

A training's folder is named by all that its trials depend on: the rows, the folds, the columns, the score, the seed,
the versions of the libraries. So what is read back is what would have been computed, and a training that goes on ends
equal to one that nobody killed. The folder goes when the run is recorded.
"""

from __future__ import annotations

import io
import json
import shutil
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np

from workbench.core.measures import is_ours
from workbench.settings import settings
from workbench.storage.files import MISREAD, write_bytes
from workbench.training.candidates import MODELS, Settings
from workbench.training.plan import Plan

FOLDER = "trials"
LIBRARIES = ("ml-workbench", "numpy", "pandas", "scikit-learn", "scipy", "lightgbm")
# Seconds after which what a killed training left is taken away by the next one.
OLD = 7 * 24 * 3600.0


@dataclass(frozen=True)
class Kept:
    """A trial that ended.

    Parameters
    ----------
    settings : dict
        That it ended with; it may have found some itself.
    seconds : float
        CPU seconds of its validation.
    predictions : tuple of array
        One a fold that was tried; none where the trial fell behind its rival and was given up.
    """

    settings: Settings
    seconds: float
    predictions: tuple[Any, ...]


class Journal:
    """The trials of one training.

    Parameters
    ----------
    plan : Plan
        What is tried.
    fingerprint : str
        Of the data.
    """

    def __init__(self, plan: Plan, fingerprint: str) -> None:
        self.plan, self.fingerprint = plan, fingerprint

    @cached_property
    def folder(self) -> Path:
        """Where the trials lie."""
        plan, content = self.plan, sha256()
        known = (self.fingerprint, plan.task, plan.metric.name, plan.features, plan.seed, plan.contract.to_dict())
        content.update(json.dumps([*known, [version(name) for name in LIBRARIES]], default=str).encode())
        for rows in (plan.parts.train, plan.parts.holdout, *(rows for pair in plan.parts.folds for rows in pair)):
            content.update(np.asarray(rows, dtype=np.int64).tobytes())
        return settings().home / FOLDER / content.hexdigest()[:32]

    def read(self, name: str, setting: Settings) -> Kept | None:
        """What a trial ended with; None where it is not there, or is not whole."""
        path = self._path(name, setting)
        if path is None or not path.is_file():
            return None
        try:
            with np.load(path, allow_pickle=False) as content:
                told = json.loads(str(content["told"]))
                predictions = tuple(content[f"fold{i}"] for i in range(told["folds"]))
            return Kept(dict(told["settings"]), float(told["seconds"]), predictions)
        except (OSError, EOFError, BadZipFile, *MISREAD):
            return None  # it is only tried again

    def write(self, name: str, setting: Settings, kept: Kept) -> None:
        """Keep what a trial ended with.

        A full disk stops no training here: where it can't be kept, it is tried again. The run's record, which a
        training can't do without, says what is wrong with the disk.
        """
        path = self._path(name, setting)
        if path is None:
            return
        told = {"settings": kept.settings, "seconds": kept.seconds, "folds": len(kept.predictions)}
        content = io.BytesIO()
        folds = {f"fold{i}": prediction for i, prediction in enumerate(kept.predictions)}
        np.savez(content, told=np.array(json.dumps(told)), **folds)
        with suppress(OSError):
            path.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(path, content.getvalue())

    def clear(self) -> None:
        """Take the trials away, and those of trainings that were killed long ago."""
        shutil.rmtree(self.folder, ignore_errors=True)
        for left in _folders(self.folder.parent):
            with suppress(OSError):
                if time.time() - left.stat().st_mtime > OLD:
                    shutil.rmtree(left, ignore_errors=True)

    def _path(self, name: str, setting: Settings) -> Path | None:
        """None where the trial depends on what has no name: somebody's own estimator or score."""
        if (
            self.plan.models.get(name) is not MODELS.get(name)
            or name not in MODELS
            or not is_ours(self.plan.metric.name)
        ):
            return None
        digest = sha256(json.dumps([name, setting], sort_keys=True).encode()).hexdigest()[:16]
        return self.folder / f"{name}-{digest}.npz"


def _folders(home: Path) -> Sequence[Path]:
    with suppress(OSError):
        return [path for path in home.iterdir() if path.is_dir()]
    return []
