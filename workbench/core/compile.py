"""From a fitted scikit-learn pipeline to tables. Reads fitted objects by attribute and imports none of them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from workbench.core.compiled import Array, Categories, Columns, CompiledModel, Linear, Link, Numbers
from workbench.core.contract import Task
from workbench.core.trees import CODES, Trees
from workbench.errors import CannotCompile

if TYPE_CHECKING:
    import pandas as pd
    from sklearn.pipeline import Pipeline

Encoders = tuple[Numbers | Categories, ...]


def compile_pipeline(
    pipeline: Pipeline, features: Sequence[str], task: Task, background: Columns | None = None
) -> CompiledModel:
    """Compile a fitted pipeline to tables that score exactly as it does.

    Parameters
    ----------
    pipeline : sklearn.pipeline.Pipeline
        Fitted, with the steps ``encode`` (a ColumnTransformer on raw columns) and ``model``.
    features : sequence of str
        Original columns, in the order that the SHAP values shall have.
    task : {"binary", "multiclass", "regression"}
        Set by the target.
    background : mapping of raw columns, optional
        Rows whose mean a linear model's SHAP values are measured from. Without it scaled columns are measured from
        the training mean that the scaler holds, and one-hot columns from equal shares of the categories.

    Raises
    ------
    CannotCompile
        If a part has no exact table; the message names it.

    Examples
    --------
    >>> import pandas as pd
    >>> from sklearn.compose import ColumnTransformer
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> from sklearn.pipeline import Pipeline
    >>> table = pd.DataFrame({"x": range(100)})
    >>> encode = ColumnTransformer([("numbers", "passthrough", ["x"])], verbose_feature_names_out=False)
    >>> pipeline = Pipeline([("encode", encode), ("model", HistGradientBoostingRegressor(max_iter=5))])
    >>> compiled = compile_pipeline(pipeline.fit(table, table["x"]), ["x"], "regression")
    >>> difference(pipeline, compiled, table)
    0.0
    """
    steps = [s for _, s in getattr(pipeline, "steps", [])]
    if len(steps) != 2 or type(steps[0]).__name__ != "ColumnTransformer":
        raise CannotCompile(
            "Only a pipeline of a ColumnTransformer and a model has tables. It ships as a pipeline instead."
        )
    encoders = _encoders(steps[0])
    return _MODELS.get(type(steps[1]).__name__, _no_table)(steps[1], encoders, tuple(features), task, background)


def difference(pipeline: Pipeline, compiled: CompiledModel, frame: pd.DataFrame) -> float:
    """Largest difference between the predictions of a pipeline and of its tables; relative where they exceed 1.

    Returns
    -------
    float
        0.0 for trees, about 1e-15 for linear models; NaN where one of them gives no number.
    """
    raw = frame[list(compiled.features)]
    if compiled.task == "regression":
        expected = np.asarray(pipeline.predict(raw), dtype=np.float64)
    else:
        expected = np.asarray(pipeline.predict_proba(raw))
        expected = expected[:, 1] if compiled.task == "binary" else expected
    return float(np.max(np.abs(expected - compiled.predict(raw)) / np.maximum(1.0, np.abs(expected)), initial=0.0))


def _no_table(model: Any, *_: Any) -> CompiledModel:
    raise CannotCompile(f"{type(model).__name__} has no exact table. It ships as an audited pipeline instead.")


# --- the encoders -------------------------------------------------------------------------------------------------


def _encoders(transformer: Any) -> Encoders:
    made: list[Numbers | Categories] = []
    for _, step, columns in transformer.transformers_:
        names = _names(transformer, columns)
        if names and not (isinstance(step, str) and step == "drop"):
            made += _chain(step, names)
    return tuple(made)


def _names(transformer: Any, columns: Any) -> tuple[str, ...]:
    if isinstance(columns, str):
        return (columns,)
    known = [str(n) for n in getattr(transformer, "feature_names_in_", [])]
    chosen = np.asarray(known, dtype=object)[columns] if isinstance(columns, slice) else columns
    return tuple(known[c] if isinstance(c, (int, np.integer)) and not isinstance(c, bool) else str(c) for c in chosen)


def _chain(step: Any, names: tuple[str, ...]) -> list[Numbers | Categories]:
    """The encoders of one part: a transformer, or a pipeline of an optional imputer, a transformer and a scaler."""
    parts = [s for _, s in step.steps] if hasattr(step, "steps") else [step]
    parts = [p for p in parts if not _does_nothing(p)]
    filled: dict[str, Any] = {}
    if len(parts) > 1 and type(parts[0]).__name__ == "SimpleImputer" and type(parts[1]).__name__ in _CATEGORIES:
        filled, parts = dict(zip(names, _fill_values(parts[0]), strict=True)), parts[1:]
    kind = type(parts[0]).__name__ if parts else ""
    if kind in _CATEGORIES:
        made: list[Numbers | Categories] = list(_CATEGORIES[kind](parts[0], names, filled))
    else:
        dates = kind == "FunctionTransformer" and getattr(parts[0].func, "__name__", "") == "date_parts"
        made, parts = [_plain(names, "date" if dates else "number")], parts if dates else [None, *parts]
    for part in parts[1:]:
        made = _followed(made, part)
    return made


def _does_nothing(part: Any) -> bool:
    """A fitted ColumnTransformer holds ``passthrough`` as a FunctionTransformer without a function."""
    return (
        part == "passthrough"
        if isinstance(part, str)
        else type(part).__name__ == "FunctionTransformer" and part.func is None
    )


def _plain(names: tuple[str, ...], kind: Any) -> Numbers:
    width = len(names) * (3 if kind == "date" else 1)
    return Numbers(names, kind, np.full(width, np.nan), np.zeros(width), np.ones(width))


def _followed(made: list[Numbers | Categories], part: Any) -> list[Numbers | Categories]:
    """The encoders with an imputer or a scaler behind them; each takes its share of the fitted numbers."""
    kind = type(part).__name__
    if kind not in ("SimpleImputer", "StandardScaler"):
        raise CannotCompile(f"The transformer {kind} has no exact table. It ships as an audited pipeline instead.")
    ends = np.cumsum([len(e.sources) for e in made])
    width = int(ends[-1])
    if kind == "SimpleImputer":
        change: Callable[..., Numbers | Categories] = _fill
        numbers = [np.asarray(_fill_values(part), dtype=np.float64)]
    else:
        change = _scale
        numbers = [
            np.zeros(width) if part.mean_ is None else part.mean_,
            np.ones(width) if part.scale_ is None else part.scale_,
        ]
    return [change(e, *(np.split(n, ends[:-1])[i] for n in numbers)) for i, e in enumerate(made)]


def _fill_values(imputer: Any) -> Any:
    if imputer.add_indicator:
        raise CannotCompile("SimpleImputer(add_indicator=True) has no table. Leave the indicator out.")
    if len(imputer.statistics_) and any(isinstance(v, float) and v != v for v in imputer.statistics_.tolist()):
        raise CannotCompile("SimpleImputer has a column without any value. Leave the column out.")
    return imputer.statistics_


def _fill(encoder: Numbers | Categories, fill: Array) -> Numbers | Categories:
    if isinstance(encoder, Categories):
        return replace(encoder, table=np.where(np.isnan(encoder.table), fill, encoder.table))
    if (encoder.mean != 0).any() or (encoder.scale != 1).any():
        raise CannotCompile("An imputer after a scaler has no table. Put it before.")
    return replace(encoder, fill=np.where(np.isnan(encoder.fill), fill, encoder.fill))


def _scale(encoder: Numbers | Categories, mean: Array, scale: Array) -> Numbers | Categories:
    if isinstance(encoder, Categories):
        return replace(encoder, table=(encoder.table - mean) / scale)
    if (encoder.mean != 0).any() or (encoder.scale != 1).any():
        raise CannotCompile("Two scalers one after the other have no table. Use one.")
    return replace(encoder, mean=np.array(mean), scale=np.array(scale))


def _one_hot(encoder: Any, names: tuple[str, ...], filled: dict[str, Any]) -> list[Categories]:
    if encoder.drop is not None:
        raise CannotCompile("OneHotEncoder(drop=…) has no table. Keep all categories.")
    made = []
    for i, name in enumerate(names):
        categories, place, unseen = _places(encoder, i)
        width = max(place, default=-1) + 1
        rows = np.vstack([np.eye(width)[place], np.zeros((1, width)) if unseen is None else np.eye(width)[[unseen]]])
        made.append(_categories(name, categories, rows, filled))
    return made


def _ordinal(encoder: Any, names: tuple[str, ...], filled: dict[str, Any]) -> list[Categories]:
    if encoder.handle_unknown == "error":
        raise CannotCompile("OrdinalEncoder must take unseen categories: handle_unknown='use_encoded_value'.")
    made = []
    for i, name in enumerate(names):
        categories, place, _ = _places(encoder, i)
        rows = np.array([*place, encoder.unknown_value], dtype=np.float64)[:, None]
        if i in encoder._missing_indices:
            rows[len(categories) - 1] = encoder.encoded_missing_value
        made.append(_categories(name, categories, rows, filled))
    return made


_CATEGORIES: dict[str, Callable[..., list[Categories]]] = {"OneHotEncoder": _one_hot, "OrdinalEncoder": _ordinal}


def _places(encoder: Any, i: int) -> tuple[list[Any], list[int], int | None]:
    """Categories of column ``i``, the place of each, and the place of unseen ones, infrequent ones being one."""
    categories = [_plain_value(c) for c in encoder.categories_[i].tolist()]
    mapping = encoder._default_to_infrequent_mappings[i] if encoder._infrequent_enabled else None
    if mapping is None:
        return categories, list(range(len(categories))), None
    infrequent = int(mapping[encoder._infrequent_indices[i][0]])
    places = mapping.tolist() + list(range(len(mapping), len(categories)))
    return categories, places, infrequent if encoder.handle_unknown == "infrequent_if_exist" else None


def _categories(name: str, categories: list[Any], rows: Array, filled: dict[str, Any]) -> Categories:
    """A look-up of ``rows``: one a category, and the last for what was not seen."""
    nothing = [i for i, c in enumerate(categories) if c is None]
    keys = [i for i, c in enumerate(categories) if c is not None]
    fill = _plain_value(filled.get(name))
    missing = (
        categories.index(fill)
        if fill in categories and fill is not None
        else nothing[0]
        if nothing
        else len(categories)
    )
    return Categories(name, tuple(categories[i] for i in keys), rows[[*keys, missing, len(categories)]])


def _plain_value(value: Any) -> Any:
    """A category as text, float or None (missing): 1, 1.0 and True are the same one."""
    if value is None or value != value:
        return None
    return value if isinstance(value, str) else float(value)


# --- the models ---------------------------------------------------------------------------------------------------


def _boosting(
    model: Any, encoders: Encoders, features: tuple[str, ...], task: Task, background: Columns | None
) -> CompiledModel:
    if task == "regression" and type(model._loss.link).__name__ != "IdentityLink":
        raise CannotCompile(f"Gradient boosting with loss {model.loss!r} has no exact table. Use squared_error.")
    encoders, place, known = _native(model, encoders)
    predictors = [(k, p) for step in model._predictors for k, p in enumerate(step)]
    tables = [_boosting_tree(p, known) for _, p in predictors]
    baseline = np.asarray(model._baseline_prediction, dtype=np.float64).reshape(-1)
    trees = _joined(tables, [k for k, _ in predictors], baseline, place)
    link: Link = {"binary": "logistic", "multiclass": "softmax"}.get(task, "identity")  # type: ignore[assignment]
    return CompiledModel(task, _labels(model), features, encoders, trees, link)


def _native(model: Any, encoders: Encoders) -> tuple[Encoders, Array, Array]:
    """Undo the model's own reordering and recoding of categories.

    Returns the encoders with the model's codes in their tables, the column of the matrix for each of the model's
    columns, and which codes the model knows, by its columns.
    """
    width = sum(len(e.sources) for e in encoders)
    if model._preprocessor is None:
        return encoders, np.arange(width), np.zeros((width, CODES), bool)
    categorical = np.flatnonzero(model.is_categorical_)
    recoding = dict(
        zip(categorical.tolist(), model._preprocessor.named_transformers_["encoder"].categories_, strict=True)
    )
    numeric = np.flatnonzero(~np.asarray(model.is_categorical_))
    place = np.concatenate([categorical, numeric]).astype(np.intp)
    known = np.zeros((width, CODES), bool)
    for i in range(len(categorical)):
        known[i, model._bin_mapper.bin_thresholds_[i].astype(np.intp)] = True
    return _recoded(encoders, recoding), place, known


def _recoded(encoders: Encoders, recoding: dict[int, Array]) -> Encoders:
    made, start = [], 0
    for encoder in encoders:
        for j in range(len(encoder.sources)):
            if start + j in recoding:
                encoder = _recode(encoder, j, recoding[start + j])
        start += len(encoder.sources)
        made.append(encoder)
    return tuple(made)


def _recode(encoder: Numbers | Categories, column: int, known: Array) -> Categories:
    if not isinstance(encoder, Categories):
        raise CannotCompile(f"Column {encoder.columns[0]!r} is a category for the model, but no encoder numbers it.")
    code = {float(v): float(i) for i, v in enumerate(known) if v == v}
    table = encoder.table.copy()
    table[:, column] = [code.get(v, np.nan) for v in table[:, column].tolist()]
    return replace(encoder, table=table)


def _boosting_tree(predictor: Any, known: Array) -> dict[str, Array]:
    nodes = predictor.nodes
    leaf, categorical = nodes["is_leaf"].astype(bool), nodes["is_categorical"].astype(bool)
    feature = np.where(leaf, -1, nodes["feature_idx"]).astype(np.int64)
    missing_left = nodes["missing_go_to_left"].astype(bool)
    splits = np.flatnonzero(categorical & ~leaf)
    bits = np.ascontiguousarray(predictor.raw_left_cat_bitsets, dtype="<u4").view(np.uint8)
    left = np.unpackbits(bits.reshape(-1, 32), axis=1, bitorder="little").astype(bool)[nodes["bitset_idx"][splits]]
    goes_left = left | (~known[feature[splits]] & missing_left[splits][:, None])
    category = np.full(len(nodes), -1)
    category[splits] = np.arange(len(splits))
    return {
        "feature": feature,
        "threshold": np.where(leaf | categorical, 0.0, nodes["num_threshold"]),
        "left": np.where(leaf, -1, nodes["left"].astype(np.int64)),
        "right": np.where(leaf, -1, nodes["right"].astype(np.int64)),
        "missing_left": missing_left,
        "category": category,
        "goes_left": goes_left,
        "value": nodes["value"].astype(np.float64)[:, None],
        "cover": nodes["count"].astype(np.float64),
    }


def _forest(
    model: Any, encoders: Encoders, features: tuple[str, ...], task: Task, background: Columns | None
) -> CompiledModel:
    members = list(getattr(model, "estimators_", None) or [model])
    tables = [_tree(m.tree_, task) for m in members]
    outputs = 1 if task == "regression" else len(model.classes_)
    place = np.arange(sum(len(e.sources) for e in encoders))
    trees = _joined(tables, [0] * len(tables), np.zeros(outputs), place)
    if task == "binary":
        trees = replace(trees, value=trees.value[:, 1:], baseline=np.zeros(1))
    return CompiledModel(
        task, _labels(model), features, encoders, replace(trees, divisor=float(len(members)), single=True)
    )


def _tree(tree: Any, task: Task) -> dict[str, Array]:
    leaf = tree.children_left < 0
    missing = getattr(tree, "missing_go_to_left", np.zeros(len(leaf)))
    if tree.n_outputs != 1:
        raise CannotCompile("A forest with several targets has no table. Train one model a target.")
    return {
        "feature": np.where(leaf, -1, tree.feature).astype(np.int64),
        "threshold": np.where(leaf, 0.0, tree.threshold),
        "left": np.where(leaf, -1, tree.children_left).astype(np.int64),
        "right": np.where(leaf, -1, tree.children_right).astype(np.int64),
        "missing_left": np.asarray(missing).astype(bool),
        "category": np.full(len(leaf), -1),
        "goes_left": np.zeros((0, CODES), bool),
        "value": tree.value[:, 0, :].astype(np.float64),
        "cover": tree.weighted_n_node_samples.astype(np.float64),
    }


def _joined(tables: list[dict[str, Array]], outputs: list[int], baseline: Array, place: Array) -> Trees:
    """One table from the tables of the trees; children and category tables are counted on."""
    sizes = [len(t["feature"]) for t in tables]
    splits = [len(t["goes_left"]) for t in tables]
    nodes = np.repeat(np.cumsum([0, *sizes[:-1]]), sizes) if sizes else np.zeros(0, np.int64)
    sets = np.repeat(np.cumsum([0, *splits[:-1]]), sizes) if sizes else np.zeros(0, np.int64)
    whole: dict[str, Any] = {name: np.concatenate([t[name] for t in tables]) for name in tables[0]}
    inner = whole["feature"] >= 0
    whole["feature"] = np.where(inner, place[np.where(inner, whole["feature"], 0)] if len(place) else -1, -1)
    for name, start in (("left", nodes), ("right", nodes), ("category", sets)):
        whole[name] = np.where(whole[name] >= 0, whole[name] + start, -1)
    roots = np.cumsum([0, *sizes[:-1]]).astype(np.int64)
    return Trees(roots, np.array(outputs, np.int64), baseline=baseline, **whole).checked(len(place))


def _linear(
    model: Any, encoders: Encoders, features: tuple[str, ...], task: Task, background: Columns | None
) -> CompiledModel:
    weights = np.atleast_2d(np.asarray(model.coef_, dtype=np.float64))
    intercept = np.broadcast_to(np.asarray(model.intercept_, dtype=np.float64).reshape(-1), len(weights)).copy()
    link: Link = {"binary": "logistic", "multiclass": "softmax"}.get(task, "identity")  # type: ignore[assignment]
    width = weights.shape[1]
    compiled = CompiledModel(
        task, _labels(model), features, encoders, Linear(weights, intercept, np.zeros(width)), link
    )
    mean = (
        np.concatenate([_mean(e) for e in encoders]) if background is None else compiled.encode(background).mean(axis=0)
    )
    return replace(compiled, model=Linear(weights, intercept, mean).checked(width))


def _mean(encoder: Numbers | Categories) -> Array:
    """Mean of what the encoder makes, as far as the fitted pipeline tells."""
    if isinstance(encoder, Categories):
        return np.asarray(encoder.table[:-2].mean(axis=0))
    scaled = (encoder.mean != 0) | (encoder.scale != 1)
    return np.where(scaled | np.isnan(encoder.fill), 0.0, encoder.fill)


def _constant(
    model: Any, encoders: Encoders, features: tuple[str, ...], task: Task, background: Columns | None
) -> CompiledModel:
    nothing = np.zeros((1, 1))
    outputs = model.predict(nothing).reshape(-1)[:1] if task == "regression" else model.predict_proba(nothing)[0]
    if task != "regression" and model.strategy not in ("prior", "most_frequent", "constant"):
        raise CannotCompile(f"DummyClassifier(strategy={model.strategy!r}) answers at random. Use strategy='prior'.")
    intercept = np.asarray(outputs[1:2] if task == "binary" else outputs, dtype=np.float64)
    return CompiledModel(
        task, _labels(model), features, (), Linear(np.zeros((len(intercept), 0)), intercept, np.zeros(0))
    )


_MODELS: dict[str, Callable[..., CompiledModel]] = {
    **dict.fromkeys(("HistGradientBoostingClassifier", "HistGradientBoostingRegressor"), _boosting),
    **dict.fromkeys(
        (
            "RandomForestClassifier",
            "RandomForestRegressor",
            "ExtraTreesClassifier",
            "ExtraTreesRegressor",
            "DecisionTreeClassifier",
            "DecisionTreeRegressor",
        ),
        _forest,
    ),
    **dict.fromkeys(("LogisticRegression", "Ridge", "LinearRegression"), _linear),
    **dict.fromkeys(("DummyClassifier", "DummyRegressor"), _constant),
}


def _labels(model: Any) -> tuple[Any, ...]:
    """Classes as plain Python values, empty for a regression."""
    return tuple(c.item() if isinstance(c, np.generic) else c for c in getattr(model, "classes_", ()))
