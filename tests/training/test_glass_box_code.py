"""The pieces of a notebook: code that makes the same estimator, reads the same rows and adds up the same scores."""

import ast
import builtins

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from sklearn.compose import make_column_selector, make_column_transformer
from sklearn.ensemble import StackingClassifier
from sklearn.linear_model import LogisticRegression, LogisticRegressionCV, Ridge
from sklearn.model_selection import KFold
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, PolynomialFeatures

import workbench as wb
from tests.hostile_names import TEXTS
from tests.training.churners import churners
from workbench.core.contract import Column, Contract
from workbench.core.measures import OURS
from workbench.errors import BadParameter, WorkbenchError
from workbench.tables.dates import date_features, date_parts
from workbench.training.candidates import MODELS, build
from workbench.training.glass_box import plain
from workbench.training.glass_box.estimators import Writer
from workbench.training.glass_box.tables import by_fingerprint, of_file
from workbench.training.recording import folds_of, write_folds

EPSILON = np.finfo(float).eps


@given(
    st.integers(0, 10_000),
    st.integers(2, 300),
    st.sampled_from(sorted(OURS)),
    st.sampled_from([1, 3, 1_000]),
)
@settings(max_examples=150)
def test_the_scores_that_are_shown_are_ours_to_the_last_bit(seed, rows, name, steps):
    """Ties among predictions, few rows and large numbers included."""
    rng = np.random.default_rng(seed)
    if name in ("rmse", "mae", "r2"):
        truth, predicted = rng.normal(size=rows) * 10.0 ** rng.integers(-3, 6), rng.normal(size=rows)
    elif name == "balanced_accuracy":
        truth, predicted = rng.integers(0, 3, rows), rng.dirichlet(np.ones(3), rows)
    else:
        truth, predicted = rng.integers(0, 2, rows), np.round(rng.random(rows) * steps) / steps
    ours = OURS[name].of(truth, predicted)
    assume(ours is not None)

    found = getattr(plain, name)(truth, predicted)

    # Each logarithm, here and there, is off by a unit in its last place on another processor, and their sum may round
    # otherwise with each of them; all else is the same everywhere.
    of_logarithms = name in ("log_loss", "poisson_deviance")
    assert found == (pytest.approx(ours, rel=2 * rows * EPSILON, abs=8 * EPSILON) if of_logarithms else ours)


@pytest.mark.parametrize("zone", [None, "UTC", "Europe/Berlin", "Asia/Kolkata"])
@pytest.mark.parametrize("unit", ["s", "ms", "us", "ns"])
def test_parts_of_dates_are_ours(zone, unit):
    moments = pd.Series(pd.date_range("1969-12-30 23:59:59", periods=500, freq="5h7min")).dt.as_unit(unit)
    dates = pd.DataFrame({"a": moments.dt.tz_localize(zone), "b": moments.where(moments.dt.day % 3 > 0)})

    np.testing.assert_array_equal(plain.date_parts(dates), date_parts(dates))


@pytest.mark.parametrize("unit", ["s", "ns"])
def test_features_of_dates_are_ours(unit):
    moments = pd.Series(pd.date_range("1969-12-30 23:59:59", periods=500, freq="5h7min")).dt.as_unit(unit)
    zoned = moments.dt.tz_localize("Asia/Kolkata")
    dates = pd.DataFrame({f"d{i}": moments.where(moments.dt.day % (i + 2) > 0) for i in range(6)} | {"last": zoned})

    np.testing.assert_array_equal(plain.date_features(dates), date_features(dates))
    # A sine is off by a unit in its last place on another processor; these are of numbers up to 1.
    np.testing.assert_allclose(plain.date_features(dates, True), date_features(dates, True), rtol=0, atol=EPSILON)


def test_folds_come_back_in_their_order(tmp_path):
    folds = ((np.array([3, 1, 2]), np.array([0])), (np.array([0, 5]), np.array([4, 2])))
    write_folds(folds, tmp_path / "folds.parquet")

    for again in (folds_of(tmp_path / "folds.parquet"), plain.from_file(str(tmp_path / "folds.parquet"))):
        assert [[side.tolist() for side in pair] for pair in again] == [[[3, 1, 2], [0]], [[0, 5], [4, 2]]]
    assert folds_of(tmp_path / "none.parquet") == ()


def built(code, writer):
    """What the code of an estimator makes, by the imports that it asks for."""
    scope = {"np": np, "pd": pd, "seed": 0}
    exec("\n".join([*writer.imports(), *map(writer.show, writer.functions)]), scope)
    return eval(code, scope | dict(writer.lists))


def plainly(value):
    """An estimator and what it holds, to be compared; functions by their names."""
    if hasattr(value, "get_params"):
        return type(value), {name: plainly(v) for name, v in value.get_params(deep=False).items()}
    if isinstance(value, (list, tuple)):
        return type(value), [plainly(v) for v in value]
    if isinstance(value, (KFold, make_column_selector)):
        return type(value), vars(value)
    return getattr(value, "__name__", repr(value.item() if isinstance(value, np.generic) else value))


