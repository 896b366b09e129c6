"""Who is told of which incidents: by model and by severity; kept once for a home, each with a target of delivery.

``routes.json`` holds no secret: what is one is given by reference, as ``env:HOOK`` or ``keyring:SERVICE/USER``.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from fnmatch import fnmatchcase
from typing import Any, Literal

from workbench.core.incident import Incident
from workbench.core.literals import call
from workbench.core.saved import check_types
from workbench.delivery.targets import target
from workbench.errors import BadParameter, NotFound
from workbench.settings import Settings
from workbench.storage.files import change, read

FILE = "routes.json"
MOST = 1000
SEVERITIES = ("alarm", "warning")
Least = Literal["alarm", "warning"]


@dataclass(frozen=True)
class Route:
    """Somebody who is told.

    Parameters
    ----------
    to : str
        ``mailto:…``, ``https://…``, ``slack:…``, ``file:…`` or a reference such as ``env:HOOK``.
    models : str
        Names of bundles: one of them, or a pattern such as ``churn-*``.
    severity : {"alarm", "warning"}
        The least: *warning* hears of both.
    """

    to: str
    models: str = "*"
    severity: Least = "alarm"

    def hears(self, name: str, one: Incident) -> bool:
        """Whether it is told of an incident of a bundle.

        >>> Route("env:HOOK", "churn-*").hears("churn-eu", Incident("w1", "w1", "…", severity="warning"))
        False
        """
        grave = self.severity == "warning" or one.severity == "alarm"
        return grave and fnmatchcase(name, self.models)

    def shown(self) -> str:
        """It in words, without what may be a secret."""
        heard = "alarms" if self.severity == "alarm" else "alarms and warnings"
        return f"{target(self.to).shown()}  {self.models}  {heard}"


def routes(force: Settings) -> tuple[Route, ...]:
    """All of them, in the order in which they were made.

    Raises
    ------
    Damaged
        If the file is not what was written.
    """
    path = force.home / FILE
    return read(path, _routes) if path.exists() else ()


def add_route(to: str, models: str, severity: str, force: Settings) -> Route:
    """Tell somebody from now on; of what he hears already there is one route, with the newest severity.

    Raises
    ------
    BadParameter
        If it is no target, shows a secret, or says *failure* or *success*, which are of jobs.
    """
    if target(to).when != "always":
        raise BadParameter("'failure:' and 'success:' are of jobs. Give the target alone, and severity='alarm'.")
    if severity not in SEVERITIES:
        raise BadParameter(f"A severity is alarm or warning, got {str(severity)[:40]!r}. Choose one.")
    if not models or len(models) > 200 or not models.isprintable():
        raise BadParameter("Models are the name of a bundle or a pattern such as 'churn-*'. Give one.")
    made = Route(to.strip(), models, severity)  # type: ignore[arg-type]  # one of SEVERITIES
    _change(lambda there: (*(r for r in there if (r.to, r.models) != (made.to, made.models)), made), force)
    return made


def remove_route(to: str, models: str, force: Settings) -> int:
    """Tell somebody no more, and return how many routes that were.

    Parameters
    ----------
    to : str
        As it was given, or as it is shown.
    models : str
        As it was given; empty: of all models.
    force : Settings

    Raises
    ------
    NotFound
        If there is no such route.
    """
    gone = [r for r in routes(force) if to in (r.to, target(r.to).shown()) and models in ("", r.models)]
    if not gone:
        raise NotFound(f"Nobody is told so. `workbench notify list` shows who is; {call('wb.monitor', 'NAME')} tells.")
    _change(lambda there: tuple(r for r in there if r not in gone), force)
    return len(gone)


def _change(function: Any, force: Settings) -> None:
    def changed(there: tuple[Route, ...] | None) -> tuple[Route, ...]:
        after: tuple[Route, ...] = function(there or ())
        if len(after) > MOST:
            raise BadParameter(f"At most {MOST:,} routes. Remove some, or let a list of e-mail tell many.")
        return after

    change(force.home / FILE, changed, parse=_routes, plain=_plain)


def _plain(there: Iterable[Route]) -> dict[str, Any]:
    return {"noun": "routes", "format_version": 1, "routes": [asdict(one) for one in there]}


def _routes(content: Any) -> tuple[Route, ...]:
    found = tuple(Route(**one) for one in content["routes"])
    for one in found:
        check_types(one)
    return found
