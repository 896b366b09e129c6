"""SHAP values of census models beside the peers: the same fitted model, the same rows, interleaved in one run.

    python tests/benchmarks/explaining.py [--models "boosting 100" …] [--rows 1 1000 …] [--repeats 3] [--longest 30]
                                          [--data FOLDER] [--cache FOLDER] [--results FILE]

Ours reads raw rows; the peers get the encoded matrix, so encoding is counted for us alone. CPU seconds count all
threads of the process. A peer that would take longer than ``--longest`` seconds is not asked for so many rows. woodelf
runs in an environment of its own, made on demand in the cache folder, which is told where that fails.
"""

from __future__ import annotations

import argparse
import json
import os
import pickle
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import pandas as pd

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path[:0] = [str(HERE), str(ROOT)]

from environments import python_with  # noqa: E402 - it lies beside this file

SIZES = (1, 1_000, 10_000, 48_842)
FEW = (1, 100)  # of a forest, whose rows take shap a tenth of a second each
BACKGROUND = 100
CALLS = 50  # of a single row, for a median
WOODELF = ["woodelf-explainer==0.4.8", "treelite", "scikit-learn", "lightgbm"]
Call = Callable[[], Any]


@dataclass
class Model:
    """A fitted pipeline, as all explain it."""

    name: str
    pipeline: Any
    compiled: Any
    rows: pd.DataFrame
    sizes: Sequence[int]
    peers: dict[str, Callable[[Any, np.ndarray], Call]] = field(default_factory=dict)

    def matrix(self, rows: int) -> np.ndarray:
        """Encoded rows, as the peers get them."""
        return self.encoded(self.rows.head(rows))

    def encoded(self, rows: pd.DataFrame) -> np.ndarray:
        """All columns that the pipeline makes; the tables make those alone that a tree asks for."""
        made = self.pipeline[:-1].transform(rows)
        return np.asarray(made.toarray() if hasattr(made, "toarray") else made, dtype=float)

    def source(self) -> np.ndarray:
        """Place of the original column that each of them is of."""
        names = [name.partition("__")[2] for name in self.pipeline[:-1].get_feature_names_out()]
        columns = list(self.rows.columns)
        longest = (max((c for c in columns if name == c or name.startswith(f"{c}_")), key=len) for name in names)
        return np.array([columns.index(column) for column in longest])


@dataclass(frozen=True)
class Took:
    """Median seconds of a call, and what came of it."""

    wall: float
    cpu: float
    result: Any


def census(folder: Path) -> tuple[pd.DataFrame, np.ndarray]:
    table = pd.read_csv(folder / "adult.csv")
    target = table.pop(table.columns[-1])
    texts = [name for name in table if table[name].dtype.kind not in "if"]
    return table.astype(dict.fromkeys(texts, "str")), target.astype(str).str.contains(">50K").to_numpy(int)


def encoder(table: pd.DataFrame, codes: bool = False) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.preprocessing import OneHotEncoder, OrdinalEncoder

    texts = [name for name in table if table[name].dtype.kind not in "if"]
    one_hot = OneHotEncoder(sparse_output=False, handle_unknown="ignore")
    by_number = OrdinalEncoder(handle_unknown="use_encoded_value", unknown_value=np.nan)
    parts = [("texts", by_number if codes else one_hot, texts)]
    return ColumnTransformer(parts, remainder="passthrough"), len(texts)


def models(folder: Path, names: Sequence[str], sizes: Sequence[int]) -> list[Model]:
    """The models that are asked for, fitted."""
    from sklearn.base import clone
    from sklearn.pipeline import make_pipeline

    from workbench.compiling.pipeline import compile_pipeline
    from workbench.kernels.quick import quick

    table, target = census(folder)
    made = []
    for name in names:
        estimator, codes, few, peers = KINDS[name]
        encode, texts = encoder(table, codes)
        fitted = clone(estimator)
        if codes:
            fitted.set_params(categorical_features=list(range(texts)))
        pipeline = make_pipeline(encode, fitted).fit(table, target)
        if "n_jobs" in fitted.get_params() and few:
            fitted.set_params(n_jobs=1)  # it adds its votes in one order then
        compiled = compile_pipeline(pipeline, tuple(table), "binary", background=table.head(500))
        here = [n for n in FEW if n <= max(sizes)] if few else sizes
        made.append(Model(name, pipeline, quick(compiled), table, here, {p: PEERS[p] for p in peers}))
        print(f"fitted {name}: {int((compiled.model.feature < 0).sum()):,} leaves", file=sys.stderr, flush=True)
    return made