@given(
    st.sampled_from([(name, settings) for name, model in MODELS.items() for settings in model.known_good]),
    st.lists(TEXTS, min_size=3, max_size=4, unique=True),
    st.sampled_from(["binary", "regression"]),
)
def test_the_code_of_a_candidate_makes_the_candidate(candidate, names, task):
    """Whatever its columns are called."""
    name, settings = candidate
    kinds = zip(names, ("category", "number", "datetime", "datetime"), strict=False)
    contract = Contract(tuple(Column(column, kind) for column, kind in kinds))
    pipeline = build(name, contract, names, task, settings, seed=0)
    writer = Writer(name, {"categories": names[:1]}, seed=0)

    code = writer.estimator(pipeline, tuple(settings))

    assert plainly(built(code, writer)) == plainly(pipeline)
    assert all(f"{setting}=" in code for setting in settings)
    assert {n.value for n in ast.walk(ast.parse(code)) if isinstance(n, ast.Constant)} >= set(names[1:])


@pytest.mark.parametrize(
    "estimator",
    [
        GaussianNB(priors=None, var_smoothing=1e-8),
        make_pipeline(PolynomialFeatures((1, 2)), Ridge(alpha=np.float64(2.5), positive=True)),
        make_pipeline(
            make_column_transformer(
                (OneHotEncoder(dtype=np.float32), make_column_selector("^x", dtype_include=np.number)),
                (OneHotEncoder(categories=[["a", 'b"\n']]), ["word"]),
                remainder="drop",
            ),
            StackingClassifier(
                [("a", LogisticRegressionCV(cv=KFold(3, shuffle=True), Cs=[0.1, 1])), ("b", GaussianNB())]
            ),
        ),
        make_pipeline(FunctionTransformer(np.log1p, kw_args={"where": True}), LogisticRegression(C=float("inf"))),
    ],
    ids=["plain", "tuple", "nested", "functions"],
)
def test_the_code_of_somebodys_estimator_makes_it_again(estimator):
    writer = Writer("mine")

    again = built(writer.estimator(estimator), writer)

    assert plainly(again) == plainly(estimator)


class Own(Ridge):
    """A class that no package has."""


@pytest.mark.parametrize(
    "estimator",
    [
        Own(),
        make_pipeline(Own()),
        FunctionTransformer(lambda rows: rows),
        FunctionTransformer(churners),
        FunctionTransformer(date_parts, kw_args={1 + 2j: 0}),
        OneHotEncoder(categories=[np.array(["a"])]),
        LogisticRegression(random_state=np.random.RandomState(0)),
    ],
    ids=["class", "step", "lambda", "function", "key", "array", "generator"],
)
def test_what_others_do_not_have_is_refused(estimator):
    with pytest.raises(BadParameter, match="candidate 'mine' can't be written as a notebook"):
        Writer("mine").estimator(estimator)


LINES = TEXTS.filter(lambda text: "\0" not in text)
CELLS = LINES | st.sampled_from(["NA", "none", " a", "1", "1.5", "2024-01-31", "yes"])


@given(
    st.lists(LINES.filter(str.strip), min_size=2, max_size=3, unique=True),
    st.lists(CELLS, min_size=4, max_size=4),
    st.sampled_from([",", ";", "\t"]),
)
@settings(max_examples=40)
def test_code_that_reads_a_file_gives_the_rows_or_none_is_written(tmp_path_factory, names, cells, separator):
    """Whatever stands in it, code that is written reads the very values, and holds names as literals alone."""
    path = tmp_path_factory.mktemp("read") / "a $(touch X) '\".csv"
    frame = pd.DataFrame({name: np.resize(cells[k:], 40) for k, name in enumerate(names)})
    frame.to_csv(path, index=False, sep=separator)
    try:
        data = wb.dataset(str(path))
    except WorkbenchError:
        assume(False)
    target = data.contract.names[-1]
    contract = data.contract.change(target, role="target")
    wanted = data.table[data.table[target].notna()].reset_index(drop=True)
    assume(len(wanted))

    source = of_file(str(path), contract, wanted, None)

    assume(source is not None)
    scope = {"pd": pd, "path": str(path)}
    exec("\n".join(source.code()), scope)
    pd.testing.assert_frame_equal(scope["data"], wanted)
    calls = {ast.unparse(n.func) for c in source.code() for n in ast.walk(ast.parse(c)) if isinstance(n, ast.Call)}
    assert calls <= {
        "pd.read_csv", "pd.to_datetime", "data.astype", "data[data[" + repr(target) + "].notna()].reset_index",
        "data[" + repr(target) + "].notna", *(f"data[{n!r}].map" for n in names),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "expects"),
    [
        ("a;b;y\n1,5;01.02.2024;x\n2,25;28.02.2024;z\n", ['decimal=","', 'format="%d.%m.%Y"']),
        ("a;b;y\n0,10490011715303971;1.234,5;x\n1,1245414;2,5;z\n", ['.str.replace(",", ".").astype(float)']),
        ("# made by hand\na,b,y\n1,yes,x\n2,no,z\n", ["skiprows=1"]),
        ("a\tb\ty\n001\t?\tx\n002\tk\tz\n", ['sep="\\t"', '"a": "str"']),
        ("a,b,y\n1,1.5,x\n2,,z\n3,2.5,\n", ['["y"].notna()']),
    ],
    ids=["decimals", "digits", "title", "codes", "gaps"],
)
def test_pandas_is_told_what_was_seen(tmp_path, text, expects):
    head, *rows = text.splitlines(keepends=True)[-3:] if text.startswith("#") else text.splitlines(keepends=True)
    path = tmp_path / "t.csv"
    path.write_text(text[: text.index(head)] + head + "".join(rows) * 12)
    data = wb.dataset(str(path), target="y")
    wanted = data.table[data.table["y"].notna()].reset_index(drop=True)

    code = "\n".join(of_file(str(path), data.contract, wanted, None).code())

    assert all(part in code for part in expects), code


