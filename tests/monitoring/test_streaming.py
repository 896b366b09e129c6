"""Alarms of a stream of rows."""

import sys

import numpy as np
import pytest

from workbench.errors import BadParameter, MissingExtra
from workbench.monitoring.streaming import alarms


def stream(seed, before=0.1, after=0.3, rows=1000):
    draw = np.random.default_rng(seed)
    return draw.random(2 * rows) < np.repeat([before, after], rows)


@pytest.mark.parametrize("detector", ["cusum", "adwin", "page_hinkley", "hddm_a", "hddm_w"])
def test_a_rise_is_noticed_after_it_happened(detector):
    found = alarms(stream(0), 0.1, detector)

    assert found
    assert 1000 <= found[0] < 1400


def test_the_sum_is_quicker_than_what_learns_the_rate_on_the_way():
    ours, theirs = ([alarms(stream(k), 0.1, name)[0] for k in range(10)] for name in ("cusum", "adwin"))

    assert np.median(ours) < np.median(theirs)


def test_each_alarm_starts_it_anew():
    found = alarms([False] * 100 + [True] * 60, 0.1)

    assert np.diff(found).tolist() == [found[1] - found[0]] * (len(found) - 1)
    assert len(found) >= 3


def test_it_alarms_seldom_where_nothing_happens():
    rows = np.random.default_rng(0).random(100_000) < 0.1

    assert len(alarms(rows, 0.1)) <= 4


@pytest.mark.parametrize(("rate", "detector"), [(None, "cusum"), (0.0, "cusum"), (1.5, "cusum"), (0.1, "crystal ball")])
def test_what_can_not_be_watched_is_refused(rate, detector):
    with pytest.raises(BadParameter):
        alarms([True, False], rate, detector)


def test_without_river_its_detectors_say_how_to_have_them(monkeypatch):
    monkeypatch.setitem(sys.modules, "river", None)
    monkeypatch.setitem(sys.modules, "river.drift", None)

    with pytest.raises(MissingExtra, match=r"ml-workbench\[river\]"):
        alarms([True], None, "adwin")
