"""A small real bundle, made by hand and registered: one tree on the age, so that what is right is known exactly."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from workbench.core import audit
from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.core.compiled import CompiledModel, Numbers
from workbench.core.contract import Column, Contract
from workbench.core.scores import scores
from workbench.core.store import write_json
from workbench.core.tracking import CHALLENGER, CHAMPION, client
from workbench.core.trees import Trees
from workbench.monitoring.windows import seen_profile
from workbench.settings import settings

CONTRACT = Contract(
    (
        Column("customer", "text", "id"),
        Column("age", "number", minimum=0.0, maximum=100.0, missing_allowed=False),
        Column("income", "number"),
        Column("bought", "boolean", "target"),
    ),
    "binary",
)
FEATURES = ("age", "income")


def people(rows: int, seed: int = 0, older: float = 0.0, turned: bool = False) -> pd.DataFrame:
    """Those above 50 buy with a share of 0.73, the others of 0.12; ``turned`` swaps that."""
    rng = np.random.default_rng(seed)
    age = np.clip(rng.normal(50 + older, 15, rows), 0, 99)
    share = np.where((age > 50) != turned, 0.73, 0.12)
    return pd.DataFrame({
        "customer": [f"c{seed}-{i}" for i in range(rows)],
        "age": age,
        "income": rng.lognormal(10, 1, rows),
        "bought": rng.random(rows) < share,
    })


def model(right: float = 1.0) -> CompiledModel:
    trees = Trees(
        roots=np.array([0]), outputs=np.array([0]), feature=np.array([0, -1, -1]), threshold=np.array([50.0, 0, 0]),
        left=np.array([1, -1, -1]), right=np.array([2, -1, -1]), missing_left=np.array([True, False, False]),
        category=np.full(3, -1), goes_left=np.zeros((0, 256), bool), value=np.array([[0.0], [-2.0], [right]]),
        cover=np.array([10.0, 5.0, 5.0]), baseline=np.array([0.0]),
    )  # fmt: skip
    nothing = np.array([np.nan, np.nan])
    encoders = (Numbers(FEATURES, "number", nothing, np.zeros(2), np.ones(2)),)
    return CompiledModel("binary", (False, True), FEATURES, encoders, trees, "logistic")


def make_bundle(version: int, right: float = 1.0, name: str = "shop") -> Bundle:
    force = settings()
    folder = force.bundles / name / str(version)
    folder.mkdir(parents=True)
    reference = people(4000, seed=99)
    compiled = model(right)
    prediction = compiled.predict(reference)
    compiled.save(folder / "model.npz")
    write_json(folder / "contract.json", CONTRACT.to_dict())
    bundle = Bundle(
        name=name, version=version, run_id="r", model="boosting", task="binary", classes=(False, True),
        features=FEATURES, threshold=0.5, metrics=scores("binary", reference["bought"], prediction, (False, True)),
        fingerprint="f", compiled=True, files={}, path=folder,
    )  # fmt: skip
    seen_profile(bundle, reference, FEATURES, prediction).save(folder / "reference.profile")
    files = {n: file_hash(folder / n) for n in ("model.npz", "contract.json", "reference.profile")}
    replace(bundle, files=files).save(folder / MANIFEST)
    register(name, version)
    return Bundle.load_folder(folder)


def register(name: str, version: int) -> None:
    mlflow = client()
    if not mlflow.search_registered_models(f"name = '{name}'"):
        mlflow.create_registered_model(name)
    made = mlflow.create_model_version(name, "file:///nowhere")
    assert int(made.version) == version
    first = version == 1
    mlflow.set_registered_model_alias(name, CHAMPION if first else CHALLENGER, str(version))
    audit.record(settings().audit_log, "package", name=name, version=version)
    if first:
        audit.record(settings().audit_log, "promote", name=name, version=version, previous=None)


@pytest.fixture
def shop(store) -> Bundle:
    """The champion ``shop`` version 1."""
    return make_bundle(1)


@pytest.fixture
def made(store):
    """Makes further versions."""
    return make_bundle
