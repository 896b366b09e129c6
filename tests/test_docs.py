"""Every example in a docstring runs, in a folder that holds the small tables and the bundle that the examples name."""

import doctest
import importlib
import pkgutil
from pathlib import Path

import numpy as np
import pandas as pd
import papermill.engines  # noqa: F401 - it loads our engine by its entry point, and never the other way round
import pytest

import workbench as wb

ROOT = Path(__file__).parents[1]
FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS
MODULES = sorted(m.name for m in pkgutil.walk_packages(wb.__path__, "workbench.") if not m.name.endswith("__main__"))


def customers(n, seed):
    """Customers who leave early more often, the sooner the dearer."""
    rng = np.random.default_rng(seed)
    tenure, dear = rng.integers(0, 72, n), rng.random(n)
    contract = rng.choice(["monthly", "yearly"], n)
    leaves = rng.random(n) < 1 / (1 + np.exp((tenure - 25) / 7 + 2 * (contract == "yearly") - dear))
    return pd.DataFrame({
        "customer": [f"c{seed}-{i:04d}" for i in range(n)], "tenure": tenure, "Contract": contract,
        "MonthlyCharges": (20 + 80 * dear).round(2), "Churn": np.where(leaves, "Yes", "No"),
    })  # fmt: skip


@pytest.fixture(scope="module")
def examples(tmp_path_factory, put_store):
    """A folder with churn.csv, july and its labels, august.csv, and two versions of the bundle churn."""
    folder = tmp_path_factory.mktemp("examples")
    put_store(folder / ".workbench")
    july = customers(300, seed=7)
    customers(800, seed=1).to_csv(folder / "churn.csv", index=False)
    july.drop(columns="Churn").to_csv(folder / "july.csv", index=False)
    july.drop(columns="Churn").to_parquet(folder / "july.parquet")
    july[["customer", "Churn"]].to_csv(folder / "july-labels.csv", index=False)
    july[["customer", "Churn"]].to_parquet(folder / "july-labels.parquet")
    customers(300, seed=8).to_csv(folder / "august.csv", index=False)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.delenv("WORKBENCH_HOME", raising=False)
        data = wb.dataset("churn.csv", target="Churn", id="customer")
        for seed in (0, 1):
            wb.package(wb.train(data, candidates=["linear"], seed=seed), name="churn")
    return folder


@pytest.fixture
def folder(examples, monkeypatch):
    monkeypatch.chdir(examples)
    monkeypatch.delenv("WORKBENCH_HOME")
    return examples


@pytest.mark.parametrize("name", ["workbench", *MODULES])
def test_the_examples_run(name, folder):
    """No example is left out: a docstring that shows what can't run here says so in words, not in code."""
    module = importlib.import_module(name)
    tests = doctest.DocTestFinder(exclude_empty=True).find(module)
    runner = doctest.DocTestRunner(optionflags=FLAGS)
    for test in tests:
        assert not any(doctest.SKIP in e.options for e in test.examples), f"{test.name} skips an example"
        told = []
        runner.run(test, out=told.append)
        assert not runner.summarize(verbose=False).failed, "".join(told)


@pytest.mark.slow
def test_the_example_of_the_readme_runs(folder):
    """The twelve lines, as they stand there, end in a report of the month that was scored and labelled."""
    code = (ROOT / "README.md").read_text().split("```python\n")[1].split("```")[0]
    names: dict[str, object] = {}
    exec(code, names)

    report = names["report"]
    assert len(code.strip().splitlines()) <= 12
    assert [(w.rows, w.labelled) for w in report.windows if w.label == "2026-07"] == [(300, 300)]
