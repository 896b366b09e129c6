"""MLflow's own tools on our bundle: load it, serve it, and ask our service; all answer the same numbers."""

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

import pytest

import workbench as wb
from workbench.compiling.rounding import LOGISTIC
from workbench.core.ports import free_port
from workbench.settings import settings

pytestmark = pytest.mark.slow
START = 180.0  # seconds; MLflow's server imports for long on a machine at work
ROOT = Path(__file__).parents[2]


def sent(port: int, path: str, content=None) -> dict:
    body = None if content is None else json.dumps(content).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=60) as response:
        text = response.read()
    return json.loads(text) if text.strip() else {}


@contextmanager
def process(command: list[str], port: int, ready: str, log: Path) -> Iterator[None]:
    """A server while the block runs."""
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "MLFLOW_TRACKING_URI": settings().tracking_uri}
    with log.open("w+") as output:
        server = subprocess.Popen(
            command, cwd=log.parent, env=environment, stdout=output, stderr=output, start_new_session=True
        )
        try:
            wait_for(lambda: up(port, ready), lambda: server.poll() is None, log)
            yield
        finally:
            os.killpg(server.pid, 9)
            server.wait()


def up(port: int, path: str) -> bool:
    try:
        sent(port, path)
    except (URLError, OSError):
        return False
    return True


def wait_for(true, still=lambda: True, log: Path | None = None) -> None:
    end = time.monotonic() + START
    while not true():
        if not still() or time.monotonic() > end:
            pytest.fail(log.read_text()[-2000:] if log else "too late")
        time.sleep(0.05)


@pytest.fixture
def packaged(run):
    """The run, its first version, and rows without a missing value, in MLflow's four forms."""
    bundle = wb.package(run, name="shop")
    rows = run.holdout[list(run.features)].dropna().head(25)
    return run, bundle, rows


def forms(rows) -> dict[str, dict]:
    return {
        "dataframe_split": {"dataframe_split": json.loads(rows.to_json(orient="split"))},
        "dataframe_records": {"dataframe_records": json.loads(rows.to_json(orient="records"))},
        "instances": {"instances": json.loads(rows.to_json(orient="records"))},
        "inputs": {"inputs": {name: rows[name].tolist() for name in rows}},
    }


def serve_command(port: int, name: str = "shop") -> list[str]:
    return [sys.executable, "-m", "workbench", "serve", name, "--port", str(port)]


def test_mlflow_serves_the_bundle_and_answers_as_the_pipeline(packaged, tmp_path):
    run, bundle, rows = packaged
    expected = pytest.approx(run.pipeline.predict_proba(rows)[:, 1].tolist(), rel=0, abs=LOGISTIC)
    port = free_port()
    command = [
        *(sys.executable, "-m", "mlflow", "models", "serve", "--model-uri", str(bundle.path)),
        *("--env-manager", "local", "--port", str(port), "--host", "127.0.0.1"),
    ]

    with process(command, port, "/ping", tmp_path / "mlflow.txt"):
        for form in ("dataframe_split", "dataframe_records"):
            assert sent(port, "/invocations", forms(rows)[form])["predictions"] == expected, form


def test_an_mlflow_client_gets_the_same_answers_from_our_service(packaged, tmp_path):
    from mlflow.deployments import PredictionsResponse

    run, _, rows = packaged
    expected = pytest.approx(run.pipeline.predict_proba(rows)[:, 1].tolist(), rel=0, abs=LOGISTIC)
    port = free_port()

    with process(serve_command(port), port, "/ready", tmp_path / "serve.txt"):
        for form, body in forms(rows).items():
            answer = sent(port, "/invocations", body)
            assert answer["predictions"] == expected, form
            assert PredictionsResponse.from_json(json.dumps(answer)).get_predictions()[0].tolist() == expected


def test_a_promotion_reaches_a_service_that_runs(packaged, make_run, small_table, tmp_path):
    _, _, rows = packaged
    row = json.loads(rows.head(1).to_json(orient="records"))[0]
    later = make_run(small_table(400, seed=1), "bought")
    port = free_port()

    with process(serve_command(port), port, "/ready", tmp_path / "serve.txt"):
        assert sent(port, "/predict", row)["version"] == 1
        second = wb.package(later, name="shop")
        assert sent(port, "/predict", row)["version"] == 1
        assert wb.promote("shop", second.version) == 2
        wait_for(lambda: sent(port, "/predict", row)["version"] == 2)
        expected = later.pipeline.predict_proba(rows.head(1))[0, 1]
        assert sent(port, "/predict", row)["prediction"] == pytest.approx(expected, rel=0, abs=LOGISTIC)
        assert wb.rollback("shop") == 1
        wait_for(lambda: sent(port, "/predict", row)["version"] == 1)
