"""Explainable boosting machines (InterpretML): each term's scores become one tree. The library is not imported.

A term is a table of scores by the bins of one column, or of two: bin 0 is what is missing, then come the bins between
the cuts of a number or the categories, and last what was not seen. A tree that halves the bins column by column leads
each row to its score, and the terms are added in the machine's own order, so the sums are the same bits.

References
----------
Nori, H., Jenkins, S., Koch, P., Caruana, R. (2019), InterpretML: A Unified Framework for Machine Learning
Interpretability.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

from workbench.compiling.columns import INSTEAD, Looked, Made, Matrix, Plain, State
from workbench.compiling.models import Part, after, compiler, joined
from workbench.core.contract import Task
from workbench.errors import CannotCompile
from workbench.tables.compiled import Link
from workbench.tables.links import Array
from workbench.tables.nodes import Curve
from workbench.tables.trees import CODES

LINKS: dict[str, Link] = {"logit": "logistic", "mlogit": "softmax", "identity": "identity", "log": "identity"}
MOST_BINS = 1_000_000  # of all terms together
LEAF = -1


class Axis(NamedTuple):
    """One column of a term."""

    column: int  # among the columns that the terms use
    limits: Array  # the highest value of each bin but the last, rising


class Halves(NamedTuple):
    """A tree over ``bins`` bins and the one of missing values, each node in front of its children."""

    limit: Array  # which limit a node asks, shape (nodes,); -1 where it asks whether the value is missing
    left: Array  # children, -1 for a leaf
    right: Array
    first: Array  # the bins of each node: from here
    end: Array  # to below there


@compiler("ExplainableBoostingClassifier", "ExplainableBoostingRegressor")
def _explainable_boosting(model: Any, state: State, task: Task, matrix: Matrix) -> Part:
    if model.link_ not in LINKS:
        raise CannotCompile(f"An explainable boosting machine with the link {model.link_!r} has no table. {INSTEAD}")
    bins = sum(scores.size for scores in model.term_scores_)
    if bins > MOST_BINS:
        raise CannotCompile(
            f"An explainable boosting machine of {bins:,} scores has no table, at most {MOST_BINS:,} have one. "
            f"Give it fewer categories or interactions. {INSTEAD}"
        )
    used: list[Made] = []
    tables = [
        _grown(tuple(_axes(model, term, state, used)), _by_output(scores, len(term)), weights)
        for term, scores, weights in zip(model.term_features_, model.term_scores_, model.bin_weights_, strict=True)
    ]
    start = np.array(model.intercept_, dtype=np.float64).reshape(-1)
    trees = joined(tables, [0] * len(tables), start, tuple(used), matrix)
    return Part(after(trees, Curve("exp", 1)) if model.link_ == "log" else trees, LINKS[model.link_])


def _by_output(scores: Array, columns: int) -> Array:
    """Scores with an axis for the outputs, one for two classes and numbers."""
    return scores if scores.ndim > columns else scores[..., None]


# --- columns ------------------------------------------------------------------------------------------------------


def _axes(model: Any, term: tuple[int, ...], state: State, used: list[Made]) -> Iterator[Axis]:
    """The columns of a term; those that are new are added to ``used``."""
    for place in term:
        levels = model.bins_[place]
        bins = levels[min(len(levels), len(term)) - 1]
        column: Made = state[place]
        if isinstance(bins, dict):
            column, limits = _coded(column, bins), np.arange(1, max(bins.values(), default=0) + 1) + 0.5
        else:
            limits = np.nextafter(np.asarray(bins, dtype=np.float64), -np.inf)  # a value at a cut lies above it
        if column not in used:
            used.append(column)
        yield Axis(used.index(column), limits)


def _coded(column: Made, bins: dict[str, int]) -> Looked:
    """Categories as the number of their bin; what was not seen has the one behind all of them.

    The machine compares texts, so a number or a truth value stands for its text.
    """
    if not isinstance(column, Plain) or column.steps or column.kind != "number":
        raise CannotCompile(f"Column {column.source!r} is a category for the model behind another encoder. {INSTEAD}")
    codes: dict[Any, int] = {}
    for text, code in bins.items():
        codes |= {key: code for key in (text, *_plain(text)) if key not in codes}
    unseen = max(bins.values(), default=0) + 1
    return Looked(column.source, tuple(codes), (*map(float, codes.values()), float("nan"), float(unseen)))


def _plain(text: str) -> Iterator[Any]:
    """The number or truth value that a text stands for, if it does.

    >>> [list(_plain(text)) for text in ("1", "1.5", "True", "01", "Ulm")]
    [[1], [1.5], [True], [], []]
    """
    if text in ("True", "False"):
        yield text == "True"
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        if str(value) == text and value == value:
            yield value
            return


# --- trees --------------------------------------------------------------------------------------------------------


def _grown(axes: tuple[Axis, ...], scores: Array, weights: Array) -> dict[str, Array]:
    """The tree of a term: the bins of its first column, and behind each those of the next.

    Parameters
    ----------
    axes : tuple of Axis
    scores : float array, shape (bins of each axis, outputs)
    weights : float array, shape (bins of each axis)
        Of the rows that it was fitted on.
    """
    first, *rest = axes
    tree = _halves(len(first.limits) + 1)
    whole = np.concatenate([[0.0], np.cumsum(weights.reshape(len(weights), -1).sum(axis=1))])
    leaf = tree.left < 0
    of_leaves = scores.reshape(len(scores), -1, scores.shape[-1])[tree.first, 0]
    table = {
        "feature": np.where(leaf, LEAF, first.column),
        "threshold": np.where(leaf, 0.0, np.append(first.limits, -np.inf)[tree.limit]),
        "left": tree.left,
        "right": tree.right,
        "missing_left": tree.limit < 0,
        "category": np.full(len(leaf), -1),
        "goes_left": np.zeros((0, CODES), bool),
        "value": np.where(leaf[:, None], of_leaves, 0.0),
        "cover": np.maximum(whole[tree.end] - whole[tree.first], 0.0),
    }
    if not rest:
        return table
    return _behind(table, tree, [_grown(tuple(rest), scores[k], weights[k]) for k in range(len(weights))])


def _behind(table: dict[str, Array], tree: Halves, bins: list[dict[str, Array]]) -> dict[str, Array]:
    """A tree whose leaves are trees themselves; ``bins`` is one a bin."""
    leaves = np.flatnonzero(tree.left < 0)
    grown = [bins[k] for k in tree.first[leaves].tolist()]
    inner = np.flatnonzero(tree.left >= 0)
    begins = len(inner) + np.concatenate([[0], np.cumsum([len(one["feature"]) for one in grown])])
    place = np.empty(len(tree.left), np.int64)
    place[inner], place[leaves] = np.arange(len(inner)), begins[:-1]
    whole = {name: np.concatenate([values[inner] if len(values) else values, *(one[name] for one in grown)])
             for name, values in table.items()}  # fmt: skip
    for name in ("left", "right"):
        moved = [np.where(one[name] < 0, LEAF, one[name] + start) for one, start in zip(grown, begins, strict=False)]
        whole[name] = np.concatenate([place[table[name][inner]], *moved])
    return whole


@lru_cache(maxsize=1024)
def _halves(bins: int) -> Halves:
    """The tree over some bins: first whether a value is missing, bin 0, then each node parts its bins in the middle.

    Examples
    --------
    >>> tree = _halves(2)
    >>> tree.limit.tolist(), tree.left.tolist(), tree.right.tolist(), tree.first.tolist(), tree.end.tolist()
    ([-1, -1, 0, -1, -1], [1, -1, 3, -1, -1], [2, -1, 4, -1, -1], [0, 0, 1, 1, 2], [3, 1, 3, 2, 3])
    """
    parts, limit, left = [(0, bins + 1), (0, 1), (1, bins + 1)], [-1, -1], [1, LEAF]
    for first, end in islice(parts, 2, None):  # it grows meanwhile
        middle, alone = (first + end) // 2, end - first == 1
        limit.append(-1 if alone else middle - 2)
        left.append(LEAF if alone else len(parts))
        parts += [] if alone else [(first, middle), (middle, end)]
    children = np.array(left, np.int64)
    ends = np.array(parts, np.int64).T
    return Halves(np.array(limit, np.int64), children, np.where(children < 0, LEAF, children + 1), *ends)
