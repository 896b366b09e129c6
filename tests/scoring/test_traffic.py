"""Versions take turns without a lost request, and rows meet the same arm every time."""

import pytest
from starlette.testclient import TestClient

from tests.scoring.conftest import make_bundle
from workbench.errors import BadParameter, BadRow, Refused
from workbench.scoring.keys import Access, Keys
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Arm, Traffic

GOOD = {"customer": "c1", "age": 60, "city": "Ulm"}


def rows(n: int) -> list[dict]:
    return [{**GOOD, "customer": f"c{i}"} for i in range(n)]


@pytest.fixture
def log(tmp_path) -> PredictionLog:
    return PredictionLog(tmp_path / "log")


def test_a_share_of_the_rows_goes_to_the_arm_and_always_the_same_ones(scorer, second):
    traffic = Traffic(scorer, (Arm("new", second, 0.25),))

    answers = traffic.predict(rows(2000))

    assert 0.2 < sum(a["version"] == 2 for a in answers) / 2000 < 0.3
    assert {(a["version"], a["arm"]) for a in answers} == {(1, "champion"), (2, "new")}
    again = traffic.predict(rows(2000)[::-1])[::-1]
    assert again == answers
    assert [a["id"] for a in answers] == [f"c{i}" for i in range(2000)]


def test_the_arm_is_in_the_log_and_in_the_metrics(scorer, second, log):
    client = TestClient(Service(scorer, log, arms=[Arm("new", second, 0.5)]))
    client.post("/predict", json={"rows": rows(50)})

    arms = [r["arm"] for r in log.read()]
    text = client.get("/metrics").text
    assert set(arms) == {"champion", "new"}
    assert f'workbench_predictions_total{{version="2",arm="new"}} {arms.count("new")}' in text


def test_every_bad_row_is_told_whichever_arm_it_would_meet(scorer, second):
    traffic = Traffic(scorer, (Arm("new", second, 0.5),))

    with pytest.raises(BadRow) as error:
        traffic.predict([{**row, "age": "x"} for row in rows(20)])

    assert [p["row"] for p in error.value.problems] == list(range(20))


def test_a_shadow_is_logged_and_never_answers(scorer, second, log):
    with TestClient(Service(scorer, log, shadow=second)) as client:
        answer = client.post("/predict", json=GOOD).json()
    log = PredictionLog(log.path.parent)

    assert answer["version"] == 1
    assert "arm" not in answer
    assert {(r["id"], r["version"], r["arm"]) for r in log.read()} == {("c1", 1, None), ("c1", 2, "shadow")}


def test_a_shadow_that_fails_costs_no_answer(scorer, second, log):
    second.contract = second.contract.change("age", missing_allowed=False)
    with TestClient(Service(scorer, log, shadow=second)) as client:
        assert client.post("/predict", json={**GOOD, "age": None}).status_code == 200


def test_shares_that_do_not_add_up_and_other_bundles_are_refused(scorer, second):
    with pytest.raises(BadParameter, match="at most 1"):
        Traffic(scorer, (Arm("a", second, 0.7), Arm("b", second, 0.7)))
    with pytest.raises(BadParameter, match="names of their own"):
        Traffic(scorer, (Arm("champion", second, 0.1),))
    object.__setattr__(second.bundle, "name", "other")
    with pytest.raises(Refused, match="another bundle"):
        Traffic(scorer, shadow=second)


def test_a_rollback_is_instant_and_can_be_taken_back(scorer, second):
    service = Service(scorer)
    with pytest.raises(Refused, match="no other version"):
        service.rollback()

    service.follow(second)
    service.rollback()
    assert service.scorer is scorer
    service.rollback()
    assert service.scorer is second


def test_an_admin_reloads_and_rolls_back_over_http(folder, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    headers = {"X-API-Key": keys.add("ops", ["admin"])}
    service = Service(Scorer(folder), access=Access(keys=keys), reload=lambda: Scorer(folder))
    client = TestClient(service)

    assert client.post("/admin/reload", headers=headers).json() == {"version": 1, "changed": False}
    make_bundle(folder, 2)
    assert client.post("/admin/reload", headers=headers).json() == {"version": 2, "changed": True}
    assert client.post("/admin/rollback", headers=headers).json() == {"version": 1, "changed": True}


def test_a_version_that_cannot_be_loaded_changes_nothing(folder, tmp_path):
    keys = Keys(tmp_path / "keys.json")
    headers = {"X-API-Key": keys.add("ops", ["admin", "predict"])}
    client = TestClient(Service(Scorer(folder), access=Access(keys=keys), reload=lambda: Scorer(folder)))
    (folder / "model.npz").write_bytes(b"")

    answer = client.post("/admin/reload", headers=headers)

    assert answer.status_code == 501
    assert str(folder) not in answer.text
    assert client.post("/predict", json=GOOD, headers=headers).status_code == 200
