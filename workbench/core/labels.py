"""Which class somebody means, who may write it as a text: ``"1"`` for the class 1."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def place_of_label(label: Any, classes: Sequence[Any]) -> int | None:
    """Place of a class among others, by itself or by its text; None where it is not among them.

    Examples
    --------
    >>> place_of_label("1", (0, 1)), place_of_label("yes", ("no", "yes")), place_of_label("maybe", ("no", "yes"))
    (1, 1, None)
    """
    return next((i for i, one in enumerate(classes) if label == one or str(label) == str(one)), None)
