"""A training in MLflow: one run, with a child run for each trial.

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
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from platform import python_version
from typing import TYPE_CHECKING, Any, BinaryIO

from workbench.compiling.pipeline import compile_pipeline
from workbench.compiling.tabled import Tabled
from workbench.core.chunks import FILE as CHUNKS
from workbench.core.chunks import Chunks
from workbench.core.contract import Task
from workbench.core.cost import Cost
from workbench.core.dataset import Dataset
from workbench.core.estimation import FILE as ESTIMATION
from workbench.core.estimation import LOSSES, Estimation
from workbench.core.fairness import FILE as FAIRNESS
from workbench.core.fairness import Fairness
from workbench.core.metric import Metric
from workbench.core.mlmodel import mlmodel
from workbench.core.profile import Profile
from workbench.core.run import Run, Tried
from workbench.core.seen_rows import FILE as SEEN
from workbench.core.seen_rows import SeenRows
from workbench.errors import CannotCompile, NotFound
from workbench.storage.files import write_json, write_text
from workbench.storage.model_digest import digest
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted
from workbench.storage.tracking import client, experiment_id
from workbench.tables.compiled import CompiledModel
from workbench.training.shown import dataset_input, split_told
from workbench.training.watching import watched

if TYPE_CHECKING:
    from mlflow import MlflowClient

    from workbench.core.run import Folds

FOLDER = "workbench"
MODEL = "model"
TABLES = "model.npz"
BACKGROUND = "background.parquet"
HELD = "held.parquet"
FOLDS = "folds.parquet"
THIRDS = "thirds.parquet"
UNFITTED = "unfitted.skops"
TRIALS = "trials.json"
# Settings beside the leaderboard that have a child run of their own, and points of the history of scores.
MOST_NESTED, MOST_STEPS = 8, 900
PROCESS = "workbench.process"


@dataclass
class Recorder:
    """Writes one training to MLflow.

    Parameters
    ----------
    store : MlflowClient
    run_id : str
        Of the training.
    experiment : str
        Where its trials go too.
    write : float
        Seconds that the store took for what was written at once.
    """

    store: MlflowClient
    run_id: str
    experiment: str
    write: float = 0.0

    @classmethod
    def start(
        cls,
        data: Dataset,
        left_out: dict[str, str],
        seed: int,
        verb: str = "train",
        held: Dataset | None = None,
        of: str = "",
    ) -> Recorder:
        """Make the run, with where the data, and a hold-out that was given, came from; ``of`` is the run before it."""
        store, experiment = client(), experiment_id()
        end_the_dead(store, experiment)
        tags = {
            PROCESS: json.dumps(_this_process()),
            "workbench.fingerprint": data.fingerprint,
            "workbench.source": data.source,
            "workbench.rows": str(data.rows),
            "workbench.seed": str(seed),
            "workbench.left_out": json.dumps(left_out)[:4900],
            **({"workbench.chosen_from": of} if of else {}),
        }
        run = store.create_run(experiment, tags=tags, run_name=f"{verb} {data.contract.target}")
        used = [dataset_input(data, "training"), *([] if held is None else [dataset_input(held, "evaluation")])]
        began = time.monotonic()
        store.log_inputs(run.info.run_id, used)
        return cls(store, run.info.run_id, experiment, time.monotonic() - began)

    def trial(self, one: Tried, cost: Cost | None = None) -> str:
        """Write one trial as a child run, with what it costs when it ships, and return its id."""
        from mlflow.entities import Metric as Number
        from mlflow.entities import Param

        tags = {"mlflow.parentRunId": self.run_id, PROCESS: self._process, "workbench.trial": one.told[:4900]}
        run = self.store.create_run(self.experiment, tags=tags, run_name=one.name)
        now = int(time.time() * 1000)
        scored = {f"validated_{m.name}": m.value for m in one.metrics}
        known = {**scored, "cpu_seconds": one.seconds, **(cost.told() if cost else {})}
        self.store.log_batch(
            run.info.run_id,
            metrics=[Number(name, value, now, 0) for name, value in known.items()],
            params=[Param("model", one.name), *(Param(k, str(v)) for k, v in one.settings.items())],
        )
        self.store.set_terminated(run.info.run_id, status="FAILED" if one.failed else "FINISHED")
        return str(run.info.run_id)

    def others(self, tried: Sequence[Tried]) -> None:
        """Write what was tried beside the leaderboard: as child runs what failed and the best, at most so many.

        A child run costs as much as two small fits. All of them are in ``trials.json``, which MLflow's pages show as a
        table, and in the history of ``trial_…``.
        """
        for one in sorted(tried, key=_worth_a_run, reverse=True)[:MOST_NESTED]:
            self.trial(one)

    @cached_property
    def _process(self) -> str:
        return json.dumps(_this_process())

    def finished(self, run: Run) -> None:
        """Write scores, split and files, and end the run."""
        from mlflow.entities import Metric as Number
        from mlflow.entities import Param, RunTag

        now = int(time.time() * 1000)
        told = [(m.name + end, value) for m in run.metrics for end, value in _ends(m) if value is not None]
        known = {"seed": run.seed, "model": run.best.name, "split": run.split.kind, "folds": len(run.folds)}
        selected = run.asked.get("feature_selection", "none")
        known |= {} if selected == "none" else {"feature_selection": selected}
        steps = [(one.metrics[0], k) for k, one in enumerate(run.trials) if one.metrics]
        history = [Number(f"trial_{score.name}", score.value, now, k) for score, k in steps[:MOST_STEPS]]
        known |= {} if run.loss is None else {"loss": run.loss}
        self.store.log_batch(
            self.run_id,
            metrics=[*(Number(name, value, now, 0) for name, value in told), *history],
            params=[Param(name, str(value)) for name, value in known.items()],
            tags=[RunTag(name, value) for name, value in _tags(run).items()],
        )
        with tempfile.TemporaryDirectory() as folder:
            _write(run, Path(folder))
            self.store.log_artifacts(self.run_id, folder)
        self.store.set_terminated(self.run_id)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What raises meanwhile ends the run as failed, and a death as killed: none stays *running*."""
        try:
            with watched():
                yield
        except BaseException:
            self.store.set_terminated(self.run_id, status="FAILED")
            raise


