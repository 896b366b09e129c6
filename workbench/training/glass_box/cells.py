"""The cells of a notebook: constants, with literals in place of their marks."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import get_scorer_names

from workbench.core.dataset import row_hashes
from workbench.core.literals import Code, Written, assigned, call, dotted, laid_out, one_below_another, python
from workbench.core.measures import FURTHER, is_ours, measure
from workbench.core.metric import level_of, metric_name
from workbench.core.ranked import ranked
from workbench.core.run import Candidate, Run
from workbench.training.glass_box.estimators import Writer, versions
from workbench.training.glass_box.splitting import Rule
from workbench.training.glass_box.tables import Source
from workbench.training.growing import MOST_TREES, PATIENCE, for_the_library, looks_at_target
from workbench.training.many_classes import most_rounds
from workbench.training.rounds import inner
from workbench.training.weighing import fit_options, of_places

Cell = dict[str, Any]
# Punctuation that Markdown or HTML would take for more than itself.
_MARKS = re.compile(r"([\\`*_\[\]<>|~$&#])")

FITTED = """\
predictions = []
with threadpool_limits(1):  # sums have one order
    for fit, scored in folds:
        fitted = clone(pipeline).fit(X.iloc[fit], y.iloc[fit])
"""
FITTED_BY_WEIGHT = """\
predictions = []
with threadpool_limits(1):  # sums have one order
    for fit, scored in folds:
        fitted = clone(pipeline).fit(X.iloc[fit], y.iloc[fit], **{$weight: weights[fit]})
"""
CROSS_FITTED = """\
predictions = []
with threadpool_limits(1):  # sums have one order
    for k, (fit, scored) in enumerate(folds):
        fitted = clone(pipeline)
        fitted[-1].set_params(cv=thirds[3 * k : 3 * k + 3])  # what its last step is fitted on
        fitted.fit(X.iloc[fit], y.iloc[fit])
"""
CROSS_FITTED_BY_WEIGHT = """\
predictions = []
with threadpool_limits(1):  # sums have one order
    for k, (fit, scored) in enumerate(folds):
        fitted = clone(pipeline)
        fitted[-1].set_params(cv=thirds[3 * k : 3 * k + 3])  # what its last step is fitted on
        fitted.fit(X.iloc[fit], y.iloc[fit], **{$weight: weights[fit]})
"""
NUMBERS = """\
        predictions.append(fitted.predict(X.iloc[scored]))
"""
CLASSES = """\
        found = np.zeros((len(scored), len(classes)))  # a class that a fold has never seen gets 0
        found[:, np.searchsorted(classes, fitted.classes_)] = fitted.predict_proba(X.iloc[scored])
        predictions.append(found)
"""
SECOND = "predictions = [found[:, 1] for found in predictions]"
GROWN = """\
rows = np.unique(np.concatenate([part for pair in folds for part in pair]))
encoded = np.asarray(encode.fit_transform(X.iloc[rows]), dtype=float)
places = [(rows.searchsorted(fit), rows.searchsorted(scored)) for fit, scored in folds]
bins = $bins

# The folds grow side by side, until their mean loss has not become less for some trees.
grown = lgb.cv(
    parameters,
    bins,
    num_boost_round=$most,
    folds=places,
    callbacks=[lgb.early_stopping($patience, verbose=False)],
    return_cvbooster=True,
)["cvbooster"]
trees = grown.best_iteration
predictions = [
    booster.predict(encoded[scored], num_iteration=trees)
    for booster, (_, scored) in zip(grown.boosters, places)
]
"""
# Of an encoder that looks at the target each fold has its own.
GROWN_APART = """\
rows = np.unique(np.concatenate([part for pair in folds for part in pair]))
places = [(rows.searchsorted(fit), rows.searchsorted(scored)) for fit, scored in folds]
everything = lgb.Dataset(np.arange(len(rows), dtype=float)[:, None], labels[rows])  # each fold brings its own columns
apart = []
for fit, scored in folds:
    own = clone(encode)
    learnt = np.asarray(own.fit_transform(X.iloc[fit], labels[fit]), dtype=float)
    encoded = np.asarray(own.transform(X.iloc[scored]), dtype=float)
    bins = lgb.Dataset(learnt, labels[fit], params=parameters)
    apart.append((bins, lgb.Dataset(encoded, labels[scored], reference=bins, params=parameters), encoded))
