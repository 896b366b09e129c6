"""Runs made by hand: a fitted pipeline, its contract, its profile and its hold-out, without a training or a store."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import make_column_transformer
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor, RandomForestRegressor
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

import workbench as wb
from workbench.core.contract import NUMERIC
from workbench.core.run import Run, Split

FEW = {"max_iter": 25, "max_leaf_nodes": 12, "random_state": 0}
MODELS = {
    "boosting": (HistGradientBoostingClassifier(**FEW), HistGradientBoostingRegressor(**FEW)),
    "forest": (None, RandomForestRegressor(10, min_samples_leaf=5, random_state=0)),
    "linear": (LogisticRegression(max_iter=1000), LinearRegression()),
    "network": (MLPClassifier((6,), max_iter=60, tol=1.0, random_state=0), None),
}


COLUMNS = ("tenure", "months", "charge", "contract", "sex", "paperless", "since")


@cache
def customers(rows=700):
    """Customers with numbers, gaps, categories, a flag, a day and a free text; the text is in no pipeline."""
    random = np.random.default_rng(0)
    tenure = random.integers(0, 72, rows)
    contract = np.where(
        tenure > 40, random.choice(["yearly", "two years"], rows), random.choice(["monthly", "yearly"], rows)
    )
    frame = pd.DataFrame({
        "tenure": tenure,
        "months": tenure + random.integers(0, 3, rows),
        "charge": (20 + 80 * random.random(rows)).round(1),
        "contract": contract,
        "sex": random.choice(["f", "m"], rows),
        "paperless": (random.random(rows) < 0.5).astype(float),
        "since": pd.Timestamp("2024-01-01") + pd.to_timedelta(random.integers(0, 600, rows), unit="D"),
    })  # fmt: skip
    signal = frame["charge"] / 25 - tenure / 15 + 1.5 * (contract == "monthly") + frame["paperless"]
    frame.loc[::9, "charge"] = np.nan
    frame["leaves"] = np.where(signal + random.normal(0, 0.3, rows) > 1.5, "Yes", "No")
    frame["level"] = np.array(["low", "middle", "high"])[np.digitize(signal, [0.5, 2.5])]
    frame["amount"] = (100 + 10 * signal).round(2)
    return frame


def made(target="leaves", model="boosting", columns=COLUMNS, **changes):
    """A run whose model answers ``target`` from some columns; ``changes`` of the contract by column."""
    run = _made(target, model, tuple(columns))
    return replace(run, contract=run.contract.change_each(changes))


@cache
def _made(target, model, columns):
    profile = wb.profile(wb.dataset(customers()[[*columns, target]], target=target))
    contract = profile.contract
    known = {"sex": {"sensitive": True}, "paperless": {"kind": "boolean", "minimum": None, "maximum": None}}
    contract = contract.change_each({name: known[name] for name in known if name in columns})
    return run_of(customers(), contract, profile, columns, target, model)


def run_of(table, contract, profile, names, target, model):
    """The run of a table and its contract; the last third of the rows is its hold-out."""
    number = contract.task == "regression"
    features = tuple(name for name in names if contract[name].kind != "datetime")
    pipeline = make_pipeline(encoder(contract, features, model), clone(MODELS[model][number]))
    pipeline.fit(table[list(features)], table[target])
    held = table.tail(len(table) // 3).reset_index(drop=True)
    return Run(
        id=f"{target}-{model}", task=contract.task, contract=contract, features=features, left_out={},
        classes=() if number else tuple(pipeline.classes_.tolist()), candidates=(), metrics=(),
        split=Split("random", 0, len(table), len(held)), fingerprint="", source="made", seed=0,
        threshold=0.4 if contract.task == "binary" else None, created="", pipeline=pipeline, profile=profile,
        holdout=held,
    )  # fmt: skip


def encoder(contract, names, model):
    """Numbers as they are, or filled and scaled for models that need that; categories one-hot."""
    numbers = [name for name in names if contract[name].kind in (*NUMERIC, "boolean")]
    texts = [name for name in names if name not in numbers]
    plain = "passthrough" if model in ("boosting", "forest") else make_pipeline(SimpleImputer(), StandardScaler())
    steps = [(plain, numbers)] * bool(numbers)
    hot = OneHotEncoder(handle_unknown="ignore", sparse_output=False)
    return make_column_transformer(*steps, *[(hot, texts)] * bool(texts))
