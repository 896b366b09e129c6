"""What is on disk about each model: its latest report, or why there is none."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.core.literals import call
from workbench.core.report import MonitorReport
from workbench.errors import BadParameter, StoreError
from workbench.settings import Settings, settings
from workbench.storage.files import SAFE_NAME, inside, safe_name


@dataclass(frozen=True)
class Stored:
    """One model.

    Parameters
    ----------
    name : str
        Of the bundle.
    report : MonitorReport, optional
        The latest one.
    problem : str
        Why there is no report, and what to do; empty where there is one.
    """

    name: str
    report: MonitorReport | None
    problem: str = ""


def models(of: Settings | None = None) -> tuple[Stored, ...]:
    """Each model that is packaged or watched, in order of name."""
    of = of or settings()
    folders = [f for root in (of.reports, of.bundles) if root.is_dir() for f in root.iterdir()]
    names = sorted({f.name for f in folders if f.is_dir() and SAFE_NAME.match(f.name)})
    return tuple(stored(name, of) for name in names)


def stored(name: str, of: Settings | None = None) -> Stored:
    """One model; a report that can't be read is told, not raised.

    Raises
    ------
    BadParameter
        If ``name`` can't be the name of a bundle.
    """
    of = of or settings()
    safe_name(name, "bundle")
    try:
        path = inside(of.reports, name, "latest.json")
        if path.exists():
            return Stored(name, MonitorReport.load(path))
    except (StoreError, BadParameter) as error:
        return Stored(name, None, str(error))
    return Stored(name, None, f"It is not watched yet. Call {call('wb.monitor', name)} once it has scored rows.")
