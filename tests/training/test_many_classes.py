"""Many classes, and rare ones: nothing is refused that can be learnt, and what is left out is told."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.evaluation import Evaluation, Mistaken
from workbench.core.measures import OURS
from workbench.display.run import body
from workbench.training.evaluating import evaluate
from workbench.training.growing import MOST_TREES
from workbench.training.many_classes import MANY, most_rounds, told_many


def plants(classes=30, rows=40, **rare):
    """So many plants with so many rows each, told by two numbers; and others with a few rows."""
    kinds = np.repeat([f"plant {k:02d}" for k in range(classes)], rows)
    kinds = np.concatenate([kinds, *(np.repeat(name, n) for name, n in rare.items())])
    codes, rng = np.unique(kinds, return_inverse=True)[1], np.random.default_rng(0)
    frame = pd.DataFrame({"long": codes % 6 + rng.normal(0, 0.1, len(codes)), "wide": codes // 6 * 1.0, "kind": kinds})
    return frame.sample(frac=1, random_state=0, ignore_index=True)


@pytest.fixture(scope="module")
def place(tmp_path_factory, put_store):
    """Where the run is kept."""
    return str(put_store(tmp_path_factory.mktemp("plants") / "home"))


@pytest.fixture(scope="module")
def run(place):
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", place)
        patch.setenv("WORKBENCH_THREADS", "1")
        yield wb.train(plants(unicorn=3, gryphon=1), target="kind", candidates=["lightgbm"], folds=2)


@pytest.mark.slow
def test_rows_of_rare_classes_are_left_out_and_told_by_name_and_number(run):
    (told,) = [f for f in run.findings if f.code == "WB226"]

    assert len(run.classes) == 30
    assert "unicorn" not in run.classes
    assert "2 classes of fewer than 4 rows, too few to validate: 'unicorn' (3), 'gryphon' (1)" in told.message
    assert told.evidence == {"classes": {"'unicorn'": 3, "'gryphon'": 1}, "rows": 4}
    assert not [f for f in run.findings if f.code == "WB203"]  # nobody says that they had no target
    assert run.split.train_rows + run.split.holdout_rows == 1200


@pytest.mark.slow
def test_two_classes_that_are_left_are_a_task_of_two_classes(store):
    data = wb.dataset(plants(2, 100, unicorn=3), target="kind")
    run = wb.train(data, candidates=["baseline"], folds=2)

    assert (data.contract.task, run.task, run.classes) == ("multiclass", "binary", ("plant 00", "plant 01"))
    assert run.threshold is not None
    assert [f.message.endswith("tells the other two apart.") for f in run.findings if f.code == "WB226"] == [True]


@pytest.mark.slow
def test_many_classes_are_learnt_with_small_trees_and_each_setting_is_tried_once(run):
    settings = run.best.parameters

    assert (settings["num_leaves"], settings["n_estimators"] <= most_rounds(30, MOST_TREES)) == (7, True)
    assert len({repr(one.settings) for one in run.trials}) == len(run.trials)
    assert run.metrics[0].value < 1.0 < np.log(30)


@pytest.mark.slow
def test_the_page_of_many_classes_is_short(run):
    page = body(run)

    assert "plant 19 and 10 more" in page
    assert "11 rarer ones" in page
    assert len(run.evaluation.labels) == 20


@pytest.mark.slow
def test_classes_that_are_taken_for_one_another_are_named(run):
    """Only where there are too many for the matrix to show; a pair that was mixed up once may be chance."""
    twins = plants(30).replace({"kind": {"plant 29": "plant 28b"}})
    truth = np.repeat(twins["kind"].sort_values().unique(), 10)
    classes = np.unique(truth)
    places = np.searchsorted(classes, truth)
    places[classes[places] == "plant 28b"] -= 1
    places[0] = 5
    seen = evaluate(
        "multiclass", classes, OURS["accuracy"], pd.DataFrame(index=range(len(truth))), pd.Series(truth),
        np.eye(len(classes))[places],
    )  # fmt: skip

    assert seen.mistaken == (Mistaken("plant 28b", "plant 28", 10, 10),)
    assert Evaluation.from_dict(seen.to_dict()) == seen
    assert "Most often taken for another" in body(replace(run, evaluation=seen))


@pytest.mark.slow
def test_labels_of_a_class_that_was_left_out_are_told_and_no_bar(run, place, monkeypatch, capsys):
    monkeypatch.setenv("WORKBENCH_HOME", place)
    wb.package(run, name="plants")
    new = plants(unicorn=2)
    answers = wb.score("plants", new.drop(columns="kind"), window="1")

    assert wb.feedback("plants", pd.DataFrame({"id": answers["id"], "kind": new["kind"]})) == 1200
    assert "2 labels of 'unicorn' left out: so few rows had these classes" in capsys.readouterr().err


@pytest.mark.parametrize("classes", [0, 2, 3, MANY - 1])
def test_few_classes_are_learnt_as_ever(classes):
    assert told_many("lightgbm", classes) == told_many("boosting", classes) == {}
    assert most_rounds(classes, MOST_TREES) == MOST_TREES


@pytest.mark.parametrize("classes", [MANY, 100, 400, 1000])
def test_no_number_of_classes_grows_trees_without_bound(classes):
    assert most_rounds(classes, MOST_TREES) * classes <= 20_000
    assert told_many("boosting", classes)["max_iter"] <= 150
