"""A small model in two versions, trained once, copied into each test's home."""

import shutil

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from tests.prometheus import promtool  # noqa: F401 - a fixture
from tests.receivers import hook, post  # noqa: F401 - fixtures
from workbench.settings import settings
from workbench.storage.tracking import client


def table(rows, seed, shift=0.0, flip=False):
    """Customers: ``spent`` decides whether they stay; ``flip`` turns that round."""
    draw = np.random.default_rng(seed)
    spent = draw.normal(shift, 1, rows)
    stays = (spent - shift) * (-1 if flip else 1) + draw.normal(0, 0.7, rows) > 0
    return pd.DataFrame(
        {
            "spent": spent.round(4),
            "noise": draw.normal(0, 1, rows).round(4),
            "city": draw.choice(["Rome", "Oslo"], rows),
            "customer": [f"c{seed}-{i}" for i in range(rows)],
            "stays": np.where(stays, "yes", "no"),
        }
    )


@pytest.fixture
def customers():
    return table


@pytest.fixture(scope="session")
def _shop(tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("shop"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for seed in (1, 2):
            data = wb.dataset(table(800, seed), target="stays", id="customer")
            wb.package(wb.train(data, candidates=("linear",), folds=2), name="shop")
    return folder


@pytest.fixture
def shop(home, _shop):
    """Version 1 of ``shop`` is champion, version 2 challenger."""
    shutil.copytree(_shop, home, ignore=shutil.ignore_patterns("artifacts"), dirs_exist_ok=True)
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
    client(settings())
    return "shop"
