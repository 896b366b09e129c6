"""What the service bears, by hour and version, as its log tells the monitor."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from starlette.testclient import TestClient

from workbench.core.load import GROWTH, Load, Served, part
from workbench.errors import StoreError
from workbench.scoring import loads as module
from workbench.scoring.loads import Loads
from workbench.scoring.log import PredictionLog
from workbench.scoring.service import Service

SECONDS = st.lists(st.floats(1e-5, 100), min_size=1, max_size=200)


def load_of(seconds) -> Load:
    total = Load()
    for one in seconds:
        total = total + Load(1, rows=2, times={part(one): 1}, cpu=one)
    return total


@given(SECONDS, st.floats(0.01, 1))
def test_a_percentile_is_numpys_but_for_half_a_part(seconds, share):
    found = load_of(seconds).milliseconds(share) / 1000

    exact = np.quantile(seconds, share, method="inverted_cdf")
    assert exact / GROWTH**0.51 <= found <= exact * GROWTH**0.51


@given(SECONDS, SECONDS)
def test_two_stretches_add_up_to_what_one_would_have_been(one, other):
    both = load_of(one) + load_of(other)

    assert both.times == load_of([*one, *other]).times
    assert (both.requests, both.rows) == (len(one) + len(other), 2 * (len(one) + len(other)))
    assert Served.of(both).cpu == pytest.approx(1000 * (sum(one) + sum(other)) / both.rows)


def test_nothing_is_lost_or_counted_twice_from_hour_to_hour(tmp_path, monkeypatch):
    log, loads, hours = PredictionLog(tmp_path), Loads(), ["2026-07-31T22", "2026-07-31T23", "2026-08-01T00"]
    for hour in hours:
        monkeypatch.setattr(module, "_hour", lambda hour=hour: hour)
        for version in (1, 2, 1):
            loads.answered(200, 0.01, 3, version)
            log.bear("one", loads.taken())
            log.bear("one", loads.taken())
        log.bear("another", {(hour, 1): Load(1, rows=3)})

    july = log.borne("2026-07-31", "2026-07-31~")

    assert {version: (load.requests, load.rows) for version, load in july.items()} == {1: (6, 18), 2: (2, 6)}
    assert log.borne("2026-08-01", "2026-08-01~")[1].requests == 3


def test_the_service_tells_its_log_what_it_bore_when_it_stops(scorer, tmp_path):
    log = PredictionLog(tmp_path)
    with TestClient(Service(scorer, log), base_url="http://localhost") as client:
        for body in (
            {"age": 36, "city": "Ulm"},
            {"rows": [{"age": 36, "city": "Ulm"}] * 3},
            {"age": "x", "city": "Ulm"},
        ):
            client.post("/predict", json=body)
        client.get("/health")

    (load,) = log.borne("2026", "9999").values()

    assert (load.requests, load.rows, load.refused, load.failed) == (3, 5, 1, 0)
    assert load.memory > 1
    assert load.cpu > 0
    assert sum(load.times.values()) == 3


def test_a_log_that_takes_nothing_is_told_later(scorer, tmp_path, monkeypatch):
    log = PredictionLog(tmp_path)
    service = Service(scorer, log)

    def full(*_):
        raise StoreError("The disk is full.")

    with TestClient(service, base_url="http://localhost") as client:
        client.post("/predict", json={"age": 36, "city": "Ulm"})
        with monkeypatch.context() as patch:
            patch.setattr(log, "bear", full)
            client.portal.call(service.note)

    assert [load.requests for load in log.borne("2026", "9999").values()] == [1]
