"""Words of texts as numbers: those of scikit-learn, to the last bit, whatever is written."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from workbench.errors import Damaged
from workbench.tables.compiled import CompiledModel
from workbench.tables.nodes import Linear
from workbench.tables.words import LONGEST, MOST_LETTERS, NOTHING, PATTERNS, WORD, Reader, Words, in_order, said, texts

WRITTEN = st.text(max_size=40) | st.lists(
    st.sampled_from(["Übel", "naïve", "ßtraße", "東京", "ﾞ", "don't", "x_1", "½", "İ", "e\u0301", "１２"]), max_size=6
).map(" ".join)


@given(
    st.lists(WRITTEN, max_size=5),
    st.sampled_from(PATTERNS),
    st.tuples(st.integers(1, LONGEST), st.integers(1, LONGEST)).map(sorted),
    st.booleans(),
    st.booleans(),
)
def test_terms_are_those_of_scikit_learn(written, pattern, lengths, lower, plain):
    """For any text of any script."""
    shortest, longest = lengths
    settings = {"token_pattern": pattern, "ngram_range": (shortest, longest), "lowercase": lower}
    analyze = CountVectorizer(**settings, strip_accents="unicode" if plain else None).build_analyzer()
    reader = Reader(pattern, shortest, longest, lower, plain)

    found = [list(reader.terms(text)) for text in written]

    assert found == [analyze(said(text)) for text in written]


def test_missing_texts_say_nothing_and_long_ones_are_cut():
    found = texts(pd.DataFrame({"note": ["fine", None, " ?! ", "word " * MOST_LETTERS]}))

    assert found == ["fine", NOTHING, NOTHING, ("word " * MOST_LETTERS)[:MOST_LETTERS]]


def test_letters_of_scripts_without_blanks_are_words():
    assert list(Reader(WORD).terms("東京タワーTokyo tower 서울 역")) == [
        *"東京タワー",
        "tokyo",
        "tower",
        *_apart("서울 역"),
    ]


def _apart(korean):
    """As accents are taken away, syllables come apart, alike wherever they stand."""
    return list(Reader(WORD).terms(korean))


def test_counts_are_in_order_whatever_scipy_believes():
    counted = CountVectorizer(max_features=3).fit_transform(["bb aa cc aa", "dd cc bb", "aa"])

    found = in_order(counted)

    assert all((np.diff(found.indices[a:b]) > 0).all() for a, b in zip(found.indptr, found.indptr[1:], strict=False))
    np.testing.assert_array_equal(found.toarray(), counted.toarray())


WHOLE = Words("note", ("bad", "good"), np.ones(2), np.array([[-1.0], [1.0]]), np.zeros(1), normed=False)


def test_rows_of_a_service_are_those_of_a_frame():
    written = ["good good", None, "bad", "neither", float("nan")]

    listed, framed = WHOLE.encode({"note": written}), WHOLE.encode(pd.DataFrame({"note": written}))

    np.testing.assert_array_equal(listed, framed)
    assert listed[:, 0].tolist() == [2.0, 0.0, -1.0, 0.0, 0.0]


@pytest.mark.parametrize(
    "damage",
    [
        {"terms": ("bad",)},
        {"terms": ("bad", 7)},
        {"rarity": np.ones(3)},
        {"weights": np.full((2, 1), np.inf)},
        {"start": np.zeros(0)},
        {"start": np.zeros(1, np.float32)},
        {"reader": Reader("(a+)+$")},
        {"reader": Reader(shortest=3, longest=2)},
        {"reader": Reader(longest=10**9)},
        {"once": "yes"},
        {"steps": (("single", np.zeros(2)),)},
    ],
)
def test_what_is_not_what_was_written_is_refused(damage):
    """Also a pattern of a word that is not ours: it could take for ever."""
    with pytest.raises(Damaged):
        replace(WHOLE, **damage).checked()


def test_a_file_keeps_them(tmp_path):
    weights = Linear(np.ones((1, 1)), np.zeros(1), np.zeros(1))
    model = CompiledModel("regression", (), ("note",), (WHOLE,), weights)

    again = CompiledModel.load(model.save(tmp_path / "model.npz"))

    assert again.predict({"note": ["good bad good"]}).tolist() == [1.0]
    values, base = again.explain({"note": ["good bad good"]})
    assert values.sum() + base == 1.0
