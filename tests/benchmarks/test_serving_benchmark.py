"""The benchmark's own machinery: small tables, servers of its own, no peers."""

import json
import shutil
import subprocess
import sys
import threading
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import serving
import serving_bad_input
import serving_client
import serving_odd
import serving_peers
import serving_report
from serving_peers import BODIES, EMPTY, MLFLOW, OURS, PEERS, REASONS, Peer

HERE = Path(__file__).parent
ROW = {"age": 39, "workclass": "Private", "fnlwgt": 77516, "marital_status": "Divorced"}
NAMES = {peer.name: peer for peer in PEERS}
PLAIN = NAMES["FastAPI + pandas"]
CASE = {case.name: case for case in serving_bad_input.CASES}


def turn(p50=1.0, rps=100.0, failed=0.0, **more):
    window = {"p50": p50, "p99": 2 * p50, "rps": rps, "n": 1000.0, "failed": failed, "cpu": p50}
    return serving_report.Turn(
        cold=p50, windows=dict.fromkeys(serving.WINDOWS, window), pss=10 * p50, mb=57.0, packages=5, **more
    )


@pytest.fixture
def stub():
    """A server that answers what the test says; gives the function that starts it."""
    running = []

    def start(answer):
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                status, content = answer(self.rfile.read(int(self.headers["Content-Length"])))
                self.send_response(status)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            def log_message(self, *_):
                pass

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        running.append(server)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        return server.server_address[1]

    yield start
    for server in running:
        server.shutdown()
        server.server_close()


def census(rows=700):
    """A small table with the columns of the census."""
    random = np.random.default_rng(0)
    texts = {"workclass": ["Private", "State-gov", None], "education": ["HS-grad", "Masters"],
             "marital_status": ["Divorced", "Never-married"], "occupation": ["Sales", "Tech-support", None],
             "relationship": ["Husband", "Unmarried"], "race": ["White", "Black"], "sex": ["Male", "Female"],
             "native_country": ["Cuba", "India", None]}  # fmt: skip
    numbers = {"age": (17, 90), "fnlwgt": (10_000, 99_999), "education_num": (1, 16), "capital_gain": (0, 9999),
               "capital_loss": (0, 999), "hours_per_week": (1, 99)}  # fmt: skip
    made = {name: random.integers(*ends, rows) for name, ends in numbers.items()}
    made |= {name: random.choice(np.array(values, object), rows) for name, values in texts.items()}
    return pd.DataFrame({**made, "income": np.where(made["age"] + random.normal(0, 9, rows) > 50, ">50K", "<=50K")})


def test_ours_is_started_compared_measured_and_tried_with_every_bad_row(tmp_path, monkeypatch):
    """The whole way, in this Python: the model and its bundle, two services, windows, parts, bad rows, the file."""
    monkeypatch.setattr(serving, "HELD_OUT", 300)
    monkeypatch.setattr(serving, "python_of", lambda peer, folder: Path(sys.executable))
    monkeypatch.setattr(serving, "installed", lambda python: (57.0, 5))
    table, kept = tmp_path / "census.csv", tmp_path / "SERVING.md"
    census().to_csv(table, index=False)
    serving.main(["--table", str(table), "--folder", str(tmp_path / "work"), "--seconds", "0.1", "--repeats", "1",
                  "--only", "empty", "workbench", "--results", str(kept)])  # fmt: skip
    text = kept.read_text()

    figures = {line.split("|")[1].strip(): line.split("|") for line in text.splitlines() if line.startswith("| ")}
    assert [float(figures[OURS][i].replace(",", "")) > 0 for i in range(2, 13)] == [True] * 11
    assert float(figures[OURS][13]) <= serving_report.SAME  # from the pipeline, by an exponential's last digits at most
    assert figures[OURS][14] == " 0 "  # no failed request
    assert float(figures["tree walk alone"][2]) > 0
    n = len(serving_bad_input.CASES)
    assert f"| right | | {n} of {n} |" in text
    assert "| installed, at most 12 packages | 5 | | | held |" in text
    assert "failed in" not in text
    assert str(tmp_path) not in text


