"""What tells a row from others where it has no id: its content, or columns that labels come with too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import numpy as np
import pandas as pd

from workbench.core.contract import Column, Contract
from workbench.core.names import matching
from workbench.scoring.ids import id_text, no_id

# Columns beside the features that labels may come with: more say nothing new.
MOST_KEPT = 12
# What stands for all features in the file of keys.
CONTENT = "(all features)"
_BETWEEN = "|"


def contents(features: pd.DataFrame, key: bytes) -> list[str]:
    """What each row holds as 24 hexadecimal digits: the same for equal rows, wherever they stand.

    They are made with the key of the log, so that nobody without it finds a row by trying.

    Parameters
    ----------
    features : pandas.DataFrame, shape (rows, features)
        Typed as the contract says.
    key : bytes
        Of the log.

    Examples
    --------
    >>> rows = pd.DataFrame({"age": [36, 41, 36], "city": ["Rome", "Oslo", "Rome"]})
    >>> one, other, again = contents(rows, b"key")
    >>> one == again, one == other, contents(rows.iloc[[1]].astype({"age": float}), b"key") == [other]
    (True, False, True)
    """
    plain = pd.DataFrame({name: _plain(features[name]) for name in sorted(features.columns)})
    hashed = pd.util.hash_pandas_object(plain, index=False).to_numpy().astype("<u8")
    return [blake2b(one, key=key[:64], digest_size=12).hexdigest() for one in map(bytes, hashed.reshape(-1, 1))]


def numbered(window: str, held: Sequence[str]) -> list[str]:
    """Ids of rows by what they hold: equal rows are numbered, and which of them is first makes no difference.

    >>> numbered("w", ["a", "b", "a"])
    ['w/a', 'w/b', 'w/a.2']
    """
    times: dict[str, int] = {}
    ids = []
    for one in held:
        times[one] = times.get(one, 0) + 1
        ids.append(f"{window}/{one}" + (f".{times[one]}" if times[one] > 1 else ""))
    return ids


def kept_keys(table: pd.DataFrame, contract: Contract, features: Iterable[str], key: bytes) -> dict[str, Any]:
    """By the names of the columns that are no features, a keyed hash of what each row holds."""
    none = {*features, contract.target, contract.weight}
    names = [name for name in table.columns if matching(str(name), [n for n in none if n]) is None]
    return {
        str(name): hashes([[value] for value in table[name].tolist()], [contract.by_name.get(str(name))], key)
        for name in names[:MOST_KEPT]
    }


def hashes(rows: Iterable[Sequence[Any]], columns: Sequence[Column | None], key: bytes) -> list[int | None]:
    """A keyed hash of each row's values, read as ids are; None where one is missing."""
    return [None if (one := joined(row, columns)) is None else hashed(one, key) for row in rows]


def joined(row: Sequence[Any], columns: Sequence[Column | None]) -> str | None:
    """The id that several columns make together; None where one is missing.

    >>> joined(["UA", 1545.0], [None, None]), joined(["UA", None], [None, None]), joined(["a|b"], [None])
    ('UA|1545', None, 'a|b')
    """
    if any(no_id(value, column) for value, column in zip(row, columns, strict=True)):
        return None
    texts = [id_text(value, column) for value, column in zip(row, columns, strict=True)]
    if len(texts) == 1:
        return texts[0]
    return _BETWEEN.join(text.replace("\\", "\\\\").replace(_BETWEEN, f"\\{_BETWEEN}") for text in texts)


def hashed(text: str, key: bytes) -> int:
    """64 bits with a sign, as SQLite and Parquet have them."""
    return int.from_bytes(blake2b(text.encode("utf-8", "replace"), key=key[:64], digest_size=8).digest(), signed=True)


def by_column(keys: Mapping[str, Any]) -> dict[str, Any]:
    """In the types of a file: gaps stay gaps."""
    return {name: pd.array(values, dtype="Int64") for name, values in keys.items()}


def _plain(values: pd.Series) -> pd.Series:
    """One type for one kind of values, whichever a batch came in."""
    if pd.api.types.is_datetime64_any_dtype(values):
        naive = values.dt.tz_convert(None) if values.dt.tz is not None else values
        return naive.astype("datetime64[us]").astype("int64")
    if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
        return values.astype(np.float64) + 0.0  # no negative zero
    return values.astype(object).where(values.notna(), None).map(lambda text: "" if text is None else f"={text}")
