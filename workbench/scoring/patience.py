"""How long a client is kept waiting."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields

from workbench.errors import BadParameter


@dataclass(frozen=True)
class Patience:
    """Bounds of time for whoever asks for predictions, in seconds.

    Parameters
    ----------
    deadline : float
        That an answer may take; then its work is stopped and the client told.
    most_wait : float
        That a request would wait for others, beyond which it is refused at once; one that takes longer itself is
        refused beyond that.

    Raises
    ------
    BadParameter
        If one is no positive number.

    Examples
    --------
    >>> Patience(deadline=5).most_wait
    1.0
    >>> Patience(deadline=0)
    Traceback (most recent call last):
    workbench.errors.BadParameter: deadline is a number of seconds above 0, got 0. Give such a number.
    """

    deadline: float = 30.0
    most_wait: float = 1.0

    def __post_init__(self) -> None:
        for one in fields(self):
            value = getattr(self, one.name)
            if not (isinstance(value, (int, float)) and 0 < value < math.inf):
                raise BadParameter(f"{one.name} is a number of seconds above 0, got {value!r}. Give such a number.")
