"""LightGBM's models on disk: its own text, every number of which is looked at before LightGBM sees it.

LightGBM reads a model in C and follows its nodes without looking where they lead. So a text from outside is parsed
here, each index is checked, and LightGBM is given a text that is written anew from the numbers alone.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from copy import deepcopy
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from workbench.errors import Damaged, Untrusted

if TYPE_CHECKING:
    from sklearn.pipeline import Pipeline

Lines = dict[str, str]

OBJECTIVE = re.compile(
    r"(binary|multiclass|multiclassova|regression|regression_l1|huber|fair|poisson|quantile|mape|gamma|tweedie)"
    r"( [a-z_]+(:-?[0-9.e+-]+)?)*"
)
MOST_FEATURES = 1_000_000
# Keys of a tree that hold a number a split, and those that hold one a leaf.
OF_SPLITS = ("split_gain", "threshold", "internal_value", "internal_weight", "internal_count")
OF_LEAVES = ("leaf_value", "leaf_weight", "leaf_count")
# Those that count rows: LightGBM reads a fraction there as the end of the list, and shares reasons out by them.
COUNTS = frozenset({"internal_count", "leaf_count"})
# Bits of a decision: by a set of categories; missing values go left; what counts as missing (none, zero, NaN).
CATEGORIES = 1
MOST_DECISION = 0b1011


def without_boosters(pipeline: Pipeline) -> Pipeline:
    """A copy in which each fitted model of LightGBM is its text; the pipeline itself where there is none.

    Raises
    ------
    Untrusted
        If one is of a kind whose text is not read back: lines in its leaves, an objective of somebody's own.
    """
    boosters = {id(model._Booster): model._Booster for model in models_of_lightgbm(pipeline, set())}
    try:
        texts: dict[int, Any] = {place: sound(own.model_to_string()) for place, own in boosters.items()}
    except (KeyError, ValueError) as error:
        raise Untrusted(f"A model of LightGBM can't be kept ({error}). Train one of a usual objective.") from error
    return deepcopy(pipeline, texts) if texts else pipeline


def with_boosters(pipeline: Pipeline, what: str) -> Pipeline:
    """The pipeline with a model of LightGBM in the place of each checked text.

    Raises
    ------
    Damaged
        If a text is none of a model, or leads outside of it.
    """
    for model in models_of_lightgbm(pipeline, set()):
        model._Booster = booster(model._Booster, what)
        if "_le" in vars(model):  # of truth values, a file of skops keeps one as a key
            classes = model._le.classes_
            model._class_map = dict(zip(classes, model._le.transform(classes), strict=True))
    return pipeline


def booster(text: Any, what: str) -> Any:
    """A model of LightGBM from its text, checked."""
    from lightgbm import Booster
    from lightgbm.basic import LightGBMError

    try:
        return Booster(model_str=sound(text))
    except (KeyError, ValueError, TypeError, IndexError, AttributeError, OverflowError, LightGBMError) as error:
        raise Damaged(
            f"{what} holds a model of LightGBM that is broken ({error}). Train again, or fetch it anew."
        ) from error


def models_of_lightgbm(thing: Any, seen: set[int]) -> Iterator[Any]:
    """Every fitted estimator of LightGBM inside."""
    if id(thing) in seen:
        return
    seen.add(id(thing))
    own = getattr(thing, "__dict__", {})
    if type(thing).__module__ == "lightgbm.sklearn" and own.get("_Booster") is not None:
        yield thing
        return
    parts = thing.values() if isinstance(thing, dict) else thing if isinstance(thing, (list, tuple)) else ()
    objects = thing.ravel().tolist() if getattr(getattr(thing, "dtype", None), "kind", "") == "O" else ()
    for part in (*parts, *own.values(), *objects):
        yield from models_of_lightgbm(part, seen)


def sound(text: str) -> str:
    """The same model, written anew from its checked numbers.

    Parameters
    ----------
    text : str
        As ``Booster.model_to_string`` writes it.

    Raises
    ------
    ValueError, KeyError
        Where it is no such text, or a number leads outside of the model.
    """
    head, *trees = _sections(text)
    features, outputs = _header(head)
    if not trees or len(trees) % outputs:
        raise ValueError(f"{len(trees)} trees for {outputs} outputs")
    return "\n".join(
        [*_head_lines(head, features, outputs), *(_tree(i, t, features) for i, t in enumerate(trees)), _END]
    )


_END = "end of trees\n\nparameters:\nend of parameters\n\npandas_categorical:null\n"


def _sections(text: str) -> list[Lines]:
    """The head and the trees, each as its lines."""
    body = text.partition("\nend of trees")[0]
    parts = re.split(r"^Tree=\d+$", body, flags=re.MULTILINE)
    return [dict(line.partition("=")[::2] for line in part.splitlines()) for part in parts]


def _header(head: Lines) -> tuple[int, int]:
    """How many features and how many trees a round."""
    features, outputs, classes = (int(head[k]) for k in ("max_feature_idx", "num_tree_per_iteration", "num_class"))
    if not 0 <= features < MOST_FEATURES or not 1 <= outputs <= MOST_FEATURES or classes not in (1, outputs):
        raise ValueError("its features or outputs are no numbers that a model has")
    if not OBJECTIVE.fullmatch(head["objective"]):
        raise ValueError(f"its objective is {head['objective'][:40]!r}")
    return features + 1, outputs


def _head_lines(head: Lines, features: int, outputs: int) -> list[str]:
    return [
        "tree",
        "version=v4",
        f"num_class={int(head['num_class'])}",
        f"num_tree_per_iteration={outputs}",
        "label_index=0",
        f"max_feature_idx={features - 1}",
        f"objective={head['objective']}",
        *(["average_output"] if "average_output" in head else []),
        "feature_names=" + " ".join(f"Column_{i}" for i in range(features)),
        "feature_infos=" + " ".join(["none"] * features),
        "",
    ]


def _tree(number: int, lines: Lines, features: int) -> str:
    leaves = int(lines["num_leaves"])
    if not 1 <= leaves <= MOST_FEATURES:
        raise ValueError(f"a tree of {leaves} leaves")
    written: dict[str, Any] = {"num_leaves": [leaves], "num_cat": [int(lines["num_cat"])]}
    if leaves > 1:
        written |= _splits(lines, leaves, features)
    for key in OF_LEAVES if leaves > 1 else OF_LEAVES[:1]:  # LightGBM counts no rows of a tree that is one leaf
        written[key] = _numbers(lines, key, leaves)
    written |= {"is_linear": [0], "shrinkage": _numbers(lines, "shrinkage", 1)}
    if lines.get("is_linear", "0") != "0":
        raise ValueError("a tree with lines in its leaves")
    return "\n".join([f"Tree={number}", *(f"{k}={' '.join(map(_word, v))}" for k, v in written.items()), "", ""])


def _splits(lines: Lines, leaves: int, features: int) -> dict[str, Any]:
    """Where a tree splits; each child comes after its parent, and none is missing."""
    many = leaves - 1
    feature, decision, left, right = (
        _whole(lines, k, many) for k in ("split_feature", "decision_type", "left_child", "right_child")
    )
    place = np.arange(many)
    for child in (left, right):
        if not np.where(child < 0, child >= -leaves, (child > place) & (child < many)).all():
            raise ValueError("a split leads outside of its tree")
    if not ((feature >= 0) & (feature < features) & (decision >= 0) & (decision <= MOST_DECISION)).all():
        raise ValueError("a split by a feature, or in a way, that there is not")
    numbers = {key: _numbers(lines, key, many) for key in OF_SPLITS}
    sets = _sets(lines, numbers["threshold"][decision & CATEGORIES == 1])
    return {
        "split_feature": feature,
        **numbers,
        "decision_type": decision,
        "left_child": left,
        "right_child": right,
        **sets,
    }


def _sets(lines: Lines, asked: Any) -> dict[str, Any]:
    """The sets of categories that splits ask for, each a row of bits."""
    many = int(lines["num_cat"])
    if not 0 <= many <= MOST_FEATURES or not ((asked >= 0) & (asked < max(many, 1)) & (asked == np.floor(asked))).all():
        raise ValueError("a split asks for a set of categories that there is not")
    if not many:
        if len(asked):
            raise ValueError("a split asks for a set of categories that there is not")
        return {}
    ends = _whole(lines, "cat_boundaries", many + 1)
    if ends[0] != 0 or (np.diff(ends) <= 0).any() or ends[-1] > MOST_FEATURES:
        raise ValueError("sets of categories that overlap")
    bits = _whole(lines, "cat_threshold", int(ends[-1]), least=0, most=2**32 - 1)
    return {"cat_boundaries": ends, "cat_threshold": bits}


def _whole(lines: Lines, key: str, many: int, least: int = -(2**31), most: int = 2**31 - 1) -> NDArray[np.int64]:
    return _listed(lines, key, many, lambda word: _within(int(word), least, most), np.int64)


def _numbers(lines: Lines, key: str, many: int) -> NDArray[Any]:
    if key in COUNTS:
        return _listed(lines, key, many, _count, np.int64)
    return _listed(lines, key, many, float, np.float64)


def _count(word: str) -> int:
    """Rows; files of before have them with a fraction of nothing."""
    return _within(int(word.removesuffix(".0")), 0, 2**31 - 1)


def _listed(lines: Lines, key: str, many: int, read: Callable[[str], Any], dtype: Any) -> NDArray[Any]:
    words = lines[key].split()
    if len(words) != many:
        raise ValueError(f"{key} has {len(words)} numbers instead of {many}")
    return np.array([read(word) for word in words], dtype=dtype)


def _within(number: int, least: int, most: int) -> int:
    if not least <= number <= most:
        raise ValueError(f"the number {number}")
    return number


def _word(number: Any) -> str:
    """A number as it is read again without a loss."""
    return str(int(number)) if isinstance(number, (int, np.integer)) else repr(float(number))
