"""Training end to end: what is left out, what decides, what is kept, and what is refused."""

import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
import sklearn.metrics as sk

import workbench as wb
from workbench.core.metric import short
from workbench.errors import BadParameter, BadTable, BadTarget, InputError, NotFound
from workbench.storage.tracking import client, experiment_id
from workbench.training import ending, trials


def table(rows=400, seed=0):
    """``useful`` and ``city`` say something about each of the targets; the rest must be left out or is noise."""
    rng = np.random.default_rng(seed)
    useful = rng.normal(size=rows)
    city = rng.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = useful + (city == "Ulm") + rng.normal(0, 0.5, rows)
    return pd.DataFrame(
        {
            "useful": useful,
            "city": city,
            "noise": rng.normal(size=rows),
            "churn": np.where(signal > 0.3, "Yes", "No"),
            "level": np.digitize(signal, [-0.3, 0.9]),
            "amount": 100 + 10 * signal,
        }
    )


def trained(frame, target, candidates=("linear",), roles=None, **keywords):
    data = wb.dataset(frame, target=target, **(roles or {}))
    return wb.train(data, **{"candidates": candidates, "folds": 2, "trials": 1, **keywords})


def predicted(run, frame):
    features = frame[list(run.features)]
    return run.pipeline.predict(features) if run.task == "regression" else run.pipeline.predict_proba(features)


def statuses():
    return [r.info.status for r in client().search_runs([experiment_id()])]


TASKS = {"churn": "binary", "level": "multiclass", "amount": "regression"}


def one_target(target, rows=400, seed=0):
    return table(rows, seed).drop(columns=[t for t in TASKS if t != target])


@pytest.mark.slow
@pytest.mark.parametrize("target", TASKS)
def test_each_task_beats_its_baseline_and_reads_back_with_equal_predictions(store, target):
    frame = one_target(target)
    run = trained(frame, target, ("baseline", "linear", "boosting"))
    assert run.task == TASKS[target]
    assert run.best.name != "baseline"
    assert run.candidates[-1].name == "baseline"
    assert run.metrics[0].low <= run.metrics[0].value <= run.metrics[0].high
    again = wb.run(run.id)
    assert again == run
    np.testing.assert_array_equal(predicted(again, frame), predicted(run, frame))
    pd.testing.assert_frame_equal(again.holdout, run.holdout)
    assert again.profile == run.profile


def test_columns_are_left_out_with_their_reasons(store):
    frame = one_target("churn").assign(
        number=[f"c{i}" for i in range(400)],
        constant=1,
        fate=lambda t: t["churn"].map({"Yes": "left", "No": "stays"}),
        at=pd.date_range("2013-07-04", periods=400, freq="h"),
        mileage=lambda t: np.arange(400) * 1.5,
        later=lambda t: t["noise"] + 1,
        note="x",
        empty=np.nan,
    )
    run = trained(frame, "churn", roles={"time": "at", "known_after": ["later"], "ignore": ["note"]})
    assert run.features == ("useful", "city", "noise")
    assert run.left_out == {
        "number": "identifies the row",
        "constant": "has one value only",
        "fate": "gives the target away",
        "at": "orders the rows",
        "mileage": "follows the clock: its future values are never seen in training",
        "later": "is known only after the moment of prediction",
        "note": "was set aside",
        "empty": "has no value",
    }


def in_time(rows=600, seed=0):
    """An amount that moves slowly with the hours: rows next to each other are alike, later ones are others."""
    rng = np.random.default_rng(seed)
    slow = np.convolve(rng.normal(size=rows + 60), np.ones(60) / 4, "valid")[:rows]
    frame = pd.DataFrame(
        {"at": pd.date_range("2013-07-04", periods=rows, freq="h"), "heat": slow + rng.normal(size=rows)}
    )
    return frame.assign(
        place=np.arange(rows) % 97 + np.sin(np.arange(rows) / 60), amount=3 * slow + rng.normal(size=rows)
    )


