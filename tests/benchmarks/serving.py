"""Our service beside the others: same model, same rows, same client, one thread each, on this machine's loopback.

``python tests/benchmarks/serving.py --table adult.csv --target income --folder /tmp/serving``

Each peer gets a virtual environment of its own under the folder, made once. What can't be installed or does not answer
is told in the table with its reason. ``--seconds 2 --repeats 1`` is a quick look; the table that counts has windows of
ten seconds, three repeats and a quiet machine.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import signal
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.client import HTTPException
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
PIPELINE_PACKAGES = ["scikit-learn", "pandas", "joblib"]
START = 60.0  # seconds that a server may take to its first answer
ONE_THREAD = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}


@dataclass(frozen=True)
class Peer:
    """A server to measure.

    Parameters
    ----------
    name : str
        In the table.
    packages : list of str
        What its environment needs.
    command : list of str
        How it starts; ``{python}``, ``{bin}``, ``{folder}`` and ``{port}`` are filled in.
    path : str
        Address of predictions.
    body : str
        Form of its rows: a key of ``BODIES``.
    environment : dict
        More variables.
    """

    name: str
    packages: list[str]
    command: list[str]
    path: str
    body: str
    environment: dict[str, str] = field(default_factory=dict)


def rows_alone(rows: list[dict]) -> object:
    return rows


def ours(rows: list[dict]) -> object:
    return rows[0] if len(rows) == 1 else {"rows": rows}


def version_two(rows: list[dict]) -> object:
    """The Open Inference Protocol, by columns."""
    kinds = {c: "FP64" if all(isinstance(r[c], (int, float)) for r in rows) else "BYTES" for c in rows[0]}
    content = {"FP64": None, "BYTES": "str"}
    return {
        "parameters": {"content_type": "pd"},
        "inputs": [
            {"name": c, "shape": [len(rows), 1], "datatype": kind, "data": [r[c] for r in rows],
             **({"parameters": {"content_type": content[kind]}} if content[kind] else {})}
            for c, kind in kinds.items()
        ],
    }  # fmt: skip


BODIES = {
    "ours": ours,
    "rows": rows_alone,
    "records": lambda rows: {"dataframe_records": rows},
    "instances": lambda rows: {"instances": rows},
    "named": lambda rows: {"rows": rows},
    "version two": version_two,
}
OURS = ["numpy", "uvicorn", "httptools", "msgspec"]
SERVE = ["{python}", "-m", "scoring", "--port", "{port}", "--log", "{folder}/log"]
UVICORN = ["{python}", "-m", "uvicorn", "--host", "127.0.0.1", "--port", "{port}", "--no-access-log"]
PEERS = [
    Peer("empty endpoint", OURS, [*UVICORN, "empty_app:app"], "/predict", "ours"),
    Peer("Workbench, no reasons", OURS, SERVE, "/predict?reasons=0", "ours"),
    Peer("Workbench, reasons", OURS, SERVE, "/predict", "ours"),
    Peer("MLflow", ["mlflow", *PIPELINE_PACKAGES],
         ["{bin}/mlflow", "models", "serve", "-m", "{folder}/mlflow-model", "--env-manager", "local", "-p", "{port}",
          "-h", "127.0.0.1", "-w", "1"], "/invocations", "records"),
    Peer("FastAPI + pandas", ["fastapi", "uvicorn", "httptools", "uvloop", *PIPELINE_PACKAGES],
         [*UVICORN, "fastapi_app:app"], "/predict", "rows"),
    Peer("LitServe", ["litserve", *PIPELINE_PACKAGES], ["{python}", "litserve_app.py", "{port}"], "/predict", "named"),
    Peer("BentoML", ["bentoml", *PIPELINE_PACKAGES],
         ["{bin}/bentoml", "serve", "bentoml_app:Model", "--port", "{port}", "--host", "127.0.0.1"], "/predict",
         "named", {"BENTOML_DO_NOT_TRACK": "1", "DO_NOT_TRACK": "1"}),
    Peer("MLServer", ["mlserver", "mlserver-sklearn", *PIPELINE_PACKAGES], ["{bin}/mlserver", "start", "mlserver"],
         "/v2/models/adult/infer", "version two"),
    Peer("vetiver", ["vetiver", *PIPELINE_PACKAGES], [*UVICORN, "vetiver_app:app"], "/predict", "rows"),
    Peer("KServe", ["kserve", *PIPELINE_PACKAGES],
         ["{python}", "kserve_app.py", "--http_port={port}", "--enable_grpc=false"], "/v1/models/adult:predict",
         "instances"),
]  # fmt: skip

APPS = {
    "empty_app.py": """
