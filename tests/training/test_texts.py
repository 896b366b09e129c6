"""Texts, categories of many levels and numbers in texts are features, and their scores hold."""

import numpy as np
import pandas as pd
import pytest
from sklearn.model_selection import KFold

import workbench as wb
from tests.training.reviewers import reviewers
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.core.contract import Column, Contract
from workbench.tables.compiled import CompiledModel
from workbench.training.candidates import MODELS, build
from workbench.training.growing import Growing
from workbench.training.numbered import numbered

MADE = {"review": "words", "shop": "levels", "weight": "numbers and categories"}


@pytest.fixture(scope="module")
def trained(tmp_path_factory, put_store):
    """A run on reviews."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(put_store(tmp_path_factory.mktemp("reviews") / "home")))
        return wb.train(
            reviewers(1500), target="stars", candidates=["baseline", "linear", "lightgbm"], trials=1, folds=2
        )


@pytest.mark.slow
def test_what_texts_say_is_learnt_and_told(trained):
    baseline, *others = sorted(trained.candidates, key=lambda row: -row.metrics[0].value)

    assert (trained.made, trained.left_out) == (MADE, {})
    assert not [f for f in trained.findings if f.code == "WB209"]  # it is kept
    assert all(row.metrics[0].value < 0.75 * baseline.metrics[0].value for row in others)
    assert trained.read_as["review"] == "by its words, and two in a row"


@pytest.mark.slow
def test_the_score_holds_on_later_rows_and_what_ships_answers_the_same(trained, tmp_path):
    later = reviewers(2000, seed=7)

    found = trained.pipeline.predict(later[list(trained.features)])

    missed = float(np.sqrt(np.mean((found - later["stars"]) ** 2)))
    assert missed < trained.metrics[0].high
    compiled = compile_pipeline(trained.pipeline, trained.features, "regression", trained.holdout)
    again = CompiledModel.load(compiled.save(tmp_path / "model.npz"))
    assert difference(trained.pipeline, again, later) <= limit(again)
    values, base = again.explain(later)
    np.testing.assert_allclose(base + values.sum(axis=1), again.output(later), rtol=1e-9)
    assert trained.features[int(np.abs(values).mean(axis=0).argmax())] in ("review", "shop")


@pytest.mark.slow
@pytest.mark.parametrize("made", ["words", "levels"])
def test_what_says_nothing_promises_nothing(made):
    """Words and levels that are each row's own, or nearly: whatever looks at the target must not see the row's."""
    rng = np.random.default_rng(3)
    rows = pd.DataFrame({"t": pd.Series([f"a{k} b{k} c{k % 50}" for k in rng.integers(0, 300, 900)], dtype="str")})
    labels = rng.permutation(np.arange(900) % 2)
    told = numbered(rows, ["t"] if made == "words" else [])
    pipeline = build("lightgbm", Contract((Column("t", "text"),)), ["t"], "binary", {}, 0, {"t": made})
    folds = list(KFold(3, shuffle=True, random_state=0).split(rows))

    grown = Growing(told.taken_by(pipeline), told.table, labels, 2, folds).grow(MODELS["lightgbm"].known_good[0])

    truth = np.concatenate([labels[validate] for _, validate in folds])
    predicted = np.concatenate(grown.predictions)
    loss = -np.log(np.where(truth, predicted, 1 - predicted)).mean()
    assert np.log(2) - 0.002 < loss < np.log(2) + 0.01
    assert grown.trees < 5


def test_each_fold_has_an_encoder_that_saw_its_rows_alone():
    """Words that validated rows alone have are unknown to it."""
    rows = reviewers(300)
    rows["review"] = [f"row{k // 100} fine" for k in range(300)]
    told = numbered(rows[["review", "x"]].astype({"review": "str"}), ["review"])
    contract = Contract((Column("review", "text"), Column("x", "number")))
    pipeline = build("lightgbm", contract, contract.names, "regression", {}, 0, {"review": "words"})
    folds = [(np.arange(100, 300), np.arange(100))]

    (fold,) = Growing(told.taken_by(pipeline), told.table, rows["stars"].to_numpy(), 0, folds)._by_fold

    assert np.unique(fold.validated[:, 1]).size == 1  # known of them is what "fine" says
