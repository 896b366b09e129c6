"""Functions that a notebook shows as they stand here: they need what its first cell imports, and nothing of ours.

What was found when the notebook was written was found by these very functions, so the text that is shown is the text
that ran. The scores are those of :mod:`workbench.core.measures`, summed in the same order: equal to the last bit, which
scikit-learn's are not.
"""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.special import softmax
from scipy.stats import rankdata
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, TransformerMixin, clone
from sklearn.linear_model import Ridge
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedKFold,
    TimeSeriesSplit,
    cross_val_predict,
    train_test_split,
)
from sklearn.pipeline import Pipeline
from threadpoolctl import threadpool_limits


def drawn(y: pd.Series, folds: int, seed: int, stratify: bool) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and rows to score, fold by fold; a fifth of all was drawn before, and is held out."""
    kept, _ = train_test_split(np.arange(len(y)), test_size=0.2, random_state=seed, stratify=y if stratify else None)
    step = max(len(kept) / 30_000, 1.0)  # of more rows than these, some are enough to choose by
    kept = np.sort(kept[np.arange(0, len(kept), step).astype(int)])
    splitter = (StratifiedKFold if stratify else KFold)(folds, shuffle=True, random_state=seed)
    return [(kept[fit], kept[scored]) for fit, scored in splitter.split(kept, y.iloc[kept])]


def by_group(groups: pd.Series, folds: int, seed: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and rows to score, whole groups of them; a fifth of the groups is held out."""
    names = groups.astype(str).to_numpy()
    splitter = GroupShuffleSplit(1, test_size=0.2, random_state=seed)
    kept, _ = next(splitter.split(names, groups=names))
    return [(kept[fit], kept[scored]) for fit, scored in GroupKFold(folds).split(kept, groups=names[kept])]


