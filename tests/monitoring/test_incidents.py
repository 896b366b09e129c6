"""What an incident joins, how long it is the same one, and what it says did it: the worst window, and what drifted."""

from collections import Counter
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, Incident, Signal, Window
from workbench.monitoring.incidents import COOL_DOWN, incidents
from workbench.monitoring.told_signals import signals_of


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


def test_an_alarm_of_another_kind_is_told_though_the_first_may_come_back():
    alarms = [window("w0", 0.6), window("w1", 0.5, reason="Half of the rows have no age")]

    assert [(one.kind, one.windows, one.active) for one in incidents(alarms)] == [
        ("score", ("w0",), False),
        ("other", ("w1",), True),
    ]


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


def test_a_warning_tells_its_own_reason_and_where_it_was_worst():
    (incident,) = incidents([window("w0", 0.7, status="warning"), window("w1", 0.6, status="warning")])

    assert incident.cause.startswith("ROC AUC fell in w1. That was in w1, the worst of 2.")


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
        ("oaooo", [("1", "1", False)]),  # over: three good windows in a row
        ("oaoo", [("1", "1", True)]),  # it may come back
        ("oaaa", [("1", "3", True)]),
        ("aoao", [("0", "2", True)]),
        ("aooaooaooa", [("0", "9", True)]),  # what comes and goes is one
        ("aoooa", [("0", "0", False), ("4", "4", True)]),
        ("ao?ao", [("0", "3", True)]),  # what has no status neither begins nor ends
        ("a?????", [("0", "0", True)]),
        ("?a", [("1", "1", True)]),
        ("wwo", [("0", "1", True)]),
        ("awwa", [("0", "3", True)]),  # of one kind and direction, so one
        ("wawa", [("0", "3", True)]),
        ("wooooa", [("0", "0", False), ("5", "5", True)]),
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
    quiet = [window(f"q{i}", 0.8, status="ok") for i in range(COOL_DOWN)]

    last = incidents([unscored, other, *quiet, window("w", 0.5, drift=[("a", 0.4)])])[-1]

    assert last.columns == ("a",)


@pytest.mark.parametrize(("effect", "named"), [(0.05, ("a",)), (0.049, ())])
def test_where_no_window_was_good_the_whole_drift_counts(effect, named):
    (incident,) = incidents([window("w", 0.5, drift=[("a", effect)], least=0.0)])

    assert incident.columns == named


def signalled(label, *signals):
    """A window of signals, each written as ``kind direction level``."""
    told = tuple(Signal(k, level, f"{k} {d} in {label}.", (), d) for k, d, level in (one.split(" ") for one in signals))
    status = "alarm" if any(s.level == "alarm" for s in told) else "warning" if told else "ok"
    return Window(label, 500, 500, 0.0, (), (), None, None, status, tuple(s.text for s in told), signals=told)


def test_scores_and_errors_that_tell_of_one_loss_are_one_incident():
    windows = [
        signalled("w0", "errors up warning"),
        signalled("w1", "score down alarm"),
        signalled("w2", "concept up warning"),
    ]

    (one,) = incidents(windows)
    (later,) = incidents([*windows, signalled("w3", "errors up alarm")], [one])

    assert (one.kind, one.direction, one.severity, one.windows) == ("score", "", "alarm", ("w0", "w1", "w2"))
    assert (later.id, later.end) == (one.id, "w3")


def test_what_the_service_does_is_not_told_with_what_the_model_does():
    found = incidents([signalled("w0", "latency up warning", "score down alarm"), signalled("w1", "score down alarm")])

    assert [(one.kind, one.windows, one.others) for one in found] == [
        ("latency", ("w0",), ()),
        ("score", ("w0", "w1"), ()),
    ]


def test_too_high_and_too_low_are_two_incidents():
    high, low = "calibration up alarm", "calibration down alarm"

    found = incidents([signalled("1", high), signalled("2", low), signalled("3", high), signalled("4", low)])

    assert [(one.direction, one.windows, one.active) for one in found] == [
        ("up", ("1", "3"), False),
        ("down", ("2", "4"), True),
    ]


def moved(label, **ways):
    """A window in which columns drifted, each ``up`` or ``down``."""
    told = tuple(Signal("drift", "warning", f"{c} drifted.", (c,), way, 0.3) for c, way in ways.items())
    return Window(label, 500, 500, 0.0, (), (), None, None, "warning", (), signals=told)


def test_a_column_that_turns_round_begins_another_incident():
    found = incidents([moved("1", age="up"), moved("2", age="down"), moved("3", age="up"), moved("4", city="down")])

    assert [(one.direction, one.windows, one.columns) for one in found] == [
        ("up", ("1", "3"), ("age",)),
        ("down", ("2", "4"), ("city", "age")),
    ]


