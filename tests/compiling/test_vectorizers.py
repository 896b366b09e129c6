"""Vectorizers of texts as tables: the pipeline's own answers, for missing, unseen and very long texts too."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, StandardScaler
from sklearn.tree import DecisionTreeRegressor

from workbench.compiling.onnx import to_onnx
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.compiling.rounding import limit
from workbench.errors import CannotCompile
from workbench.storage.pipelines import load_pipeline, save_pipeline
from workbench.tables.compiled import CompiledModel
from workbench.tables.cross_fitted import CrossFittedRidge
from workbench.tables.words import MOST_LETTERS, WORD, in_order, texts

WORDS = ["late", "Late!", "Über", "uber", "don't", "早い", "very", "x_1", "9", "and"]
FEATURES = ["note", "title", "x"]


def table(rows=200, seed=0, missing=0.1):
    rng = np.random.default_rng(seed)
    written = {
        name: pd.Series([" ".join(rng.choice(WORDS, rng.integers(0, 9))) for _ in range(rows)], dtype="str")
        for name in FEATURES[:2]
    }
    return pd.DataFrame({**written, "x": rng.normal(size=rows)}).mask(rng.random((rows, 3)) < [[missing, missing, 0]])


def target(frame):
    return frame["x"] + 2.0 * frame["note"].str.contains("late", na=False) - frame["title"].str.contains("9", na=False)


def read(*steps, **given):
    counts = CountVectorizer(**{"token_pattern": WORD, "ngram_range": (1, 2), "strip_accents": "unicode"} | given)
    return make_pipeline(FunctionTransformer(texts), counts, FunctionTransformer(in_order), *steps)


def encode(note, title=None, numbers="passthrough"):
    entries = [("note", note, ["note"]), *([("title", title, ["title"])] if title else [])]
    return ColumnTransformer([*entries, ("numbers", numbers, ["x"])])


CASES = {
    "terms of two texts": (encode(read(TfidfTransformer()), read(TfidfTransformer()), StandardScaler()), Ridge()),
    "counts": (encode(read(max_features=7)), Ridge()),
    "once each": (encode(read(binary=True, ngram_range=(2, 3))), Ridge()),
    "not normed": (encode(read(TfidfTransformer(norm=None))), Ridge()),
    "normed counts": (encode(read(TfidfTransformer(use_idf=False))), Ridge()),
    "as they are written": (encode(read(TfidfTransformer(), lowercase=False, strip_accents=None)), Ridge()),
    "projected": (encode(read(TfidfTransformer(), TruncatedSVD(3, random_state=0))), DecisionTreeRegressor()),
    "projected and scaled": (encode(read(TruncatedSVD(3, random_state=0), StandardScaler())), Ridge()),
    "said by terms": (encode(read(TfidfTransformer(), CrossFittedRidge(random_state=0))), DecisionTreeRegressor()),
}


@pytest.mark.parametrize("case", CASES)
def test_the_tables_answer_as_the_pipeline(case, tmp_path):
    encoder, model = CASES[case]
    learnt = table()
    pipeline = Pipeline([("encode", encoder), ("model", model)]).fit(learnt, target(learnt))
    rows = table(100, 1, missing=0.3)
    rows.loc[:2, "note"] = ["neither of them", "late " * MOST_LETTERS, "\ud83d\ude00".encode("utf-16", "surrogatepass")
                            .decode("utf-16")]  # fmt: skip

    compiled = CompiledModel.load(
        compile_pipeline(pipeline, FEATURES, "regression", learnt).save(tmp_path / "model.npz")
    )

    assert difference(pipeline, compiled, rows) <= limit(compiled)
    values, base = compiled.explain(rows)
    np.testing.assert_allclose(base + values.sum(axis=1), compiled.output(rows), rtol=1e-9, atol=1e-9)
    again = load_pipeline(save_pipeline(pipeline, tmp_path / "pipeline.skops"))
    np.testing.assert_array_equal(again.predict(rows), pipeline.predict(rows))
    with pytest.raises(CannotCompile, match="has no ONNX operator"):
        to_onnx(compiled)


@pytest.fixture(scope="module")
def of_two():
    """A tree and a line that learnt what is in a text."""
    learnt = table(400)
    said = encode(read(TfidfTransformer(), CrossFittedRidge(random_state=0)))
    pipelines = [
        Pipeline([("encode", encoder), ("model", model)]).fit(learnt, target(learnt))
        for encoder, model in ((said, DecisionTreeRegressor()), CASES["terms of two texts"])
    ]
    return [(p, compile_pipeline(p, FEATURES, "regression", learnt)) for p in pipelines]


@settings(max_examples=60)
@given(st.lists(st.none() | st.text(max_size=30) | st.lists(st.sampled_from(WORDS)).map(" ".join), min_size=1))
def test_no_text_is_read_otherwise(of_two, written):
    rows = pd.DataFrame({"note": pd.Series(written, dtype="str"), "title": "late and very late", "x": 0.0})

    for pipeline, compiled in of_two:
        assert difference(pipeline, compiled, rows) <= limit(compiled)


def test_a_vectorizer_of_somebodys_own_ships_as_tables():
    learnt = table(missing=0)
    own = ColumnTransformer([("note", TfidfVectorizer(), "note")])
    pipeline = Pipeline([("encode", own), ("model", LogisticRegression())]).fit(learnt, target(learnt) > 1)

    compiled = compile_pipeline(pipeline, FEATURES, "binary", learnt)

    assert difference(pipeline, compiled, table(50, 1, missing=0)) <= limit(compiled)


@pytest.mark.parametrize(
    "unlike",
    [
        encode(read(analyzer="char_wb")),
        encode(read(stop_words=["and"])),
        encode(read(token_pattern=r"\w{3,}")),
        encode(read(strip_accents="ascii")),
        encode(read(TfidfTransformer(sublinear_tf=True))),
        encode(read(StandardScaler(with_mean=False))),
        encode(
            make_pipeline(FunctionTransformer(texts), FunctionTransformer(_shout := lambda v: v), CountVectorizer())
        ),
    ],
)
def test_what_is_read_otherwise_has_no_tables(unlike):
    learnt = table()
    pipeline = Pipeline([("encode", unlike), ("model", Ridge())]).fit(learnt, target(learnt))

    with pytest.raises(CannotCompile, match=r"audited pipeline|Use 'unicode'"):
        compile_pipeline(pipeline, FEATURES, "regression", learnt)


def test_single_words_for_a_tree_have_no_tables():
    learnt = table()
    pipeline = Pipeline([("encode", encode(read())), ("model", DecisionTreeRegressor())]).fit(learnt, target(learnt))

    with pytest.raises(CannotCompile, match="single words of 'note'"):
        compile_pipeline(pipeline, FEATURES, "regression", learnt)
