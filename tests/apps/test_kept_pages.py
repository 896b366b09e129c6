"""What the server keeps for a moment, or lets in once; and what a what-if page makes of an address."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.apps.readers import fill
from workbench.apps import whatif
from workbench.apps.acts import act
from workbench.apps.choice import Choice
from workbench.apps.fixed import is_ours
from workbench.apps.kept import MOST, SECONDS, Kept, state
from workbench.apps.live import SECONDS as GOOD_FOR
from workbench.apps.live import Tickets
from workbench.apps.serve import serve
from workbench.apps.shipped import folder
from workbench.errors import BadParameter, NotFound
from workbench.settings import settings


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@given(st.lists(st.tuples(st.integers(0, 2 * MOST), st.floats(0, SECONDS)), max_size=200))
def test_a_kept_page_is_never_another_one_nor_too_old(asked):
    """Whatever is asked for, in whichever order, after whatever time."""
    clock = Clock()
    kept = Kept(clock)
    for key, later in asked:
        clock.now += later
        name, made = kept.page(key, lambda key=key: (key, clock.now))

        assert name == key
        assert clock.now - made < SECONDS


def test_no_more_pages_are_kept_than_there_is_room_for():
    kept, made = Kept(Clock()), []
    for key in [*range(MOST + 1), 0, MOST]:
        kept.page(key, lambda key=key: made.append(key) or "")

    assert made == [*range(MOST + 1), 0]


@pytest.mark.parametrize("changed", ["reports/flights/latest.json", "incidents/flights/acts.json", "audit.jsonl"])
def test_a_page_is_made_anew_where_a_file_behind_it_has_changed(home, changed):
    force = settings(home=fill(home))
    before = state("flights", force), state("", force)
    path = home / changed
    path.parent.mkdir(exist_ok=True)

    path.write_text((path.read_text("utf-8") if path.exists() else "") + " ", "utf-8")

    assert state("flights", force) != before[0]
    assert state("", force) != before[1]
    assert state("../../etc", force) == state("../../etc", force)


def test_a_ticket_is_good_once_for_its_browser_and_page_and_soon():
    clock = Clock()
    tickets = Tickets(clock)
    old, mine, his = (tickets.give(who, "whatif.ipynb") for who in ("anna", "anna", "bert"))

    clock.now = GOOD_FOR / 2
    assert tickets.take(mine, "anna", "whatif.ipynb")
    assert not tickets.take(mine, "anna", "whatif.ipynb")
    assert not tickets.take(his, "anna", "whatif.ipynb")
    assert not tickets.take(his, "bert", "whatif.ipynb")
    clock.now = GOOD_FOR
    assert not tickets.take(old, "anna", "whatif.ipynb")
    assert not tickets.take("", "", "")


def test_a_notebook_that_somebody_has_changed_is_no_page_of_ours(tmp_path):
    shipped, own = folder() / "models.ipynb", tmp_path / "models.ipynb"
    notebook = json.loads(shipped.read_text("utf-8"))

    assert is_ours(own, shipped)
    notebook["cells"][0]["source"] = "Our models"
    own.write_text(json.dumps(notebook), "utf-8")
    assert is_ours(own, shipped)
    notebook["cells"][-1]["source"] = "page(1)"
    own.write_text(json.dumps(notebook), "utf-8")
    assert not is_ours(own, shipped)


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_whatever_stands_in_the_address_is_a_rate_and_two_costs(rate, alarm, missed):
    from urllib.parse import urlencode

    asked = whatif.Asked.of(urlencode({"rate": rate, "alarm": alarm, "missed": missed}))

    assert asked.rate is None or 0 < asked.rate <= 0.5
    assert 0 <= asked.alarm_cost <= whatif.MOST_COST
    assert 0 <= asked.missed_cost <= whatif.MOST_COST


def test_the_page_tells_what_another_rate_had_brought(home):
    fill(home)

    text = whatif.shown(Choice("flights", lang="de"), whatif.Asked(0.01, 2.0, 5.0))

    assert "Alarms at 0.01" in text
    assert "2 an alarm, 5 a missed window" in text
    assert "Fehlalarmrate" in text
    assert '<input type="hidden" name="lang" value="de">' in text


@pytest.mark.parametrize(
    ("name", "told"),
    [("fresh", "no windows"), ("nobody", "not watched yet"), ("", "no windows"), ("<b>", "A bundle name has letters")],
)
def test_a_page_without_windows_says_why(home, name, told):
    fill(home)

    text = whatif.shown(Choice(name), whatif.Asked())

    assert told in text
    assert "<b>" not in text


def test_texts_of_a_report_stay_texts(home):
    fill(home)

    assert "<img src=x" not in whatif.shown(Choice("hostile"), whatif.Asked())


def test_a_slider_draws_what_the_page_shows(home, monkeypatch):
    """At the rate and the costs that the address says, and at the next ones."""
    monkeypatch.setenv("QUERY_STRING", "name=flights&rate=0.01&alarm=2")
    fill(home)
    _, rate, alarm, missed, drawn = whatif.page().children

    assert (rate.value, alarm.value, missed.value) == (0.01, 2.0, 10.0)
    assert "Alarms at 0.01" in drawn.value
    rate.value, missed.value = 0.001, 7.0
    assert "Alarms at 0.001" in drawn.value
    assert "7 a missed window" in drawn.value


def test_nobody_acts_without_a_name(home):
    with pytest.raises(BadParameter, match="Give your name"):
        act({"by": " ", "act": "note", "name": "flights", "incident": "", "note": "", "until": "", "back": ""})


def test_what_can_not_be_served_is_told(tmp_path):
    with pytest.raises(NotFound, match="There is no folder"):
        serve(notebooks=tmp_path / "nowhere")
    with pytest.raises(BadParameter, match="the same token"):
        serve(token="one", act_token="one", notebooks=tmp_path)