each = iter(apart)
"""
GROWN_APART_BY_WEIGHT = """\
rows = np.unique(np.concatenate([part for pair in folds for part in pair]))
places = [(rows.searchsorted(fit), rows.searchsorted(scored)) for fit, scored in folds]
counted = $weight
everything = lgb.Dataset(np.arange(len(rows), dtype=float)[:, None], labels[rows])  # each fold brings its own columns
apart = []
for (fit, scored), (there, beside) in zip(folds, places):
    own = clone(encode)
    learnt = np.asarray(own.fit_transform(X.iloc[fit], labels[fit]), dtype=float)
    encoded = np.asarray(own.transform(X.iloc[scored]), dtype=float)
    bins = lgb.Dataset(learnt, labels[fit], weight=counted[there], params=parameters)
    watched = lgb.Dataset(encoded, labels[scored], weight=counted[beside], reference=bins, params=parameters)
    apart.append((bins, watched, encoded))
each = iter(apart)
"""
GROWN_TOGETHER = """\

# The folds grow side by side, until their mean loss has not become less for some trees.
grown = lgb.cv(
    parameters,
    everything,
    num_boost_round=$most,
    folds=places,
    fpreproc=lambda _fit, _scored, told: (*next(each)[:2], told),
    callbacks=[lgb.early_stopping($patience, verbose=False)],
    return_cvbooster=True,
)["cvbooster"]
trees = grown.best_iteration
predictions = [
    booster.predict(encoded, num_iteration=trees)
    for booster, (_, _, encoded) in zip(grown.boosters, apart)
]
"""
BINS = "lgb.Dataset(encoded, labels[rows], params=parameters)"
BINS_BY_WEIGHT = "lgb.Dataset(encoded, labels[rows], weight=$weight, params=parameters)"
ENCODED = """\
fitted, losses = [], []
with threadpool_limits(1):  # sums have one order
    for fit, scored in folds:
        encoder, model = clone(encode), clone(estimator)
        rows = encoder.fit_transform(X.iloc[fit], y.to_numpy()[fit])
        held = encoder.transform(X.iloc[scored])
"""
BY_XGBOOST = """\
        model.set_params(n_estimators=$most, early_stopping_rounds=$patience)
        model.fit(rows, labels[fit], eval_set=[(held, labels[scored])], verbose=False)
        (curve,) = model.evals_result()["validation_0"].values()
"""
BY_XGBOOST_AND_WEIGHT = """\
        model.set_params(n_estimators=$most, early_stopping_rounds=$patience)
        model.fit(
            rows,
            labels[fit],
            sample_weight=weights[fit],
            eval_set=[(held, labels[scored])],
            sample_weight_eval_set=[weights[scored]],
            verbose=False,
        )
        (curve,) = model.evals_result()["validation_0"].values()
"""
BY_CATBOOST = """\
        model.set_params(iterations=$most)
        watched = Pool(held, y.to_numpy()[scored])
        model.fit(
            rows, y.to_numpy()[fit], use_best_model=False, early_stopping_rounds=$patience, eval_set=watched
        )
        (curve,) = model.evals_result_["validation"].values()
"""
BY_CATBOOST_AND_WEIGHT = """\
        model.set_params(iterations=$most)
        watched = Pool(held, y.to_numpy()[scored], weight=weights[scored])
        model.fit(
            rows,
            y.to_numpy()[fit],
            sample_weight=weights[fit],
            use_best_model=False,
            early_stopping_rounds=$patience,
            eval_set=watched,
        )
        (curve,) = model.evals_result_["validation"].values()
"""
AGREED = """\
        fitted.append((model, held))
        losses.append(curve)