def test_rows_in_time_are_found_and_told_beside_what_chance_would_promise(store):
    run = trained(in_time(), "amount")
    assert (run.split.kind, run.split.column, run.split.found) == ("time", "at", True)
    assert run.split.boundary == str(in_time()["at"][480])
    assert run.left_out["at"] == "orders the rows"
    assert run.contract.time == "at"
    told = next(f for f in run.findings if f.code == "WB201")
    honest, naive = (short(metrics[0].value) for metrics in (run.metrics, run.at_random))
    assert f"RMSE {honest} on later rows; drawn at random, {naive} would have been promised" in told.message
    assert told.cure == 'run = wb.train(data, split="random")'
    again = wb.run(run.id)
    assert (again.split, again.at_random) == (run.split, run.at_random)


def test_one_keyword_overrules_what_was_found(store):
    drawn = trained(in_time(), "amount", split="random")
    assert (drawn.split.kind, drawn.split.reason.startswith("Asked for")) == ("random", True)
    assert not drawn.at_random
    assert "WB201" not in {f.code for f in drawn.findings}
    as_they_come = trained(in_time().drop(columns="at"), "amount", split="time")
    assert as_they_come.split.boundary == "row 481"
    with pytest.raises(BadParameter, match="split"):
        trained(in_time(), "amount", split="by hand")


@pytest.mark.slow
def test_patients_who_come_again_do_not_praise_a_model_of_noise(store):
    """Five nearly equal rows a patient, and an illness that nothing tells: with and without a name for the patient."""
    rng = np.random.default_rng(0)
    who = np.repeat(np.arange(150), 5)
    frame = pd.DataFrame(rng.normal(size=(150, 6))[who] + rng.normal(0, 0.01, (750, 6)), columns=list("abcdef"))
    frame["ill"] = rng.choice(["yes", "no"], 150)[who]
    named, unnamed = trained(frame.assign(patient=who), "ill", ("boosting",)), trained(frame, "ill", ("boosting",))
    assert (named.split.kind, named.left_out["patient"]) == ("group", "says which rows belong together")
    assert "nearly" in unnamed.split.reason
    for run in (named, unnamed):
        assert run.metrics[0].low < 0.5 < run.metrics[0].high, run.metrics[0]
    assert named.at_random[0].value > 0.9
    assert "WB205" in {f.code for f in named.findings}


def test_what_nobody_asked_for_refuses_no_table(store):
    """Rows in time whose early part has one class alone are drawn at random, and that is told."""
    frame = one_target("churn").assign(at=pd.date_range("2013-07-04", periods=400, freq="h"))
    frame["churn"] = np.where(np.arange(400) < 250, "No", frame["churn"])
    run = trained(frame, "churn")
    assert run.split.kind == "random"
    assert "too few to be split by it" in run.split.reason


def test_an_interval_in_time_holds_what_stretches_differ_by(store):
    run = trained(in_time(1500), "amount", folds=3)
    first = run.metrics[0]
    assert first.high - first.low > 2 * 1.645 * first.error


@pytest.mark.slow
def test_the_same_data_and_seed_give_the_same_predictions(store):
    frame = one_target("churn")
    one, again = (trained(frame, "churn", ("linear", "boosting")) for _ in range(2))
    np.testing.assert_array_equal(predicted(one, frame), predicted(again, frame))
    assert one.metrics == again.metrics
    assert one.threshold == again.threshold


@pytest.mark.slow
@pytest.mark.parametrize(("target", "metric"), [("churn", "log_loss"), ("level", "accuracy"), ("amount", "mae")])
def test_the_metric_asked_for_comes_first_and_orders_the_board(store, target, metric):
    run = trained(one_target(target), target, ("baseline", "linear"), metric=metric)
    assert run.metrics[0].name == metric
    values = [c.metrics[0].value for c in run.candidates]
    assert all(c.metrics[0].name == metric for c in run.candidates)
    assert values == sorted(values, reverse=metric == "accuracy")


