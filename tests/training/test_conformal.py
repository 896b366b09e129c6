"""What predictions leave open holds as often as it says, whatever the model."""

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.uncertainty import Uncertainty
from workbench.scoring.runtime import Scorer
from workbench.training.conformal import uncertainty

LABELS = ("a", "b", "c")


def of_numbers(rng, rows, level=0.9):
    """Predictions that are off, by more where they are large."""
    truth = rng.lognormal(1, 0.6, rows)
    predicted = 0.9 * truth + rng.normal(0, 0.1, rows) * truth
    return pd.Series(truth), predicted


@pytest.mark.parametrize("level", [0.5, 0.8, 0.9])
@pytest.mark.parametrize("rows", [60, 900, 6_000])
def test_intervals_hold_new_rows_as_often_as_they_say(level, rows):
    rng = np.random.default_rng(rows)

    shares = [
        uncertainty("regression", (), of_numbers(rng, rows), of_numbers(rng, 400), level).held[0] for _ in range(60)
    ]

    assert np.mean(shares) == pytest.approx(level, abs=0.03 + 2 / rows)


def test_large_predictions_have_wide_intervals():
    rng = np.random.default_rng(0)

    found = uncertainty("regression", (), of_numbers(rng, 6_000), of_numbers(rng, 100))

    widths = [high - low for low, high in (found.interval(p) for p in (1.5, 8.0))]
    assert widths[1] > 3 * widths[0]
    assert len(found.edges) == 9


@pytest.mark.parametrize("classes", [LABELS, LABELS[:2]])
def test_sets_hold_new_rows_as_often_as_they_say(classes):
    rng = np.random.default_rng(1)

    def rows(n):
        chance = rng.dirichlet(np.ones(len(classes)), n)
        codes = (chance.cumsum(axis=1) > rng.random((n, 1))).argmax(axis=1)
        said = np.sqrt(chance) / np.sqrt(chance).sum(axis=1, keepdims=True)
        return pd.Series(np.asarray(classes)[codes]), said if len(classes) > 2 else said[:, 1]

    task = "multiclass" if len(classes) > 2 else "binary"
    shares = [uncertainty(task, classes, rows(500), rows(400)).held[0] for _ in range(40)]

    assert np.mean(shares) == pytest.approx(0.9, abs=0.02)


@given(st.integers(1, 18))
def test_few_rows_promise_nothing(rows):
    few = (pd.Series(np.arange(rows, dtype=float)), np.zeros(rows))

    assert uncertainty("regression", (), few, few) is None


@settings(max_examples=40)
@given(st.lists(st.floats(-1e6, 1e6), min_size=1, max_size=40), st.integers(0, 3))
def test_many_rows_get_what_each_alone_gets(predictions, parts):
    edges = tuple(sorted({-10.0, 0.0, 10.0}))[:parts]
    said = Uncertainty(0.9, 100, edges, tuple(-1.0 - k for k in range(parts + 1)), tuple(map(float, range(parts + 1))))

    low, high = said.intervals(np.asarray(predictions))

    assert list(zip(low.tolist(), high.tolist(), strict=True)) == [said.interval(p) for p in predictions]


@settings(max_examples=40)
@given(st.lists(st.tuples(*[st.floats(0.01, 1)] * 3), min_size=1), st.floats(0.01, 1))
def test_sets_of_many_rows_are_those_of_each_and_never_empty(rows, least):
    said = Uncertainty(0.9, 100, least=least)
    each = np.asarray(rows) / np.sum(rows, axis=1, keepdims=True)

    masks = said.masks(each)

    assert [np.flatnonzero(m).tolist() for m in masks] == [said.members(row) for row in each.tolist()]
    assert masks[np.arange(len(each)), each.argmax(axis=1)].all()


def test_what_was_written_is_read_and_what_does_not_fit_is_refused():
    said = Uncertainty(0.9, 100, (1.0,), (-1.0, -2.0), (1.0, 2.0), None, (0.9, 0.85, 0.94))
    written = json.loads(json.dumps(said.document()))

    assert Uncertainty.parse(written) == said
    with pytest.raises(ValueError, match="1 edges need one low and high more, got 1 and 2"):
        Uncertainty.parse({**written, "low": [-1.0]})


@pytest.fixture
def houses():
    rng = np.random.default_rng(2)
    size = rng.uniform(20, 200, 700)
    price = 3 * size + rng.normal(0, 0.2 * size)
    return pd.DataFrame({"size": size, "town": rng.choice(["a", "b"], 700), "price": price})


@pytest.mark.slow
def test_intervals_ship_and_are_answered_by_service_and_batch(store, houses):
    run = wb.train(houses, target="price", candidates=["linear"])

    bundle = wb.package(run, name="houses")

    rows = houses.head(5).drop(columns="price")
    service = Scorer(bundle.path).predict(rows.to_dict("records"))
    batch = wb.score("houses", houses.head(5), window="w")
    assert bundle.uncertainty == run.uncertainty == wb.run(run.id).uncertainty
    assert [(a["low"], a["high"]) for a in service] == [bundle.uncertainty.interval(a["prediction"]) for a in service]
    assert batch["low"].tolist() == pytest.approx([a["low"] for a in service])
    assert batch["high"].tolist() == pytest.approx([a["high"] for a in service])
    assert (run.uncertainty.held[1], run.uncertainty.held[2]) != (0.0, 1.0)


@pytest.mark.slow
def test_sets_ship_too(store, houses):
    run = wb.train(houses.assign(dear=np.where(houses["price"] > 300, "yes", "no")).drop(columns="price"),
                   target="dear", candidates=["linear"])  # fmt: skip

    bundle = wb.package(run, name="dear")

    answers = Scorer(bundle.path).predict(houses.head(40).drop(columns="price").to_dict("records"))
    batch = wb.score("dear", houses.head(40), window="w")
    assert all(a["answer"] in a["set"] or len(a["set"]) < 2 for a in answers)
    assert {len(a["set"]) for a in answers} <= {1, 2}
    assert batch["set"].tolist() == ["; ".join(a["set"]) for a in answers]


@pytest.mark.slow
def test_rows_that_come_otherwise_later_are_told(store):
    rng = np.random.default_rng(3)
    day = pd.date_range("2024-01-01", periods=1_000)
    x = rng.normal(size=1_000)
    noise = rng.normal(0, np.where(np.arange(1_000) < 800, 0.1, 3.0))

    run = wb.train(pd.DataFrame({"day": day, "x": x, "y": x + noise}), target="y", time="day", candidates=["linear"])

    (told,) = (f for f in run.findings if f.code == "WB213")
    assert "where they should hold 90%" in told.message
    assert run.uncertainty.held[2] < 0.9
