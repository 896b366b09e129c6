"""Batches are kept whole, and labels find their predictions."""

import multiprocessing

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter, BadTable, ColumnNotFound, NotFound
from workbench.monitoring.labels import keep_labels, read_labels
from workbench.monitoring.score import windows_folder
from workbench.monitoring.windows import read_predictions, read_profile, read_windows


@pytest.fixture
def batch():
    return pd.DataFrame({"customer": ["a", "b", None], "age": [40.0, 60.0, 130.0], "income": [1.0, None, 3.0]})


def test_a_batch_is_scored_by_the_champion_and_kept(shop, batch):
    seen = wb.score("shop", batch, window="2013-07")
    kept = read_predictions(windows_folder("shop"), "2013-07")

    assert seen["prediction"].round(3).tolist() == [0.119, 0.731, 0.731]
    assert seen["answer"].tolist() == [False, True, True]
    assert seen["flagged"].tolist() == [False, False, True]
    assert seen["id"].tolist() == ["a", "b", "2013-07/000003"]
    assert set(seen["version"]) == {1}
    pd.testing.assert_frame_equal(kept, seen)


def test_the_profile_of_a_window_compares_with_the_reference(shop, batch):
    wb.score("shop", batch, window="w")
    profile = read_profile(windows_folder("shop"), "w")

    assert [c.name for c in profile] == [c.name for c in shop.reference] == ["age", "income", "prediction"]
    assert profile["income"].missing == 1


def test_scoring_a_window_again_replaces_it(shop, batch):
    wb.score("shop", batch, window="w")
    wb.score("shop", batch.head(1), window="w")

    assert [w.rows for w in read_windows(windows_folder("shop"))] == [1]
    assert sorted(p.name for p in windows_folder("shop").iterdir()) == [".lock", "w"]


def test_a_gap_where_none_is_allowed_is_counted(shop, batch):
    wb.score("shop", batch.assign(age=[None, None, 3.0]), window="w")

    assert read_windows(windows_folder("shop"))[0].missing == {"age": 2}


def test_a_file_of_texts_is_read_by_the_contract(shop, batch, tmp_path):
    batch.astype("str").to_csv(tmp_path / "batch.csv", index=False)

    assert wb.score("shop", tmp_path / "batch.csv", window="w")["answer"].tolist() == [False, True, True]


def test_another_id_column_can_be_named(shop, batch):
    assert wb.score("shop", batch.assign(order=[7, 8, 9]), window="w", id="order")["id"].tolist() == ["7", "8", "9"]


@pytest.mark.parametrize(
    ("change", "error", "words"),
    [
        (lambda b, k: (b.drop(columns="age"), k), ColumnNotFound, "age"),
        (lambda b, k: (b, {**k, "id": "ordr"}), ColumnNotFound, "ordr"),
        (lambda b, k: (b, {**k, "window": "../up"}), BadParameter, "window name"),
        (lambda b, k: (b.head(0), k), BadTable, "no rows"),
        (lambda b, k: ("nowhere.csv", k), BadTable, "nowhere.csv"),
    ],
)
def test_what_cannot_be_scored_is_refused_and_nothing_is_written(shop, batch, change, error, words):
    source, keywords = change(batch, {"window": "w"})
    with pytest.raises(error, match=words):
        wb.score("shop", source, **keywords)
    assert not windows_folder("shop").exists()


def test_an_unknown_name_is_told_with_the_nearest(shop, batch):
    with pytest.raises(NotFound, match="Did you mean 'shop'"):
        wb.score("shopp", batch, window="w")


@pytest.mark.parametrize("labels", [[True, False], ["True", "false"], [1, 0], [1.0, 0.0], ["1", "0"]])
def test_labels_are_normalised_to_the_classes(shop, batch, labels, home):
    wb.score("shop", batch, window="w")

    assert wb.feedback("shop", pd.DataFrame({"customer": ["a", "zz"], "bought": labels})) == 1
    assert read_labels(home / "predictions" / "shop").to_dict() == {"a": "True", "zz": "False"}


def test_the_latest_label_wins_and_missing_ones_are_left_out(shop, home):
    wb.feedback("shop", pd.DataFrame({"id": [1.0, 2.0, 3.0], "label": [True, False, None]}))
    wb.feedback("shop", pd.DataFrame({"id": ["1"], "label": [False]}))

    assert read_labels(home / "predictions" / "shop").to_dict() == {"2": "False", "1": "False"}


def test_labels_that_no_class_knows_are_refused(shop):
    with pytest.raises(BadTable, match="label="):
        wb.feedback("shop", pd.DataFrame({"id": ["1"], "label": ["perhaps"]}))


def test_labels_reach_the_records_of_the_live_service(shop, home):
    from workbench.scoring.log import PredictionLog

    log = PredictionLog(home / "predictions" / "shop")
    log.append([{"id": "x", "version": 1, "row": {"age": 40}, "prediction": 0.1, "answer": False}])

    assert wb.feedback("shop", pd.DataFrame({"id": ["x", "y"], "label": [True, True]})) == 1
    assert log.read()[0]["label"] is True


def _keep(folder, start):
    for i in range(start, start + 20):
        keep_labels(folder, [f"{i}"], ["yes"])


def test_two_processes_at_once_lose_no_label(tmp_path):
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_keep, args=(tmp_path, start)) for start in (0, 20)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()

    assert sorted(map(int, read_labels(tmp_path).index)) == list(range(40))
    assert np.unique(read_labels(tmp_path)).tolist() == ["yes"]
