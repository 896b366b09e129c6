"""Who answers which address: looked up by the whole path first, then among those that have a place for a name."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from importlib import import_module
from typing import Any, NamedTuple

from workbench.scoring.http import Answer, Request
from workbench.scoring.routes import ROUTES

Handler = Callable[[Request], Awaitable[Answer]]
_PLACE = re.compile(r"\{(\w+)\}")


class Address(NamedTuple):
    """What there is at one path.

    Parameters
    ----------
    path : str
        As its route has it, with ``{name}`` where one stands.
    methods : dict
        Scope and handler by method.
    """

    path: str
    methods: dict[str, tuple[str, Handler]]


class Addresses:
    """All addresses of one service.

    Parameters
    ----------
    service : Service
        Whose methods answer, and who is given to the functions that answer.
    """

    def __init__(self, service: Any) -> None:
        self._exact: dict[str, Address] = {}
        for route in ROUTES:
            address = self._exact.setdefault(route.path, Address(route.path, {}))
            address.methods[route.method] = (route.scope, _handler(service, route.handler))
        self._patterns = [(_pattern(path), self._exact.pop(path)) for path in list(self._exact) if "{" in path]

    def find(self, request: Request) -> Address | None:
        """What there is at the path of a request; its names are noted as ``parts``."""
        found = self._exact.get(request.path)
        if found is not None:
            return found
        for pattern, address in self._patterns:
            if (parts := pattern.fullmatch(request.path)) is not None:
                request.notes["parts"] = parts.groupdict()
                return address
        return None

    def all(self) -> list[Address]:
        """Every address."""
        return [*self._exact.values(), *(address for _, address in self._patterns)]


def _pattern(path: str) -> re.Pattern[str]:
    """
    >>> _pattern("/v1/models/{name}:predict").fullmatch("/v1/models/shop:predict").groupdict()
    {'name': 'shop'}
    """
    literals = _PLACE.split(path)
    return re.compile("".join(f"(?P<{part}>[^/:]+)" if i % 2 else re.escape(part) for i, part in enumerate(literals)))


def _handler(service: Any, name: str) -> Handler:
    """A method of the service, or a function that is given the service, of a module that is loaded when it is asked."""
    module, _, function = name.rpartition(".")
    if not module:
        method: Handler = getattr(service, name)
        return method

    async def answer(request: Request) -> Answer:
        given: Answer = await getattr(import_module(f"workbench.scoring.{module}"), function)(service, request)
        return given

    return answer
