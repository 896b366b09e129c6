"""Requests that get no answer though nothing is wrong with them: each says when to come again."""

from __future__ import annotations

import math
from typing import ClassVar

from workbench.scoring.http import Rejected


class Unanswered(Rejected):
    """The service can't answer now."""

    why: ClassVar[str] = ""  # as the metrics count it


class Crowded(Unanswered):
    """Too much waits already.

    Parameters
    ----------
    seconds : float
        That this request would have waited.

    Examples
    --------
    >>> Crowded(2.2).status, Crowded(2.2).headers["Retry-After"]
    (503, '3')
    """

    why = "crowded"

    def __init__(self, seconds: float) -> None:
        again = max(1, math.ceil(seconds))
        told = f"The service is busy: this request would wait about {again} seconds. Send it again after that."
        super().__init__(503, told, {"Retry-After": str(again)})


class Overdue(Unanswered):
    """Its time is over.

    Parameters
    ----------
    seconds : float
        That it had.
    """

    why = "late"

    def __init__(self, seconds: float) -> None:
        told = (
            f"The answer would take longer than {seconds:g} seconds and was stopped. Send fewer rows at a time or ask "
            "for no reasons, or start the service with a longer --deadline."
        )
        super().__init__(503, told, {"Retry-After": str(max(1, math.ceil(seconds)))})


class Gone(Unanswered):
    """The client has hung up; the status is the one that proxies note for it."""

    why = "left"

    def __init__(self) -> None:
        super().__init__(499, "The client has left. Its work was stopped.")
