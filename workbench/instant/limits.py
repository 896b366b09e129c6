"""What a process inherits besides its environment: limits, priority, processors, the mask of new files."""

from __future__ import annotations

import os
import resource
from typing import Any

NAMES = tuple(name for name in dir(resource) if name.startswith("RLIMIT_"))


def own() -> dict[str, Any]:
    """Those of this process, as JSON has them."""
    mask = os.umask(0o077)
    os.umask(mask)
    return {
        "limits": {name: resource.getrlimit(getattr(resource, name)) for name in NAMES},
        "nice": os.nice(0),
        "processors": sorted(os.sched_getaffinity(0)),
        "umask": mask,
    }


def misfit(wanted: dict[str, Any]) -> str:
    """Why a fork of this process can't have the limits of another; empty where it can."""
    if wanted["nice"] < os.nice(0):
        return "its priority is higher"
    wider = [name for name, (_, most) in wanted["limits"].items() if _wider(most, resource.getrlimit(_number(name))[1])]
    return f"its limits are wider ({', '.join(wider)})" if wider else ""


def take(wanted: dict[str, Any]) -> None:
    """Give this process the limits of another, which :func:`misfit` lets pass."""
    for name, pair in wanted["limits"].items():
        resource.setrlimit(_number(name), tuple(pair))
    os.sched_setaffinity(0, wanted["processors"])
    os.nice(wanted["nice"] - os.nice(0))
    os.umask(wanted["umask"])


def _number(name: str) -> int:
    return int(getattr(resource, name))


def _wider(one: int, than: int) -> bool:
    return than != resource.RLIM_INFINITY and (one == resource.RLIM_INFINITY or one > than)
