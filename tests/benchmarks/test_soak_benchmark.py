"""The soak: what it holds against a service, and the service under it for two minutes."""

import json
import subprocess
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import serving
import soak
import soak_client
import soak_report
from soak import Sample, Soak

ROWS = [{"age": 20 + i % 60, "city": "Ulm"} for i in range(300)]


def seen(memory=lambda t: 90.0, descriptors=lambda t: 33, failed=(), rows=1000, logged=1000, **more):
    """A soak of a hundred seconds in which the memory and the descriptors went as they are given."""
    samples = [Sample(t, memory(t), descriptors(t), 4, 0.1 * t, 0.5 * t) for t in range(101)]
    kind = {"n": 10, "p50": 0.5, "p99": 2.0, "most": 3.0}
    lines = [{"t": float(t), "kinds": {"row": kind, "feedback": kind}, "failed": {}} for t in range(1, 101)]
    lines[50]["failed"] = dict(failed)
    return Soak(samples, lines, rows=rows, logged=logged, **{"status": 0, "stop": 0.2} | more)


def test_a_service_that_holds_has_no_fault():
    assert seen().faults() == []
    assert seen(memory=lambda t: min(t, 20) * 10.0).faults() == [], "what fills at the begin is no leak"
    assert seen(logged=1050, left=100).faults() == [], "who leaves may have been answered"


@pytest.mark.parametrize(("more", "fault"), [
    ({"memory": lambda t: 90 + t}, "memory grew by"),
    ({"descriptors": lambda t: 30 + t // 5}, "more descriptors are open"),
    ({"failed": {"503 to row: busy": 3}}, "3 requests: 503 to row: busy"),
    ({"logged": 999}, "1000 rows were answered"),
    ({"logged": 1101, "left": 100}, "1000 rows were answered"),
    ({"status": 1}, "with status 1"),
    ({"status": None, "stop": 60.0}, "stopped after 60.0 s"),
    ({"said": "Traceback (most recent call last)"}, "it said: Traceback"),
])  # fmt: skip
def test_what_must_not_be_is_listed(more, fault):
    assert any(fault in one for one in seen(**more).faults())


def test_failed_requests_are_none_that_were_answered():
    found = seen(failed={"500 to row: x": 7})

    assert found.answered == 100 * 20 - 7
    assert "7 failed" in soak.told(found)


def test_the_page_draws_every_figure_and_escapes_what_a_service_said():
    found = seen(said="<script>alert(1)</script>", acts=[(30.0, "<b>50 records sealed</b>")])
    page = soak_report.drawn(found, found.faults())

    assert page.count("<svg") == 3 + len(soak_report.KINDS) + 1
    assert "Open descriptors" in page
    assert "<script>" not in page
    assert "<b>50" not in page


def test_a_long_soak_is_drawn_with_few_points_and_all_its_peaks():
    points = [(t, 1000.0 if t == 5003 else 1.0) for t in range(36_000)]
    thin = soak_report.thinned(points)

    assert len(thin) <= soak_report.MOST
    assert (5003, 1000.0) in thin


@pytest.fixture
def poor():
    """A server that refuses every seventh request for rows."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        asked = 0

        def answer(self, status, content):
            body = json.dumps(content).encode().replace(b'": ', b'":')
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_GET(self):
            self.answer(200, {})

        def do_POST(self):
            content = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            Handler.asked += 1
            if "many" in content.values():
                self.answer(422, {"error": "no"})
            elif Handler.asked % 7 == 0:
                self.answer(503, {"error": "busy"})
            else:
                self.answer(200, {"id": "a1"})

        def log_message(self, *_):
            pass

        def handle(self):
            with suppress(ConnectionError, ValueError):  # a client left in the middle
                super().handle()

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server.server_address[1]
    server.shutdown()


def test_the_clients_tell_every_kind_and_what_was_refused(poor, tmp_path):
    (tmp_path / "rows.json").write_text(json.dumps(ROWS))
    command = [sys.executable, Path(soak_client.__file__), str(poor), "4", "2", tmp_path / "rows.json", "0"]
    *lines, last = map(
        json.loads, subprocess.run(command, check=True, capture_output=True, text=True).stdout.split("\n")[:-1]
    )
    found = Soak(lines=lines)

    assert {"row", "reasons", "batch", "feedback", "bad", "metrics", "health"} <= {k for x in lines for k in x["kinds"]}
    assert any(what.startswith("503 to row") for what in found.failed)
    assert all(what.startswith("503") for what in found.failed), found.failed
    assert last["rows"] > 0


def test_the_last_fifths_are_compared_not_single_moments():
    """One moment of a full garbage heap is no leak."""
    assert seen(memory=lambda t: 400.0 if t == 97 else 90.0).growth("memory") == 0.0


def census(path, rows=6000):
    """A table like the census: numbers, categories, and an income that depends on them."""
    rng = np.random.default_rng(0)
    age, hours = rng.integers(17, 90, rows), rng.integers(10, 80, rows)
    job = rng.choice(["clerk", "nurse", "smith", "cook"], rows)
    odds = (age - 40) / 20 + (hours - 40) / 15 + (job == "smith")
    rich = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), ">50K", "<=50K")
    pd.DataFrame({"age": age, "job": job, "hours": hours, "weight": rng.random(rows), "income": rich}).to_csv(
        path, index=False
    )
    return path


@pytest.mark.slow
def test_the_service_holds_for_two_minutes(tmp_path):
    """Rows, reasons, batches, labels, bad rows, clients that leave, sealing and reloads, all at once."""
    ready = serving.prepare(census(tmp_path / "census.csv"), "income", tmp_path)
    found = soak.soak(tmp_path, ready.rows, 120.0, clients=8, sealed=100_000)

    assert found.faults() == []
    assert found.answered > 1000
    assert any(act.startswith("100000 records sealed") for _, act in found.acts), found.acts