BODY = b'{"prediction": 0.5}'
HEADERS = [(b"content-type", b"application/json"), (b"content-length", str(len(BODY)).encode())]

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        while True:
            message = await receive()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return
    while (await receive()).get("more_body"):
        pass
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": BODY})
""",
    "fastapi_app.py": """
import joblib, pandas as pd
from fastapi import FastAPI
model, app = joblib.load("model.joblib"), FastAPI()

@app.post("/predict")
def predict(rows: list[dict]):
    return {"predictions": model.predict_proba(pd.DataFrame(rows))[:, 1].tolist()}
""",
    "litserve_app.py": """
import sys, joblib, pandas as pd, litserve as ls

class Model(ls.LitAPI):
    def setup(self, device):
        self.model = joblib.load("model.joblib")
    def decode_request(self, request):
        return pd.DataFrame(request["rows"])
    def predict(self, frame):
        return self.model.predict_proba(frame)[:, 1]
    def encode_response(self, output):
        return {"predictions": output.tolist()}

if __name__ == "__main__":
    server = ls.LitServer(Model(), accelerator="cpu")
    server.run(host="127.0.0.1", port=int(sys.argv[1]), generate_client_file=False, log_level="warning")
""",
    "bentoml_app.py": """
import bentoml, joblib, pandas as pd

@bentoml.service(workers=1)
class Model:
    def __init__(self):
        self.model = joblib.load("model.joblib")
    @bentoml.api
    def predict(self, rows: list[dict]) -> dict:
        return {"predictions": self.model.predict_proba(pd.DataFrame(rows))[:, 1].tolist()}
""",
    "vetiver_app.py": """
import joblib, pandas as pd, vetiver
model = joblib.load("model.joblib")
example = pd.read_json("example.json", orient="records")
app = vetiver.VetiverAPI(vetiver.VetiverModel(model, "adult", prototype_data=example), check_prototype=True).app
""",
    "kserve_app.py": """
import joblib, kserve, pandas as pd

class Model(kserve.Model):
    def __init__(self):
        super().__init__("adult")
        self.model, self.ready = joblib.load("model.joblib"), True
    def predict(self, payload, headers=None, response_headers=None):
        return {"predictions": self.model.predict_proba(pd.DataFrame(payload["instances"]))[:, 1].tolist()}

if __name__ == "__main__":
    kserve.ModelServer(workers=1).start([Model()])
