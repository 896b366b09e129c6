"""The models that are tried: each takes the raw columns, and each can be compiled to tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

import numpy as np
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.ensemble import (
    HistGradientBoostingClassifier,
    HistGradientBoostingRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)
from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, PoissonRegressor, QuantileRegressor, Ridge
from sklearn.model_selection import KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, OrdinalEncoder, StandardScaler, TargetEncoder

from workbench.core.contract import Contract, Task
from workbench.tables.cross_fitted import CrossFittedRidge
from workbench.tables.dates import date_features
from workbench.tables.words import WORD, in_order, texts
from workbench.tables.written import written_numbers

Settings = dict[str, Any]
Columns = dict[str, list[str]]
INTO: dict[str, tuple[str, ...]] = {
    "words": ("words",),
    "levels": ("levels",),
    "words and levels": ("levels", "words"),
    "numbers and levels": ("levels", "written"),
    "numbers and categories": ("categories", "written"),
}
KINDS: dict[str, str] = {"datetime": "dates", "category": "categories", "text": "categories"}
# Gradient boosting takes at most 255 categories; rarer ones share one.
MOST_CODES = 250
# One-hot columns of one category column; rarer values share one.
MOST_COLUMNS = 60
# Features from which on LightGBM tells 63 values of each apart: finer steps of a few rows are chance, at twice the CPU.
MANY_FEATURES, WIDE_BINS = 500, 63
# Rows a feature below which small trees come first: larger ones learn by heart what only seems to be so.
FEW_A_FEATURE = 10
# Terms of a text that have a weight: words, and two in a row; the commonest ones.
MOST_TERMS = 20_000
# Good on most tables. With fewer columns a tree, columns that tell something together alone would not meet in one.
# How many trees, the folds say.
LIGHTGBM: Settings = {
    "learning_rate": 0.1,
    "num_leaves": 31,
    "min_child_samples": 20,
    "colsample_bytree": 0.8,
    "reg_lambda": 0.0,
    "cat_smooth": 20.0,
    "cat_l2": 20.0,
    "min_data_per_group": 50,
}
BOOSTING: Settings = {
    "learning_rate": 0.1,
    "max_iter": 150,
    "max_leaf_nodes": 31,
    "min_samples_leaf": 20,
    "l2_regularization": 0.0,
}


@dataclass(frozen=True)
class Model:
    """A model that is tried under a name.

    Parameters
    ----------
    make : callable
        Columns by kind, whether classes are predicted, settings and seed to an unfitted pipeline.
    known_good : tuple of dict
        Settings that are tried first, in this order.
    space : mapping of str to tuple
        What further settings are drawn from.
    grows : bool
        Whether it grows tree by tree on all folds side by side: :class:`workbench.training.growing.Growing`.
    takes_words : bool
        Whether it is fitted on the table as it is, not on the numbered one.
    cross_fits : bool
        Whether its last step fits something on what its members answer to rows that they have not seen, which needs
        folds: ``CalibratedClassifierCV``, ``StackingClassifier``.
    members : tuple of str
        The candidates that it is made of; their settings are called ``member__setting``.
    """

    make: Callable[[Columns, bool, Settings, int], Pipeline]
    known_good: tuple[Settings, ...] = ({},)
    space: Mapping[str, tuple[Any, ...]] = field(default_factory=dict)
    grows: bool = False
    takes_words: bool = False
    cross_fits: bool = False
    members: tuple[str, ...] = ()


def build(
    name: str,
    contract: Contract,
    features: Sequence[str],
    task: Task,
    settings: Settings,
    seed: int,
    made: Mapping[str, str] = MappingProxyType({}),
) -> Pipeline:
    """An unfitted pipeline of one of ours, as :func:`unfitted`.

    Parameters
    ----------
    name : {"baseline", "linear", "lightgbm", "boosting", "forest"}
    """
    return unfitted(MODELS[name], contract, features, task, settings, seed, made)


def unfitted(
    model: Model,
    contract: Contract,
    features: Sequence[str],
    task: Task,
    settings: Settings,
    seed: int,
    made: Mapping[str, str] = MappingProxyType({}),
) -> Pipeline:
    """An unfitted pipeline on the raw feature columns.

    Parameters
    ----------
    model : Model
        What is tried.
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
    made : mapping of str to str, optional
        What is made of texts and categories of many levels: :func:`workbench.training.columns.made_of`.
    """
    return model.make(columns_by_kind(contract, features, made), task != "regression", settings, seed)


def settings_to_try(model: Model, trials: int, seed: int, dates: int = 0, wide: bool = False) -> list[Settings]:
    """Hyper-parameters of each trial: those that are known to be good first, then a seeded draw for boosting.

    Of a wide table, with few rows a feature, the second come first, which are for few or noisy rows.
    Where there are several dates, the first trees see all columns: the days between two may say it all, and what trees
    without them learn by heart of the rest is not unlearnt (of 24 days, 2.4 are left where 1.1 could be).

    Examples
    --------
    >>> len(settings_to_try(MODELS["lightgbm"], 3, seed=0)), settings_to_try(MODELS["baseline"], 3, seed=0)
    (3, [{}])
    """
    if not model.space:
        return list(model.known_good)
    rng = np.random.default_rng(seed)
    drawn = [
        model.known_good[0] | {key: rng.choice(values).item() for key, values in model.space.items()}
        for _ in range(trials - len(model.known_good))
    ]
    first, *others = model.known_good
    if wide and others:
        first, others[0] = others[0], first
    if dates > 1 and "colsample_bytree" in first:
        first = first | {"colsample_bytree": 1.0}
    return [first, *others, *drawn][:trials]


def member_settings(settings: Settings, member: str) -> Settings:
    """The settings of a member of an ensemble, by their own names.

    >>> member_settings({"linear": 3, "linear__C": 1.0, "forest": 7}, "linear")
    {'C': 1.0}
    """
    return {key.removeprefix(f"{member}__"): value for key, value in settings.items() if key.startswith(f"{member}__")}


def columns_by_kind(
    contract: Contract, features: Sequence[str], made: Mapping[str, str] = MappingProxyType({})
) -> Columns:
    """Features as encoders take them: ``categories``, ``numbers``, ``dates``, ``levels``, ``written`` and ``words``."""
    kinds: Columns = {"categories": [], "numbers": [], "dates": [], "levels": [], "written": [], "words": []}
    for name in features:
        for kind in INTO[made[name]] if name in made else (KINDS.get(contract[name].kind, "numbers"),):
            kinds[kind].append(name)
    return kinds


def _encoder(columns: Columns, **transformers: Any) -> ColumnTransformer:
    """One transformer a kind; of texts one a column, for a vectorizer takes one."""
    kinds = [(kind, transformers[kind], names) for kind, names in columns.items() if names and kind != "words"]
    texts = [(f"words{i}", clone(transformers["words"]), [name]) for i, name in enumerate(columns.get("words", ()), 1)]
    return ColumnTransformer([*kinds, *texts], verbose_feature_names_out=False)


def _dates(cyclic: bool = False) -> FunctionTransformer:
    return FunctionTransformer(date_features, kw_args={"cyclic": True} if cyclic else None)


def terms() -> CountVectorizer:
    """How often a text has each of its words, and of two in a row."""
    return CountVectorizer(strip_accents="unicode", token_pattern=WORD, ngram_range=(1, 2), max_features=MOST_TERMS)


def _read() -> Pipeline:
    """A text's terms, weighed by how rare they are, for long and short texts alike."""
    read, sort = FunctionTransformer(texts), FunctionTransformer(in_order)
    return Pipeline([("read", read), ("count", terms()), ("sort", sort), ("weigh", TfidfTransformer())])


