"""Columns that nearly give the target are suspicious, honest ones are not, and exact ones are leaks."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb

ROWS = 3_000


def rides(seed=0):
    """A total that is fare, tip and tolls but for fees that nobody wrote down."""
    rng = np.random.default_rng(seed)
    fare = np.round(rng.lognormal(2.3, 0.5, ROWS), 2)
    tip = np.round(fare * rng.uniform(0, 0.3, ROWS) * (rng.random(ROWS) < 0.7), 2)
    tolls = np.where(rng.random(ROWS) < 0.07, 5.76, 0)
    fees = rng.choice([0.8, 1.3, 3.3, 7.8], ROWS, p=[0.4, 0.18, 0.4, 0.02])
    frame = pd.DataFrame({"distance": fare / 3 + rng.normal(0, 0.5, ROWS), "fare": fare, "tip": tip, "tolls": tolls})
    return frame.assign(hour=rng.integers(0, 24, ROWS), total=np.round(fare + tip + tolls + fees, 2))


def codes(frame, target):
    return {(f.code, f.column) for f in wb.profile(frame, target=target).findings}


def test_parts_of_a_total_are_suspicious_and_stay_features():
    found = {f.column: f for f in wb.profile(rides(), target="total").findings if f.code == "WB139"}
    assert set(found) == {"fare", "tip", "tolls"}
    assert found["tip"].severity == "warning"
    assert found["tip"].cure == 'data = data.known_after("fare", "tip", "tolls")'


@pytest.mark.slow
def test_training_says_the_score_without_them(store):
    run = wb.train(rides(), target="total", candidates=["linear"], folds=2)
    (told,) = [f for f in run.findings if f.code == "WB206"]
    assert told.severity == "warning"
    assert {"fare", "tip", "tolls"} <= set(run.features)
    *_, with_them, _, without, _ = told.message.replace(",", "").split()
    assert float(with_them) == pytest.approx(run.metrics[0].value, abs=6e-4)
    honest = wb.train(
        wb.dataset(rides(), target="total").known_after("fare", "tip", "tolls"), candidates=["linear"], folds=2
    )
    assert float(without) == pytest.approx(honest.metrics[0].value, abs=6e-4)
    assert float(without) > 1.5 * float(with_them)
    assert "WB206" not in {f.code for f in honest.findings}


def test_exact_parts_are_leaks_and_not_only_suspicious():
    frame = rides()
    frame["total"] = frame["fare"] + frame["tip"]
    assert {("WB120", "fare"), ("WB120", "tip")} <= codes(frame, "total")
    assert not {c for c, _ in codes(frame, "total")} & {"WB139"}


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.floats(0.2, 3.0).filter(lambda w: abs(w - 1) > 0.15))
def test_honest_features_are_not_suspicious(seed, weight):
    """They explain the target as well, and don't add up to it."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(600, 4)), columns=list("abcd"))
    frame["y"] = weight * frame["a"] + 2.5 * frame["b"] + rng.normal(0, 0.05, 600)
    assert "WB139" not in {c for c, _ in codes(frame, "y")}


@pytest.mark.parametrize("rows", [6, 12, 19])
def test_with_few_rows_of_a_class_no_column_is_thrown_out(rows):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(2000, 8)), columns=list("abcdefgh")).assign(y="no")
    frame.loc[frame["a"].nlargest(rows).index, "y"] = "yes"
    told = codes(frame, "y")
    assert ("WB139", "a") in told or rows < 10  # of six rows the halves are three each
    assert "WB120" not in {c for c, _ in told}


@pytest.mark.parametrize(
    ("table", "target"),
    [
        ("housing.csv", "median_house_value"),
        ("adult.csv", "income"),
        ("telco_churn.csv", "Churn"),
        ("elec.csv", "class"),
    ],
)
def test_real_tables_have_nothing_suspicious(shared_table, table, target):
    assert "WB139" not in {c for c, _ in codes(pd.read_csv(shared_table(table)), target)}
