"""MLflow's store: made once, under a lock, and reached from here only."""

from __future__ import annotations

import logging
import os
import sys
from functools import cache
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

from workbench.settings import Settings, in_kernel, settings
from workbench.storage.files import lock, write_text
from workbench.storage.said import MAKING

if TYPE_CHECKING:
    from mlflow import MlflowClient

EXPERIMENT = "workbench"
CHAMPION = "champion"
CHALLENGER = "challenger"


def client(given: Settings | None = None) -> MlflowClient:
    """A client of the store in force; a fresh SQLite store is made first, by one process only.

    The first use of a fresh store takes some seconds of migrations, and says so. Four processes
    that migrate the same fresh SQLite file at once break it for ever, hence the lock.

    Examples
    --------
    >>> from workbench.storage.tracking import client
    >>> client().get_experiment_by_name("workbench").name
    'workbench'
    """
    force = given or settings()
    _make_once(force.tracking_uri, force.home)
    return _client(force.tracking_uri)


def experiment_id(given: Settings | None = None) -> str:
    """Id of the experiment that holds our runs."""
    experiment = client(given).get_experiment_by_name(EXPERIMENT)
    assert experiment is not None, "made with the store"
    return str(experiment.experiment_id)


@cache
def _client(uri: str) -> MlflowClient:
    _quiet()
    from mlflow import MlflowClient

    # Not mlflow.set_tracking_uri: it writes to the environment, and a second home would then find the first's store.
    return MlflowClient(tracking_uri=uri, registry_uri=uri)


@cache
def _make_once(uri: str, home: Path) -> None:
    """Migrate the store and make the experiment, with one process at work and the others waiting."""
    ready = home / "mlflow.ready"
    with lock(home / "mlflow.lock"):
        if _is_made(uri, ready):
            return
        if uri.startswith("sqlite:"):
            stream = _stream()
            stream.write(f"{MAKING}\n")
            stream.flush()
        store = _client(uri)
        if store.get_experiment_by_name(EXPERIMENT) is None:
            artifacts = (home / "artifacts").as_uri() if uri.startswith("sqlite:") else None
            store.create_experiment(EXPERIMENT, artifact_location=artifacts)
        write_text(ready, _mark(uri))


def _is_made(uri: str, ready: Path) -> bool:
    """Whether the store was made, and is still there."""
    file = uri.removeprefix("sqlite:///")
    there = file == uri or Path(file).exists()
    return there and ready.exists() and ready.read_text(encoding="utf-8") == _mark(uri)


def _mark(uri: str) -> str:
    """What is written down of an address: that of a server may hold a password."""
    return uri if uri.startswith("sqlite:") else sha256(uri.encode()).hexdigest()


def _stream() -> TextIO:
    """Standard error, as for all news of progress; in a notebook, where that looks like a fault, standard output."""
    return sys.stdout if in_kernel() else sys.stderr


def _quiet() -> None:
    """MLflow and alembic tell of each migration and each copied file; one line of ours says it."""
    os.environ.setdefault("MLFLOW_ENABLE_ARTIFACTS_PROGRESS_BAR", "false")
    for name in ("alembic", "alembic.runtime.migration", "mlflow.store.db.utils"):
        logging.getLogger(name).setLevel(logging.WARNING)
