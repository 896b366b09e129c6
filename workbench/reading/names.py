"""Names of the columns of a table that is read; their normal form is the one of :mod:`workbench.core.names`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

from workbench.core.names import COUNTED, counts, is_unnamed, matching, normal, normalised, written

__all__ = ["COUNTED", "counts", "is_unnamed", "matching", "normal", "normalised", "twin", "written"]


def twin(names: Sequence[Any]) -> str | None:
    """The first name that two columns have; those without one are no twins.

    >>> twin(["a", "", "b", ""]), twin(["a", "a"])
    (None, 'a')
    """
    given = [name for name in map(written, names) if name.strip()]
    return next((name for name, times in Counter(given).items() if times > 1), None)
