"""Serve a bundle by name; the service follows its alias, so a promotion or rollback needs no restart."""

from __future__ import annotations

import logging
import sys
import threading
from pathlib import Path

from workbench.core.bundle import MANIFEST
from workbench.core.ports import free_port
from workbench.core.registry import version_of
from workbench.errors import WorkbenchError
from workbench.packaging.package import bundle
from workbench.scoring.__main__ import run
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.settings import settings

SECONDS = 2.0  # between two looks at the alias


def serve(name: str, *, host: str = "127.0.0.1", port: int = 8080) -> None:
    """Answer JSON rows over HTTP until stopped, and log what is seen.

    Parameters
    ----------
    name : str
        As :func:`workbench.bundle` takes it. A plain name or an alias is followed; a version or a folder is fixed.
    host : str
        Address to listen on; loopback by default.
    port : int
        Port to listen on; 0 takes a free one, and tells it.

    Raises
    ------
    NotFound, Damaged
        As :func:`workbench.bundle`.
    """
    scorer = Scorer(bundle(name).path)
    made = scorer.bundle
    log = PredictionLog(settings().predictions / made.name, scorer.sensitive)
    service = Service(scorer, log)
    port = port or free_port(host)
    stop = threading.Event()
    if not _is_fixed(name):
        threading.Thread(target=_follow, args=(service, name, stop), daemon=True).start()
    sys.stderr.write(
        f"{made.headline()}\nListening on http://{host}:{port} (POST /predict, GET /contract). Stop with Ctrl-C.\n"
    )
    try:
        run(service, host, port)
    finally:
        stop.set()
        log.close()


def follow_once(service: Service, name: str) -> bool:
    """Load the version that the alias points at now, if it is another one; says whether it was."""
    base, _, alias = name.partition("@")
    version = version_of(base, alias or "champion")
    if version == service.scorer.bundle.version:
        return False
    service.follow(Scorer(bundle(f"{base}/{version}").path))
    return True


def _follow(service: Service, name: str, stop: threading.Event) -> None:
    while not stop.wait(SECONDS):
        try:
            if follow_once(service, name):
                sys.stderr.write(f"Now serving {service.scorer.bundle.headline()}\n")
        except (WorkbenchError, OSError) as error:
            # The old version keeps answering: a service must not stop because the registry can't be reached.
            logging.getLogger(__name__).warning("The alias can't be followed: %s", error)


def _is_fixed(name: str) -> bool:
    return "/" in name or (Path(name) / MANIFEST).is_file()
