"""What one client may take of a service: bytes, rows, headers, connections and time. All bounds are here, once.

They hold for the whole process, from the moment it listens: an argument wins over the environment
(``WORKBENCH_MOST_ROWS`` and so on, one variable a bound), which wins over the default.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any

from workbench.errors import BadParameter

SPARE = 64  # files that a process needs besides its connections: the log, the bundle, pipes


def _bound(default: float, low: float, high: float, told: str) -> Any:
    return field(default=default, metadata={"low": low, "high": high, "told": told})


@dataclass(frozen=True)
class Limits:
    """The bounds; the defaults fit 1,000 rows of 500 numbers in one request.

    Parameters
    ----------
    most_bytes : int
        Of a body; in a stream, of one line or one message.
    most_rows : int
        Of a request; a stream has any number.
    most_header_bytes, most_headers : int
        Of a request's headers, all names and values together, and how many there are.
    most_line_bytes : int
        Of an address with its query.
    most_connections : int
        Of one process at a time; those beyond are answered with a 503, but for probes.
    header_seconds, body_seconds, idle_seconds : float
        For all headers of a request; for its whole body, or from one part of a stream to the next; between two
        requests of one connection.

    Raises
    ------
    BadParameter
        If one is out of its range.

    Examples
    --------
    >>> Limits(most_rows=5).most_rows
    5
    >>> Limits(most_rows=0)
    Traceback (most recent call last):
    workbench.errors.BadParameter: most_rows is a number from 1 to 100000000, got 0. Give such a number.
    """

    most_bytes: int = _bound(32 * 2**20, 1_000, 2**40, "bytes of a body")
    most_rows: int = _bound(10_000, 1, 100_000_000, "rows of a request; a stream has any number")
    most_header_bytes: int = _bound(32 * 2**10, 1_000, 2**24, "bytes of a request's headers")
    most_headers: int = _bound(100, 10, 10_000, "headers of a request")
    most_line_bytes: int = _bound(8 * 2**10, 100, 60_000, "bytes of an address with its query")
    most_connections: int = _bound(2_000, 1, 1_000_000, "connections of one process at a time")
    header_seconds: float = _bound(30.0, 0.01, 86_400, "seconds for a request's headers")
    body_seconds: float = _bound(60.0, 0.01, 86_400, "seconds for a body, or from one part of a stream to the next")
    idle_seconds: float = _bound(5.0, 0.01, 86_400, "seconds between two requests of one connection")

    def __post_init__(self) -> None:
        for one in fields(self):
            value, low, high = getattr(self, one.name), one.metadata["low"], one.metadata["high"]
            if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
                raise BadParameter(f"{one.name} is a number from {low} to {high}, got {value!r}. Give such a number.")

    @classmethod
    def of(cls, given: Mapping[str, Any], environment: Mapping[str, str] | None = None) -> Limits:
        """What is given and not None, else what the environment says, else the default.

        >>> Limits.of({"most_rows": None}, {"WORKBENCH_MOST_ROWS": "7"}).most_rows
        7
        """
        known = os.environ if environment is None else environment
        said = {one.name: setting(one.name, _kind(one), known) for one in fields(cls)}
        chosen = {name: given.get(name) if given.get(name) is not None else said[name] for name in said}
        return cls(**{name: value for name, value in chosen.items() if value is not None})

    @staticmethod
    def add_arguments(parser: argparse.ArgumentParser) -> None:
        """An option for each bound."""
        for one in fields(Limits):
            parser.add_argument(
                f"--{one.name.replace('_', '-')}", type=_kind(one), metavar="N",
                help=f"{one.metadata['told']}; {one.default:,} by default",
            )  # fmt: skip

    def fitting(self) -> Limits:
        """With no more connections than this process may have files open."""
        try:
            import resource
        except ImportError:  # not on Windows
            return self
        files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if files == resource.RLIM_INFINITY or self.most_connections <= files - SPARE:
            return self
        return Limits(**{**vars(self), "most_connections": max(1, files - SPARE)})


def setting(name: str, kind: type[int] | type[float], environment: Mapping[str, str]) -> Any:
    """The number that the environment gives an option; None where it gives none.

    >>> setting("workers", int, {"WORKBENCH_WORKERS": "4"})
    4

    Raises
    ------
    BadParameter
        If it is no number.
    """
    variable = f"WORKBENCH_{name.upper()}"
    text = environment.get(variable, "")
    try:
        return kind(text) if text else None
    except ValueError:
        raise BadParameter(f"{variable} is a number, got {text!r}. Set it so, or unset it.") from None


def _kind(one: Any) -> type[int] | type[float]:
    return int if isinstance(one.default, int) else float


_in_force = Limits()


def in_force() -> Limits:
    """The bounds of this process."""
    return _in_force


def use(limits: Limits) -> None:
    """Make these the bounds of this process; once, before it listens."""
    global _in_force
    _in_force = limits