# --- who explains -------------------------------------------------------------------------------------------------


def ours(model: Model, rows: int) -> Call:
    if rows == 1:
        row = {name: [model.rows[name].iloc[0]] for name in model.rows}
        return lambda: model.compiled.explain(row)[0]
    return lambda: model.compiled.explain(model.rows.head(rows))[0]


def served(model: Model) -> Call:
    """One row as a service explains it: with numpy alone, and its tables made."""
    from dataclasses import replace

    alone = replace(model.compiled, model=replace(model.compiled.model, engine=None))
    alone.prepare()
    row = {name: [model.rows[name].iloc[0]] for name in model.rows}
    return lambda: alone.explain(row)[0]


def by_shap(estimator: Any, matrix: np.ndarray) -> Call:
    import shap

    explainer = shap.TreeExplainer(estimator)
    return lambda: _of_second(np.asarray(explainer.shap_values(matrix, check_additivity=False)))


def by_lightgbm(estimator: Any, matrix: np.ndarray) -> Call:
    return lambda: np.asarray(estimator.predict(matrix, pred_contrib=True))[:, :-1]


def by_xgboost(estimator: Any, matrix: np.ndarray) -> Call:
    import xgboost

    rows = xgboost.DMatrix(matrix)
    return lambda: estimator.get_booster().predict(rows, pred_contribs=True)[:, :-1]


def by_catboost(estimator: Any, matrix: np.ndarray) -> Call:
    import catboost

    rows = catboost.Pool(matrix)
    return lambda: estimator.get_feature_importance(rows, type="ShapValues")[:, :-1]


def _of_second(values: np.ndarray) -> np.ndarray:
    return values[..., 1] if values.ndim == 3 else values


PEERS = {"shap": by_shap, "LightGBM": by_lightgbm, "XGBoost": by_xgboost, "CatBoost": by_catboost}


def _kinds() -> dict[str, tuple[Any, bool, bool, tuple[str, ...]]]:
    """Estimator, whether categories come as numbers, whether rows are dear, and who explains it too."""
    from catboost import CatBoostClassifier
    from lightgbm import LGBMClassifier
    from sklearn.ensemble import HistGradientBoostingClassifier as Boosting
    from sklearn.ensemble import RandomForestClassifier as Forest
    from xgboost import XGBClassifier

    plain = {"early_stopping": False, "random_state": 0}
    return {
        "boosting 100": (Boosting(max_iter=100, **plain), False, False, ("shap",)),
        "boosting 300": (Boosting(max_iter=300, **plain), False, False, ("shap",)),
        "boosting 100, native categories": (Boosting(max_iter=100, **plain), True, False, ()),
        "LightGBM 100": (LGBMClassifier(n_estimators=100, verbose=-1, random_state=0), False, False, ("LightGBM",)),
        "XGBoost 100": (XGBClassifier(n_estimators=100, random_state=0), False, False, ("XGBoost",)),
        "CatBoost 100": (CatBoostClassifier(100, verbose=False, random_seed=0), False, False, ("CatBoost",)),
        "forest 100, leaves of 3": (Forest(100, min_samples_leaf=3, random_state=0, n_jobs=-1), False, True, ("shap",)),
        "forest 100": (Forest(100, random_state=0, n_jobs=-1), False, True, ("shap",)),
    }  # fmt: skip


KINDS = _kinds()


# --- measuring ----------------------------------------------------------------------------------------------------


def timed(call: Call, times: int = 1) -> Took:
    """Median seconds of some calls after each other."""
    walls, cpus, result = [], [], None
    for _ in range(times):
        wall, cpu = time.perf_counter(), time.process_time()
        result = call()
        walls.append(time.perf_counter() - wall)
        cpus.append(time.process_time() - cpu)
    return Took(median(walls), median(cpus), result)


def interleaved(calls: dict[str, Call], repeats: int, times: int) -> dict[str, Took]:
    """Each call in turn, and again; the median of the turns."""
    turns: dict[str, list[Took]] = {name: [] for name in calls}
    for _ in range(repeats):
        for name, call in calls.items():
            turns[name].append(timed(call, times))
    return {name: _middle(took) for name, took in turns.items()}


def _middle(took: list[Took]) -> Took:
    return Took(median(t.wall for t in took), median(t.cpu for t in took), took[-1].result)


