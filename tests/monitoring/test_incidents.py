"""What an incident says did it: the worst window, by the score that was lost, and what drifted there."""

import pytest

from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Window
from workbench.monitoring.incidents import incidents


def window(label, score=None, name="roc_auc", status="alarm", reason=None, drift=(), means=(None, None), least=0.1):
    performance = () if score is None else (Metric(name, score, score - 0.02, score + 0.02),)
    drifts = tuple(ColumnDrift(c, "ks", effect, 0.0, effect, True, effect >= least) for c, effect in drift)
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


def spans(statuses):
    """First and last window of each incident, for windows of these statuses."""
    letters = {"a": "alarm", "w": "warning", "o": "ok", "?": "unknown"}
    made = [window(str(i), 0.6 if s in "aw" else 0.8, status=letters[s]) for i, s in enumerate(statuses)]
    return [(one.start, one.end, one.open) for one in incidents(made)]


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        ("", []),
        ("ooo", []),
        ("oao", [("1", "1", False)]),
        ("oaaa", [("1", "3", True)]),
        ("aoao", [("0", "2", False)]),  # a lull is no end
        ("aooa", [("0", "0", False), ("3", "3", True)]),
        ("ao?ao", [("0", "3", False)]),  # what has no status neither begins nor ends
        ("?a", [("1", "1", True)]),
        ("a?", [("0", "0", True)]),
        ("wwo", [("0", "1", False)]),
        ("awwa", [("0", "0", False), ("1", "2", False), ("3", "3", True)]),
        ("awa", [("0", "2", True)]),  # a warning within an alarm's span is that alarm's
        ("wawa", [("0", "0", False), ("1", "3", True)]),
        ("waw", [("1", "1", False)]),  # and one that runs through it would tell the same twice
        ("woooa", [("0", "0", False), ("4", "4", True)]),
        ("aooow", [("0", "0", False), ("4", "4", True)]),
    ],
)
def test_alarms_that_belong_together_are_one_incident(statuses, expected):
    assert spans(statuses) == expected


def test_the_columns_of_an_incident_are_the_five_that_drifted_furthest_beyond_the_usual():
    usual = [("a", 0.3), ("b", 0.1)]
    good = [window(f"g{i}", 0.8, status="ok", drift=usual) for i in range(3)]
    drift = [("a", 0.34), ("b", 0.4), ("c", 0.2), ("d", 0.2), ("e", 0.25), ("f", 0.5), ("g", 0.15)]

    (incident,) = incidents([*good, window("w", 0.5, drift=drift)])

    assert incident.columns == ("f", "b", "e", "c", "d"), "a drifts as much at other times, g is the sixth"


@pytest.mark.parametrize(("effect", "named"), [(0.26, ("a",)), (0.24, ())])
def test_a_column_is_named_from_a_step_beyond_its_median_in_good_windows(effect, named):
    good = [window(f"g{i}", 0.8, status="ok", drift=[("a", e)]) for i, e in enumerate((0.1, 0.2, 0.9))]

    (incident,) = incidents([*good, window("w", 0.5, drift=[("a", effect)])])

    assert incident.columns == named


def test_the_largest_drift_of_several_bad_windows_counts():
    bad = [window("w0", 0.5, drift=[("a", 0.5), ("b", 0.3)]), window("w1", 0.5, drift=[("a", 0.1), ("b", 0.4)])]

    (incident,) = incidents(bad)

    assert incident.columns == ("a", "b")


def test_bad_windows_and_those_without_a_score_are_no_measure_of_the_usual():
    unscored = window("g", status="ok", drift=[("a", 0.5)], reason="…")
    other = window("o", 0.5, drift=[("a", 0.5)])
    quiet = [window(f"q{i}", 0.8, status="ok") for i in range(2)]

    last = incidents([unscored, other, *quiet, window("w", 0.5, drift=[("a", 0.4)])])[-1]

    assert last.columns == ("a",)


@pytest.mark.parametrize(("effect", "named"), [(0.05, ("a",)), (0.049, ())])
def test_where_no_window_was_good_the_whole_drift_counts(effect, named):
    (incident,) = incidents([window("w", 0.5, drift=[("a", effect)], least=0.0)])

    assert incident.columns == named
