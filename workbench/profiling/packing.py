"""Arrays of numbers as text, for what a profile saves."""

from __future__ import annotations

from base64 import b64decode, b64encode

import numpy as np


def packed(values: np.ndarray, kind: str = "<f8") -> str:
    """An array as base64 of little-endian numbers.

    >>> unpacked(packed(np.array([1.5, 2.0]))).tolist()
    [1.5, 2.0]
    """
    return b64encode(np.ascontiguousarray(values, dtype=kind).tobytes()).decode()


def unpacked(text: str, kind: str = "<f8") -> np.ndarray:
    """What :func:`packed` wrote, flat and of its own memory."""
    return np.frombuffer(b64decode(text), dtype=kind).copy()
