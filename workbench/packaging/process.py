"""A bundle's service in a process of its own, started from the folder alone."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

from workbench.core.bundle import Bundle
from workbench.core.ports import free_port
from workbench.errors import Refused
from workbench.packaging.child_environment import code_environment

START = 60.0  # seconds until the service must be ready

# Runs the folder's own entry point; when stopped, says on standard output what it had imported and from where.
STARTER = """
import atexit, json, runpy, sys
def tell():
    found = sorted({name.split(".")[0] for name in sys.modules})
    native = sys.modules.get("workbench.tables.native")
    loops = native is not None and native.kernel() is not None
    told = {"modules": found, "workbench": sys.modules["workbench"].__file__, "loops": loops}
    print(json.dumps(told), flush=True)
atexit.register(tell)
folder, sys.argv = sys.argv[1], ["scoring", *sys.argv[2:]]
runpy.run_path(folder, run_name="__main__")
"""


@dataclass(frozen=True)
class Service:
    """A service that answers on this machine.

    Parameters
    ----------
    address : str
        Such as ``http://127.0.0.1:43121``.
    process : int
        Its number in the system.
    imported : dict
        What the process had imported, once it has stopped.
    """

    address: str
    process: int = 0
    imported: dict[str, Any] = field(default_factory=dict)

    def post(self, path: str, content: Any) -> tuple[int, dict[str, Any]]:
        """Send JSON; returns the status and the answer."""
        return self.send(path, json.dumps(content).encode())

    def send(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Send a body as it is; returns the status and the answer."""
        # Our own loopback address, never one that came from data.
        request = Request(self.address + path, body, {"Content-Type": "application/json"})  # noqa: S310
        try:
            with urlopen(request, timeout=60) as response:  # noqa: S310
                return response.status, json.load(response)
        except HTTPError as error:
            with error:
                return error.code, json.load(error)


@contextmanager
def running(bundle: Bundle) -> Iterator[Service]:
    """A bundle's service while the block runs, with the packages of this environment; ``workbench serve`` is for good.

    Examples
    --------
    >>> import workbench as wb
    >>> with running(wb.bundle("churn")) as service:
    ...     status, answer = service.post("/predict", {"tenure": "long"})
    >>> status, answer["problems"][0]["field"], answer["problems"][0]["expected"]
    (422, 'tenure', 'a whole number')
    """
    with tempfile.TemporaryDirectory() as scratch, started(bundle, sys.executable, Path(scratch)) as service:
        yield service


@contextmanager
def started(
    bundle: Bundle, python: str, scratch: Path, more: Mapping[str, str] = MappingProxyType({})
) -> Iterator[Service]:
    """The bundle's own service in a process of its own; what it imported is told when it has stopped.

    It runs with the rights of whoever starts it, and sees of their environment what
    :mod:`~workbench.packaging.child_environment` lists, and ``more``.

    Raises
    ------
    Refused
        If it does not answer within a minute.
    """
    port = free_port()
    command = [python, "-I", "-B", "-c", STARTER, str(bundle.path / "scoring"), "--port", str(port)]
    errors = (scratch / "errors.txt").open("w+", encoding="utf-8", errors="replace")
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=errors,
        encoding="utf-8",
        errors="replace",
        cwd=scratch,
        env={**code_environment(scratch), **more},
    )
    service = Service(f"http://127.0.0.1:{port}", process.pid)
    try:
        _wait_until_ready(process, service.address, errors)
        yield service
    finally:
        service.imported.update(_stop(process))
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
