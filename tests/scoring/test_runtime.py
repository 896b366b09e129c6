"""A folder in memory answers rows with reasons, and whole frames quickly."""

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from workbench.compiling.rounding import LOGISTIC
from workbench.core.bundle import Bundle, file_hash
from workbench.core.uncertainty import Uncertainty
from workbench.errors import BadRow, Damaged, NotFound
from workbench.scoring.runtime import Scorer
from workbench.storage.files import write_json

ROOT = Path(__file__).parents[2]


def test_an_answer_says_what_and_why(scorer):
    (answer,) = scorer.predict([{"customer": "c7", "age": 60, "city": "Ulm"}])

    assert answer["id"] == "c7"
    assert answer["version"] == 1
    assert answer["answer"] == "yes"
    assert answer["prediction"] == answer["probability"] == pytest.approx(1 / (1 + np.exp(-3.5)))
    assert [(r["column"], r["value"]) for r in answer["reasons"]] == [("age", 60), ("city", "Ulm")]
    assert answer["reasons"][0]["added"] > answer["reasons"][1]["added"] > 0


def test_reasons_add_up(scorer):
    rows = [{"age": a, "city": c} for a in (20, 60, None) for c in ("Ulm", "Bonn", "Atlantis", None)]

    found = scorer.explain(rows)

    output = scorer.model.output({"age": [r["age"] for r in rows], "city": [r["city"] for r in rows]})
    np.testing.assert_allclose(np.sum(found["values"], axis=1) + found["base"], output, atol=1e-12)


@pytest.mark.parametrize("name", ["../shop", "/tmp/shop", "", "a/b"])
def test_a_bundle_whose_name_could_leave_the_home_is_refused(folder, name):
    """Its log is kept in a folder of that name."""
    manifest = folder / "bundle.json"
    manifest.write_text(json.dumps({**json.loads(manifest.read_text()), "name": name}))

    with pytest.raises(Damaged, match="must be the name of a bundle"):
        Scorer(folder)


def test_the_threshold_of_the_bundle_decides(scorer):
    low, high = scorer.predict([{"age": 20, "city": "Ulm"}, {"age": 60, "city": "Bonn"}])

    assert (low["answer"], high["answer"]) == ("no", "yes")
    assert low["probability"] == 1 - low["prediction"]


def with_uncertainty(folder, said):
    """The bundle with another file, whatever is in it."""
    bundle = Bundle.load_folder(folder)
    write_json(folder / "uncertainty.json", said)
    files = {**bundle.files, "uncertainty.json": file_hash(folder / "uncertainty.json")}
    replace(bundle, files=files).save(folder / "bundle.json")


def test_an_answer_says_which_labels_are_left_open(folder):
    with_uncertainty(folder, Uncertainty(0.9, 500, least=0.15).document())

    sure, unsure = Scorer(folder).predict([{"age": 60, "city": "Ulm"}, {"age": 60, "city": "Bonn"}])

    assert (sure["set"], unsure["set"]) == (["yes"], ["no", "yes"])


@pytest.mark.parametrize(
    "said",
    [
        Uncertainty(0.9, 500, low=(-1.0,), high=(1.0,)).document(),
        {"noun": "uncertainty", "format_version": 1, "level": 0.9, "rows": 5, "low": [], "high": []},
        {"noun": "uncertainty", "format_version": 1, "level": 0.9, "rows": 5, "least": "x"},
        {"noun": "run", "format_version": 1},
        [],
    ],
)
def test_what_is_left_open_for_another_task_is_damage_that_is_told_at_the_start(folder, said):
    with_uncertainty(folder, said)

    with pytest.raises(Damaged, match="uncertainty"):
        Scorer(folder)


def test_a_bad_row_is_refused_whole(scorer):
    with pytest.raises(BadRow) as error:
        scorer.predict([{"age": 20, "city": "Ulm"}, {"age": "x"}])

    assert {(p["row"], p["field"]) for p in error.value.problems} == {(1, "age"), (1, "city")}


def test_a_frame_is_scored_like_its_rows(scorer):
    frame = pd.DataFrame({"age": [20, 60, 200], "city": pd.Series(["Ulm", None, "Rome"], dtype="str"), "other": 1})

    prediction, flags = scorer.score_columns(frame)

    rows = scorer.predict([{"age": 20, "city": "Ulm"}, {"age": 60, "city": None}, {"age": 200, "city": "Rome"}])
    assert prediction.tolist() == pytest.approx([r["prediction"] for r in rows], rel=0, abs=LOGISTIC)
    assert {k: v.tolist() for k, v in flags.items()} == {
        "out_of_range:age": [False, False, True],
        "unseen_category:city": [False, False, True],
    }
    assert [r["flags"] for r in rows] == [[], [], ["out_of_range:age", "unseen_category:city"]]
    assert scorer.answers(prediction) == [r["answer"] for r in rows]


def test_a_changed_file_is_named(folder):
    content = bytearray((folder / "model.npz").read_bytes())
    content[100] ^= 1
    (folder / "model.npz").write_bytes(content)

    with pytest.raises(Damaged, match=r"'model\.npz' is not what was packaged"):
        Scorer(folder)


def test_a_missing_file_and_a_missing_folder_are_named(folder, tmp_path):
    (folder / "contract.json").unlink()

    with pytest.raises(Damaged, match="missing"):
        Scorer(folder)
    with pytest.raises(NotFound, match=r"no bundle\.json"):
        Scorer(tmp_path / "nowhere")


@pytest.mark.slow
def test_scoring_loads_neither_pandas_nor_scikit_learn(folder):
    code = f"""
import sys
from workbench.scoring.runtime import Scorer
import workbench.scoring.service
Scorer({str(folder)!r}).predict([{{"age": 20, "city": "Ulm"}}])
print([m for m in ("pandas", "sklearn", "scipy", "mlflow", "shap") if m in sys.modules])
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)

    assert done.stdout.strip() == "[]"


def test_new_ids_are_unlike_and_stand_in_the_order_of_their_time(scorer):
    rows = [{"age": 20, "city": "Ulm"}] * 200

    first, second = ([answer["id"] for answer in scorer.predict(rows, 0)] for _ in range(2))

    assert len({*first, *second}) == 400
    assert {len(name) for name in first} == {32}
    assert max(first)[:12] <= min(second)[:12]
