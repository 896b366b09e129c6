"""The proof that what was trained is what is served: a fresh process replays the golden and the bad rows."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from workbench.core.bundle import Bundle
from workbench.core.store import read_json
from workbench.errors import Refused
from workbench.packaging.golden import close
from workbench.packaging.package import bundle as fetch

START = 60.0  # seconds until the service must be ready
PREDICTION = 1e-12  # the processor's exp may differ in the last digit
REASON = 1e-9
HEAVY = ("pandas", "sklearn", "scipy", "mlflow", "shap")

# Runs the folder's own entry point; when stopped, says on standard output what it had imported and from where.
STARTER = """
import atexit, json, runpy, sys
def tell():
    found = sorted({name.split(".")[0] for name in sys.modules})
    print(json.dumps({"modules": found, "workbench": sys.modules["workbench"].__file__}), flush=True)
atexit.register(tell)
folder, sys.argv = sys.argv[1], ["scoring", *sys.argv[2:]]
runpy.run_path(folder, run_name="__main__")
"""


@dataclass(frozen=True)
class Check:
    """One thing that was verified.

    Parameters
    ----------
    name : str
        What was checked.
    ok : bool
        Whether it held.
    detail : str
        What was seen.
    """

    name: str
    ok: bool
    detail: str


@dataclass(frozen=True)
class Verification:
    """What a fresh process answered. Made by :func:`workbench.verify`.

    Parameters
    ----------
    bundle : str
        Name and version.
    checks : tuple of Check
        In the order in which they were made.
    """

    bundle: str
    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        """Whether every check held."""
        return all(c.ok for c in self.checks)

    def __str__(self) -> str:
        lines = [f"  {'ok    ' if c.ok else 'FAILED'}  {c.name}: {c.detail}" for c in self.checks]
        return "\n".join([f"{self.bundle}: {'verified' if self.ok else 'NOT verified'}", *lines])


def verify(name: str | Path | Bundle, *, fresh: bool = False) -> Verification:
    """Start a bundle in a fresh process, from its folder alone, and replay its golden and bad rows over HTTP.

    Parameters
    ----------
    name : str, path or Bundle
        As :func:`workbench.bundle` takes it.
    fresh : bool
        True: first build a new environment from the bundle's own ``requirements.lock`` (takes a minute, needs a
        package index). False: use the packages of this environment, isolated from the
        working folder and ``PYTHONPATH``.

    Returns
    -------
    Verification
        ``ok`` and one line a check.

    Raises
    ------
    NotFound, Damaged
        As :func:`workbench.bundle`.
    Refused
        If the service does not start.

    Examples
    --------
    >>> import workbench as wb
    >>> wb.verify("flights").ok                        # doctest: +SKIP
    True
    """
    bundle = name if isinstance(name, Bundle) else fetch(name)
    Bundle.load_folder(bundle.path)
    files = Check("files", True, f"{len(bundle.files)} files are what was packaged")
    with tempfile.TemporaryDirectory() as scratch:
        python = _environment(bundle, Path(scratch)) if fresh else sys.executable
        checks = _replay(bundle, python, Path(scratch))
    return Verification(f"{bundle.name} version {bundle.version}", (files, *checks))


def _environment(bundle: Bundle, scratch: Path) -> str:
    """A new virtual environment with nothing but the bundle's lock; returns its Python."""
    subprocess.run([sys.executable, "-m", "venv", scratch / "env"], check=True, capture_output=True)
    python = str(scratch / "env" / "bin" / "python")
    command = [python, "-m", "pip", "install", "-q", "--no-deps", "-r", str(bundle.path / "requirements.lock")]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise Refused(f"The bundle's requirements can't be installed: {done.stderr[-500:]} Check the package index.")
    return python


def _replay(bundle: Bundle, python: str, scratch: Path) -> list[Check]:
    with _service(bundle, python, scratch) as (address, told):
        checks = [*_golden(bundle, address), *_bad(bundle, address)]
    return [*checks, *_imports(bundle, told)]


