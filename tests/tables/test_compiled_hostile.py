"""A changed model file either is refused by name, or answers like a model: no crash, no hang, no index error."""

import ast
import io
import json
import warnings
import zipfile
from functools import cache

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, StackingClassifier
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OrdinalEncoder, StandardScaler

from workbench.compiling.pipeline import compile_pipeline
from workbench.errors import Damaged, WorkbenchError
from workbench.tables.compiled import CompiledModel

FEATURES = ["age", "income", "city"]
ROWS = {"age": [30.0, None, 1e6], "income": [1.0, -5.0, None], "city": ["Ulm", "Atlantis", None]}


def stacked() -> Pipeline:
    """One model with every kind of table: trees with categories, a linear model, curves, look-ups and scalers."""
    codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
    encode = ColumnTransformer(
        [("n", make_pipeline(SimpleImputer(), StandardScaler()), ["age", "income"]), ("c", codes, ["city"])]
    )
    trees = HistGradientBoostingClassifier(max_iter=3, max_leaf_nodes=5, categorical_features=[2], random_state=0)
    members = [("trees", trees), ("steps", CalibratedClassifierCV(trees, method="isotonic", cv=2))]
    return Pipeline(
        [("encode", encode), ("model", StackingClassifier(members, final_estimator=LogisticRegression(), cv=2))]
    )


@pytest.fixture(scope="module")
def content(tmp_path_factory) -> bytes:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"age": rng.normal(size=200), "income": rng.normal(size=200)})
    frame["city"] = rng.choice(["Ulm", "Bonn", "Kiel"], 200)
    truth = frame["age"] + (frame["city"] == "Ulm") + rng.normal(size=200) > 0
    model = compile_pipeline(stacked().fit(frame, truth), FEATURES, "binary")
    return model.save(tmp_path_factory.mktemp("model") / "model.npz").read_bytes()


def unpacked(content: bytes) -> dict[str, np.ndarray]:
    with np.load(io.BytesIO(content)) as file:
        return {name: file[name] for name in file.files}


def packed(arrays: dict[str, np.ndarray]) -> bytes:
    made = io.BytesIO()
    np.savez(made, **arrays)
    return made.getvalue()


@cache
def without(content: bytes, name: str) -> bytes:
    return packed({n: a for n, a in unpacked(content).items() if n != name})


def replaced(content: bytes, name: str, table: np.ndarray) -> bytes:
    """The archive with another array of that name; the other sixty are not packed anew for each mutant."""
    made, member = io.BytesIO(without(content, name)), io.BytesIO()
    np.lib.format.write_array(member, table, allow_pickle=False)
    with zipfile.ZipFile(made, "a") as archive:
        archive.writestr(f"{name}.npy", member.getvalue())
    return made.getvalue()


def odd(rng: np.random.Generator, dtype: np.dtype) -> object:
    numbers = [np.nan, np.inf, -np.inf, 0, -1, 1, 2, 3, 255, 256, 1e308, -1e308, 5e-324, 2**31, -(2**62), 7, 0.5]
    return np.float64(numbers[rng.integers(len(numbers))]).astype(dtype)