def in_time(moments: pd.Series, folds: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on, and the next ones in time to score; the latest fifth is held out, rows without a time are first.

    Rows of one moment are never on both sides.
    """
    order = moments.reset_index(drop=True).sort_values(kind="stable", na_position="first").index.to_numpy()
    time = moments.iloc[order]
    kept = np.flatnonzero(~(time >= time.iloc[int(len(time) * (1 - 0.2))]))[-30_000:]
    pairs = [(kept[fit], kept[scored]) for fit, scored in TimeSeriesSplit(folds).split(kept)]
    before = [(fit[~(time.iloc[fit] >= time.iloc[scored[0]])], scored) for fit, scored in pairs]
    return [(order[fit], order[scored]) for fit, scored in before]


def without_copies(
    folds: list[tuple[np.ndarray, np.ndarray]],
    X: pd.DataFrame,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The folds, where no row is fitted on that equals a scored one in every feature."""
    rows = pd.util.hash_pandas_object(X, index=False).to_numpy()
    return [(fit[~np.isin(rows[fit], rows[scored])], scored) for fit, scored in folds]


def from_file(path: str) -> list[tuple[np.ndarray, np.ndarray]]:
    """Rows to fit on and rows to score, fold by fold, as they were when the leaderboard was made."""
    places = [fold for _, fold in pd.read_parquet(path).groupby("fold")]
    return [
        (fold.loc[~fold["scored"], "row"].to_numpy(), fold.loc[fold["scored"], "row"].to_numpy()) for fold in places
    ]


def date_parts(dates: pd.DataFrame) -> np.ndarray:
    """Month, weekday (Monday is 0) and hour of each date, in UTC where its zone is known."""
    parts = []
    for moment in in_utc(dates):
        parts += [moment.dt.month, moment.dt.day_of_week, moment.dt.hour]
    return np.column_stack([part.to_numpy(dtype=float, na_value=np.nan) for part in parts])


def date_features(dates: pd.DataFrame, cyclic: bool = False) -> np.ndarray:
    """Parts of the dates, days of the month, days since 1970, and the days between each two of the first six.

    For lines, which can't bend, also months, weekdays and hours as points on a circle.
    """
    day, found = np.timedelta64(1, "D"), in_utc(dates)
    exact = [moment.to_numpy("datetime64[us]") for moment in found]
    parts = date_parts(dates)
    made = [parts]
    for moment, at in zip(found, exact, strict=True):
        made += [moment.dt.day.to_numpy(dtype=float, na_value=np.nan), (at - np.datetime64(0, "us")) / day]
    made += [(end - start) / day for k, start in enumerate(exact[:6]) for end in exact[k + 1 : 6]]
    if cyclic:
        angles = parts * np.tile([2 * np.pi / 12, 2 * np.pi / 7, 2 * np.pi / 24], len(exact))
        made += [np.sin(angles), np.cos(angles)]
    return np.column_stack(made)


def in_utc(dates: pd.DataFrame) -> list[pd.Series]:
    """The dates in UTC where their zone is known."""
    return [
        values.dt.tz_localize(None) if values.dt.tz is None else values.dt.tz_convert(None)
        for _, values in dates.items()
    ]


def texts(values: pd.DataFrame) -> list[str]:
    """The texts of one column: missing ones say _nothing_, and so do those without a letter; very long ones are cut."""
    found = ["" if pd.isna(value) else str(value)[:20_000] for value in values.iloc[:, 0]]
    return [text if any(letter.isalnum() or letter == "_" for letter in text) else "_nothing_" for text in found]


def in_order(counts: csr_matrix) -> csr_matrix:
    """Counts of terms with each row's terms in their order: sums have one order, of rows to fit on and of others."""
    counts = counts.copy()
    counts.has_sorted_indices = False
    counts.sort_indices()
    return counts


def written_numbers(values: pd.DataFrame) -> np.ndarray:
    """The number that each text holds: the middle of a range, the limit of an open one, units in one of their kind."""
    return np.column_stack([[written(value) for value in values[name]] for name in values])


def written(value: object) -> float:
    """The number that one text holds, as in <5, 20-29, 3.4 GB, $2M; NaN where there is none."""
    text, money, number = str(value).strip() if isinstance(value, str) else "", "[$€£¥]", r"(-?\d+(?:[.,]\d+)*)"
    sign, end = r"(?:[<>≤≥=~≈±]+|about|over|under|ca\.)?\s*", rf"\+?\s*([A-Za-z%]*)\.?\s*({money})?\s*\+?"
    pattern = rf"{sign}({money})?\s*{number}\s*(?:(?:-|–|to)\s*{money}?\s*{number}\s*)?{end}"
    found = re.fullmatch(pattern, text, re.IGNORECASE) if isinstance(value, str) and len(value) <= 60 else None
    if found is None:
        return np.nan
    before, first, last, unit, behind = found.groups()
    ends = [decimal(digits) for digits in (first, last or first)]
    return (ends[0] + ends[1]) / 2 * factor(unit, bool(before or behind)) if ends[0] <= ends[1] else np.nan


def decimal(digits: str) -> float:
    """A number whose comma parts thousands or decimals."""
    if re.fullmatch(r"-?[1-9]\d{0,2}(?:,\d{3})+(?:\.\d+)?", digits):
        return float(digits.replace(",", ""))
    plain = re.fullmatch(r"-?(?:0|[1-9]\d*)(?:[.,]\d+)?", digits)
    return float(digits.replace(",", ".")) if plain else np.nan


def factor(unit: str, of_money: bool) -> float:
    """What a unit is in the first one of its kind: bytes, seconds, grams, metres."""
    many = {"k": 1e3, "m": 1e6, "mio": 1e6, "b": 1e9, "bn": 1e9} if of_money else {}
    units = {
        "": 1.0, "%": 1.0,
        "b": 1.0, "kb": 1e3, "mb": 1e6, "gb": 1e9, "tb": 1e12, "kib": 2.0**10, "mib": 2.0**20, "gib": 2.0**30,
        "ms": 1e-3, "s": 1.0, "sec": 1.0, "second": 1.0, "min": 60.0, "minute": 60.0, "h": 3600.0, "hr": 3600.0,
        "hour": 3600.0, "d": 86400.0, "day": 86400.0, "week": 604800.0, "month": 2629800.0, "yr": 31557600.0,
        "year": 31557600.0,
        "mg": 1e-3, "g": 1.0, "kg": 1e3, "t": 1e6, "oz": 28.349523125, "lb": 453.59237,
        "mm": 1e-3, "cm": 1e-2, "m": 1.0, "km": 1e3, "in": 0.0254, "ft": 0.3048, "mi": 1609.344,
    }  # fmt: skip
    found = many.get(unit.lower(), {"k": 1e3, "K": 1e3, "M": 1e6}.get(unit))
    small = unit.lower()
    return found or units.get(small, units.get(small.removesuffix("s"), np.nan))


class CrossFittedRidge(TransformerMixin, BaseEstimator):
    """The prediction of a ridge regression as a feature; rows that it is fitted on are answered by one without them."""

    def __init__(self, classes: bool = False, alpha: float = 1.0, cv: int = 3, random_state: int | None = None) -> None:
        self.classes = classes
        self.alpha = alpha
        self.cv = cv
        self.random_state = random_state

    def fit(self, X: csr_matrix, y: np.ndarray) -> TransformerMixin:
        """On all rows."""
        with threadpool_limits(1):  # sums have one order
            self.ridge_ = Ridge(alpha=self.alpha).fit(X, self.numbers(y))
        return self

    def fit_transform(self, X: csr_matrix, y: np.ndarray) -> np.ndarray:
        """On all rows, each answered by a regression on others."""
        parts = KFold(self.cv, shuffle=True, random_state=self.random_state)
        with threadpool_limits(1):
            answers = cross_val_predict(Ridge(alpha=self.alpha), X, self.numbers(y), cv=parts)
        self.fit(X, y)
        return self.rounded(answers)

    def transform(self, X: csr_matrix) -> np.ndarray:
        """Other rows."""
        return self.rounded(self.ridge_.predict(X))

    def numbers(self, y: np.ndarray) -> np.ndarray:
        """Of classes which one it is, of two the second alone."""
        if not self.classes:
            return np.asarray(y, dtype=float)
        classes, codes = np.unique(y, return_inverse=True)
        one_hot = np.eye(len(classes))[codes]
        return one_hot[:, 1:] if len(classes) == 2 else one_hot

    def rounded(self, answers: np.ndarray) -> np.ndarray:
        """To float32: last digits depend on the order in which products are added."""
        return np.asarray(answers, dtype=np.float32).astype(float).reshape(len(answers), -1)


class OrdinalClassifier(ClassifierMixin, BaseEstimator):
    """Whether a row lies above each boundary between ordered classes; all together make their probabilities."""

    def __init__(self, estimator: ClassifierMixin, order: list | None = None) -> None:
        self.estimator = estimator
        self.order = order

    def fit(self, X: np.ndarray, y: pd.Series, sample_weight: np.ndarray | None = None) -> ClassifierMixin:
        """One classifier a boundary, each on all rows."""
        self.classes_, places = np.unique(y, return_inverse=True)
        there = [label for label in (self.order or self.classes_.tolist()) if label in self.classes_]
        self.ranks_ = np.array([there.index(label) for label in self.classes_.tolist()])
        above = self.ranks_[places][:, None] > np.arange(len(there) - 1)
        weights = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimators_ = [clone(self.estimator).fit(X, one, **weights) for one in above.T]
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Log-odds of neighbours are those of their boundary; of each of the sorted classes."""
        odds = np.column_stack([self.log_odds(model, X) for model in self.estimators_])
        sums = np.column_stack([np.zeros(len(odds)), np.cumsum(odds, axis=1)])
        return softmax(sums[:, self.ranks_], axis=1)

    def predict(self, X: np.ndarray) -> np.ndarray:
        """The most probable class."""
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def log_odds(self, model: ClassifierMixin, X: np.ndarray) -> np.ndarray:
        """What a classifier adds up."""
        return model.decision_function(X) if hasattr(model, "decision_function") else model.predict(X, raw_score=True)


class TrendRegressor(RegressorMixin, BaseEstimator):
    """A model that can go on beyond what it has seen, and a second one on what it leaves."""

    def __init__(self, trend: Pipeline, rest: Pipeline) -> None:
        self.trend = trend
        self.rest = rest

    def fit(self, X: pd.DataFrame, y: pd.Series, sample_weight: np.ndarray | None = None) -> RegressorMixin:
        """The trend, then the rest."""
        weights = {} if sample_weight is None else {"model__sample_weight": sample_weight}
        target = np.asarray(y, dtype=float)
        self.trend_ = clone(self.trend).fit(X, target, **weights)
        self.rest_ = clone(self.rest).fit(X, target - self.trend_.predict(X), **weights)
        return self

    def predict(self, X: pd.DataFrame) -> np.ndarray:
        """The sum of both."""
        return self.trend_.predict(X) + self.rest_.predict(X)


def roc_auc(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of pairs of a positive and a negative row in which the positive one has the larger probability."""
    ranks, positive = rankdata(predicted), int(truth.sum())
    pairs = positive * (len(truth) - positive)
    return float((ranks[truth == 1].sum() - positive * (positive + 1) / 2) / pairs)


def average_precision(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Precision, averaged over the positive rows."""
    order = np.argsort(-predicted, kind="stable")
    hits = np.cumsum(truth[order] == 1)
    last_of_ties = np.append(np.flatnonzero(np.diff(predicted[order])), len(order) - 1)
    recall = hits[last_of_ties] / hits[-1]
    return float(np.sum(np.diff(recall, prepend=0.0) * hits[last_of_ties] / (last_of_ties + 1)))


def log_loss(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean of minus the logarithm of the true class's probability."""
    if predicted.ndim == 1:
        likelihood = np.where(truth == 1, predicted, 1 - predicted)
    else:
        likelihood = predicted[np.arange(len(truth)), truth]
    return float((-np.log(np.clip(likelihood, np.finfo(float).eps, 1))).mean())


def answered(predicted: np.ndarray) -> np.ndarray:
    """The class of the largest probability."""
    return (predicted >= 0.5).astype(int) if predicted.ndim == 1 else predicted.argmax(axis=1)


def accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of right answers."""
    return float((answered(predicted) == truth).mean())


def balanced_accuracy(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Share of right answers, averaged over the classes."""
    right = answered(predicted) == truth
    return float(np.mean([right[truth == k].mean() for k in np.unique(truth)]))


def quadratic_kappa(truth: np.ndarray, predicted: np.ndarray, ranks: list[int]) -> float:
    """1 less the mean squared difference of the ranks, by that of answers that do not look at the row."""
    true, given = np.array(ranks, dtype=float)[truth], np.array(ranks, dtype=float)[answered(predicted)]
    spread = float(((true - float(true.mean())) ** 2).mean()) + float(((given - float(given.mean())) ** 2).mean())
    by_chance = spread + (float(true.mean()) - float(given.mean())) ** 2
    return 1 - float(((true - given) ** 2).mean()) / by_chance


def rank_mae(truth: np.ndarray, predicted: np.ndarray, ranks: list[int]) -> float:
    """By how many ranks answers are off."""
    return float(abs(np.array(ranks, dtype=float)[truth] - np.array(ranks, dtype=float)[answered(predicted)]).mean())


def rmse(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Root of the mean squared error."""
    return float(((truth - predicted) ** 2).mean()) ** 0.5


def mae(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean absolute error."""
    return float(abs(truth - predicted).mean())


def r2(truth: np.ndarray, predicted: np.ndarray) -> float:
    """1 less the share of the variance that is left."""
    left, whole = ((truth - predicted) ** 2).sum(), ((truth - truth.mean()) ** 2).sum()
    return float(1 - left / whole) if whole else float(left == 0)


def poisson_deviance(truth: np.ndarray, predicted: np.ndarray) -> float:
    """Mean deviance of counts; predictions are kept above 0."""
    expected = np.maximum(predicted, np.finfo(float).eps)
    return float((2 * (truth * np.log(np.where(truth > 0, truth, 1.0) / expected) - truth + expected)).mean())


def pinball(truth: np.ndarray, predicted: np.ndarray, level: float) -> float:
    """Mean of level times what lies above a prediction, and of 1 - level times what lies below."""
    off = truth - predicted
    return float(np.where(off >= 0, level * off, (level - 1) * off).mean())


def weighted_mean(values: np.ndarray, weights: np.ndarray) -> float:
    """Mean in which each row counts by its weight."""
    return float((weights * values).sum() / weights.sum())


def weights_by_rank(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Weights of the positive and the negative rows at each value that is predicted, the least first."""
    order = np.argsort(predicted, kind="stable")
    starts = np.flatnonzero(np.diff(predicted[order], prepend=-np.inf))
    positive, negative = (weights[order] * (truth[order] == k) for k in (1, 0))
    return np.add.reduceat(positive, starts), np.add.reduceat(negative, starts)


def weighted_roc_auc(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Share of the weight of pairs in which the positive row has the larger probability."""
    positive, negative = weights_by_rank(truth, predicted, weights)
    below = negative.cumsum() - negative / 2
    return float((positive * below).sum() / (positive.sum() * negative.sum()))


def weighted_average_precision(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Precision, averaged over the weights of the positive rows."""
    positive, negative = (there[::-1] for there in weights_by_rank(truth, predicted, weights))
    hits, all_of_them = positive.cumsum(), (positive + negative).cumsum()
    return float((positive * (hits / all_of_them)).sum() / hits[-1])


def weighted_log_loss(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean of minus the logarithm of the true class's probability."""
    if predicted.ndim == 1:
        likelihood = np.where(truth == 1, predicted, 1 - predicted)
    else:
        likelihood = predicted[np.arange(len(truth)), truth]
    return weighted_mean(-np.log(np.clip(likelihood, np.finfo(float).eps, 1)), weights)


def weighted_accuracy(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Share of the weight of right answers."""
    return weighted_mean(answered(predicted) == truth, weights)


def weighted_balanced_accuracy(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Share of the weight of right answers, averaged over the classes."""
    right = answered(predicted) == truth
    return float(np.mean([weighted_mean(right[truth == k], weights[truth == k]) for k in np.unique(truth)]))


def weighted_quadratic_kappa(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray, ranks: list[int]) -> float:
    """1 less the weighted mean squared difference of the ranks, by that of answers that do not look at the row."""
    true, given = np.array(ranks, dtype=float)[truth], np.array(ranks, dtype=float)[answered(predicted)]
    centres = weighted_mean(true, weights), weighted_mean(given, weights)
    spread = weighted_mean((true - centres[0]) ** 2, weights) + weighted_mean((given - centres[1]) ** 2, weights)
    return 1 - weighted_mean((true - given) ** 2, weights) / (spread + (centres[0] - centres[1]) ** 2)


def weighted_rank_mae(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray, ranks: list[int]) -> float:
    """Weighted mean of the ranks that answers are off by."""
    off = abs(np.array(ranks, dtype=float)[truth] - np.array(ranks, dtype=float)[answered(predicted)])
    return weighted_mean(off, weights)


def weighted_rmse(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Root of the weighted mean of the squared errors."""
    return weighted_mean((truth - predicted) ** 2, weights) ** 0.5


def weighted_mae(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean of the absolute errors."""
    return weighted_mean(abs(truth - predicted), weights)


def weighted_poisson_deviance(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """Weighted mean deviance of counts; predictions are kept above 0."""
    expected = np.maximum(predicted, np.finfo(float).eps)
    off = 2 * (truth * np.log(np.where(truth > 0, truth, 1.0) / expected) - truth + expected)
    return weighted_mean(off, weights)


def weighted_pinball(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray, level: float) -> float:
    """Weighted mean of level times what lies above a prediction, and of 1 - level times what lies below."""
    off = truth - predicted
    return weighted_mean(np.where(off >= 0, level * off, (level - 1) * off), weights)


def weighted_r2(truth: np.ndarray, predicted: np.ndarray, weights: np.ndarray) -> float:
    """1 less the share of the weighted variance that is left."""
    left = (weights * (truth - predicted) ** 2).sum()
    whole = (weights * (truth - weighted_mean(truth, weights)) ** 2).sum()
    return float(1 - left / whole) if whole else float(left == 0)


class Answers(ClassifierMixin, BaseEstimator):
    """Probabilities that are known, as the model that a scorer of scikit-learn asks."""

    def __init__(self, predicted: np.ndarray, classes: np.ndarray) -> None:
        self.predicted, self.classes_ = predicted, classes

    def predict_proba(self, rows: np.ndarray) -> np.ndarray:
        """Those of some rows, shape (rows, classes)."""
        there = self.predicted[rows[:, 0]]
        return there if there.ndim > 1 else np.column_stack([1 - there, there])

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """The classes that they answer."""
        return self.classes_[answered(self.predicted[rows[:, 0]])]


class Numbers(RegressorMixin, BaseEstimator):
    """Predictions that are known, as the model that a scorer of scikit-learn asks."""

    def __init__(self, predicted: np.ndarray) -> None:
        self.predicted = predicted

    def predict(self, rows: np.ndarray) -> np.ndarray:
        """Those of some rows."""
        return self.predicted[rows[:, 0]]

    def __sklearn_is_fitted__(self) -> bool:
        return True