def test_goals_are_judged_by_medians_against_mlflow_and_the_best():
    turns = {OURS: [turn(0.1), turn(9.0), turn(0.2)], EMPTY: [turn(0.001)], MLFLOW: [turn(8.0)], "KServe": [turn(3.0)]}
    lines = serving_report.goals_table(turns)

    assert "| single row p50, at most 1/40 of MLflow's | 0.200 | 8.000 (MLflow) | 40.0 | held |" in lines
    empty = (
        "| single row p50, at most 1.5 times the empty endpoint's | 0.200 | 0.001 (empty endpoint) | 0.0 | **missed** |"
    )
    assert empty in lines
    assert "| 1,000-row batches, at least 5 x the best | 100,000 | 100,000 (MLflow) | 1.0 | **missed** |" in lines
    best = "| single row p50, at most 1/20 of the best pandas-based server's | 0.200 | 3.000 (KServe) | 15.0 | "
    assert f"{best}**missed** |" in lines
    assert "| with reasons: single row p50, at most 1/5 of the best without | – | – | – | not measured |" in lines
    without = serving_report.goals_table({OURS: turns[OURS]})
    assert "| single row p99, at most 1/5 of the best | – | – | – | not measured |" in without


def test_a_bound_of_its_own_is_one_from_below_where_more_is_better():
    lines = serving_report.goals_table({REASONS: [turn(0.4, rps=99.0)]})

    assert "| with reasons: single row p50, at most 0.45 ms | 0.400 | | | held |" in lines
    assert "| with reasons: 1,000-row batches, at least 100,000 rows/s | 99,000 | | | **missed** |" in lines


def test_a_server_that_refuses_has_no_figure_and_one_that_failed_says_why():
    turns = {OURS: [turn(1.0)], "vetiver": [turn(0.01, failed=500)], "KServe": [replace(turn(), reason="no | module")]}

    assert serving_report.others(turns, "p50") == {}
    assert serving_report.others(turns, "cold") == {"vetiver": 0.01}
    assert list(serving_report.failures(turns)) == ["**KServe** failed in 1 of 1: no / module"]
    assert "| 2000 |" in serving_report.figures_line(turns, "vetiver")


def test_a_difference_from_the_pipeline_is_told_where_it_is_one():
    assert serving_report.differs(MLFLOW, [turn(difference=4e-4), turn()]) == "**4e-04**"
    assert serving_report.differs(MLFLOW, [turn(difference=2e-16)]) == "2e-16"
    assert serving_report.differs("vetiver", [turn(difference=0.02)]) == "**2% of labels**"


@pytest.mark.parametrize("peer", [p for p in PEERS if p.name != EMPTY], ids=lambda p: p.name)
def test_two_rows_travel_in_each_form_and_their_two_answers_come_back(peer):
    answers = {
        "ours": {"predictions": [{"prediction": 0.1}, {"prediction": 0.2}]},
        "records": {"predictions": [[0.9, 0.1], [0.8, 0.2]]},
        "rows": {"predictions": [0.1, 0.2], "predict": ["no", "yes"]},
        "version two": {"outputs": [{"data": [0.9, 0.1, 0.8, 0.2], "shape": [2, 2]}]},
    }
    sent = json.dumps(BODIES[peer.body]([ROW, {**ROW, "age": 40}], ("age", "fnlwgt")))

    assert all(text in sent for text in ("39", "40", "Private"))
    got = peer.answered(answers.get(peer.body, answers["rows"]))
    assert got == (["no", "yes"] if peer.labels else [0.1, 0.2])


def test_the_protocol_by_columns_keeps_the_types_of_the_model_for_bad_rows_too():
    body = serving_peers.version_two([{**ROW, "age": "thirty"}, {"age": 3}], ("age", "fnlwgt"))
    first, second = body["inputs"][:2]

    assert (first["name"], first["datatype"], first["data"], first["shape"]) == ("age", "FP64", ["thirty", 3], [2, 1])
    assert (second["datatype"], second["data"]) == ("BYTES", ["Private", None])


