"""Losses: what predictions are fitted by, what is told of them, and the whole life with each."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.compiling.pipeline import compile_pipeline
from workbench.core.loss import Loss
from workbench.core.parameters import LOSSES, TrainStep, checked_value
from workbench.display.run import body
from workbench.errors import BadParameter, BadTarget
from workbench.training.candidates import MODELS
from workbench.training.losses import TOLD, loss_of, told_loss, without_lines

ALL = ("baseline", "linear", "lightgbm", "boosting")
FEW = {"folds": 2, "trials": 1}


def counted(rows=500, seed=0):
    """Visits that ``x`` and ``city`` say something of; some of ``x`` is missing."""
    rng = np.random.default_rng(seed)
    x, city = rng.normal(size=rows), rng.choice(["Ulm", "Bonn", "Köln"], rows)
    mean = np.exp(0.6 * x + (city == "Ulm"))
    frame = pd.DataFrame({"x": np.where(rng.random(rows) < 0.05, np.nan, x), "city": city})
    return frame.assign(visits=rng.poisson(mean), amount=mean * rng.lognormal(0, 0.5, rows))


def visits(rows=500, seed=0):
    return counted(rows, seed)[["x", "city", "visits"]]


def amounts(rows=500, seed=0):
    return counted(rows, seed)[["x", "city", "amount"]]


@pytest.fixture(scope="module")
def place(tmp_path_factory, put_store):
    """Where the runs are kept."""
    return str(put_store(tmp_path_factory.mktemp("losses") / "home"))


@pytest.fixture(scope="module")
def runs(place):
    """One run a loss; that of the counts asks for none."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", place)
        patch.setenv("WORKBENCH_THREADS", "1")
        yield {
            "auto": wb.train(visits(), target="visits", candidates=ALL[:3], **FEW),
            **{
                loss: wb.train(amounts(), target="amount", candidates=["linear"], loss=loss, **FEW)
                for loss in ("absolute", "quantile 0.8")
            },
        }


@pytest.mark.slow
def test_counts_are_learnt_as_counts_with_nothing_set(runs):
    run = runs["auto"]

    assert (run.task, run.loss, run.metrics[0].name) == ("regression", "poisson", "rmse")
    assert "poisson_deviance" in [m.name for m in run.metrics]
    assert [f.cure for f in run.findings if f.code == "WB225"] == ['run = wb.train(data, loss="squared")']
    assert run.best.name != "baseline"


@pytest.mark.slow
def test_no_count_and_no_interval_of_one_is_below_zero(runs):
    run = runs["auto"]
    far = pd.DataFrame({"x": [-40.0, -3.0, 0.0, np.nan], "city": ["Bonn", "Ulm", "Paris", "Köln"]})
    answers = run.pipeline.predict(far)

    assert (answers >= 0).all()
    assert all(0 <= run.uncertainty.interval(float(p))[0] <= float(p) for p in answers)
    assert (run.uncertainty.intervals(answers)[0] >= 0).all()
    assert type(run.uncertainty).from_dict(run.uncertainty.to_dict()) == run.uncertainty


@pytest.mark.slow
@pytest.mark.parametrize(("loss", "share"), [("absolute", 0.5), ("quantile 0.8", 0.8)])
def test_the_share_that_was_asked_for_lies_below_and_the_run_says_so(runs, loss, share):
    run = runs[loss]
    assert run.evaluation is not None
    below, low, high = run.evaluation.below

    assert low <= share <= high
    assert low < below < high
    assert "WB227" not in [f.code for f in run.findings]
    assert f"{share:.0%} of rows should lie at or below their prediction" in body(run)
    assert run.metrics[0].name == Loss.of(loss).metrics[0]


