"""Long answers of a view: between their parts others are heard, and a newer question takes an older one's place."""

import asyncio

import pytest

from workbench.core.steps import stepwise
from workbench.widgets.in_turns import InTurns


class Page:
    """What a page is told, and what happens when it is told something."""

    def __init__(self):
        self.told, self.seen, self.then = [], [], lambda message: None
        self.turns = InTurns(self.hear)

    def hear(self, message):
        self.told.append(message)
        self.then(message)

    def long(self, name, steps=6):
        def work():
            for place in stepwise(range(steps)):
                self.seen.append((name, place))
            return {"kind": "panel", "name": name}

        return work

    def answers(self):
        return [message["name"] for message in self.told if message["kind"] == "panel"]

    def until(self, name, do):
        """Do it where a loop of events runs, until the answer of a name has come."""

        async def main():
            do()
            async with asyncio.timeout(60):
                while name not in self.answers():
                    await asyncio.sleep(0.001)

        asyncio.run(main())


@pytest.fixture
def page(monkeypatch):
    """Each part is one step long."""
    for name in ("AT_ONCE", "TURN"):
        monkeypatch.setattr(f"workbench.widgets.in_turns.{name}", 0.0)
    return Page()


def test_where_nobody_else_waits_the_answer_comes_at_once(page):
    page.turns.begin("a", page.long("a"))

    assert page.told == [{"kind": "panel", "name": "a"}]
    assert len(page.seen) == 6


def test_something_short_is_answered_between_the_parts_of_something_long(page):
    def short(message):
        if message.get("done") == 0.5:
            asyncio.get_running_loop().call_soon(page.seen.append, "short")

    page.then = short
    page.until("a", lambda: page.turns.begin("a", page.long("a")))

    assert page.seen.index("short") == 3
    assert [m["kind"] for m in page.told] == ["progress"] * 6 + ["panel"]
    assert [m["done"] for m in page.told[:-1]] == pytest.approx([k / 6 for k in range(6)])


def test_a_newer_question_takes_the_place_of_an_older_one(page):
    def begin():
        page.turns.begin("a", page.long("old"))
        page.turns.begin("a", page.long("new"))

    page.until("new", begin)

    assert page.answers() == ["new"]
    assert {place for name, place in page.seen if name == "old"} <= {0}


def test_all_that_is_under_way_can_be_called_off(page):
    def begin():
        for name in "abc":
            page.turns.begin(name, page.long(name))
        page.turns.call_off_all()
        page.turns.begin("d", page.long("d"))

    page.until("d", begin)

    assert page.answers() == ["d"]


def test_what_is_called_off_sends_nothing_more(page):
    def begin():
        page.turns.begin("a", page.long("a", steps=3))
        page.turns.begin("b", page.long("b"))
        page.turns.call_off("a")
        page.turns.call_off("nothing")

    page.until("b", begin)

    assert page.answers() == ["b"]
