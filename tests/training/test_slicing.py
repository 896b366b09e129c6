"""Slices that somebody chooses: their sizes, scores and p-values, and what is not told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import root_mean_squared_error

import workbench as wb
from workbench.errors import BadParameter, ColumnNotFound
from workbench.training.evaluating import holm


@pytest.fixture(scope="module")
def run(tmp_path_factory, put_store):
    """Of numbers that are noisier in one city."""
    rng = np.random.default_rng(1)
    n = 1500
    frame = pd.DataFrame({
        "size": rng.normal(0, 1, n), "age": rng.integers(18, 90, n), "city": rng.choice(["Ulm", "Bonn"], n),
        "kind": rng.choice(["a", "b", "c"], n, p=[0.69, 0.3, 0.01]),
        "mail": [f"p{k}@example.org" if k % 40 else None for k in range(n)],
    })  # fmt: skip
    frame["price"] = frame["size"] + rng.normal(0, 1, n) * np.where(frame["city"] == "Ulm", 3.0, 0.5)
    with pytest.MonkeyPatch.context() as patch:
        home = tmp_path_factory.mktemp("slices")
        put_store(home)
        patch.setenv("WORKBENCH_HOME", str(home))
        yield wb.run(wb.train(wb.dataset(frame, target="price"), candidates=["linear"]).id)


def test_a_slice_has_its_rows_score_and_difference(run):
    found = {one.value: one for one in run.slices("city").slices}
    ulm = (run.holdout["city"] == "Ulm").to_numpy()
    off = np.abs(run.holdout["price"].to_numpy() - run.held)

    one = found["Ulm"]
    assert (one.rows, one.loss, one.others) == (
        ulm.sum(),
        pytest.approx(off[ulm].mean()),
        pytest.approx(off[~ulm].mean()),
    )
    assert one.score.value == pytest.approx(root_mean_squared_error(run.holdout["price"][ulm], run.held[ulm]))
    assert one.score.low < one.score.value < one.score.high
    assert one.low < one.loss - one.others < one.high
    assert one.p_value == found["Bonn"].p_value < 1e-6
    assert "is worse than the rest" in run.slices("city").headline() or "is better" in run.slices("city").headline()


def test_the_predictions_are_those_that_were_scored(run):
    assert root_mean_squared_error(run.holdout["price"], run.held) == pytest.approx(run.metrics[0].value)


def test_columns_are_crossed_and_few_rows_told_together(run):
    found = run.slices(["kind", "age"], bins={"age": [30, 60]}).slices

    assert {one.column for one in found} == {"kind × age"}
    assert "a, 30 to below 60" in {one.value for one in found}
    assert all(one.rows >= 10 for one in found)
    assert sum(one.rows for one in found) >= len(run.holdout) - 10


def test_each_feature_by_itself_by_default_and_never_one_that_is_masked(run):
    masked = replace(run, contract=run.contract.change("city", sensitive=True))

    assert set(run.slices().by_column) == {"size", "age", "city", "kind"}
    assert "city" not in masked.slices().by_column
    with pytest.raises(BadParameter, match="masked"):
        masked.slices(["age", "city"])


@pytest.mark.parametrize(
    ("given", "bins", "error", "said"),
    [
        ("ctiy", None, ColumnNotFound, "city"),
        ("price", None, ColumnNotFound, "price"),
        ([], None, BadParameter, "no column"),
        ("age", {"age": [60, 30]}, BadParameter, "rise"),
        ("age", {"age": []}, BadParameter, "rise"),
        ("age", {"size": [0]}, BadParameter, "not grouped by"),
        ("city", {"city": [0]}, BadParameter, "no numbers"),
    ],
)
def test_what_can_not_be_sliced_by_is_refused(run, given, bins, error, said):
    with pytest.raises(error, match=said):
        run.slices(given, bins=bins)


def test_a_run_of_an_older_version_says_so(run):
    with pytest.raises(BadParameter, match="older version"):
        replace(run, held=None).slices("city")


def test_a_few_rows_that_are_all_alike_are_no_certainty(run):
    """Ten rows without any spread of their own: Welch's test would be sure of anything."""
    alike = np.where(run.holdout.index < 12, "x", "y")
    held = run.held.copy()
    held[:12] = run.holdout["price"].to_numpy()[:12] - 0.5
    found = replace(run, held=held, holdout=run.holdout.assign(kind=alike)).slices("kind").slices

    assert all(one.p_value > 1e-3 for one in found)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12))
def test_corrected_p_values_keep_their_order_and_the_smallest_is_bonferronis(p_values):
    corrected = holm(np.array(p_values))

    assert corrected.min() == pytest.approx(min(1.0, min(p_values) * len(p_values)))
    assert (np.diff(corrected[np.argsort(p_values)]) >= 0).all()
    assert (corrected >= np.array(p_values)).all()


def test_no_slice_is_sure_where_nothing_differs():
    """Holm's correction keeps the promise for all slices of a call: at most one table in ten, of columns of noise."""
    rng = np.random.default_rng(0)

    def smallest():
        loss, city = rng.exponential(size=300), rng.integers(0, 4, 300)
        return holm(np.array([stats.ttest_ind(loss[city == k], loss[city != k]).pvalue for k in range(4)])).min()

    assert np.mean([smallest() < 0.1 for _ in range(300)]) < 0.13
