"""A value is read by the contract on every way in: the same prediction, the same flags, or refused alike.

The ways: a batch as a frame and as a file, MLflow's Python function, and the service's JSON, CSV and Arrow bodies. A
batch tells by the flag ``unreadable`` what the others refuse.
"""

import datetime as dt
import io
import json
from decimal import Decimal
from typing import Any, NamedTuple

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from starlette.testclient import TestClient

import workbench as wb
from workbench.errors import BadRow
from workbench.monitoring.windows import answered
from workbench.reading.dataset import read_table
from workbench.scoring.bodies import ARROW
from workbench.scoring.log import PredictionLog
from workbench.scoring.pyfunc import BundleModel
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service

ROWS = 160
GOOD = {"amount": "1.234,50", "day": "03/02/2024", "code": "7", "count": 5, "paid": "True"}
UNREADABLE = "unreadable"
NONE: tuple[str, ...] = ()


class Case(NamedTuple):
    """``outcome``: flags of what is scored, or UNREADABLE. ``same``: a value that says the same."""

    column: str
    value: Any
    outcome: Any
    same: Any = ...


OUT = ("out_of_range:amount",)
MANY = ("out_of_range:count",)
UNSEEN = ("unseen_category:code",)
DAY = "03/02/2024"
CASES = [
    Case("amount", "1.234", NONE, 1234.0),
    Case("amount", "1.234,50 €", NONE, 1234.5),
    Case("amount", "-5", OUT, -5.0),
    Case("amount", "1e3", NONE, 1000),
    Case("amount", "12.5", UNREADABLE),
    Case("amount", "inf", UNREADABLE),
    Case("amount", "1e999", UNREADABLE),
    Case("amount", "1_000", UNREADABLE),
    Case("amount", "True", UNREADABLE),
    Case("amount", "k.A.", NONE, None),
    Case("amount", "nan", NONE, None),
    Case("amount", "", NONE, None),
    Case("amount", True, UNREADABLE),
    Case("amount", np.bool_(True), UNREADABLE),
    Case("amount", float("inf"), UNREADABLE),
    Case("amount", -float("inf"), UNREADABLE),
    Case("amount", 10**400, UNREADABLE),
    Case("amount", 10**20, OUT, 1e20),
    Case("amount", Decimal("1234.50"), NONE, 1234.5),
    Case("amount", np.float32(1000.5), NONE, 1000.5),
    Case("amount", np.float16(1000.5), NONE, 1000.5),
    Case("count", 5.0, NONE, 5),
    Case("count", "5.0", NONE, 5),
    Case("count", "5", NONE, 5),
    Case("count", 5.5, UNREADABLE),
    Case("count", "5.5", UNREADABLE),
    Case("count", "5,0", UNREADABLE),
    Case("count", Decimal("5.5"), UNREADABLE),
    Case("count", Decimal(5), NONE, 5),
    Case("count", True, UNREADABLE),
    Case("count", float("inf"), UNREADABLE),
    Case("count", 10**20, MANY, 1e20),
    Case("count", 2**63, MANY, 2.0**63),
    Case("count", np.uint64(2**63), MANY, 2.0**63),
    Case("count", "100000000000000000000", MANY, 1e20),
    Case("count", np.int8(5), NONE, 5),
    Case("count", None, NONE, ""),
    Case("paid", True, NONE, "True"),
    Case("paid", "FALSE", NONE, False),
    Case("paid", 0, NONE, "False"),
    Case("paid", 1.0, NONE, "1"),
    Case("paid", np.bool_(True), NONE, True),
    Case("paid", "ja", UNREADABLE),
    Case("paid", 2, UNREADABLE),
    Case("paid", 0.5, UNREADABLE),
    Case("day", "2024-02-03", NONE, DAY),
    Case("day", "2024-02-03T02:00:00+02:00", NONE, DAY),
    Case("day", "02/13/2024", UNREADABLE),
    Case("day", "2024-02-30", UNREADABLE),
    Case("day", 1706918400, UNREADABLE),
    Case("day", dt.date(2024, 2, 3), NONE, DAY),
    Case("day", dt.datetime(2024, 2, 3), NONE, DAY),
    Case("day", pd.Timestamp("2024-02-03 09:00", tz="Asia/Tokyo"), NONE, DAY),
    Case("day", pd.Period("2024-02-03", "D"), NONE, DAY),
    Case("code", "01", NONE),
    Case("code", "1", UNSEEN),
    Case("code", "n/a", NONE, None),
]


def german(number):
    return f"{number:,.2f} €".translate(str.maketrans(",.", ".,"))


