"""A training in MLflow: one run, with a child run for each candidate.

Logged by hand; autologging costs seconds a run.
"""

from __future__ import annotations

import json
import signal
import socket
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.core.dataset import Dataset
from workbench.core.metric import Metric
from workbench.core.profile import Profile
from workbench.core.run import Run
from workbench.errors import NotFound
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted
from workbench.storage.tracking import client, experiment_id

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from workbench.core.run import Folds

FOLDER = "workbench"
FOLDS = "folds.parquet"
THIRDS = "thirds.parquet"
UNFITTED = "unfitted.skops"
PROCESS = "workbench.process"


@dataclass(frozen=True)
class Recorder:
    """Writes one training to MLflow."""

    store: MlflowClient
    run_id: str

    @classmethod
    def start(cls, data: Dataset, left_out: dict[str, str], seed: int) -> Recorder:
        """Make the run, with where the data came from."""
        store = client()
        end_the_dead(store)
        tags = {
            PROCESS: json.dumps(_this_process()),
            "workbench.fingerprint": data.fingerprint,
            "workbench.source": data.source,
            "workbench.rows": str(data.rows),
            "workbench.left_out": json.dumps(left_out)[:4900],
        }
        name = f"train {data.contract.target}"
        run = store.create_run(experiment_id(), tags=tags, run_name=name)
        store.log_param(run.info.run_id, "seed", seed)
        return cls(store, run.info.run_id)

    def candidate(self, name: str, parameters: dict[str, Any], metrics: Sequence[Metric], seconds: float) -> str:
        """Write one candidate as a child run and return its id."""
        from mlflow.entities import Metric as Number
        from mlflow.entities import Param

        tags = {"mlflow.parentRunId": self.run_id, PROCESS: json.dumps(_this_process())}
        run = self.store.create_run(experiment_id(), tags=tags, run_name=name)
        now = int(time.time() * 1000)
        numbers = [Number(f"validated_{m.name}", m.value, now, 0) for m in metrics]
        self.store.log_batch(
            run.info.run_id,
            metrics=[*numbers, Number("cpu_seconds", seconds, now, 0)],
            params=[Param("model", name), *(Param(k, str(v)) for k, v in parameters.items())],
        )
        self.store.set_terminated(run.info.run_id)
        return str(run.info.run_id)

    def finished(self, run: Run) -> None:
        """Write scores and files, and end the run."""
        for metric in run.metrics:
            self.store.log_metric(self.run_id, metric.name, metric.value)
        self.store.log_param(self.run_id, "model", run.best.name)
        with tempfile.TemporaryDirectory() as folder:
            _write(run, Path(folder))
            self.store.log_artifacts(self.run_id, folder, FOLDER)
        self.store.set_terminated(self.run_id)

    def failed(self) -> None:
        """End the run as failed: none stays *running*."""
        self.store.set_terminated(self.run_id, status="FAILED")


def end_the_dead(store: MlflowClient) -> None:
    """Runs that MLflow calls running though their process on this machine is gone become *killed*."""
    for run in store.search_runs([experiment_id()], "attributes.status = 'RUNNING'"):
        with suppress(ValueError, TypeError):  # a tag of somebody else's
            process = json.loads(run.data.tags.get(PROCESS, "null"))
            if isinstance(process, dict) and process.get("host") == socket.gethostname() and not _lives(process):
                store.set_terminated(run.info.run_id, status="KILLED")


def _this_process() -> dict[str, Any]:
    import psutil

    own = psutil.Process()
    return {"host": socket.gethostname(), "pid": own.pid, "started": own.create_time()}


def _lives(process: dict[str, Any]) -> bool:
    """Whether that very process is there: its number may be another's by now."""
    import psutil

    try:
        return abs(psutil.Process(process["pid"]).create_time() - process["started"]) < 1.0
    except (psutil.NoSuchProcess, KeyError):
        return False
    except psutil.AccessDenied:
        return True


@contextmanager
def undisturbed() -> Iterator[None]:
    """Ctrl-C does nothing meanwhile: what is written is written whole, and takes a second at most."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def read(run_id: str) -> Run:
    """Read a run back, with its pipeline, profile and hold-out.

    Raises
    ------
    NotFound
        If there is no such run, or it is none of ours.
    """
    from dataclasses import replace

    import pandas as pd
    from mlflow.exceptions import MlflowException

    with tempfile.TemporaryDirectory() as folder:
        try:
            place = Path(client().download_artifacts(run_id, FOLDER, folder))
        except (MlflowException, OSError) as error:
            raise NotFound(
                f"No run {run_id!r} of Workbench is in MLflow's store. Train one with wb.train(data)."
            ) from error
        run = Run.load(place / "run.json")
        gone = next((f.message for f in run.findings if f.code == "WB209"), None)
        if gone is not None:
            raise NotFound(f"{gone} Train it again: wb.train(…).")
        return replace(
            run,
            pipeline=load_pipeline(place / "pipeline.skops"),
            profile=Profile.load(place / "reference.profile"),
            holdout=pd.read_parquet(place / "holdout.parquet", page_checksum_verification=True),
            folds=folds_of(place / FOLDS),
            thirds=folds_of(place / THIRDS),
            unfitted=load_pipeline(place / UNFITTED) if (place / UNFITTED).is_file() else {},
        )


def _write(run: Run, folder: Path) -> None:
    run.save(folder / "run.json")
    if "WB209" not in {finding.code for finding in run.findings}:
        save_pipeline(run.pipeline, folder / "pipeline.skops")
    run.profile.save(folder / "reference.profile")
    run.holdout.to_parquet(folder / "holdout.parquet", write_page_checksum=True)
    write_folds(run.folds, folder / FOLDS)
    if run.thirds:
        write_folds(run.thirds, folder / THIRDS)
    kept: Any = {name: pipeline for name, pipeline in run.unfitted.items() if not untrusted(pipeline)}
    if kept:
        save_pipeline(kept, folder / UNFITTED)


def write_folds(folds: Folds, file: Path | BinaryIO) -> None:
    """Write the rows of folds as a table: fold, whether it is scored, and its position, in their order."""
    import numpy as np
    import pandas as pd

    sides = [(k, scored, rows) for k, pair in enumerate(folds) for scored, rows in enumerate(pair)]
    sizes = [len(rows) for _, _, rows in sides]
    table = pd.DataFrame({
        "fold": np.repeat(np.array([k for k, _, _ in sides], dtype=np.int32), sizes),
        "scored": np.repeat(np.array([scored for _, scored, _ in sides], dtype=bool), sizes),
        "row": np.concatenate([np.empty(0, dtype=np.int64), *(rows for _, _, rows in sides)]).astype(np.int64),
    })  # fmt: skip
    table.to_parquet(file, write_page_checksum=True)


def folds_of(path: Path) -> Folds:
    """What :func:`write_folds` wrote; nothing where older versions wrote none."""
    import pandas as pd

    if not path.is_file():
        return ()
    table = pd.read_parquet(path, page_checksum_verification=True)
    folds = (fold for _, fold in table.groupby("fold"))
    return tuple((f["row"][~f["scored"]].to_numpy(), f["row"][f["scored"]].to_numpy()) for f in folds)
