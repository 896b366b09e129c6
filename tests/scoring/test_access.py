"""Who asks, how often, from where, and under which name: the service is shut unless it was opened."""

import json
import logging
import subprocess
import sys
import time

import pytest
from starlette.testclient import TestClient

from workbench.errors import BadParameter, Damaged, Refused
from workbench.scoring.__main__ import main
from workbench.scoring.keys import Access, Keys, Tokens
from workbench.scoring.listen import Listen
from workbench.scoring.service import HOSTS, Service, log_requests
from workbench.scoring.spans import spans, tracer

GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}
SECRET = "a shared secret of at least 32 characters"


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


@pytest.fixture
def keys(tmp_path) -> Keys:
    return Keys(tmp_path / "keys.json")


def test_a_key_opens_what_its_scopes_say(scorer, keys):
    client = TestClient(Service(scorer, access=Access(keys=keys)))
    token = keys.add("billing", ["predict"])

    assert client.post("/predict", json=GOOD).status_code == 401
    assert client.post("/predict", json=GOOD, headers={"X-API-Key": token}).status_code == 200
    assert client.post("/predict", json=GOOD, headers=bearer(token)).status_code == 200
    assert client.post("/predict", json=GOOD, headers=bearer(token[:-1])).status_code == 401
    refused = client.post("/explain", json=GOOD, headers=bearer(token))
    assert refused.status_code == 403
    assert "'explain'" in refused.json()["error"]
    assert {client.get(p).status_code for p in ("/health", "/ready", "/ping")} == {200}


def test_a_key_that_was_taken_back_counts_no_more(scorer, keys):
    client = TestClient(Service(scorer, access=Access(keys=keys)))
    token = keys.add("billing", ["predict"])
    assert client.post("/predict", json=GOOD, headers=bearer(token)).status_code == 200

    assert keys.remove("billing") == 1

    assert client.post("/predict", json=GOOD, headers=bearer(token)).status_code == 401


def test_only_hashes_are_kept(keys):
    token = keys.add("billing", ["predict"])

    assert token.split("_", 2)[2] not in keys.path.read_text()
    assert keys.path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("scopes", [[], ["everything"]])
def test_a_key_has_scopes_of_ours(keys, scopes):
    with pytest.raises(BadParameter, match="predict, explain"):
        keys.add("billing", scopes)


def test_keys_are_made_listed_and_removed_on_the_command_line(tmp_path, capsys):
    file = str(tmp_path / "keys.json")
    main(["keys", "add", "billing", "--keys", file, "--scope", "read"])
    token = capsys.readouterr().out.strip()

    assert Keys(file).caller(token).scopes == {"read"}
    main(["keys", "list", "--keys", file])
    assert "billing  read" in capsys.readouterr().out
    main(["keys", "remove", "billing", "--keys", file])
    assert Keys(file).caller(token) is None


def test_a_web_token_needs_a_signature_an_end_and_a_scope(scorer):
    jwt = pytest.importorskip("jwt")
    client = TestClient(Service(scorer, access=Access(tokens=Tokens(SECRET, audience="scoring"))))
    claims = {"sub": "ada", "aud": "scoring", "scope": "predict", "exp": time.time() + 60}

    def status(path: str = "/predict", secret: str = SECRET, algorithm: str | None = "HS256", **changes) -> int:
        content = {k: v for k, v in {**claims, **changes}.items() if v is not None}
        token = jwt.encode(content, secret if algorithm else None, algorithm=algorithm)
        return client.post(path, json=GOOD, headers=bearer(token)).status_code

    assert status() == 200
    assert status("/explain") == 403
    assert status(secret="another secret of at least 32 characters") == 401
    assert status(exp=None) == status(exp=time.time() - 60) == status(aud="billing") == 401
    assert status(algorithm=None) == 401


def test_a_short_shared_secret_is_refused():
    with pytest.raises(BadParameter, match="32 characters"):
        Tokens("sesame")


def test_listening_beyond_loopback_needs_a_key_or_a_word(monkeypatch, tmp_path):
    monkeypatch.delenv("WORKBENCH_API_KEY", raising=False)

    with pytest.raises(Refused, match="--open-to-all"):
        Listen("0.0.0.0").access()
    assert Listen("127.0.0.1").access().open
    assert Listen("0.0.0.0", open_to_all=True).access().open
    assert not Listen("0.0.0.0", keys=tmp_path / "keys.json").access().open
    assert Listen("0.0.0.0").hosts() is None
    assert "localhost" in Listen("127.0.0.1").hosts()


@pytest.mark.parametrize(
    ("host", "status"),
    [("localhost:8080", 200), ("127.0.0.1", 200), ("[::1]:8080", 200), ("evil.example", 421), ("", 421)],
)
def test_a_page_with_a_name_that_points_here_gets_nothing(scorer, host, status):
    client = TestClient(Service(scorer, hosts=HOSTS))

    assert client.get("/contract", headers={"Host": host}).status_code == status


