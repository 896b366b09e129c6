"""A failure is told by its class and its places, never by what a client sent."""

import logging

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import BadRow, BadTable, Damaged, Refused
from workbench.scoring import faults as told_faults
from workbench.scoring.faults import Faults, described

SECRET = "Ada Lovelace, 12 St James's Square"


def raised(error):
    try:
        raise error
    except type(error) as caught:
        return caught


def chained():
    try:
        try:
            float(SECRET)
        except ValueError as first:
            raise KeyError(SECRET) from first
    except KeyError as second:
        return second


@pytest.mark.parametrize(
    "error",
    [
        ValueError(SECRET),
        KeyError(SECRET),
        UnicodeEncodeError("utf-8", SECRET, 0, 3, SECRET),
        BadTable(SECRET),
        BadRow([{"row": 0, "field": "name", "expected": "a number", "got": SECRET}]),
        OSError(28, SECRET),
        ExceptionGroup(SECRET, [ValueError(SECRET)]),
    ],
)
def test_no_message_is_told_but_the_class_and_the_places(error):
    text = described(raised(error))

    assert "Ada" not in text
    assert text.startswith(type(error).__name__)
    assert "tests/" not in text
    assert "test_faults.py:" in text
    assert " raised" in text


def test_what_can_hold_no_value_is_told():
    assert described(Damaged("model.npz is not what was written.")) == "Damaged (model.npz is not what was written.)"
    assert described(Refused("It hangs.")) == "Refused (It hangs.)"
    bad = BadRow([{"row": 0, "field": "age", "expected": "a number", "got": SECRET}])
    assert described(bad) == "BadRow (field 'age' must be a number)"
    assert described(OSError(28, "No space left")) == "OSError (28)"


def test_causes_are_told_likewise():
    text = described(chained())

    assert "KeyError at " in text
    assert ", after ValueError at " in text
    assert "Ada" not in text


def test_places_are_told_from_the_package_on():
    try:
        Faults(clock=lambda: 1 / 0).tell("It failed", ValueError())
    except ZeroDivisionError as error:
        text = described(error)

    assert "< workbench/scoring/faults.py:" in text
    assert not [part for part in text.split() if part.startswith("/")]


def test_a_kind_is_told_once_a_minute_with_how_many_there_were(caplog):
    now = [0.0]
    faults = Faults(clock=lambda: now[0])
    with caplog.at_level(logging.WARNING):
        for now[0] in (0.0, 1.0, 59.0, 60.0, 61.0):
            faults.tell("Rows failed", ValueError(SECRET), note=f"request {now[0]:.0f}")
        faults.tell("Rows failed", KeyError(SECRET))
        faults.tell("Others failed", KeyError(SECRET), logging.ERROR)

    assert [(r.levelname, r.message) for r in caplog.records] == [
        ("WARNING", "Rows failed: ValueError (request 0)"),
        ("WARNING", "Rows failed: ValueError (request 60; 2 more since the last line)"),
        ("WARNING", "Rows failed: KeyError"),
        ("ERROR", "Others failed: KeyError"),
    ]


def test_ever_new_kinds_fill_no_memory_and_are_told_again_when_the_old_ones_are_forgotten(monkeypatch):
    monkeypatch.setattr(told_faults, "MOST_KINDS", 10)
    now = [0.0]
    faults = Faults(clock=lambda: now[0])

    told = [faults.tell(f"Kind {i}", ValueError()) for i in range(100)]
    now[0] = 61.0
    again = [faults.tell(f"Kind {i}", ValueError()) for i in range(100, 200)]

    assert (sum(told), sum(again)) == (10, 10)
    assert len(faults._told) <= 10


@given(st.text(), st.sampled_from([ValueError, KeyError, RuntimeError, BadTable, AssertionError]))
def test_whatever_the_message_is_the_line_is_the_same(text, kind):
    assert described(kind(text)) == kind.__name__
