"""numba's compiler: what it has compiled once is kept for the next process.

Kept code is loaded as it is, so it lies in a folder that nobody else can write (:mod:`workbench.kernels.kept`), and is
not kept at all where there is none.
"""

from __future__ import annotations

from collections.abc import Callable
from threading import Lock
from typing import Any

from numba import config, njit

from workbench.kernels.kept import folder

_ONE_AT_A_TIME = Lock()
_OPTIONS = {"nogil": True, "error_model": "numpy"}  # a division by nothing is infinite, as numpy has it


def compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function that runs without the interpreter and its lock; compiled at its first call, or read."""
    return _compiled(function, forceinline=False)


def inlined(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same, put into whatever calls it: what it is given is too much to be handed over at each edge."""
    return _compiled(function, forceinline=True)


def _compiled(function: Callable[..., Any], forceinline: bool) -> Callable[..., Any]:
    where = folder()
    with _ONE_AT_A_TIME:
        before = config.CACHE_DIR
        config.CACHE_DIR = "" if where is None else str(where)  # read while a function is decorated, not later
        try:
            made: Callable[..., Any] = njit(**_OPTIONS, cache=where is not None, forceinline=forceinline)(function)
        finally:
            config.CACHE_DIR = before
    return made