@contextmanager
def _service(bundle: Bundle, python: str, scratch: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The bundle's own service in a process of its own; what it imported is told when it has stopped."""
    port, told = _free_port(), dict[str, Any]()
    command = [python, "-I", "-B", "-c", STARTER, str(bundle.path / "scoring"), "--port", str(port)]
    clean = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "WORKBENCH_", "MLFLOW_"))}
    errors = (scratch / "errors.txt").open("w+")
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=scratch, env=clean)
    try:
        _wait_until_ready(process, f"http://127.0.0.1:{port}", errors)
        yield f"http://127.0.0.1:{port}", told
    finally:
        told |= _stop(process)
        errors.close()


def _wait_until_ready(process: subprocess.Popen[str], address: str, errors: Any) -> None:
    end = time.monotonic() + START
    while time.monotonic() < end and process.poll() is None:
        try:
            with urlopen(f"{address}/ready", timeout=2):  # noqa: S310  (our own loopback address)
                return
        except (URLError, OSError):
            time.sleep(0.05)
    errors.seek(0)
    raise Refused(
        f"The bundle's service did not start: {errors.read()[-800:] or 'no message'} Package the model again."
    )


def _stop(process: subprocess.Popen[str]) -> dict[str, Any]:
    """Stop the service as Ctrl-C does, so that it can tell what it imported."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
    try:
        output, _ = process.communicate(timeout=30)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
        return {}
    lines = output.strip().splitlines()
    return json.loads(lines[-1]) if lines else {}


def _golden(bundle: Bundle, address: str) -> Iterator[Check]:
    golden = read_json(bundle.path / "golden" / "rows.json")
    status, answer = _post(f"{address}/predict", {"rows": golden["rows"]})
    found = [a["prediction"] for a in answer.get("predictions", [])]
    same = status == 200 and close(golden["predictions"], found, PREDICTION)
    yield Check("predictions", same, f"{len(golden['rows'])} golden rows, {_apart(golden['predictions'], found)}")
    if golden["values"] is not None:
        _, answer = _post(f"{address}/explain", {"rows": golden["rows"]})
        found = answer.get("values", [])
        yield Check("reasons", close(golden["values"], found, REASON), _apart(golden["values"], found))


def _bad(bundle: Bundle, address: str) -> Iterator[Check]:
    for case in read_json(bundle.path / "golden" / "bad.json"):
        status, answer = _post(f"{address}/predict", case["row"])
        expected = case["problems"][0]
        told = f"{expected['field']!r}: expected {expected['expected']}, got {expected['got']}"
        yield Check("bad row", status == 422 and answer.get("problems") == case["problems"], f"{status}, {told}")
    status, _ = _post(f"{address}/predict", None, raw=b'{"a": ')
    yield Check("malformed JSON", status == 400, str(status))


def _imports(bundle: Bundle, told: dict[str, Any]) -> Iterator[Check]:
    own = str(told.get("workbench", "")).startswith(str(bundle.path))
    yield Check("runs alone", own, f"code from {'the bundle' if own else told.get('workbench', 'nowhere')}")
    if bundle.compiled:
        heavy = [m for m in HEAVY if m in told.get("modules", HEAVY)]
        yield Check(
            "light", not heavy, f"imports {', '.join(heavy)}" if heavy else "no pandas, scikit-learn or MLflow imported"
        )


def _post(address: str, content: Any, raw: bytes | None = None) -> tuple[int, dict[str, Any]]:
    body = json.dumps(content).encode() if raw is None else raw
    request = Request(address, body, {"Content-Type": "application/json"})  # noqa: S310  (our own loopback address)
    try:
        with urlopen(request, timeout=60) as response:  # noqa: S310
            return response.status, json.load(response)
    except HTTPError as error:
        with error:
            return error.code, json.load(error)


def _apart(expected: Any, found: Any) -> str:
    pairs = list(zip(_flat(expected), _flat(found), strict=False))
    return f"largest difference {max((abs(a - b) for a, b in pairs), default=float('nan')):.1e}"


def _flat(values: Any) -> Iterator[float]:
    for value in values:
        if isinstance(value, list):
            yield from _flat(value)
        else:
            yield value


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
