"""Reasons are followed window by window: what no column shows by itself is found, and nothing is told by chance."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from lightgbm import LGBMRegressor
from scipy import stats
from starlette.testclient import TestClient

import workbench as wb
from workbench.core.bundle import Bundle
from workbench.core.explanation_comparison import ReasonDifference
from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Window
from workbench.monitoring.budget import Family
from workbench.monitoring.incidents import incidents
from workbench.monitoring.judgement import judge
from workbench.monitoring.reason_windows import MOST_ROWS, changed_reasons, reasons_of, why_not
from workbench.monitoring.rules import RULES
from workbench.monitoring.windows import answered, keep, windows
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.settings import settings

FORMATS = Path(__file__).parents[1] / "packaging" / "formats"


def orders(rows, seed, turned=False):
    """What counts is whether two pairs go together; ``turned`` swaps which of them does, and no column shows it."""
    rng, way = np.random.default_rng(seed), -1 if turned else 1
    a, d = rng.normal(size=(2, rows))
    b, e = (way * sign * 0.3 * x + 0.954 * rng.normal(size=rows) for x, sign in ((a, 1), (d, -1)))
    paid = a * b + d * e + rng.normal(0, 0.2, rows)
    columns = {"a": a, "b": b, "d": d, "e": e}
    return pd.DataFrame({
        **{name: values.round(4) for name, values in columns.items()}, "city": rng.choice(["Rome", "Oslo"], rows),
        "key": [f"{seed}-{k}" for k in range(rows)], "paid": paid.round(3),
    })  # fmt: skip


@pytest.fixture(scope="module")
def folder(tmp_path_factory, put_store):
    home = put_store(tmp_path_factory.mktemp("reasons"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        patch.setenv("WORKBENCH_THREADS", "1")
        yield home


@pytest.fixture(autouse=True)
def _there(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(folder))


@pytest.fixture(scope="module")
def run(folder):
    data = wb.dataset(orders(4000, 0), target="paid", id="key")
    few = LGBMRegressor(n_estimators=60, num_leaves=15, learning_rate=0.2, n_jobs=1, verbose=-1)
    return wb.train(data, candidates=[few], folds=2)


@pytest.fixture(scope="module")
def bundle(run):
    return wb.package(run, name="orders", explanation=wb.explain(run, rows=700))


@pytest.fixture(scope="module")
def report(bundle):
    """A quiet month, one that is turned, and a service that sees more of the latter."""
    for window, seed, turned in (("2026-01", 1, False), ("2026-02", 2, True)):
        wb.score("orders", orders(1500, seed, turned).drop(columns="paid"), window=window)
    log = PredictionLog(settings().predictions / "orders")
    client = TestClient(Service(Scorer(bundle.path), log))
    rows = orders(900, 3, turned=True).drop(columns="paid").to_dict("records")
    assert client.post("/predict?reasons=0", json={"rows": rows}).status_code == 200
    assert client.get("/explanation").json()["rows"] == 700
    log.close()
    return wb.monitor("orders")


def changed(window):
    return [one.column for one in window.explained if one.important]


@pytest.mark.slow
def test_columns_that_go_together_otherwise_are_found_though_each_looks_as_before(report):
    quiet, turned, live = report.windows

    assert (quiet.status, changed(quiet)) == ("ok", [])
    for window in (turned, live):
        assert not [one.column for one in window.drift if one.important]
        assert set(changed(window)) == {"a", "b", "d", "e"}
        assert window.status == "warning"
        assert any(one.startswith("Reasons changed: ") for one in window.reasons)
    assert live.label.startswith("live-")


@pytest.mark.slow
def test_a_finding_a_column_says_what_changed_and_by_how_much(report):
    found = {one.column: one for one in report.findings if one.code == "WB312"}

    assert set(found) == {"a", "b", "d", "e"}
    window = report.windows[-1]
    for column, finding in found.items():
        told = next(one for one in window.explained if one.column == column)
        assert finding.severity == "warning"
        assert finding.evidence["windows"] == [w.label for w in report.windows[1:]]
        assert finding.evidence["importance"] == list(told.importance)
        assert f"weighs {told.importance[1]:.3f}, {told.importance[0]:.3f} before" in finding.message
    assert not [one for one in report.findings if one.code == "WB313"]
    assert {"reasons"} <= {report.incidents[-1].kind, *report.incidents[-1].others}


@pytest.mark.slow
def test_both_sides_are_of_the_model_that_ships(report, bundle, run):
    """Before: what the explanation said. Now: what the run's own model says of the window's rows."""
    kept, window = bundle.explanation(), report.windows[0]
    mine = wb.explain(run, data=orders(1500, 1), rows=range(1500)).importance()

    before = {one.column: one.importance[0] for one in window.explained}
    now = {one.column: one.importance[1] for one in window.explained}
    assert before == pytest.approx(kept.importance(), rel=1e-6)
    assert now == pytest.approx(mine, rel=0.15)
    assert report.reasons_unit == kept.unit


@pytest.mark.slow
def test_a_window_keeps_kilobytes_and_no_row(report, bundle):
    seen = windows("orders", settings())[0]
    path = seen.path / seen.content / "reasons.json"

    assert path.stat().st_size < 20_000
    assert seen.reasons().rows == MOST_ROWS
    assert json.loads(path.read_text()).keys() == json.loads((bundle.path / "reasons.json").read_text()).keys()
    assert wb.MonitorReport.load(report.save(bundle.path.parent / "report.json")) == report


@pytest.mark.slow
def test_windows_and_reports_of_older_versions_are_read(report, bundle):
    old = report.to_dict()
    del old["reasons_unit"]
    for one in old["windows"]:
        del one["explained"]

    assert all(not window.explained for window in wb.MonitorReport.from_dict(old).windows)
    seen = windows("orders", settings())[1]
    (seen.path / seen.content / "reasons.json").rename(bundle.path.parent / "away.json")
    try:
        window = judge(seen, bundle, {}, 0.05)
    finally:
        (bundle.path.parent / "away.json").rename(seen.path / seen.content / "reasons.json")
    assert window.explained == ()
    assert not [one for one in window.signals if one.kind == "reasons"]


@pytest.mark.slow
def test_reasons_of_another_model_are_not_compared(report, bundle):
    seen = windows("orders", settings())[1]
    other = replace(bundle)
    other.__dict__["reasons"] = replace(bundle.reasons, model="another")

    assert judge(seen, bundle, {}, 0.05).explained
    assert judge(seen, other, {}, 0.05).explained == ()


@pytest.mark.slow
def test_months_without_any_change_are_told_no_more_often_than_was_asked(bundle):
    """Rows of the population that the explanation is of, by the model itself; a rate of one in five, to see it."""
    told = [
        any(one.differs for one in changed_reasons(bundle, reasons_of(bundle, orders(250, 100 + k), "batch"), 0.2))
        for k in range(40)
    ]

    assert sum(told) <= stats.binom.ppf(0.999, 40, 0.2)


@pytest.mark.slow
def test_the_rate_is_shared_out_and_not_added_to(bundle, monkeypatch):
    """What every rule may spend at least is the whole rate together."""
    shares = {}
    spies = [
        replace(rule, look=lambda e, part, name=rule.name: shares.setdefault(name, part) and Family()) for rule in RULES
    ]
    monkeypatch.setattr("workbench.monitoring.judgement.RULES", spies)
    wb.score("orders", orders(300, 9).drop(columns="paid"), window="2025-01")

    judge(windows("orders", settings())[0], bundle, {}, 0.04)

    assert {"drift", "reasons", "quality", "joint"} <= set(shares)
    assert sum(shares.values()) == pytest.approx(0.04)


def shops(rows, seed):
    rng = np.random.default_rng(seed)
    table = pd.DataFrame({"spent": rng.normal(size=rows), "age": rng.integers(18, 80, rows)})
    table["stays"] = np.where(table["spent"] + table["age"] / 40 + rng.normal(0, 0.5, rows) > 1.2, "yes", "no")
    return table


@pytest.fixture(scope="module")
def private(folder):
    """A model that needs a sensitive column."""
    data = wb.dataset(shops(400, 0), target="stays")
    data = replace(data, contract=data.contract.change("age", sensitive=True))
    return wb.train(data, candidates=["linear"], folds=2)


@pytest.mark.slow
def test_a_bundle_without_an_explanation_says_so_once_and_computes_nothing(private):
    bundle = wb.package(private, name="bare")
    for seed in (1, 2):
        wb.score("bare", shops(200, seed), window=f"2026-0{seed}")

    report = wb.monitor("bare")
    (finding,) = [one for one in report.findings if one.code == "WB313"]
    assert "packaged without an explanation" in finding.message
    assert finding.cure == 'wb.explain(run)\nwb.package(run, name="bare")'
    assert finding.evidence["windows"] == ["2026-01", "2026-02"]
    assert bundle.reasons is None
    assert [(w.explained, w.status) for w in report.windows] == [((), "ok")] * 2
    assert windows("bare", settings())[0].reasons() is None


@pytest.mark.slow
def test_of_a_sensitive_column_only_what_it_adds_is_kept_and_a_service_knows_none(private):
    bundle = wb.package(private, name="private", explanation=wb.explain(private, rows=80))
    log = PredictionLog(settings().predictions / "private")
    TestClient(Service(Scorer(bundle.path), log)).post("/predict", json={"rows": shops(60, 2).to_dict("records")})
    log.close()
    wb.score("private", shops(200, 1), window="2026-01")

    report = wb.monitor("private")
    spent, age = (next(c for c in bundle.reasons.columns if c.column == name) for name in ("spent", "age"))
    assert (bool(spent.given), age.given, age.levels, len(age.counts), age.direction) == (True, (), (), 1, None)
    assert len(report.windows[0].explained) == 2
    assert report.windows[1].explained == ()
    (finding,) = [one for one in report.findings if one.code == "WB313"]
    assert "keeps no value of age" in finding.message
    assert finding.evidence["windows"] == [report.windows[1].label]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"rows": 20}, "of 20 rows"),
        ({"rows": list(range(0, 80, 2)) * 2}, "rows that were picked"),
        ({"rows": 60, "space": "probability"}, "another way"),
    ],
)
def test_an_explanation_that_windows_can_not_be_compared_with_says_why(private, how, why):
    bundle = wb.package(private, name="other", explanation=wb.explain(private, **how))

    assert why in why_not(bundle, "batch")
    assert reasons_of(bundle, shops(60, 1), "batch") is None


@pytest.mark.slow
def test_the_other_of_two_classes_has_the_opposite_reasons(private):
    bundle = wb.package(private, name="opposite", explanation=wb.explain(private, rows=80, label="no"))
    spent = next(c for c in bundle.reasons.columns if c.column == "spent")

    now = reasons_of(bundle, shops(500, 3), "batch")
    assert spent.direction < -0.9
    assert not [one for one in changed_reasons(bundle, now, 0.05) if one.differs]


def test_a_bundle_of_an_older_format_is_monitored_as_before(home):
    place = settings().bundles / "shop" / "1"
    shutil.copytree(FORMATS / "1", place)
    scorer, golden = Scorer(place), json.loads((place / "golden" / "rows.json").read_text())["rows"]
    table = pd.DataFrame(golden * 20)
    predictions, features = answered(scorer, table, range(len(table)))

    keep(
        scorer.bundle,
        "2026-01",
        predictions,
        features,
        "batch",
        settings(),
        reasons_of(scorer.bundle, features, "batch"),
    )
    (seen,) = windows("shop", settings())
    window = judge(seen, scorer.bundle, {}, 0.05)

    assert (seen.reasons(), window.explained, window.rows) == (None, (), len(table))
    assert "without an explanation" in why_not(scorer.bundle, "batch")
    assert TestClient(Service(scorer)).get("/explanation").status_code == 404
    assert Bundle.load_folder(place).reasons is None


def window(label, status, *changed, drift=()):
    explained = tuple(
        ReasonDifference(name, None, (90, 90), (0.5, 0.9), 0.3, 0.5, (0.0, 0.4), (2, 1), None, 0.4, 0.0, True, (), True)
        for name in changed
    )
    score = (Metric("roc_auc", 0.6, 0.58, 0.62),)
    return Window(label, 900, 900, 0.0, drift, score, 0.5, 0.5, status, ("ROC AUC is 0.600.",), explained=explained)


def test_the_cause_of_an_alarm_without_drift_is_that_columns_go_together_otherwise():
    (incident,) = incidents([window("1", "ok"), window("2", "alarm", "age", "spent")])
    (other,) = incidents([window("1", "ok"), window("2", "alarm")])
    (drifted,) = incidents([window("2", "alarm", "age", drift=(ColumnDrift("age", "ks", 0.4, 0.0, 0.4, True, True),))])

    assert "go together otherwise: age weighs 0.900, 0.500 before and spent weighs" in incident.cause
    assert "what the columns mean for the target changed" in other.cause
    assert drifted.cause.endswith("age drifted most.")
