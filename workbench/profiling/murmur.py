"""MurmurHash3 of a whole column at once, as Apache DataSketches hashes one value.

A sketch of the library takes values one by one, a tenth of a microsecond each. Knowing its hash lets us give it only
the values that change it: see :class:`workbench.profiling.distinct.Distinct`.

References
----------
Appleby (2011), MurmurHash3, variant x64_128, with the seed of DataSketches.
"""

from __future__ import annotations

import numpy as np
import polars as pl

SEED = np.uint64(9001)

_C1, _C2 = np.uint64(0x87C37B91114253D5), np.uint64(0x4CF5AD432745937F)
_F1, _F2 = np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)
# By number of bytes that belong to the text: which bits of a word do.
_KEPT = np.array([(1 << 8 * n) - 1 for n in range(9)], dtype=np.uint64)

Hash = tuple[np.ndarray, np.ndarray]


def hash_numbers(values: np.ndarray) -> Hash:
    """Both halves of the hash of int64 or float64 values, each of shape (n,), uint64.

    >>> first, second = hash_numbers(np.array([1.0, 2.0]))
    >>> first.dtype, len(second)
    (dtype('uint64'), 2)
    """
    # Zero has two signs and one hash.
    words = values.view(np.uint64) if values.dtype.kind == "i" else (values + 0.0).view(np.uint64)
    return _ended(_mixed_first(words) ^ SEED, SEED, np.uint64(8))


def hash_texts(texts: pl.Series) -> Hash:
    """Both halves of the hash of texts without gaps, shape (n,); one long text costs as much as if all were as long."""
    words, starts, lengths = _words(texts)
    first, second = np.full(len(texts), SEED), np.full(len(texts), SEED)
    blocks = lengths // 16
    for block in range(int(blocks.max(initial=0))):
        at = np.flatnonzero(blocks > block)
        low, high = (_word(words, starts[at], lengths[at], 2 * block + i) for i in (0, 1))
        first[at], second[at] = _with_block(first[at], second[at], low, high)
    low, high = (_word(words, starts, lengths, 2 * blocks + i) for i in (0, 1))
    return _ended(first ^ _mixed_first(low), second ^ _mixed_second(high), lengths.astype(np.uint64))


def _words(texts: pl.Series) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eight bytes from every place of all texts together, where each text starts, and its bytes."""
    lengths = texts.str.len_bytes().to_numpy().astype(np.int64)
    joined = texts.str.join().item().encode() + bytes(8)
    words = np.ndarray((len(joined) - 7,), dtype="<u8", buffer=joined, strides=(1,))
    return words, np.cumsum(lengths) - lengths, lengths


def _word(words: np.ndarray, starts: np.ndarray, lengths: np.ndarray, place: np.ndarray | int) -> np.ndarray:
    """The n-th eight bytes of each text, zero where it has ended."""
    at = np.minimum(starts + 8 * place, len(words) - 1)
    return words[at] & _KEPT[np.clip(lengths - 8 * place, 0, 8)]


def _with_block(first: np.ndarray, second: np.ndarray, low: np.ndarray, high: np.ndarray) -> Hash:
    first = _rotated(first ^ _mixed_first(low), 27) + second
    first = first * np.uint64(5) + np.uint64(0x52DCE729)
    second = _rotated(second ^ _mixed_second(high), 31) + first
    return first, second * np.uint64(5) + np.uint64(0x38495AB5)


def _ended(first: np.ndarray, second: np.ndarray | np.uint64, length: np.ndarray | np.uint64) -> Hash:
    first, second = first ^ length, second ^ length
    first = first + second
    second = first + second
    first, second = _finished(first), _finished(second)
    first = first + second
    return first, first + second


def _mixed_first(word: np.ndarray) -> np.ndarray:
    return _rotated(word * _C1, 31) * _C2


def _mixed_second(word: np.ndarray) -> np.ndarray:
    return _rotated(word * _C2, 33) * _C1


def _rotated(word: np.ndarray, by: int) -> np.ndarray:
    return (word << np.uint64(by)) | (word >> np.uint64(64 - by))


def _finished(word: np.ndarray) -> np.ndarray:
    word = (word ^ (word >> np.uint64(33))) * _F1
    word = (word ^ (word >> np.uint64(33))) * _F2
    return word ^ (word >> np.uint64(33))
