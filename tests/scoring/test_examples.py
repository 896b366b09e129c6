"""Generated examples run: whatever columns are called, the service gets that row and nothing else happens."""

import ast
import json
import os
import shutil
import subprocess
import sys

import pytest

from tests.client.conftest import listening
from tests.hostile_names import HOSTILE
from tests.scoring.conftest import make_bundle
from workbench.core.checking import check
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.scoring.examples import example_row, examples, javascript, python_client
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service

AGE, CITY = """a'g"e `touch X` $(touch X) \\ ü\u202e""", "</script>${touch}\n#"
RUN = {
    "curl": ["sh", "-c"],
    "Python": [sys.executable, "-c"],
    "Python without the client": [sys.executable, "-c"],
    "JavaScript": ["node", "--input-type=module", "-e"],
}


@pytest.fixture(scope="module")
def hostile(tmp_path_factory):
    """A service whose columns try to leave their place; its log and its address."""
    folder = tmp_path_factory.mktemp("hostile")
    (folder / "bundle").mkdir()
    make_bundle(folder / "bundle", age=AGE, city=CITY, cities=('It\'s `$HOME` "😀"', "Bonn"))
    scorer = Scorer(folder / "bundle")
    log = PredictionLog(folder / "log")
    with listening(Service(scorer, log)) as url:
        yield scorer, log, url


@pytest.mark.parametrize("keys", [False, True])
@pytest.mark.parametrize("name", RUN)
def test_an_example_asks_for_its_row(hostile, name, keys, tmp_path):
    scorer, log, url = hostile
    if shutil.which(RUN[name][0]) is None:
        pytest.skip(f"{RUN[name][0]} is not here")
    row, before = example_row(scorer.contract, scorer.features), len(log.read())
    env = {**os.environ, "WORKBENCH_KEY": "wb_key", "PYTHONPATH": os.pathsep.join(sys.path)}

    code = examples(url, row, keys)[name]
    done = subprocess.run([*RUN[name], code], capture_output=True, text=True, cwd=tmp_path, env=env, timeout=120)

    assert done.returncode == 0, done.stderr
    assert "yes" in done.stdout
    (record,) = log.read()[before:]
    assert record["row"] == {AGE: 54, CITY: row[CITY]}
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", HOSTILE)
def test_a_name_stays_a_literal(name):
    row = {name: name, "other": 1}
    statements = ast.parse(python_client("http://a", row)).body

    assert ast.literal_eval(statements[1].value) == row
    assert len(statements) == 5


@pytest.mark.skipif(shutil.which("node") is None, reason="node is not here")
def test_javascript_keeps_every_name(tmp_path):
    row = {name: name for name in (*HOSTILE, "__proto__", "constructor", "\ud800")}
    code = javascript("http://a", row).partition("\nconst response")[0]
    (tmp_path / "row.mjs").write_text(f"{code}\nprocess.stdout.write(JSON.stringify(row));", encoding="utf-8")

    done = subprocess.run(["node", tmp_path / "row.mjs"], capture_output=True, check=True)

    assert json.loads(done.stdout) == row


def test_the_row_fits_the_contract_and_is_usual():
    contract = Contract((
        Column("n", "integer", minimum=1.0, maximum=2.0), Column("x", "number", minimum=-3.0, maximum=-1.0),
        Column("far", "number", minimum=1e300, maximum=1.7e308), Column("tiny", "number", minimum=1e-9, maximum=2e-9),
        Column("low", "number", minimum=5.0), Column("high", "integer", maximum=-5.0), Column("any", "number"),
        Column("b", "boolean", categories=("False", "True")), Column("c", "category", categories=("a", "b")),
        Column("t", "text"), Column("d", "datetime", form=Form(moments=("%d/%m/%y",))), Column("e", "datetime"),
        Column("zero", "number", minimum=0.0, maximum=0.0), Column("narrow", "number", minimum=10.001, maximum=10.002),
    ))  # fmt: skip
    row = example_row(contract, contract.features)

    checked = check(row, contract, contract.features)
    assert (checked.problems, checked.flags) == ([], [[]])
    json.dumps(row, allow_nan=False)