def values(all_models: Sequence[Model], repeats: int, longest: float) -> str:
    """Path-dependent values, by model and rows."""
    lines = [
        "| model | rows | ours: ms a row, CPU | peer: ms a row, CPU | quicker by wall, CPU | largest difference |",
        "|---|---:|---:|---:|---:|---:|",
    ]
    for model in all_models:
        a_row = dict.fromkeys(model.peers, 0.0)
        for rows in model.sizes:
            asked = {name: make for name, make in model.peers.items() if a_row[name] * rows <= longest}
            matrix = model.matrix(rows)
            calls = {"ours": ours(model, rows)}
            calls |= {name: make(model.pipeline[-1], matrix) for name, make in asked.items()}
            calls |= {"served": served(model)} if rows == 1 and model.compiled.lookup is not None else {}
            for call in calls.values():
                call()
            found = interleaved(calls, repeats, CALLS if rows == 1 else 1)
            if rows > 1:  # one alone says how long a call takes, not a row
                a_row |= {name: found[name].wall / rows for name in asked}
            lines += _lines(model, rows, found)
            print(lines[-1], file=sys.stderr, flush=True)
    return "\n".join(lines)


def _lines(model: Model, rows: int, found: dict[str, Took]) -> list[str]:
    own, alone = found.pop("ours"), found.pop("served", None)
    cell = _cell(own, rows) if alone is None else f"{_cell(own, rows)}; served {_cell(alone, rows)}"
    start = f"| {model.name} | {rows:,} | {cell} |"
    if not found:
        return [f"{start} – | – | |"]
    return [
        f"{start} {name}: {_cell(took, rows)} | {took.wall / own.wall:.1f} x, {took.cpu / own.cpu:.1f} x | "
        f"{_apart(model, own.result, took.result):.1g} |"
        for name, took in found.items()
    ]


def _cell(took: Took, rows: int) -> str:
    return f"{took.wall / rows * 1e3:.3g}, {took.cpu / rows * 1e3:.3g}"


def _apart(model: Model, own: np.ndarray, theirs: np.ndarray) -> float:
    """The largest difference, once the peer's encoded columns are added up to the original ones."""
    added = np.zeros_like(own)
    np.add.at(added.T, model.source(), theirs.T)
    return float(np.abs(added - own).max())


def further(model: Model, repeats: int) -> str:
    """Interactions, and values against rows of a background, beside shap."""
    import shap

    from workbench.kernels.quick import against, interactions

    others, kept = model.rows.tail(BACKGROUND), model.compiled
    rows, few = model.rows.head(200), model.rows.head(20)
    paths, encoded = shap.TreeExplainer(model.pipeline[-1]), model.encoded
    measured = shap.TreeExplainer(model.pipeline[-1], model.encoded(others))
    pairs: dict[str, tuple[Call, int]] = {
        "interactions": (lambda: interactions(kept, rows, 0), len(rows)),
        "shap's interactions": (lambda: paths.shap_interaction_values(encoded(few)), len(few)),
        "against 100 rows": (lambda: against(kept, rows, 0, others), len(rows)),
        "shap's against 100 rows": (lambda: measured.shap_values(encoded(rows), check_additivity=False), len(rows)),
    }  # fmt: skip
    for call, _ in pairs.values():
        call()
    found = interleaved({name: call for name, (call, _) in pairs.items()}, repeats, 1)
    lines = ["| of " + model.name + " | ours: ms a row, CPU | shap: ms a row, CPU | quicker by wall, CPU |"]
    lines.append("|---|---:|---:|---:|")
    for name in ("interactions", "against 100 rows"):
        (own, mine), (theirs, other) = ((found[n], pairs[n][1]) for n in (name, f"shap's {name}"))
        wall, cpu = (getattr(theirs, k) / other / (getattr(own, k) / mine) for k in ("wall", "cpu"))
        lines.append(f"| {name} | {_cell(own, mine)} | {_cell(theirs, other)} | {wall:.0f} x, {cpu:.0f} x |")
    return "\n".join(lines)


