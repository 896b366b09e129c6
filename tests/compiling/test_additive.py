"""Explainable boosting machines as trees: of tables of scores made up here, and of InterpretML's own."""

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_transformer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder

import workbench as wb
from workbench.compiling.additive import _halves
from workbench.compiling.pipeline import compile_pipeline, difference, raw_difference
from workbench.errors import CannotCompile
from workbench.tables.trees import Trees

CITIES = ["Bonn", "Köln", "Ulm"]
FAST = {"random_state": 0, "outer_bags": 1, "max_rounds": 40, "n_jobs": 1}


class ExplainableBoostingRegressor(SimpleNamespace):
    """What the compile asks of the real one, and its sum of terms."""

    def predict(self, rows):
        total = np.full(len(rows), self.intercept_)
        for term, scores in zip(self.term_features_, self.term_scores_, strict=True):
            total += scores[tuple(self.bin(place, rows) for place in term)]
        return total

    def bin(self, place, rows):
        values, bins = rows[rows.columns[place]], self.bins_[place][0]
        if isinstance(bins, dict):
            return np.array([0 if v is None or v != v else bins.get(str(v), -1) for v in values], dtype=int)
        return np.where(values.isna(), 0, np.searchsorted(bins, values, side="right") + 1)


@st.composite
def machines(draw):
    """Terms of numbers, categories and both, with rows on every cut, beside it, missing and unseen."""
    random = np.random.default_rng(draw(st.integers(0, 2**32)))
    cuts = [np.unique(random.normal(size=draw(st.integers(0, 6)))) for _ in range(2)]
    seen = CITIES[: draw(st.integers(1, 3))]
    bins = [[cuts[0]], [cuts[1]], [{city: k + 1 for k, city in enumerate(seen)}]]
    sizes = [len(cuts[0]) + 3, len(cuts[1]) + 3, len(seen) + 2]
    terms = draw(st.lists(st.sampled_from([(0,), (1,), (2,), (0, 1), (2, 1), (0, 1, 2)]), min_size=1, max_size=5))
    shapes = [tuple(sizes[place] for place in term) for term in terms]
    machine = ExplainableBoostingRegressor(
        bins_=bins,
        term_features_=terms,
        term_scores_=[random.normal(size=shape) for shape in shapes],
        bin_weights_=[random.integers(0, 9, shape).astype(float) for shape in shapes],
        intercept_=float(random.normal()),
        link_="identity",
    )
    near = [np.concatenate([c, np.nextafter(c, -9.0), np.nextafter(c, 9.0), [np.nan, 0.0]]) for c in cuts]
    columns = {name: random.choice(values, 60) for name, values in zip("ab", near, strict=True)}
    return machine, pd.DataFrame({**columns, "c": random.choice([*CITIES, "Genf", None], 60)})


@given(machines())
@settings(max_examples=60, deadline=None)
def test_any_tables_of_scores_become_trees_that_add_up_to_the_same_bits(drawn):
    """Whatever is missing, unseen or lies on a cut."""
    machine, rows = drawn

    compiled = compile_pipeline(machine, list("abc"), "regression")

    np.testing.assert_array_equal(compiled.predict(rows), machine.predict(rows))
    values, base = compiled.explain_class(rows, 0)
    np.testing.assert_allclose(base + values.sum(axis=1), machine.predict(rows), atol=1e-9)


@given(st.integers(1, 40))
def test_halves_lead_to_each_bin_once(bins):
    tree = _halves(bins)

    leaves = tree.left < 0
    assert sorted(tree.first[leaves]) == list(range(bins + 1))
    assert (tree.end[leaves] - tree.first[leaves] == 1).all()
    inner = np.flatnonzero(~leaves)
    np.testing.assert_array_equal(tree.end[tree.left[inner]], tree.first[tree.right[inner]])
    np.testing.assert_array_equal(tree.limit[inner[1:]], tree.end[tree.left[inner[1:]]] - 2)


def test_a_column_that_stands_in_no_pair_has_its_terms_own_scores_as_values():
    """Measured from their mean over the rows that the machine was fitted on."""
    scores, weights = np.array([0.0, 1.0, -2.0, 0.0]), np.array([0.0, 30.0, 10.0, 0.0])
    machine = ExplainableBoostingRegressor(
        bins_=[[np.array([0.5])]], term_features_=[(0,)], term_scores_=[scores], bin_weights_=[weights],
        intercept_=3.0, link_="identity",
    )  # fmt: skip

    values, base = compile_pipeline(machine, ["a"], "regression").explain_class(pd.DataFrame({"a": [0.0, 1.0]}), 0)

    assert base == pytest.approx(3.25)
    np.testing.assert_allclose(values[:, 0], [0.75, -2.25])


