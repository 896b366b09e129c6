"""The explanation that ships: the one that was given or kept, of this model, and without anybody's rows."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter


@pytest.fixture
def data():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": rng.normal(size=200), "city": rng.choice(["Ulm", "Bonn"], 200)})
    frame["y"] = np.where(frame["x"] + (frame["city"] == "Ulm") > 0.5, "yes", "no")
    return wb.dataset(frame, target="y")


@pytest.fixture
def run(store, data):
    return wb.train(data, candidates=("linear", "baseline"), folds=2)


def test_what_was_explained_ships_and_stands_on_the_card(run):
    assert wb.package(run, name="before").explanation() is None
    explained = wb.explain(run, rows=30)
    bundle = wb.package(run, name="shop")
    kept = wb.bundle("shop").explanation()
    np.testing.assert_allclose(kept.values, explained.values, rtol=1e-6, atol=1e-9)
    assert list(kept.importance()) == list(explained.importance())
    assert "What drives the predictions" in (bundle.path / "card.md").read_text()
    assert kept.compare(wb.explain(run)).differing == ()


def test_card_sums_and_explanation_tell_the_same_numbers(run):
    explained = wb.explain(run, rows=30)
    bundle = wb.package(run, name="shop")
    sums = {one.column: one.importance for one in bundle.reasons.ranked}

    assert list(sums) == list(bundle.explanation().importance()) == list(explained.importance())
    assert sums == pytest.approx(explained.importance(), rel=1e-6)
    for one in bundle.reasons.columns:
        assert (one.low, one.high) == pytest.approx(explained.intervals()[one.column])
    card = (bundle.path / "card.md").read_text()
    assert all(f"| {name} | {size:.4g} |" in card.replace("`", "") for name, size in sums.items())
    assert "reasons.json" in bundle.files


def test_no_row_ships_with_it(run):
    bundle = wb.package(run, name="shop", explanation=wb.explain(run, rows=30, label="all"))
    kept = bundle.explanation()
    assert (dict(kept.columns), kept.truth, kept.predictions) == ({}, None, None)
    assert kept.reasons()[0][1] is None
    content = (bundle.path / "explanation.parquet").read_bytes()
    assert b"Ulm" not in content
    assert kept.of("no").columns == {}
    kept.to_shap()
    assert "Driven by" in kept._repr_mimebundle_()["text/html"]


def test_an_explanation_of_another_model_is_refused_or_left(run, data):
    explained = wb.explain(run, rows=30)
    other = run.choose("baseline", data=data)
    with pytest.raises(BadParameter, match=r"explanation=wb\.explain\(run\)"):
        wb.package(other, name="shop", explanation=explained)
    with pytest.raises(BadParameter, match="another model"):
        wb.package(run, name="shop", explanation=replace(explained, run_id="another"))
    assert wb.package(other, name="shop").explanation() is None
