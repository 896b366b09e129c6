"""Labels find their rows, contradictions are kept, and what is new costs what it is."""

import sqlite3

import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadTable, ColumnNotFound, Refused
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.settings import settings


@pytest.fixture
def batch(customers):
    """Without an id: what tells a row is its content, or the number of the receipt that came with it."""
    return customers(80, 5).drop(columns="customer").assign(receipt=[f"r{i:03d}" for i in range(80)])


def judged(name):
    (window,) = wb.monitor(name).windows
    return window


def test_a_window_scored_again_with_its_rows_shuffled_keeps_its_labels(shop, batch):
    answers = wb.score(shop, batch, window="w")
    labels = answers[["id"]].assign(stays=batch["stays"].to_numpy())
    assert wb.feedback(shop, labels) == 80
    before = judged(shop).performance

    again = wb.score(shop, batch.sample(frac=1, random_state=1), window="w")

    assert sorted(again["id"]) == sorted(answers["id"])
    assert judged(shop).performance[0].value == pytest.approx(before[0].value)


def test_equal_rows_are_numbered_and_told_apart(shop, batch):
    twins = pd.concat([batch.head(60), batch.head(2)], ignore_index=True)

    ids = wb.score(shop, twins, window="w")["id"]

    assert ids.is_unique
    assert ids.iloc[60] == f"{ids.iloc[0]}.2"
    assert wb.feedback(shop, twins) == 62


def test_labels_come_with_keys_that_came_with_the_rows(shop, batch):
    wb.score(shop, batch, window="w")

    assert wb.feedback(shop, batch[["receipt", "stays"]].sample(frac=1, random_state=1)) == 80
    assert judged(shop).target_mean == (batch["stays"] == "yes").mean()


def test_labels_come_with_the_whole_rows(shop, batch):
    wb.score(shop, batch.drop(columns="receipt"), window="w")

    assert wb.feedback(shop, batch.drop(columns="receipt")) == 80


def test_keys_of_several_windows_ask_which(shop, batch):
    for window in ("w1", "w2"):
        wb.score(shop, batch, window=window)

    with pytest.raises(BadTable, match="in several windows, such as w1 and w2"):
        wb.feedback(shop, batch[["receipt", "stays"]])
    assert wb.feedback(shop, batch[["receipt", "stays"]], window="w2") == 80
    assert [w.labelled for w in wb.monitor(shop).windows] == [0, 80]


def test_what_tells_no_row_apart_is_refused(shop, batch):
    wb.score(shop, batch.assign(receipt="r"), window="w")

    with pytest.raises(BadTable, match="'receipt' is the same in 80 rows of the window w"):
        wb.feedback(shop, batch[["receipt", "stays"]].assign(receipt="r"))


def test_labels_without_anything_that_tells_their_rows_name_what_is_missing(shop, batch):
    wb.score(shop, batch, window="w")

    with pytest.raises(ColumnNotFound) as told:
        wb.feedback(shop, batch[["spent", "stays"]])

    assert "'customer', as wb.score answered it" in str(told.value)
    assert "'receipt', which came with the rows" in str(told.value)
    assert "all features ('noise' and 'city' missing)" in str(told.value)


def test_labels_whose_row_no_key_finds_are_counted(shop, batch, capsys):
    wb.score(shop, batch, window="w")
    strange = batch[["receipt", "stays"]].assign(receipt=["x", *batch["receipt"].iloc[1:]])

    assert wb.feedback(shop, strange) == 79
    assert "1 label of 80 found no row that was scored" in capsys.readouterr().err


def test_several_columns_may_make_the_id_together(shop, customers):
    batch = customers(60, 5).assign(till=range(60), shop="a")
    wb.score(shop, batch, window="w", id=["shop", "till"])

    assert wb.feedback(shop, batch[["till", "shop", "stays"]], id=["shop", "till"]) == 60


def test_a_label_in_conflict_counts_once_and_is_told_until_it_is_withdrawn(shop, customers, capsys):
    batch = customers(80, 5)
    wb.score(shop, batch, window="w")
    wb.feedback(shop, batch.assign(stays="no"))
    wb.feedback(shop, batch.head(3).assign(stays="yes"))

    assert "3 rows (such as 'c5-0') had another label before" in capsys.readouterr().err
    report = wb.monitor(shop)
    (window,) = report.windows
    assert (window.labelled, window.waiting, window.conflicts) == (80, 0, 3)
    assert window.target_mean == 3 / 80
    assert [f.code for f in report.findings if f.code == "WB244"] == ["WB244"]
    wb.feedback(shop, batch.head(3), withdraw=True)
    assert (judged(shop).labelled, judged(shop).waiting, judged(shop).conflicts) == (77, 3, 0)
    wb.feedback(shop, batch.head(3).assign(stays="yes"))
    assert (judged(shop).labelled, judged(shop).conflicts) == (80, 0)


def test_each_label_is_kept_with_its_time(tmp_path):
    log = PredictionLog(tmp_path)
    for label in ("yes", "yes", "no", None, "yes"):
        log.label([("a", label)])

    said = log.said(ids=["a"])

    assert [one.label for one in said] == ['"yes"', '"no"', None, '"yes"']
    assert [one.at for one in said] == sorted(one.at for one in said)
    assert (log.labels(), log.conflicts(["a"])) == ({"a": "yes"}, set())


def test_two_labels_of_one_row_in_one_file_are_a_conflict(shop, customers):
    batch = customers(60, 5)
    wb.score(shop, batch, window="w")

    assert (
        wb.feedback(shop, pd.concat([batch, batch.head(1).assign(stays="no"), batch.head(1).assign(stays="yes")])) == 60
    )
    assert judged(shop).conflicts == 1


def test_late_rows_fill_a_window_up(shop, customers, capsys):
    batch = customers(120, 5)
    wb.score(shop, batch.head(80), window="w")
    wb.feedback(shop, batch)
    assert judged(shop).rows == 80

    wb.score(shop, batch.tail(60), window="w", add=True)

    assert "20 rows were in the window already" in capsys.readouterr().err
    (seen,) = windows(shop, settings())
    assert (seen.rows, len(seen.predictions()), seen.profile().rows) == (120, 120, 120)
    assert seen.profile()["spent"].mean == pytest.approx(batch["spent"].mean())
    assert (judged(shop).rows, judged(shop).labelled) == (120, 120)


def test_a_window_of_another_version_is_not_filled_up(shop, customers):
    wb.score(shop, customers(60, 5), window="w")
    wb.promote(shop, 2)

    with pytest.raises(Refused, match="was answered by version 1, and version 2"):
        wb.score(shop, customers(60, 6), window="w", add=True)


def test_labels_cost_what_they_are_not_what_was_ever_predicted(shop, customers, monkeypatch):
    """The steps of SQLite are counted: beside fifty times as many records two labels take hardly more of them."""
    steps, connect = [0], sqlite3.connect

    def counting(*arguments, **named):
        store = connect(*arguments, **named)
        store.set_progress_handler(lambda: steps.append(1) or 0, 100)
        return store

    def taken(records, first):
        log = PredictionLog(settings().predictions / shop)
        made = range(first, first + records)
        log.append([{"id": f"r{i}", "version": 1, "row": {"spent": 0.5}, "prediction": 0.5} for i in made])
        log.close()
        labels = customers(2, 5).assign(customer=[f"r{first}", f"r{first + 1}"])
        steps.clear()
        assert wb.feedback(shop, labels) == 2
        return len(steps)

    monkeypatch.setattr(sqlite3, "connect", counting)
    few = taken(400, 0)
    many = taken(20_000, 10_000)

    assert many < 2 * few + 20