def _said_by_terms(classes: bool, seed: int) -> Pipeline:
    """What a linear model makes of a text's terms: trees would need thousands of columns for what it adds up."""
    return Pipeline([*_read().steps, ("said", CrossFittedRidge(classes, random_state=seed))])


def _written() -> FunctionTransformer:
    return FunctionTransformer(written_numbers)


def _means(classes: bool, seed: int) -> TargetEncoder:
    """The target's mean by level, of each row without itself and those it is drawn with."""
    parts = KFold(5, shuffle=True, random_state=seed)
    return TargetEncoder(target_type="auto" if classes else "continuous", cv=parts)


def _baseline(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    plain = columns | {"levels": [], "words": []}  # a constant asks nothing of the target
    model = DummyClassifier(strategy="prior") if classes else DummyRegressor(**settings)
    return Pipeline([("encode", _trees_encoder(plain, classes, seed)), ("model", model)])


def encoded_for_lines(columns: Columns, classes: bool, seed: int, sparse: bool, by_term: bool) -> ColumnTransformer:
    """Categories one-hot, numbers, parts of dates and means by level filled in and scaled.

    Of texts each term is a column, where that is asked for (``by_term``), else what all of them say is one.
    """
    one_hot = OneHotEncoder(
        handle_unknown="infrequent_if_exist", max_categories=MOST_COLUMNS, min_frequency=5, sparse_output=sparse
    )
    return _encoder(
        columns,
        categories=one_hot,
        numbers=make_pipeline(SimpleImputer(strategy="median"), StandardScaler()),
        dates=make_pipeline(_dates(cyclic=True), SimpleImputer(strategy="median"), StandardScaler()),
        levels=make_pipeline(_means(classes, seed), StandardScaler()),
        written=make_pipeline(_written(), SimpleImputer(strategy="median"), StandardScaler()),
        words=_read() if by_term else _said_by_terms(classes, seed),
    )


def _linear(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    model = LogisticRegression(max_iter=1000, random_state=seed, **settings) if classes else _line(settings, seed)
    # Sparse takes half the time; ridge would take another solver, as it does where there are texts. Those of counts and
    # of quantiles work on all pairs of columns, which thousands of terms are too many for.
    by_term = classes or isinstance(model, Ridge)
    encode = encoded_for_lines(columns, classes, seed, sparse=classes, by_term=by_term)
    return Pipeline([("encode", encode), ("model", model)])


def _line(settings: Settings, seed: int) -> Any:
    """The line of a loss; the penalties only keep equal columns apart, as ridge's does."""
    others = {name: value for name, value in settings.items() if name != "loss"}
    match settings.get("loss"):
        case "poisson":
            return PoissonRegressor(alpha=1e-3, solver="newton-cholesky", max_iter=1000, **others)
        case "quantile":
            return QuantileRegressor(alpha=1e-4, solver="highs", **others)
    return Ridge(random_state=seed, **settings)


def _lightgbm(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    from lightgbm import LGBMClassifier, LGBMRegressor

    make = LGBMClassifier if classes else LGBMRegressor
    encode = _trees_encoder(columns, classes, seed)
    return Pipeline([("encode", encode), ("model", make(**_told_lightgbm(columns, settings, seed)))])


def _told_lightgbm(columns: Columns, settings: Settings, seed: int) -> Settings:
    """Everything that LightGBM is told: the same trees come of it on any number of threads.

    One thread, since several wait for each other on a machine that is busy: there two need twenty times the CPU of one.
    """
    # By this name LightGBM takes it from an estimator's own parameters, which clones keep.
    native = {"categorical_column": list(range(len(columns["categories"])))} if columns["categories"] else {}
    always = {"deterministic": True, "force_col_wise": True, "verbose": -1, "n_jobs": 1, "random_state": seed}
    wide = {"max_bin": WIDE_BINS} if sum(map(len, columns.values())) >= MANY_FEATURES else {}
    return native | always | wide | settings


def _boosting(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    make = HistGradientBoostingClassifier if classes else HistGradientBoostingRegressor
    native = list(range(len(columns["categories"]))) or None
    model = make(categorical_features=native, early_stopping=False, random_state=seed, **settings)
    return Pipeline([("encode", _trees_encoder(columns, classes, seed)), ("model", model)])


def _forest(columns: Columns, classes: bool, settings: Settings, seed: int) -> Pipeline:
    make = RandomForestClassifier if classes else RandomForestRegressor
    model = make(n_estimators=100, min_samples_leaf=5, random_state=seed, **settings)
    return Pipeline([("encode", _trees_encoder(columns, classes, seed)), ("model", model)])


def _trees_encoder(columns: Columns, classes: bool, seed: int) -> ColumnTransformer:
    return _encoder(
        columns, categories=_codes(), numbers="passthrough", dates=_dates(), levels=_means(classes, seed),
        written=_written(), words=_said_by_terms(classes, seed),
    )  # fmt: skip


def _codes() -> OrdinalEncoder:
    return OrdinalEncoder(
        handle_unknown="use_encoded_value",
        unknown_value=np.nan,
        encoded_missing_value=np.nan,
        max_categories=MOST_CODES,
    )


MODELS: dict[str, Model] = {
    "baseline": Model(_baseline),
    "linear": Model(_linear),
    "lightgbm": Model(
        _lightgbm,
        # For most tables; for few or noisy rows; for many.
        (
            LIGHTGBM,
            LIGHTGBM | {"num_leaves": 10, "min_child_samples": 50, "colsample_bytree": 0.6, "reg_lambda": 10.0},
            LIGHTGBM | {"num_leaves": 63},
        ),
        {
            "num_leaves": (6, 15, 31, 63, 127),
            "min_child_samples": (5, 20, 50, 100),
            "colsample_bytree": (0.4, 0.6, 0.8, 1.0),
            "reg_lambda": (0.0, 1.0, 10.0),
            "cat_smooth": (5.0, 20.0, 60.0),
        },
        grows=True,
    ),
    "boosting": Model(
        _boosting,
        (BOOSTING,),
        {
            "learning_rate": (0.03, 0.05, 0.08, 0.12),
            "max_iter": (100, 150, 200),
            "max_leaf_nodes": (8, 15, 31, 63),
            "min_samples_leaf": (10, 20, 50, 100),
            "l2_regularization": (0.0, 1.0, 10.0),
        },
    ),
    "forest": Model(_forest),
}
