"""From one report to the next: incidents with their ids, what is behind them, and what people made of them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress

from workbench.core.bundle import Bundle
from workbench.core.profile import Profile
from workbench.core.report import Incident, Window
from workbench.errors import NotFound, StoreError
from workbench.monitoring.causes import with_causes
from workbench.monitoring.incident_book import acts, follow, handled
from workbench.monitoring.incidents import incidents
from workbench.monitoring.windows import windows
from workbench.settings import Settings
from workbench.storage.registry import folder_of


def followed_incidents(
    bundle: Bundle, judged: Sequence[Window], unit: str, force: Settings
) -> tuple[tuple[Incident, ...], tuple[Incident, ...]]:
    """The incidents of a report, written down as known, and with what people did about them.

    With them those of the report before that went on then, and are none with what is known now.

    Parameters
    ----------
    bundle : Bundle
        The champion.
    judged : sequence of Window
        In order of time.
    unit : str
        Of the reasons.
    force : Settings

    Raises
    ------
    Damaged
        If what is known of incidents, or was done about them, is not what was written.
    """

    earlier: list[Incident] = []

    def next_of(before: tuple[Incident, ...]) -> tuple[Incident, ...]:
        earlier.extend(before)
        return with_causes(incidents(judged, before), judged, look, before, unit)

    def look(window: Window) -> tuple[Bundle, Profile | None]:
        return _answering(bundle, window, force), _profile(bundle.name, window.label, force)

    now = follow(bundle.name, next_of, force)
    ids = {one.id for one in now}
    gone = [one for one in earlier if one.open and one.id not in ids]
    done = acts(bundle.name, force)
    return handled(now, done), handled(gone, done)


def _answering(bundle: Bundle, window: Window, force: Settings) -> Bundle:
    if window.version is None or window.version == bundle.version:
        return bundle
    try:
        return Bundle.load_folder(folder_of(bundle.name, window.version, force))
    except NotFound:
        return bundle  # that version was removed; the one that answers now is the nearest


def _profile(name: str, label: str, force: Settings) -> Profile | None:
    seen = next((one for one in windows(name, force) if one.label == label), None)
    with suppress(StoreError):
        return seen.profile() if seen else None
    return None
