"""Small runs, made as the contract between training and packaging says."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from sklearn.compose import ColumnTransformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder, StandardScaler

import workbench as wb
from tests.prometheus import promtool  # noqa: F401 - a fixture
from workbench.core.bundle import Bundle
from workbench.core.contract import Column, Contract
from workbench.core.dataset import fingerprint
from workbench.core.metric import Metric
from workbench.core.profile import Profile
from workbench.core.run import Candidate, Run, Split
from workbench.storage.tracking import client, experiment_id


def contract_of(frame: pd.DataFrame, target: str, task: str) -> Contract:
    columns = []
    for name in frame:
        role = "target" if name == target else "feature"
        if frame[name].dtype.kind in "if":
            kind = "integer" if frame[name].dtype.kind == "i" else "number"
            columns.append(Column(name, kind, role, float(frame[name].min()), float(frame[name].max())))
        else:
            columns.append(Column(name, "category", role, categories=tuple(sorted(frame[name].dropna().unique()))))
    return Contract(tuple(columns), task)


def fitted(frame: pd.DataFrame, features: list[str], truth, model: str, task: str) -> Pipeline:
    numbers = [f for f in features if frame[f].dtype.kind in "if"]
    texts = [f for f in features if f not in numbers]
    if model == "boosting":
        codes = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan, encoded_missing_value=np.nan)
        parts = [("numbers", "passthrough", numbers), ("texts", codes, texts)]
        kind = HistGradientBoostingRegressor if task == "regression" else HistGradientBoostingClassifier
        chosen = kind(max_iter=20, random_state=0, categorical_features=list(range(len(numbers), len(features))))
    else:
        scaled = Pipeline([("fill", SimpleImputer(strategy="median")), ("scale", StandardScaler())])
        one_hot = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=5, sparse_output=False)
        parts = [("numbers", scaled, numbers), ("texts", one_hot, texts)]
        chosen = LogisticRegression(max_iter=500)
    encode = ColumnTransformer(parts, verbose_feature_names_out=False)
    return Pipeline([("encode", encode), ("model", chosen)]).fit(frame[features], truth)


def run_of(
    frame: pd.DataFrame,
    target: str,
    task: str = "binary",
    model: str = "boosting",
    pipeline=None,
    sensitive=(),
    contract=None,
) -> Run:
    """A run of a frame, registered in the store as MLflow knows it."""
    contract = contract or contract_of(frame, target, task)
    for name in sensitive:
        contract = contract.change(name, sensitive=True)
    features = list(contract.features)
    cut = len(frame) * 3 // 4
    pipeline = pipeline or fitted(frame[:cut], features, frame[target][:cut], model, task)
    metric = (Metric("rmse", 1.0, 0.9, 1.1),) if task == "regression" else (Metric("roc_auc", 0.8, 0.7, 0.9),)
    run_id = client().create_run(experiment_id()).info.run_id
    return Run(
        id=run_id,
        task=task,
        contract=contract,
        features=tuple(features),
        left_out={"<b>secret</b>": "it is an id"},
        classes=() if task == "regression" else tuple(pipeline.classes_.tolist()),
        candidates=(Candidate(model, run_id, metric),),
        metrics=metric,
        split=Split("random", 3, cut, len(frame) - cut),
        fingerprint=fingerprint(frame),
        source="memory",
        seed=0,
        threshold=None if task != "binary" else 0.4,
        created=datetime.now(UTC).isoformat(),
        pipeline=pipeline,
        profile=Profile(len(frame), (), contract),
        holdout=frame[cut:].reset_index(drop=True),
    )


def shop(rows: int = 400, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "age": rng.integers(18, 90, rows),
            "income": rng.lognormal(10, 1, rows),
            "city": pd.Series(rng.choice(["Ulm", "Bonn", "Köln"], rows), dtype="str"),
        }
    )
    frame.loc[::9, "income"] = np.nan
    frame.loc[::11, "city"] = np.nan
    frame["bought"] = np.where(frame["age"] + 20 * (frame["city"] == "Ulm") + rng.normal(0, 5, rows) > 60, "yes", "no")
    frame["bought"] = frame["bought"].astype("str")
    return frame


@pytest.fixture
def run(store):
    return run_of(shop(), "bought")


@pytest.fixture(scope="session")
def _packaged(tmp_path_factory, put_store):
    """A home in which the shop's run is packaged, that run, and its artifacts in MLflow as they were then."""
    folder, kept = put_store(tmp_path_factory.mktemp("packaged")), tmp_path_factory.mktemp("kept")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        run = run_of(shop(), "bought")
        wb.package(run, name="shop")
        artifacts = Path(client().get_run(run.id).info.artifact_uri.removeprefix("file://"))
    shutil.copytree(artifacts, kept, dirs_exist_ok=True)
    return folder, run, artifacts, kept


@pytest.fixture
def bundle(home, _packaged):
    """``wb.package(run, name="shop")`` in this test's home: packaged once, copied, and free to be spoilt."""
    folder, _, artifacts, kept = _packaged
    shutil.copytree(folder, home)
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
    shutil.rmtree(artifacts)  # another test may have changed MLflow's own copy
    shutil.copytree(kept, artifacts)
    return Bundle.load_folder(home / "bundles" / "shop" / "1", ask_signature=False)


@pytest.fixture
def packaged_run(bundle, _packaged):
    """The run of that bundle, to be packaged again."""
    return _packaged[1]


@pytest.fixture
def make_run(store):
    """``make_run(frame, target, task, model, …)``: a run in this test's store."""
    return run_of


@pytest.fixture
def small_table():
    """``small_table(rows, seed)``: shoppers."""
    return shop
