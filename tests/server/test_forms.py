"""Forms, columns and the state of a notebook, as the panel asks for them."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import pyarrow as pa
import pytest
from pyarrow import feather, parquet
from tornado.httpclient import HTTPClientError

from workbench.core.parameters import STEPS, TrainStep, parameter

CELLS = [
    {"id": "a", "source": 'import workbench as wb\nflights = wb.dataset("a.csv", target="late")', "count": 2},
    {"id": "b", "source": "model = wb.train(flights, trials=n)", "ran": "model = wb.train(flights)", "count": 3},
]


@pytest.fixture
def ask(jp_fetch: Any) -> Any:
    async def fetch(path: str, body: Any = None) -> tuple[int, Any]:
        where, _, query = path.partition("?")
        options = {"params": dict([query.split("=")])} if query else {}
        sent = {"method": "GET"} if body is None else {"method": "POST", "body": json.dumps(body)}
        try:
            answer = await jp_fetch("workbench", *where.split("/"), **sent, **options)
        except HTTPClientError as error:
            return error.code, json.loads(error.response.body)
        return answer.code, json.loads(answer.body)["data"]

    return fetch


async def test_a_new_keyword_in_python_appears_in_the_form(ask: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    @dataclass(frozen=True)
    class Longer(TrainStep):
        verb: ClassVar[str] = "train"
        patience: int = parameter("Rounds to wait.", 7, minimum=1, unit="rounds", examples=(5, 10))

    monkeypatch.setitem(STEPS, "train", Longer)

    _, steps = await ask("steps")
    _, cell = await ask("cell", {"step": "train", "values": {"patience": 9}})

    assert next(s for s in steps if s["verb"] == "train")["schema"]["properties"]["patience"] == {
        "title": "Patience",
        "type": "integer",
        "minimum": 1,
        "description": "Rounds to wait.",
        "default": 7,
        "examples": [5, 10],
        "x-unit": "rounds",
    }
    assert cell["source"] == "run = wb.train(data, patience=9)\nrun"


async def test_a_notebook_is_read_cell_by_cell(ask: Any) -> None:
    _, shown = await ask("notebook", {"cells": CELLS})
    steps = {step["verb"]: step for step in shown["steps"]}

    assert list(steps) == list(STEPS)
    assert (steps["dataset"]["state"], steps["dataset"]["cell"], steps["dataset"]["gives"]) == ("done", "a", "flights")
    assert (steps["train"]["state"], steps["train"]["code"]) == ("stale", {"trials": "n"})
    assert steps["train"]["refresh"] == ["b"]
    assert steps["package"]["values"] == {"name": "a"}
    assert shown["next"]["refresh"]


async def test_a_click_is_told_where_its_cell_belongs(ask: Any) -> None:
    _, made = await ask("cell", {"step": "explain", "values": {"rows": 10}, "cells": CELLS, "alive": ["flights", "wb"]})

    assert made == {
        "source": "explanation = wb.explain(model, rows=10)\nexplanation",
        "cell": None,
        "after": "b",
        "before": ["b"],
    }


async def test_each_wrong_value_is_told_beside_its_field(ask: Any) -> None:
    status, answer = await ask("cell", {"step": "train", "values": {"folds": 1, "trials": 0}, "cells": CELLS})

    assert status == 400
    assert sorted(answer["fields"]) == ["folds", "trials"]


@pytest.mark.parametrize(
    "body", [{}, {"cells": 1}, {"cells": [1]}, {"cells": [{"id": "a"}]}, {"cells": [], "alive": "x"}, []]
)
async def test_what_is_no_notebook_is_refused_in_words(ask: Any, body: Any) -> None:
    status, answer = await ask("notebook", body)

    assert status == 400
    assert "Send" in answer["message"]


async def test_records_of_any_shape_in_a_notebook_do_no_harm(ask: Any) -> None:
    records = [
        1,
        {},
        {"noun": 3},
        {"noun": "profile", "findings": [1]},
        {"noun": "profile", "findings": [{"code": []}]},
    ]
    cells = [{"id": "a", "source": "wb.profile(data)", "count": 1, "records": records, "mark": 7, "failed": "no"}]

    status, shown = await ask("notebook", {"cells": cells})

    assert status == 200
    assert shown["steps"][1]["state"] == "done"


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.jsonl"])
async def test_columns_of_other_formats_are_offered_too(ask: Any, jp_root_dir: Path, name: str) -> None:
    table = pa.table({"ü": [1], 'b "c"': ["x"]})
    {"a.parquet": parquet.write_table, "a.feather": feather.write_feather, "a.jsonl": _write_lines}[name](
        table, jp_root_dir / name
    )

    assert await ask(f"columns?path={name}") == (200, ["ü", 'b "c"'])


def _write_lines(table: pa.Table, path: Path) -> None:
    path.write_text("\n".join(json.dumps(row) for row in table.to_pylist()), encoding="utf-8")


@pytest.mark.parametrize("name", ["a.parquet", "a.feather", "a.jsonl"])
async def test_a_damaged_table_is_told_in_words(ask: Any, jp_root_dir: Path, name: str) -> None:
    (jp_root_dir / name).write_bytes(b"PAR1 not a table")

    status, answer = await ask(f"columns?path={name}")

    assert status == 400
    assert "can't be read" in answer["message"]


@pytest.mark.slow
def test_reading_the_columns_of_parquet_loads_no_pandas(tmp_path: Path) -> None:
    parquet.write_table(pa.table({"a": [1]}), tmp_path / "a.parquet")
    code = (
        "import sys; from pathlib import Path; from workbench.server.columns import columns;"
        f"print(columns(Path({str(tmp_path)!r}), 'a.parquet'), 'pandas' in sys.modules)"
    )

    assert subprocess.check_output([sys.executable, "-c", code], text=True).strip() == "['a'] False"


async def test_a_notebook_becomes_a_job_with_a_form(ask: Any) -> None:
    cells = [{"id": "a", "source": 'import workbench as wb\ndata = wb.dataset("a.csv", target="late")'}]

    _, made = await ask("job-notebook", {"cells": cells})
    _, bare = await ask("job-notebook", {"cells": cells, "lift": False})

    assert made["changes"] == {"a": "import workbench as wb\ndata = wb.dataset(source, target=target)"}
    assert made["schema"]["properties"]["target"] == {
        "title": "target",
        "type": "string",
        "description": "Column to predict.",
        "default": "late",
    }
    assert bare["changes"] == bare["schema"]["properties"] == {}
