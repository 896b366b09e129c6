"""How many distinct values: the HyperLogLog sketch of Apache DataSketches, fed with what changes it.

The sketch keeps 4,096 registers, and after some thousands of values hardly any value raises one. Which do is told by
hashing a chunk at once, so that the library takes a few values in place of all; its sketch is the same to the byte.

References
----------
Flajolet et al. (2007), HyperLogLog: the analysis of a near-optimal cardinality estimation algorithm, AofA.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections import deque
from functools import cache
from typing import Any

import datasketches
import numpy as np
import polars as pl

from workbench.profiling.murmur import Hash, hash_numbers, hash_texts

# Relative standard error 1.6% for 2 KB.
LG_K = 12
# So many distinct values at once bring the library's sketch past its lists, to its registers.
MANY = 2_000

Values = np.ndarray | pl.Series


class Distinct:
    """Counts distinct values, fed chunk by chunk.

    Examples
    --------
    >>> seen = Distinct()
    >>> seen.update(np.arange(50_000.0))
    >>> estimate(seen.text())[0]
    49863
    """

    def __init__(self) -> None:
        self._sketch = datasketches.hll_sketch(LG_K)
        # A value raises its register when the second half of its hash is at most this.
        self._raising: np.ndarray | None = None

    def update(self, values: Values, hashed: Hash | None = None) -> None:
        """More values: numbers without NaN, shape (n,), or texts without gaps; their hash where it is at hand."""
        if len(values) >= MANY and agrees():
            self._feed_raising(values, hashed or hash_values(values))
        else:
            self._feed(values)

    def text(self) -> str:
        """The sketch as base64."""
        return b64encode(self._sketch.serialize_compact()).decode()

    def _feed(self, values: Values) -> None:
        deque(map(self._sketch.update, listed(values)), maxlen=0)

    def _feed_raising(self, values: Values, hashed: Hash) -> None:
        first, second = hashed
        register = (first & np.uint64(2**LG_K - 1)).astype(np.intp)
        if self._raising is None:
            self._raising = np.full(2**LG_K, 2**64 - 1, dtype=np.uint64)
            self._feed(values)
        else:
            at = np.flatnonzero(second <= self._raising[register])
            self._feed(values[at])
            register, second = register[at], second[at]
        np.minimum.at(self._raising, register, _below(second))


def hash_values(values: Values) -> Hash:
    """Both halves of each value's hash, shape (n,) each."""
    return hash_texts(values) if isinstance(values, pl.Series) else hash_numbers(alike(values))


def listed(values: Values) -> list[Any]:
    """Values as the library takes them.

    >>> listed(np.array([1, 2])), listed(np.array([2**60 + 1]))
    ([1.0, 2.0], [1152921504606846977])
    """
    return values.to_list() if isinstance(values, pl.Series) else alike(values).tolist()


def alike(values: np.ndarray) -> np.ndarray:
    """Numbers as floats in every chunk, but for whole ones that have no float."""
    whole = values.dtype.kind in "iu" and abs(values).max(initial=0) < 2**53
    return values.astype(float) if whole else values


def sketch_of(values: Values) -> str:
    """The sketch of values, shape (n,), as base64; a value given twice changes nothing."""
    one = Distinct()
    one.update(values)
    return one.text()


def merge(a: str, b: str) -> str:
    """The sketch of both chunks."""
    union = datasketches.hll_union(LG_K)
    union.update(datasketches.hll_sketch.deserialize(b64decode(a)))
    union.update(datasketches.hll_sketch.deserialize(b64decode(b)))
    return b64encode(union.get_result().serialize_compact()).decode()


def estimate(text: str) -> tuple[int, float]:
    """The estimated number of distinct values, and its relative error at 99% confidence."""
    sketch = datasketches.hll_sketch.deserialize(b64decode(text))
    count = sketch.get_estimate()
    return round(count), float((sketch.get_upper_bound(3) - count) / count) if count else 0.0


@cache
def agrees() -> bool:
    """Whether the library hashes as we think: tried once a process, since another version may not."""
    numbers = np.random.default_rng(0).normal(size=64)
    texts = pl.Series([f"{v}"[: 1 + i % 20] for i, v in enumerate(numbers.tolist())])
    return all(_registers(v) == _library_registers(v) for v in (numbers, np.arange(2**60, 2**60 + 64), texts))


def _registers(values: Values) -> bytes:
    """What a sketch of 16 registers holds in each: one more than the most zeros at the front of a hash."""
    registers = bytearray(16)
    for first, second in zip(*(half.tolist() for half in hash_values(values)), strict=True):
        registers[first % 16] = max(registers[first % 16], 65 - second.bit_length())
    return bytes(registers)


def _library_registers(values: Values) -> bytes:
    sketch = datasketches.hll_sketch(4, datasketches.tgt_hll_type.HLL_8)
    for value in listed(values):
        sketch.update(value)
    return bytes(sketch.serialize_updatable()[-16:])


def _below(second: np.ndarray) -> np.ndarray:
    """The largest hash with more leading zeros than each: what would raise its register further."""
    # 53 bits have an exact float; a hash with as many zeros at its front comes once in 10^16.
    _, bits = np.frexp((second >> np.uint64(11)).astype(float))
    return (np.uint64(1) << (bits + 10).clip(0).astype(np.uint64)) - np.uint64(1)