def _tags(run: Run) -> dict[str, str]:
    """What MLflow's pages know a run by; the last says which file is a table."""
    tables = json.dumps([{"path": TRIALS, "type": "table"}])
    return {
        "workbench.split": run.split.kind, "workbench.split.reason": run.split.reason[:4900],
        **({"mlflow.loggedArtifacts": tables} if run.trials else {}),
    }  # fmt: skip


def _worth_a_run(one: Tried) -> tuple[bool, bool, float]:
    """What failed first, then the best scores."""
    score = one.metrics[0] if one.metrics else None
    quality = 0.0 if score is None else score.value if score.larger_is_better else -score.value
    return one.failed, score is not None, quality


def _trials_table(run: Run) -> dict[str, Any]:
    """All settings that were tried, as MLflow keeps tables."""
    names = tuple(dict.fromkeys(name for one in run.trials for name in one.settings))
    scored = tuple(dict.fromkeys(m.name for one in run.trials for m in one.metrics))
    rows = [
        [one.name, one.told, *({m.name: m.value for m in one.metrics}.get(name) for name in scored),
         round(one.seconds, 3), *(one.settings.get(name) for name in names)]
        for one in run.trials
    ]  # fmt: skip
    return {"columns": ["candidate", "told", *scored, "cpu_seconds", *names], "data": rows}


def _ends(metric: Metric) -> tuple[tuple[str, float | None], ...]:
    return ("", metric.value), ("_low", metric.low), ("_high", metric.high)


def end_the_dead(store: MlflowClient, experiment: str) -> None:
    """Runs that MLflow calls running though their process on this machine is gone become *killed*."""
    for run in store.search_runs([experiment], "attributes.status = 'RUNNING'"):
        with suppress(ValueError, TypeError):  # a tag of somebody else's
            process = json.loads(run.data.tags.get(PROCESS, "null"))
            if isinstance(process, dict) and process.get("host") == socket.gethostname() and not _lives(process):
                store.set_terminated(run.info.run_id, status="KILLED")


def end_what_died() -> None:
    """The same in the store in force: what :mod:`workbench.training.watching` calls by its name."""
    end_the_dead(client(), experiment_id())


def _this_process() -> dict[str, Any]:
    import psutil

    own = psutil.Process()
    return {"host": socket.gethostname(), "pid": own.pid, "started": own.create_time()}


def _lives(process: dict[str, Any]) -> bool:
    """Whether that very process is there: its number may be another's by now."""
    import psutil

    try:
        there = psutil.Process(process["pid"])
        same = abs(there.create_time() - process["started"]) < 1.0
        return same and there.status() != psutil.STATUS_ZOMBIE  # nobody has asked yet how it ended
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
        if gone is not None and run.tables is None:
            raise NotFound(f"{gone} Train it again: wb.train(…).")
        run = replace(
            run,
            profile=Profile.load(place / "reference.profile"),
            chunks=Chunks.load(place / CHUNKS) if (place / CHUNKS).is_file() else None,
            holdout=pd.read_parquet(place / "holdout.parquet", page_checksum_verification=True),
            background=_background(place / BACKGROUND),
            held=_held(place / HELD),
            folds=folds_of(place / FOLDS),
            thirds=folds_of(place / THIRDS),
            unfitted=load_pipeline(place / UNFITTED) if (place / UNFITTED).is_file() else {},
            estimation=Estimation.load(place / ESTIMATION) if (place / ESTIMATION).is_file() else None,
            losses={path.stem: CompiledModel.load(path) for path in sorted((place / LOSSES).glob("*.npz"))},
            seen=SeenRows.load(place / SEEN) if (place / SEEN).is_file() else None,
            beside={"fairness": Fairness.load(place / FAIRNESS)} if (place / FAIRNESS).is_file() else {},
        )
        if gone is not None:
            tables = Path(client().download_artifacts(run_id, MODEL, folder)) / TABLES
            return run.with_tables(Tabled(CompiledModel.load(tables)))
        return replace(run, pipeline=load_pipeline(_pipeline(run_id, place, folder))).checked()


