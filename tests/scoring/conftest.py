"""A bundle's folder by hand: a two-column tree, no scikit-learn and no MLflow."""

from dataclasses import replace

import numpy as np
import pytest

from workbench.core.bundle import MANIFEST, Bundle, file_hash
from workbench.core.contract import Column, Contract
from workbench.core.metric import Metric
from workbench.core.reasons import ColumnReasons, Reasons
from workbench.scoring import limits
from workbench.scoring.runtime import Scorer
from workbench.storage.files import write_json
from workbench.tables.compiled import Categories, CompiledModel, Numbers
from workbench.tables.trees import Trees

CONTRACT = Contract(
    (
        Column("customer", "text", "id"),
        Column("age", "integer", minimum=18.0, maximum=90.0),
        Column("city", "category", categories=("Ulm", "Bonn"), sensitive=True),
        Column("bought", "category", "target"),
    ),
    "binary",
)


REASONS = Reasons(
    "r", "log-odds", "yes", 60, "2026-11-30T00:00:00+00:00",
    (
        ColumnReasons("age", (60.0, 0.5, 2.0, 0.0, 1.0), -0.1, (0.0,), (50.0,), ((30, 0), (0, 30), (0, 0)),
                      0.4, 0.6, 1.0),
        ColumnReasons("city", (60.0, 0.9, 2.0, 0.0, 1.0), 0.1, (0.0,), (), ((20, 40),), 0.8, 1.0),
    ),
    0.25, "tree paths",
)  # fmt: skip


def make_bundle(
    folder, version: int = 1, age: str = "age", city: str = "city", cities: tuple[str, ...] = ("Ulm", "Bonn")
) -> Bundle:
    """Age up to 50 goes left; right of it, the city decides. The columns may be called otherwise."""
    trees = Trees(
        roots=np.array([0]),
        outputs=np.array([0]),
        feature=np.array([0, -1, 1, -1, -1]),
        threshold=np.array([50.0, 0, 0.5, 0, 0]),
        left=np.array([1, -1, 3, -1, -1]),
        right=np.array([2, -1, 4, -1, -1]),
        missing_left=np.array([True, False, True, False, False]),
        category=np.full(5, -1),
        goes_left=np.zeros((0, 256), bool),
        value=np.array([[0.0], [-2.0], [0.0], [1.0], [3.0]]),
        cover=np.array([10.0, 6.0, 4.0, 2.0, 2.0]),
        baseline=np.array([0.5 * version]),
    )
    own = [replace(c, name={"age": age, "city": city}.get(c.name, c.name)) for c in CONTRACT.columns]
    own[2] = replace(own[2], categories=cities)
    contract = replace(CONTRACT, columns=tuple(own))
    encoders = (
        Numbers((age,), "number", np.arange(1)),
        Categories(city, cities[::-1], np.array([[0.0], [1.0], [np.nan], [np.nan]])),
    )
    CompiledModel("binary", ("no", "yes"), (age, city), encoders, trees, "logistic").save(folder / "model.npz")
    write_json(folder / "contract.json", contract.to_dict())
    bundle = Bundle(
        name="shop",
        version=version,
        run_id="r",
        model="boosting",
        task="binary",
        classes=("no", "yes"),
        features=(age, city),
        threshold=0.4,
        metrics=(Metric("roc_auc", 0.8),),
        fingerprint="f",
        compiled=True,
        files={},
    )
    columns = tuple(replace(one, column=name) for one, name in zip(REASONS.columns, (age, city), strict=True))
    replace(REASONS, columns=columns).save(folder / "reasons.json")
    files = {name: file_hash(folder / name) for name in ("model.npz", "contract.json", "reasons.json")}
    replace(bundle, files=files).save(folder / MANIFEST)
    return Bundle.load_folder(folder)


@pytest.fixture
def limited():
    """Sets bounds for one test."""
    before = limits.in_force()
    yield lambda **bounds: limits.use(limits.Limits(**{**vars(before), **bounds}))
    limits.use(before)


@pytest.fixture
def folder(tmp_path):
    place = tmp_path / "shop" / "1"
    place.mkdir(parents=True)
    make_bundle(place)
    return place


@pytest.fixture
def scorer(folder) -> Scorer:
    return Scorer(folder)


@pytest.fixture
def second(tmp_path) -> Scorer:
    place = tmp_path / "shop" / "2"
    place.mkdir(parents=True)
    make_bundle(place, 2)
    return Scorer(place)