@pytest.mark.slow
def test_mlflow_holds_a_finished_run_with_a_child_for_each_candidate(store):
    run = trained(one_target("churn"), "churn", ("baseline", "linear"))
    parent = client().get_run(run.id)
    assert parent.info.status == "FINISHED"
    assert parent.data.params == {"seed": "0", "model": "linear", "split": "random", "folds": "2"}
    assert parent.data.metrics["roc_auc"] == run.metrics[0].value
    assert parent.data.tags["workbench.fingerprint"] == run.fingerprint
    for candidate in run.candidates:
        child = client().get_run(candidate.run_id)
        assert child.info.status == "FINISHED"
        assert child.data.tags["mlflow.parentRunId"] == run.id
        assert child.data.params["model"] == candidate.name
        assert child.data.metrics["validated_roc_auc"] == candidate.metrics[0].value


def test_the_time_column_orders_the_split(store):
    frame = one_target("churn").assign(at=pd.date_range("2013-07-04", periods=400, freq="h"))
    run = trained(frame.sample(frac=1, random_state=0), "churn", roles={"time": "at"})
    assert (run.split.kind, run.split.holdout_rows, run.split.boundary) == ("time", 80, str(frame["at"][320]))
    assert run.left_out == {"at": "orders the rows"}
    assert run.holdout["at"].min() == frame["at"][320]


@pytest.mark.slow
def test_rows_of_a_group_stay_together(store):
    run = trained(one_target("churn").assign(who=[f"w{i // 10}" for i in range(400)]), "churn", roles={"group": "who"})
    assert run.split.kind == "group"
    assert "who" not in run.features


@pytest.mark.slow
def test_rows_without_a_target_are_not_used_and_told(store):
    frame = one_target("churn")
    frame.loc[::10, "churn"] = None
    run = trained(frame, "churn")
    assert run.split.train_rows + run.split.holdout_rows == 360
    told = [f.message for f in run.findings if f.code == "WB203"]
    assert told == ["40 rows without a target value were not used."]


@pytest.mark.slow
def test_a_boolean_target_with_missing_values_has_boolean_classes(store):
    frame = one_target("churn")
    frame["churn"] = (frame["churn"] == "Yes").astype(object)
    frame.loc[::10, "churn"] = None
    run = trained(frame, "churn", ("linear", "boosting"))
    assert run.classes == (False, True)
    assert all(type(c) is bool for c in wb.run(run.id).classes)


def test_an_integer_target_with_missing_values_has_integer_classes(store):
    frame = one_target("level").astype({"level": "Int64"})
    frame.loc[::10, "level"] = pd.NA
    run = trained(frame, "level")
    assert run.classes == (0, 1, 2)
    assert all(type(c) is int for c in run.classes)


@pytest.mark.slow
def test_numbers_kept_as_text_are_numbers_to_the_model(store):
    frame = one_target("churn")
    frame["useful"] = frame["useful"].round(3).astype(str)
    frame.loc[::50, "useful"] = " "
    run = trained(frame, "churn", ("linear", "boosting"))
    assert run.contract["useful"].kind == "number"
    assert run.metrics[0].value > 0.8


@pytest.mark.slow
def test_the_threshold_is_a_probability_and_only_of_two_classes(store):
    assert 0 < trained(one_target("churn"), "churn").threshold < 1
    assert trained(one_target("amount"), "amount").threshold is None


def test_a_model_that_knows_nothing_says_so(store):
    frame = one_target("churn")[["noise", "churn"]]
    frame["churn"] = np.resize(["No", "Yes", "Yes", "No"], 400)
    run = trained(frame, "churn", ("baseline", "linear"), metric="log_loss")
    assert run.best.name == "baseline"
    assert "WB202" in [f.code for f in run.findings]


def test_one_class_that_is_left_without_missing_targets_is_an_error(store):
    frame = one_target("churn")
    frame["churn"] = np.where(frame["churn"] == "Yes", "Yes", None)
    with pytest.raises(InputError, match="churn"):
        trained(frame, "churn")


