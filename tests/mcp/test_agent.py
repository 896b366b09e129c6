"""An agent takes the steps: each is a cell that a person would have written, and nothing else is."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import asynccontextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import nbformat
import numpy as np
import pandas as pd
import pytest
from mcp.client.client import Client
from mcp.client.stdio import StdioServerParameters
from mcp.client.streamable_http import streamable_http_client

import workbench as wb
from workbench.core.parameters import STEPS, schema
from workbench.errors import BadParameter
from workbench.mcp.notebook import GuidedNotebook
from workbench.mcp.server import over_http, server
from workbench.mcp.tools import ACTS, ROLES, TOOLS, Workplace
from workbench.scoring.keys import Access, Keys

pytestmark = pytest.mark.anyio


def table(rows: int = 400) -> pd.DataFrame:
    """Customers who leave, more of them with a short contract and a high bill."""
    rng = np.random.default_rng(3)
    months, bill = rng.integers(1, 72, rows), rng.normal(60, 20, rows).round(2)
    contract = rng.choice(["monthly", "yearly"], rows)
    odds = (bill - 60) / 12 - months / 24 + 1.5 * (contract == "monthly")
    left = np.where(rng.random(rows) < 1 / (1 + np.exp(-odds)), "yes", "no")
    ids = [f"c{i:05}" for i in range(rows)]
    return pd.DataFrame({"id": ids, "months": months, "bill": bill, "contract": contract, "left": left})


@pytest.fixture
def anyio_backend():
    return "asyncio"


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "work"
    place.mkdir()
    table().to_csv(place / "churn.csv", index=False)
    return place


@pytest.fixture
def agent(folder):
    """Gives the function that lets an agent in, with a role."""

    @asynccontextmanager
    async def let_in(allow: str = "author", notebook: str = "agent.ipynb"):
        place = Workplace.of(folder, notebook)
        async with Client(server(place, allow)) as client:
            yield client

    return let_in


async def called(client, tool, **arguments):
    """What a tool answered, and its text."""
    result = await client.call_tool(tool, arguments)
    return result, result.content[0].text


def sources(folder, name="agent.ipynb"):
    return [cell.source for cell in nbformat.read(folder / name, 4).cells if cell.cell_type == "code"]


async def test_who_may_look_alone_is_offered_and_gets_no_more(agent, folder):
    async with agent("look") as client:
        offered = {tool.name: tool for tool in (await client.list_tools()).tools}
        refused, text = await called(client, "dataset", source="churn.csv", target="left")
        tables, listed = await called(client, "tables")

    assert set(offered) == {"status", "tables", "models", "report", "jobs"}
    assert all(tool.annotations.read_only_hint for tool in offered.values())
    assert refused.is_error
    assert "needs the role author" in text
    assert tables.structured_content["tables"][0]["path"] == "churn.csv"
    assert "churn.csv" in listed
    assert not (folder / "agent.ipynb").exists(), "who looks writes nothing"


async def test_a_tool_takes_what_the_form_takes(agent):
    async with agent("approve") as client:
        tools = {tool.name: tool for tool in (await client.list_tools()).tools}

    sent = {verb: json.loads(json.dumps(schema(verb))) for verb in STEPS}
    assert {verb: tools[verb].input_schema for verb in STEPS} == sent
    assert {name for name, tool in tools.items() if tool.annotations.destructive_hint} == set(ACTS)
    assert all(tool.description for tool in tools.values())


def test_each_role_may_what_the_one_below_may():
    allowed = [{name for name, tool in TOOLS.items() if tool.allowed(role)} for role in ROLES]

    assert allowed[0] < allowed[1] < allowed[2] == set(TOOLS)
    with pytest.raises(BadParameter, match="'boss'"):
        server(None, "boss")


async def test_a_step_is_a_cell_that_says_what_it_found(agent, folder):
    async with agent() as client:
        first, text = await called(client, "dataset", source="churn.csv", target="left")
        seen, findings = await called(client, "profile")
        status, where = await called(client, "status")

    assert text == "400 rows, 5 columns, target left"
    assert first.structured_content["cell"].startswith("import workbench as wb\n\ndata = wb.dataset(")
    assert "WB107: id has 400 distinct values" in findings
    assert seen.structured_content["result"]["noun"] == "profile"
    assert {f["code"] for f in seen.structured_content["findings"]} >= {"WB107"}
    assert "profile: done" in where
    assert status.structured_content["next"]["verb"] == "train"
    assert "Next: " in where
    assert len(sources(folder)) == 2


async def test_other_values_change_the_step_s_own_cell(agent, folder):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="contract")
        _, text = await called(client, "dataset", source="churn.csv", target="left")

    assert "target left" in text
    assert len(sources(folder)) == 1


async def test_an_accepted_cure_stands_where_later_steps_start_from_it(agent, folder):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
        await called(client, "profile")
        accepted, _ = await called(client, "accept", code="WB107", column="id")
        unknown, text = await called(client, "accept", code="WB101", column="id")
        await called(client, "train", candidates=["linear"], folds=2)

    assert not accepted.is_error
    assert unknown.is_error
    assert "WB107 of id" in text
    assert [source.split("\n")[-1] for source in sources(folder)][2] == 'data = data.without("id")'
    assert sources(folder)[3].startswith("run = wb.train(data")


async def test_what_a_step_needs_runs_first_in_a_new_kernel(agent, folder):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
    async with agent() as client:
        result, text = await called(client, "profile")

    assert not result.is_error, text
    assert result.structured_content["ran_before"] == [sources(folder)[0]]


def person_writes(folder, source):
    """A person adds a cell at the end and saves."""
    notebook = nbformat.read(folder / "agent.ipynb", 4)
    notebook.cells.append(nbformat.v4.new_code_cell(source))
    nbformat.write(notebook, folder / "agent.ipynb")


async def test_what_a_person_writes_between_two_steps_stays(agent, folder):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
        person_writes(folder, "data = data.without('id')")
        await called(client, "profile")

    assert [source.split(" = ")[0].split("\n")[-1] for source in sources(folder)] == ["data", "data", "profile"]


async def test_what_a_person_saves_while_a_step_runs_stays(agent, folder):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
        training = asyncio.ensure_future(called(client, "train", candidates=["linear"], folds=2))
        await asyncio.sleep(0.3)
        person_writes(folder, "note = 'mine'")
        result, text = await training

    assert not result.is_error, text
    assert [source.split(" = ")[0].split("\n")[-1] for source in sources(folder)] == ["data", "run", "note"]


@pytest.mark.parametrize(("tool", "arguments", "says"), [
    ("train", {"folds": 1}, "'folds' lies between 2 and 20"),
    ("train", {"folds": "3); import os; os.remove('x"}, "folds"),
    ("dataset", {"source": "../secret.csv"}, "leaves the folder"),
    ("dataset", {"source": "/etc/passwd"}, "leaves the folder"),
    ("dataset", {"source": "https://example.org/a.csv"}, "no addresses"),
    ("score", {"name": "../x", "source": "churn.csv", "window": "w"}, "'../x'"),
    ("dataset", {"source": "churn.csv", "sauce": 1}, "sauce"),
    ("promote", {"name": "a", "version": 1}, "promote takes name, version, reason"),
    ("report", {}, "takes 'name'"),
    ("report", {"name": "../../etc"}, "bundle"),
    ("magic", {}, "There is no tool 'magic'"),
])  # fmt: skip
async def test_what_does_not_fit_is_refused_and_written_nowhere(agent, folder, tool, arguments, says):
    (folder.parent / "secret.csv").write_text("a,b\n1,2\n")
    async with agent("approve") as client:
        result, text = await called(client, tool, **arguments)

    assert result.is_error
    assert says in text
    assert not (folder / "agent.ipynb").exists()


async def test_text_of_an_agent_is_a_literal_in_the_cell(agent, folder):
    hostile = 'left", ignore=__import__("os").listdir()) #'
    async with agent() as client:
        result, text = await called(client, "dataset", source="churn.csv", target=hostile)

    assert result.is_error
    assert "is not in the data" in text
    compiled = compile(sources(folder)[0], "cell", "exec")
    assert "__import__" not in compiled.co_names
    assert hostile in compiled.co_consts or hostile in str(compiled.co_consts)


async def test_a_failed_step_says_the_error_s_sentence_and_the_next_try_mends_it(agent):
    async with agent() as client:
        failed, text = await called(client, "dataset", source="churn.csv", target="lefty")
        _, status = await called(client, "status")
        mended, _ = await called(client, "dataset", source="churn.csv", target="left")

    assert failed.is_error
    assert "Did you mean 'left'?" in text
    assert "dataset: failed" in status
    assert not mended.is_error


async def test_a_step_whose_ground_failed_is_not_run(agent):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="lefty")
        result, text = await called(client, "train")

    assert result.is_error
    assert text.startswith("A step before failed, so this one did not run.")


async def test_results_can_be_read_as_pages_and_the_notebook_as_it_stands(agent):
    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
        uris = [str(one.uri) for one in (await client.list_resources()).resources]
        page = (await client.read_resource("workbench://view/dataset")).contents[0]
        notebook = (await client.read_resource("workbench://notebook")).contents[0]
        with pytest.raises(Exception, match="There is no resource"):
            await client.read_resource("workbench://view/../../etc/passwd")

    assert uris == ["workbench://notebook", "workbench://view/dataset"]
    assert page.mime_type == "text/html"
    assert "churn.csv" in page.text
    assert nbformat.reads(notebook.text, 4).cells


async def test_long_work_tells_its_progress(agent):
    told = []

    async def hear(done, total, message):
        told.append((done, total, message))

    async with agent() as client:
        await called(client, "dataset", source="churn.csv", target="left")
        await client.call_tool("train", {"candidates": ["linear"], "folds": 2}, progress_callback=hear)

    assert told[-1][0] == told[-1][1]
    assert any(message.startswith("Training") for _, _, message in told)


@pytest.mark.slow
async def test_cancelled_work_stops_and_what_it_had_is_kept(agent, folder):
    """A training that is cancelled in the middle ends within seconds, as Stop does, and leaves a usable run."""
    table(20_000).to_csv(folder / "large.csv", index=False)
    begun = asyncio.Event()

    async def hear(done, total, message):
        if message.startswith("Training") and done >= 2:
            begun.set()

    async with agent() as client:
        await called(client, "dataset", source="large.csv", target="left")
        training = asyncio.ensure_future(client.call_tool("train", {"budget": "120s"}, progress_callback=hear))
        await asyncio.wait_for(begun.wait(), 60)
        cancelled = time.monotonic()
        training.cancel()
        with pytest.raises(asyncio.CancelledError):
            await training
        while (await client.call_tool("status", {})).structured_content["steps"][2]["state"] == "running":
            await asyncio.sleep(0.1)
        explained, text = await called(client, "explain")
        took = time.monotonic() - cancelled

    assert not explained.is_error, text
    assert "ran_before" not in explained.structured_content, "the run of the stopped training is there"
    assert took < 60


@pytest.mark.slow
async def test_an_agent_goes_the_whole_way_and_papermill_goes_it_again(agent, folder):
    """From a table to a monitored champion; the notebook runs by plain papermill, and finds the same."""
    import papermill

    labels = table()[["id", "left"]]
    labels.to_csv(folder / "labels.csv", index=False)
    async with agent("approve") as client:
        for tool, arguments in [
            ("dataset", {"source": "churn.csv", "target": "left", "id": "id"}),
            ("profile", {}),
            ("train", {"candidates": ["linear", "boosting"], "folds": 3}),
            ("explain", {}),
            ("package", {"name": "churn"}),
            ("score", {"name": "churn", "source": "churn.csv", "window": "2026-11"}),
            ("feedback", {"name": "churn", "labels": "labels.csv"}),
            ("monitor", {"name": "churn"}),
            ("promote", {"name": "churn", "version": 1, "reason": "first model"}),
        ]:
            result, text = await called(client, tool, **arguments)
            assert not result.is_error, f"{tool}: {text}"
        _, models = await called(client, "models")
        _, report = await called(client, "report", name="churn")

    assert models.startswith("churn: version 1")
    assert "1 window" in report
    assert text == "churn version 1 is champion."
    trained = wb.bundle("churn").metrics[0].value
    papermill.execute_notebook(folder / "agent.ipynb", folder / "again.ipynb", cwd=str(folder), progress_bar=False)
    assert wb.bundle("churn/2").metrics[0].value == pytest.approx(trained)


@pytest.mark.slow
async def test_the_command_speaks_over_standard_input(folder):
    command = ["-m", "workbench", "mcp", "by-hand.ipynb", "--folder", str(folder), "--allow", "author"]
    started = StdioServerParameters(command=sys.executable, args=command, env=dict(os.environ))
    async with Client(started) as client:
        result, text = await called(client, "dataset", source="churn.csv", target="left")

    assert not result.is_error, text
    assert sources(folder, "by-hand.ipynb")[0].startswith("import workbench as wb")


@pytest.fixture
def served(folder, tmp_path):
    """The command over HTTP, with a key that looks and one that may all."""
    keys = Keys(tmp_path / "keys.json")
    tokens = {
        "look": keys.add("ann", ["read"]),
        "author": keys.add("bob", ["admin"]),
        "none": keys.add("eve", ["predict"]),
    }
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "workbench", "mcp", "--folder", folder, "--allow", "author", "--http", str(port)]
    process = subprocess.Popen([*command, "--keys", tmp_path / "keys.json"])
    for _ in range(300):
        with socket.socket() as asked:
            if asked.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.1)
    yield port, tokens
    process.send_signal(signal.SIGTERM)
    process.wait(20)


@pytest.mark.slow
async def test_over_http_a_key_says_what_may_be_done(served):
    import httpx2

    port, tokens = served
    url = f"http://127.0.0.1:{port}/mcp"
    offered = {}
    for who in ("look", "author"):
        headers = {"Authorization": f"Bearer {tokens[who]}"}
        async with (
            httpx2.AsyncClient(headers=headers) as http,
            Client(streamable_http_client(url, http_client=http)) as client,
        ):
            offered[who] = {tool.name for tool in (await client.list_tools()).tools}
            result, text = await called(client, "dataset", source="churn.csv", target="left")
            assert result.is_error == (who == "look"), text

    assert "dataset" not in offered["look"]
    assert "dataset" in offered["author"]
    for token in ("", "wb_0_0", tokens["none"]):
        asked = Request(url, json.dumps({}).encode(), {"Authorization": f"Bearer {token}"})
        with pytest.raises(HTTPError, match="401"):
            urlopen(asked)


def test_beyond_this_machine_nothing_is_open(folder):
    with pytest.raises(BadParameter, match="needs a key"):
        over_http(Workplace.of(folder, "a.ipynb"), "author", Access(), host="0.0.0.0")


@pytest.mark.parametrize("name", ["../out.ipynb", "notes.txt", "/tmp/x.ipynb"])
def test_the_notebook_lies_in_the_folder(folder, name):
    with pytest.raises(BadParameter):
        Workplace.of(folder, name)


def test_what_is_no_notebook_is_told(folder):
    (folder / "bad.ipynb").write_text("{")
    with pytest.raises(BadParameter, match="no notebook that can be read"):
        GuidedNotebook(folder / "bad.ipynb")


def test_hidden_folders_are_not_listed(folder):
    (folder / ".workbench").mkdir()
    (folder / ".workbench" / "private.csv").write_text("a\n1\n")
    found = asyncio.run(TOOLS["tables"].run(Workplace.of(folder, "a.ipynb"), {}, None))

    assert [one["path"] for one in found.content["tables"]] == ["churn.csv"]