@pytest.fixture(scope="module")
def ways(tmp_path_factory, put_store):
    """What answers a row on each way, of a bundle that was trained on a German file."""
    folder = put_store(tmp_path_factory.mktemp("ways"))
    draw = np.random.default_rng(0)
    amount, day = draw.lognormal(7, 1, ROWS), pd.Timestamp("2023-01-01") + pd.to_timedelta(np.arange(ROWS), unit="D")
    table = pd.DataFrame({
        "nr": np.arange(1000, 1000 + ROWS), "amount": list(map(german, amount)), "day": day.strftime("%d/%m/%Y"),
        "code": draw.choice(["01", "7", "A1"], ROWS), "count": draw.integers(0, 50, ROWS).astype(str),
        "paid": draw.choice(["True", "False"], ROWS),
    })  # fmt: skip
    table["late"] = np.where(np.log(amount) + draw.normal(0, 0.3, ROWS) + (table["paid"] == "True") > 7.5, "yes", "no")
    for i, name in enumerate(GOOD):
        table.loc[i::20, name] = ""
    table.loc[0:40, "amount"] = table["amount"][0:40].replace("", "k.A.")
    table.to_csv(folder / "train.csv", sep=";", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        data = wb.dataset(folder / "train.csv", target="late", id="nr")
        # Drawn at random: else the day would be found to order the rows, and be no feature.
        run = wb.train(data, candidates=["linear"], trials=1, folds=2, split="random")
        bundle = wb.package(run, name="ways")
    return Ways(Scorer(bundle.path), folder)


class Ways:
    """Each way's answer: (prediction, flags), or UNREADABLE; None where a value can't come on that way."""

    def __init__(self, scorer, folder):
        self.scorer, self.folder, self.model = scorer, folder, BundleModel(scorer)
        self.log = PredictionLog(folder / "log")
        self.client = TestClient(Service(scorer, self.log))

    def all(self, row):
        frames = [_frame(row, object), _frame(row, None)]
        return {
            **{f"batch {i}": self.batch(frame) for i, frame in enumerate(frames)},
            **{f"pyfunc {i}": self.pyfunc(frame) for i, frame in enumerate(frames)},
            "file": self.file(row), "JSON": self.json(row), "CSV": self.csv(row), "Arrow": self.arrow(row),
        }  # fmt: skip

    def batch(self, table):
        predictions, _ = answered(self.scorer, read_table(table, like=self.scorer.contract), ["1"])
        flags = predictions["flags"][0]
        if UNREADABLE in flags:
            return UNREADABLE
        return float(predictions["prediction"][0]), tuple(filter(None, flags.split("; ")))

    def file(self, row):
        if not all(isinstance(v, str) for v in row.values()):
            return None
        path = self.folder / "row.csv"
        _frame(row, object).to_csv(path, sep=";", index=False)
        return self.batch(path)

    def pyfunc(self, table):
        try:
            return float(self.model.predict(table)[0]), None
        except BadRow:
            return UNREADABLE

    def json(self, row):
        try:
            body = json.dumps({"dataframe_records": [row]})
        except TypeError:
            return None
        return self.sent(body.encode(), "application/json")

    def csv(self, row):
        texts = all(isinstance(v, str) for v in row.values())
        return self.sent(_frame(row, object).to_csv(index=False).encode(), "text/csv") if texts else None

    def arrow(self, row):
        try:
            table = pa.table({name: _arrow(value) for name, value in row.items()})
        except (pa.ArrowInvalid, OverflowError):
            return None
        sink = io.BytesIO()
        with pa.ipc.new_stream(sink, table.schema) as writer:
            writer.write_table(table)
        return self.sent(sink.getvalue(), ARROW)

    def sent(self, body, kind):
        answer = self.client.post("/invocations", content=body, headers={"Content-Type": kind})
        if answer.status_code == 422:
            assert {problem["row"] for problem in answer.json()["problems"]} == {0}
            return UNREADABLE
        assert answer.status_code == 200, answer.text
        return answer.json()["predictions"][0], tuple(answer.json()["flags"][0])


def _arrow(value):
    """As a frame's column becomes one: of a bare moment Arrow may forget the zone."""
    return pa.Array.from_pandas(pd.Series([value])) if isinstance(value, pd.Timestamp) else pa.array([value])


def _frame(row, dtype):
    return pd.DataFrame({name: pd.Series([value], dtype=dtype) for name, value in row.items()})


def texts(row):
    return {name: str(value) for name, value in row.items()}


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.column}={case.value!r:.30}")
def test_every_way_answers_a_value_alike(case, ways):
    row = {**texts(GOOD), case.column: case.value}
    answers = {way: answer for way, answer in ways.all(row).items() if answer is not None}

    if case.outcome == UNREADABLE:
        assert set(answers.values()) == {UNREADABLE}, answers
        return
    assert UNREADABLE not in answers.values(), answers
    assert {flags for _, flags in answers.values() if flags is not None} == {case.outcome}
    predictions = {prediction for prediction, _ in answers.values()}
    if case.same is not ...:
        predictions |= {answer[0] for answer in ways.all({**GOOD, case.column: case.same}).values() if answer}
    assert len(predictions) == 1, answers


@pytest.mark.slow
@pytest.mark.parametrize("rename", [lambda name: f" {name} ", lambda name: f"{name}\n", lambda name: f"\u00a0{name}"])
def test_every_way_normalises_the_names_of_columns(rename, ways):
    plain = ways.all(texts(GOOD))

    assert ways.all({rename(name): value for name, value in texts(GOOD).items()}) == plain
    assert None not in plain.values()


@pytest.mark.slow
def test_an_id_is_the_same_text_on_every_way(ways):
    row = texts(GOOD)
    given = [1000, 1000.0, "1000", "1000.0", "1e3", " 1000"]
    bodies = [{"rows": [{**row, "nr": nr}]} for nr in given]
    csv = _frame({**row, " nr": "1000.0"}, object).to_csv(index=False)

    ids = [ways.client.post("/predict", json=body).json()["predictions"][0]["id"] for body in bodies]
    ids += ways.client.post("/invocations", content=csv, headers={"Content-Type": "text/csv"}).json()["ids"]
    label = ways.client.post("/feedback", json={"labels": [{"id": nr, "label": "yes"} for nr in given]}).json()

    assert set(ids) == {"1000"}
    assert label == {"labels": len(given), "known": 1}  # a row counts once, however often it is told of
    assert ways.log.labels() == {"1000": "yes"}