@pytest.mark.parametrize(
    ("case", "status", "text", "words"),
    [
        ("text in a number", 422, "age: expected a number", "422, names it"),
        ("text in a number", 422, "bad message", "**422, does not name it**"),
        ("text in a number", 422, "age in row 77516", "**422, names it, repeats the row**"),
        ("text in a number", 422, 'age, File "/srv/app/main.py"', "**422, names it, shows a path**"),
        ("text in a number", 500, "age", "**500**"),
        ("text in a number", 200, '{"predictions": [0.25]}', "**200, silent: 0.250**"),
        ("unseen category", 200, '{"predictions": [0.25]}', "**200, silent: 0.250**"),
        ("unseen category", 200, '{"predictions": [0.25], "flags": [["unseen"]]}', "200, flagged: 0.250"),
        ("unseen category", 200, '{"predictions": [0.25], "flags": [[]]}', "**200, silent: 0.250**"),
        ("a good row", 200, '{"predictions": [0.25]}', "200: 0.250"),
        ("malformed JSON", 400, "no JSON", "400"),
        ("malformed JSON", 200, "what | ever", "**200, silent: what / ever**"),
        ("empty body", 0, "ConnectionResetError()", "**no answer**"),
    ],
)
def test_what_a_server_makes_of_a_bad_row_is_told_in_a_word(case, status, text, words):
    seen = serving_bad_input.seen(CASE[case], PLAIN, ROW, status, text)

    assert serving_bad_input.plain(seen.told(CASE[case])) == words
    assert seen.right(CASE[case]) == ("**" not in words)


@pytest.mark.parametrize("peer", [p for p in PEERS if p.compared or p.name == OURS], ids=lambda p: p.name)
def test_each_case_sends_what_its_name_says_in_each_form(peer):
    row = census(50).dropna().drop(columns="income").to_dict("records")[0] | {"sex": "Male"}
    numbers = [name for name, v in row.items() if not isinstance(v, str)]
    sent = {c.name: serving_bad_input.body_of(c, peer, row, numbers) for c in serving_bad_input.CASES}
    good = sent["a good row"]

    assert len({*sent.values()}) == len(sent) - (peer.name == "MLServer")  # by columns, no row has no columns
    assert b"education_num" not in sent["number column missing"]
    assert b": NaN" in sent["NaN, which is not JSON"] or b"[NaN" in sent["NaN, which is not JSON"]
    assert json.loads(sent["number beyond a double, 1e999"]) != json.loads(good)
    with pytest.raises(ValueError, match=r"Unterminated|delimiter|Expecting"):
        json.loads(sent["malformed JSON"])
    assert len(sent["a body of 40 MB"]) > 40 * 2**20


def test_a_server_that_closes_without_an_answer_is_told_as_such(stub):
    assert serving_bad_input.ask(serving.free_ports(1)[0], "/", b"{}")[0] == 0
    assert serving_bad_input.ask(stub(lambda body: (418, b"tea " + body)), "/", b"{}") == (418, "tea {}")


@pytest.mark.parametrize("kind", ["wrk", "ours"])
def test_the_client_counts_every_answer_and_those_that_failed(kind, stub, tmp_path, monkeypatch):
    if kind == "wrk" and not shutil.which("wrk"):
        pytest.skip("wrk is not installed")
    if kind == "ours":
        monkeypatch.setenv("PATH", str(tmp_path))
    requests = tmp_path / "requests.json"
    requests.write_text(json.dumps(["good", "bad"]))
    port = stub(lambda body: (200 if body == b"good" else 500, b"x" * 5000))
    command = [sys.executable, str(HERE / "serving_client.py"), str(port), "/predict", "2", "0.4", str(requests)]
    found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)

    assert found["n"] > 10
    assert found["failed"] == pytest.approx(found["n"] / 2, abs=2)
    assert 0 < found["rps"] * 0.4 < found["n"]
    assert 0 < found["p50"] <= found["p99"]