shortest = min(map(len, losses))
trees = int(np.mean([curve[:shortest] for curve in losses], axis=0).argmin()) + 1
predictions = []
for model, held in fitted:
"""
NUMBERS_OF_XGBOOST = "    predictions.append(model.predict(held, iteration_range=(0, trees)))\n"
NUMBERS_OF_CATBOOST = "    predictions.append(model.predict(held, ntree_end=trees))\n"
CLASSES_OF_XGBOOST = """\
    found = np.zeros((len(held), len(classes)))
    found[:, model.classes_] = model.predict_proba(held, iteration_range=(0, trees))
    predictions.append(found)
"""
CLASSES_OF_CATBOOST = """\
    found = np.zeros((len(held), len(classes)))
    found[:, np.searchsorted(classes, model.classes_)] = model.predict_proba(held, ntree_end=trees)
    predictions.append(found)
"""
LABELS_OF_CLASSES = "classes, labels = np.unique(y, return_inverse=True)"
LABELS_OF_NUMBERS = "labels = y.to_numpy(dtype=float)"
CHECKED = """\
hashes = pd.util.hash_pandas_object(data, index=False).to_numpy()
digest = hashlib.sha256(hashes.tobytes()).hexdigest()
assert len(data) == $rows, "These are not the rows of the leaderboard."
assert digest == $digest  # of all values
"""
ASKED = """\
predicted = np.concatenate(predictions)
truth = np.concatenate([labels[scored] for _, scored in folds])
"""
COUNTED = "counted = np.concatenate([weights[scored] for _, scored in folds])"
SHOWN = """\
board = pd.DataFrame({"leaderboard": claimed, "here": found, "scikit-learn": library})
print(board.to_string(float_format="{:.17g}".format))
assert found == claimed, $message
assert all(np.isclose(library[name], claimed[name], rtol=1e-9) for name in library)
"""
# scikit-learn's own scores add up in another order: they are equal but for the last digits.
LIBRARY = {
    "roc_auc": "metrics.roc_auc_score(truth, predicted)",
    "average_precision": "metrics.average_precision_score(truth, predicted)",
    "log_loss": "metrics.log_loss(truth, predicted, labels=range(len(classes)))",
    "accuracy": "metrics.accuracy_score(truth, answered(predicted))",
    "balanced_accuracy": "metrics.balanced_accuracy_score(truth, answered(predicted))",
    "rmse": "metrics.root_mean_squared_error(truth, predicted)",
    "mae": "metrics.mean_absolute_error(truth, predicted)",
    "r2": "metrics.r2_score(truth, predicted)",
    "poisson_deviance": "metrics.mean_poisson_deviance(truth, np.maximum(predicted, np.finfo(float).eps))",
}
RANKED = {
    "quadratic_kappa": (
        "metrics.cohen_kappa_score(np.array($ranks)[truth], np.array($ranks)[answered(predicted)], weights='quadratic')"
    ),
    "rank_mae": "metrics.mean_absolute_error(np.array($ranks)[truth], np.array($ranks)[answered(predicted)])",
}
RANKED_BY_WEIGHT = {
    "quadratic_kappa": (
        "metrics.cohen_kappa_score(np.array($ranks)[truth], np.array($ranks)[answered(predicted)], "
        "weights='quadratic', sample_weight=counted)"
    ),
    "rank_mae": (
        "metrics.mean_absolute_error(np.array($ranks)[truth], np.array($ranks)[answered(predicted)], "
        "sample_weight=counted)"
    ),
}
PINBALL = "metrics.mean_pinball_loss(truth, predicted, alpha=$level)"
PINBALL_BY_WEIGHT = "metrics.mean_pinball_loss(truth, predicted, alpha=$level, sample_weight=counted)"
SCORER_OF_NUMBERS = "float(metrics.get_scorer($name)(Numbers(predicted), np.arange(len(truth))[:, None], truth))"
SCORER_OF_TWO = (
    "float(metrics.get_scorer($name)(Answers(predicted, np.array([0, 1])), np.arange(len(truth))[:, None], truth))"
)
SCORER_OF_CLASSES = (
    "float(metrics.get_scorer($name)(Answers(predicted, classes), np.arange(len(truth))[:, None], classes[truth]))"
)
LIBRARY_BY_WEIGHT = {
    "roc_auc": "metrics.roc_auc_score(truth, predicted, sample_weight=counted)",
    "average_precision": "metrics.average_precision_score(truth, predicted, sample_weight=counted)",
    "log_loss": "metrics.log_loss(truth, predicted, labels=range(len(classes)), sample_weight=counted)",
    "accuracy": "metrics.accuracy_score(truth, answered(predicted), sample_weight=counted)",
    "balanced_accuracy": "metrics.balanced_accuracy_score(truth, answered(predicted), sample_weight=counted)",
    "rmse": "metrics.root_mean_squared_error(truth, predicted, sample_weight=counted)",
    "mae": "metrics.mean_absolute_error(truth, predicted, sample_weight=counted)",
    "r2": "metrics.r2_score(truth, predicted, sample_weight=counted)",
    "poisson_deviance": (
        "metrics.mean_poisson_deviance(truth, np.maximum(predicted, np.finfo(float).eps), sample_weight=counted)"
    ),
}
SCORER_OF_NUMBERS_BY_WEIGHT = (
    "float(metrics.get_scorer($name)(Numbers(predicted), np.arange(len(truth))[:, None], truth, sample_weight=counted))"
)
SCORER_OF_TWO_BY_WEIGHT = (
    "float(metrics.get_scorer($name)(Answers(predicted, np.array([0, 1])), np.arange(len(truth))[:, None], truth, "
    "sample_weight=counted))"
)
SCORER_OF_CLASSES_BY_WEIGHT = (
    "float(metrics.get_scorer($name)(Answers(predicted, classes), np.arange(len(truth))[:, None], classes[truth], "
    "sample_weight=counted))"
)
# Imports of the cells, by the name that they use.
IMPORTS = {
    "lgb": "import lightgbm as lgb",
    "Pool": "from catboost import Pool",
    "np": "import numpy as np",
    "pd": "import pandas as pd",
    "re": "import re",
    "metrics": "from sklearn import metrics",
    "clone": "from sklearn.base import clone",
    "compute_sample_weight": "from sklearn.utils import compute_sample_weight",
    "threadpool_limits": "from threadpoolctl import threadpool_limits",
}


@dataclass(frozen=True)
class Row:
    """A row of the leaderboard, with what makes it.

    Parameters
    ----------
    run : Run
    candidate : Candidate
    pipeline : sklearn.pipeline.Pipeline
        Not fitted.
    settings : dict
        Its hyper-parameters.
    is_own : bool
        Whether it is not ours as it is.
    grows : bool
        Whether it is grown on all folds side by side.
    cross_fits : bool
        Whether its last step, a calibrator or a stack, is told the folds within.
    library : str
        Another library of boosting, whose trees are counted fold after fold; else nothing.
    """

    run: Run
    candidate: Candidate
    pipeline: Any
    settings: dict[str, Any]
    is_own: bool = False
    grows: bool = False
    cross_fits: bool = False
    library: str = ""

    @property
    def weighed(self) -> bool:
        """Whether rows have weights that differ."""
        return bool(self.run.unweighted)


@dataclass(frozen=True)
class ModelCells:
    """What the model is, and how it is validated."""

    model: tuple[Code, ...]
    validated: Code


def model_cells(row: Row, writer: Writer) -> ModelCells:
    """The cells of a row's model.

    Raises
    ------
    BadParameter
        If its estimator can't be written as code.
    """
    if row.library:
        return _by_rounds(row, writer)
    return _grown(row, writer) if row.grows else _fitted(row, writer)


def _by_rounds(row: Row, writer: Writer) -> ModelCells:
    """Each fold once, with the loss after each tree; then all with the number that they agree on."""
    encode, model = row.pipeline[0], inner(row.pipeline[-1])
    cells = (
        laid_out(assigned("encode", writer.estimator(encode))),
        laid_out(assigned("estimator", writer.estimator(model, tuple(row.settings)))),
    )
    told = {"most": MOST_TREES, "patience": PATIENCE}
    how = {
        ("xgboost", False, 0): python(ENCODED + BY_XGBOOST + AGREED + NUMBERS_OF_XGBOOST, **told),
        ("xgboost", False, 2): python(ENCODED + BY_XGBOOST + AGREED + CLASSES_OF_XGBOOST + SECOND, **told),
        ("xgboost", False, 3): python(ENCODED + BY_XGBOOST + AGREED + CLASSES_OF_XGBOOST, **told),
        ("xgboost", True, 0): python(ENCODED + BY_XGBOOST_AND_WEIGHT + AGREED + NUMBERS_OF_XGBOOST, **told),
        ("xgboost", True, 2): python(ENCODED + BY_XGBOOST_AND_WEIGHT + AGREED + CLASSES_OF_XGBOOST + SECOND, **told),
        ("xgboost", True, 3): python(ENCODED + BY_XGBOOST_AND_WEIGHT + AGREED + CLASSES_OF_XGBOOST, **told),
        ("catboost", False, 0): python(ENCODED + BY_CATBOOST + AGREED + NUMBERS_OF_CATBOOST, **told),
        ("catboost", False, 2): python(ENCODED + BY_CATBOOST + AGREED + CLASSES_OF_CATBOOST + SECOND, **told),
        ("catboost", False, 3): python(ENCODED + BY_CATBOOST + AGREED + CLASSES_OF_CATBOOST, **told),
        ("catboost", True, 0): python(ENCODED + BY_CATBOOST_AND_WEIGHT + AGREED + NUMBERS_OF_CATBOOST, **told),
        ("catboost", True, 2): python(ENCODED + BY_CATBOOST_AND_WEIGHT + AGREED + CLASSES_OF_CATBOOST + SECOND, **told),
        ("catboost", True, 3): python(ENCODED + BY_CATBOOST_AND_WEIGHT + AGREED + CLASSES_OF_CATBOOST, **told),
    }
    return ModelCells(cells, how[row.library, row.weighed, min(len(row.run.classes), 3)])


def _fitted(row: Row, writer: Writer) -> ModelCells:
    """Fitted fold after fold."""
    code = assigned("pipeline", writer.estimator(row.pipeline, () if row.is_own else tuple(row.settings)))
    option = next(iter(fit_options(row.pipeline, np.empty(0))), None) if row.weighed else None
    if option is not None:
        by_weight = {
            ("regression", False): python(FITTED_BY_WEIGHT + NUMBERS, weight=option),
            ("binary", False): python(FITTED_BY_WEIGHT + CLASSES + SECOND, weight=option),
            ("multiclass", False): python(FITTED_BY_WEIGHT + CLASSES, weight=option),
            ("binary", True): python(CROSS_FITTED_BY_WEIGHT + CLASSES + SECOND, weight=option),
            ("multiclass", True): python(CROSS_FITTED_BY_WEIGHT + CLASSES, weight=option),
        }
        return ModelCells((laid_out(code),), by_weight[row.run.task, row.cross_fits])
    how = {
        ("regression", False): python(FITTED + NUMBERS),
        ("binary", False): python(FITTED + CLASSES + SECOND),
        ("multiclass", False): python(FITTED + CLASSES),
        ("regression", True): python(CROSS_FITTED + NUMBERS),
        ("binary", True): python(CROSS_FITTED + CLASSES + SECOND),
        ("multiclass", True): python(CROSS_FITTED + CLASSES),
    }
    return ModelCells((laid_out(code),), how[row.run.task, row.cross_fits])


def _grown(row: Row, writer: Writer) -> ModelCells:
    """LightGBM on all folds side by side."""
    encode, model = row.pipeline[0], row.pipeline[-1]
    told = for_the_library(model, len(row.run.classes), row.settings)
    cells = (
        laid_out(assigned("encode", writer.estimator(encode))),
        laid_out(python("parameters = $told", told=writer.settings(told, row.candidate.name))),
    )
    most, weight = most_rounds(len(row.run.classes), MOST_TREES), _weight(row)
    if looks_at_target(encode):
        apart = python(GROWN_APART_BY_WEIGHT, weight=weight) if weight else python(GROWN_APART)
        how = one_below_another(apart, python(GROWN_TOGETHER, most=most, patience=PATIENCE))
    else:
        bins = python(BINS_BY_WEIGHT, weight=weight) if weight else python(BINS)
        how = python(GROWN, most=most, patience=PATIENCE, bins=Written(bins))
    return ModelCells(cells, how)


def _weight(row: Row) -> Written | None:
    """What each of the rows counts in LightGBM; None where all count the same."""
    classes = of_places(row.settings.get("class_weight"), row.run.classes)
    if classes is None:
        return Written(python("weights[rows]")) if row.weighed else None
    if row.weighed:
        return Written(python("compute_sample_weight($classes, labels[rows]) * weights[rows]", classes=classes))
    return Written(python("compute_sample_weight($classes, labels[rows])", classes=classes))


@dataclass(frozen=True)
class Book:
    """A notebook that is about to be written.

    Parameters
    ----------
    row : Row
    place : Path
        Where it will lie.
    source : Source
        Of its rows.
    table : pandas.DataFrame
        Its rows, shape (n, columns).
    y : pandas.Series, shape (n,)
        The target as it is learnt.
    split : Rule
        How it makes its folds.
    writer : Writer
        Of its model.
    """

    row: Row
    place: Path
    source: Source
    table: pd.DataFrame
    y: pd.Series
    split: Rule
    writer: Writer

    def document(self, made: ModelCells) -> dict[str, Any]:
        """As nbformat 4.5 has it."""
        parts = {
            "data": [*self.source.code(), *self._checked()],
            "features": self._features(),
            "model": [*map(self.writer.show, self.writer.functions), *made.model],
            "folds": [*map(self.writer.show, self.split.shown), self.split.code],
            "validation": [made.validated],
            "scores": self._scores(),
        }
        written = {key: _joined(statements) for key, statements in parts.items()}
        cells = [
            _markdown("title", self._title()),
            _code("parameters", "\n".join(self._parameters()), ["parameters"]),
            _code("imports", self._imports("\n".join(written.values()))),
        ]
        for key, text in written.items():
            cells += [_markdown(f"about-{key}", self._about(key)), _code(key, text)]
        about = {"run": self.run.id, "candidate": self.row.candidate.name, "cells": digest(cells)}
        kernel = {"name": "python3", "display_name": "Python 3", "language": "python"}
        metadata = {"kernelspec": kernel, "language_info": {"name": "python"}, "workbench": about}
        return {"nbformat": 4, "nbformat_minor": 5, "metadata": metadata, "cells": cells}

    @property
    def run(self) -> Run:
        """Of the row."""
        return self.row.run

    def _about(self, key: str) -> str:
        """What a cell does, in words."""
        rows = (
            "pandas gives the very values that the model was trained on; their digest says so."
            if self.source.own
            else f"The rows that the model was trained on lie beside this notebook, in {_plain(self.source.path)}: "
            "they came as no file that pandas reads to the same values."
        )
        folds = (
            f"Equal rows are kept together, or the time is of several columns, which no splitter of scikit-learn does: "
            f"rows lie beside this notebook, in {_plain(' and '.join(self.split.files))}."
            if self.split.files
            else "By scikit-learn's splitters."
        )
        bins = "columns of their own" if self.row.grows and looks_at_target(self.row.pipeline[0]) else "common bins"
        validated = (
            f"The folds grow side by side, on {bins}, and agree on the number of trees: the one with the least mean "
            "loss."
            if self.row.grows
            else "Each fold is fitted once, until its loss on the rows that it leaves has not become less for some "
            "trees; all folds take the number of trees with the least mean loss."
            if self.row.library
            else "Fitted on each fold, and scored on the rows that it leaves."
        )
        scores = (
            "Added up as the leaderboard does, so equal to the last bit; scikit-learn's add up in another order. A "
            "score that is a function of somebody's own is left out."
        )
        return {
            "data": f"## The rows\n\n{rows}", "features": "## Features and target", "model": "## The model",
            "folds": f"## The folds\n\n{folds}", "validation": f"## Validation\n\n{validated}",
            "scores": f"## The scores\n\n{scores}",
        }[key]  # fmt: skip

    def _title(self) -> str:
        """What this is, in words; names of columns and the like say nothing to Markdown."""
        run, row = self.run, self.row.candidate
        first = row.metrics[0]
        left_out = "; ".join(f"{name} {reason}" for name, reason in run.left_out.items())
        needed = " ".join(f"{n}=={v}" for n, v in self._versions().items())
        lines = [
            f"# {_plain(row.name)} on {_plain(str(run.contract.target))}",
            f"A row of the leaderboard of run {_plain(run.id)}, as plain code: it makes the same folds, fits the same "
            "model on each, and finds the validated scores again.",
            f"- {_plain(metric_name(first.name))}: {first.text}, validated on {len(run.folds)} folds",
            f"- Split: {_plain(run.split.reason)}",
            f"- Left out: {_plain(left_out)}" if left_out else "",
            f"- Files beside this notebook: {_plain(', '.join(self._files()))}" if self._files() else "",
            f"- Needs `pip install {needed}`; other versions, or another processor, may add up otherwise.",
        ]
        head, about, *points = filter(None, lines)
        return f"{head}\n\n{about}\n\n" + "\n".join(points)

    def _files(self) -> list[str]:
        own = [] if self.source.own else [self.source.path]
        return [*own, *self.split.files]

    def _versions(self) -> dict[str, str]:
        grown = {"lightgbm"} if self.row.grows else set()
        return versions({"numpy", "pandas", "pyarrow", "scipy", "sklearn", *grown, *self.writer.packages()})

    def _parameters(self) -> Iterator[Code]:
        path = Path(self.source.path).absolute()
        here = path.relative_to(self.place.parent).as_posix() if path.is_relative_to(self.place.parent) else str(path)
        yield python(
            "path = $path  # of the rows that the model was trained on",
            path=here if self.source.own else self.source.path,
        )
        yield python("seed = $seed  # of all that is random", seed=self.run.seed)

    def _imports(self, text: str) -> str:
        """What the cells use."""
        names = {node.id for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Name)}
        used = [python(IMPORTS.get(name, "")) for name in IMPORTS if name in names]
        lines = sorted({*used, *self.writer.imports()}, key=lambda line: (line.startswith("from"), line))
        return "\n".join(["import hashlib", "", *lines])

    def _checked(self) -> Iterator[Code]:
        digest = sha256(row_hashes(self.table).tobytes()).hexdigest()
        yield python(CHECKED, rows=len(self.table), digest=digest)

    def _features(self) -> Iterator[Code]:
        for name, columns in self.writer.lists.items():
            yield laid_out(assigned(name, python("$columns", columns=columns)))
        others = [n for n in self.table.columns if n not in self.run.features]
        yield laid_out(python("X = data.drop(columns=$others)", others=others))
        target, kind = self.y.name, str(self.y.dtype)
        if kind == str(self.table[target].dtype):
            yield python("y = data[$target]", target=target)
        else:
            yield python("y = data[$target].astype($kind)", target=target, kind=kind)
        if self.row.weighed:
            yield python("weights = data[$name].to_numpy(dtype=float)", name=self.run.contract.weight)
        yield python(LABELS_OF_NUMBERS) if self.run.task == "regression" else python(LABELS_OF_CLASSES)

    def _scores(self) -> Iterator[str]:
        """Each score as the leaderboard adds it up, and as scikit-learn does."""
        named = {m.name: m.value for m in self.row.candidate.metrics}
        known = {name: value for name, value in named.items() if is_ours(name) or name in get_scorer_names()}
        ours = [name for name in known if is_ours(name)]
        here = {name: self._scored(name) for name in known}
        shown = ["pinball" if level_of(name) else name for name in ours]
        own = [f"weighted_{name}" for name in shown] if self.row.weighed else shown
        yield from map(self.writer.show, [*(["answered"] if self.run.classes else []), *own, *self._asked(known)])
        yield python(ASKED)
        if self.row.weighed:
            yield python(COUNTED)
        yield laid_out(python("claimed = $scores", scores=known))
        yield laid_out(python("found = $scores", scores=here))
        # The probabilities of XGBoost are of single precision, and scikit-learn warns of their sum.
        single = self.row.library == "xgboost" and self.run.task == "multiclass"
        there = [name for name in ours if not (single and name == "log_loss")]
        yield laid_out(python("library = $scores", scores={n: Written(self._of_library(n)) for n in there}))
        made = ", ".join(f"{n} {v}" for n, v in self._versions().items())
        yield python(SHOWN, message=f"The scores are not those of the leaderboard, which was made with {made}.")

    def _of_library(self, name: str) -> Code:
        """The same score by scikit-learn."""
        level, weighed = level_of(name), self.row.weighed
        if name in FURTHER["multiclass"]:
            ranks = self._ranks()
            by_weight = python(RANKED_BY_WEIGHT.get(name, ""), ranks=ranks)
            return by_weight if weighed else python(RANKED.get(name, ""), ranks=ranks)
        if level is None:
            return python(LIBRARY_BY_WEIGHT.get(name, "")) if weighed else python(LIBRARY.get(name, ""))
        return python(PINBALL_BY_WEIGHT, level=level) if weighed else python(PINBALL, level=level)

    def _asked(self, known: dict[str, float]) -> list[str]:
        """What scikit-learn's scorers ask."""
        kind = "Answers" if self.run.classes else "Numbers"
        return [] if all(map(is_ours, known)) else [kind]

    def _scored(self, name: str) -> Written:
        if is_ours(name):
            return self._ours(name)
        if not self.row.weighed or not measure(name, self.run.task, self.run.classes).weighs:
            return self._unweighted(name)
        if self.run.task == "regression":
            return Written(python(SCORER_OF_NUMBERS_BY_WEIGHT, name=name))
        two = self.run.task == "binary"
        made = python(SCORER_OF_TWO_BY_WEIGHT, name=name) if two else python(SCORER_OF_CLASSES_BY_WEIGHT, name=name)
        return Written(made)

    def _ours(self, name: str) -> Written:
        """By a function that the notebook shows."""
        level, weighed = level_of(name), self.row.weighed
        given = [Written(dotted(n)) for n in ("truth", "predicted", *(["counted"] if weighed else []))]
        shown = f"{'weighted_' if weighed else ''}{name if level is None else 'pinball'}"
        if name in FURTHER["multiclass"]:
            return Written(call(shown, *given, ranks=self._ranks()))
        return Written(call(shown, *given) if level is None else call(shown, *given, level=level))

    def _ranks(self) -> list[int]:
        """Of the sorted classes."""
        classes = ranked(self.run.classes, self.run.contract)
        return list(getattr(classes, "ranks", range(len(classes))))

    def _unweighted(self, name: str) -> Written:
        """By a scorer of scikit-learn."""
        if self.run.task == "regression":
            return Written(python(SCORER_OF_NUMBERS, name=name))
        two = self.run.task == "binary"
        return Written(python(SCORER_OF_TWO, name=name) if two else python(SCORER_OF_CLASSES, name=name))


