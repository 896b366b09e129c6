"""What a fitted model is, as one hash: of its class and state, down to the last array.

It binds a score to the model that was scored. It is the same in every process, and before and after a model lay on
disk; it changes with every number that a prediction could depend on. Nothing of the model is run but what it says of
itself for a copy (``__reduce_ex__``), and nothing is imported.
"""

from __future__ import annotations

import re
import tempfile
import types
from collections.abc import Callable, Iterable, Iterator, Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np

# What no prediction depends on: how fast and how loudly it is made, what wrote it, and what only a fit draws from.
BESIDE = frozenset({"n_jobs", "nthread", "thread_count", "verbose", "verbosity", "memory", "_sklearn_version"})
_DRAWN = (np.random.RandomState, np.random.Generator, np.random.BitGenerator, np.random.SeedSequence)
_LIGHTGBM = ("num_class", "num_tree_per_iteration", "max_feature_idx", "objective", "average_output")
_ROWS_OF_ONE_LEAF = re.compile(r"^leaf_count=\d+$", re.MULTILINE)
_NEIGHBOURS = (
    *(f"sklearn.neighbors._kd_tree.KDTree{bits}" for bits in ("", "64", "32")),
    *(f"sklearn.neighbors._ball_tree.BallTree{bits}" for bits in ("", "64", "32")),
)
_NAMED = (type, types.BuiltinFunctionType, np.ufunc, types.ModuleType, types.GenericAlias)


def digest(model: Any) -> str:
    """The hash of a fitted model.

    Parameters
    ----------
    model : object
        An estimator or pipeline of any library, fitted.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> model = LinearRegression().fit([[0.0], [1.0]], [0.0, 1.0])
    >>> before = digest(model)
    >>> model.coef_ = model.coef_ + 1e-9
    >>> digest(model) == before
    False
    """
    return _Walk().of(model).hex()


class _Walk:
    """Hashes of objects, each looked at once however often it is met."""

    def __init__(self) -> None:
        self.known: dict[int, tuple[Any, bytes]] = {}

    def of(self, value: Any) -> bytes:
        """The hash of a value with all that it holds."""
        if isinstance(value, np.generic) and value.dtype.kind in "biufcSU":
            value = value.item()
        if value is None or isinstance(value, (bool, int, float, complex, str, bytes, bytearray)):
            return _hashed(_kind(value), repr(value).encode("utf-8", "surrogatepass"))
        if id(value) not in self.known:
            self.known[id(value)] = value, b"itself"  # what holds itself; kept, so that its number stays its own
            self.known[id(value)] = value, _hashed(*self._parts(value))
        return self.known[id(value)][1]

    def _parts(self, value: Any) -> Iterator[bytes]:
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, _NAMED):
            return iter((b"name", _name(value)))
        if isinstance(value, types.FunctionType):
            return self._function(value)
        if isinstance(value, types.MethodType):
            return iter((b"method", self.of(value.__self__), self.of(value.__func__)))
        if isinstance(value, (list, tuple)):
            return iter((b"list", *map(self.of, value)))
        if isinstance(value, (set, frozenset)):
            return iter((b"set", *sorted(map(self.of, value))))
        if type(value) is dict:
            return iter((b"dict", *self._items(value)))
        if isinstance(value, _DRAWN):
            return iter((b"drawn",))
        return self._object(value)

    def _array(self, array: Any) -> Iterator[bytes]:
        if array.dtype.names:  # field by field: between them may lie bytes that nobody has set
            yield from (b"fields", *(self.of([name, np.ascontiguousarray(array[name])]) for name in array.dtype.names))
        elif array.dtype.kind == "O":
            yield from (b"objects", repr(array.shape).encode(), *map(self.of, array.ravel().tolist()))
        else:
            array = array.astype(array.dtype.newbyteorder("<"), copy=False)
            yield from (b"array", array.dtype.str.encode(), repr(array.shape).encode(), array.tobytes())

    def _items(self, mapping: Mapping[Any, Any]) -> Iterable[bytes]:
        return sorted(_hashed(self.of(k), self.of(v)) for k, v in mapping.items() if not _is_beside(k))

    def _function(self, function: Any) -> Iterator[bytes]:
        """A function by its name; one of a notebook, or that no name leads to, by its code and what it holds."""
        yield from (b"function", _name(function))
        if "<" in function.__qualname__ or function.__module__ == "__main__":
            code, cells = function.__code__, function.__closure__ or ()
            yield from (code.co_code, self.of([_plain(c) for c in code.co_consts]), self.of(code.co_names))
            yield from (self.of([cell.cell_contents for cell in cells]), self.of(function.__defaults__))

    def _object(self, value: Any) -> Iterator[bytes]:
        """Any other object: its class, and the state that a copy of it is made of."""
        yield from (b"object", _name(type(value)))
        of_library = OF_LIBRARIES.get(f"{type(value).__module__}.{type(value).__qualname__}")
        if of_library:
            yield of_library(value)
            return
        if isinstance(value, dict):
            yield from self._items(value)
            return
        try:
            reduced = value.__reduce_ex__(4)
        except Exception:  # noqa: BLE001 - somebody else's code refuses to be copied: it is known by what it holds
            reduced = (type(value), (), getattr(value, "__dict__", None))
        if isinstance(reduced, str):
            yield reduced.encode()
            return
        make, arguments, state, *items = (*reduced, None, None)[:5]
        yield from (self.of(make), self.of(arguments), self.of(state))
        yield from (self.of(list(each)) for each in items if each is not None)