""",
}


def main() -> None:
    given = arguments()
    folder = given.folder.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    bodies, inside = prepare(given.table, given.target, folder)
    chosen = [p for p in PEERS if not given.peers or p.name in given.peers]
    found: dict[str, list[dict]] = {p.name: [] for p in chosen}
    for turn in range(given.repeats):
        for peer in chosen:
            sys.stderr.write(f"{turn + 1}/{given.repeats} {peer.name}\n")
            found[peer.name].append(attempt(peer, folder, bodies, given.seconds))
    text = report(found, inside, given)
    given.output.write_text(text)
    sys.stdout.write(text)


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--table", type=Path, required=True)
    parser.add_argument("--target", default="income")
    parser.add_argument("--folder", type=Path, required=True, help="environments and models; outside the repository")
    parser.add_argument("--seconds", type=float, default=10.0)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--peers", nargs="*", help="names, as in the table; all by default")
    parser.add_argument("--output", type=Path, default=HERE / "SERVING.md")
    return parser.parse_args()


def prepare(table: Path, target: str, folder: Path) -> tuple[dict[str, Path], dict[str, float]]:
    """Fit the one pipeline, write it in each form, and the requests; returns their files and in-process times."""
    import joblib

    frame, pipeline = fitted(table, target)
    rows = json.loads(frame.drop(columns=target).tail(2000).to_json(orient="records"))
    joblib.dump(pipeline, folder / "model.joblib")
    (folder / "example.json").write_text(json.dumps(rows[:5]))
    for name, text in APPS.items():
        (folder / name).write_text(text.lstrip())
    write_bundle(frame, target, pipeline, folder / "bundle")
    bodies = {}
    for form, made in BODIES.items():
        for size, parts in ((1, [[r] for r in rows[:500]]), (1000, [rows[:1000], rows[1000:]])):
            place = folder / f"{form.replace(' ', '-')}-{size}.json"
            place.write_text(json.dumps([json.dumps(made(part)) for part in parts]))
            bodies[f"{form} {size}"] = place
    return bodies, in_process(folder / "bundle", rows)


def fitted(table: Path, target: str):
    """The pipeline that everybody writes: impute, scale, one-hot, gradient boosting."""
    import pandas as pd
    from sklearn.compose import ColumnTransformer, make_column_selector
    from sklearn.ensemble import HistGradientBoostingClassifier
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    frame = pd.read_csv(table)
    numbers, texts = make_column_selector(dtype_include="number"), make_column_selector(dtype_exclude="number")
    encode = ColumnTransformer([
        ("numbers", make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), numbers),
        ("texts", make_pipeline(SimpleImputer(strategy="most_frequent"),
                                OneHotEncoder(handle_unknown="ignore", sparse_output=False)), texts),
    ])  # fmt: skip
    pipeline = make_pipeline(encode, HistGradientBoostingClassifier(max_iter=100, random_state=0))
    part = frame.iloc[:-2000]
    pipeline.fit(part.drop(columns=target), part[target])
    return frame, pipeline


def write_bundle(frame, target: str, pipeline, place: Path) -> None:
    """Our bundle, with the runtime that it carries: the tables of the same pipeline."""
    from dataclasses import replace

    import workbench as wb
    from workbench.core.bundle import MANIFEST, Bundle, file_hash
    from workbench.core.compile import compile_pipeline
    from workbench.core.metric import Metric
    from workbench.core.store import write_json
    from workbench.packaging.runtime import write_runtime

    shutil.rmtree(place, ignore_errors=True)
    place.mkdir()
    contract, features = wb.dataset(frame, target=target).contract, tuple(frame.columns.drop(target))
    compile_pipeline(pipeline, features, "binary", frame[list(features)].head(1000)).save(place / "model.npz")
    write_json(place / "contract.json", contract.to_dict())
    lineage = {"environment": {"python": "3.11"}}
    bundle = Bundle("adult", 1, "run", "boosting", "binary", tuple(pipeline.classes_.tolist()), features, 0.5,
                    (Metric("roc_auc", 0.9),), "", True, {}, "2026-01-01T00:00:00", lineage, place)  # fmt: skip
    write_runtime(place, bundle)
    files = {p.relative_to(place).as_posix(): file_hash(p) for p in sorted(place.rglob("*")) if p.is_file()}
    replace(bundle, files=files).save(place / MANIFEST)


def in_process(bundle: Path, rows: list[dict]) -> dict[str, float]:
    """Milliseconds of one row inside the process: the tree walk, the columns, the checks, the reasons."""
    from workbench.core.checking import check
    from workbench.scoring.runtime import Scorer

    scorer = Scorer(bundle)
    scorer.predict(rows[:1])
    one = rows[:1]
    columns = check(one, scorer.contract, scorer.features).columns
    matrix = scorer.model.encode(columns) if hasattr(scorer.model, "encode") else None
    acts = {
        "check of a row": lambda: check(one, scorer.contract, scorer.features),
        "model of a row (encode, walk, link)": lambda: scorer.model.predict(columns),
        "reasons of a row": lambda: scorer.model.explain(columns),
        "predict without reasons": lambda: scorer.predict(one, 0),
        "predict with reasons": lambda: scorer.predict(one),
    }
    if matrix is not None:
        acts = {"tree walk alone": lambda: scorer.model.model.predict(matrix), **acts}
    return {name: median_ms(act) for name, act in acts.items()}


def median_ms(act, times: int = 400) -> float:
    waits = []
    for _ in range(times):
        start = time.perf_counter()
        act()
        waits.append(time.perf_counter() - start)
    return 1000 * statistics.median(waits)


def attempt(peer: Peer, folder: Path, bodies: dict[str, Path], seconds: float) -> dict:
    try:
        python = environment(peer, folder)
        shutil.rmtree(folder / "log", ignore_errors=True)
        with started(peer, python, folder, bodies) as (process, port, cold):
            measured = windows(peer, port, bodies, seconds)
            return {"cold": cold, **measured, "pss": memory(process.pid), **installed(python)}
    except (subprocess.CalledProcessError, OSError, ValueError) as error:
        output = getattr(error, "stderr", None) or str(error)
        return {"reason": " ".join(str(output).split())[-200:]}


def environment(peer: Peer, folder: Path) -> Path:
    """The peer's own Python, made once with uv where there is one, or with venv and pip."""
    place = folder / "environments" / ("ours" if peer.packages is OURS else peer.name.split()[0].lower())
    python = place / "bin" / "python"
    if (place / "whole").exists():
        return python
    uv = os.environ.get("UV") or shutil.which("uv")
    make = (
        [uv, "venv", "-q", "--clear", "--python", sys.executable] if uv else [sys.executable, "-m", "venv", "--clear"]
    )
    subprocess.run([*make, str(place)], check=True, capture_output=True, text=True)
    get = [uv, "pip", "install", "-q", "--python", python] if uv else [python, "-m", "pip", "install", "-q"]
    subprocess.run([*get, *peer.packages], check=True, capture_output=True, text=True)
    (place / "whole").touch()
    return python


