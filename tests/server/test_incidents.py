"""Incidents on the event bus: those that begin are told once, and none that somebody knows of."""

from dataclasses import replace
from pathlib import Path

import pytest
from jupyter_events import EventLogger

from workbench.core.incident import Act, Incident
from workbench.monitoring.incident_book import KNOWN, add, folder_of, follow
from workbench.server.incidents import SCHEMA, IncidentWatcher
from workbench.settings import settings

ONE = Incident("w1", "w3", "ROC AUC fell.", (), True, "1a2b3c4d", "score", "down", "w3", "warning", ("w1", "w3"))


@pytest.fixture
def watcher(home: Path) -> IncidentWatcher:
    """Of an empty home, by looks of the test's own."""
    return IncidentWatcher(None, lambda told: None, home)


def now(*found: Incident, name: str = "shop") -> None:
    """What the latest report of a bundle knows."""
    follow(name, lambda _: found, settings())


def test_one_that_begins_or_becomes_an_alarm_is_told_once(watcher: IncidentWatcher) -> None:
    assert list(watcher.look()) == []
    now(ONE)
    first, quiet = list(watcher.look()), list(watcher.look())
    now(replace(ONE, end="w4"))
    same = list(watcher.look())
    now(replace(ONE, severity="alarm"))
    worse = list(watcher.look())

    assert first == [{"name": "shop", "id": ONE.id, "severity": "warning", "since": "w1", "cause": ONE.cause}]
    assert (quiet, same) == ([], [])
    assert [told["severity"] for told in worse] == ["alarm"]


def test_what_was_known_before_the_server_began_is_not_told(watcher: IncidentWatcher) -> None:
    now(ONE)

    assert list(watcher.look()) == []


def test_what_is_over_or_somebody_knows_of_is_not_told(watcher: IncidentWatcher) -> None:
    list(watcher.look())
    add("shop", Act(ONE.id, "acknowledge", "anna", "2026-12-01T09:00:00+00:00"), settings())
    now(ONE, replace(ONE, id="2b", open=False))

    assert list(watcher.look()) == []


def test_a_damaged_file_keeps_nobody_else_silent(watcher: IncidentWatcher) -> None:
    list(watcher.look())
    now(ONE)
    now(ONE, name="zoo")
    (folder_of("shop", settings()) / KNOWN).write_text("{", encoding="utf-8")

    assert [told["name"] for told in watcher.look()] == ["zoo"]


def test_what_it_tells_fits_the_schema(watcher: IncidentWatcher) -> None:
    logger = EventLogger()
    logger.register_event_schema(SCHEMA)
    list(watcher.look())
    now(ONE)

    for told in watcher.look():
        logger.schemas.validate_event(SCHEMA["$id"], told)
