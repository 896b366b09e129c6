"""Explanations: values that add up to the model's own output, equal shap's, and hide what must stay hidden."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.compose import make_column_transformer
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder
from sklearn.svm import SVC

import workbench as wb
from tests.hostile_names import HOSTILE
from workbench.core.explanation import Explanation
from workbench.errors import BadParameter, BadTable, CannotCompile, ColumnNotFound, Damaged
from workbench.explanation import sampling
from workbench.explanation import values as explaining
from workbench.storage.tracking import client
from workbench.tables.compiled import CompiledModel

CELLS = st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3), st.booleans())
TASKS = {"churn": "binary", "level": "multiclass", "amount": "regression"}


def trained(target, model="boosting", rows=300, numeric=False):
    rng = np.random.default_rng(0)
    x, city = rng.normal(size=rows), rng.choice(["Ulm", "Bonn", "Köln"], rows)
    signal = x + (city == "Ulm") + rng.normal(0, 0.5, rows)
    frame = pd.DataFrame({"x": x, "noise": rng.normal(size=rows), "city": city})
    frame.loc[::11, ["noise", "city"]] = np.nan
    targets = {
        "churn": np.where(signal > 0.3, "Yes", "No"),
        "level": np.digitize(signal, [-0.3, 0.9]),
        "amount": 100 + 10 * signal,
    }
    kept = ["x", "noise"] if numeric else ["x", "noise", "city"]
    data = wb.dataset(frame[kept].assign(**{target: targets[target]}), target=target)
    return wb.train(data, candidates=(model,), folds=2, trials=1)


@pytest.mark.slow
@pytest.mark.parametrize("target", TASKS)
@pytest.mark.parametrize("model", ["linear", "boosting", "forest"])
def test_values_and_base_add_up_to_the_models_own_output(store, target, model):
    run = trained(target, model)
    found = wb.explain(run)
    total = found.base + np.sum(found.values, axis=1)
    np.testing.assert_allclose(total, found.outputs, atol=1e-6)
    np.testing.assert_allclose(found.outputs, own_output(run, found), atol=1e-6)
    assert found.additivity_error <= 1e-6
    assert "WB210" not in [f.code for f in found.findings]
    assert found.features == run.features
    assert found.importance()["x"] > found.importance()["noise"]


def own_output(run, found):
    table = run.holdout[list(run.features)]
    if run.task == "regression":
        return run.pipeline.predict(table)
    place = run.classes.index(found.label)
    if found.unit == "probability":
        return run.pipeline.predict_proba(table)[:, place]
    own = run.pipeline.decision_function(table)
    return own[:, place] if own.ndim == 2 else own


@pytest.mark.slow
@pytest.mark.parametrize("target", ["churn", "amount"])
def test_values_of_boosting_equal_those_of_shap(store, target):
    import shap

    run = trained(target, numeric=True)
    found = wb.explain(run)
    theirs = shap.TreeExplainer(run.pipeline.named_steps["model"]).shap_values(
        run.holdout[list(run.features)].to_numpy()
    )
    np.testing.assert_allclose(np.array(found.values), theirs, atol=1e-6)


@pytest.mark.slow
def test_of_two_classes_the_second_is_explained_in_log_odds(store):
    found = wb.explain(trained("churn"))
    assert (found.label, found.unit) == ("Yes", "log-odds")


@pytest.mark.slow
def test_of_more_classes_the_one_predicted_most_often_is_explained(store):
    run = trained("level")
    answers = run.pipeline.predict(run.holdout[list(run.features)])
    assert wb.explain(run).label == pd.Series(answers).mode()[0]


@pytest.mark.slow
def test_rows_are_the_latest_of_the_hold_out(store):
    run = trained("churn", "linear")
    few = wb.explain(run, rows=7)
    assert len(few.values) == len(few.rows) == len(few.outputs) == 7
    assert [r["x"] for r in few.rows] == run.holdout["x"].tail(7).tolist()
    assert len(wb.explain(run, rows=10_000).values) == len(run.holdout)


def test_rows_out_of_range_are_refused(store):
    run = trained("churn", "linear")
    for rows in (0, -1, "all"):
        with pytest.raises(BadParameter, match="rows"):
            wb.explain(run, rows=rows)


def test_values_of_sensitive_columns_are_masked(store):
    run = trained("churn", "linear")
    hidden = replace(run, contract=run.contract.change("city", sensitive=True))
    found = wb.explain(hidden, rows=5)
    assert {row["city"] for row in found.rows} == {"•••"}
    assert "•••" not in {row["x"] for row in found.rows}


def test_the_explanation_is_kept_with_its_run(store, tmp_path):
    found = wb.explain(trained("churn", "linear"))
    path = client().download_artifacts(found.run_id, "workbench/explanation.parquet", str(tmp_path))
    kept = Explanation.load(path)
    np.testing.assert_allclose(kept.values, found.values, rtol=1e-6, atol=1e-9)
    assert (kept.header(), kept.columns, kept.truth) == (found.header(), found.columns, found.truth)


def test_wrong_values_are_called_wrong(store, monkeypatch):
    explain_class = CompiledModel.explain_class

    def off(self, *arguments):
        values, base = explain_class(self, *arguments)
        return values + 0.01, base

    monkeypatch.setattr(CompiledModel, "explain_class", off)
    found = wb.explain(trained("churn", "linear"))
    assert [(f.code, f.severity) for f in found.findings] == [("WB210", "error")]


# --- choices --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("space", ["raw", "probability"])
def test_of_two_classes_one_is_the_other_turned(store, space):
    run = trained("churn", "linear")
    yes, no = (wb.explain(run, rows=20, label=label, space=space) for label in run.classes[::-1])
    whole = 1.0 if space == "probability" else 0.0
    np.testing.assert_allclose(yes.values, -no.values, atol=1e-12)
    assert yes.base + no.base == pytest.approx(whole)
    np.testing.assert_allclose(no.base + no.values.sum(axis=1), no.outputs, atol=1e-9)
    np.testing.assert_allclose(yes.predictions + no.predictions, 1)


@pytest.mark.slow
def test_all_classes_are_explained_together_and_kept_together(store, tmp_path):
    run = trained("level")
    found = wb.explain(run, rows=20, label="all")
    assert sorted(found.labels) == sorted(run.classes)
    assert found.label == wb.explain(run, rows=20).label
    alone = wb.explain(run, rows=20, label=run.classes[0])
    np.testing.assert_array_equal(found.of(run.classes[0]).values, alone.values)
    kept = Explanation.load(found.save(tmp_path / "all.parquet"))
    assert kept.labels == found.labels
    np.testing.assert_allclose(kept.of(0).values, alone.values, rtol=1e-6, atol=1e-9)
    assert kept.of(0).columns == found.columns
    with pytest.raises(BadParameter, match=r'label="all"'):
        alone.of(run.classes[1])


def test_a_class_that_is_not_there_is_refused_and_named(store):
    run = trained("churn", "linear")
    with pytest.raises(BadParameter, match="Yes"):
        wb.explain(run, label="Maybe")
    with pytest.raises(BadParameter, match="is a number"):
        wb.explain(trained("amount", "linear"), label=3)


def test_probabilities_are_shared_out_where_they_are_asked_for(store):
    run = trained("churn", "linear")
    found = wb.explain(run, rows=30, space="probability")
    own = run.pipeline.predict_proba(run.holdout[list(run.features)].tail(30))[:, 1]
    assert found.unit == "probability"
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), own, atol=1e-9)
    assert np.abs(found.values).max() <= 1


def test_other_rows_are_read_as_the_contract_says(store):
    run = trained("churn", "linear")
    later = run.holdout[["x", "noise", "city"]].head(9).astype({"x": "str"}).assign(further=1)
    found = wb.explain(run, later, rows=5)
    same = wb.explain(run, rows=[4, 5, 6, 7, 8])
    np.testing.assert_allclose(found.values, same.values, atol=1e-12)
    assert (found.truth, found.positions) == (None, (4, 5, 6, 7, 8))
    assert same.truth == tuple(run.holdout["churn"].iloc[4:9])
    with pytest.raises(ColumnNotFound, match="city"):
        wb.explain(run, later.drop(columns="city"))
    with pytest.raises(BadTable, match="no row"):
        wb.explain(run, later.head(0))


@pytest.mark.parametrize("rows", [[], [0, 9999], [-1], ["a"], [True], [1.5]])
def test_positions_that_are_not_there_are_refused(store, rows):
    with pytest.raises(BadParameter, match="positions from 0"):
        wb.explain(trained("churn", "linear"), rows=rows)


@pytest.mark.slow
@pytest.mark.parametrize("target", TASKS)
def test_without_tables_the_same_rows_class_and_unit_are_explained_and_it_is_told(store, monkeypatch, target):
    def refuse(*_, **__):
        raise CannotCompile("It has no table.")

    run = trained(target, "linear")
    exact = wb.explain(run, rows=40)
    monkeypatch.setattr(explaining, "compile_pipeline", refuse)
    found = wb.explain(run, rows=40)
    assert (found.method, found.unit, found.label) == ("sampled", exact.unit, exact.label)
    assert found.columns == exact.columns
    np.testing.assert_allclose(found.outputs, exact.outputs, atol=1e-9)
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), found.outputs, atol=1e-9)
    assert list(found.importance())[:2] == list(exact.importance())[:2]
    told = next(f for f in found.findings if f.code == "WB235")
    assert told.message.startswith("The values are sampled, each within ± ")
    assert "It has no table." in told.message
    assert told.evidence["draws"] >= 8
    assert not found.exact
    assert exact.exact


def test_columns_that_say_the_same_are_told_with_their_effect_together(store):
    rng = np.random.default_rng(0)
    x, z = rng.normal(size=(2, 300))
    frame = pd.DataFrame({"x": x, "dup": 2 * x + 1, "z": z, "y": x + 0.5 * z + rng.normal(0, 0.1, 300)})
    found = wb.explain(wb.train(wb.dataset(frame, target="y"), candidates=("linear",), folds=2))
    assert found.groups == (("x", "dup"),)
    (size,) = found.together().values()
    assert size == pytest.approx(np.abs(found.values[:, [0, 1]].sum(axis=1)).mean())
    (told,) = [f for f in found.findings if f.code == "WB236"]
    assert told.message.startswith(f"x and dup say nearly the same: together {size:.3g} ")


def test_a_baseline_is_driven_by_nothing(store):
    run = trained("churn", "baseline")
    found = wb.explain(run, rows=5)
    assert found.headline().startswith("No column drives it")
    assert not found.values.any()
    assert ">Driven" not in found._repr_mimebundle_()["text/html"]


# --- what an explanation tells of itself --------------------------------------------------------------------------


def made(values, **changed):
    values = np.asarray(values, dtype=float)
    names = tuple(f"c{i}" for i in range(values.shape[1]))
    columns = {name: tuple(range(len(values))) for name in names}
    told = {"base": 0.0, "unit": "log-odds", "label": "yes", "additivity_error": 0.0, "method": "tree paths"}
    parts = {"run_id": "1", "features": names, "values": values, "outputs": values.sum(axis=1), "columns": columns}
    return Explanation(**{**parts, **told, **changed})


def test_intervals_hold_the_importance_over_all_rows():
    rng = np.random.default_rng(1)
    held = 0
    for _ in range(100):
        low, high = made(rng.normal(0, 2, (200, 1))).intervals(0.9)["c0"]
        held += low <= 2 * np.sqrt(2 / np.pi) <= high
    assert 82 <= held <= 97


def test_places_are_sure_where_columns_are_far_apart_and_not_where_they_are_alike():
    rng = np.random.default_rng(1)
    strong, one, other = rng.normal(0, 9, 300), *rng.normal(0, 1, (2, 300))
    stability = made(np.column_stack([one, strong, other])).stability()
    assert stability["c1"] == 1
    assert stability["c0"] < 0.95
    assert next(iter(stability)) == "c1"


@settings(max_examples=40, deadline=None)
@given(
    names=st.lists(st.sampled_from(HOSTILE), min_size=1, max_size=4, unique=True),
    cells=st.lists(
        st.one_of(st.none(), st.integers(-9, 9), st.text(max_size=3), st.booleans()), min_size=2, max_size=2
    ),
    label=st.one_of(st.sampled_from(HOSTILE), st.integers(0, 3), st.booleans()),
    data=st.data(),
)
def test_an_explanation_comes_back_from_its_file(tmp_path_factory, names, cells, label, data):
    numbers = st.floats(-1e6, 1e6, width=32)
    values = [[data.draw(numbers) for _ in names] for _ in cells]
    found = made(
        values, features=tuple(names), columns={name: tuple(cells) for name in [*names, "id"]}, label=label,
        truth=tuple(cells), positions=(3, 1), predictions=[0.1, 0.9], half_width=np.abs(values), threshold=0.4,
        interactions=np.eye(len(names)), groups=(tuple(names),),
    )  # fmt: skip
    found = replace(found, others=(replace(found, label="another"),))
    kept = Explanation.load(found.save(tmp_path_factory.mktemp("kept") / "e.parquet"))
    assert kept.header() == found.header()
    assert (kept.columns, kept.truth, kept.positions, kept.labels) == (
        found.columns, found.truth, found.positions, found.labels,
    )  # fmt: skip
    for name in ("values", "half_width", "interactions", "outputs", "predictions"):
        np.testing.assert_array_equal(getattr(kept, name), getattr(found, name))
    again = Explanation.from_dict(json.loads(json.dumps(found.to_dict())))
    np.testing.assert_array_equal(again.values, found.values)


def test_the_json_of_older_versions_is_read(tmp_path):
    old = {
        "noun": "explanation", "format_version": 1, "run_id": "1", "features": ["a", "b"], "values": [[1.0, -0.5]],
        "base": 0.25, "outputs": [0.75], "unit": "log-odds", "label": "yes", "additivity_error": 0.0,
        "method": "tree paths", "rows": [{"a": 3, "b": None}], "created": "", "findings": [],
    }  # fmt: skip
    (tmp_path / "explanation.json").write_text(json.dumps(old))
    found = Explanation.load(tmp_path / "explanation.json")
    assert found.reasons() == (("a", 3, 1.0), ("b", None, -0.5))
    assert found.rows == ({"a": 3, "b": None},)


@pytest.mark.parametrize("cut", [0.3, 0.9])
def test_a_damaged_file_is_called_damaged(tmp_path, cut):
    path = made([[1.0, 2.0]]).save(tmp_path / "e.parquet")
    content = path.read_bytes()
    path.write_bytes(content[: int(len(content) * cut)])
    with pytest.raises(Damaged, match=r"e\.parquet"):
        Explanation.load(path)


def test_ten_thousand_rows_are_small_on_disk(tmp_path):
    rng = np.random.default_rng(0)
    path = made(rng.normal(size=(10_000, 14))).save(tmp_path / "e.parquet")
    assert path.stat().st_size < 1_500_000


@pytest.mark.slow
@pytest.mark.parametrize("plot", ["violin", "beeswarm", "bar", "scatter", "heatmap", "waterfall", "force", "decision"])
def test_every_plot_of_shap_draws_it(store, plot):
    import matplotlib as mpl
    import matplotlib.pyplot as plt
    import shap

    mpl.use("Agg")
    theirs = wb.explain(trained("churn", "linear"), rows=40).to_shap()
    if plot == "decision":
        shap.decision_plot(float(theirs.base_values[0]), theirs.values, theirs.display_data, show=False)
    elif plot == "force":
        shap.plots.force(theirs[0], matplotlib=True, show=False)
    else:
        shown = theirs[0] if plot == "waterfall" else theirs[:, "city"] if plot == "scatter" else theirs
        getattr(shap.plots, plot)(shown, show=False)
    plt.close("all")


# --- models that nobody scored --------------------------------------------------------------------------------------


def rows_and_answers(rows=200):
    rng = np.random.default_rng(3)
    x, z = rng.normal(size=(2, rows))
    frame = pd.DataFrame({"x": x, "z": z, "city": pd.Series(rng.choice(["a", "b"], rows), dtype="str")})
    return frame, 2 * x + (frame["city"] == "a")


def with_codes(model):
    encode = make_column_transformer((OneHotEncoder(handle_unknown="ignore"), ["city"]), remainder="passthrough")
    return make_pipeline(encode, model)


@pytest.mark.parametrize(
    ("model", "unit", "answer"),
    [
        (IsolationForest(n_estimators=20, random_state=0), "score samples", "score_samples"),
        (KMeans(3, n_init=2, random_state=0), "score samples", None),
        (SVC(), "decision function", "decision_function"),
        (LinearRegression(), "units of the prediction", "predict"),
        (LogisticRegression(), "log-odds", "decision_function"),
    ],
)
def test_what_nobody_scored_is_explained_as_it_is(home, monkeypatch, model, unit, answer):
    monkeypatch.setattr(sampling, "MOST", 16)
    frame, target = rows_and_answers()
    labels = target > target.mean() if isinstance(model, (SVC, LogisticRegression)) else target
    fitted = with_codes(model).fit(frame, labels)
    if answer is None:
        assert not hasattr(fitted, "score_samples")
        unit, answer = "units of the prediction", "predict"
    found = wb.explain(fitted, frame, rows=20)
    assert (found.run_id, found.unit, found.truth) == ("", unit, None)
    np.testing.assert_allclose(found.outputs, getattr(fitted, answer)(frame.tail(20)), atol=1e-9)
    np.testing.assert_allclose(found.base + found.values.sum(axis=1), found.outputs, atol=1e-9)
    assert found.exact == isinstance(model, (LinearRegression, LogisticRegression))
    assert found.headline()


class Survival(LinearRegression):
    """What tells a model of survival from others, which answer a risk."""

    def predict_survival_function(self, rows):
        """Its curves, which nobody asks here."""


def test_a_model_of_survival_is_explained_in_its_risk_score(home, monkeypatch):
    monkeypatch.setattr(sampling, "MOST", 16)
    frame, target = rows_and_answers()

    found = wb.explain(with_codes(Survival()).fit(frame, target), frame, rows=10)

    assert found.unit == "risk score"
    assert "risk score on average" in found.findings[0].message


def test_data_that_the_model_cant_answer_are_refused_with_its_own_words(home):
    frame, target = rows_and_answers()
    fitted = with_codes(LinearRegression()).fit(frame, target)
    with pytest.raises(ColumnNotFound, match="'z'"):
        wb.explain(fitted, frame.drop(columns="z"))
    plain = LinearRegression().fit(frame[["x", "z"]].to_numpy(), target)
    with pytest.raises(BadParameter, match=r"2 columns without names, and the data have 3: x, z and city"):
        wb.explain(plain, frame)
