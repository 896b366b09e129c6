"""Pipelines on disk: they predict as before, and nothing that is not on the list is ever built."""

import os
import pickle
import re
import zipfile

import numpy as np
import pandas as pd
import pytest
import skops.io
from lightgbm import LGBMClassifier, LGBMRegressor
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import HistGradientBoostingClassifier, StackingClassifier, VotingClassifier
from sklearn.feature_selection import SelectKBest
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import TunedThresholdClassifierCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer
from sklearn.tree import DecisionTreeClassifier

from workbench.core.contract import Column, Contract
from workbench.errors import Damaged, NotFound, Untrusted, WorkbenchError
from workbench.storage.model_digest import digest
from workbench.storage.pipelines import load_pipeline, save_pipeline, untrusted
from workbench.tables.dates import date_parts
from workbench.training.candidates import build

CONTRACT = Contract((Column("size", "number"), Column("city", "category"), Column("at", "datetime")))


def table(rows=120):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=rows),
            "city": pd.Series(rng.choice(["Ulm", "Bonn"], rows), dtype="str"),
            "at": pd.date_range("2013-07-04", periods=rows, freq="7h"),
        }
    )
    frame.loc[::9, ["size", "city", "at"]] = None
    return frame


TARGETS = {
    "binary": np.resize(["No", "Yes", "Yes"], 120),
    "multiclass": np.resize([3, 1, 2, 2], 120),
    "regression": np.linspace(0, 5, 120),
}


@pytest.mark.parametrize("task", TARGETS)
@pytest.mark.parametrize("name", ["baseline", "linear", "lightgbm", "boosting", "forest"])
def test_a_pipeline_predicts_the_same_after_a_round_trip(tmp_path, name, task):
    settings = {"boosting": {"max_iter": 5}, "lightgbm": {"n_estimators": 5}}.get(name, {})
    pipeline = build(name, CONTRACT, ["size", "city", "at"], task, settings, seed=0).fit(table(), TARGETS[task])
    again = load_pipeline(save_pipeline(pipeline, tmp_path / "pipeline.skops"))
    answer = "predict" if task == "regression" else "predict_proba"
    np.testing.assert_array_equal(getattr(again, answer)(table()), getattr(pipeline, answer)(table()))


@pytest.mark.parametrize("label", [bool, int, str])
def test_a_model_of_lightgbm_has_the_same_hash_after_a_round_trip(tmp_path, label):
    rows = np.random.default_rng(0).normal(size=(120, 3))
    truth = (rows[:, 0] > 0).astype(label)
    made = LGBMClassifier(n_estimators=2, verbose=-1, class_weight="balanced").fit(rows, truth)

    again = load_pipeline(save_pipeline(made, tmp_path / "pipeline.skops"))

    assert digest(again) == digest(made)
    assert again._class_map == made._class_map


@pytest.mark.slow
def test_an_ensemble_predicts_the_same_after_a_round_trip(tmp_path):
    trees = HistGradientBoostingClassifier(max_iter=3, min_samples_leaf=5)
    members = [(m, CalibratedClassifierCV(trees, method=m, cv=2)) for m in ("sigmoid", "isotonic")]
    chosen = make_pipeline(SelectKBest(k=2), VotingClassifier(members, voting="soft"))
    truth = TARGETS["binary"] == "Yes"
    rows = np.random.default_rng(0).normal(size=(120, 3)) + 3 * truth[:, None]
    stack = StackingClassifier([("vote", chosen)], final_estimator=LogisticRegression(), cv=2)
    made = TunedThresholdClassifierCV(stack, cv=2).fit(rows, truth)

    again = load_pipeline(save_pipeline(made, tmp_path / "pipeline.skops"))

    np.testing.assert_array_equal(again.predict_proba(rows), made.predict_proba(rows))


def test_a_booster_whose_library_would_parse_bytes_is_refused(tmp_path):
    xgboost = pytest.importorskip("xgboost")
    made = make_pipeline(xgboost.XGBRegressor(n_estimators=2)).fit(np.eye(60), np.arange(60))

    with pytest.raises(Untrusted, match=r"xgboost\.core\.Booster"):
        save_pipeline(made, tmp_path / "pipeline.skops")


def test_a_booster_of_lightgbm_in_a_file_is_refused_where_it_is_no_text(tmp_path):
    made = make_pipeline(LGBMRegressor(n_estimators=2, verbose=-1)).fit(np.eye(60), np.arange(60))
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(made))

    with pytest.raises(Untrusted, match=r"lightgbm\.basic\.Booster"):
        load_pipeline(path)


