"""Many classes: those that are too rare to be learnt, and what keeps boosting to a sensible time."""

from __future__ import annotations

from typing import Any

import pandas as pd

from workbench.training.candidates import Settings

# Classes from which on boosting, which grows a tree for each in every round, gets smaller and steadier trees: with
# larger ones its softmax diverges (100 classes of 200 rows: log loss 5.1 instead of 1.9), and takes four times as long.
MANY = 20
SMALL: dict[str, Settings] = {
    "lightgbm": {"num_leaves": 7, "reg_lambda": 3.0, "learning_rate": 0.2},
    "boosting": {"max_leaf_nodes": 7, "l2_regularization": 3.0, "learning_rate": 0.2},
}
# Trees of all classes together; each class has at least so many.
MOST_TREES, FEWEST_ROUNDS = 5_000, 20


def rare_classes(target: pd.Series, fewest: int) -> dict[Any, int]:
    """Classes with fewer rows than validation needs, and how many each has; none where hardly two others are left.

    Parameters
    ----------
    target : pandas.Series, shape (n,)
        Classes.
    fewest : int
        Rows that each class needs.

    Examples
    --------
    >>> rare_classes(pd.Series(["a"] * 9 + ["b"] * 8 + ["c"]), 6), rare_classes(pd.Series(["a"] * 9 + ["b"]), 6)
    ({'c': 1}, {})
    """
    counts = target.value_counts()
    rare = counts[counts < fewest]
    return {label: int(n) for label, n in rare.items()} if len(counts) - len(rare) > 1 else {}


def told_many(name: str, classes: int) -> Settings:
    """What boosting is told of many classes.

    Examples
    --------
    >>> told_many("boosting", 100)["max_iter"], told_many("lightgbm", 3)
    (50, {})
    """
    if classes < MANY or name not in SMALL:
        return {}
    return SMALL[name] | ({"max_iter": most_rounds(classes, 150)} if name == "boosting" else {})


def most_rounds(classes: int, most: int) -> int:
    """Rounds of boosting at most: with many classes fewer, for each grows a tree for every one of them.

    >>> most_rounds(0, 2000), most_rounds(100, 2000), most_rounds(1000, 2000)
    (2000, 50, 20)
    """
    return most if classes < MANY else min(most, max(FEWEST_ROUNDS, MOST_TREES // classes))
