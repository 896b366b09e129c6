"""Windows of a time series are judged by what windows did, and the score that a model claims is one number."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.signal import lfilter

import workbench as wb
from workbench.core.bundle import Bundle
from workbench.core.chunks import Chunks
from workbench.core.metric import Metric, short
from workbench.core.report import Window
from workbench.display.report import html
from workbench.monitoring.losses import loss_of
from workbench.monitoring.usual import Spread, of_gaps, of_scores
from workbench.settings import settings
from workbench.storage.tracking import client

HOURS = 1500


def readings(first, last, flip=False, shift=0.0):
    """Hours of a meter whose level wanders over days, and whether the next hour is busy; two months, ever the same."""
    draw = np.random.default_rng(7)
    level = lfilter([0.2], [1, -0.98], draw.normal(size=3000))
    busy = level * (-1 if flip else 1) + draw.normal(0, 0.7, 3000) > 0.2
    table = pd.DataFrame({
        "at": pd.date_range("2025-01-01", periods=3000, freq="h"), "level": (level + shift).round(4),
        "noise": draw.normal(size=3000).round(4), "busy": np.where(busy, "yes", "no"),
    })  # fmt: skip
    return table[first:last].reset_index(drop=True)


@pytest.fixture(scope="module")
def _meter(tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("meter"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        data = wb.dataset(readings(0, HOURS), target="busy", time="at")
        run = wb.train(data, candidates=("linear",), trials=1)
        wb.package(run, name="meter")
    return folder, run


@pytest.fixture
def meter(home, _meter):
    """The run whose bundle ``meter`` is champion."""
    folder, run = _meter
    shutil.copytree(folder, home, ignore=shutil.ignore_patterns("artifacts"), dirs_exist_ok=True)
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
    client(settings())
    return run


def seen(table, length, labels=True, name="w"):
    """The report of windows of so many hours."""
    for k in range(len(table) // length):
        part = table[k * length : (k + 1) * length]
        said = wb.score("meter", part.drop(columns="busy"), window=f"{name}{k:02d}")
        if labels:
            wb.feedback("meter", pd.DataFrame({"id": said["id"], "busy": part["busy"].to_numpy()}), id="id")
    return wb.monitor("meter")


@pytest.mark.slow
@pytest.mark.parametrize("labels", [False, True])
def test_windows_of_the_training_period_say_nothing(meter, monkeypatch, labels):
    """Weeks of a level that wanders lie far apart; taken for independent rows, most of them warn."""
    report = seen(readings(0, HOURS), 168, labels)

    assert {window.status for window in report.windows} == {"ok"}
    monkeypatch.setattr(Bundle, "chunks", None)
    independent = wb.monitor("meter", false_alarm_rate=0.049)
    assert sum(any(d.important for d in window.drift) for window in independent.windows) >= 6


@pytest.mark.slow
def test_what_windows_never_did_is_told(meter):
    turned = seen(readings(HOURS, HOURS + 168, flip=True), 168)
    moved = seen(readings(HOURS, HOURS + 168, shift=8.0), 168, labels=False, name="x")

    assert turned.windows[0].status == "alarm"
    assert "level" in moved.windows[1].reasons[0]


@pytest.mark.slow
def test_one_claim_on_run_bundle_card_page_and_monitor(meter):
    """The folds said less than the hold-out; what is shown is what the run claims, everywhere."""
    bundle = wb.bundle("meter")

    report = seen(readings(HOURS, HOURS + 168), 168)

    claim = meter.metrics[0]
    assert abs(meter.best.metrics[0].value - claim.value) > 0.001  # else nothing is shown here
    assert claim == bundle.metrics[0] == report.reference[0] == report.windows[0].reference
    assert Window.from_dict(report.to_dict()["windows"][0]).reference == claim
    assert f"| {claim.name} | {claim.value:.4g} |" in (bundle.path / "card.md").read_text(encoding="utf-8")
    assert short(claim.value) in html(report)
    assert short(meter.best.metrics[0].value) not in html(report)


CHUNKS = Chunks("", (100,) * 32, (), metric="roc_auc", scores=(tuple(0.7 + 0.002 * k for k in range(32)),),
                gaps=tuple(0.05 * (-1) ** k for k in range(32)))  # fmt: skip
CLAIM = Metric("roc_auc", 0.75, 0.74, 0.76)


@given(score=st.floats(0.7, 0.9), rows=st.integers(50, 5000), rate=st.floats(0.001, 0.4))
def test_a_score_that_a_chunk_had_already_is_no_loss(score, rows, rate):
    spread = of_scores(CHUNKS, CLAIM, rows)

    loss = loss_of(CLAIM, Metric("roc_auc", score, error=0.0), rate, spread=spread)

    assert not loss.significant
    assert loss.amount == CLAIM.value - score


@given(rows=st.integers(50, 5000))
def test_a_score_far_below_all_chunks_is_a_loss(rows):
    now = Metric("roc_auc", 0.55, error=0.01)

    loss = loss_of(CLAIM, now, 0.01, spread=of_scores(CHUNKS, CLAIM, rows))

    assert loss.alarming
    assert loss.reference == CLAIM


def test_a_window_shorter_than_a_chunk_has_chance_of_its_own():
    short_one, long_one = (of_scores(CHUNKS, CLAIM, rows) for rows in (50, 100))

    assert short_one.bound(0.03, 0.01) > long_one.bound(0.03, 0.01) == long_one.bound(0.0, 0.01)


def test_few_chunks_ask_for_more_than_many():
    bounds = [Spread(0.0, 1.0, 0.0, freedom).bound(0.0, 0.01) for freedom in (3, 30, 10**6)]

    assert bounds == sorted(bounds, reverse=True)
    assert bounds[-1] == pytest.approx(2.326, abs=1e-3)


def test_probabilities_that_are_off_by_turns_are_so_in_longer_windows_no_more():
    assert of_gaps(CHUNKS, 100).worst == pytest.approx(0.05)
    assert of_gaps(CHUNKS, 200).worst == pytest.approx(0.0)


def test_what_is_not_known_is_not_judged_by():
    """Bundles of older versions, other scores, and classes of which none was counted."""
    assert of_scores(None, CLAIM, 100) is None
    assert of_scores(replace(CHUNKS, metric="accuracy"), CLAIM, 100) is None
    assert of_scores(replace(CHUNKS, scores=((None,) * 32,)), CLAIM, 100) is None
    assert of_gaps(None, 100) is None
    assert of_gaps(replace(CHUNKS, gaps=()), 100) is None