FIRST = """
import pickle, sys, time
wall, cpu = time.perf_counter(), time.process_time()
tool, place, rows = sys.argv[1:]
with open(place, "rb") as file:
    estimator, compiled, table, matrix = pickle.load(file)
loaded, burnt = time.perf_counter(), time.process_time()
if tool == "shap":
    import shap
    call = shap.TreeExplainer(estimator).shap_values
    given = matrix
else:
    from workbench.kernels.quick import quick
    call, given = quick(compiled).explain, table
    if tool == "numpy":
        call = compiled.explain
for _ in range(2):
    call(given)
    print(time.perf_counter() - loaded, time.process_time() - burnt)
    loaded, burnt = time.perf_counter(), time.process_time()
"""


def first_calls(model: Model, rows: int = 1000) -> str:
    """The first call in a new process, imports included, and the second one."""
    from dataclasses import replace

    plain = replace(model.compiled, model=replace(model.compiled.model, engine=None))
    lines = [
        f"| {model.name}, {rows:,} rows, in a new process | first call with imports: s, CPU s | again |",
        "|---|---:|---:|",
    ]
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model.pickle"
        place.write_bytes(pickle.dumps((model.pipeline[-1], plain, model.rows.head(rows), model.matrix(rows))))
        for tool in ("ours", "numpy", "shap"):
            done = subprocess.run(
                [sys.executable, "-W", "ignore", "-c", FIRST, tool, str(place), str(rows)],
                capture_output=True, text=True, check=True, env={**os.environ, "PYTHONPATH": str(ROOT)},
            )  # fmt: skip
            cells = [", ".join(f"{float(x):.2f}" for x in line.split()) for line in done.stdout.splitlines()]
            name = {"ours": "ours", "numpy": "ours, with numpy alone", "shap": "shap"}[tool]
            lines.append(f"| {name} | {' | '.join(cells)} |")
    return "\n".join(lines)


def by_woodelf(model: Model, cache: Path, rows: int = 10_000) -> str:
    """woodelf on the same model, in a process of its environment."""
    try:
        python = python_with(WOODELF, cache / "environments" / "woodelf")
    except (subprocess.CalledProcessError, OSError) as error:
        return f"woodelf: no environment for it could be made ({str(error)[:80]})."
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "model.pickle"
        place.write_bytes(pickle.dumps((model.pipeline[-1], model.matrix(rows))))
        done = subprocess.run(
            [str(python), "-W", "ignore", str(HERE / "explaining_woodelf.py"), str(place)],
            capture_output=True, text=True, check=False, timeout=600,
        )  # fmt: skip
    if done.returncode:
        return f"woodelf does not explain {model.name}: {done.stderr.strip().splitlines()[-1][:120]}"
    took = json.loads(done.stdout.splitlines()[-1])
    own = interleaved({"ours": ours(model, rows)}, 3, 1)["ours"]
    return (
        f"woodelf 0.4.8, {model.name}, {rows:,} rows: first {took['first']:.2f} s, again {took['again']:.2f} s, "
        f"{took['cpu']:.2f} CPU s; ours {own.wall:.2f} s, {own.cpu:.2f} CPU s: {took['again'] / own.wall:.1f} x, "
        f"{took['cpu'] / own.cpu:.1f} x."
    )


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure all and print the tables."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--models", nargs="*", default=list(KINDS), choices=list(KINDS))
    parser.add_argument("--rows", nargs="*", type=int, default=list(SIZES))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--longest", type=float, default=30.0)
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("WORKBENCH_TEST_DATA", "../shared/data")))
    parser.add_argument("--cache", type=Path, default=Path.home() / ".cache" / "workbench-benchmarks")
    parser.add_argument("--results", type=Path)
    given = parser.parse_args(arguments)
    os.environ.setdefault("WORKBENCH_THREADS", str(os.cpu_count() or 1))
    subprocess.run([sys.executable, "-m", "workbench.kernels"], check=True, cwd=ROOT)  # as JupyterLab's server does
    load = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    made = models(given.data, given.models, given.rows)
    beside = [model for model in made if "shap" in model.peers]
    parts = [values(made, given.repeats, given.longest)]
    parts += [further(model, given.repeats) for model in beside[:1]]
    parts += [first_calls(model) for model in beside if model.sizes[-1] >= 1000]
    parts += [by_woodelf(model, given.cache) for model in made if model.name in ("boosting 300", "LightGBM 100")]
    ending = os.getloadavg()[0] if hasattr(os, "getloadavg") else 0.0
    parts.append(f"{os.cpu_count()} cores; load {load:.1f} at the start, {ending:.1f} at the end.")
    text = "\n\n".join(parts)
    print(text)
    if given.results:
        given.results.write_text(text + "\n", encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
