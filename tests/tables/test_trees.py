"""A hostile or damaged tree table is refused before it is walked."""

import json
from dataclasses import replace
from datetime import datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OrdinalEncoder

from workbench.compiling.pipeline import compile_pipeline
from workbench.errors import Damaged, FormatVersion
from workbench.tables.compiled import CompiledModel, Numbers, moments, parts
from workbench.tables.trees import Trees, blocks


def stump() -> Trees:
    return Trees(
        roots=np.array([0]),
        outputs=np.array([0]),
        feature=np.array([0, -1, -1]),
        threshold=np.array([1.5, 0.0, 0.0]),
        left=np.array([1, -1, -1]),
        right=np.array([2, -1, -1]),
        missing_left=np.array([True, False, False]),
        category=np.array([-1, -1, -1]),
        goes_left=np.zeros((0, 256), bool),
        value=np.array([[0.0], [2.0], [4.0]]),
        cover=np.array([10.0, 4.0, 6.0]),
        baseline=np.array([1.0]),
    )


def model(trees: Trees) -> CompiledModel:
    return CompiledModel("regression", (), ("x",), (Numbers(("x",), "number", np.arange(1)),), trees)


def test_a_stump_scores_and_explains_by_hand():
    values, base = model(stump()).explain({"x": [1.0, 2.0, None]})

    assert model(stump()).predict({"x": [1.0, 2.0, None]}).tolist() == [3.0, 5.0, 3.0]
    assert base == pytest.approx(1 + 0.4 * 2 + 0.6 * 4)
    np.testing.assert_allclose(values[:, 0] + base, [3, 5, 3])


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("left", [2_000_000_000, -1, -1]),
        ("left", [0, -1, -1]),
        ("right", [1, -1, -1]),
        ("right", [-5, -1, -1]),
        ("feature", [1, -1, -1]),
        ("feature", [-2, -1, -1]),
        ("threshold", [np.nan, 0, 0]),
        ("value", [[0.0], [np.inf], [1.0]]),
        ("roots", [1]),
        ("roots", [0, 7]),
        ("outputs", [1]),
        ("category", [0, -1, -1]),
        ("cover", [-1.0, 1, 1]),
        ("left", [1.0, -1, -1]),
        ("feature", [0, -1]),
        ("baseline", [np.nan]),
    ],
)
def test_a_table_that_leads_outside_is_refused(field, value, tmp_path):
    bad = replace(stump(), **{field: np.array(value)})

    with pytest.raises(Damaged):
        bad.checked(1)
    with pytest.raises(Damaged):
        CompiledModel.load(model(bad).save(tmp_path / "model.npz"))


@given(st.binary(min_size=1, max_size=300))
@settings(max_examples=30, deadline=None)
def test_a_file_of_noise_is_damaged(tmp_path_factory, noise):
    path = tmp_path_factory.mktemp("noise") / "model.npz"
    path.write_bytes(noise)

    with pytest.raises(Damaged):
        CompiledModel.load(path)


def test_a_pickled_array_is_never_loaded(tmp_path):
    np.savez(tmp_path / "model.npz", header=np.array([{"a": 1}], dtype=object))

    with pytest.raises(Damaged):
        CompiledModel.load(tmp_path / "model.npz")


def test_a_newer_format_asks_for_an_upgrade(tmp_path):
    header = np.frombuffer(json.dumps({"format_version": 99}).encode(), np.uint8)
    np.savez(tmp_path / "model.npz", header=header)

    with pytest.raises(FormatVersion, match="Upgrade"):
        CompiledModel.load(tmp_path / "model.npz")


def test_date_parts_agree_with_pandas():
    import pandas as pd

    when = pd.Series(pd.date_range("1969-12-30 23:59", periods=500, freq="19h", tz="UTC"))
    when[3] = pd.NaT

    found = parts(when)

    expected = pd.DataFrame({"month": when.dt.month, "weekday": when.dt.day_of_week, "hour": when.dt.hour})
    np.testing.assert_array_equal(found, expected.to_numpy(dtype=float))


def test_zones_are_brought_to_utc():
    when = datetime(2013, 7, 1, 2, tzinfo=timezone(timedelta(hours=2)))

    assert moments([when, None])[0] == np.datetime64("2013-07-01T00:00")
    assert np.isnat(moments([when, None])[1])


@pytest.mark.filterwarnings("error")
def test_a_missing_moment_has_a_unit_as_the_others():
    """NumPy 2.5 warns of a moment without a unit, and will refuse it."""
    when = datetime(2013, 7, 1, 2)

    assert np.isnat(moments([None, when, None])).tolist() == [True, False, True]
    assert moments([None]).dtype == moments([when]).dtype == "datetime64[us]"


@given(st.integers(0, 50), st.integers(-3, 20))
def test_blocks_cover_all_rows_once(rows, size):
    assert [i for b in blocks(rows, size) for i in range(rows)[b]] == list(range(rows))


def grown(seed: int):
    """Boosting on gaps and categories, as a Trees table, and rows for it."""
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.normal(size=300), rng.integers(0, 5, 300), rng.normal(size=(300, 8))])
    rows[rng.random(rows.shape) < 0.1] = np.nan
    frame = pd.DataFrame(rows, columns=[f"x{i}" for i in range(10)])
    boosting = HistGradientBoostingRegressor(max_iter=4, min_samples_leaf=2, max_leaf_nodes=40, random_state=0)
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    encode = ColumnTransformer([("code", codes, ["x1"])], remainder="passthrough")
    made = make_pipeline(encode, boosting.set_params(categorical_features=[0]))
    compiled = compile_pipeline(made.fit(frame, rng.normal(size=300)), list(frame), "regression")
    return compiled.model, compiled.encode(frame)


@pytest.mark.parametrize("seed", range(3))
def test_one_row_is_walked_as_many_are(seed):
    trees, matrix = grown(seed)

    alone = np.vstack([trees._leaves(matrix[i : i + 1]) for i in range(50)])

    np.testing.assert_array_equal(alone, trees._leaves(matrix)[:50])


@pytest.mark.parametrize("seed", range(3))
def test_kept_patterns_give_the_values_of_the_quadrature(seed):
    trees, matrix = grown(seed)
    groups, conditions = trees.paths
    source = np.arange(10)

    for paths in groups:
        arguments = (conditions.met(matrix[:20]), paths.weight[:, 0], source, 10)
        kept, reckoned = replace(paths, tabled=True), replace(paths, tabled=False)
        if paths.patterns < 5_000_000:
            np.testing.assert_allclose(kept.explain(*arguments), reckoned.explain(*arguments), atol=1e-14)
    assert any(paths.tabled for paths in groups)