@pytest.mark.parametrize("ending", ["parquet", "feather"])
def test_columnar_files_are_read_by_pandas(tmp_path, ending):
    path = tmp_path / f"t.{ending}"
    frame = pd.DataFrame(
        {"n": [1, 2, 3] * 20, "b": [True, False, None] * 20, "w": ["a", None, "c"] * 20, "y": list("xyz") * 20}
    )
    getattr(frame.assign(when=pd.Timestamp("2024-01-31")), f"to_{ending}")(path)
    data = wb.dataset(str(path), target="y")

    source = of_file(str(path), data.contract, data.table, None)

    scope = {"pd": pd, "path": str(path)}
    exec("\n".join(source.code()), scope)
    pd.testing.assert_frame_equal(scope["data"], data.table)


def test_rows_that_pandas_reads_otherwise_are_not_read_by_it(tmp_path):
    """Amounts with a unit are no numbers for pandas."""
    path = tmp_path / "t.csv"
    path.write_text("price,y\n" + "$ 1.50,a\n$ 2.75,b\n" * 20)
    data = wb.dataset(str(path), target="y")

    assert data.contract["price"].kind == "number"
    assert of_file(str(path), data.contract, data.table, None) is None


@pytest.mark.parametrize("text", ["n,w,y\n1,a,1.5\n3,,2.5\n,c,0\n", "n;w;y\n1,25;a;1,5\n2,5;b;2,5\n"])
def test_rows_that_have_the_fingerprint_are_read_by_pandas_once(tmp_path, text, monkeypatch):
    """The very rows that a dataset holds; of a file that has changed, or dtypes that differ, nothing."""
    path, (head, *rows) = tmp_path / "t.csv", text.splitlines(keepends=True)
    path.write_text(head + "".join(rows) * 12)
    data = wb.dataset(str(path), target="y")
    reads, read_csv = [], pd.read_csv
    monkeypatch.setattr(pd, "read_csv", lambda *a, **k: reads.append(k.get("nrows")) or read_csv(*a, **k))
    asked = (str(path), data.contract, data.fingerprint, None)

    whole = by_fingerprint(*asked, data.table.dtypes.to_dict())
    source = of_file(str(path), data.contract, data.table, None, (), whole)

    pd.testing.assert_frame_equal(whole.table, data.table)
    assert reads == [None, 1_000]
    assert [str(step.code) for step in source.steps] == [
        str(step.code) for step in of_file(str(path), data.contract, data.table, None).steps
    ]
    assert by_fingerprint(*asked, dict.fromkeys(data.table, "str")) is None
    path.write_text(path.read_text().replace("a", "z"))
    assert by_fingerprint(*asked, data.table.dtypes.to_dict()) is None


SHOWN = [name for name, thing in vars(plain).items() if getattr(thing, "__module__", "") == plain.__name__]


@pytest.mark.parametrize("name", SHOWN)
def test_what_a_notebook_shows_names_all_that_it_needs(name):
    """By its imports and the functions beside it, with numpy, pandas and what every notebook imports by its name."""
    writer = Writer("any")
    nodes = list(ast.walk(ast.parse(writer.show(name))))
    imports = [alias.name for line in writer.imports() for alias in ast.parse(line).body[0].names]
    names = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load)}
    made = {n.id for n in nodes if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)}
    made |= {n.name for n in nodes if isinstance(n, (ast.FunctionDef, ast.ClassDef))}
    made |= {argument.arg for n in nodes if isinstance(n, ast.arguments) for argument in n.args}

    assert names <= {"np", "pd", "re", "clone", "threadpool_limits", *imports, *made, *vars(builtins)}
