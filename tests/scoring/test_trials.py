"""A version that is tried out comes and goes while the service runs; whatever it does, the rows are answered."""

import logging

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from tests.scoring.conftest import make_bundle
from workbench.core.rollout import Rollout
from workbench.errors import BadParameter, BadRow, Refused
from workbench.scoring import answering, behind
from workbench.scoring.keys import Access, Keys
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Arm, Traffic, Trial

GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}
AT = "2026-11-30T09:00:00+00:00"


def rows(n: int) -> list[dict]:
    return [{**GOOD, "customer": f"c{i}"} for i in range(n)]


def trial(scorer, stage="canary", share=0.25) -> Trial:
    return Trial(Rollout("shop", scorer.bundle.version, stage, share if stage == "canary" else 0.0, AT, "anna"), scorer)


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog(tmp_path / "log")


@pytest.fixture
def third(tmp_path) -> Scorer:
    place = tmp_path / "shop" / "3"
    place.mkdir(parents=True)
    make_bundle(place, 3)
    return Scorer(place)


def failing(scorer, error):
    """A version whose model is broken."""

    def predict(*_):
        raise error

    scorer.model = type("Broken", (), {"predict": staticmethod(predict), "explain": staticmethod(lambda _: None)})()
    return scorer


def logged(log: PredictionLog) -> set[tuple]:
    again = PredictionLog(log.path.parent)
    return {(r["id"], r["version"], r["arm"]) for r in again.read()}


def test_a_canary_answers_a_share_and_the_champion_scores_those_rows_too(scorer, second, log):
    with TestClient(service := Service(scorer, log)) as client:
        service.try_out(trial(second))
        answers = client.post("/predict", json={"rows": rows(200)}).json()["predictions"]
        metrics = client.get("/metrics").text

    of_canary = {a["id"] for a in answers if a["version"] == 2}
    assert 30 < len(of_canary) < 70
    assert {(a["version"], a["arm"]) for a in answers} == {(1, "champion"), (2, "canary")}
    assert {one for one, version, arm in logged(log) if (version, arm) == (1, "shadow")} == of_canary
    assert 'workbench_rollout_share{version="2",stage="canary",state="running"} 0.25' in metrics


def test_a_shadow_comes_and_goes_without_a_restart(scorer, second, log):
    with TestClient(service := Service(scorer, log)) as client:
        client.post("/predict", json={**GOOD, "customer": "before"})
        service.try_out(trial(second, "shadow"))
        during = client.post("/predict", json={**GOOD, "customer": "during"}).json()
        service.try_out(None)
        client.post("/predict", json={**GOOD, "customer": "after"})

    assert (during["version"], "arm" in during) == (1, False)
    assert logged(log) == {("before", 1, None), ("during", 1, None), ("during", 2, "shadow"), ("after", 1, None)}


def test_a_share_that_grows_keeps_the_rows_it_had(scorer, second):
    """And the arms that the service was started with keep theirs."""
    fixed = Traffic(scorer, (Arm("b", second, 0.2),))
    few, many = (Traffic(scorer, fixed.arms, trial=trial(second, share=share)) for share in (0.1, 0.4))

    for i in range(500):
        before, after = few.arm_of(f"c{i}").name, many.arm_of(f"c{i}").name
        assert before == after or (before, after) == ("champion", "canary")
        assert (fixed.arm_of(f"c{i}").name == "b") == (after == "b")