@contextmanager
def started(peer: Peer, python: Path, folder: Path, bodies: dict[str, Path]) -> Iterator[tuple]:
    """The server, once it has answered; with the seconds from its start to its first answer."""
    port = free_port()
    specials(peer, python, folder, port)
    words = {"python": python, "bin": python.parent, "folder": folder, "port": port}
    keep = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WORKBENCH_", "MLFLOW_", "VIRTUAL_ENV"))}
    path = f"{python.parent}{os.pathsep}{os.environ['PATH']}"
    clean = {**keep, **ONE_THREAD, **peer.environment, "PATH": path}
    where = folder / "bundle" if peer.command is SERVE else folder
    with (folder / "server.log").open("w+") as told:
        began = time.perf_counter()
        process = subprocess.Popen([word.format(**words) for word in peer.command], cwd=where, env=clean, stdout=told,
                                   stderr=told, start_new_session=True)  # fmt: skip
        try:
            first = json.loads(bodies[f"{peer.body} 1"].read_text())[0]
            wait_for_answer(process, f"http://127.0.0.1:{port}{peer.path}", first, folder / "server.log")
            yield process, port, time.perf_counter() - began
        finally:
            end(process)


def specials(peer: Peer, python: Path, folder: Path, port: int) -> None:
    """Files that a peer wants beside the model."""
    if peer.name == "MLflow" and not (folder / "mlflow-model").exists():
        code = """
import joblib, mlflow, pandas as pd
example = pd.read_json("example.json", orient="records")
model = joblib.load("model.joblib")
signature = mlflow.models.infer_signature(example, model.predict_proba(example))
mlflow.sklearn.save_model(model, "mlflow-model", signature=signature, pyfunc_predict_fn="predict_proba",
                          serialization_format="cloudpickle", pip_requirements=["mlflow", "scikit-learn", "pandas"])
"""
        subprocess.run([python, "-c", code], cwd=folder, check=True, capture_output=True, text=True)
    if peer.name == "MLServer":
        place = folder / "mlserver"
        place.mkdir(exist_ok=True)
        told = {"host": "127.0.0.1", "http_port": port, "grpc_port": free_port(), "metrics_port": free_port(),
                "parallel_workers": 0, "debug": False}  # fmt: skip
        (place / "settings.json").write_text(json.dumps(told))
        model = {"name": "adult", "implementation": "mlserver_sklearn.SKLearnModel",
                 "parameters": {"uri": str(folder / "model.joblib")}}  # fmt: skip
        (place / "model-settings.json").write_text(json.dumps(model))


def wait_for_answer(process: subprocess.Popen, url: str, body: str, log: Path) -> None:
    end_at, last = time.monotonic() + START, ""
    while time.monotonic() < end_at and process.poll() is None:
        try:
            asked = Request(url, body.encode(), {"Content-Type": "application/json"})
            with urlopen(asked, timeout=30) as response:
                if response.status == 200 and response.read():
                    return
        except (OSError, HTTPException) as error:
            last = str(error.read() if isinstance(error, HTTPError) else error)
            time.sleep(0.02)
    raise TimeoutError(f"no answer: {last[-150:]} {log.read_text()[-150:]}")


def end(process: subprocess.Popen) -> None:
    """The server and the workers that it started, which share its session."""
    for sign, seconds in ((signal.SIGTERM, 10), (signal.SIGKILL, 10)):
        try:
            os.killpg(process.pid, sign)
            process.wait(seconds)
        except (ProcessLookupError, subprocess.TimeoutExpired):
            continue


def windows(peer: Peer, port: int, bodies: dict[str, Path], seconds: float) -> dict:
    found = {}
    for name, size, clients in (("c1", 1, 1), ("c8", 1, 8), ("c32", 1, 32), ("batch", 1000, 1)):
        client = [sys.executable, str(HERE / "serving_client.py"), str(port), peer.path, str(clients), str(seconds)]
        done = subprocess.run([*client, str(bodies[f"{peer.body} {size}"])], check=True, capture_output=True, text=True)
        found[name] = json.loads(done.stdout)
    return found


