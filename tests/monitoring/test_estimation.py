"""Scores of windows without labels: near what comes, and trusted only where they can be."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.core.estimation import FILE
from workbench.core.metric import Metric
from workbench.core.report import Estimate, MonitorReport, Window
from workbench.display.terminal import table as terminal
from workbench.monitoring.estimation import estimate_findings, fallen, told_of

AUC = Metric("roc_auc", 0.9, 0.89, 0.91)


def estimates(name, **batches):
    """Of windows, scored in order and labelled where the name says so: the deciding estimate, and what came."""
    for label, batch in batches.items():
        wb.score(name, batch, window=label)
        if label.startswith("labelled"):
            wb.feedback(name, batch)
    before = {w.label: w.estimates for w in wb.monitor(name).windows}
    for batch in batches.values():
        wb.feedback(name, batch)
    came = {w.label: w.performance for w in wb.monitor(name).windows}
    return {label: (before[label][0], came[label][0]) for label in batches}


def test_a_window_like_the_training_is_estimated_and_trusted(shop, customers):
    """What comes later lies in the interval."""
    ((guessed, came),) = estimates(shop, w=customers(600, 5)).values()

    assert (guessed.name, guessed.trusted) == ("roc_auc", True)
    assert guessed.low < came.value < guessed.high
    assert guessed.high - guessed.low < 0.1
    assert any("within what the training saw" in one for one in guessed.why)


@pytest.mark.slow
def test_rows_that_the_training_never_saw_are_not_trusted(shop, customers):
    ((guessed, _),) = estimates(shop, w=customers(600, 5, shift=6.0)).values()

    assert not guessed.trusted
    assert "of the rows hold values that the training never saw." in guessed.why[0]


@pytest.mark.slow
def test_labels_that_came_otherwise_before_take_the_trust(shop, customers):
    found = estimates(shop, labelled=customers(600, 5, flip=True), then=customers(600, 6, flip=True))

    guessed, came = found["then"]
    assert not guessed.trusted
    assert any("has changed" in one for one in guessed.why)
    assert any("600 labels recalibrated it" in one or "500 labels recalibrated it" in one for one in guessed.why)
    assert abs(guessed.value - came.value) < 0.25  # near what it now is, not near the 0.9 of the training


@pytest.mark.slow
def test_a_trickle_of_its_own_labels_moves_the_estimate_of_a_window(shop, customers):
    batch = customers(3000, 5, flip=True)
    wb.score(shop, batch, window="w")
    (bare,) = wb.monitor(shop).windows
    wb.feedback(shop, batch.sample(frac=0.03, random_state=0))

    (window,) = wb.monitor(shop).windows

    assert bare.estimates[0].value > 0.85
    assert window.estimates[0].value < bare.estimates[0].value - 0.2
    assert not window.estimates[0].trusted or window.estimates[0].value < 0.5
    assert any("of them its own" in one for one in window.estimates[0].why)


@pytest.mark.parametrize(
    ("guessed", "told"),
    [
        (Estimate("roc_auc", 0.8, 0.78, 0.82, trusted=True), 1),
        (Estimate("roc_auc", 0.8, 0.78, 0.82, trusted=False), 0),
        (Estimate("roc_auc", 0.89, 0.87, 0.91, trusted=True), 0),
        (Estimate("roc_auc", 0.8, 0.5, 1.0, trusted=True), 0),
        (Estimate("accuracy", 0.5, 0.49, 0.51, trusted=True), 0),
    ],
)
def test_only_a_trusted_estimate_that_fell_beyond_chance_is_a_signal(guessed, told):
    signals = list(fallen([guessed], AUC, 0.0125))

    assert len(signals) == told
    assert all((one.kind, one.level, one.direction) == ("estimate", "warning", "down") for one in signals)


def window(label="w", guessed=(), labelled=0):
    return Window(label, 600, labelled, 0.0, (), (), None, None, "ok", estimates=tuple(guessed))


def test_a_bundle_of_an_older_version_says_why_nothing_is_estimated(shop):
    bundle = wb.bundle(shop)
    old = replace(bundle, files={name: digest for name, digest in bundle.files.items() if name != FILE})

    (finding,) = estimate_findings(old, [window()])

    assert (finding.code, finding.evidence["windows"]) == ("WB247", ["w"])
    assert "packaged by an older Workbench" in finding.message
    assert list(estimate_findings(bundle, [window(guessed=[Estimate("roc_auc", 0.8)])])) == []


def test_a_report_says_in_words_and_in_the_terminal_what_is_estimated():
    sure, unsure = Estimate("roc_auc", 0.8, 0.7, 0.9, True, ("a",)), Estimate("roc_auc", 0.7, why=("It drifted.",))
    report = MonitorReport("m", 1, (AUC,), (window("a", [sure]), window("b", [unsure])), (), ())

    cells = list(terminal(report).columns[5].cells)

    assert [cell.plain for cell in cells] == [
        "roc_auc 0.800 (0.700 to 0.900), estimated", "roc_auc 0.700?, estimated: do not trust"
    ]  # fmt: skip
    assert told_of(report.windows) == "Their score is estimated, ROC AUC 0.800 of the latest that can be trusted."
    assert "not to be trusted: It drifted." in told_of(report.windows[1:])
    drawn = report._repr_mimebundle_()["text/html"]
    assert (drawn.count('class="wb-guessed"'), drawn.count('class="wb-hollow"')) == (1, 1)
    assert "estimated: no label is known yet" in drawn
    assert len(report.plot().data) == 3


@pytest.mark.slow
def test_numbers_are_estimated_by_what_their_loss_is_expected_to_be(home, customers):
    """Where a column says how far predictions are off, the estimate follows it without a label."""

    def batch(rows, seed, wide):
        draw, found = np.random.default_rng(seed), customers(rows, seed).drop(columns="stays")
        loud = draw.random(rows) < wide
        return found.assign(city=np.where(loud, "Oslo", "Rome"), paid=found["spent"] + draw.normal(0, 1 + 3 * loud))

    data = wb.dataset(batch(1500, 1, 0.5), target="paid", id="customer")
    wb.package(wb.train(data, candidates=("linear",), folds=2), name="paid")

    found = estimates("paid", quiet=batch(800, 2, 0.1), loud=batch(800, 3, 0.9))

    for guessed, came in found.values():
        assert (guessed.name, guessed.trusted) == ("rmse", True)
        assert guessed.low < came.value < guessed.high
    assert found["loud"][0].value > 1.5 * found["quiet"][0].value


@pytest.mark.slow
def test_several_classes_are_estimated_too(home):
    def batch(rows, seed):
        draw = np.random.default_rng(seed)
        x, y = draw.normal(size=(2, rows))
        noise = draw.gumbel(size=(rows, 3))
        return pd.DataFrame({
            "x": x, "y": y, "id": [f"{seed}-{k}" for k in range(rows)],
            "kind": np.array(["a", "b", "c"])[(np.column_stack([x, y, -x]) * 2 + noise).argmax(axis=1)],
        })  # fmt: skip

    data = wb.dataset(batch(1200, 1), target="kind", id="id")
    wb.package(wb.train(data, candidates=("linear",), folds=2), name="kinds")

    ((guessed, came),) = estimates("kinds", w=batch(700, 2)).values()

    assert (guessed.name, guessed.trusted) == ("log_loss", True)
    assert guessed.low < came.value < guessed.high
