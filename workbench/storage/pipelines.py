"""Fitted pipelines on disk: skops files that may name only types of our own list. Never a pickle."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from importlib import import_module
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING, Any
from zipfile import BadZipFile, ZipFile

from workbench.errors import Damaged, NotFound, Untrusted
from workbench.storage.bundle_files import check_archive, check_writable
from workbench.storage.files import write_bytes
from workbench.storage.lightgbm_text import with_boosters, without_boosters
from workbench.storage.vocabularies import with_vocabularies, without_vocabularies

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

# What skops does not trust by itself and our pipelines need. The list lives here and nowhere else: a file's own word
# about what to trust is never asked. XGBoost's models are not on it: the library parses the bytes of a model in C,
# without looking where its nodes lead. They ship as tables, or not at all. LightGBM's go as text that we check.
TRUSTED = (
    "collections.OrderedDict",
    # A partial can hold only functions and values that are named, and checked, themselves.
    "functools.partial",
    # imbalanced-learn's: what draws rows to fit on answers for none.
    "imblearn.over_sampling._random_over_sampler.RandomOverSampler",
    "imblearn.over_sampling._smote.base.SMOTE",
    "imblearn.pipeline.Pipeline",
    "imblearn.under_sampling._prototype_selection._random_under_sampler.RandomUnderSampler",
    "lightgbm.sklearn.LGBMClassifier",
    "lightgbm.sklearn.LGBMRegressor",
    "numpy.dtype",
    "sklearn._loss.link.HalfLogitLink",
    "sklearn._loss.link.IdentityLink",
    "sklearn._loss.link.Interval",
    "sklearn._loss.link.LogitLink",
    "sklearn._loss.link.MultinomialLogit",
    "sklearn._loss.loss.HalfBinomialLoss",
    "sklearn._loss.loss.HalfMultinomialLoss",
    "sklearn._loss.loss.HalfSquaredError",
    "sklearn._loss._loss.CyHalfBinomialLoss",
    "sklearn._loss._loss.CyHalfMultinomialLoss",
    "sklearn._loss._loss.CyHalfSquaredError",
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.compose._column_transformer._RemainderColsList",
    "sklearn.ensemble._hist_gradient_boosting.binning._BinMapper",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.feature_selection._univariate_selection.f_classif",
    "sklearn.feature_selection._univariate_selection.f_regression",
    "sklearn.metrics._classification.balanced_accuracy_score",
    "sklearn.metrics._scorer._CurveScorer",
    "sklearn.metrics._scorer._Scorer",
    "sklearn.model_selection._split.KFold",
    "sklearn.tree._tree.Tree",
    "sklearn.utils._bunch.Bunch",
    "sklearn.utils._metadata_requests.MetadataRequest",
    "sklearn.utils._metadata_requests.MethodMetadataRequest",
    "sklearn.utils.validation.check_array",
    # Those of skrub's tabular_pipeline: each changes columns, and the functions ask a column what it is.
    "skrub._apply_to_each_col.ApplyToEachCol",
    "skrub._check_input.CheckInputDataFrame",
    "skrub._clean_categories.CleanCategories",
    "skrub._clean_null_strings.CleanNullStrings",
    "skrub._dataframe._common.is_any_date",
    "skrub._dataframe._common.is_categorical",
    "skrub._dataframe._common.is_numeric",
    "skrub._datetime_encoder.DatetimeEncoder",
    "skrub._drop_uninformative.DropUninformative",
    "skrub._duration_to_float.DurationToFloat",
    "skrub._squashing_scaler.SquashingScaler",
    "skrub._squashing_scaler._MinMaxScaler",
    "skrub._string_encoder.StringEncoder",
    "skrub._table_vectorizer.PassThrough",
    "skrub._table_vectorizer.ShortReprDict",
    "skrub._table_vectorizer.TableVectorizer",
    "skrub._table_vectorizer._created_by_predicate",
    "skrub._to_categorical.ToCategorical",
    "skrub._to_datetime.ToDatetime",
    "skrub._to_float.ToFloat",
    "skrub._to_str.ToStr",
    "skrub.selectors._base.All",
    "skrub.selectors._base.And",
    "skrub.selectors._base.Cols",
    "skrub.selectors._base.Filter",
    "skrub.selectors._base.Sub",
    "skrub.selectors._selectors._cardinality_below",
    "workbench.tables.boundaries.OrdinalClassifier",
    "workbench.tables.cross_fitted.CrossFittedRidge",
    "workbench.core.dates.date_parts",  # where it was in pipelines of before
    "workbench.tables.dates.date_features",
    "workbench.tables.dates.date_parts",
    "workbench.tables.trended.TrendRegressor",
    "workbench.tables.words.in_order",
    "workbench.tables.words.texts",
    "workbench.tables.written.written_numbers",
)
# Packages of those types, by what they are called where they are installed from.
DISTRIBUTIONS = {"imblearn": "imbalanced-learn", "lightgbm": "lightgbm", "skrub": "skrub"}
MOVED = {"workbench.core.dates": "workbench.tables.dates"}  # modules that older files name


def save_pipeline(pipeline: Pipeline, path: Path) -> Path:
    """Write a fitted pipeline as a skops file, in one step.

    Raises
    ------
    Untrusted
        If the pipeline holds a type that :func:`load_pipeline` would refuse; nothing is written then.
    Refused
        If it is larger than :func:`load_pipeline` reads.
    """
    import skops.io

    content = skops.io.dumps(_plain(pipeline))
    _check(skops.io.get_untrusted_types(data=content), path.name)
    with ZipFile(BytesIO(content)) as archive:
        check_writable("The pipeline", [part.file_size for part in archive.infolist()])
    write_bytes(path, content)
    return path


def untrusted(pipeline: Pipeline) -> tuple[str, ...]:
    """Types for which a pipeline can't be kept: those of somebody's own code, and of libraries that only pickle.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> from sklearn.pipeline import make_pipeline
    >>> untrusted(make_pipeline(Ridge()))
    ()
    """
    import skops.io

    try:
        content = skops.io.dumps(_plain(pipeline))
    except Untrusted:
        return ("lightgbm.basic.Booster",)
    named = skops.io.get_untrusted_types(data=content)
    return tuple(sorted(set(named) - set(TRUSTED)))


def libraries(pipeline: Pipeline) -> tuple[str, ...]:
    """Distributions that a pipeline of trusted types needs besides scikit-learn.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> libraries(Ridge())
    ()
    """
    import skops.io

    named = skops.io.get_untrusted_types(data=skops.io.dumps(_plain(pipeline)))
    roots = {name.partition(".")[0] for name in named}
    return tuple(sorted(DISTRIBUTIONS[root] for root in roots if root in DISTRIBUTIONS))


def load_pipeline(path: Path) -> Pipeline:
    """Read a skops file; types that are not on our list are refused before anything is built.

    Raises
    ------
    Untrusted
        Naming the types.
    Damaged
        If it is no skops file, a broken one, or holds a tree whose nodes lead outside of it.
    NotFound
        If there is no such file.
    """
    import skops.io

    if not path.is_file():
        raise NotFound(f"There is no pipeline at {path}. Train one with wb.train(data).")
    check_archive(path)
    try:
        _check(skops.io.get_untrusted_types(file=path), path.name)
        for old, new in MOVED.items():
            sys.modules.setdefault(old, import_module(new))
        pipeline: Pipeline = skops.io.load(path, trusted=list(TRUSTED))
    except _BROKEN as error:
        raise Damaged(f"{path.name} is no sound skops file ({error}). Train again, or fetch it anew.") from error
    for tables in _node_tables(pipeline, set()):
        _check_nodes(*tables, path.name)
    return with_vocabularies(with_boosters(pipeline, path.name), path.name)


def _plain(pipeline: Any) -> Any:
    """With texts in place of what skops keeps badly."""
    return without_vocabularies(without_boosters(pipeline))


# What skops raises for a file that is no archive, has no schema, or a schema that makes no sense.
_BROKEN = (BadZipFile, KeyError, IndexError, TypeError, ValueError, AttributeError, EOFError, RecursionError)


def _node_tables(thing: Any, seen: set[int]) -> Iterator[tuple[Any, Any, Any]]:
    """Left children, right children and features of every tree inside; leaves have children of -1 (or 0)."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    if type(thing).__name__ == "Tree":
        yield thing.children_left, thing.children_right, thing.feature
    elif type(thing).__name__ == "TreePredictor":
        inner = thing.nodes["is_leaf"] == 0
        yield (
            *(thing.nodes[side].astype("int64") * inner for side in ("left", "right")),
            thing.nodes["feature_idx"] * inner,
        )
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    for part in (*parts, *getattr(thing, "__dict__", {}).values(), *_object_array(thing)):
        yield from _node_tables(part, seen)


def _object_array(thing: Any) -> list[Any]:
    return thing.ravel().tolist() if getattr(getattr(thing, "dtype", None), "kind", "") == "O" else []


def _check_nodes(left: Any, right: Any, feature: Any, what: str) -> None:
    """scikit-learn follows children without looking: a crafted file would read outside its arrays, or never end."""
    import numpy as np

    place = np.arange(len(left))
    inner = np.maximum(left, right) > 0
    onward = (left > place) & (right > place) & (left < len(place)) & (right < len(place)) & (feature >= 0)
    if not onward[inner].all():
        raise Damaged(f"{what} holds a tree whose nodes lead outside of it. Train the model again.")


def _check(named: list[str], what: str) -> None:
    strange = sorted(set(named) - set(TRUSTED))
    if strange:
        raise Untrusted(
            f"{what} names types that are not trusted: {', '.join(strange)}. Train with the models of Workbench."
        )
