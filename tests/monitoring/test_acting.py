"""What people do about incidents: kept with who and when, apart from the report, whole whatever happens."""

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

import workbench as wb
from workbench import cli
from workbench.core.incident import Act, Incident
from workbench.errors import BadParameter, Damaged, NotFound
from workbench.monitoring.incident_book import ACTS, acts, add, folder_of, follow, handled, known
from workbench.settings import settings

ONE = Incident("w1", "w3", "ROC AUC fell.", ("age",), True, "1a2b3c4d", "score", "down", "w2", "alarm", ("w1", "w3"))
OTHER = replace(ONE, id="1f000000", kind="drift", direction="", open=False)


@pytest.fixture
def book(home):
    """Two incidents of a bundle are known."""
    follow("shop", lambda _: (ONE, OTHER), settings())
    return "shop"


def test_an_incident_is_acknowledged_by_somebody_at_some_time(book):
    before = datetime.now(UTC)

    one = wb.incident(book, "1a", "acknowledge", note="I look at the feed.", by="anna")

    (act,) = one.acts
    assert (one.state, act.by, act.note) == ("acknowledged", "anna", "I look at the feed.")
    assert before - timedelta(seconds=1) <= datetime.fromisoformat(act.at) <= datetime.now(UTC)
    assert wb.incident(book, ONE.id) == one
    assert wb.incident(book, OTHER.id).acts == ()
    assert known(book, settings()) == (ONE, OTHER), "the report's own stays as it is"


def test_it_is_taken_over_snoozed_opened_again_and_closed(book):
    assert wb.incident(book, ONE.id, "own", by="anna").owner == "anna"
    assert wb.incident(book, ONE.id, "own", owner="bert", by="anna").owner == "bert"
    assert wb.incident(book, ONE.id, "snooze", until="3d").state == "snoozed"
    assert wb.incident(book, ONE.id, "note", note="Still so.").state == "snoozed"
    assert wb.incident(book, ONE.id, "reopen").state == "open"
    closed = wb.incident(book, ONE.id, "close", note="The sensor was changed.")
    assert (closed.state, closed.owner, len(closed.acts)) == ("closed", "bert", 6)


def test_what_was_snoozed_is_open_again_from_that_moment_on():
    until = datetime(2026, 12, 8, tzinfo=UTC)
    act = Act(ONE.id, "snooze", "anna", "2026-12-01T09:00:00+00:00", until=until.isoformat())

    states = [handled([ONE], [act], until + timedelta(seconds=s))[0].state for s in (-1, 0, 1)]

    assert states == ["snoozed", "open", "open"]


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        ({"act": "close"}, "needs a note"),
        ({"act": "note", "note": "  "}, "needs a note"),
        ({"act": "snooze"}, "give it a moment"),
        ({"act": "close", "note": "x", "until": "3d"}, "give it a moment"),
        ({"act": "snooze", "until": "soon"}, "how long from now"),
        ({"act": "snooze", "until": "2001-01-01"}, "within the next ten years"),
        ({"act": "snooze", "until": "99999d"}, "within the next ten years"),
        ({"act": "own", "owner": 7}, "a text as 'owner'"),
        ({"act": "reopen", "owner": "bert"}, "with act='own'"),
        ({"act": "solve"}, "Choose one"),
        ({"act": "note", "note": "x" * 2001}, "Shorten it"),
    ],
)
def test_what_can_not_be_done_is_told_and_not_kept(book, arguments, says):
    with pytest.raises(BadParameter, match=says):
        wb.incident(book, ONE.id, **arguments)

    assert acts(book, settings()) == ()


@pytest.mark.parametrize("id", ["nothing", "", "1"])
def test_an_incident_that_is_none_or_not_one_alone_is_told_with_those_there_are(book, id):  # noqa: A002
    with pytest.raises(NotFound, match="1a2b3c4d and 1f000000"):
        wb.incident(book, id)
    with pytest.raises(NotFound, match=r"wb\.monitor"):
        wb.incident("nowhere", id)


def test_two_writers_at_once_lose_nothing(book):
    def write(who):
        for k in range(5):
            wb.incident(book, ONE.id, "note", note=f"{who} {k}", by=who)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(write, "abcd"))

    notes = [act.note for act in acts(book, settings())]
    assert sorted(notes) == sorted(f"{who} {k}" for who in "abcd" for k in range(5))
    assert [n for n in notes if n[0] == "a"] == [f"a {k}" for k in range(5)]


@pytest.mark.slow
def test_a_writer_that_is_killed_leaves_whole_acts(book):
    code = (
        "import workbench as wb\n"
        f"for k in range(100000): wb.incident('shop', '{ONE.id}', 'note', note=str(k) * 50, by='x')"
    )
    writer = subprocess.Popen([sys.executable, "-c", code], env={**os.environ, "WORKBENCH_HOME": str(settings().home)})
    limit = time.monotonic() + 60
    while len(acts(book, settings())) < 3 and time.monotonic() < limit:
        pass
    writer.send_signal(signal.SIGKILL)
    writer.wait()

    before = acts(book, settings())
    after = add(book, Act(ONE.id, "note", "y", before[0].at, "after"), settings())

    assert len(before) >= 3
    assert [act.note[: len(str(k))] for k, act in enumerate(before)] == [str(k) for k in range(len(before))]
    assert after == (*before, after[-1])


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"acts": [{}]}',
        '{"acts": [{"incident": 1, "act": "note", "by": "", "at": "2026-12-01"}]}',
        '{"acts": [{"incident": "a", "act": "note", "by": "b", "at": "yesterday"}]}',
    ],
)
def test_a_damaged_file_is_told_and_stays(book, content):
    path = folder_of(book, settings()) / ACTS
    path.write_text(content, encoding="utf-8")

    with pytest.raises(Damaged, match=r"acts\.json"):
        wb.incident(book, ONE.id, "note", note="x")
    assert path.read_text(encoding="utf-8") == content


@given(st.lists(st.tuples(st.sampled_from(["acknowledge", "snooze", "close", "reopen", "own", "note"]), st.booleans())))
def test_the_last_act_that_changes_a_state_decides(drawn):
    now = datetime(2026, 12, 1, tzinfo=UTC)
    times = {later: (now + timedelta(days=1 if later else -1)).isoformat() for later in (True, False)}
    done = [
        Act(ONE.id, act, "a", now.isoformat(), "", "", times[later] if act == "snooze" else "") for act, later in drawn
    ]

    (one,) = handled([ONE], [replace(act, incident="else") for act in done] + done, now)

    moving = [(act, later) for act, later in drawn if act not in ("own", "note")]
    last, later = moving[-1] if moving else ("reopen", True)
    snoozed = "snoozed" if later else "open"
    expected = {"acknowledge": "acknowledged", "close": "closed", "reopen": "open", "snooze": snoozed}
    assert (one.state, one.acts) == (expected[last], tuple(done))


def test_the_command_lists_and_acts(book):
    def said(*arguments):
        return CliRunner().invoke(cli.app, ["incidents", book, *arguments], catch_exceptions=False).output

    assert said().splitlines()[0] == "1a2b3c4d  alarm  score down  w1 to w3  goes on  open"
    assert "1f000000" not in said()
    assert "1f000000  alarm  drift  w1 to w3  over" in said("--all")
    assert "  acknowledged" in said("ack", "1a", "--note", "I look.")
    assert "I look." in said("show", "1a")
    assert '"state": "acknowledged"' in said("--json")
    assert "closed" in said("close", "1a", "--note", "A sensor.")
