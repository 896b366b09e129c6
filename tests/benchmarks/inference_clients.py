"""The clients of KServe, Triton and Seldon's MLServer ask our service: do they understand each other?

    python tests/benchmarks/inference_clients.py --folder ~/.cache/workbench-clients

Each client gets an environment of its own under the folder, made once, and asks by REST and by gRPC what its users do.
What it sends is kept in ``tests/scoring/recorded``, byte by byte with our answer, and the fast tests ask it again.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import inspect
import json
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
RECORDED = ROOT / "tests" / "scoring" / "recorded"
PEERS = {"triton": "tritonclient[http,grpc]", "kserve": "kserve", "mlserver": "mlserver"}
SERVICE = ("numpy", "msgspec", "uvicorn", "httptools", "grpcio", "protobuf", "pytest", "httpx", "pandas")


def main() -> None:
    """Every client, or one in this very environment."""
    take = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    take.add_argument("--folder", type=Path, default=Path(tempfile.gettempdir()) / "workbench-clients")
    take.add_argument("--here", choices=PEERS, help="ask by this client, which is installed here")
    given = take.parse_args()
    if given.here:
        ask_by(given.here)
        return
    for name, package in PEERS.items():
        python = given.folder / name / "bin" / "python"
        if not python.exists():
            subprocess.run(["uv", "venv", "-q", given.folder / name], check=True)
            subprocess.run(["uv", "pip", "install", "-q", "-p", python, package, *SERVICE], check=True)
        subprocess.run([python, __file__, "--here", name], check=True)


def ask_by(name: str) -> None:
    """Start a service, let the client ask, and keep what went over the wire."""
    import uvicorn

    from tests.benchmarks.inference_peers import asks
    from tests.scoring.conftest import make_bundle
    from workbench.core.ports import free_port
    from workbench.scoring import rpc
    from workbench.scoring.runtime import Scorer
    from workbench.scoring.service import Service

    with tempfile.TemporaryDirectory() as folder:
        make_bundle(Path(folder))
        service = Recorder(Service(Scorer(folder)))
        calls: list[dict[str, Any]] = []
        rpc.called = recorded(rpc.called, calls)
        beside = rpc.WithRpc(service, f"127.0.0.1:{(port := free_port())}")
        web = free_port()
        server = uvicorn.Server(uvicorn.Config(beside, port=web, log_level="warning"))
        running = threading.Thread(target=server.run)
        running.start()
        while not server.started:
            time.sleep(0.05)
        try:
            said = getattr(asks, name)(f"127.0.0.1:{web}", f"127.0.0.1:{port}")
            for line in asyncio.run(said) if inspect.iscoroutine(said) else said:
                sys.stdout.write(f"{name}: {line}\n")
        finally:
            server.should_exit = True
            running.join()
    RECORDED.mkdir(exist_ok=True)
    content = json.dumps({"rest": service.kept, "grpc": calls}, indent=1)
    (RECORDED / f"{name}.json").write_text(content + "\n", encoding="utf-8")


class Recorder:
    """An ASGI application that keeps what a client sends and gets; calls of gRPC are kept as messages."""

    def __init__(self, application: Any) -> None:
        self.application, self.kept = application, []

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        # Our own translation of gRPC says this host; the clients say an address.
        if scope["type"] == "http" and dict(scope["headers"]).get(b"host") != b"localhost":
            await self._kept(scope, receive, send)
        else:
            await self.application(scope, receive, send)

    async def _kept(self, scope: Any, receive: Any, send: Any) -> None:
        body, answer = bytearray(), bytearray()
        one: dict[str, Any] = {"method": scope["method"], "path": scope["path"]}

        async def heard() -> Any:
            message = await receive()
            body.extend(message.get("body", b""))
            return message

        async def said(message: Any) -> None:
            answer.extend(message.get("body", b""))
            one.setdefault("status", message.get("status"))
            await send(message)

        await self.application(scope, heard, said)
        wanted = (b"content-type", b"inference-header-content-length")
        headers = {name.decode(): value.decode() for name, value in scope["headers"] if name in wanted}
        self.kept.append({**one, "headers": headers, "body": text_of(body), "answer": text_of(answer)})


def recorded(called: Any, calls: list[dict[str, Any]]) -> Any:
    """A function that keeps each message before it is asked."""

    def keep(name: str, message: Any) -> Any:
        calls.append({"method": name, "message": text_of(message.SerializeToString())})
        return called(name, message)

    return keep


def text_of(content: bytes) -> str:
    """Bytes as Base64."""
    return base64.b64encode(bytes(content)).decode()


if __name__ == "__main__":
    main()
