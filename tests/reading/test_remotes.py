"""A URL that fails is told with what came and what to do, and never with its secrets."""

import socket
import threading
import traceback
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import workbench as wb
from workbench.errors import BadTable

pytest.importorskip("aiohttp")
SECRETS = ("s3cret", "t0ken")


class Answers(BaseHTTPRequestHandler):
    """``/404.csv`` answers 404, and ``/200.csv`` a table."""

    def do_GET(self):
        status = int(self.path[1:4])
        content = b"Sales\n\na,b\n1,x\n2,y\n" if status == 200 else b""
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content if self.command == "GET" else b"")

    do_HEAD = do_GET  # noqa: N815 - its name is given

    def log_message(self, *_):
        """Nothing."""


@pytest.fixture(scope="module")
def server():
    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def failed(verb, url):
    with pytest.raises(BadTable) as caught:
        verb(url)
    shown = "".join(traceback.format_exception(caught.value, chain=True))
    assert not any(secret in shown.rpartition("BadTable")[2] for secret in SECRETS)
    return str(caught.value)


@pytest.mark.parametrize(
    ("status", "said"),
    [(404, "404 (Not Found). Check the address."), (403, "403 (Forbidden). Give an address that needs no sign-in"),
     (401, "401 (Unauthorized)"), (503, "503 (Service Unavailable). Try again later.")],
)  # fmt: skip
@pytest.mark.parametrize("ending", ["csv", "parquet", "xlsx"])
def test_an_answer_is_told_without_secrets(server, status, said, ending):
    message = failed(wb.dataset, f"http://me:s3cret@{server}/{status}.{ending}?token=t0ken")

    assert message.startswith(f"http://{server}/{status}.{ending} should be a table, and the server answers {said}")
    assert "download the file" in message


@pytest.mark.parametrize("verb", [wb.dataset, wb.profile])
def test_a_server_that_is_not_there_is_told(verb):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]

    message = failed(verb, f"http://me:s3cret@127.0.0.1:{port}/t.csv?token=t0ken")

    assert message.startswith(f"http://127.0.0.1:{port}/t.csv can't be read: its server can't be reached")


def test_no_secure_connection_is_told(server):
    assert "no secure connection" in failed(wb.dataset, f"https://me:s3cret@{server}/200.csv?token=t0ken")


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("foo://host/t.csv", "foo:// is no known protocol"),
        ("http://[host/t.csv?token=t0ken", "is no address that can be asked for"),
        ("memory://there/is/none.csv", "can't be opened (FileNotFoundError)"),
    ],
)
def test_what_is_no_address_is_told(url, said):
    assert said in failed(wb.dataset, url)


def test_no_finding_of_a_table_behind_a_url_holds_a_secret(server):
    plain, secret = f"http://{server}/200.csv", f"http://me:s3cret@{server}/200.csv?token=t0ken"

    told, kept = wb.dataset(plain), wb.dataset(secret)

    assert [f.message for f in told.findings] == [f.message for f in kept.findings] != []
    assert any(plain in str(f.cure) for f in told.findings)
    assert not any(word in repr((f, str(f.cure))) for f in kept.findings for word in SECRETS)
    assert kept.source == plain