def test_boosters_inside_of_others_go_as_text_and_the_pipeline_stays_as_it_is(tmp_path):
    member = LGBMClassifier(n_estimators=3, verbose=-1, n_jobs=1)
    truth = TARGETS["binary"] == "Yes"
    rows = np.random.default_rng(0).normal(size=(120, 3)) + truth[:, None]
    made = make_pipeline(VotingClassifier([("a", member), ("b", CalibratedClassifierCV(member, cv=2))], voting="soft"))
    before = made.fit(rows, truth).predict_proba(rows)

    again = load_pipeline(save_pipeline(made, tmp_path / "pipeline.skops"))

    np.testing.assert_array_equal(again.predict_proba(rows), before)
    np.testing.assert_array_equal(made.predict_proba(rows), before)


@pytest.mark.parametrize("own", [{"linear_tree": True}, {"objective": "cross_entropy"}, {"objective": "xentlambda"}])
def test_a_model_of_lightgbm_that_is_not_read_back_is_not_written(tmp_path, own):
    rows = np.random.default_rng(0).normal(size=(300, 2))
    made = make_pipeline(LGBMRegressor(n_estimators=2, verbose=-1, **own)).fit(rows, rows[:, 0] > 0)
    with pytest.raises(Untrusted, match="LightGBM"):
        save_pipeline(made, tmp_path / "pipeline.skops")
    assert untrusted(made) == ("lightgbm.basic.Booster",)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("bad", ["left_child=0 ", "split_feature=99 ", "nonsense", 7, None])
def test_a_text_that_leads_outside_is_refused_before_lightgbm_sees_it(tmp_path, bad):
    rows = np.random.default_rng(0).normal(size=(300, 2))
    made = make_pipeline(LGBMRegressor(n_estimators=2, num_leaves=4, verbose=-1)).fit(rows, rows.sum(axis=1))
    text = made[-1].booster_.model_to_string()
    if isinstance(bad, str) and "=" in bad:
        key = bad.split("=")[0]
        text = re.sub(rf"^{key}=\S+ ", bad, text, count=1, flags=re.MULTILINE)
    else:
        text = bad
    made[-1]._Booster = text
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(made))

    if text is None:
        assert load_pipeline(path)[-1]._Booster is None
    else:
        with pytest.raises(Damaged, match="LightGBM"):
            load_pipeline(path)


def test_a_model_that_is_not_ours_is_refused_by_name_and_not_written(tmp_path):
    strange = make_pipeline(FunctionTransformer(os.path.basename))
    with pytest.raises(Untrusted, match=r"posixpath\.basename"):
        save_pipeline(strange, tmp_path / "strange.skops")
    assert not list(tmp_path.iterdir())


def test_a_file_with_a_command_is_refused_before_anything_runs(tmp_path):
    proof = tmp_path / "ran"
    attack = make_pipeline(FunctionTransformer(os.system, kw_args={"command": f"touch {proof}"}))
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(attack))
    with pytest.raises(Untrusted, match="system"):
        load_pipeline(path)
    assert not proof.exists()


class Command:
    """What an attacker pickles: reading it runs a command."""

    def __init__(self, proof):
        self.proof = proof

    def __reduce__(self):
        return os.system, (f"touch {self.proof}",)


def test_a_pickle_under_our_name_is_refused_and_never_read(tmp_path):
    proof, path = tmp_path / "ran", tmp_path / "pipeline.skops"
    path.write_bytes(pickle.dumps(Command(proof)))
    with pytest.raises(WorkbenchError, match=r"pipeline\.skops"):
        load_pipeline(path)
    assert not proof.exists()


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b'{"a": 1}'])
def test_a_file_that_is_no_skops_file_is_a_clear_error(tmp_path, content):
    path = tmp_path / "pipeline.skops"
    path.write_bytes(content)
    with pytest.raises(WorkbenchError, match=r"pipeline\.skops"):
        load_pipeline(path)


@pytest.mark.parametrize("schema", ["not json", "{}", '{"__loader__": "NoSuchNode", "__id__": 1, "protocol": 2}'])
def test_a_zip_file_without_a_sound_schema_is_a_clear_error(tmp_path, schema):
    path = tmp_path / "pipeline.skops"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("schema.json", schema)
    with pytest.raises(WorkbenchError, match=r"pipeline\.skops"):
        load_pipeline(path)