@settings(max_examples=40, deadline=None)
@given(bad=st.sets(st.integers(0, 39)), share=st.floats(0.05, 0.95))
def test_a_row_that_an_arm_refuses_is_answered_by_the_champion_and_no_other_is(made, bad, share):
    champion, strict = made
    several = [{**row, "age": None} if i in bad else row for i, row in enumerate(rows(40))]
    told = []

    traffic = Traffic(champion, trial=trial(strict, share=share))
    answers = traffic.predict(several, 0, lambda arm, error, n: told.append((arm.name, type(error), n)))
    meets = [traffic.arm_of(row["customer"]).name for row in several]
    assert [a["id"] for a in answers] == [row["customer"] for row in several]
    assert [a["arm"] for a in answers] == [
        "fallback" if arm == "canary" and i in bad else arm for i, arm in enumerate(meets)
    ]
    assert all(a["version"] == (2 if a["arm"] == "canary" else 1) for a in answers)
    fell = sum(a["arm"] == "fallback" for a in answers)
    assert told == ([("canary", BadRow, fell)] if fell else [])


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A champion that takes rows without an age, and a version that does not."""
    scorers = []
    for version in (1, 2):
        place = tmp_path_factory.mktemp("made") / "shop" / str(version)
        place.mkdir(parents=True)
        make_bundle(place, version)
        scorers.append(Scorer(place))
    champion, strict = scorers
    from workbench.core.checking import Checker

    strict.contract = strict.contract.change("age", missing_allowed=False)
    strict._check = Checker(strict.contract, strict.features)
    return champion, strict


def test_a_broken_canary_costs_no_answer_is_told_and_takes_no_more_rows(scorer, second, log, caplog):
    service = Service(scorer, log)
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        service.try_out(trial(failing(second, ValueError("broken")), share=0.9))
        for i in range(20):
            answer = client.post("/predict", json={**GOOD, "customer": f"c{i}"})
            assert (answer.status_code, answer.json()["version"]) == (200, 1)
        metrics = client.get("/metrics").text

    assert service.traffic.plain
    assert sum(arm == "fallback" for _, _, arm in logged(log)) == answering.MOST_FAILURES
    assert 'workbench_arm_failures_total{version="2",arm="canary",fault="ValueError"} 3' in metrics
    assert 'workbench_rollout_share{version="2",stage="canary",state="broken"} 0.9' in metrics
    assert 'state="running"' not in metrics
    told = [(r.levelname, r.message.split(":")[0]) for r in caplog.records if "Version 2" in r.message]
    assert sorted(told) == [
        ("ERROR", "Version 2 (canary) has failed 3 times and takes no more rows"),
        ("WARNING", "Version 2 (canary) could not score rows"),
        ("WARNING", "Version 2 could not be timed"),
    ]


def test_a_row_that_breaks_champion_and_canary_alike_does_not_end_the_trial(scorer, second):
    service = Service(failing(scorer, ValueError("broken")))
    service.answering.traffic = Traffic(service.scorer, trial=trial(failing(second, ValueError("broken")), share=0.99))
    client = TestClient(service, raise_server_exceptions=False)

    assert {client.post("/predict", json=row).status_code for row in rows(10)} == {500}
    assert service.traffic.trial is not None


def test_a_broken_shadow_is_told_once_and_counted(scorer, second, log, caplog):
    service = Service(scorer, log)
    with TestClient(service) as client, caplog.at_level(logging.WARNING):
        service.try_out(trial(failing(second, ValueError("broken")), "shadow"))
        for row in rows(5):
            client.post("/predict", json=row)
    text = service.metrics.text(1)

    assert 'workbench_arm_failures_total{version="2",arm="shadow",fault="ValueError"} 5' in text
    assert len([r for r in caplog.records if "Version 2 (shadow)" in r.message]) == 1
    assert {version for _, version, _ in logged(log)} == {1}


def test_where_too_many_rows_wait_for_a_shadow_it_skips_them(scorer, second, log, monkeypatch):
    monkeypatch.setattr(behind, "MOST_WAITING", 0)
    service = Service(scorer, log)
    with TestClient(service) as client:
        service.try_out(trial(second, "shadow"))
        assert client.post("/predict", json=GOOD).status_code == 200

    assert 'workbench_shadow_skipped_total{version="2"} 1' in service.metrics.text(1)


def other(scorer, **changes):
    for name, value in changes.items():
        object.__setattr__(scorer.bundle, name, value)
    return scorer


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "mall"}, "is another bundle than shop"),
        ({"version": 1}, "is the champion already"),
        ({"task": "multiclass", "classes": ("a", "b", "c")}, "answers another question"),
        ({"features": ("age", "city", "bought")}, "needs the column 'bought'"),
    ],
)
def test_what_takes_other_rows_or_answers_another_question_is_refused(scorer, second, changes, said):
    service = Service(scorer)

    with pytest.raises(Refused, match=said):
        service.try_out(trial(other(second, **changes)))
    assert service.traffic.plain


@pytest.mark.parametrize("place", ["arms", "shadow"])
def test_what_a_service_is_started_with_must_fit_as_well(scorer, second, place):
    other(second, task="multiclass", classes=("a", "b", "c"))

    with pytest.raises(Refused, match="answers another question"):
        Service(scorer, **{place: [Arm("b", second, 0.5)] if place == "arms" else second})


@pytest.mark.parametrize(
    ("column", "said"),
    [({"kind": "category"}, "as category and not as integer"), ({"unit": "months"}, "in months and not in years")],
)
def test_a_column_of_another_kind_or_unit_is_another_contract(scorer, second, column, said):
    vars(scorer.bundle)["contract"] = scorer.contract.change("age", unit="years")
    vars(second.bundle)["contract"] = second.contract.change("age", **column)

    with pytest.raises(Refused, match=said):
        Service(scorer).try_out(trial(second))


def test_a_trial_that_fits_not_beside_the_arms_ends_the_one_before(scorer, second, third):
    service = Service(scorer, arms=[Arm("b", third, 0.5)])
    service.try_out(trial(second, share=0.4))

    with pytest.raises(BadParameter, match="at most 1"):
        service.try_out(trial(second, share=0.6))
    assert service.traffic.trial is None


def test_what_becomes_champion_is_tried_out_no_more_and_another_one_still_is(scorer, second, third):
    service = Service(scorer)
    service.try_out(trial(second))
    service.follow(second)
    assert (service.scorer, service.traffic.trial) == (second, None)

    service.try_out(trial(third))
    service.follow(scorer)
    assert service.traffic.trial.scorer is third
    assert service.traffic.loaded(2) is second


def test_an_admin_ends_what_is_tried_out_before_he_goes_back(scorer, second, third, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    headers = {"X-API-Key": keys.add("ops", ["admin"])}
    service = Service(scorer, access=Access(keys=keys))
    service.follow(second)
    service.try_out(trial(third))
    client = TestClient(service)

    assert client.post("/admin/rollback", headers=headers).json()["version"] == 2
    assert service.traffic.trial is None
    assert client.post("/admin/rollback", headers=headers).json()["version"] == 1