def test_too_few_rows_are_an_error(store):
    with pytest.raises(BadTable, match=r"20 rows with a target\. Give at least 40"):
        trained(one_target("churn", 20), "churn")


def test_the_rare_one_of_two_classes_is_refused_by_name(store):
    frame = one_target("churn")
    frame["churn"] = np.where(np.arange(400) < 3, "Maybe", "No")
    with pytest.raises(BadTarget, match="'Maybe' of 'churn' has 3 rows, validation needs 4"):
        trained(frame, "churn")


def test_no_feature_left_is_an_error_with_the_reasons(store):
    frame = one_target("churn")[["churn"]].assign(constant=1)
    with pytest.raises(BadTable, match="No feature is left: constant has one value only"):
        trained(frame, "churn")


@pytest.mark.slow
def test_an_infinite_number_is_an_error_that_names_the_column_and_the_cure(store):
    frame = pd.DataFrame({"x": np.arange(100.0) % 7, "y": ["a", "b"] * 50})
    frame.loc[3, "x"] = np.inf
    data = wb.dataset(frame, target="y")
    with pytest.raises(BadTable, match="'x' has infinite numbers") as told:
        wb.train(data, candidates=("baseline",))
    names = {"wb": wb, "data": data}
    exec(str(told.value).partition("missing: ")[2], names)
    assert wb.train(names["data"], candidates=("baseline",)).best.name == "baseline"


def test_a_dataset_without_a_target_is_an_error(store):
    with pytest.raises(InputError, match="target"):
        wb.train(wb.dataset(table()))


@pytest.mark.parametrize(
    ("keywords", "named"),
    [
        ({"candidates": ["boosting", "majic"]}, "majic"),
        ({"candidates": []}, "candidates"),
        ({"candidates": "boosting"}, "candidates"),
        ({"metric": "rmse"}, "rmse"),
        ({"folds": 1}, "folds"),
        ({"trials": 0}, "trials"),
        ({"seed": -1}, "seed"),
    ],
)
def test_a_parameter_that_makes_no_sense_is_named_and_leaves_no_run(store, keywords, named):
    with pytest.raises(BadParameter, match=named):
        trained(one_target("churn"), "churn", **keywords)
    assert statuses() == []


def test_classes_that_come_one_after_the_other_in_time_are_an_error_that_says_so(store):
    frame = one_target("churn").sort_values("churn").assign(at=pd.date_range("2013-07-04", periods=400, freq="h"))
    with pytest.raises(BadTarget, match="at"):
        trained(frame, "churn", roles={"time": "at"})
    assert "RUNNING" not in statuses()


CANDIDATES = ("baseline", "linear", "boosting")
FITS = 2 * 3 + 2  # two folds of three candidates, the rows outside the hold-out, and all


@pytest.mark.slow
@pytest.mark.parametrize("at", range(FITS))
def test_a_training_stopped_at_any_fit_is_a_run_that_can_be_used(store, monkeypatch, at):
    stop_at_fit(monkeypatch, at, KeyboardInterrupt)
    frame = one_target("churn")
    run = trained(frame, "churn", CANDIDATES)

    again = wb.run(run.id)
    np.testing.assert_array_equal(predicted(again, frame), predicted(run, frame))
    assert client().get_run(run.id).info.status == "FINISHED"
    (told,) = [f for f in run.findings if f.code == "WB207"]
    untried = 3 - at // 2 if at < 6 else 0
    assert (f"{untried} setting" in told.message) == bool(untried)
    assert f" of {len(frame)} rows" in told.message
    # The score is of this very model, on rows that it has not seen.
    score = sk.roc_auc_score(run.holdout["churn"] == "Yes", predicted(run, run.holdout)[:, 1])
    assert run.metrics[0].value == pytest.approx(score)


