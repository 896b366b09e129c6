"""What is on disk about each model: its latest report, or why there is none."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass, replace

from workbench.core.bundle import Bundle
from workbench.core.incident import Incident
from workbench.core.literals import call
from workbench.core.reasons import Reasons
from workbench.core.report import MonitorReport
from workbench.core.report_file import LATEST, summary
from workbench.core.report_summary import Summary
from workbench.core.watch import Watch
from workbench.display.report_view import View
from workbench.errors import BadParameter, NotFound, StoreError
from workbench.monitoring.incident_book import acts, handled
from workbench.monitoring.shapes import Shapes
from workbench.monitoring.shapes import shapes as shapes_of
from workbench.monitoring.watch_book import decisions, plan
from workbench.settings import Settings, settings
from workbench.storage import audit
from workbench.storage.files import SAFE_NAME, inside, safe_name
from workbench.storage.registry import folder_of

EXPLAIN = "Call wb.explain(run) before wb.package(run, …)."


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
    watch : Watch, optional
        That looks after it.
    """

    name: str
    report: MonitorReport | None
    problem: str = ""
    watch: Watch | None = None


@dataclass(frozen=True)
class Driven:
    """What drives one model.

    Parameters
    ----------
    reasons : Reasons, optional
        That ship with the version that answers.
    target : str
        What it predicts.
    problem : str
        Why there are none, and what to do; empty where there are some.
    """

    reasons: Reasons | None = None
    target: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Listed:
    """One model on the page of all.

    Parameters
    ----------
    name : str
        Of the bundle.
    summary : Summary, optional
        Of its latest report.
    problem : str
        Why there is none, and what to do; empty where there is one.
    incidents : tuple of Incident
        Its open ones, of which only the id and what people did about them are known.
    """

    name: str
    summary: Summary | None
    problem: str = ""
    incidents: tuple[Incident, ...] = ()


def models(given: Settings | None = None) -> tuple[Listed, ...]:
    """Each model that is packaged or watched, in order of name; a report that can't be read is told, not raised."""
    force = given or settings()
    folders = [f for root in (force.reports, force.bundles) if root.is_dir() for f in root.iterdir()]
    names = sorted({f.name for f in folders if f.is_dir() and SAFE_NAME.match(f.name)})
    return tuple(_listed(name, force) for name in names)


def _listed(name: str, force: Settings) -> Listed:
    try:
        folder = inside(force.reports, name)
        if not (folder / LATEST).exists():
            return Listed(name, None, _unwatched(name))
        told = summary(folder)
        return Listed(name, told, incidents=_going(name, told, force))
    except (StoreError, BadParameter) as error:
        return Listed(name, None, str(error))


def _going(name: str, told: Summary, force: Settings) -> tuple[Incident, ...]:
    """The open incidents with what people did about them; where that can't be read, as if nobody did."""
    there = tuple(Incident("", "", "", id=one, open=True) for one in told.going)
    with suppress(StoreError, BadParameter):
        return handled(there, acts(name, force)) if there else ()
    return there


def _unwatched(name: str) -> str:
    return f"It is not watched yet. Call {call('wb.monitor', name)} once it has scored rows."


def stored(name: str, given: Settings | None = None) -> Stored:
    """One model; a report that can't be read is told, not raised.

    Raises
    ------
    BadParameter
        If ``name`` can't be the name of a bundle.
    """
    force = given or settings()
    safe_name(name, "bundle")
    try:
        path = inside(force.reports, name, LATEST)
        if path.exists():
            return Stored(name, _as_it_stands(MonitorReport.load(path), force), watch=_watch(name, force))
    except (StoreError, BadParameter) as error:
        return Stored(name, None, str(error))
    return Stored(name, None, _unwatched(name))


def _watch(name: str, force: Settings) -> Watch | None:
    """What looks after it, without its next moments; None where nothing does, or that can't be read."""
    with suppress(NotFound, StoreError, BadParameter):
        return Watch(plan(name, force), decisions(name, force))
    return None


def _as_it_stands(report: MonitorReport, force: Settings) -> MonitorReport:
    """With what people did about its incidents since it was made; where that can't be read, as it was."""
    with suppress(StoreError, BadParameter):
        return replace(report, incidents=handled(report.incidents, acts(report.name, force)))
    return report


def driven(name: str, given: Settings | None = None) -> Driven:
    """What drives a model: the version that the latest report is of, or else the one that became champion last.

    Raises
    ------
    BadParameter
        If ``name`` can't be the name of a bundle.
    """
    force = given or settings()
    known = stored(name, force)
    version = known.report.version if known.report else _champion(name, force)
    if version is None:
        return Driven()
    try:
        bundle = Bundle.load_folder(folder_of(name, version, force))
        reasons, target = bundle.reasons, bundle.contract.target or ""
    except NotFound:
        return Driven()
    except (StoreError, BadParameter) as error:
        return Driven(problem=str(error))
    return Driven(
        reasons, target, "" if reasons else f"{name} version {version} ships without an explanation. {EXPLAIN}"
    )


def shapes(one: Stored, window: str = "", given: Settings | None = None) -> Shapes:
    """Values of the columns in the training and in a window, by column; none where they are not kept.

    Parameters
    ----------
    one : Stored
    window : str
        By default the latest one that is judged.
    given : Settings, optional
    """
    seen = View(window=window).shown(one.report) if one.report else None
    if one.report is None or seen is None:
        return {}
    return shapes_of(one.name, seen.label, seen.version or one.report.version, given or settings())


def _champion(name: str, force: Settings) -> int | None:
    """By the audit log: to ask the registry takes seconds."""
    try:
        acts = [entry for entry in audit.acts(force.audit_log) if entry.get("name") == name]
    except StoreError:
        return None
    moved = [int(entry["version"]) for entry in acts if entry["act"] in ("promote", "rollback")]
    return moved[-1] if moved else None
