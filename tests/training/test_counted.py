"""Terms counted once, for all fits."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.base import clone

from workbench.core.contract import Column, Contract
from workbench.storage.model_digest import digest
from workbench.training import candidates
from workbench.training.candidates import build
from workbench.training.numbered import in_words, numbered

CONTRACT = Contract(
    (Column("note", "text"), Column("code", "category"), Column("size", "category"), Column("x", "number"))
)
MADE = {"note": "words and levels", "code": "levels", "size": "numbers and categories"}
SETTINGS = {"lightgbm": {"n_estimators": 3, "min_child_samples": 2}, "forest": {}, "linear": {}}


def table(written):
    written = [*written, "late again", "fine", "late", "fine again", "b a"] * 4
    places = np.arange(len(written))
    frame = pd.DataFrame({"note": written, "code": [f"c{i % 3}" for i in places], "x": places % 7 + 0.5})
    frame.insert(2, "size", [f"<{i % 9}" for i in places])
    return frame.astype({"note": "str", "code": "str", "size": "str"}).mask(np.tile(places[:, None] % 11 == 5, 4))


@pytest.mark.parametrize("task", ["binary", "regression"])
@pytest.mark.parametrize("name", SETTINGS)
def test_what_is_fitted_on_counts_is_what_is_fitted_on_texts(name, task, monkeypatch):
    """The same model, number by number, though only the commonest terms are taken."""
    monkeypatch.setattr(candidates, "MOST_TERMS", 6)
    rows = table(["Überall late", "a b a b", "東京 late", "!", "b b a"])
    y = rows["x"].fillna(0) + rows["note"].str.contains("late", na=False)
    y = np.where(y > 4, "p", "n") if task == "binary" else y
    texts = build(name, CONTRACT, CONTRACT.names, task, SETTINGS[name], 0, MADE)
    counted = numbered(rows, ["note"])

    fitted = counted.taken_by(clone(texts)).fit(counted.table, y)

    expected = clone(texts).fit(rows, y)
    told = in_words(fitted, counted.words)
    assert digest(told[-1]) == digest(expected[-1])
    np.testing.assert_array_equal(told.predict(rows), expected.predict(rows))
    np.testing.assert_array_equal(fitted.predict(counted.table), expected.predict(rows))


@given(st.lists(st.text(max_size=12), min_size=1, max_size=6))
def test_terms_are_counted_as_the_vectorizer_does(written):
    rows = table(written)
    counted = numbered(rows, ["note"])
    _, reading, _ = build("linear", CONTRACT, ["note"], "binary", {}, 0, {"note": "words"})[0].transformers[0]
    pipeline = counted.taken_by(build("linear", CONTRACT, ["note"], "binary", {}, 0, {"note": "words"}))

    found = pipeline[0].fit_transform(counted.table[["note"]])

    expected = reading.fit_transform(rows[["note"]])
    np.testing.assert_array_equal(found.toarray(), expected.toarray())
