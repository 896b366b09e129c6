"""The plan of the floors in README is the one that the import contracts have."""

import runpy
from pathlib import Path
from xml.etree import ElementTree

import pytest

PLAN = runpy.run_path(str(Path(__file__).with_name("plan.py")))


def test_the_plan_is_drawn_from_the_contracts():
    drawn = PLAN["PICTURE"].read_text(encoding="utf-8")

    assert drawn == PLAN["draw"](), "the floors have changed; draw them anew with `python tests/plan.py`"


def test_every_room_of_the_package_stands_on_a_floor():
    rooms = {room for floor in PLAN["floors"]() for room in floor}
    package = PLAN["ROOT"] / "workbench"
    folders = {path.parent.name for path in package.glob("*/__init__.py")}

    assert folders <= rooms
    assert rooms - folders <= {path.stem for path in package.glob("*.py")}


def test_the_plan_is_sound_svg_and_names_each_room_once():
    names = [e.text for e in ElementTree.fromstring(PLAN["draw"]()).iter() if e.get("class") == "name"]

    assert sorted(names) == sorted(room for floor in PLAN["floors"]() for room in floor)


@pytest.mark.parametrize("room", [room for floor in PLAN["floors"]() for room in floor])
def test_every_room_says_in_one_sentence_what_it_does(room):
    assert len(PLAN["does"](room)) > 10
