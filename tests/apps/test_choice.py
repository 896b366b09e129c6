"""What a page's address asks for."""

from hypothesis import given
from hypothesis import strategies as st

from workbench.apps.choice import ASKED, LONGEST, Choice, preferred

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=LONGEST)  # an address has no lone surrogate
days = st.dates().map(lambda day: day.isoformat()) | st.just("")
choices = st.builds(
    Choice, name=texts, since=days, until=days, window=texts, column=texts, segment=texts, metric=texts,
    lang=st.sampled_from(["en", "de"]), theme=st.sampled_from(["", "light", "dark"]),
)  # fmt: skip


@given(choices)
def test_an_address_says_the_whole_choice(choice):
    """Whatever names hold, the link leads to what was chosen."""
    assert Choice.of(choice.query()) == choice
    assert Choice.of(choice.link("model.ipynb", window="w").partition("?")[2]) == choice.but(window="w")


@given(st.text(max_size=300))
def test_no_address_is_too_strange(query):
    """What makes no sense is left out; who may act and what was done is never taken from an address."""
    found = Choice.of(query)

    assert all(len(value) <= LONGEST for value in found.asked().values())
    assert (found.may_act, found.by, found.hidden, found.done) == (False, "", (), "")
    assert Choice.of(found.query()) == found


def test_who_may_act_is_not_of_the_address():
    asked = Choice.of("name=x&may_act=1&by=eve&done=yes&hidden=1", may_act=False)

    assert asked == Choice("x")
    assert not {"may_act", "by", "hidden", "done"} & set(ASKED)


def test_a_day_that_is_none_and_a_language_that_is_not_spoken_are_left_out():
    asked = Choice.of("since=2026-02-30&until=2026-02-28&lang=xx&theme=pink", language="de-CH, en;q=0.4")

    assert asked == Choice(until="2026-02-28", lang="de")


def test_the_wish_that_counts_most_is_the_language():
    wishes = ["de", "en-GB,de;q=0.9", "fr,de;q=0.3,en;q=0.7", "de;q=0,en", "*", "de-AT;q=x"]

    assert [preferred(one) for one in wishes] == ["de", "en", "en", "en", "en", "de"]
