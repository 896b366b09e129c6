from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, MonitorReport, Window
from workbench.errors import BadParameter
from workbench.monitoring.incidents import incidents
from workbench.monitoring.losses import expected, loss_of, shown
from workbench.monitoring.windows import _missing
from workbench.scoring.log import PredictionLog
from workbench.settings import settings


def see(name, batch, window, labels=True):
    wb.score(name, batch, window=window)
    if labels:
        wb.feedback(name, batch)


@pytest.mark.slow
def test_a_window_like_the_training_is_ok(shop, customers):
    see(shop, customers(600, 5), "w")

    report = wb.monitor(shop)

    assert (report.status, report.incidents) == ("ok", ())


@pytest.mark.slow
def test_a_turned_relation_is_an_alarm_without_drift(shop, customers):
    see(shop, customers(600, 5), "w1")
    see(shop, customers(600, 6, flip=True), "w2")

    report = wb.monitor(shop)

    assert [w.status for w in report.windows] == ["ok", "alarm"]
    (incident,) = report.incidents
    assert incident.open
    assert "No column drifted beyond" in incident.cause
    assert report.findings[0].code == "WB301"
    assert "retrain.ipynb" in report.findings[0].cure


def test_drift_without_labels_is_a_warning_that_names_the_column(shop, customers):
    see(shop, customers(600, 5, shift=1.0), "w", labels=False)

    report = wb.monitor(shop)

    assert report.status == "warning"
    assert report.incidents[0].columns == ("spent",)
    assert [f.code for f in report.findings] == ["WB302", "WB304", "WB313"]


@pytest.mark.slow
def test_probabilities_that_come_true_half_as_often_are_an_alarm_though_the_ranking_held(shop, customers):
    batch = customers(3000, 5)
    yes = batch["stays"] == "yes"
    see(shop, batch[~yes | (batch.index % 3 == 0)], "w")

    (window,) = wb.monitor(shop).windows

    assert window.performance[0].value > 0.85
    assert window.status == "alarm"
    assert "stays = yes was expected in" in window.reasons[0]
    assert window.reasons[0].endswith("too high.")


@pytest.mark.slow
def test_probabilities_that_hold_raise_no_false_alarm(shop, customers):
    for k in range(12):
        see(shop, customers(300, 100 + k), f"w{k:02d}")

    assert [w.label for w in wb.monitor(shop).windows if w.status == "alarm"] == []


def test_what_the_folds_showed_already_is_no_news(shop):
    bundle = wb.bundle(shop)
    holdout = bundle.metrics[0]
    lower = Metric(holdout.name, holdout.value - 0.1, holdout.value - 0.12, holdout.value - 0.08)
    now = Metric(holdout.name, holdout.value - 0.11, error=0.001)
    known = replace(bundle, lineage={"validation": [asdict(lower)]})

    assert (expected(known), shown(known)) == (holdout, lower)
    assert shown(replace(bundle, lineage={"validation": [{**asdict(lower), "value": 0.99}]})) == holdout
    assert loss_of(replace(holdout, error=0.001), now, 0.01).significant
    assert not loss_of(replace(holdout, error=0.001), now, 0.01, lower).significant


@pytest.mark.slow
def test_few_rows_are_not_judged(shop, customers):
    see(shop, customers(20, 5, flip=True), "w")

    assert wb.monitor(shop).status == "unknown"


@pytest.mark.slow
def test_an_alarm_after_a_promotion_offers_the_way_back(shop, customers):
    wb.promote(shop, 2)
    see(shop, customers(600, 5, flip=True), "w")

    cures = {f.code: f.cure for f in wb.monitor(shop).findings}

    assert cures["WB303"] == 'wb.rollback("shop")'
    assert cures["WB301"].startswith('wb.submit("notebooks/retrain.ipynb", {"name": "shop", ')


@pytest.mark.slow
def test_the_report_is_kept_and_equal(shop, customers):
    see(shop, customers(100, 5), "w")

    report = wb.monitor(shop)

    assert MonitorReport.load(settings().reports / shop / "latest.json") == report
    assert {p.name for p in (settings().reports / shop).glob("[!.]*")} >= {"latest.json", "windows.lines"}


def test_no_window_is_no_error(shop):
    assert wb.monitor(shop).status == "unknown"


