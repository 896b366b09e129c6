"""What candidates cost when they ship, and another one than the best that is kept."""

import dataclasses

import numpy as np
import pandas as pd
import pytest
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import KNeighborsClassifier

import workbench as wb
from workbench.compiling.pipeline import compile_pipeline
from workbench.core.cost import Cost
from workbench.errors import BadParameter
from workbench.training.costs import operations


@pytest.fixture(scope="module")
def trained(tmp_path_factory, put_store):
    """A file, the data and a run of ours and of somebody's own candidates."""
    folder = tmp_path_factory.mktemp("costs")
    put_store(folder / "home")
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(50, 9, 400), "city": rng.choice(["Ulm", "Bonn", "Köln"], 400)})
    frame["left"] = np.where(rng.random(400) < 1 / (1 + np.exp((50 - frame["age"]) / 5)), "yes", "no")
    frame.to_csv(folder / "left.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder / "home"))
        data = wb.dataset(folder / "left.csv", target="left")
        own = ["baseline", "linear", "lightgbm", GaussianNB(), KNeighborsClassifier()]
        yield folder, data, wb.train(data, candidates=["linear", "lightgbm"]), wb.train(data, candidates=own)


@pytest.fixture
def there(trained, monkeypatch):
    folder, *rest = trained
    monkeypatch.setenv("WORKBENCH_HOME", str(folder / "home"))
    return rest


def test_every_candidate_has_a_cost_and_what_has_no_tables_says_so(there):
    _, _, own = there

    assert {name: cost.compiled for name, cost in own.costs.items()} == {
        "baseline": True, "linear": True, "lightgbm": True, "GaussianNB": False, "KNeighborsClassifier": False,
    }  # fmt: skip
    assert all(cost.size > 0 and cost.one_row > 0 and cost.many_rows > 0 for cost in own.costs.values())
    assert list(own.frame().columns[-3:]) == ["size_bytes", "one_row_ms", "many_rows_us"]


def test_sizes_are_those_of_what_ships(there):
    """Of the model of a fold: as large as the one of all rows, nearly."""
    _, run, _ = there
    shipped = len(compile_pipeline(run.pipeline, run.features, run.task).packed())

    assert run.costs[run.best.name].size == pytest.approx(shipped, rel=0.15)


def test_milliseconds_are_no_part_of_what_a_run_claims(there):
    _, run, _ = there
    slower = dataclasses.replace(run, costs={name: Cost(1, True, 1.0, 9.0, 9.0) for name in run.costs})

    assert slower.checked() == run
    assert wb.run(run.id).costs == run.costs


def test_operations_of_trees_are_the_splits_that_rows_meet(there):
    _, run, _ = there
    compiled = compile_pipeline(run.choose("lightgbm").pipeline, run.features, run.task)
    trees = compiled.model
    depth = np.zeros(len(trees.feature))
    for node in np.flatnonzero(trees.feature >= 0):
        depth[[trees.left[node], trees.right[node]]] = depth[node] + 1
    leaves, roots = trees.feature < 0, trees.cover[trees.roots].max()

    assert operations(trees) == pytest.approx((depth * trees.cover)[leaves].sum() / roots, rel=1e-9)


@pytest.mark.parametrize("given", ["file", "dataset"])
def test_the_chosen_one_is_what_the_training_would_have_made_of_it_alone(there, given):
    data, run, _ = there
    other = run.candidates[1].name
    alone = wb.train(data, candidates=[other])
    chosen = run.choose(other, data=None if given == "file" else data)

    assert (chosen.best.name, chosen.metrics, chosen.split) == (other, alone.metrics, run.split)
    assert (chosen.threshold, chosen.uncertainty) == (alone.threshold, alone.uncertainty)
    assert chosen.pipeline.predict_proba(run.holdout).tolist() == alone.pipeline.predict_proba(run.holdout).tolist()
    assert [c.name for c in chosen.candidates] == [other, run.best.name]
    assert wb.run(chosen.id).checked() == chosen


def test_choosing_is_told_with_all_that_the_hold_out_has_scored_and_replays(there):
    data, run, _ = there
    first, other = (c.name for c in run.candidates)
    back = run.choose(other).choose(first)
    (told,) = (f.message for f in back.findings if f.code == "WB220")

    assert back.chosen == (other, first)
    assert f"The hold-out has scored {other} and {first} by now" in told
    assert (back.metrics, back.best.metrics) == (run.metrics, run.best.metrics)
    assert run.choose(first) is run
    assert wb.replay(back, data).ok


@pytest.mark.parametrize("name", ["GaussianNB", "KNeighborsClassifier"])
def test_somebodys_own_candidate_is_chosen_as_it_was_kept(there, name):
    _, _, own = there
    chosen = own.choose(name)

    assert chosen.best.metrics == next(c.metrics for c in own.candidates if c.name == name)


def test_a_calibrated_one_is_calibrated_when_it_is_chosen_again(there):
    data, _, _ = there
    run = wb.train(data, candidates=["linear", "lightgbm"], calibration="sigmoid")
    back = run.choose(run.candidates[1].name).choose(run.best.name)

    assert (back.metrics, len(back.thirds)) == (run.metrics, len(run.thirds))


def test_what_can_not_be_chosen_says_why(there, tmp_path):
    data, run, _ = there
    with pytest.raises(BadParameter, match="linear"):
        run.choose("linaer")
    with pytest.raises(BadParameter, match="another table"):
        run.choose(run.candidates[1].name, data=data.take(np.arange(400) < 300))
    gone = dataclasses.replace(run, source=str(tmp_path / "gone.csv"))
    with pytest.raises(BadParameter, match="no file here"):
        gone.choose(run.candidates[1].name)
