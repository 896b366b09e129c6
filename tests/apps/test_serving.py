"""The server of the pages, asked as browsers and strangers ask it."""

import asyncio
import gzip
import json
import re
import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest
from tornado.httpclient import HTTPClientError, HTTPRequest
from tornado.websocket import websocket_connect

from tests.apps.readers import ACT, LOOK, RENDER, Reader, fill, serving, until
from workbench.apps.shipped import folder
from workbench.core.watch import Plan
from workbench.monitoring import watch_book
from workbench.settings import settings

pytestmark = pytest.mark.slow
FLIGHTS, WHATIF = f"{RENDER}model.ipynb?name=flights", f"{RENDER}whatif.ipynb?name=flights"
INCIDENT = "3f2a9c0d"


@pytest.fixture(scope="module")
def start(tmp_path_factory):
    """Starts servers, each with a home of its own unless it is given one."""
    with ExitStack() as running:

        def begin(home=None, **options):
            home = home or fill(tmp_path_factory.mktemp("pages") / "home")
            return running.enter_context(serving(home, **options))

        yield begin


@pytest.fixture(scope="module")
def server(start):
    return start()


@pytest.fixture(scope="module")
def own_pages(tmp_path_factory):
    """A folder with a notebook of somebody's own, and a page of ours that he has changed."""
    place = tmp_path_factory.mktemp("notebooks")
    notebook = json.loads((folder() / "models.ipynb").read_text(encoding="utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["source"] = ["from IPython.display import HTML\n", "HTML('<b>six times seven</b>')"]
    for name in ("own", "models"):
        (place / f"{name}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return place


@pytest.fixture(scope="module")
def whole(start, own_pages):
    """A server with that folder."""
    return start(notebooks=own_pages)


def live(reader, path=WHATIF, ticket=""):
    """Open a page that computes, and return its kernel's id and its text."""
    page = reader.get(ticket or reader.ticket(path))
    return re.search(r'"kernelId": ?"([^"]+)"', page.text)[1], page.text


def socket(server, reader, kernel, **more):
    cookies = "; ".join(f"{one.name}={one.value}" for one in reader.cookies)
    address = f"{server.base.replace('http', 'ws')}api/kernels/{kernel}/channels?session_id=test"
    return websocket_connect(
        HTTPRequest(address, headers={"Cookie": cookies, "Origin": server.base.rstrip("/"), **more})
    )


def test_eight_viewers_at_once_have_their_pages_and_no_kernel(server):
    """What is read is made of the stored reports, in the server's process."""
    readers = [server.reader() for _ in range(8)]
    with ThreadPoolExecutor(8) as together:
        pages = list(together.map(lambda reader: reader.get(FLIGHTS), readers))

    assert {page.status for page in pages} == {200}
    assert all("What drives" in page.text or "flights" in page.text for page in pages)
    assert server.family() == []
    assert server.kernels() == []


def test_pages_are_sent_packed(server):
    reader = server.reader()
    plain = reader.get(FLIGHTS)

    packed = reader.get(FLIGHTS, Accept_Encoding="gzip")

    assert gzip.decompress(packed.body).decode() == plain.text
    assert len(packed.body) < len(plain.body) / 3


def test_what_the_reader_has_is_not_sent_again_until_a_file_changes(server):
    reader = server.reader()
    first = reader.get(FLIGHTS)

    again = reader.get(FLIGHTS, If_None_Match=first.headers["ETag"])

    assert (again.status, again.body) == (304, b"")
    report = server.home / "reports" / "flights" / "latest.json"
    report.write_text(report.read_text(encoding="utf-8").replace("2013-10", "2013-11"), encoding="utf-8")
    assert reader.get(FLIGHTS, If_None_Match=first.headers["ETag"]).status == 200


@pytest.mark.parametrize(
    ("language", "more", "shown"),
    [("de-AT,de;q=0.9", "", "de"), ("fr", "", "en"), ("de", "&lang=en", "en"), ("en", "&lang=de", "de")],
)
def test_a_page_is_in_the_language_of_the_address_or_of_the_browser(server, language, more, shown):
    page = server.reader(language=language).get(FLIGHTS + more)

    assert f'<html lang="{shown}"' in page.text
    assert ("Keine Verbindung" in page.text or "keine Verbindung" in page.text) == (shown == "de")


@pytest.mark.parametrize(
    "path", ["", FLIGHTS, WHATIF, f"{RENDER}own.ipynb", "api/kernels/0-0-0-0-0", "voila/labextensions/x"]
)
def test_a_stranger_is_led_to_the_login(server, path):
    answer = Reader(server.base).get(path)

    assert "/login" in answer.url or answer.status in (403, 404)
    assert "flights" not in answer.text.replace("%3Dflights", "")


@pytest.mark.parametrize(
    "path",
    [
        "voila/render/nothing.ipynb", "voila/render/../../etc/passwd", "voila/render/%2e%2e/%2e%2e/etc/passwd",
        "voila/render/.ipynb", "voila/render/models.ipynb/..", "voila/files/models.ipynb", "voila/tree", "api/kernels",
        "voila/api/contents", "voila/execution/0-0-0-0-0", "api/contents", "static/../../etc/passwd",
    ],
)  # fmt: skip
def test_a_token_opens_pages_and_nothing_else(server, path):
    assert server.reader(ACT).get(path).status in (403, 404)


def test_who_may_act_acknowledges_with_name_and_note(whole):
    server = whole
    reader = server.reader(ACT, language="de")
    form = {
        "name": "flights",
        "incident": INCIDENT,
        "act": "acknowledge",
        "by": "Änne <b>",
        "note": "Ich sehe nach.",
        "until": "1d",
    }

    page = reader.post(
        f"{RENDER}incidents", {**form, "back": "name=flights&theme=dark", "_xsrf": reader.get(FLIGHTS).xsrf}
    )

    assert (page.status, page.url) == (200, f"{server.base}{FLIGHTS}&lang=de&theme=dark")
    assert f"{INCIDENT}: Zur Kenntnis genommen." in page.text
    assert "Änne &lt;b&gt;" in page.text
    kept = json.loads((server.home / "incidents" / "flights" / "acts.json").read_text(encoding="utf-8"))["acts"]
    assert [(one["act"], one["by"], one["note"], one["until"]) for one in kept] == [
        ("acknowledge", "Änne <b>", "Ich sehe nach.", "")
    ]


def test_what_a_watch_asks_is_answered_once(whole):
    server = whole
    known, reader = settings(home=server.home), server.reader(ACT, language="de")
    watch_book.keep_plan(Plan("flights", paused=True), known)
    asks = {"case": f"{INCIDENT}/1", "incident": INCIDENT, "version": 3}
    watch_book.Book("flights", known, datetime.now(UTC)).write("asks", "asks", "It is better.", **asks)
    form = {"name": "flights", "act": "approve", "by": "Änne", "note": "Los.", "back": "name=flights"}

    page = reader.post(f"{RENDER}watch", {**form, "_xsrf": reader.get(FLIGHTS).xsrf})
    again = reader.post(f"{RENDER}watch", {**form, "_xsrf": page.xsrf})
    looks = server.reader(LOOK)
    looks.get(FLIGHTS)

    assert (page.status, again.status) == (200, 409)
    assert "Zugestimmt." in page.text
    assert "jemand hat zugestimmt" in page.text
    assert "asks nothing now" in again.text
    assert looks.post(f"{RENDER}watch", {**form, "_xsrf": looks.cookie("_xsrf")}).status == 403
    assert [(one.what, one.by, one.note) for one in watch_book.decisions("flights", known)][1:] == [
        ("approved", "Änne", "Los.")
    ]


@pytest.mark.parametrize(
    ("changed", "status", "told"),
    [
        ({"by": " "}, 422, "Give your name"),
        ({"act": "close", "note": ""}, 422, "needs a note"),
        ({"act": "own"}, 422, "What can be done here"),
        ({"act": "snooze", "until": "never"}, 422, "is a moment or how long from now"),
        ({"incident": "nothing"}, 409, "No incident begins"),
        ({"name": "../etc"}, 422, "A bundle name has letters"),
    ],
)
def test_what_can_not_be_done_is_told_on_the_page(server, changed, status, told):
    reader = server.reader(ACT, language="en")
    form = {
        "name": "flights",
        "incident": INCIDENT,
        "act": "acknowledge",
        "by": "Anna",
        "note": "x",
        "until": "",
        "back": "",
    }

    page = reader.post(f"{RENDER}incidents", {**form, "_xsrf": reader.get(FLIGHTS).xsrf, **changed})

    assert page.status == status
    assert told in page.text
    assert not (server.home / "incidents" / "flights" / "acts.json").exists()


def test_nobody_acts_without_the_token_for_it_or_from_another_page(server):
    """The token to look, no token at all, a form without the page's own secret, and one of somebody else's page."""
    form = {
        "name": "flights",
        "incident": INCIDENT,
        "act": "acknowledge",
        "by": "Eve",
        "note": "",
        "until": "",
        "back": "",
    }
    looks, acts, other = server.reader(LOOK), server.reader(ACT), server.reader(ACT)
    looks.get(FLIGHTS)

    assert 'method="post"' not in looks.get(FLIGHTS).text
    assert looks.post(f"{RENDER}incidents", {**form, "_xsrf": looks.cookie("_xsrf")}).status == 403
    assert Reader(server.base).post(f"{RENDER}incidents", form).status == 403
    assert acts.post(f"{RENDER}incidents", form).status == 403
    assert acts.post(f"{RENDER}incidents", {**form, "_xsrf": other.get(FLIGHTS).xsrf}).status == 403
    assert not (server.home / "incidents" / "flights" / "acts.json").exists()


def test_a_hundred_requests_without_a_script_start_nothing(whole, own_pages):
    """Neither pages that stand nor those that compute; nor what kernels are forked from."""
    server, reader = whole, whole.reader()
    shutil.copy(folder() / "whatif.ipynb", own_pages)

    answers = [
        reader.get(f"{RENDER}{name}.ipynb?name=flights&live=guess{k}")
        for k in range(34)
        for name in ("models", "own", "whatif")
    ]

    assert {answer.status for answer in answers} == {200}
    assert server.kernels() == server.family() == server.zygotes() == []


def test_a_page_that_computes_is_opened_once_by_who_asked_for_it(server):
    """Its address is of no use to anybody else, nor a second time; and who leaves the page ends its kernel."""
    reader, other = server.reader(), server.reader()
    taken, address = reader.ticket(WHATIF), reader.ticket(WHATIF)

    assert "kernelId" not in other.get(taken).text
    assert "kernelId" not in reader.get(taken).text  # the other one has spent it
    kernel, _ = live(reader, ticket=address)
    assert "kernelId" not in reader.get(address).text
    assert reader.ask(f"voila/api/shutdown/{kernel}", b"", {"X-XSRFToken": reader.cookie("_xsrf")}).status == 204
    until(lambda: server.kernels() == [], "its process is gone")


def test_a_kernel_is_reached_by_its_own_page_alone_and_ends_with_it(server):
    """And by that page no code can be run in it."""
    reader, other = server.reader(), server.reader(ACT)
    kernel, text = live(reader)

    async def talk():
        connection = await socket(server, reader, kernel)
        header = {"msg_id": "1", "msg_type": "execute_request", "username": "", "session": "test", "version": "5.3"}
        code = {"code": "open('/tmp/wb-ran', 'w')", "silent": False, "store_history": False}
        asked = {"header": header, "parent_header": {}, "metadata": {}, "channel": "shell", "buffers": []}
        await connection.write_message(json.dumps({**asked, "content": code}))
        info = {**asked, "header": {**header, "msg_id": "2", "msg_type": "kernel_info_request"}, "content": {}}
        await connection.write_message(json.dumps(info))
        answers = []
        while not any(
            one["msg_type"] == "kernel_info_reply" and one["parent_header"]["msg_id"] == "2" for one in answers
        ):
            answers.append(json.loads(await asyncio.wait_for(connection.read_message(), 60)))
        connection.close()
        return {one["parent_header"].get("msg_id") for one in answers}

    async def strange(**more):
        with pytest.raises(HTTPClientError) as refused:
            await socket(server, **{"reader": other, "kernel": kernel, **more})
        return refused.value.code

    assert "vnd.jupyter.widget-view" in text
    assert asyncio.run(strange()) == 404
    assert asyncio.run(strange(reader=reader, Origin="http://elsewhere.example")) == 403
    assert asyncio.run(strange(reader=Reader(server.base))) == 403
    assert other.get(f"api/kernels/{kernel}").status == 404
    assert other.ask(f"voila/api/shutdown/{kernel}", b"", {"X-XSRFToken": other.cookie("_xsrf")}).status == 404
    assert other.ask(f"api/kernels/{kernel}", None, {"X-XSRFToken": other.cookie("_xsrf")}, "DELETE").status == 405
    assert reader.get(f"api/kernels/{kernel}").status == 200
    assert "1" not in asyncio.run(talk())
    until(lambda: reader.get(f"api/kernels/{kernel}").status == 404, "the kernel is gone")
    until(lambda: server.kernels() == [], "its process is gone")


def test_a_kernel_whose_page_never_connects_is_no_more(start):
    """As of a browser that is closed before its script runs; and of a page that its reader has left half-made."""
    server = start(unseen=0.2)
    reader = server.reader()
    kernel, _ = live(reader)

    until(lambda: reader.get(f"api/kernels/{kernel}").status == 404, "the kernel is gone")
    until(lambda: server.kernels() == [], "its process is gone")


def test_a_page_whose_kernel_dies_says_so_and_ends(whole, own_pages):
    """Voila waits for ever for what it would show."""
    notebook = json.loads((own_pages / "own.ipynb").read_text(encoding="utf-8"))
    code = next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")
    code["source"] = "import os, signal\nos.kill(os.getpid(), signal.SIGKILL)"
    (own_pages / "dies.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    reader = whole.reader(language="de")

    page = reader.get(reader.ticket(f"{RENDER}dies.ipynb"))

    assert "Öffnen Sie sie noch einmal" in page.text
    until(lambda: whole.kernels() == [], "no process is left")


def test_a_kernel_knows_no_token(whole, own_pages):
    """Neither that of its page's address nor those of the server."""
    code = "import os\nfrom IPython.display import HTML\nHTML(repr(dict(os.environ)))"
    notebook = json.loads((own_pages / "own.ipynb").read_text(encoding="utf-8"))
    next(cell for cell in notebook["cells"] if cell["cell_type"] == "code")["source"] = code
    (own_pages / "environment.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    reader = whole.reader()

    page = reader.get(reader.ticket(f"{RENDER}environment.ipynb?name=flights") + f"&token={LOOK}")

    assert "QUERY_STRING" in page.text
    assert "name=flights" in page.text
    assert LOOK not in page.text
    assert ACT not in page.text


def test_notebooks_of_ones_own_run_as_in_voila(whole):
    """A changed page of ours among them; what nobody changed, or has not, stands."""
    reader = whole.reader()

    page = reader.get(reader.ticket(f"{RENDER}models.ipynb"))

    assert "six times seven" in page.text
    assert "flights" in reader.get(FLIGHTS).text
    assert "six times seven" in reader.get(reader.ticket(f"{RENDER}own.ipynb")).text


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_and_leaves_nothing(start, how):
    """No process, no kernel and nothing that they are forked from, no folder; twice is as good as once."""
    server = start()
    live(server.reader())

    family, kernels = server.family(), server.kernels()
    server.process.send_signal(how)
    server.process.send_signal(how)

    assert kernels
    assert server.process.wait(60) == 0
    until(
        lambda: not any(one.is_running() and one.status() != "zombie" for one in (*family, *kernels)),
        "no process is left",
    )
    until(lambda: server.zygotes() == [], "nothing to fork from is left")
    assert list(Path(server.tmp).glob("voila_*")) == []
    assert "Traceback" not in server.log.read_text(encoding="utf-8")


def test_sessions_outlive_the_server_but_not_their_token(start, tmp_path):
    """Who starts it again with the same tokens has the same readers; another token ends their sessions."""
    home = fill(tmp_path / "home")
    first = start(home)
    reader = first.reader()
    first.process.terminate()
    first.process.wait(60)
    port = int(re.search(r":(\d+)/", first.base)[1])

    second = start(home, port=port)
    assert reader.get(FLIGHTS).url == f"{first.base}{FLIGHTS}"
    second.process.terminate()
    second.process.wait(60)
    start(home, port=port, look="another-token")
    assert "/login" in reader.get(FLIGHTS).url


def test_a_port_that_is_taken_is_told(server, start, tmp_path):
    port = int(re.search(r":(\d+)/", server.base)[1])

    with pytest.raises(AssertionError, match=f"Port {port} of 127.0.0.1 can't be taken"):
        start(fill(tmp_path / "home"), port=port)


def test_the_login_takes_tokens_and_leads_on(server):
    """And nowhere else than here."""
    reader = Reader(server.base)
    form = reader.get(FLIGHTS)

    assert reader.post(form.url.removeprefix(server.base), {"password": "guess", "_xsrf": form.xsrf}).status == 401
    page = reader.post(form.url.removeprefix(server.base), {"password": ACT, "_xsrf": form.xsrf})
    assert page.url == f"{server.base}{FLIGHTS}"
    assert 'method="post"' in page.text
    assert "/login" in reader.get("logout").url
    assert "/login" in reader.get(FLIGHTS).url
    elsewhere = Reader(server.base)
    form = elsewhere.get("login?next=//elsewhere.example/x")
    assert elsewhere.post("login?next=//elsewhere.example/x", {"password": LOOK, "_xsrf": form.xsrf}).url.startswith(
        server.base
    )
