"""What the rules make of one window, and what they leave unsaid."""

import shutil

import numpy as np
import pytest

import workbench as wb
from workbench.core.report import MonitorReport, Window
from workbench.monitoring.judgement import judge
from workbench.monitoring.windows import answered, keep, windows
from workbench.scoring.runtime import Scorer
from workbench.settings import settings
from workbench.storage.tracking import client


@pytest.fixture(scope="module")
def bundle(_shop, tmp_path_factory):
    """Version 1 of the shop, in a home of this file's own."""
    home = tmp_path_factory.mktemp("rules") / "home"
    shutil.copytree(_shop, home, ignore=shutil.ignore_patterns("artifacts"))
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}", encoding="utf-8")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        client(settings())
        yield wb.bundle("shop")


@pytest.fixture
def judged(bundle):
    """Judges a table as a window of its own; with labels where they are asked for."""

    def judge_it(rows, labels=False, before=None, rate=0.05):
        ids = [f"r{k}" for k in range(len(rows))]
        predictions, features = answered(Scorer(bundle.path), rows.drop(columns=["stays", "customer"]), ids)
        keep(bundle, "w", predictions, features, "batch", settings())
        truth = dict(zip(ids, rows["stays"].tolist(), strict=True)) if labels else {}
        return judge(windows("shop", settings())[0], bundle, truth, rate, before=before)

    return judge_it


def kinds(window):
    return {(one.kind, one.level) for one in window.signals}


def test_one_gap_is_nothing_a_twentieth_of_them_an_alarm(judged, customers):
    rows = customers(2000, 5)

    one, many = (judged(rows.assign(spent=rows["spent"].mask(rows.index < gaps))) for gaps in (1, 100))

    assert (one.status, one.signals) == ("ok", ())
    assert ("missing", "alarm") in kinds(many)
    assert (
        "spent is missing in 100 of 2,000 rows (5.0%), 0.0% in training, and its contract allows none"
        in many.reasons[0]
    )


def test_what_is_real_but_small_is_told_as_small(judged, customers):
    rows = customers(4000, 5)

    window = judged(rows.assign(city=rows["city"].where(rows.index % 80 > 0, "Bonn")))

    assert window.status == "ok"
    assert kinds(window) == {("category", "small")}
    assert window.signals[0].columns == ("city",)
    assert window.signals[0].p_value < 0.001
    assert window.reasons == ()


@pytest.mark.parametrize(
    ("change", "kind", "column", "says"),
    [
        (lambda t: t.assign(spent=t["spent"] * 1000), "unit", "spent", "1,000 times as large"),
        (lambda t: t.assign(spent=t["spent"] * 2.54), "unit", "spent", "inches and centimetres"),
        (lambda t: t.assign(noise=t["noise"] * 1.3), "spread", "noise", "times as wide as in training"),
        (lambda t: t.assign(noise=0.25), "stuck", "noise", "stuck at 0.25 in 100% of the rows"),
        (lambda t: t.assign(noise=np.nan), "schema", "noise", "noise is gone: no row has a value"),
        (lambda t: t.assign(city=t["city"].str.upper()), "schema", "city", "writes its values otherwise"),
        (lambda t: t.assign(city="Rome"), "stuck", "city", "stuck at Rome in 100% of the rows"),
        (lambda t: t.assign(noise=t["noise"] + 0.5), "drift", "noise", "sd)"),
        (lambda t: t.assign(noise=t["spent"]), "joint", "noise", "noise"),
    ],
)
def test_a_change_has_its_kind_its_column_and_a_sentence(judged, customers, change, kind, column, says):
    window = judged(change(customers(1500, 5)))

    signal = next(one for one in window.signals if one.kind == kind)
    assert column in signal.columns
    assert says in signal.text
    assert window.status in ("warning", "alarm")
    assert any(says in reason for reason in window.reasons) or kind == "drift"


def test_a_gone_column_has_no_drift_of_its_own(judged, customers):
    window = judged(customers(800, 5).assign(noise=np.nan))

    assert [one.kind for one in window.signals if "noise" in one.columns] == ["schema"]


def test_a_score_is_no_worse_only_where_that_is_shown(judged, customers):
    few, many = (judged(customers(rows, 5), labels=True) for rows in (120, 6000))

    assert any("too few rows to tell, the difference lies between −" in reason for reason in few.reasons)
    assert any("is no worse than the" in reason or "too few rows" in reason for reason in many.reasons)
    assert (few.status, many.status) == ("ok", "ok")


def test_labels_tell_a_turned_relation_by_what_it_costs(judged, customers):
    window = judged(customers(600, 6, flip=True), labels=True)

    found = kinds(window)
    assert {("score", "alarm"), ("errors", "alarm")} <= found
    assert "concept" in {kind for kind, _ in found}
    assert window.signals[0].kind == "score"
    assert window.signals[0].direction == "down"


def test_errors_of_short_windows_add_up(judged, customers):
    """Windows too short for a score to fall beyond chance: the running sum goes on from one to the next."""
    before, told = None, []
    for seed in range(8):
        rows = customers(60, 20 + seed)
        turned = rows["stays"].where(rows.index % 3 > 0, rows["stays"].map({"yes": "no", "no": "yes"}))
        before = judged(rows.assign(stays=turned), labels=True, before=before)
        told.append({one.kind for one in before.signals})

    assert "errors" in set().union(*told)
    assert before.carried["errors"] > 0


def test_the_target_itself_is_told(judged, customers):
    rows = customers(3000, 5)
    yes = rows["stays"] == "yes"

    window = judged(rows[~yes | (rows.index % 3 == 0)].reset_index(drop=True), labels=True)

    target = next(one for one in window.signals if one.kind == "target")
    assert (target.columns, target.direction) == (("stays",), "down")


@pytest.mark.slow
def test_windows_in_which_nothing_happens_are_seldom_told(judged, customers):
    """At a rate of one in five; a window of the same population as the training's."""
    told = [bool(judged(customers(250, 300 + seed), labels=True, rate=0.2).signals) for seed in range(15)]

    assert sum(told) <= 7


def test_signals_are_kept_in_the_report(judged, customers, bundle):
    window = judged(customers(600, 6, flip=True), labels=True)
    report = MonitorReport("shop", 1, bundle.metrics, (window,), (), ())

    read = MonitorReport.from_dict(report.to_dict())

    assert read.windows[0] == window
    assert isinstance(read.windows[0], Window)
