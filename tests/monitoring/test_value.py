"""What mistakes cost, window by window."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.report import MonitorReport
from workbench.core.thresholds import costs_of
from workbench.core.value import DECISIONS, Value
from workbench.errors import BadParameter, ColumnNotFound


def test_the_mean_cost_of_rows_lies_in_its_interval():
    draw = np.random.default_rng(0)
    said = draw.random(900)
    came = draw.random(900) < said

    found = Value({"false_alarm": 1.0, "missed": 10.0}, threshold=0.1).of(said, came)

    assert found.low < found.value < found.high
    assert found.value == pytest.approx(((said >= 0.1) & ~came).mean() + 10 * ((said < 0.1) & came).mean())
    assert costs_of("recall >= 0.9") is None


@pytest.mark.slow
def test_a_row_that_costs_more_than_in_training_is_told(home, customers, tmp_path):
    """Estimated before labels come, measured afterwards."""
    data = wb.dataset(customers(1500, 1), target="stays", id="customer")
    run = wb.train(data, candidates=("linear",), folds=2, threshold="cost 1:10")
    wb.package(run, name="dear")
    for label, batch in (("w1", customers(1200, 5)), ("w2", customers(1200, 6, flip=True))):
        wb.score("dear", batch, window=label)
    (guessed,) = [one for one in wb.monitor("dear").windows[0].estimates if one.name == "cost"]
    for batch in (customers(1200, 5), customers(1200, 6, flip=True)):
        wb.feedback("dear", batch)

    report = wb.monitor("dear")

    first, second = report.windows
    assert guessed.low < first.value.value < guessed.high
    assert [one.kind for one in first.signals if one.kind == "value"] == []
    (signal,) = [one for one in second.signals if one.kind == "value"]
    assert (signal.level, signal.direction) == ("alarm", "up")
    assert second.value.value > 2 * second.value_reference.value
    assert MonitorReport.load(report.save(tmp_path / "report.json")) == report
    assert "Cost of a row" in report._repr_mimebundle_()["text/html"]


PRICES = st.dictionaries(st.sampled_from(DECISIONS), st.floats(-100, 100), min_size=1)
ROWS = st.lists(st.tuples(st.floats(0, 1), st.booleans(), st.floats(0, 1000)), min_size=1, max_size=30)


@given(PRICES, ROWS, st.floats(0.01, 0.99))
def test_each_row_costs_what_its_outcome_costs_times_its_money(prices, rows, threshold):
    value = Value(prices, dict.fromkeys(list(prices)[:1], "amount"), threshold)
    said, came, money = (np.array(column) for column in zip(*rows, strict=True))

    costs = value.costs(said, came, {"amount": money})

    names = {(True, False): "false_alarm", (False, True): "missed", (True, True): "hit", (False, False): "quiet"}
    for cost, (p, truth, amount) in zip(costs, rows, strict=True):
        name = names[p >= threshold, truth]
        assert cost == pytest.approx(prices.get(name, 0.0) * (amount if name in value.columns else 1.0))


def test_a_number_costs_by_how_far_and_on_which_side_it_is_off():
    value = Value({"above": 1.0, "below": 2.0}, {"below": "price"})

    costs = value.costs(np.array([5.0, 3.0, 4.0]), np.array([4.0, 5.0, 4.0]), {"price": np.array([9.0, 10.0, np.nan])})

    assert costs.tolist() == [1.0, 40.0, 0.0]


def test_values_of_older_bundles_are_read():
    old = {"noun": "value", "format_version": 1, "alarm": 1.0, "missed": 10.0, "threshold": 0.1, "mean": 0.5,
           "error": 0.01, "rows": 300}  # fmt: skip

    found = Value.parse(old)

    assert (found.prices, found.plain) == ({"false_alarm": 1.0, "missed": 10.0}, True)
    assert Value.parse(found.document()) == found


@pytest.fixture(scope="module")
def orders():
    """Orders with an amount: fraud is likelier where ``risk`` is high."""

    def make(rows, seed, dearer=1.0):
        draw = np.random.default_rng(seed)
        risk, amount = draw.normal(0, 1, rows), draw.gamma(2, 50 * dearer, rows).round(2)
        fraud = risk + draw.normal(0, 0.8, rows) > 1
        return pd.DataFrame({"order": [f"o{seed}-{i}" for i in range(rows)], "risk": risk.round(4),
                             "noise": draw.normal(0, 1, rows).round(4), "amount": amount,
                             "fraud": np.where(fraud, "yes", "no")})  # fmt: skip

    return make


@pytest.mark.slow
def test_a_column_of_money_is_followed_from_window_to_window(home, orders):
    """The model answers as before, but what it misses is dearer: no score sees that."""
    data = wb.dataset(orders(2000, 1), target="fraud", id="order")
    run = wb.train(data, candidates=("linear",), folds=2)
    bundle = wb.package(run, name="orders", costs={"false_alarm": 25, "missed": "amount", "hit": -2})
    for label, batch in (("w1", orders(1500, 5)), ("w2", orders(1500, 6, dearer=3.0))):
        wb.score("orders", batch, window=label)
        wb.feedback("orders", batch)

    first, second = wb.monitor("orders").windows

    assert "- missed: the column `amount`" in (bundle.path / "card.md").read_text(encoding="utf-8")
    assert [one for one in first.signals if one.kind == "value"] == []
    off, error = (
        first.value.value - first.value_reference.value,
        np.hypot(first.value.error, first.value_reference.error),
    )
    assert abs(off) < 3 * error
    (signal,) = [one for one in second.signals if one.kind == "value"]
    assert signal.level == "alarm"
    assert second.value.value > 2 * second.value_reference.value
    assert not [one for one in second.signals if one.kind == "score" and one.level != "small"]


@pytest.mark.parametrize(
    ("costs", "error"),
    [
        ({"missed": "nowhere"}, ColumnNotFound),
        ({"missed": "fraud"}, ColumnNotFound),
        ({"missed": "order"}, BadParameter),
        ({"above": 1}, BadParameter),
        ({"missed": float("nan")}, BadParameter),
        ({"missed": True}, BadParameter),
        ({}, BadParameter),
        (3, BadParameter),
    ],
)
@pytest.mark.slow
def test_costs_that_are_none_are_refused_with_what_was_expected(home, orders, small_run, costs, error):
    with pytest.raises(error):
        wb.package(small_run, name="orders", costs=costs)


@pytest.fixture(scope="module")
def small_run(orders, tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("orders"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        data = wb.dataset(orders(300, 1), target="fraud", id="order")
        yield wb.train(data, candidates=("linear",), folds=2)
