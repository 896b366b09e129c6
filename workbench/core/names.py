"""Names of columns: one normal form, whichever way a table comes in."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import islice
from typing import Any
from unicodedata import normalize

# What pandas calls a column whose name is empty.
_UNNAMED = re.compile(r"Unnamed: \d+")
# What pandas calls an index without a name in a Parquet file.
_SAVED_INDEX = re.compile(r"__index_level_\d+__")
# A column that says the year.
YEAR = re.compile(r"(?i)(.*[\s_.-])?(year|yr|jahr|ann[ée]e|a[ñn]o|anno|jaar)")
# Values of a first column without a name that are looked at.
COUNTED = 1000


def normalised(names: Iterable[Any], first: Iterable[Any] = ()) -> tuple[str, ...]:
    """Names of columns as texts, in one normal form.

    Unicode is composed, blanks around are gone, and a line break within is a blank. A column without a name is called
    by its position, from 1; the first one ``index`` where its values count the rows. The levels of a name with several
    are joined. Two names that would become one stay as they came.

    Parameters
    ----------
    names : iterable
        Of any type; a tuple has several levels.
    first : iterable, optional
        Values of the first column.

    Returns
    -------
    tuple of str
        As many as came, in their order.

    Examples
    --------
    >>> normalised([" age ", "", ("price", "mean"), 7])
    ('age', 'column_2', 'price_mean', '7')
    >>> normalised(["Unnamed: 0", "a", "a "], [0, 1, 2])
    ('index', 'a', 'a ')
    """
    given = [written(name) for name in names]
    plain = [normal(name) for name in given]
    shared = {name for name, times in Counter(plain).items() if times > 1}
    chosen = [name if bare in shared else bare for name, bare in zip(given, plain, strict=True)]
    taken = set(plain) | set(chosen)
    for i, bare in enumerate(plain):
        if not bare or (i == 0 and is_unnamed(bare)):
            chosen[i] = _free("index", taken) if i == 0 and counts(first) else (bare or _free(f"column_{i + 1}", taken))
        elif _SAVED_INDEX.fullmatch(bare):
            chosen[i] = _free("index", taken)
        taken.add(chosen[i])
    return tuple(chosen)


def matching(wanted: str, names: Iterable[Any]) -> int | None:
    """Position of the column that goes by a name: the same one before one of the same normal form.

    >>> matching("age", ["x", " age"]), matching("7", [5, 7]), matching("sex", ["x"])
    (1, 1, None)
    """
    given = [written(name) for name in names]
    if wanted in given:
        return given.index(wanted)
    plain = normalised(given)
    return plain.index(normal(wanted)) if normal(wanted) in plain else None


def renaming(names: Sequence[str], wanted: frozenset[str]) -> dict[str, str]:
    """Wanted names for those that have the same normal form; nothing for a wanted one that is there as it is.

    >>> renaming([" age ", "city\\n", "x", "sex", "sex "], frozenset({"age", "city", "sex", "note"}))
    {' age ': 'age', 'city\\n': 'city'}
    """
    absent = sorted(wanted.difference(names))
    plain = normalised(names) if absent else ()
    place = {name: at for at, name in reversed(list(enumerate(plain)))}  # of two, the first
    other = {name: names[place[normal(name)]] for name in absent if normal(name) in place}
    return {given: name for name, given in other.items() if given not in wanted}


def written(name: Any) -> str:
    """A name as text, with its levels joined; NaN is none.

    >>> written(("price", "")), written(None), written(3), written(float("nan"))
    ('price', 'None', '3', '')
    """
    if isinstance(name, tuple):
        return "_".join(part for part in map(written, name) if part)
    return "" if isinstance(name, float) and name != name else str(name)


def normal(name: str) -> str:
    """One name in normal form.

    >>> normal(" net\\n price ")
    'net price'
    """
    return re.sub(r"\s*[\r\n\u2028\u2029\x85]+\s*", " ", normalize("NFC", name).strip())


def is_unnamed(name: Any) -> bool:
    """Whether a column's name says nothing.

    >>> is_unnamed(" "), is_unnamed("Unnamed: 0"), is_unnamed("a")
    (True, True, False)
    """
    bare = normal(written(name))
    return not bare or _UNNAMED.fullmatch(bare) is not None


def counts(values: Iterable[Any]) -> bool:
    """Whether values are 0, 1, 2, … or 1, 2, 3, …, as numbers or texts.

    >>> counts([0, 1, 2]), counts(["1", "2"]), counts([2, 3]), counts([])
    (True, True, False, False)
    """
    seen = [str(value).removesuffix(".0") for value in islice(values, COUNTED)]
    return bool(seen) and any(seen == [str(i) for i in range(start, start + len(seen))] for start in (0, 1))


def _free(name: str, taken: Iterable[str]) -> str:
    while name in taken:
        name += "_"
    return name


def twin(names: Sequence[Any]) -> str | None:
    """The first name that two columns have; those without one are no twins.

    >>> twin(["a", "", "b", ""]), twin(["a", "a"])
    (None, 'a')
    """
    given = [name for name in map(written, names) if name.strip()]
    return next((name for name, times in Counter(given).items() if times > 1), None)
