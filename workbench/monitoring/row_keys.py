"""What tells a row from others where it has no id: its content, or columns that labels come with too."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from hashlib import blake2b
from typing import Any

import pandas as pd

from workbench.core.contract import Column, Contract
from workbench.core.names import matching
from workbench.core.row_content import content_hashes
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
    hashed = content_hashes(features)
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
