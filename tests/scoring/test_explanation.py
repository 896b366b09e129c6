"""The service tells what drives the predictions of the version that answers."""

import json
from dataclasses import replace

import jsonschema
import pytest
from starlette.testclient import TestClient

from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.errors import Damaged
from workbench.scoring.openapi import openapi
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service


@pytest.fixture
def told(scorer):
    return TestClient(Service(scorer)).get("/explanation").json()


def without_reasons(folder):
    (folder / "reasons.json").unlink()
    bundle = json.loads((folder / MANIFEST).read_text())
    del bundle["files"]["reasons.json"]
    (folder / MANIFEST).write_text(json.dumps(bundle))
    return Scorer(folder)


def test_the_strongest_column_comes_first_with_its_interval_and_direction(told):
    city, age = told["columns"]

    assert (city["column"], city["importance"], city["direction"]) == ("city", 0.9, None)
    assert (age["low"], age["high"], age["direction"], age["mean"]) == (0.4, 0.6, 1.0, -0.1)
    assert {k: told[k] for k in ("name", "version", "target", "label", "unit", "rows", "base", "method")} == {
        "name": "shop", "version": 1, "target": "bought", "label": "yes", "unit": "log-odds", "rows": 60, "base": 0.25,
        "method": "tree paths",
    }  # fmt: skip


def test_the_answer_is_what_its_description_says(told, scorer):
    described = openapi(scorer)

    answer = described["paths"]["/explanation"]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
    jsonschema.validate(told, {**answer, "components": described["components"]})
    assert "404" in described["paths"]["/explanation"]["get"]["responses"]
    assert "404" not in described["paths"]["/contract"]["get"]["responses"]


def test_a_bundle_without_one_answers_a_sentence(folder):
    scorer = without_reasons(folder)
    client = TestClient(Service(scorer))

    answer = client.get("/explanation")
    assert answer.status_code == 404
    assert "packaged without an explanation" in answer.json()["error"]
    assert client.post("/predict", json={"age": 30, "city": "Ulm"}).status_code == 200


def test_it_is_made_once_and_follows_the_version_that_answers(folder, scorer):
    service = Service(scorer)
    other = without_reasons(folder)

    assert scorer.kept_explanation is scorer.kept_explanation
    service.follow(other)
    assert TestClient(service).get("/explanation").status_code == 404


@pytest.mark.parametrize(
    "change",
    [
        lambda told: {**told, "columns": told["columns"][:1]},
        lambda told: {**told, "columns": [{**one, "counts": [[1]]} for one in told["columns"]]},
        lambda told: {**told, "rows": "many"},
        lambda told: {**told, "noun": "profile"},
        lambda told: [],
    ],
)
def test_reasons_that_are_not_of_the_model_are_damage(folder, change):
    path = folder / "reasons.json"
    path.write_text(json.dumps(change(json.loads(path.read_text()))))
    bundle = Bundle.from_dict(
        {k: v for k, v in json.loads((folder / MANIFEST).read_text()).items() if k not in ("format_version", "noun")}
    )
    replace(bundle, files={**bundle.files, "reasons.json": file_hash(path)}).save(folder / MANIFEST)

    with pytest.raises(Damaged):
        Scorer(folder)