def memory(parent: int) -> float:
    """Proportional set size of a process and all below it, in MB."""
    import psutil

    family = [psutil.Process(parent), *psutil.Process(parent).children(recursive=True)]
    return sum(p.memory_full_info().pss for p in family) / 2**20


def installed(python: Path) -> dict:
    """Megabytes of the packages, without compiled caches, and their number."""
    place = next((python.parents[1] / "lib").glob("python3*/site-packages"))
    files = [p for p in place.rglob("*") if p.is_file() and "__pycache__" not in p.parts]
    own = [p for p in place.glob("*.dist-info") if p.name.split("-")[0] not in ("pip", "setuptools")]
    return {"mb": sum(p.stat().st_size for p in files) / 2**20, "packages": len(own)}


def free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def report(found: dict[str, list[dict]], inside: dict[str, float], given: argparse.Namespace) -> str:
    """The table in Markdown: medians over the repeats, ratios to MLflow, and what was left out."""
    load = ", ".join(f"{x:.1f}" for x in os.getloadavg())
    lines = [
        "# Serving, side by side",
        "",
        "One scikit-learn pipeline (impute, scale, one-hot, HistGradientBoosting of 100 trees) on "
        f"`{given.table.name}`, "
        "the same rows and the same client for all; one process and `OMP_NUM_THREADS=1` each; keep-alive, closed loop, "
        f"loopback. Windows of {given.seconds:g} s, medians of {given.repeats}. {os.cpu_count()} cores shared with the "
        f"client; load average at the end {load}. Ours with validation, prediction log and metrics on.",
        "",
        "| server | cold start s | p50 ms | p99 ms | rps, 1 client | rps, 8 | rps, 32 | 1,000-row batches, rows/s "
        "| PSS MB | installed MB | packages | failed |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|",
        *(line(name, turns) for name, turns in found.items() if any("cold" in t for t in turns)),
        "",
    ]
    lines += [f"Left out: {name}: {turns[-1]['reason']}" for name, turns in found.items()
              if not any("cold" in t for t in turns)]  # fmt: skip
    lines += ["", "How many times better ours is, by figure and peer:", "", *ratios(found), ""]
    lines += ["Inside our process, one row, median ms: "]
    lines += [f"- {name}: {ms:.3f}" for name, ms in inside.items()]
    return "\n".join(lines) + "\n"


def line(name: str, turns: list[dict]) -> str:
    good = [t for t in turns if "cold" in t]

    def of(pick) -> float:
        values = [pick(t) for t in good if pick(t) is not None]
        return statistics.median(values) if values else float("nan")

    failed = sum(t[w]["failed"] for t in good for w in ("c1", "c8", "c32", "batch"))
    cells = [f"{of(lambda t: t['cold']):.2f}", f"{of(lambda t: t['c1']['p50']):.3f}",
             f"{of(lambda t: t['c1']['p99']):.2f}",
             *(f"{of(lambda t, c=c: t[c]['rps']):,.0f}" for c in ("c1", "c8", "c32")),
             f"{of(lambda t: 1000 * t['batch']['rps']):,.0f}", f"{of(lambda t: t['pss']):.0f}",
             f"{of(lambda t: t['mb']):.0f}", f"{of(lambda t: t['packages']):.0f}", str(failed)]  # fmt: skip
    return f"| {name} | " + " | ".join(cells) + " |"


def ratios(found: dict[str, list[dict]]) -> Iterator[str]:
    good = {name: [t for t in turns if "cold" in t] for name, turns in found.items()}
    figures = {
        "p50": lambda t: 1 / t["c1"]["p50"],
        "p99": lambda t: 1 / t["c1"]["p99"],
        "rps, 1 client": lambda t: t["c1"]["rps"],
        "rps, 8": lambda t: t["c8"]["rps"],
        "rps, 32": lambda t: t["c32"]["rps"],
        "batch": lambda t: t["batch"]["rps"],
        "cold start": lambda t: 1 / t["cold"],
        "memory": lambda t: 1 / t["pss"],
        "installed": lambda t: 1 / t["mb"],
    }
    peers = [n for n in good if good[n] and not n.startswith(("Workbench", "empty"))]
    for mine in (n for n in good if n.startswith("Workbench") and good[n]):
        for figure, pick in figures.items():
            value = statistics.median(map(pick, good[mine]))
            others = {n: statistics.median(map(pick, good[n])) for n in peers}
            told = ", ".join(f"{n} {value / other:.1f}" for n, other in others.items())
            yield f"- {mine}, {figure}: {told}"


if __name__ == "__main__":
    main()
