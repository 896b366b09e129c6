"""A port on which an application answers as ``workbench serve`` does, and clients that speak to it byte by byte."""

import socket
import threading
from contextlib import contextmanager

import uvicorn

from workbench.scoring.connection import PatientConnection
from workbench.scoring.limits import in_force

LONG = 30.0  # seconds after which a test says that it waited for ever


@contextmanager
def listening(application):
    """A port on which the application answers as ``workbench serve`` does."""
    place = socket.create_server(("127.0.0.1", 0))
    config = uvicorn.Config(application, http=PatientConnection, log_level="error", lifespan="off", ws="none",
                            timeout_keep_alive=in_force().idle_seconds)  # fmt: skip
    server = uvicorn.Server(config)
    server.capture_signals = lambda: contextmanager(lambda: iter([None]))()  # the main thread keeps its own
    thread = threading.Thread(target=server.run, args=([place],), daemon=True)
    thread.start()
    try:
        yield place.getsockname()[1]
    finally:
        server.should_exit = True
        thread.join(LONG)
        place.close()


def client(port: int) -> socket.socket:
    return socket.create_connection(("127.0.0.1", port), timeout=LONG)


def all_of(sock: socket.socket) -> bytes:
    """Whatever comes until the service hangs up."""
    content = b""
    try:
        while part := sock.recv(65536):
            content += part
    except ConnectionResetError:
        pass
    return content