def test_columns_that_go_different_ways_at_once_are_one_incident():
    (one,) = incidents([moved("1", age="up", city="down"), moved("2", age="up"), moved("3", city="down")])

    assert (one.windows, one.direction) == (("1", "2", "3"), "")


def test_an_incident_keeps_its_id_though_other_columns_go_another_way_later():
    before = incidents([moved("1", age="up")])

    (now,) = incidents([moved("1", age="up"), moved("2", age="up", city="down")], before)

    assert now.id == before[0].id


def test_old_sentences_tell_the_direction_too():
    """The alarm that said *too high* while its newest window was too low."""
    said = "stays = yes was expected in 9% of the rows and came true in 4%: the probabilities are too {}."
    windows = [
        Window(str(k), 500, 500, 0.0, (), (), 0.09, 0.04, "alarm", (said.format(word),))
        for k, word in enumerate(("high", "low"))
    ]

    found = [(one.kind, one.direction, one.windows) for one in incidents(windows)]

    assert found == [("calibration", "up", ("0",)), ("calibration", "down", ("1",))]


def test_what_is_seen_with_something_graver_is_told_with_it():
    windows = [
        signalled("1", "drift  warning"),
        signalled("2", "drift  warning", "score down alarm"),
        signalled("3", "drift  warning", "score down warning"),
    ]

    drift, score = incidents(windows)

    assert (score.windows, score.others, score.severity, score.peak) == (("2", "3"), ("drift",), "alarm", "2")
    assert (drift.windows, drift.open, drift.within) == (("1",), False, score.id), "it goes on as a part of the other"


def test_what_is_small_is_no_incident():
    assert incidents([signalled("1", "drift  small"), signalled("2", "score down small")]) == ()


def test_an_incident_keeps_its_id_when_late_labels_show_that_it_began_earlier():
    bad = "score down alarm"
    before = incidents([signalled("1"), signalled("2", bad)])

    now = incidents([signalled("1", bad), signalled("2", bad)], before)

    assert (now[0].id, now[0].start) == (before[0].id, "1")
    assert incidents([signalled("1", bad), signalled("2", bad)])[0].id != before[0].id


KINDS = [f"{kind} {way} {level}" for kind, way in (("score", "down"), ("calibration", "up"), ("calibration", "down"),
         ("drift", ""), ("business", ""), ("odd", "up")) for level in ("alarm", "warning", "small")]  # fmt: skip
HISTORIES = st.lists(st.one_of(st.none(), st.lists(st.sampled_from(KINDS), max_size=3, unique=True)), max_size=14)


def history(drawn):
    """Windows of what was drawn; None stands for one with too few rows."""
    unknown = Window("", 9, 0, 0.0, (), (), None, None, "unknown", ("9 rows are too few to judge.",))
    return [
        Window(**{**vars(unknown), "label": f"{k:02d}"}) if one is None else signalled(f"{k:02d}", *one)
        for k, one in enumerate(drawn)
    ]


@given(HISTORIES)
def test_each_signal_is_told_in_one_incident_and_no_incident_tells_of_another(drawn):
    windows = history(drawn)
    found = incidents(windows)
    grave = {(w.label, s.kind, s.direction) for w in windows for s in signals_of(w) if s.level != "small"}

    told = Counter((label, one.kind, one.direction) for one in found for label in one.windows)
    with_others = {(kind) for one in found for kind in one.others}

    assert set(told) <= grave, "of its kind and direction in each of its windows"
    assert not told or max(told.values()) == 1
    assert all(kind in with_others for _, kind, _ in grave - set(told))
    assert len({one.id for one in found}) == len(found)


@given(HISTORIES)
def test_one_kind_does_not_flap(drawn):
    windows = history(drawn)
    judged = [w.label for w in windows if w.status != "unknown"]
    by_key = {}
    for one in incidents(windows):
        by_key.setdefault((one.kind, one.direction), []).append(one)

    for some in by_key.values():
        for before, after in pairwise(some):
            apart = judged.index(after.start) - judged.index(before.end)
            assert apart > COOL_DOWN or before.within, "unless something graver lay between"


@given(HISTORIES)
def test_from_report_to_report_an_incident_keeps_its_id(drawn):
    windows = history(drawn)
    before = ()
    for count in range(len(windows) + 1):
        now = incidents(windows[:count], before)
        for one in now:
            same = [b for b in before if (b.kind, b.direction) == (one.kind, one.direction)]
            shared = [b for b in same if set(b.windows) & set(one.windows)]
            assert not shared or one.id in {b.id for b in shared}
        before = now

    assert [Incident.from_dict(vars(one)) for one in before] == list(before)


@given(HISTORIES, st.integers(0, 14))
def test_a_window_that_can_not_be_judged_changes_nothing(drawn, place):
    def told(some):
        return [(one.kind, one.severity, one.quiet, one.open, len(one.windows)) for one in incidents(some)]

    assert told(history(drawn)) == told(history([*drawn[:place], None, *drawn[place:]]))
