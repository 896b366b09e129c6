"""What is kept of the answers to the hold-out: calibration, curves, confusion, worst groups; and another threshold."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.evaluation import Evaluation
from workbench.core.measures import measure
from workbench.errors import BadParameter
from workbench.training.evaluating import BINS, evaluate

LABELS = ("no", "yes")


def binary(truth, probability, table=None):
    truth = pd.Series(np.where(truth, "yes", "no"))
    table = pd.DataFrame(index=truth.index) if table is None else table
    return evaluate("binary", LABELS, measure("roc_auc", "binary", LABELS), table, truth, probability,
                    threshold=0.5)  # fmt: skip


def test_calibrated_probabilities_lie_in_their_intervals_and_others_do_not():
    """All ten intervals hold in about nine of ten tables."""
    rng = np.random.default_rng(0)
    held = 0
    for _ in range(60):
        chance = rng.beta(1, 2, 1_500)
        held += all(b.low <= b.predicted <= b.high for b in binary(rng.random(1_500) < chance, chance).bins)

    chance = rng.beta(1, 2, 1_500)
    off = binary(rng.random(1_500) < chance, chance**2)

    assert 48 <= held <= 60
    assert sum(not b.low <= b.predicted <= b.high for b in off.bins) >= 5
    assert off.calibration_error > 0.08


@settings(max_examples=40)
@given(st.lists(st.tuples(st.booleans(), st.sampled_from([0.0, 0.1, 0.1, 0.5, 0.9]) | st.floats(0, 1)), min_size=1))
def test_bins_hold_each_row_once_and_never_part_equal_predictions(rows):
    truth, chance = map(np.asarray, zip(*rows, strict=True))

    seen = binary(truth, chance)

    assert 1 <= len(seen.bins) <= BINS
    assert sum(b.rows for b in seen.bins) == len(rows) == sum(map(sum, seen.spread.counts))
    assert sum(b.came * b.rows for b in seen.bins) == pytest.approx(truth.sum())
    assert sum(b.predicted * b.rows for b in seen.bins) == pytest.approx(chance.sum())


def test_a_group_that_is_harder_is_found_and_named_first():
    rng = np.random.default_rng(1)
    town = rng.choice(["a", "b", "c", "d"], 3_000)
    truth = rng.random(3_000) < 0.5
    sure = np.where(truth, 0.9, 0.1) + rng.normal(0, 0.02, 3_000)
    table = pd.DataFrame({"noise": rng.random(3_000), "town": town})

    seen = binary(truth, np.where(town == "c", 0.5 + rng.normal(0, 0.1, 3_000), sure), table)

    worst = seen.slices[0]
    assert (worst.column, worst.value, worst.rows) == ("town", "c", int((town == "c").sum()))
    assert worst.loss > 3 * worst.others
    assert worst.score.high < 0.6
    assert {s.column for s in seen.slices} == {"town"}


@pytest.mark.slow
def test_where_no_group_is_harder_none_is_told_in_nine_of_ten_tables():
    rng = np.random.default_rng(2)
    told = 0
    for _ in range(60):
        chance = rng.random(600)
        table = pd.DataFrame({"a": rng.choice(list("xyz"), 600), "b": rng.random(600), "c": rng.integers(0, 9, 600)})
        told += bool(binary(rng.random(600) < chance, chance, table).slices)

    assert told <= 12


def test_a_regression_keeps_points_bins_and_residuals():
    rng = np.random.default_rng(3)
    truth = pd.Series(rng.normal(100, 20, 2_000))
    predicted = truth.to_numpy() + rng.normal(0, 5, 2_000)

    seen = evaluate("regression", (), measure("rmse", "regression"), pd.DataFrame(index=truth.index), truth, predicted)

    assert len(seen.points) == 400
    assert set(seen.points) <= set(zip(predicted, truth, strict=True))
    assert sum(seen.spread.counts[0]) == 2_000
    assert seen.spread.low == pytest.approx(-12.9, abs=1)
    assert seen.thresholds is None


def test_the_confusion_of_many_classes_counts_rare_ones_together():
    rng = np.random.default_rng(4)
    classes = tuple(f"c{k:02}" for k in range(30))
    codes = np.minimum(rng.geometric(0.12, 3_000), 30) - 1
    table, truth = pd.DataFrame(index=range(3_000)), pd.Series(np.asarray(classes)[codes])
    predicted = rng.dirichlet(np.ones(30), 3_000)

    seen = evaluate("multiclass", classes, measure("log_loss", "multiclass", classes), table, truth, predicted)

    assert len(seen.labels) == len(seen.confusion) == 20
    assert seen.labels[-1] == "11 rarer ones"
    assert list(seen.labels[:-1]) == sorted(seen.labels[:-1])
    assert np.sum(seen.confusion) == 3_000
    right = sum(seen.confusion[k][k] for k in range(19))
    assert right == ((codes == predicted.argmax(axis=1)) & np.isin(truth, seen.labels[:-1])).sum()


@pytest.fixture(scope="module")
def trained(people, tmp_path_factory, put_store):
    """A run, and the home that knows it."""
    folder = tmp_path_factory.mktemp("evaluated")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        put_store(folder)
        return wb.train(people, target="buys", candidates=["linear"], threshold="recall >= 0.9"), folder


@pytest.fixture
def run(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[1]))
    return trained[0]


@pytest.fixture(scope="module")
def people():
    rng = np.random.default_rng(5)
    age = rng.integers(18, 90, 900)
    table = pd.DataFrame({"age": age, "town": rng.choice(["a", "b"], 900), "mail": "x@y.org"})
    return table.assign(buys=np.where(rng.random(900) < 1 / (1 + np.exp(-(age - 55) / 9)), "yes", "no"))


def test_a_run_decides_by_the_rule_and_is_the_same_when_it_is_read_back(run):
    read = wb.run(run.id)

    assert run.confusion().recall == pytest.approx(0.9, abs=0.07)
    assert (read.evaluation, read.threshold) == (run.evaluation, run.threshold)
    assert Evaluation.from_dict(json.loads(json.dumps(run.evaluation.to_dict()))) == run.evaluation
    assert run.evaluation.rows == run.split.holdout_rows == run.confusion().rows


def test_another_threshold_is_of_the_same_model_and_of_validated_rows(run):
    other = run.decide("cost 1:1")

    assert replace(other, threshold=run.threshold, asked=run.asked) == run
    assert other.threshold == run.evaluation.validated.chosen("cost 1:1")
    assert other.threshold > run.threshold
    assert run.decide(0.25).threshold == 0.25
    assert other.decide("recall >= 0.9").threshold == run.threshold


def test_a_threshold_that_can_not_be_says_what_to_do(run):
    with pytest.raises(BadParameter, match="Give one such as"):
        run.decide("accuracy")
    with pytest.raises(BadParameter, match="decides between two classes"):
        replace(run, task="regression").decide("f1")
    with pytest.raises(BadParameter, match="older version"):
        replace(run, evaluation=None).decide("f1")


@pytest.mark.slow
def test_a_rule_that_nothing_fulfils_is_told_and_the_best_f1_decides(store, people):
    noise = people.assign(buys=np.random.default_rng(0).permutation(people["buys"]))

    run = wb.train(noise, target="buys", candidates=["baseline", "linear"], threshold="precision >= 0.99")

    (told,) = (f for f in run.findings if f.code == "WB212")
    assert "precision >= 0.99" in told.message
    assert run.threshold == run.decide("f1").threshold
    with pytest.raises(BadParameter, match="No threshold fulfils"):
        run.decide("precision >= 0.99")


@pytest.mark.slow
def test_masked_columns_make_no_slices(store):
    rng = np.random.default_rng(6)
    ward = rng.choice(["secret-1", "secret-2"], 1_200)
    x = rng.normal(size=1_200)
    y = np.where(ward == "secret-1", x > 0, rng.random(1_200) < 0.5)
    data = wb.dataset(pd.DataFrame({"x": x, "ward": ward, "y": y}), target="y")
    masked = replace(data, contract=data.contract.change("ward", sensitive=True))

    open_, hidden = (wb.train(one, candidates=["linear"]).evaluation.slices for one in (data, masked))

    assert "ward" in {s.column for s in open_}
    assert "ward" not in {s.column for s in hidden}