@pytest.mark.slow
def test_runs_of_losses_are_read_back_and_replayed_bit_for_bit(runs, place, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", place)
    assert all(wb.run(run.id) == run for run in runs.values())
    assert wb.replay(runs["quantile 0.8"], wb.dataset(amounts(), target="amount")).ok


@pytest.mark.slow
@pytest.mark.parametrize(
    ("name", "loss"),
    [(n, x) for n in TOLD for x in ("poisson", "absolute", "quantile 0.8") if x.split()[0] in TOLD[n]],
)
def test_every_candidate_of_every_loss_compiles_to_tables(runs, name, loss):
    """Without a link to the last bit, with the exponential to some units in the last place."""
    run, frame = runs["auto"], visits()
    columns = {"categories": ["city"], "numbers": ["x"], "dates": []}
    pipeline = MODELS[name].make(columns, False, told_loss(name, Loss.of(loss)), 0)
    pipeline.fit(frame[["x", "city"]], frame["visits"])
    tables = compile_pipeline(pipeline, ("x", "city"), "regression", background=run.holdout[["x", "city"]])
    here, there = pipeline.predict(frame[["city", "x"]]), tables.predict(frame[["x", "city"]])

    np.testing.assert_array_max_ulp(np.asarray(here, dtype=float), there, maxulp=64)
    values, base = tables.explain(frame[["x", "city"]])
    assert base + values.sum(axis=1) == pytest.approx(there, rel=1e-9)


@pytest.mark.slow
def test_a_bundle_of_counts_answers_and_is_explained_in_counts(runs, place, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", place)
    bundle = wb.package(runs["auto"], name="visits")
    answers = wb.score("visits", visits(200, seed=1).drop(columns="visits"), window="1")
    truth = pd.DataFrame({"id": answers["id"], "visits": visits(200, seed=1)["visits"]})

    assert bundle.lineage["loss"] == "poisson"
    assert (answers[["prediction", "low", "high"]] >= 0).all(axis=None)
    assert wb.feedback("visits", truth) == 200
    assert wb.monitor("visits").windows[0].status == "ok"
    explained = wb.explain(runs["auto"], rows=50)
    assert explained.unit == "units of visits"
    assert explained.additivity_error < 1e-9


@pytest.mark.parametrize("loss", [*LOSSES, "quantile .5", "quantile 0.001"])
def test_losses_are_taken_by_their_names(loss):
    assert checked_value(TrainStep, "loss", loss) == loss


@pytest.mark.parametrize("loss", ["", "mse", "quantile", "quantile 0", "quantile 1", "quantile 0.0", "quantile 90%",
                                  "poisson 0.5", "squared\n", "quantile 1.5", "quantile -0.5"])  # fmt: skip
def test_other_losses_are_refused_with_those_that_there_are(loss):
    with pytest.raises(BadParameter, match=r"quantile such as quantile 0\.9"):
        checked_value(TrainStep, "loss", loss)


NUMBERS, COUNTS = pd.Series(np.linspace(-1, 1, 50), name="y"), pd.Series([0, 1, 2, 1, 0] * 10, name="visits")


@pytest.mark.parametrize(("asked", "task", "target", "error", "told"), [
    ({"loss": "poisson"}, "regression", NUMBERS, BadTarget, r"'y' lies between -1\.0 and 1\.0"),
    ({"loss": "poisson"}, "regression", COUNTS * 0, BadTarget, "not all 0"),
    ({"loss": "absolute"}, "multiclass", COUNTS, BadParameter, "'visits' has classes"),
    ({"loss": "absolute", "ensemble": "stack"}, "regression", pd.Series(np.arange(30_001.0)), BadParameter, "blend"),
    ({"loss": "quantile 0.9", "candidates": ("forest",)}, "regression", COUNTS, BadParameter, "forest can't be fitted"),
])  # fmt: skip
def test_a_loss_that_does_not_fit_is_refused_with_what_to_do(asked, task, target, error, told):
    with pytest.raises(error, match=told):
        loss_of(TrainStep(**asked), task, target)


@pytest.mark.parametrize(("target", "found"), [
    (COUNTS, "poisson"),
    (COUNTS.astype(float), "poisson"),
    (COUNTS - 1, "squared"),
    (COUNTS + 0.5, "squared"),
    (COUNTS * 1000, "squared"),
    (COUNTS.rename("y"), "squared"),
    (pd.Series(np.repeat(np.arange(6), [50, 40, 20, 9, 3, 1]), name="y"), "poisson"),
    (NUMBERS, "squared"),
])  # fmt: skip
def test_what_is_a_count_follows_from_its_name_and_its_values(target, found):
    assert loss_of(TrainStep(), "regression", target) == Loss.of(found)


def test_lines_through_quantiles_are_tried_of_few_rows_or_alone():
    assert without_lines(ALL, Loss.of("quantile 0.9"), 10_000) == ()
    assert without_lines(ALL, Loss.of("quantile 0.9"), 10_001) == ("linear",)
    assert without_lines(("baseline", "linear"), Loss.of("absolute"), 10_001) == ()
    assert without_lines(ALL, Loss.of("poisson"), 10_001) == without_lines(ALL, None, 10_001) == ()
