"""The models that are tried: each takes the raw columns, and each can be compiled to tables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler

from workbench.core.contract import Contract, Task
from workbench.tables.dates import date_parts

Settings = dict[str, Any]
# Gradient boosting takes at most 255 categories; rarer ones share one.
MOST_CODES = 250
# One-hot columns of one category column; rarer values share one.
MOST_COLUMNS = 60
# Good on most tables; the search starts here.
BOOSTING: Settings = {
    "learning_rate": 0.1,
    "max_iter": 150,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 0.0,
}
SPACE: dict[str, tuple[Any, ...]] = {
    "learning_rate": (0.03, 0.05, 0.08, 0.12),
    "max_iter": (100, 150, 200),
    "max_leaf_nodes": (8, 15, 31, 63),
    "min_samples_leaf": (10, 20, 50, 100),
    "l2_regularization": (0.0, 1.0, 10.0),
}


def build(
    name: str, contract: Contract, features: Sequence[str], task: Task, settings: Settings, seed: int
) -> Pipeline:
    """An unfitted pipeline on the raw feature columns.

    Parameters
    ----------
    name : {"baseline", "linear", "boosting", "forest"}
        Which candidate.
    contract : Contract
        Says the kind of each feature.
    features : sequence of str
        Columns that it uses.
    task : {"binary", "multiclass", "regression"}
        What it predicts.
    settings : dict
        Hyper-parameters of its estimator.
    seed : int
        ``random_state`` of everything that has one.
    """
    return _BUILDERS[name](_by_kind(contract, features), task != "regression", settings, seed)


def settings_to_try(name: str, trials: int, seed: int) -> list[Settings]:
    """Hyper-parameters of each trial: good defaults first, then a seeded draw for boosting.

    Examples
    --------
    >>> len(settings_to_try("boosting", 3, seed=0)), settings_to_try("baseline", 3, seed=0)
    (3, [{}])
    """
    if name != "boosting":
        return [{}]
    rng = np.random.default_rng(seed)
    drawn = [{key: rng.choice(values).item() for key, values in SPACE.items()} for _ in range(trials - 1)]
    return [BOOSTING, *drawn]


def _by_kind(contract: Contract, features: Sequence[str]) -> dict[str, list[str]]:
    kinds: dict[str, list[str]] = {"categories": [], "numbers": [], "dates": []}
    for name in features:
        kind = contract[name].kind
        kinds["dates" if kind == "datetime" else "categories" if kind in ("category", "text") else "numbers"].append(
            name
        )
    return kinds


def _encoder(columns: dict[str, list[str]], **transformers: Any) -> ColumnTransformer:
    entries = [(kind, transformers[kind], names) for kind, names in columns.items() if names]
    return ColumnTransformer(entries, verbose_feature_names_out=False)


def _dates() -> FunctionTransformer:
    return FunctionTransformer(date_parts)


def _baseline(columns: dict[str, list[str]], classes: bool, settings: Settings, seed: int) -> Pipeline:
    encode = _encoder(columns, categories=_codes(), numbers="passthrough", dates=_dates())
    return Pipeline([("encode", encode), ("model", DummyClassifier(strategy="prior") if classes else DummyRegressor())])


def _linear(columns: dict[str, list[str]], classes: bool, settings: Settings, seed: int) -> Pipeline:
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_COLUMNS, min_frequency=5, sparse_output=False
    )
    encode = _encoder(
        columns,
        categories=one_hot,
        numbers=make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
        dates=make_pipeline(_dates(), SimpleImputer(strategy="median"), StandardScaler()),
    )
    model = (
        LogisticRegression(max_iter=1000, random_state=seed, **settings)
        if classes
        else Ridge(random_state=seed, **settings)
    )
    return Pipeline([("encode", encode), ("model", model)])


def _boosting(columns: dict[str, list[str]], classes: bool, settings: Settings, seed: int) -> Pipeline:
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    native = list(range(len(columns["categories"]))) or None
    model = make(categorical_features=native, early_stopping=False, random_state=seed, **settings)
    return Pipeline([("encode", _trees_encoder(columns)), ("model", model)])


def _forest(columns: dict[str, list[str]], classes: bool, settings: Settings, seed: int) -> Pipeline:
    make = RandomForestClassifier if classes else RandomForestRegressor
    model = make(n_estimators=100, min_samples_leaf=5, random_state=seed, **settings)
    return Pipeline([("encode", _trees_encoder(columns)), ("model", model)])


def _trees_encoder(columns: dict[str, list[str]]) -> ColumnTransformer:
    return _encoder(columns, categories=_codes(), numbers="passthrough", dates=_dates())


def _codes() -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MOST_CODES,
    )


_BUILDERS: dict[str, Callable[..., Pipeline]] = {
    "baseline": _baseline,
    "linear": _linear,
    "boosting": _boosting,
    "forest": _forest,
}
