"""The servers of the comparison: what each needs, how it starts, what a request and an answer look like there."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

SERVERS = Path(__file__).resolve().parent / "servers"
OURS, REASONS, EMPTY = "Workbench", "Workbench, with reasons", "empty endpoint"
MLFLOW = "MLflow"

Row = dict[str, Any]
Body = Callable[[list[Row], Collection[str]], object]


@dataclass(frozen=True)
class Peer:
    """A server to measure.

    Parameters
    ----------
    name : str
        In the tables.
    packages : tuple of str
        What its environment holds, pinned to versions that were seen to work together.
    command : tuple of str
        How it starts; ``{python}``, ``{bin}``, ``{folder}`` and ``{port}`` are filled in.
    path : str
        Address of predictions.
    body : str
        Form of its rows: a key of ``BODIES``.
    answered : callable
        From its answer to the probability of each row, or to the label where it gives no more.
    windows : tuple of str
        What is measured there; names of ``serving.WINDOWS``.
    environment : dict
        More variables.
    at : str
        Folder below the work folder that it starts in.
    labels : bool
        Whether it answers a label only.
    """

    name: str
    packages: tuple[str, ...]
    command: tuple[str, ...]
    path: str
    body: str
    answered: Callable[[Any], list[Any]]
    windows: tuple[str, ...] = ("c1", "c8", "c32", "batch")
    environment: dict[str, str] = field(default_factory=dict)
    at: str = "."
    labels: bool = False

    @property
    def ours(self) -> bool:
        """Whether it is the product itself."""
        return self.name in (OURS, REASONS)

    @property
    def compared(self) -> bool:
        """Whether it stands on the other side of the ratios: each of these holds the pipeline itself, and pandas."""
        return not self.ours and self.name != EMPTY


def ours(rows: list[Row], numbers: Collection[str] = ()) -> object:
    """A row as an object, several in ``rows``."""
    return rows[0] if len(rows) == 1 else {"rows": rows}


def version_two(rows: list[Row], numbers: Collection[str] = ()) -> object:
    """The Open Inference Protocol, by columns, as a client sends it that knows the types of the model."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    return {
        "parameters": {"content_type": "pd"},
        "inputs": [_tensor(name, [row.get(name) for row in rows], name in numbers) for name in names],
        "outputs": [{"name": "predict_proba"}],
    }


def _tensor(name: str, data: list[Any], number: bool) -> dict[str, Any]:
    kind = {"datatype": "FP64"} if number else {"datatype": "BYTES", "parameters": {"content_type": "str"}}
    return {"name": name, "shape": [len(data), 1], "data": data, **kind}


BODIES: dict[str, Body] = {
    "ours": ours,
    "rows": lambda rows, numbers=(): rows,
    "records": lambda rows, numbers=(): {"dataframe_records": rows},
    "instances": lambda rows, numbers=(): {"instances": rows},
    "named": lambda rows, numbers=(): {"rows": rows},
    "version two": version_two,
}


def of_ours(answer: Any) -> list[float]:
    return [a["prediction"] for a in answer.get("predictions", [answer])]


def of_mlflow(answer: Any) -> list[float]:
    return [pair[1] for pair in answer["predictions"]]


def of_list(answer: Any) -> list[float]:
    return answer["predictions"]


def of_version_two(answer: Any) -> list[float]:
    return answer["outputs"][0]["data"][1::2]


# The pipeline was fitted with these; a pickle wants the same scikit-learn.
PIPELINE = ("scikit-learn==1.9.1", "pandas==3.1.1", "joblib")
RUNTIME = ("numpy==2.4.6", "uvicorn==0.54.0", "httptools", "msgspec")
SCORING = ("{python}", "-m", "scoring", "--port", "{port}", "--log", "{folder}/log")
UVICORN = ("{python}", "-m", "uvicorn", "--app-dir", str(SERVERS), "--host", "127.0.0.1", "--port", "{port}",
           "--no-access-log", "--log-level", "warning")  # fmt: skip