def test_a_caller_who_asks_too_often_waits(scorer):
    client = TestClient(Service(scorer, rate=1))

    answers = [client.get("/contract") for _ in range(5)]

    assert [a.status_code for a in answers][:2] == [200, 200]
    assert answers[-1].status_code == 429
    assert int(answers[-1].headers["Retry-After"]) >= 1
    assert client.get("/health").status_code == 200


def test_nobody_without_a_key_may_switch_versions(scorer):
    assert TestClient(Service(scorer)).post("/admin/rollback").status_code == 403


@pytest.mark.parametrize(
    ("sent", "kept"), [("abc-1.2_3", True), ("x" * 65, False), ("a b", False), ('"}\\n', False), ("", False)]
)
def test_a_request_id_is_taken_over_only_if_it_is_plain(scorer, sent, kept):
    found = TestClient(Service(scorer)).get("/health", headers={"X-Request-ID": sent}).headers["X-Request-ID"]

    assert (found == sent) is kept
    assert found


def test_each_request_is_a_line_of_json_without_values(scorer, capsys, keys):
    logger = logging.getLogger("workbench.scoring.requests")
    before = list(logger.handlers)
    log_requests()
    try:
        token = keys.add("billing", ["predict"])
        client = TestClient(Service(scorer, access=Access(keys=keys)))
        client.post("/predict?reasons=1", json=GOOD, headers={**bearer(token), "X-Request-ID": "r1"})
        client.get("/nowhere/secret")
    finally:
        logger.handlers[:] = before
        logger.setLevel(logging.NOTSET)
    first, second = map(json.loads, capsys.readouterr().err.splitlines())

    assert {k: first[k] for k in ("request", "method", "path", "status", "rows", "caller")} == {
        "request": "r1", "method": "POST", "path": "/predict", "status": 200, "rows": 1, "caller": "billing"
    }  # fmt: skip
    assert (second["path"], second["status"]) == ("other", 404)
    assert token not in str(first)


def test_each_request_is_a_span_where_spans_are_asked_for(scorer, monkeypatch):
    export = pytest.importorskip("opentelemetry.sdk.trace.export.in_memory_span_exporter")
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor

    monkeypatch.delenv("OTEL_EXPORTER_OTLP_ENDPOINT", raising=False)
    assert tracer() is None
    kept, provider = export.InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(kept))
    parent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"

    TestClient(Service(scorer, tracer=spans(provider))).post("/predict", json=GOOD, headers={"traceparent": parent})

    (span,) = kept.get_finished_spans()
    assert span.attributes["scoring.status"] == 200
    assert format(span.context.trace_id, "032x") == parent.split("-")[1]


def test_methods_and_addresses_that_do_not_exist(scorer):
    client = TestClient(Service(scorer))

    assert client.get("/predict").status_code == 405
    assert client.get("/predict").headers["Allow"] == "POST"
    assert client.get("/../bundle.json").status_code == 404
    assert client.post("/predict?reasons=x", json=GOOD).status_code == 400
    assert client.post("/predict?reasons=0", json=GOOD).json()["reasons"] == []


ADDS = """
import sys
from pathlib import Path
from workbench.scoring.keys import Keys
keys = Keys(Path(sys.argv[1]))
for k in range(5):
    keys.add(f"{sys.argv[2]}-{k}", ["predict"])
"""


def test_keys_that_four_processes_add_are_all_there_and_a_removed_one_stays_away(keys):
    revoked = keys.add("old-admin", ["admin"])
    adders = [subprocess.Popen([sys.executable, "-c", ADDS, str(keys.path), f"p{n}"]) for n in range(4)]
    while len(keys.list()) < 4:  # in the midst of their work
        assert any(adder.poll() is None for adder in adders)

    assert keys.remove("old-admin") == 1
    assert [adder.wait() for adder in adders] == [0] * 4

    assert {k.name for k in keys.list()} == {f"p{n}-{k}" for n in range(4) for k in range(5)}
    assert keys.caller(revoked) is None


@pytest.mark.parametrize(
    "content", ["[]", "null", "{}", '{"keys": 3}', '{"keys": [{"id": "a"}]}', "{", '{"keys": [[]]}']
)
def test_a_file_that_holds_no_keys_lets_nobody_in_and_is_not_written_over(keys, content):
    keys.path.write_text(content)

    for act in (keys.list, lambda: keys.caller("wb_a_b"), lambda: keys.add("x", ["read"]), lambda: keys.remove("x")):
        with pytest.raises(Damaged, match=r"keys\.json"):
            act()
    assert keys.path.read_text() == content
