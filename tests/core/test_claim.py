"""Scores are bound to the model that they are of: what is exchanged or changed is refused wherever a run is used."""

import copy
import json
import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import workbench as wb
from workbench.core.bundle import Bundle
from workbench.core.claim import scores_hash
from workbench.core.metric import Metric
from workbench.core.run import Run
from workbench.errors import Damaged, Refused, WorkbenchError
from workbench.settings import settings as in_force
from workbench.storage.tracking import client


def customers():
    draw = np.random.default_rng(3)
    frame = pd.DataFrame({"spent": draw.normal(size=160), "city": draw.choice(["Rome", "Oslo"], 160)})
    return frame.assign(stays=np.where(frame["spent"] + draw.normal(size=160) > 0, "yes", "no"))


@pytest.fixture(scope="module")
def made(tmp_path_factory, put_store):
    """A home with two runs of one table, and their bundles."""
    folder = put_store(tmp_path_factory.mktemp("claims"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        runs = [wb.train(customers(), target="stays", candidates=[name], folds=2) for name in ("linear", "baseline")]
        bundles = [wb.package(run, name="shop") for run in runs]
    return folder, runs, bundles


@pytest.fixture
def runs(made, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(made[0]))
    return made[1]


TOLD = ("pipeline", "id", "candidates", "metrics", "split", "at_random", "features", "classes", "task", "fingerprint")


@settings(max_examples=40)
@given(swapped=st.sets(st.sampled_from(TOLD)), first=st.booleans())
def test_what_is_exchanged_between_two_runs_is_refused(made, swapped, first):
    one, other = made[1] if first else reversed(made[1])
    mixed = replace(one, **{name: getattr(other, name) for name in swapped})
    differs = any(getattr(one, name) != getattr(other, name) for name in swapped)

    if differs:
        with pytest.raises(Refused, match=r"exchanged,? or changed"):
            mixed.checked()
    else:
        assert mixed.checked() is mixed


@settings(max_examples=20)
@given(place=st.integers(0, 3), end=st.sampled_from(["value", "low", "high", "error"]), up=st.booleans())
def test_a_score_counts_down_to_its_last_digit(made, place, end, up):
    run = made[1][0]
    metric = run.metrics[place]
    other = replace(metric, **{end: float(np.nextafter(getattr(metric, end), np.inf if up else -np.inf))})

    with pytest.raises(Refused, match=r"not those that its pipeline was scored with.*wb\.run\("):
        replace(run, metrics=(*run.metrics[:place], other, *run.metrics[place + 1 :])).checked()


def test_a_changed_coefficient_is_refused_by_each_verb(runs):
    run = replace(runs[0], pipeline=copy.deepcopy(runs[0].pipeline))
    run.pipeline[-1].coef_[0, 0] += 1e-12

    for use in (lambda: wb.package(run, name="other"), lambda: wb.explain(run, rows=5)):
        with pytest.raises(Refused, match=r"another pipeline than the one it holds.*wb\.adopt\(run\.pipeline, data\)"):
            use()


def test_a_run_that_is_not_touched_is_taken_in_memory_and_read_back(runs):
    again = wb.run(runs[0].id)

    assert again.claim == runs[0].claim
    assert again.checked() is again
    assert replace(again, threshold=0.3, source="elsewhere").checked().threshold == 0.3


def test_a_stored_run_whose_files_were_exchanged_is_refused(made, runs, tmp_path):
    """By whoever copies files between runs: the pipeline, or the record with the scores."""
    one, other = ({}, {})
    for run, place in ((runs[0], one), (runs[1], other)):
        folder = client(in_force()).download_artifacts(run.id, "", str(tmp_path / run.id))
        place.update({path.name: path for path in (tmp_path / run.id).rglob("*") if path.is_file()})
        assert folder
    pipeline = next(name for name in one if name.endswith(".skops"))
    mixed = client(in_force()).create_run(client(in_force()).get_run(runs[0].id).info.experiment_id).info.run_id
    stored = client(in_force()).download_artifacts(runs[0].id, "")
    client(in_force()).log_artifacts(mixed, stored)
    where = other[pipeline].relative_to(tmp_path / runs[1].id).parent.as_posix()
    client(in_force()).log_artifact(mixed, str(other[pipeline]), where)

    with pytest.raises(Refused, match="another pipeline than the one it holds"):
        wb.run(mixed)


def test_a_run_of_an_older_version_says_nothing_of_it(runs):
    content = json.loads(json.dumps(runs[0].to_dict()))
    del content["claim"]
    older = replace(Run.from_dict(content), pipeline=runs[1].pipeline)

    assert older.claim is None
    assert older.checked() is older


def test_a_bundle_says_which_model_was_scored(made):
    _, (run, _), (bundle, _) = made

    assert bundle.claim.model == run.claim.model
    assert run.claim.model in (bundle.path / "card.md").read_text(encoding="utf-8")


def rewritten(bundle, folder, change):
    """A copy of a bundle's folder with another manifest."""
    import shutil

    shutil.copytree(bundle.path, folder)
    manifest = json.loads((folder / "bundle.json").read_text(encoding="utf-8"))
    change(manifest)
    (folder / "bundle.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def test_a_bundle_whose_scores_or_model_were_exchanged_is_damaged(made, tmp_path):
    _, _, (bundle, other) = made

    def scores(manifest):
        manifest["metrics"] = json.loads((other.path / "bundle.json").read_text(encoding="utf-8"))["metrics"]

    def model(manifest):
        manifest["files"]["model.npz"] = other.files["model.npz"]

    folder = rewritten(bundle, tmp_path / "scores", scores)
    with pytest.raises(Damaged, match=r"scores that are not of the model in model\.npz"):
        Bundle.load_folder(folder)
    folder = rewritten(bundle, tmp_path / "model", model)
    (folder / "model.npz").write_bytes((other.path / "model.npz").read_bytes())
    with pytest.raises(Damaged, match=r"scores that are not of the model in model\.npz"):
        wb.verify(folder)


@pytest.mark.parametrize("claim", [None, "x", {}, {"model": 1, "scores": "x"}, {"model": "x"}])
def test_a_claim_that_is_none_is_damaged(made, tmp_path, claim):
    folder = rewritten(made[2][0], tmp_path / "copy", lambda manifest: manifest["lineage"].update(claim=claim))

    with pytest.raises(Damaged, match="lineage"):
        Bundle.load_folder(folder)


@given(st.floats(allow_nan=False), st.text(), st.none() | st.floats(allow_nan=False))
def test_a_hash_outlives_a_file(value, name, low):
    metric = Metric(name, value, low)
    again = Metric.from_dict(json.loads(json.dumps({"name": name, "value": value, "low": low})))

    assert scores_hash("m", metrics=(metric,)) == scores_hash("m", metrics=[again])
    assert scores_hash("m", metrics=(metric,)) != scores_hash("n", metrics=(metric,))


def test_a_refusal_says_what_to_do(runs):
    with pytest.raises(WorkbenchError) as caught:
        replace(runs[0], metrics=runs[1].metrics).checked()

    assert re.search(rf'wb\.run\("{runs[0].id}"\)', str(caught.value))
