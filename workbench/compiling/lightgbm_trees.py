"""The trees of LightGBM as tables, from the model's own text: a sixth of what its JSON costs, with the same numbers."""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from workbench.compiling.columns import INSTEAD
from workbench.errors import CannotCompile
from workbench.tables.links import Array
from workbench.tables.trees import CODES

OTHER = CODES - 1  # the code of every category that no split names
# Bits of a decision: by a category, missing values left, and two for what counts as missing.
CATEGORY, LEFT, ZERO, NAN = 1, 2, 1, 2
LARGEST = 1e300  # what the library writes of larger numbers

Lines = dict[str, str]


class Text(NamedTuple):
    """A model's text, taken apart."""

    head: Lines
    trees: list[Lines]
    foot: Lines


def read(text: str) -> Text:
    """Take a model's text apart.

    Parameters
    ----------
    text : str
        As ``Booster.model_to_string`` writes it.
    """
    body, _, foot = text.partition("\nend of trees")
    head, *trees = re.split(r"^Tree=\d+$", body, flags=re.MULTILINE)
    by_colon = dict(line.partition(":")[::2] for line in foot.splitlines())
    return Text(_lines(head), list(map(_lines, trees)), by_colon)


def tables(trees: list[Lines]) -> list[dict[str, Array]]:
    """One table a tree, as :func:`workbench.compiling.models.joined` takes them; nodes level by level.

    Raises
    ------
    CannotCompile
        If a tree has no table.
    """
    _check(trees)
    flat = _Flat(trees)
    order = flat.level_by_level()
    place = np.empty(len(order), np.int64)
    place[order] = np.arange(len(order)) - flat.starts[flat.tree[order]]
    columns = {name: column[order] for name, column in flat.columns(place).items()}
    sets, columns["category"] = flat.sets(order)
    cut = {name: np.split(column, flat.starts[1:]) for name, column in columns.items()}
    cut["goes_left"] = np.split(sets, np.cumsum([int((one >= 0).sum()) for one in cut["category"]])[:-1])
    return [{name: parts[k] for name, parts in cut.items()} for k in range(len(trees))]


def _lines(part: str) -> Lines:
    return dict(line.partition("=")[::2] for line in part.splitlines())


def _check(trees: list[Lines]) -> None:
    if any(tree.get("is_linear", "0") != "0" for tree in trees):
        raise CannotCompile(f"LightGBM with linear_tree=True has no table. {INSTEAD}")


class _Flat:
    """The nodes of all trees, one tree after the other: its splits, then its leaves."""

    def __init__(self, trees: list[Lines]) -> None:
        self.lines = trees
        self.leaves = np.array([int(tree["num_leaves"]) for tree in trees])
        self.sizes = 2 * self.leaves - 1
        self.starts = np.cumsum(self.sizes) - self.sizes
        self.tree = np.repeat(np.arange(len(trees)), self.sizes)
        inside = np.arange(len(self.tree)) - self.starts[self.tree]
        self.inner = inside < (self.leaves - 1)[self.tree]
        self.decision = self._of_splits("decision_type", np.int64, 0)
        missing = (self.decision >> 2) & 3
        if (missing == ZERO).any():
            raise CannotCompile(f"LightGBM with zero_as_missing=True has no table. {INSTEAD}")
        self.threshold = np.clip(self._of_splits("threshold", np.float64, 0.0), -LARGEST, LARGEST)
        self.categorical = self.decision & CATEGORY == CATEGORY
        goes_left = np.where(missing == NAN, self.decision & LEFT == LEFT, self.threshold >= 0.0)
        self.missing_left = goes_left & self.inner & ~self.categorical
        self.left, self.right = (self._children(side) for side in ("left_child", "right_child"))

    def level_by_level(self) -> Array:
        """The nodes of each tree from its root down, shape (nodes,)."""
        level, levels = self.starts, []
        while level.size:
            levels.append(level)
            split = level[self.inner[level]]
            level = np.column_stack([self.left[split], self.right[split]]).ravel()
        order = np.concatenate(levels)
        return order[np.argsort(self.tree[order], kind="stable")]

    def columns(self, place: Array) -> dict[str, Array]:
        """What each node is; children by their place in their tree."""
        return {
            "feature": self._of_splits("split_feature", np.int64, -1),
            "threshold": np.where(self.categorical, 0.0, self.threshold),
            "left": np.where(self.inner, place[self.left], -1),
            "right": np.where(self.inner, place[self.right], -1),
            "missing_left": self.missing_left,
            "value": np.where(self.inner, 0.0, self._of_leaves("leaf_value"))[:, None],
            "cover": np.where(self.inner, self._of_splits("internal_count", np.float64, 1.0), self._cover_of_leaves()),
        }

    def sets(self, order: Array) -> tuple[Array, Array]:
        """Which codes go left at each split by a category, shape (sets, 256), and of each node its row of its tree."""
        asking = order[self.categorical[order]]
        rows = np.full(len(order), -1, np.int64)
        counted = np.arange(len(asking)) - np.searchsorted(self.tree[asking], self.tree[asking])
        rows[self.categorical[order]] = counted
        held = np.zeros((len(asking), CODES), bool)
        known = {int(t): _bits(self.lines[t]) for t in np.unique(self.tree[asking])}
        for row, node in zip(held, asking.tolist(), strict=True):
            codes = known[int(self.tree[node])][int(self.threshold[node])]
            if max(codes, default=0) >= OTHER:
                raise CannotCompile(f"A category's code is over {OTHER - 1}; there is no table for so many. {INSTEAD}")
            row[codes] = True
        return held, rows

    def _children(self, side: str) -> Array:
        """Of each split the node that lies there; of a leaf itself."""
        child = self._of_splits(side, np.int64, 0)
        inside = np.where(child < 0, (self.leaves - 1)[self.tree] - child - 1, child)
        return np.where(self.inner, inside + self.starts[self.tree], np.arange(len(child)))

    def _of_splits(self, key: str, dtype: Any, of_leaves: Any) -> Array:
        return self._filled(self.inner, [tree.get(key, "") for tree in self.lines], dtype, of_leaves)

    def _of_leaves(self, key: str) -> Array:
        return self._filled(~self.inner, [tree[key] for tree in self.lines], np.float64, 0.0)

    def _cover_of_leaves(self) -> Array:
        """Rows of each leaf; LightGBM counts none of a tree that is one leaf."""
        counts = [tree.get("leaf_count") or " ".join(["1"] * int(tree["num_leaves"])) for tree in self.lines]
        return self._filled(~self.inner, counts, np.float64, 0.0)

    def _filled(self, where: Array, texts: list[str], dtype: Any, other: Any) -> Array:
        values = np.full(len(where), other, dtype)
        if where.any():
            values[where] = np.fromstring(" ".join(texts), dtype, sep=" ")
        return values


def _bits(tree: Lines) -> list[list[int]]:
    """The codes of each set of a tree: bits in words of 32."""
    ends = [int(word) for word in tree["cat_boundaries"].split()]
    words = np.array(tree["cat_threshold"].split(), dtype=np.uint32)
    bits = np.unpackbits(words.astype("<u4").view(np.uint8), bitorder="little")
    return [np.flatnonzero(bits[32 * a : 32 * b]).tolist() for a, b in pairwise(ends)]
