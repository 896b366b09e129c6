import signal
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.errors import BadTable, ColumnNotFound, Damaged, NotFound
from workbench.monitoring.feedback import truth_of
from workbench.monitoring.windows import windows
from workbench.scoring.ids import settled
from workbench.scoring.log import PredictionLog
from workbench.settings import settings


@pytest.mark.slow
def test_a_window_keeps_ids_predictions_answers_and_flags(shop, customers):
    batch = customers(60, 5).drop(columns="stays")
    batch.loc[0, "city"] = "Atlantis"
    batch.loc[1, "spent"] = 99.0

    said = wb.score(shop, batch, window="2026-01")

    assert list(said) == ["id", "prediction", "answer", "set", "flags"]
    assert said["id"].tolist() == batch["customer"].tolist()
    assert said.loc[0, "flags"] == "unseen_category:city"
    assert said.loc[1, "flags"] == "out_of_range:spent"
    (seen,) = windows(shop, settings())
    assert (seen.rows, seen.flags) == (60, {"unseen_category:city": 1, "out_of_range:spent": 1})
    assert seen.predictions()["prediction"].tolist() == said["prediction"].tolist()


def test_rows_without_an_id_get_one_of_what_they_hold(shop, customers):
    said = wb.score(shop, customers(3, 5).drop(columns=["stays", "customer"]), window="w")

    assert said["id"].str.fullmatch("w/[0-9a-f]{24}").all()
    assert said["id"].is_unique


def test_scoring_again_replaces_and_says_so(shop, customers, capsys):
    wb.score(shop, customers(70, 5), window="w")
    wb.score(shop, customers(60, 5), window="w")

    (seen,) = windows(shop, settings())
    assert seen.rows == 60
    assert "it is replaced" in capsys.readouterr().err
    assert sum(p.is_dir() for p in seen.path.iterdir()) == 1


@pytest.mark.slow
def test_labels_join_late_out_of_order_and_before_their_prediction(shop, customers, capsys):
    batch = customers(100, 5)

    early = wb.feedback(shop, batch.tail(10))
    assert early == 0
    assert "10 labels have no prediction yet" in capsys.readouterr().err
    wb.score(shop, batch.drop(columns="stays"), window="w")
    assert wb.feedback(shop, batch.head(90).sample(frac=1, random_state=0)) == 90

    (window,) = wb.monitor(shop).windows
    assert window.labelled == 100


def test_the_last_label_of_an_id_wins(shop, customers):
    batch = customers(80, 5)
    wb.score(shop, batch, window="w")
    wb.feedback(shop, batch.assign(stays="no"))
    wb.feedback(shop, batch.assign(stays="yes"))

    assert wb.monitor(shop).windows[0].target_mean == 1.0


def test_labels_reach_the_live_log(shop, customers):
    row = customers(1, 5).iloc[0]
    log = PredictionLog(settings().predictions / shop)
    log.append([{"id": "live", "version": 1, "row": {"spent": row.spent}, "prediction": 0.5, "answer": "yes"}])

    assert wb.feedback(shop, customers(1, 5).assign(customer="live")) == 1
    assert log.read()[0]["label"] == customers(1, 5)["stays"].iloc[0]


def test_a_strange_label_is_refused(shop, customers):
    with pytest.raises(BadTable, match="'perhaps' is none of the classes"):
        wb.feedback(shop, customers(2, 5).assign(stays="perhaps"))


@pytest.mark.parametrize("labels", [[True, False, None], ["True", "false", ""], [1, 0, None], [1.0, 0.0, float("nan")]])
def test_labels_of_yes_and_no_come_in_any_spelling(labels):
    contract = Contract((Column("late", "boolean", "target"),), "binary")
    bundle = SimpleNamespace(contract=contract, classes=(False, True))

    truth = truth_of(bundle, pd.DataFrame({"late": labels}), "late")

    assert truth.tolist()[:2] == [True, False]
    assert truth.isna().tolist() == [False, False, True]


def test_a_label_that_is_no_number_is_refused_by_a_regression():
    bundle = SimpleNamespace(contract=Contract((Column("price", "number", "target"),), "regression"), classes=())

    assert truth_of(bundle, pd.DataFrame({"price": ["2.5", " ", None]}), "price").tolist()[0] == 2.5
    with pytest.raises(BadTable, match="'cheap' is no number"):
        truth_of(bundle, pd.DataFrame({"price": ["2.5", "cheap"]}), "price")


def test_twin_ids_are_refused(shop, customers):
    with pytest.raises(BadTable, match="is there twice"):
        wb.score(shop, customers(2, 5).assign(customer="c"), window="w")


@pytest.mark.slow
def test_what_is_absent_is_named(shop, customers):
    with pytest.raises(ColumnNotFound, match="spent"):
        wb.score(shop, customers(2, 5).drop(columns="spent"), window="w")
    with pytest.raises(NotFound, match="Did you mean 'shop'"):
        wb.score("shp", customers(2, 5), window="w")


@pytest.mark.slow
def test_two_processes_lose_no_label(shop, customers, forks, tmp_path):
    batch = customers(400, 5)
    wb.score(shop, batch, window="w")
    halves = [tmp_path / f"{i}.parquet" for i in (0, 1)]
    for i, path in enumerate(halves):
        batch.iloc[i::2].to_parquet(path)
    code = "import sys, workbench as wb; wb.feedback('shop', sys.argv[1])"

    running = [forks.start(code, path) for path in halves]

    assert [process.wait() for process in running] == [0, 0]
    assert wb.monitor(shop).windows[0].labelled == 400