def _hashed(*parts: bytes) -> bytes:
    whole = sha256()
    for part in parts:
        whole.update(len(part).to_bytes(8, "little"))
        whole.update(part)
    return whole.digest()


def _kind(value: Any) -> bytes:
    """A subclass of a text is a text: libraries have their own, and files don't keep them."""
    kinds = (bool, int, float, complex, str, bytes, bytearray)
    return next((kind.__name__ for kind in kinds if isinstance(value, kind)), "None").encode()


def _name(value: Any) -> bytes:
    name = getattr(value, "__qualname__", getattr(value, "__name__", ""))
    return f"{getattr(value, '__module__', '')}.{name}".encode()


def _is_beside(key: Any) -> bool:
    return isinstance(key, str) and key in BESIDE


def _plain(constant: Any) -> Any:
    """A constant of a function's code; code within code says where its file lies."""
    return constant.co_code if isinstance(constant, types.CodeType) else constant


def _lightgbm(booster: Any) -> bytes:
    """Its trees and what is done with their sum; names, settings and the rows of a tree that is one leaf get lost."""
    head, _, trees = booster.model_to_string().partition("\nend of trees")[0].partition("\nTree=0\n")
    kept = [line for line in head.splitlines() if line.startswith(_LIGHTGBM)]
    return "\n".join([*kept, _ROWS_OF_ONE_LEAF.sub("", trees).strip()]).encode()


def _xgboost(booster: Any) -> bytes:
    """The model without its settings, some of which a prediction sets."""
    return bytes(booster.save_raw("ubj"))


def _catboost(model: Any) -> bytes:
    """Trees and columns; its own bytes are others in each copy. Its settings, where it was not fitted."""
    if not model.is_fitted():
        return repr(sorted(model.get_params().items())).encode()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "model.json")
        model.save_model(str(path), format="json")
        return path.read_bytes()


def _neighbours(tree: Any) -> bytes:
    """The points that it orders; it also counts what it was asked."""
    return np.asarray(tree.data, dtype=float).tobytes()


OF_LIBRARIES: dict[str, Callable[[Any], bytes]] = {
    "lightgbm.basic.Booster": _lightgbm,
    "xgboost.core.Booster": _xgboost,
    **{f"catboost.core.{name}": _catboost for name in ("CatBoostClassifier", "CatBoostRegressor", "CatBoostRanker")},
    **dict.fromkeys(_NEIGHBOURS, _neighbours),
}
