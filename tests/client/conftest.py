"""A service on a port of this machine, in a thread, and a server that answers as it is told to."""

import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import uvicorn

from tests.scoring.conftest import make_bundle
from workbench.core.ports import free_port
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service


@contextmanager
def listening(application):
    """The address of an application that listens."""
    server = uvicorn.Server(uvicorn.Config(application, port=(port := free_port()), log_level="warning"))
    running = threading.Thread(target=server.run)
    running.start()
    end = time.monotonic() + 30
    while not server.started:
        assert time.monotonic() < end
        time.sleep(0.01)
    try:
        yield f"http://127.0.0.1:{port}"
    finally:
        server.should_exit = True
        running.join()


@pytest.fixture
def service(tmp_path) -> Service:
    folder = tmp_path / "shop" / "1"
    folder.mkdir(parents=True)
    make_bundle(folder)
    scorer = Scorer(folder)
    return Service(scorer, PredictionLog(tmp_path / "log", scorer.sensitive))


@pytest.fixture
def live(service):
    with listening(service) as url:
        yield url


class Scripted(BaseHTTPRequestHandler):
    """Answers with what stands next in the script: (status, headers, body), or None: it hangs up."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.heard.append((self.path, dict(self.headers), body))
        step = self.server.script.pop(0)
        if step is None:
            self.close_connection = True
            return
        status, headers, content = step
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    do_GET = do_POST  # noqa: N815 - the name that http.server looks for

    def log_message(self, *_):
        """Nothing on standard error."""


@pytest.fixture
def scripted():
    """A server whose ``script`` says what it answers; ``heard`` is what came."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Scripted)
    server.daemon_threads = True
    server.script, server.heard = [], []
    running = threading.Thread(target=server.serve_forever)
    running.start()
    yield server
    server.shutdown()
    running.join()
    server.server_close()
