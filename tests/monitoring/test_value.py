"""What mistakes cost, window by window."""

import numpy as np
import pytest

import workbench as wb
from workbench.core.report import MonitorReport
from workbench.core.thresholds import costs_of
from workbench.core.value import Value


def test_the_mean_cost_of_rows_lies_in_its_interval():
    draw = np.random.default_rng(0)
    said = draw.random(900)
    came = draw.random(900) < said

    found = Value(1.0, 10.0, 0.1).of(said, came)

    assert found.low < found.value < found.high
    assert found.value == pytest.approx(((said >= 0.1) & ~came).mean() + 10 * ((said < 0.1) & came).mean())
    assert costs_of("recall >= 0.9") is None


@pytest.mark.slow
def test_a_row_that_costs_more_than_in_training_is_told(home, customers, tmp_path):
    """Estimated before labels come, measured afterwards."""
    data = wb.dataset(customers(1500, 1), target="stays", id="customer")
    run = wb.train(data, candidates=("linear",), folds=2, threshold="cost 1:10")
    wb.package(run, name="dear")
    for label, batch in (("w1", customers(1200, 5)), ("w2", customers(1200, 6, flip=True))):
        wb.score("dear", batch, window=label)
    (guessed,) = [one for one in wb.monitor("dear").windows[0].estimates if one.name == "cost"]
    for batch in (customers(1200, 5), customers(1200, 6, flip=True)):
        wb.feedback("dear", batch)

    report = wb.monitor("dear")

    first, second = report.windows
    assert guessed.low < first.value.value < guessed.high
    assert [one.kind for one in first.signals if one.kind == "value"] == []
    (signal,) = [one for one in second.signals if one.kind == "value"]
    assert (signal.level, signal.direction) == ("alarm", "up")
    assert second.value.value > 2 * second.value_reference.value
    assert MonitorReport.load(report.save(tmp_path / "report.json")) == report
    assert "Cost of a row" in report._repr_mimebundle_()["text/html"]
