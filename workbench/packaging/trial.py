"""What was made is started before it is registered: it answers golden rows, refuses bad ones, and is measured."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from workbench import settings
from workbench.core.bundle import Bundle
from workbench.core.needs import Asked, Needs
from workbench.errors import Refused
from workbench.packaging.measuring import Start, measured, reasoning
from workbench.packaging.process import Service, started
from workbench.packaging.replay import golden_rows, imports, replayed
from workbench.settings import dear_reasons
from workbench.tables import compiler
from workbench.tables.compiled import CompiledModel

PATIENCE = 2.0  # seconds in which reasons of golden rows are asked for


def tried(bundle: Bundle, asked: Asked) -> Needs:
    """Start a bundle's own service from its folder, with the packages that are here, and look at what it answers.

    Parameters
    ----------
    bundle : Bundle
        Whose folder is whole but for what tells of this.
    asked : {"auto", "always", "never"}
        Whether its service shall tell reasons; ``auto``: where they take no more than the settings allow.

    Returns
    -------
    Needs
        What it took.

    Raises
    ------
    Refused
        If it does not start, or answers otherwise than it must; naming what.
    """
    rows, values = (golden_rows(bundle)[part] for part in ("rows", "values"))
    loops = _loops(bundle)
    with _started(bundle, loops) as service:
        start = Start.of(service)
        checks = replayed(bundle, service, PATIENCE, reasons=False)
        needs = measured(service, start, rows)
        if values is not None:
            checks += replayed(bundle, service, PATIENCE, predictions=False)
            needs = replace(needs, reasons=reasoning(service, rows, needs.answers))
    for check in (*checks, *imports(bundle, service.imported)):
        if not check.ok:
            raise Refused(
                f"What was packaged as {bundle.name!r} does not serve as it must, so nothing was registered: "
                f"{check.name}: {check.detail}. Train again with the packages that are here, and package that."
            )
    if needs.reasons is not None and service.imported.get("loops"):
        with _started(bundle, {}) as service:
            replayed(bundle, service, PATIENCE, reasons=False)
            needs = replace(needs, by_numpy=reasoning(service, rows, needs.answers))
    cpu, memory = dear_reasons()
    return replace(needs, asked=asked, most_cpu=cpu, most_memory_of_reasons=memory)


@contextmanager
def _started(bundle: Bundle, loops: Mapping[str, str]) -> Iterator[Service]:
    with tempfile.TemporaryDirectory() as scratch, started(bundle, sys.executable, Path(scratch), loops) as service:
        yield service


def _loops(bundle: Bundle) -> dict[str, str]:
    """Where the loops over trees are found, compiled as a service on this machine would have them compiled."""
    if not (bundle.compiled and CompiledModel.load(bundle.path / bundle.model_file).trees):
        return {}
    place, by = compiler.folder(), settings.compiler()
    there = by is not None and place is not None and compiler.library() is not None
    return {"WORKBENCH_COMPILED": str(place), "WORKBENCH_COMPILER": str(by)} if there else {}
