"""A report in words: its checks, whether to trust answers, and the trend."""

from dataclasses import replace

import pytest

from workbench.core.metric import Metric
from workbench.core.report import Estimate, MonitorReport, Signal, Window
from workbench.core.report_checks import OF, trend, verdict
from workbench.monitoring.judgement import ORDER

SCORE = Metric("roc_auc", 0.8)


def report(*windows):
    return MonitorReport("churn", 1, (SCORE,), windows, (), ())


def window(label, *signals, labelled=True, status="ok", **more):
    return Window(label, 900, 900 if labelled else 0, 0.0, (), (SCORE,) if labelled else (), 0.2, None, status,
                  signals=signals, **more)  # fmt: skip


def state(told, kind):
    return next(one.state for one in told.checks if one.kind == kind)


def test_where_nothing_was_seen_answers_can_be_trusted():
    told = verdict(report(window("1"), window("2")))

    assert (told.trust, told.state, told.normal, told.worst) == ("yes", "ok", len(told.checks), None)


@pytest.mark.parametrize(("level", "trust"), [("alarm", "no"), ("warning", "look"), ("small", "yes")])
@pytest.mark.parametrize("kind", [kind for kinds in OF.values() for kind in kinds] + ["a kind of tomorrow"])
def test_a_signal_of_any_kind_is_heard(kind, level, trust):
    """Also one that no check knows yet."""
    told = verdict(report(window("1", Signal(kind, level, "Something."))))

    assert told.trust == trust
    assert (told.worst is None) == (level == "small")
    assert [one.text for one in told.checks if one.text] == ["Something."]


def test_each_kind_that_the_rules_tell_of_has_its_check():
    assert set(ORDER) <= {kind for kinds in OF.values() for kind in kinds}


def test_labels_that_came_last_speak_for_windows_that_wait():
    """An alarm of the score is not forgotten because the newest window has no label yet."""
    lost = Signal("score", "alarm", "Lost.")
    told = verdict(report(window("1", lost), window("2", labelled=False)))

    assert (told.trust, told.worst.window) == ("no", "1")


def test_without_labels_a_trusted_estimate_speaks_and_another_one_does_not():
    sure = window("1", labelled=False, estimates=(Estimate("roc_auc", 0.8, trusted=True),))
    unsure = replace(sure, estimates=(Estimate("roc_auc", 0.8),))

    assert [verdict(report(one)).trust for one in (sure, unsure)] == ["estimated", "unknown"]
    assert state(verdict(report(unsure)), "score") == "unknown"


def test_a_fallen_estimate_is_worth_a_look():
    fell = Signal("estimate", "warning", "It fell.")
    told = verdict(report(window("1", fell, labelled=False, estimates=(Estimate("roc_auc", 0.6, trusted=True),))))

    assert (told.trust, told.worst.kind, told.worst.estimated) == ("look", "score", True)


def test_windows_of_too_few_rows_and_reports_without_any_tell_nothing():
    few = window("2", status="unknown", labelled=False)

    assert verdict(report(window("1"), few)).trust == "yes"
    assert [verdict(report(*windows)).trust for windows in ((), (few,))] == ["unknown", "unknown"]


def test_a_trend_is_told_from_six_windows_on_and_knows_what_is_better():
    def scored(values, name="roc_auc"):
        return report(*(replace(window(str(k)), performance=(Metric(name, v),)) for k, v in enumerate(values)))

    falling = [0.9, 0.88, 0.87, 0.85, 0.83, 0.8]
    assert [trend(scored(values)) for values in (falling[:5], falling, falling[::-1])] == ["", "worse", "better"]
    assert trend(scored([40, 42, 45, 50, 61, 70], "rmse")) == "worse"
    assert trend(scored([0.8, 0.82, 0.79, 0.81, 0.8, 0.82, 0.8])) == "steady"
