"""What other false-alarm rates would have brought, from the p-values that a report has stored."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.alarm_curve import AlarmCurve
from workbench.core.metric import Metric
from workbench.core.report import ColumnDrift, MonitorReport, Signal, Window
from workbench.errors import BadParameter
from workbench.monitoring.incidents import incidents

LEVELS = ("alarm", "warning", "small")


def window(label, *signals, drift=(), performance=(), reference=None):
    levels = {one.level for one in signals}
    status = next((s for s in ("alarm", "warning") if s in levels), "ok")
    texts = tuple(one.text for one in signals)
    return Window(label, 900, 900, 0.0, drift, performance, None, None, status, texts, reference, signals=signals)


def signal(kind, level, p_value, columns=()):
    return Signal(kind, level, f"{kind}.", columns, "down" if kind == "score" else "", 0.3, p_value)


def column(name, p_value, effect, drifted):
    return ColumnDrift(name, "ks", effect, p_value, effect, drifted, drifted and effect >= 0.1)


def report(*windows, rate=0.05):
    return MonitorReport("shop", 1, (), tuple(windows), incidents(windows), (), rate)


def test_a_smaller_rate_has_fewer_alarms_and_misses_more():
    strong, weak = signal("score", "alarm", 1e-9), signal("score", "alarm", 0.004)
    quiet = [window(f"q{k}") for k in range(4)]
    made = report(window("a", strong), *quiet, window("b", weak))

    curve = made.alarms([1e-6, 0.001, 0.01, 0.05], alarm_cost=2, missed_cost=10)

    assert [(p.rate, p.alarms, p.missed, p.cost) for p in curve.points] == [
        (1e-6, 1, 1, 12.0),
        (0.001, 1, 1, 12.0),
        (0.01, 2, 0, 4.0),
        (0.05, 2, 0, 4.0),
    ]
    assert (curve.bad, curve.cheapest.rate, curve.now.rate) == (("a", "b"), 0.01, 0.05)


def test_a_larger_rate_tells_of_drift_and_losses_that_were_not_beyond_chance():
    drift = (column("age", 0.2, 0.3, False), column("city", 0.0001, 0.05, True))
    scores = (Metric("roc_auc", 0.70, 0.62, 0.78),)
    made = report(
        window("d", drift=drift), window("s", performance=scores, reference=Metric("roc_auc", 0.76, 0.75, 0.77))
    )

    points = {p.rate: p for p in made.alarms([0.05, 0.2, 0.5]).points}

    assert [(points[r].warnings, points[r].alarms) for r in (0.05, 0.2, 0.5)] == [(0, 0), (0, 1), (1, 1)]


def test_what_has_no_p_value_is_told_at_any_rate():
    made = report(window("a", signal("missing", "alarm", None)))

    assert {p.alarms for p in made.alarms().points} == {1}


def test_bad_windows_can_be_named():
    made = report(window("a"), window("b", signal("drift", "warning", 0.001)))

    curve = made.alarms([0.05], missed_cost=3, bad=["a"])

    assert (curve.bad, curve.now.missed, curve.now.cost) == (("a",), 1, 3.0)


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"rates": [0]}, "above 0"),
        ({"rates": [0.6]}, "at most 0.5"),
        ({"rates": ["0.1"]}, "false-alarm rate"),
        ({"alarm_cost": -1}, "'alarm_cost'"),
        ({"missed_cost": float("inf")}, "'missed_cost'"),
        ({"bad": ["z"]}, "no window"),
    ],
)
def test_what_is_out_of_range_is_refused(arguments, says):
    with pytest.raises(BadParameter, match=says):
        report(window("a")).alarms(**arguments)


P_VALUES = st.one_of(st.none(), st.floats(0, 1))
SIGNALS = st.lists(
    st.builds(signal, st.sampled_from(["score", "missing", "group", "joint"]), st.sampled_from(LEVELS), P_VALUES),
    max_size=3,
    unique_by=lambda one: one.kind,
)
DRIFTS = st.lists(
    st.builds(column, st.sampled_from("abcdef"), st.floats(0, 1), st.floats(0, 1), st.just(False)),
    max_size=4,
    unique_by=lambda one: one.column,
)


@st.composite
def reports(draw):
    """Of windows in which columns drifted that have a signal, and others did not."""
    windows = []
    for k, (signals, drift) in enumerate(draw(st.lists(st.tuples(SIGNALS, DRIFTS), max_size=5))):
        drifted = tuple(
            replace(d, drifted=d.p_value < 0.01, important=d.p_value < 0.01 and d.effect >= 0.1) for d in drift
        )
        told = [signal("drift", "warning", d.p_value, (d.column,)) for d in drifted if d.important]
        windows.append(window(f"{k}", *signals, *told, drift=drifted))
    return report(*windows)


@given(reports())
def test_at_its_own_rate_the_curve_says_what_the_report_said(made):
    now = made.alarms([0.001]).now

    said = [one.severity for one in made.incidents]
    assert (now.alarms, now.warnings) == (said.count("alarm"), said.count("warning"))
    assert now.windows == sum(w.status == "alarm" for w in made.windows)
    assert now.missed == 0


@given(reports())
def test_a_larger_rate_alarms_in_no_fewer_windows_and_misses_no_more(made):
    curve = made.alarms([1e-4, 0.01, 0.2, 0.5])

    assert [p.windows for p in curve.points] == sorted(p.windows for p in curve.points)
    assert [p.missed for p in curve.points] == sorted((p.missed for p in curve.points), reverse=True)
    assert AlarmCurve.from_dict(curve.to_dict()) == curve
