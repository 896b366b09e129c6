"""The server of the pages in a process of its own, and readers of it."""

import http.cookiejar
import importlib.util
import json
import os
import re
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import psutil

from workbench.core.ports import free_port
from workbench.monitoring.incident_book import follow
from workbench.settings import settings

ROOT = Path(__file__).parents[2]
__all__ = ["ACT", "LOOK", "RENDER", "Answer", "Reader", "Server", "fill", "free_port", "serving", "until"]
LOOK, ACT = "token-to-look", "token-to-act"
PATIENCE = 90.0  # seconds that a machine at work may take for anything
RENDER = "voila/render/"


def load_examples():
    spec = importlib.util.spec_from_file_location("examples", ROOT / "tests" / "display" / "examples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def until(true, what, seconds=PATIENCE):
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < end, f"{what} within {seconds:g} s"
        time.sleep(0.02)
    return found


class Answer:
    """What a server has answered."""

    def __init__(self, answer):
        self.status, self.headers, self.url = answer.status, answer.headers, answer.url
        self.body = answer.read()
        self.text = self.body.decode("utf-8", "replace")

    @property
    def xsrf(self):
        return re.search(r'name="_xsrf" value="([^"]+)"', self.text)[1]


class Reader:
    """One browser without a script: it keeps cookies, and follows where it is led."""

    def __init__(self, base, token=None, language=None):
        self.base, self.cookies = base, http.cookiejar.CookieJar()
        self._opener = urllib.request.build_opener(urllib.request.HTTPCookieProcessor(self.cookies))
        self._usual = {"Accept-Language": language} if language else {}
        if token:
            self.get(f"{RENDER}models.ipynb?token={token}")

    def get(self, path="", **headers):
        return self.ask(path, None, headers)

    def post(self, path, fields, **headers):
        return self.ask(path, urllib.parse.urlencode(fields).encode(), headers)

    def ask(self, path, body, headers, method=None):
        told = {**self._usual, **{name.replace("_", "-"): value for name, value in headers.items()}}
        request = urllib.request.Request(self.base + path, body, told, method=method)
        try:
            return Answer(self._opener.open(request, timeout=PATIENCE))
        except urllib.error.HTTPError as error:
            return Answer(error)

    def cookie(self, name):
        return next(one.value for one in self.cookies if one.name == name)

    def ticket(self, path):
        """The address of a page that computes, as the page's script asks for it."""
        page = self.get(path)
        xsrf = re.search(r'data-xsrf="([^"]+)"', page.text)[1]
        answer = self.ask(path, b"", {"X-XSRFToken": xsrf})
        return json.loads(answer.text)["address"].lstrip("/") if answer.status == 200 else answer


class Server:
    """A server that has started."""

    def __init__(self, process, base, log, home):
        self.process, self.base, self.log, self.home = process, base, log, home

    def reader(self, token=LOOK, language=None):
        return Reader(self.base, token, language)

    def family(self):
        """All processes that it has started and that live, and what they are forked from."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        return [one for one in children if one.status() != psutil.STATUS_ZOMBIE]

    def kernels(self):
        """Its kernels, forked ones among them: each is told where its connection file is."""
        folders = list(self.tmp.glob("voila_*"))
        told = [f"{folder}/kernel-" for folder in folders]
        return [
            one
            for one in psutil.process_iter(["cmdline"])
            if any(t in " ".join(one.info["cmdline"] or ()) for t in told)
        ]

    @property
    def tmp(self):
        return self.home.parent / "tmp"

    def zygotes(self):
        """What its kernels are forked from."""
        tags = {one.name.rpartition("-pages")[0] for one in self.tmp.glob("workbench-*/*-pages*.lock")}
        names = (" ".join(one.info["cmdline"] or ()) for one in psutil.process_iter(["cmdline"]))
        return [name for name in names if "to fork from" in name and any(tag in name for tag in tags)]


CODE = """
import sys
from pathlib import Path
from workbench.apps import fixed, kernels
from workbench.apps.serve import serve
kernels.GONE_SECONDS, kernels.UNSEEN_SECONDS, fixed.REFRESH = {gone}, {unseen}, {refresh}
own = {notebooks!r} and Path({notebooks!r})
serve(port={port}, open_browser=False, token={look!r}, act_token={act!r}, notebooks=own)
"""


@contextmanager
def serving(home, *, port=0, look=LOOK, act=ACT, notebooks=None, gone=0.1, unseen=30.0, refresh=30):
    """A server of that home; it is killed if a test has not ended it."""
    base = home.parent
    (base / "tmp").mkdir(exist_ok=True)
    given = {"port": port, "look": look, "act": act, "gone": gone, "unseen": unseen, "refresh": refresh}
    code = CODE.format(**given, notebooks=notebooks and str(notebooks))
    path = os.pathsep.join(filter(None, (str(ROOT), os.environ.get("PYTHONPATH", ""))))
    own = {name: str(base / name) for name in ("tmp", "run", "jupyter")}
    env = {**os.environ, "PYTHONPATH": path, "WORKBENCH_HOME": str(home), "TMPDIR": own["tmp"]}
    env |= {"XDG_RUNTIME_DIR": own["tmp"], "JUPYTER_RUNTIME_DIR": own["run"], "JUPYTER_DATA_DIR": own["jupyter"]}
    log = base / "server.log"
    with log.open("ab") as errors:
        process = subprocess.Popen(
            [sys.executable, "-c", code], env=env, cwd=base, stdout=subprocess.PIPE, stderr=errors
        )
    try:
        told = process.stdout.readline().decode()
        found = re.search(r"(http://\S+?/)voila", told)
        assert found, log.read_text(encoding="utf-8")
        yield Server(process, found[1], log, home)
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def fill(home):
    """A model that is watched and has an incident, one with hostile texts, one without a window."""
    examples, known = load_examples(), settings(home=home)
    report = examples.report()
    report.save(known.reports / "flights" / "latest.json")
    examples.report(hostile=True, name="hostile").save(known.reports / "hostile" / "latest.json")
    examples.without_windows().save(known.reports / "fresh" / "latest.json")
    follow("flights", lambda _: report.incidents, known)
    return home
