"""CatBoost's trees as tables: of models that it has written down, and of its own where it is installed."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from workbench.compiling.columns import Plain, through
from workbench.compiling.pipeline import compile_pipeline, difference
from workbench.errors import CannotCompile

# Written by CatBoost 1.2.10: models of four trees, rows with gaps, and what it answers for them.
KEPT = json.loads((Path(__file__).parent / "catboost.json").read_text(encoding="utf-8"))
ROWS = pd.DataFrame(KEPT["rows"], columns=list("abc"), dtype=float)
TASKS = ("binary", "multiclass", "regression")


class CatBoostClassifier:
    """What the compile asks of the real one."""

    def __init__(self, told, classes=()):
        self.told, self.classes_ = told, np.array(classes)

    def save_model(self, path, format):  # noqa: A002 - its word
        assert format == "json"
        Path(path).write_text(json.dumps(self.told), encoding="utf-8")


@pytest.mark.parametrize("task", TASKS)
def test_the_tables_of_a_kept_model_give_catboosts_own_answers(task):
    kept = KEPT[task]
    compiled = compile_pipeline(CatBoostClassifier(kept["model"], kept["classes"]), list("abc"), task)

    expected = np.array(kept["answers"])
    if task == "regression":
        np.testing.assert_array_equal(compiled.predict(ROWS), expected)
    else:
        expected = expected[:, 1] if task == "binary" else expected
        np.testing.assert_allclose(compiled.predict(ROWS), expected, rtol=1e-15)
    assert compiled.classes == tuple(kept["classes"])
    values, base = compiled.explain_class(ROWS, 0)
    outputs = compiled.output(ROWS)
    np.testing.assert_allclose(base + values.sum(axis=1), outputs if outputs.ndim == 1 else outputs[:, 0], atol=1e-12)


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda told: told["features_info"].update(categorical_features=[{}]), "categories or texts of its own"),
        (lambda told: told.update(ctrs=[]), "categories or texts of its own"),
        (lambda told: told.pop("oblivious_trees"), "grow_policy"),
        (lambda told: told.update(scale_and_bias=[2, [0.0]]), "scaled"),
        (lambda told: told["model_info"]["params"]["loss_function"].update(type="Mine"), "the loss 'Mine'"),
    ],
)
def test_what_has_no_table_says_why(change, why):
    told = json.loads(json.dumps(KEPT["binary"]["model"]))
    change(told)

    with pytest.raises(CannotCompile, match=why):
        compile_pipeline(CatBoostClassifier(told, ["no", "yes"]), list("abc"), "binary")


MODELS = {
    "two classes": ("Classifier", {}, "binary"),
    "classes": ("Classifier", {}, "multiclass"),
    "gaps on top": ("Classifier", {"nan_mode": "Max"}, "binary"),
    "numbers": ("Regressor", {}, "regression"),
    "medians": ("Regressor", {"loss_function": "MAE"}, "regression"),
    "counts": ("Regressor", {"loss_function": "Poisson"}, "regression"),
    "one question a tree": ("Regressor", {"depth": 1}, "regression"),
}


@pytest.mark.slow
@pytest.mark.parametrize("scaled", [False, True])
@pytest.mark.parametrize("kind", MODELS)
def test_the_tables_give_the_librarys_own_answers(kind, scaled):
    import catboost

    name, own, task = MODELS[kind]
    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(500, 3)), columns=list("abc"))
    frame.loc[::7, "b"] = np.nan
    signal = frame["a"] + frame["b"].fillna(2.0) + draw.normal(size=500)
    targets = {"binary": signal > 0, "multiclass": np.digitize(signal, [-1, 1]), "regression": signal.abs().round()}
    made = getattr(catboost, f"CatBoost{name}")(iterations=30, verbose=0, allow_writing_files=False, **own)
    model = (make_pipeline(StandardScaler(), made) if scaled else made).fit(frame, targets[task])
    unusual = pd.DataFrame(draw.normal(size=(200, 3)) * 5, columns=list("abc"))
    unusual.iloc[::5] = np.nan

    compiled = compile_pipeline(model, list("abc"), task, background=frame)

    assert difference(model, compiled, unusual) <= (0.0 if task == "regression" and kind != "counts" else 1e-15)


def test_what_draws_rows_to_fit_on_lets_others_pass():
    class Sampler:
        """As imbalanced-learn's."""

        def fit_resample(self, rows, target): ...

    state = (Plain("a"), Plain("b"))

    assert through(Sampler(), state) == state


@pytest.mark.slow
def test_a_pipeline_of_imbalanced_learn_is_compiled():
    from imblearn import over_sampling as sampling
    from imblearn.pipeline import make_pipeline as made
    from sklearn.linear_model import LogisticRegression

    draw = np.random.default_rng(0)
    frame = pd.DataFrame(draw.normal(size=(300, 2)), columns=["a", "b"])
    model = made(StandardScaler(), sampling.SMOTE(random_state=0), LogisticRegression())
    model.fit(frame, frame["a"] + draw.normal(size=300) > 1.2)

    assert difference(model, compile_pipeline(model, ["a", "b"], "binary"), frame) < 1e-12