@pytest.mark.slow
def test_a_row_that_a_client_sent_twice_is_scored_once_by_its_last_answer(shop, customers):
    log, rows = PredictionLog(settings().predictions / shop), customers(200, 5)
    answers = [
        {"id": r["customer"], "at": "2026-01-01T05:00", "version": 1, "prediction": said(r), "answer": "yes", "row": r}
        for said in (lambda r: 0.5, lambda r: 0.9 if r["stays"] == "yes" else 0.1)
        for r in rows.to_dict("records")
    ]
    log.append(answers)
    log.close()
    wb.feedback(shop, rows)

    (window,) = wb.monitor(shop).windows

    assert (window.rows, window.labelled, window.waiting) == (400, 200, 0)
    assert window.performance[0].value == 1.0


@pytest.mark.slow
def test_the_live_log_becomes_windows_once(shop, customers):
    log = PredictionLog(settings().predictions / shop)
    start = datetime(2026, 1, 1, tzinfo=UTC)
    rows = customers(200, 5)
    log.append(
        [
            {
                "id": r["customer"],
                "at": start + timedelta(days=i // 100),
                "version": 1,
                "prediction": 0.5,
                "answer": "yes",
                "row": {c: r[c] for c in ("spent", "noise", "city")},
            }
            for i, r in enumerate(rows.to_dict("records"))
        ]
    )
    wb.feedback(shop, rows)

    first, second = wb.monitor(shop), wb.monitor(shop)

    assert [(w.label, w.rows, w.labelled) for w in first.windows] == [
        ("live-2026-01-01", 100, 100),
        ("live-2026-01-02", 100, 100),
    ]
    assert second.windows == first.windows


def test_a_sensitive_column_of_the_live_log_is_not_called_missing():
    """The log keeps hashes of it alone, so its values are taken out before the window is made."""
    contract = Contract((Column("mail", "text", missing_allowed=False, sensitive=True),
                         Column("spent", "number", missing_allowed=False)))  # fmt: skip
    table = pd.DataFrame({"mail": [None, None], "spent": [1.0, None]})

    assert _missing(contract, table, "service") == {"spent": 1}
    assert _missing(contract, table, "batch") == {"mail": 2, "spent": 1}


def test_a_rate_outside_its_range_is_refused(shop):
    with pytest.raises(BadParameter, match="false_alarm_rate"):
        wb.monitor(shop, false_alarm_rate=0)


def test_a_large_window_with_a_tiny_loss_is_no_alarm():
    loss = loss_of(Metric("roc_auc", 0.75, 0.7499, 0.7501), Metric("roc_auc", 0.745, 0.7449, 0.7451), 0.025)

    assert loss.significant
    assert not loss.alarming


def test_a_noisy_window_is_no_alarm():
    assert not loss_of(Metric("rmse", 1.0, 0.9, 1.1), Metric("rmse", 1.3, 0.8, 1.8), 0.025).significant


def window(label, status, effect=0.2):
    drift = (ColumnDrift("temp", "ks", effect, 0.0, effect, True, effect >= 0.1),)
    return Window(label, 500, 500, 0.0, drift, (Metric("roc_auc", 0.6, 0.58, 0.62),), 0.5, 0.5, status, ("because",))


def test_a_column_that_drifts_as_much_in_good_windows_is_no_cause():
    usual = incidents([window("w0", "ok", 0.4), window("w1", "alarm", 0.4)])
    beyond = incidents([window("w0", "ok", 0.1), window("w1", "alarm", 0.4)])

    assert (usual[0].columns, beyond[0].columns) == ((), ("temp",))


@pytest.mark.slow
def test_prices_that_change_their_meaning_are_few_incidents(store, shared_table):
    """Two years of electricity prices: the model breaks soon, and one long alarm is not fifty short ones."""
    table = pd.read_csv(shared_table("elec.csv"))
    third = len(table) // 3
    data = wb.dataset(table.head(third), target="class")
    wb.package(wb.train(data, candidates=("boosting",), trials=1), name="elec")
    for i in range(20):
        batch = table.iloc[third + 1500 * i : third + 1500 * (i + 1)]
        said = wb.score("elec", batch.drop(columns="class"), window=f"w{i:02d}")
        wb.feedback("elec", pd.DataFrame({"id": said["id"], "class": batch["class"].to_numpy()}), id="id")

    report = wb.monitor("elec")

    assert report.windows[0].status == "alarm"
    assert 1 <= len(report.incidents) <= 5