PEERS = (
    Peer(EMPTY, RUNTIME, (*UVICORN, "empty_app:app"), "/predict", "ours", of_ours, ("c1", "c8", "c32")),
    Peer(OURS, RUNTIME, SCORING, "/predict?reasons=0", "ours", of_ours, at="bundle"),
    Peer(REASONS, RUNTIME, SCORING, "/predict", "ours", of_ours, at="bundle"),
    Peer(MLFLOW, ("mlflow==3.17.2", *PIPELINE),
         ("{bin}/mlflow", "models", "serve", "-m", "{folder}/mlflow-model", "--env-manager", "local", "-p", "{port}",
          "-h", "127.0.0.1", "-w", "1"), "/invocations", "records", of_mlflow),
    Peer("BentoML", ("bentoml==1.4.39", *PIPELINE),
         ("{bin}/bentoml", "serve", "bentoml_app:Model", "--port", "{port}", "--host", "127.0.0.1"), "/predict",
         "named", of_list, environment={"PYTHONPATH": str(SERVERS), "BENTOML_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1",
                               "BENTOML_HOME": "{folder}/bentoml"}),
    Peer("MLServer", ("mlserver==1.7.1", "mlserver-sklearn==1.7.1", *PIPELINE),
         ("{bin}/mlserver", "start", "{folder}/mlserver"), "/v2/models/adult/infer", "version two", of_version_two),
    Peer("KServe", ("kserve==0.21.0", "scikit-learn==1.9.1", "pandas==2.3.3", "joblib"),
         ("{python}", str(SERVERS / "kserve_app.py"), "--http_port={port}", "--enable_grpc=false"),
         "/v1/models/adult:predict", "instances", of_list),
    Peer("vetiver", ("vetiver==0.2.6", *PIPELINE), (*UVICORN, "vetiver_app:app"), "/predict", "rows",
         lambda answer: answer["predict"], labels=True),
    Peer("LitServe", ("litserve==0.2.19", *PIPELINE), ("{python}", str(SERVERS / "litserve_app.py"), "{port}"),
         "/predict", "named", of_list),
    Peer("FastAPI + pandas", ("fastapi==0.165.0", "uvicorn==0.54.0", "httptools", "uvloop", *PIPELINE),
         (*UVICORN, "fastapi_app:app"), "/predict", "rows", of_list),
)  # fmt: skip


def python_of(peer: Peer, folder: Path) -> Path:
    """The peer's own Python, made once: with the uv that ``UV`` names or that is on the path, else venv and pip.

    Raises
    ------
    subprocess.CalledProcessError
        If it can't be made; ``stderr`` tells why.
    """
    place = folder / "environments" / ("ours" if peer.packages == RUNTIME else peer.name.split()[0].lower())
    python, marker = place / "bin" / "python", place / "requirements.txt"
    wanted = "\n".join(peer.packages)
    if python.exists() and marker.exists() and marker.read_text() == wanted:
        return python
    for command in _commands(place, python, peer.packages):
        subprocess.run(command, check=True, capture_output=True, text=True)
    marker.write_text(wanted)
    return python


def _commands(place: Path, python: Path, packages: tuple[str, ...]) -> list[list[str]]:
    """Both compile the modules, so that no first start has to."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv:
        get = [uv, "pip", "install", "--quiet", "--compile-bytecode", "--python", str(python)]
        return [[uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(place)], [*get, *packages]]
    get = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return [[sys.executable, "-m", "venv", "--clear", str(place)], [*get, *packages]]


def write_specials(peer: Peer, python: Path, folder: Path, ports: list[int]) -> None:
    """Files that a peer wants beside the model; ``ports`` are its own first and two more."""
    if peer.name == MLFLOW and not (folder / "mlflow-model").exists():
        save = [str(python), str(SERVERS / "save_mlflow.py")]
        subprocess.run(save, cwd=folder, check=True, capture_output=True, text=True)
    if peer.name == "MLServer":
        place = folder / "mlserver"
        place.mkdir(exist_ok=True)
        first, second, third = ports
        told = {"host": "127.0.0.1", "http_port": first, "grpc_port": second, "metrics_port": third,
                "parallel_workers": 0, "debug": False}  # fmt: skip
        (place / "settings.json").write_text(json.dumps(told))
        model = {"name": "adult", "implementation": "mlserver_sklearn.SKLearnModel",
                 "parameters": {"uri": str(folder / "model.joblib")}}  # fmt: skip
        (place / "model-settings.json").write_text(json.dumps(model))