def test_a_file_that_names_a_function_by_its_old_place_is_read(tmp_path):
    frame = pd.DataFrame({"when": pd.to_datetime(["2013-07-04 15:20", "2014-01-31 00:05"])})
    made = make_pipeline(FunctionTransformer(date_parts)).fit(frame)
    new, old = save_pipeline(made, tmp_path / "new.skops"), tmp_path / "old.skops"
    with zipfile.ZipFile(new) as source, zipfile.ZipFile(old, "w") as target:
        for name in source.namelist():
            target.writestr(name, source.read(name).replace(b"workbench.tables.dates", b"workbench.core.dates"))

    assert b"workbench.core.dates" in zipfile.ZipFile(old).read("schema.json")
    np.testing.assert_array_equal(load_pipeline(old).transform(frame), made.transform(frame))


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(NotFound, match=r"pipeline\.skops"):
        load_pipeline(tmp_path / "pipeline.skops")


def spoilt_tree(field, value, node):
    model = DecisionTreeClassifier(max_depth=3, random_state=0).fit(ROWS, TRUTH)
    getattr(model.tree_, field)[node] = model.tree_.node_count if value == END else value
    return model


def spoilt_boosting(field, value, node):
    model = HistGradientBoostingClassifier(max_iter=2, max_depth=3, min_samples_leaf=2).fit(ROWS, TRUTH)
    nodes = model._predictors[-1][0].nodes
    nodes[field.removeprefix("children_")][node] = len(nodes) if value == END else value
    return model


END = "end"
ROWS = np.random.default_rng(0).normal(size=(60, 2))
TRUTH = ROWS.sum(axis=1) > 0
OUTSIDE = {
    "far behind the end": ("children_left", 10**6, 0),
    "just behind the end": ("children_right", END, 0),
    "just behind the end on the left": ("children_left", END, 0),
    "to itself": ("children_right", 1, 1),
    "to itself on the left": ("children_left", 1, 1),
    "back to the root": ("children_left", 0, 1),
}


@pytest.mark.parametrize("spoilt", [spoilt_tree, spoilt_boosting])
@pytest.mark.parametrize("place", OUTSIDE.values(), ids=OUTSIDE)
def test_a_tree_whose_nodes_lead_outside_is_refused_before_it_is_walked(tmp_path, spoilt, place):
    """scikit-learn would read memory that is not its own, or walk for ever."""
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(make_pipeline(spoilt(*place))))

    with pytest.raises(Damaged, match=r"pipeline\.skops holds a tree whose nodes lead outside of it"):
        load_pipeline(path)


def test_a_tree_that_asks_for_a_column_before_the_first_is_refused(tmp_path):
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(make_pipeline(spoilt_tree("feature", -5, 0))))

    with pytest.raises(Damaged, match="lead outside"):
        load_pipeline(path)


def in_an_array(tree):
    array = np.empty((1, 1), dtype=object)
    array[0, 0] = tree
    return array


@pytest.mark.parametrize(
    "hide",
    [
        lambda tree: {"a": [tree]},
        lambda tree: (0, tree),
        in_an_array,
        lambda tree: FunctionTransformer(tree),
        lambda tree: [tree, tree],
    ],
    ids=["in a dict", "in a tuple", "in an array", "in another model", "twice"],
)
def test_a_spoilt_tree_is_found_wherever_it_is_hidden(tmp_path, hide):
    tree = spoilt_tree("children_left", 10**6, 0)
    path = tmp_path / "pipeline.skops"
    path.write_bytes(skops.io.dumps(make_pipeline(FunctionTransformer(date_parts, kw_args={"hidden": hide(tree)}))))

    with pytest.raises(Damaged, match="lead outside"):
        load_pipeline(path)


def test_a_trusted_library_alone_is_not_enough(tmp_path):
    """skops trusts all of scikit-learn's estimators by itself; what they hold must be trusted too."""
    rows = np.arange(20.0).reshape(10, 2)
    path = tmp_path / "neighbours.skops"
    path.write_bytes(skops.io.dumps(make_pipeline(KNeighborsClassifier(algorithm="kd_tree")).fit(rows, rows[:, 0] > 9)))
    with pytest.raises(Untrusted, match="KDTree"):
        load_pipeline(path)