def _pipeline(run_id: str, place: Path, folder: str) -> Path:
    """Where the pipeline lies: in the model that MLflow loads; in runs of before, beside the record."""
    before = place / "pipeline.skops"
    return before if before.is_file() else Path(client().download_artifacts(run_id, MODEL, folder)) / "pipeline.skops"


def _write(run: Run, folder: Path) -> None:
    """The record for :func:`read`, the model for MLflow, and what people look at there."""
    place = folder / FOLDER
    place.mkdir()
    tables = None
    if "WB209" in {finding.code for finding in run.findings}:
        tables = tables_of(run.pipeline, run.features, run.task, run.usual)
        run = replace(run, tables=None if tables is None else digest(Tabled(tables)))
    run.save(place / "run.json")
    run.profile.save(place / "reference.profile")
    if run.chunks is not None:
        run.chunks.save(place / CHUNKS)
    if run.seen is not None:
        run.seen.save(place / SEEN)
    run.holdout.to_parquet(place / "holdout.parquet", write_page_checksum=True)
    if run.background is not None:
        run.background.to_parquet(place / BACKGROUND, write_page_checksum=True)
    _write_held(run, place)
    _write_estimation(run, place)
    _write_folds(run, place)
    run.contract.save(place / "contract.json")
    write_json(place / "split.json", split_told(run))
    if run.evaluation is not None:
        write_json(place / "curves.json", run.evaluation.curves())
    if run.trials:
        write_json(folder / TRIALS, _trials_table(run))
    _write_model(run, folder / MODEL, tables)


def _write_held(run: Run, place: Path) -> None:
    import numpy as np
    import pandas as pd

    if run.held is not None:
        columns = np.asarray(run.held).reshape(len(run.holdout), -1)
        table = pd.DataFrame({f"prediction_{k}": column for k, column in enumerate(columns.T)})
        table.to_parquet(place / HELD, write_page_checksum=True)


def _background(path: Path) -> Any:
    """The rows that explanations are measured from; None where older versions wrote none."""
    import pandas as pd

    return pd.read_parquet(path, page_checksum_verification=True) if path.is_file() else None


def _held(path: Path) -> Any:
    """What :func:`_write_held` wrote; None where older versions wrote nothing."""
    import pandas as pd

    if not path.is_file():
        return None
    values = pd.read_parquet(path, page_checksum_verification=True).to_numpy()
    return values[:, 0] if values.shape[1] == 1 else values


def _write_estimation(run: Run, place: Path) -> None:
    if run.estimation is not None:
        run.estimation.save(place / ESTIMATION)
    for name, model in run.losses.items():
        model.save(place / LOSSES / f"{name}.npz")


def _write_folds(run: Run, place: Path) -> None:
    write_folds(run.folds, place / FOLDS)
    if run.thirds:
        write_folds(run.thirds, place / THIRDS)
    kept: Any = {name: pipeline for name, pipeline in run.unfitted.items() if not untrusted(pipeline)}
    if kept:
        save_pipeline(kept, place / UNFITTED)


def _write_model(run: Run, folder: Path, tables: CompiledModel | None) -> None:
    """What ``mlflow.pyfunc.load_model("runs:/…/model")`` loads: the pipeline, or its tables where it can't be kept.

    Nothing where there are neither. The contract has the features in the pipeline's order; another column is no part
    of it.
    """
    folder.mkdir()
    if "WB209" not in {finding.code for finding in run.findings}:
        save_pipeline(run.pipeline, folder / "pipeline.skops")
    elif tables is not None:
        tables.save(folder / TABLES)
    else:
        folder.rmdir()
        return
    features = tuple(replace(run.contract[name], role="feature") for name in run.features)
    contract = replace(run.contract, columns=features)
    contract.save(folder / "contract.json")
    text = mlmodel(
        contract, run.features, run.classes, run=run.id, python=python_version(), created=run.created, place=MODEL
    )
    write_text(folder / "MLmodel", text)


def tables_of(pipeline: Any, features: Sequence[str], task: Task, rows: Any) -> CompiledModel | None:
    """The tables of a pipeline; None where there are no exact ones."""
    with suppress(CannotCompile):
        return compile_pipeline(pipeline, features, task, background=rows)
    return None


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
