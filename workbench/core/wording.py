"""How a value stands in a sentence: one place, so that no message shows what only Python has."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

LONGEST = 40  # characters of a text that a sentence repeats


def worded(value: Any) -> str:
    """A value as a person writes it: texts in quotes, numbers bare, moments with a blank, lists in brackets.

    Parameters
    ----------
    value : object
        A label, a cell or what somebody gave; numpy's and pandas' own types count as Python's.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> worded("yes "), worded(np.int64(3)), worded(pd.Timestamp("2024-01-31"))
    ("'yes '", '3', '2024-01-31 00:00:00')
    >>> worded([np.str_("a"), np.True_])
    "['a', True]"
    """
    if isinstance(value, str):
        return repr(str(value))
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{worded(key)}: {worded(item)}" for key, item in value.items()) + "}"
    if isinstance(value, (list, tuple, set, frozenset)):
        return f"[{', '.join(map(worded, value))}]"
    if getattr(value, "ndim", 0) and hasattr(value, "tolist"):
        return worded(value.tolist())
    return str(value).replace("T", " ") if type(value).__name__ == "datetime64" else str(value)


def listed_values(values: Iterable[Any], most: int = 5) -> str:
    """The first values in words.

    >>> listed_values(range(9), most=3)
    '0, 1, 2, …'
    """
    first = [worded(v) for _, v in zip(range(most + 1), values, strict=False)]
    return ", ".join([*first[:most], *(["…"] if len(first) > most else [])])


class Ours(str):
    """A word of ours where one of the data may stand as well: a page may say it in another language."""

    __slots__ = ()


def listed(names: Sequence[str]) -> str:
    """Names in a sentence.

    >>> listed(["a"]), listed(["a", "b", "c"])
    ('a', 'a, b and c')
    """
    return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} and {names[-1]}"


def quoted(text: str) -> str:
    """A text in quotes; of a long one its beginning.

    >>> quoted("failed"), quoted("a" * 50) == repr("a" * 39 + "…")
    ("'failed'", True)
    """
    return repr(text if len(text) <= LONGEST else text[: LONGEST - 1] + "…")


def quoted_list(texts: Iterable[str]) -> str:
    """Texts in a sentence.

    >>> quoted_list(["a"]), quoted_list(["a", "b", "c"])
    ("'a'", "'a', 'b' and 'c'")
    """
    return listed([quoted(text) for text in texts])


def how_many(number: int, thing: str) -> str:
    """A number of things in a sentence.

    >>> how_many(1, "row"), how_many(1200, "row")
    ('1 row', '1,200 rows')
    """
    return f"{number:,} {thing}{'' if number == 1 else 's'}"


def file_name(text: str, otherwise: str = "candidate") -> str:
    """A text as the name of a file, without its ending, in any folder of any system.

    Examples
    --------
    >>> file_name("My model / 2"), file_name("…")
    ('My-model-2', 'candidate')
    """
    return re.sub(r"[^A-Za-z0-9_-]+", "-", text).strip("-")[:60] or otherwise