def test_categories_that_are_numbers_or_truth_values_are_found_by_their_text():
    """The machine compares texts, a service's rows hold what JSON has."""
    bins = [[{"False": 1, "True": 2}], [{"1.5": 1, "7": 2}], [{"01": 1, "1": 2}]]
    scores = [np.array([0.0, 1.0, 2.0, 9.0]) * 10.0**k for k in range(3)]
    machine = ExplainableBoostingRegressor(
        bins_=bins, term_features_=[(0,), (1,), (2,)], term_scores_=scores, bin_weights_=[np.ones(4)] * 3,
        intercept_=0.0, link_="identity",
    )  # fmt: skip
    rows = {"a": [True, False, None], "b": [7, 1.5, 2], "c": [1, "01", "1"]}

    told = compile_pipeline(machine, list("abc"), "regression").predict(rows)

    assert told.tolist() == [222.0, 111.0, 290.0]


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"link_": "cloglog"}, "the link 'cloglog'"),
        ({"term_scores_": [np.zeros(1_000_001)]}, "1,000,001 scores"),
    ],
)
def test_what_has_no_table_says_why(change, why):
    machine = ExplainableBoostingRegressor(
        bins_=[[{"x": 1}]], term_features_=[(0,)], term_scores_=[np.zeros(3)], bin_weights_=[np.ones(3)],
        intercept_=0.0, link_="identity",
    )  # fmt: skip
    vars(machine).update(change)

    with pytest.raises(CannotCompile, match=why):
        compile_pipeline(machine, ["a"], "regression")


# --- InterpretML's own --------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def rows():
    random = np.random.default_rng(0)
    n = 400
    table = pd.DataFrame(
        {
            "x": random.normal(size=n),
            "z": random.normal(size=n).round(1),
            "city": random.choice(CITIES, n),
            "k": random.integers(0, 4, n),
            "paid": random.random(n) < 0.4,
        }
    )
    table.loc[::7, "x"] = np.nan
    table.loc[::11, "city"] = None
    return table


@pytest.fixture(scope="module")
def later(rows):
    """Rows with categories and numbers that were not seen, and more gaps."""
    table = rows.copy()
    table.loc[::5, "city"], table.loc[::3, "k"], table.loc[::4, "z"] = "Genf", 9, np.nan
    return table


def outcome(rows):
    return rows["x"].fillna(0) + (rows["city"] == "Ulm") + rows["k"] * rows["z"] / 2


def fitted(rows, kind, **settings):
    glassbox = pytest.importorskip("interpret.glassbox")
    y = outcome(rows)
    answers = {
        "binary": np.where(y > 0.5, "yes", "no"),
        "multiclass": pd.cut(y, [-99, -0.5, 0.8, 99], labels=list("abc")).astype(str),
        "number": y,
        "count": np.random.default_rng(1).poisson(np.exp(y.clip(-2, 2))),
    }[kind]
    end = "Regressor" if kind in ("number", "count") else "Classifier"
    return getattr(glassbox, f"ExplainableBoosting{end}")(**FAST, **settings).fit(rows, answers)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("kind", "settings"),
    [
        ("binary", {"interactions": 2}),
        ("binary", {"feature_types": ["continuous", "continuous", "nominal", "nominal", "nominal"]}),
        ("multiclass", {"interactions": 0}),
        ("number", {"interactions": [(0, 1, 2), (0, 3)]}),
        ("count", {"interactions": 1, "objective": "poisson_deviance"}),
    ],
)
def test_interprets_machines_answer_alike(rows, later, kind, settings):
    """The sums of terms are the same bits; an exponential behind them is the C library's."""
    machine = fitted(rows, kind, **settings)
    task = {"binary": "binary", "multiclass": "multiclass"}.get(kind, "regression")

    compiled = compile_pipeline(machine, list(rows.columns), task, background=rows)

    assert raw_difference(machine, compiled, later) in (0.0, None)
    assert difference(machine, compiled, later) <= (0.0 if kind == "number" else 1e-15)


@pytest.mark.slow
def test_behind_encoders_it_goes_the_whole_way(rows, tmp_path):
    """Scored, explained exactly, packaged as tables and verified; its class need not be trusted."""
    glassbox = pytest.importorskip("interpret.glassbox")
    encode = make_column_transformer(
        (OneHotEncoder(handle_unknown="ignore", sparse_output=False), ["city"]), remainder="passthrough"
    )
    table = rows.assign(y=np.where(outcome(rows) > 0.5, "yes", "no"))
    pipeline = make_pipeline(encode, glassbox.ExplainableBoostingClassifier(**FAST))

    run = wb.adopt(pipeline.fit(rows, table["y"]), table, target="y")
    explanation = wb.explain(run, rows=40, interactions=True)
    bundle = wb.package(run, name="glass")

    assert explanation.method == "tree paths"
    assert explanation.additivity_error < 1e-12
    assert not explanation.findings
    assert bundle.compiled
    assert wb.verify(bundle.path).ok
    assert isinstance(compile_pipeline(run.pipeline, run.features, run.task).model, Trees)
