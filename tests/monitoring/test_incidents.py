"""What an incident says did it: the worst window, by the score that was lost, and what drifted there."""

import pytest

from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Window
from workbench.monitoring.incidents import incidents


def window(label, score=None, name="roc_auc", status="alarm", reason=None, drift=(), means=(None, None)):
    performance = () if score is None else (Metric(name, score, score - 0.02, score + 0.02),)
    drifts = tuple(ColumnDrift(c, "ks", effect, 0.0, effect, True, effect >= 0.1) for c, effect in drift)
    told = reason or {"roc_auc": "ROC AUC fell", "rmse": "RMSE rose"}[name]
    return Window(label, 500, 500, 0.0, drifts, performance, *means, status, (f"{told} in {label}.",))


@pytest.mark.parametrize("worst", range(3))
@pytest.mark.parametrize(("name", "bad", "better"), [("roc_auc", 0.5, 0.7), ("rmse", 9.0, 5.0)])
def test_the_worst_window_is_the_one_that_lost_most(name, bad, better, worst):
    alarms = [window(f"w{i}", bad if i == worst else better, name) for i in range(3)]

    (incident,) = incidents(alarms)

    assert f"in w{worst}. That was in w{worst}, the worst of 3." in incident.cause


def test_where_no_score_was_lost_the_worst_is_where_prediction_and_outcome_are_furthest_apart():
    quality = "Half of the rows have no age"
    alarms = [
        window("w0", 0.5, reason=quality, means=(0.5, 0.4)),
        window("w1", 0.9, reason=quality, means=(0.5, 0.9)),
        window("w2", 0.4, reason=quality),
    ]

    (incident,) = incidents(alarms)

    assert "in w1, the worst of 3" in incident.cause


def test_a_window_that_lost_nothing_is_not_the_worst_beside_one_that_did():
    alarms = [window("w0", 0.6), window("w1", 0.5, reason="Half of the rows have no age")]

    (incident,) = incidents(alarms)

    assert "in w0, the worst of 2" in incident.cause


@pytest.mark.parametrize(
    ("windows", "says"),
    [
        ([window("w0", 0.5)], "No column drifted beyond the usual: what the columns mean for the target changed."),
        ([window("w0", 0.5, drift=[("age", 0.4)])], "age drifted most."),
        (
            [window("w0", 0.8, status="ok", drift=[("age", 0.1)]), window("w1", 0.5, drift=[("age", 0.4)])],
            "age drifted further than in good windows.",
        ),
        (
            [window("w0", 0.5, drift=[("a", 0.2), ("b", 0.5), ("c", 0.3), ("d", 0.4), ("prediction", 0.9)])],
            "b, d, c drifted most.",
        ),
    ],
)
def test_the_cause_names_the_columns_that_drifted_strongest_first(windows, says):
    assert incidents(windows)[-1].cause.endswith(says)


def test_without_a_score_the_cause_is_the_reason_alone():
    (incident,) = incidents([window("w0", drift=[("age", 0.4)], reason="Half of the rows have no age")])

    assert incident.cause == "Half of the rows have no age in w0."


def test_a_warning_alone_tells_its_own_reason():
    (incident,) = incidents([window("w0", 0.7, status="warning"), window("w1", 0.6, status="warning")])

    assert incident.cause == "ROC AUC fell in w0."