def changed_array(content: bytes, arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    name = str(rng.choice([n for n in arrays if n != "header"]))
    table = arrays[name].copy()
    kind = rng.integers(7)
    if kind <= 3 and table.size:
        for _ in range(rng.integers(1, 4)):
            table.flat[rng.integers(table.size)] = odd(rng, table.dtype)
    elif kind == 4:
        table = table[: rng.integers(len(table) + 1)] if table.ndim else table
    elif kind == 5:
        table = table.astype(str(rng.choice(["<f4", "<f8", "<i8", "<u2", "?", "<U3", "<M8[s]", "<c16"])))
    else:
        table = rng.permutation(table.reshape(-1)) if rng.random() < 0.5 else np.repeat(table, 2, axis=0)
    return replaced(content, name, table)


def changed_header(content: bytes, arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    header = json.loads(arrays["header"].tobytes())
    place = header
    while True:
        keys = list(place) if isinstance(place, dict) else list(range(len(place)))
        if not keys:
            break
        key = keys[rng.integers(len(keys))]
        if not isinstance(place[key], (dict, list)) or rng.random() < 0.3:
            things = [None, "", "trees", "chain", "log", -1, 0, 1, 2.5, 10**9, [], {}, ["age"], True, "softmax", "mean"]
            place[key] = things[rng.integers(len(things))]
            break
        place = place[key]
    return replaced(content, "header", np.frombuffer(json.dumps(header).encode(), np.uint8))


def changed_bytes(content: bytes, rng: np.random.Generator) -> bytes:
    made = bytearray(content)
    for _ in range(rng.integers(1, 6)):
        made[rng.integers(len(made))] = rng.integers(256)
    return bytes(made[: rng.integers(len(made))] if rng.random() < 0.1 else made)


def lost_array(content: bytes, arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    return without(content, str(rng.choice(list(arrays))))


def mutant(content: bytes, arrays: dict[str, np.ndarray], rng: np.random.Generator) -> bytes:
    kind = rng.random()
    if kind < 0.6:
        return changed_array(content, arrays, rng)
    if kind < 0.8:
        return changed_header(content, arrays, rng)
    return changed_bytes(content, rng) if kind < 0.97 else lost_array(content, arrays, rng)


def outcome(path) -> str:
    """*refused*, or *answers*, after a look at the answers."""
    try:
        model = CompiledModel.load(path)
        predicted, (values, base) = model.predict(ROWS), model.explain(ROWS)
    except WorkbenchError:
        return "refused"
    assert len(predicted) == len(values) == 3
    assert not np.isnan(predicted).any()
    assert np.isfinite(values).all()
    assert np.isfinite(base).all()
    return "answers"


@pytest.fixture
def _headers_once(monkeypatch):
    """numpy parses the header of each array as Python; sixty are the same in thousands of files."""
    monkeypatch.setattr(ast, "literal_eval", cache(ast.literal_eval))


def mutants(content: bytes, path, many: int, seed: int) -> dict[str, int]:
    rng, arrays, found = np.random.default_rng(seed), unpacked(content), {"refused": 0, "answers": 0}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # numpy and zipfile warn about what they then refuse
        for _ in range(many):
            path.write_bytes(mutant(content, arrays, rng))
            found[outcome(path)] += 1
    return found


def test_a_mutant_is_refused_or_answers(content, tmp_path):
    found = mutants(content, tmp_path / "model.npz", 150, seed=1)

    assert found["refused"] > 50


@pytest.mark.slow
@pytest.mark.usefixtures("_headers_once")
def test_thousands_of_mutants_are_refused_or_answer(content, tmp_path):
    assert sum(mutants(content, tmp_path / "model.npz", 4_000, seed=2).values()) == 4_000


def test_an_unchanged_model_answers(content, tmp_path):
    (tmp_path / "model.npz").write_bytes(content)

    assert outcome(tmp_path / "model.npz") == "answers"


def test_an_archive_bomb_is_refused_before_it_is_unpacked(tmp_path, monkeypatch):
    monkeypatch.setattr("workbench.storage.bundle_files.LARGEST", 2**22)
    with zipfile.ZipFile(tmp_path / "model.npz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("header.npy", bytes(2**22 + 1))

    assert (tmp_path / "model.npz").stat().st_size < 2**16
    with pytest.raises(Damaged, match="would unpack to 5 MB, and at most 4 MB are read"):
        CompiledModel.load(tmp_path / "model.npz")


def test_members_within_members_without_end_are_refused(content, tmp_path):
    arrays = unpacked(content)
    text = arrays["header"].tobytes().decode()
    deep = text[:-1] + ', "model": ' + '{"kind": "chain", "members": [' * 100_000 + "]}" * 100_000 + "}"
    arrays["header"] = np.frombuffer(deep.encode(), np.uint8)
    (tmp_path / "model.npz").write_bytes(packed(arrays))

    with pytest.raises(Damaged):
        CompiledModel.load(tmp_path / "model.npz")