def test_who_stops_the_first_trial_gets_the_baseline(store, monkeypatch):
    stop_at_fit(monkeypatch, 0, KeyboardInterrupt)
    run = trained(one_target("amount"), "amount", ("boosting",))
    assert [c.name for c in run.candidates] == ["baseline"]
    assert "WB207" in {f.code for f in run.findings}


def test_a_training_to_its_end_says_nothing_of_a_stop(store):
    assert "WB207" not in {f.code for f in trained(one_target("churn"), "churn").findings}


STOPPED = """
import os, signal, sys, threading, time
import pandas as pd, workbench as wb
from workbench.training import search
signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell in the background has its children ignore it
after, at = float(sys.argv[2]), search.validated
def started(*given):
    if not hasattr(search, "began"):
        search.began = True
        threading.Timer(after, lambda: (setattr(search, "stopped", time.monotonic()), os.kill(os.getpid(), 2))).start()
    return at(*given)
search.validated = started
run = wb.train(sys.argv[1], target="churn", candidates=["baseline", "linear", "boosting"], trials=40)
print("seconds", time.monotonic() - search.stopped)
print("of", len(run.pipeline.predict(run.holdout[list(run.features)])), [f.code for f in run.findings])
"""


@pytest.mark.slow
@pytest.mark.parametrize("after", [0.0, 0.03, 0.4, 1.5])
def test_ctrl_c_gives_a_run_within_moments(store, tmp_path, after):
    table(4000).drop(columns=["level", "amount"]).to_csv(tmp_path / "t.csv", index=False)
    command = [sys.executable, "-c", STOPPED, str(tmp_path / "t.csv"), str(after)]
    told = subprocess.run(command, check=True, capture_output=True, text=True, timeout=120).stdout.split()
    assert "WB207" in " ".join(told)
    assert int(told[told.index("of") + 1]) == 800


def test_a_failure_inside_leaves_no_run_running(store, monkeypatch):
    stop_at_fit(monkeypatch, 3, MemoryError)
    with pytest.raises(MemoryError):
        trained(one_target("churn"), "churn", ("baseline", "linear"))
    assert statuses() == ["FAILED"]


def test_a_run_that_is_not_there_is_not_found(store):
    with pytest.raises(NotFound, match="no-such-run"):
        wb.run("no-such-run")


def stop_at_fit(monkeypatch, at, error):
    """Raise when a pipeline is to be fitted for the time ``at``, counted from 0, and never again."""
    fitted, times = trials.fitted, iter(range(10_000))

    def stopping(*given):
        if next(times) == at:
            raise error
        return fitted(*given)

    for module in (trials, ending):
        monkeypatch.setattr(module, "fitted", stopping)


@pytest.mark.slow
def test_candidates_that_score_as_well_are_named_and_the_simplest_is_proposed(store):
    """A straight line has nothing for trees to find; a step has nothing for a line."""
    rng = np.random.default_rng(0)
    x = rng.normal(size=(900, 2))
    line = pd.DataFrame(x, columns=["a", "b"]).assign(y=x[:, 0] + rng.normal(0, 2.0, 900))
    step = line.assign(y=np.where(abs(x[:, 0]) > 1, 3.0, 0.0) + rng.normal(0, 0.3, 900))
    candidates = ["linear", "forest", "boosting"]

    equal, apart = (wb.train(t, target="y", candidates=candidates) for t in (line, step))

    told = [f for run in (equal, apart) for f in run.findings if f.code == "WB204"]
    assert not any(c.tied for c in apart.candidates if c.name == "linear")
    assert all('"linear"' not in f.cure for f in apart.findings)
    assert equal.best.name == "linear" or any('"linear"' in f.cure for f in told)
    for run in (equal, apart):
        ties = {c.name for c in run.candidates if c.tied}
        simplest = min((run.best.name, *ties), key=["linear", "boosting", "forest"].index)
        assert ("WB204" in {f.code for f in run.findings}) == (simplest != run.best.name)