def digest(cells: Sequence[Cell]) -> str:
    """What changes with any word in a cell: SHA-256, 64 hexadecimal digits."""
    sources = ("".join(cell["source"]) for cell in cells)
    return sha256("\0".join(sources).encode("utf-8", "surrogatepass")).hexdigest()


def _joined(parts: Iterable[str]) -> str:
    """The source of a cell: two blank lines behind a function or class, as people write it."""
    texts = [part.strip() for part in parts if part]
    gaps = ["\n\n\n" if text.startswith(("def ", "class ")) else "\n" for text in texts]
    return "".join(text + gap for text, gap in zip(texts, gaps, strict=True)).strip()


def _plain(text: str) -> str:
    """A text in Markdown that is nothing but itself, on one line."""
    seen = " ".join(text.split()).encode("utf-8", "replace").decode()
    return _MARKS.sub(r"\\\1", seen)


def _markdown(key: str, text: str) -> Cell:
    return {"cell_type": "markdown", "id": key, "metadata": {}, "source": text}


def _code(key: str, text: str, tags: Sequence[str] = ()) -> Cell:
    metadata = {"tags": list(tags)} if tags else {}
    return {
        "cell_type": "code", "id": key, "metadata": metadata, "source": text, "outputs": [], "execution_count": None
    }  # fmt: skip
