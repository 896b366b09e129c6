"""Which version an alias points at is read from the store's file, without MLflow, and is what MLflow says."""

import os
import sqlite3
import subprocess
import sys

import pytest

from workbench.errors import NotFound
from workbench.settings import settings
from workbench.storage.registry import version_of
from workbench.storage.tracking import client


@pytest.fixture
def alias(store):
    """``shop`` has two versions; the second is champion."""
    registry = client(settings())
    registry.create_registered_model("shop")
    for _ in range(2):
        registry.create_model_version("shop", "file:///nowhere")
    registry.set_registered_model_alias("shop", "champion", "2")
    return registry


def test_an_alias_is_what_mlflow_has_set_last(alias):
    assert version_of("shop", "champion", settings()) == 2
    alias.set_registered_model_alias("shop", "champion", "1")

    assert version_of("shop", "champion", settings()) == 1
    with pytest.raises(NotFound, match="no alias 'challenger'"):
        version_of("shop", "challenger", settings())


def test_a_store_of_another_make_is_asked_through_mlflow(alias, monkeypatch):
    def strange(*_, **__):
        raise sqlite3.OperationalError("no such table: registered_model_aliases")

    monkeypatch.setattr("workbench.storage.registry.sqlite3.connect", strange)

    assert version_of("shop", "champion", settings()) == 2


@pytest.mark.slow
def test_it_loads_no_mlflow(alias, home):
    code = (
        "import sys; from workbench.settings import settings; from workbench.storage.registry import version_of; "
        f"print(version_of('shop', 'champion', settings(home={str(home)!r})), 'mlflow' in sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], check=True, capture_output=True, text=True, env=dict(os.environ)
    )

    assert done.stdout.split() == ["2", "False"]
