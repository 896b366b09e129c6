"""How the service answered, window by window: failures, refusals, time, CPU and memory."""

import numpy as np
import pytest

import workbench as wb
from workbench.core.load import Load, Served, part
from workbench.core.report import MonitorReport, Window
from workbench.monitoring.serving import FEWEST_BEFORE, MOST_BEFORE, with_serving
from workbench.scoring.log import PredictionLog
from workbench.settings import settings


def load(draw, requests=500, slower=1.0, failed=0.0, refused=0.01, cpu=1.0, memory=200.0) -> Load:
    """A day of a service whose times differ from day to day by a tenth."""
    day = slower * np.exp(draw.normal(0, 0.1))
    times: dict[str, int] = {}
    for one in draw.lognormal(np.log(0.01 * day), 0.5, requests):
        times[part(one)] = times.get(part(one), 0) + 1
    return Load(
        requests,
        draw.binomial(requests, failed),
        draw.binomial(requests, refused),
        requests,
        times,
        cpu * requests * 1e-3 * np.exp(draw.normal(0, 0.1)),
        memory * np.exp(draw.normal(0, 0.03)),
    )


def window() -> Window:
    return Window("w", 500, 0, 0.0, (), (), 0.5, None, "ok")


def told(now: Load, days: int, draw, rate=0.05) -> list[tuple[str, str]]:
    before = [Served.of(load(draw)) for _ in range(days)]
    return [(one.kind, one.level) for one in with_serving(window(), now, before, rate).signals]


@pytest.mark.parametrize(
    ("change", "kind", "level"),
    [
        ({"slower": 1.6}, "latency", "warning"),
        ({"slower": 3.0}, "latency", "alarm"),
        ({"failed": 0.05}, "failures", "alarm"),
        ({"refused": 0.3}, "refused", "alarm"),
        ({"cpu": 2.5}, "cpu", "warning"),
        ({"memory": 400.0}, "memory", "warning"),
    ],
)
def test_what_changed_in_the_service_is_told(change, kind, level):
    draw = np.random.default_rng(3)

    found = told(load(draw, **change), MOST_BEFORE, draw)

    assert found == [(kind, level)]


def test_where_nothing_changed_no_more_is_told_than_the_rate_allows():
    draw = np.random.default_rng(0)

    warned = [bool(told(load(draw), days, draw)) for days in (FEWEST_BEFORE, 8, MOST_BEFORE) for _ in range(60)]

    # 180 trials at 5%: more than 16 are less likely than one in a hundred.
    assert sum(warned) <= 16


@pytest.mark.parametrize("days", [0, FEWEST_BEFORE - 1])
def test_the_first_windows_tell_failures_alone(days):
    draw = np.random.default_rng(1)

    found = told(load(draw, slower=9.0, refused=0.5, memory=900.0, failed=0.2), days, draw)

    assert found == [("failures", "alarm")]


def test_few_requests_tell_nothing():
    draw = np.random.default_rng(2)

    assert told(load(draw, requests=20, failed=0.5, slower=9.0), MOST_BEFORE, draw) == []


@pytest.mark.slow
def test_a_slow_day_of_the_service_is_an_incident_of_its_own(shop, customers, tmp_path):
    draw, log = np.random.default_rng(5), PredictionLog(settings().predictions / shop)
    for day in range(1, 11):
        at = f"2026-01-{day:02}T10:00:00+00:00"
        rows = customers(60, day).to_dict("records")
        log.append(
            [
                {"id": f"{day}-{i}", "at": at, "version": 1, "row": row, "prediction": 0.5, "answer": "no"}
                for i, row in enumerate(rows)
            ]
        )
        log.bear("p", {(at[:13], 1): load(draw, slower=4.0 if day == 10 else 1.0)})
    log.close()

    report = wb.monitor(shop)

    assert [one.served.requests for one in report.windows] == [500] * 10
    (slow,) = [one for one in report.incidents if one.kind == "latency"]
    assert (slow.windows, slow.columns, slow.causes) == (("live-2026-01-10",), (), ())
    assert all("retrain" not in one.cure for one in report.findings if one.evidence.get("id") == slow.id)
    assert MonitorReport.load(report.save(tmp_path / "report.json")) == report
    assert wb.monitor(shop).windows == report.windows