@pytest.mark.parametrize(
    ("answer", "done"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Le", False),
        (b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nab", False),
        (b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nabc", True),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n", False),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n", True),
    ],
)
def test_the_client_knows_when_an_answer_is_whole(answer, done):
    assert serving_client.whole(answer) is done


def test_a_server_that_does_not_start_is_told_without_the_folders_of_this_machine(tmp_path, monkeypatch):
    monkeypatch.setattr(serving, "python_of", lambda peer, folder: Path(sys.executable))
    ready = serving.Prepared(tmp_path, [ROW], [0.5], ["no"], ("age",))
    (tmp_path / "requests").mkdir()
    dies = Peer(
        "dies", (), ("{python}", "-c", "raise OSError('no {folder}/model')"), "/", "rows", serving_peers.of_list
    )
    serving.write_requests(dies, ready)
    found = serving.attempt(dies, ready, 0.1, None)

    assert found.reason.endswith("OSError: no …/model")
    assert not found.windows


def test_rows_that_are_refused_or_answered_otherwise_come_out(stub, tmp_path):
    ready = serving.Prepared(tmp_path, [ROW] * 3, [0.5, 0.5, 0.5], ["no"] * 3, ("age",))

    def off(body):
        return 200, json.dumps(
            {"predictions": [0.5 if len(json.loads(body)) > 1 else 0.75] * len(json.loads(body))}
        ).encode()

    assert serving.compare(PLAIN, stub(off), ready) == 0.25
    with pytest.raises(ValueError, match="good rows are answered with 500: no"):
        serving.compare(PLAIN, stub(lambda body: (500, b"no")), ready)


def test_an_environment_is_made_once_with_the_uv_that_is_named(tmp_path, monkeypatch):
    made = []

    def pretend(command, **_):
        made.append(command)
        python = tmp_path / "environments" / "kserve" / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setenv("UV", "/somewhere/uv")
    monkeypatch.setattr(subprocess, "run", pretend)
    peer = NAMES["KServe"]
    for wanted in (peer, peer, replace(peer, packages=("kserve==9",))):
        serving_peers.python_of(wanted, tmp_path)

    assert [command[1] for command in made] == ["venv", "pip", "venv", "pip"]
    assert made[0][0] == "/somewhere/uv"
    assert made[1][-4:] == list(peer.packages)
    assert made[3][-1] == "kserve==9"


# --- odd models ---------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "models", "servers"),
    [([], len(serving_odd.MODELS), 10), (["odd"], len(serving_odd.MODELS), 0), (["forest"], 2, 0), (["KServe"], 0, 1)],
)
def test_words_choose_servers_and_odd_models(words, models, servers):
    chosen = [p for p in PEERS if not words or any(word.lower() in p.name.lower() for word in words)]

    assert len(serving_odd.chosen(words)) == models
    assert len(chosen) == servers


@pytest.mark.parametrize("odd", serving_odd.MODELS, ids=lambda odd: odd.name)
def test_an_odd_model_has_its_target_and_more_rows_than_are_held_out(odd):
    frame = odd.frame(census(2000), 2000)

    assert "target" in frame
    assert len(frame) >= 2000
    assert not frame.columns.duplicated().any()
    assert hasattr(odd.pipeline(frame.drop(columns="target")), "fit")


@pytest.mark.slow
def test_an_odd_model_is_measured_beside_its_peer_or_says_why_not(tmp_path, monkeypatch):
    """One with products, in this Python, and one that can't be fitted."""
    broken = replace(serving_odd.MODELS[0], name="broken", frame=lambda table, rows: table.rename(columns=str.upper))
    (products,) = serving_odd.chosen(["polynomial"])
    monkeypatch.setattr(serving_odd, "MODELS", (products, broken))
    monkeypatch.setattr(serving_odd, "SERVERS", (OURS, serving_peers.REASONS))
    monkeypatch.setattr(serving_odd, "HELD_OUT", 250)
    monkeypatch.setattr(serving, "python_of", lambda peer, folder: Path(sys.executable))
    monkeypatch.setattr(serving, "installed", lambda python: (57.0, 5))
    table, kept = tmp_path / "census.csv", tmp_path / "ODD.md"
    census().to_csv(table, index=False)

    serving.main(["--table", str(table), "--folder", str(tmp_path / "work"), "--seconds", "0.1", "--quick",
                  "--only", "odd", "--results", str(kept)])  # fmt: skip

    lines = [[cell.strip() for cell in line.split("|")[1:-1]] for line in kept.read_text().splitlines()]
    told = {(cells[0], cells[1]): cells[2:] for cells in lines if len(cells) > 2}
    assert all(float(cell.replace(",", "")) > 0 for cell in told[products.name, OURS][:6])
    assert all(float(cell.replace(",", "")) > 0 for cell in told[products.name, serving_peers.REASONS][:6])
    assert "target" in told["broken", "both"][-1]