KILLED = """
import os, signal, sys
import workbench as wb

def hook(event, names):
    if event == "os.rename" and os.path.basename(names[1]) == sys.argv[2]:
        os.kill(os.getpid(), signal.SIGKILL)

sys.addaudithook(hook)
wb.score("shop", sys.argv[1], window=sys.argv[2])
"""


@pytest.mark.slow
def test_a_killed_score_leaves_the_old_window(shop, customers, forks, tmp_path):
    """Killed at each of its three writes, when the file is whole but not yet in its place."""
    writes = ("predictions.parquet", "profile.json", "window.json")
    for name in writes:
        wb.score(shop, customers(70, 5), window=name)
    customers(500, 6).to_parquet(tmp_path / "new.parquet")

    running = [forks.start(KILLED, tmp_path / "new.parquet", name) for name in writes]

    assert [process.wait() for process in running] == [-signal.SIGKILL] * 3
    seen = windows(shop, settings())
    assert [(s.rows, len(s.predictions()), s.profile().rows) for s in seen] == [(70, 70, 70)] * 3
    wb.score(shop, tmp_path / "new.parquet", window="window.json")
    assert [s.rows for s in windows(shop, settings())] == [70, 70, 500]


def test_a_flipped_bit_is_told(shop, customers):
    wb.score(shop, customers(70, 5), window="w")
    (seen,) = windows(shop, settings())
    path = seen.path / seen.content / "predictions.parquet"
    content = bytearray(path.read_bytes())
    content[100] ^= 1
    path.write_bytes(content)

    with pytest.raises(Damaged, match="window w"):
        seen.predictions()


def test_a_gap_in_the_file_of_labels_does_not_change_its_ids(shop, customers):
    batch = customers(2, 7)
    wb.score(shop, batch.assign(order=[1, 2]), window="w", id="order")
    labels = pd.DataFrame({"order": [1.0, None, 2.0], "stays": ["yes", "no", "no"]})

    assert wb.feedback(shop, labels, id="order") == 2


@pytest.mark.slow
def test_labels_of_whole_numbers_as_ids_join_however_a_file_writes_them(store, tmp_path, capsys):
    """pandas writes 1000.0 and 1.0 where one row of labels has a gap, a spreadsheet 1,000."""
    draw = np.random.default_rng(0)
    size = draw.normal(size=200).round(3)
    late = (size + draw.normal(size=200) > 0).astype(int)
    orders = pd.DataFrame({"order": np.arange(900, 1100), "size": size, "late": late})
    data = wb.dataset(orders, target="late", id="order")
    wb.package(wb.train(data, candidates=("linear",), folds=2), name="orders")
    scored = wb.score("orders", orders.drop(columns="late"), window="1")
    with_gap = orders[["order", "late"]].astype(float).reindex(range(201))
    spreadsheet = orders.assign(order=[f"{i:,}" for i in orders["order"]])[["order", "late"]]
    other = orders.assign(order=[f"X{i}" for i in orders["order"]])

    assert scored["id"].tolist() == [str(i) for i in orders["order"]]
    for i, labels in enumerate([with_gap, spreadsheet, orders.rename(columns={"order": " order "})]):
        path = tmp_path / f"{i}.csv"
        labels.to_csv(path, index=False)
        assert wb.feedback("orders", labels) == wb.feedback("orders", path) == 200
    assert capsys.readouterr().err.count("labels have no prediction") == 0
    with pytest.warns(UserWarning, match=r"0 of 200 labels .* the labels is 'X900', one of the predictions '1000'"):
        wb.feedback("orders", other)


NUMBERED = Contract((Column("nr", "integer", "id", form=Form(decimal=",", thousands=".")), Column("code", "text")))


@pytest.mark.parametrize(
    ("value", "key", "known", "taken"),
    [
        ("1.000", None, (), "1000"),
        ("1.000", None, ("1.000",), "1.000"),
        (1000.0, None, ("1000",), "1000"),
        ("1'234'567", None, ("1234567",), "1234567"),
        ("9007199254740993", None, (), "9007199254740993"),
        ("007", "code", ("7",), "007"),
        ("007", "elsewhere", ("7",), "7"),
        ("007", "elsewhere", ("7", "007"), "007"),
        ("007", "elsewhere", (), "007"),
    ],
)
def test_an_id_of_a_label_is_read_by_the_contract_unless_the_predictions_have_it_as_it_is(value, key, known, taken):
    column = NUMBERED.by_name.get(key or "nr") or NUMBERED["nr"]

    assert settled([value], column, set(known).intersection, strange=key == "elsewhere") == [taken]


def test_a_class_with_a_point_and_zero_is_the_class_only_where_it_is_a_number():
    bundle = SimpleNamespace(contract=Contract((Column("c", "category", "target"),), "binary"), classes=("1", "v1"))

    assert truth_of(bundle, pd.DataFrame({"c": ["1.0", "", "v1"]}), "c").tolist()[::2] == ["1", "v1"]
    with pytest.raises(BadTable, match=r"'v1\.0' is none of the classes"):
        truth_of(bundle, pd.DataFrame({"c": ["v1.0"]}), "c")


def test_a_fraction_is_no_label_of_whole_numbers():
    bundle = SimpleNamespace(contract=Contract((Column("n", "integer", "target"),), "regression"), classes=())

    with pytest.raises(BadTable, match=r"The label 5\.5 is no whole number"):
        truth_of(bundle, pd.DataFrame({"n": [5.5, 1.0]}), "n")
