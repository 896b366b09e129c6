"""Who is told of incidents: once, by severity and model, and not of what people know already."""

import json
import os
import signal
import subprocess
import sys
import warnings
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

import workbench as wb
from tests.display import examples
from workbench import cli
from workbench.core.report import Act, Incident, MonitorReport, Window
from workbench.delivery import letters
from workbench.errors import BadParameter, NotFound
from workbench.jobs.messages import outbox
from workbench.jobs.messages.telling import tell_all
from workbench.monitoring.alerts import tell
from workbench.monitoring.incident_book import handled
from workbench.monitoring.routes import add_route, remove_route, routes
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.settings import settings

ONE = Incident("w1", "w3", "ROC AUC fell.", ("age",), True, "1a2b3c4d", "score", "down", "w3", "alarm", ("w1", "w3"))
WINDOW = Window("w3", 900, 900, 0.0, (), (), None, None, "alarm", ("ROC AUC fell by a lot.",))


def report(*found, name="shop", done=()):
    found = handled(found, done)
    return MonitorReport(name, 2, (), (WINDOW,), found, (), created="2026-12-01T06:00:00+00:00")


def told(hook):
    """Titles of what came, without the name of the model."""
    return [body["title"].split(": ", 1)[1] for _, _, body in hook.requests]


@pytest.fixture
def heard(hook, monkeypatch):
    """A webhook behind a reference is told of all models' warnings and alarms."""
    monkeypatch.setenv("HOOK", hook.url)
    add_route("env:HOOK", "*", "warning", settings())
    return hook


def test_an_incident_is_told_when_it_begins_and_when_it_is_over_and_once_each(heard, home):
    for _ in range(3):
        tell(report(ONE), (), settings())
    for _ in range(2):
        tell(report(replace(ONE, open=False)), (), settings())

    assert told(heard) == ["alarm, score down, since w1", "alarm, score down, is over"]
    body = heard.requests[0][2]
    assert body["facts"]["Look at"] == "workbench incidents shop show 1a2b3c4d"
    assert "ROC AUC fell." in body["details"]
    assert "w3:\nROC AUC fell by a lot." in body["details"], "windows tell their own reasons"
    assert (body["kind"], body["data"]["incident"]["id"]) == ("incident", ONE.id)
    assert list(outbox.marks(home)) == []


def test_what_was_over_when_it_was_first_seen_is_not_told(heard, home):
    tell(report(replace(ONE, open=False)), (), settings())

    assert heard.requests == []


def test_an_incident_that_late_labels_took_away_is_taken_back_where_it_was_told(heard, home):
    tell(report(ONE), (), settings())
    tell(report(), (ONE, replace(ONE, id="99999999")), settings())

    assert told(heard)[1:] == ["alarm, score down, is none any more"]


def test_a_warning_that_becomes_an_alarm_is_told_again(heard, home):
    tell(report(replace(ONE, severity="warning")), (), settings())
    tell(report(ONE), (), settings())

    assert told(heard) == ["warning, score down, since w1", "alarm, score down, since w1"]


@pytest.mark.parametrize("act", ["acknowledge", "close"])
def test_of_what_people_know_nobody_is_told_unless_it_gets_worse(act, heard, home):
    mild = replace(ONE, severity="warning")
    done = [Act(ONE.id, act, "anna", "2026-12-01T09:00:00+00:00", "I know.", severity="warning")]

    tell(report(mild, done=done), (), settings())
    assert told(heard) == []

    tell(report(ONE, done=done), (), settings())
    tell(report(ONE, done=[*done, replace(done[0], severity="alarm")]), (), settings())
    assert told(heard) == ["alarm, score down, since w1"]


def test_what_is_snoozed_is_told_once_more_when_that_has_run_out(heard, home):
    def done(days):
        until = datetime.now(UTC) + timedelta(days=days)
        return [Act(ONE.id, "snooze", "anna", "2026-12-01T09:00:00+00:00", until=until.isoformat(timespec="seconds"))]

    tell(report(ONE), (), settings())
    tell(report(ONE, done=done(3)), (), settings())
    assert len(heard.requests) == 1

    past = done(-1)
    for _ in range(2):
        tell(report(ONE, done=past), (), settings())
    assert len(heard.requests) == 2


def test_who_hears_what_is_a_matter_of_severity_and_model(home, tmp_path):
    lines = {name: tmp_path / f"{name}.jsonl" for name in ("alarms", "all", "europe")}
    add_route(f"file:{lines['alarms']}", "*", "alarm", settings())
    add_route(f"file:{lines['all']}", "*", "warning", settings())
    add_route(f"file:{lines['europe']}", "*-eu", "warning", settings())

    tell(report(replace(ONE, severity="warning"), name="shop-eu"), (), settings())
    tell(report(ONE, name="shop-us"), (), settings())

    heard = {
        name: [json.loads(line)["data"]["name"] for line in path.read_text(encoding="utf-8").splitlines()]
        if path.exists() else []
        for name, path in lines.items()
    }  # fmt: skip
    assert heard == {"alarms": ["shop-us"], "all": ["shop-eu", "shop-us"], "europe": ["shop-eu"]}


def test_slack_e_mail_and_a_file_are_told_at_once(hook, post, home, tmp_path, monkeypatch):
    monkeypatch.setenv("CHAT", f"slack:{hook.url}")
    for to in ("env:CHAT", "mailto:anna@example.org", f"file:{tmp_path / 'all.jsonl'}"):
        add_route(to, "*", "alarm", settings())

    tell(report(ONE), (), settings())

    ((to, letter),) = post.received
    title = "shop: alarm, score down, since w1"
    assert hook.texts[0].startswith(f"*{title}*")
    assert (to, letter["Subject"]) == (["anna@example.org"], title)
    assert json.loads((tmp_path / "all.jsonl").read_text(encoding="utf-8"))["title"] == title


@pytest.mark.slow
def test_no_secret_is_written_down_or_said(hook, home, monkeypatch):
    monkeypatch.setenv("HOOK", f"{hook.url}/s3cr3t")
    hook.answers = [500, 500, 404]
    add_route("env:HOOK", "*", "alarm", settings())

    said = tell(report(ONE), (), settings())
    shown = CliRunner().invoke(cli.app, ["notify", "list"]).output

    kept = "".join(p.read_text(encoding="utf-8") for p in home.rglob("*") if p.is_file())
    assert "not everybody could be told yet" in said[0]
    assert "env:HOOK" in shown
    assert "s3cr3t" not in kept + shown + "".join(said)
    with pytest.raises(BadParameter, match="env:NAME"):
        add_route("https://hooks.slack.com/services/T0/B0/abcdefghijklmnop1234", "*", "alarm", settings())


@pytest.mark.slow
def test_what_failed_is_tried_on_by_who_comes_by(heard, home):
    heard.answers = [500, 500]
    tell(report(ONE), (), settings())
    (mark,) = outbox.marks(home)
    delivered = home / "letters" / mark.id / "delivered.json"

    early = tell_all(home)
    text = delivered.read_text(encoding="utf-8")
    delivered.write_text(text.replace(str(datetime.now(UTC).year), "2001"), encoding="utf-8")  # an hour later
    late = tell_all(home)

    assert (len(heard.requests), early, late, list(outbox.marks(home))) == (3, [], [], [])
    assert len({headers["Idempotency-Key"] for _, headers, _ in heard.requests}) == 1


KILLED = """
import os, signal, sys
from tests.monitoring.test_alerts import ONE, report
from workbench.delivery import letters, send
from workbench.monitoring import alerts
from workbench.settings import settings

def die(*_, **__): os.kill(os.getpid(), signal.SIGKILL)
place = sys.argv[1]
if place == "before it is written": letters.change = die
if place == "before it is sent": letters.deliver = die
if place == "while it is sent": send.post = die
if place == "after it is sent":
    post = send.post
    send.post = lambda *a: (post(*a), die())
if place == "before the mark is gone": letters.Mark.drop = die
alerts.tell(report(ONE), (), settings())
"""


@pytest.mark.slow
@pytest.mark.parametrize(
    ("place", "came", "repeated"),
    [
        ("before it is written", 1, [False]),
        ("before it is sent", 1, [False]),
        ("while it is sent", 1, [True]),
        ("after it is sent", 2, [False, True]),
        ("before the mark is gone", 1, [False]),
    ],
)
def test_who_is_killed_forgets_nobody_and_tells_nobody_twice_as_if_it_were_new(place, came, repeated, heard, home):
    done = subprocess.run([sys.executable, "-c", KILLED, place], env={**os.environ}, check=False)
    assert done.returncode == -signal.SIGKILL

    tell(report(ONE), (), settings())
    tell_all(home)

    assert [body["repeated"] for _, _, body in heard.requests] == repeated
    assert len({body["key"] for _, _, body in heard.requests}) == 1
    assert len(heard.requests) == came
    assert list(outbox.marks(home)) == []


def test_a_file_that_a_killed_process_left_half_gets_whole_lines(home, tmp_path):
    path = tmp_path / "all.jsonl"
    path.write_bytes(b'{"half": ')
    add_route(f"file:{path}", "*", "alarm", settings())

    tell(report(ONE), (), settings())

    assert json.loads(path.read_text(encoding="utf-8").splitlines()[1])["kind"] == "incident"


@pytest.mark.parametrize(
    ("to", "models", "severity", "says"),
    [
        ("nobody", "*", "alarm", "neither"),
        ("failure:env:HOOK", "*", "alarm", "of jobs"),
        ("env:HOOK", "", "alarm", "Give one"),
        ("env:HOOK", "*", "info", "Choose one"),
        ("file:relative.jsonl", "*", "alarm", "absolute path"),
        ("file:/home/anna/.bashrc", "*", "alarm", "ends in .jsonl"),
    ],
)
def test_a_route_that_is_none_is_refused(to, models, severity, says, home):
    with pytest.raises(BadParameter, match=says):
        add_route(to, models, severity, settings())

    assert routes(settings()) == ()


def test_routes_are_replaced_listed_and_removed(home):
    def said(*arguments):
        return CliRunner().invoke(cli.app, ["notify", *arguments], catch_exceptions=False).output

    said("add", "env:HOOK", "--model", "shop")
    said("add", "env:HOOK", "--model", "shop", "--severity", "warning")
    said("add", "mailto:anna@example.org")

    assert said("list").splitlines() == ["env:HOOK  shop  alarms and warnings", "mailto:anna@example.org  *  alarms"]
    assert said("remove", "env:HOOK") == "1 removed.\n"
    assert len(routes(settings())) == 1
    assert "WorkbenchAlarm" in said("rules")
    with pytest.raises(NotFound):
        remove_route("env:HOOK", "", settings())


def test_a_letter_of_nothing_is_forgotten_after_a_while(home):
    mark = home / "outbox" / f"{letters.id_of('k')}@letter"
    mark.parent.mkdir(parents=True)
    mark.touch()

    tell_all(home)
    assert mark.exists(), "it may just be being written"

    os.utime(mark, (0, 0))
    tell_all(home)
    assert not mark.exists()


def test_a_monitor_tells_and_knows_the_same_incident_again(shop, customers, heard):
    wb.score(shop, customers(600, 5, shift=1.0), window="w1")
    first = wb.monitor(shop)
    (one,) = first.incidents
    wb.incident(shop, one.id, "acknowledge", note="A campaign.", by="anna")
    wb.score(shop, customers(600, 6, shift=1.0), window="w2")

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        second = wb.monitor(shop)

    (again,) = second.incidents
    assert (again.id, again.start, again.end, again.state) == (one.id, "w1", "w2", "acknowledged")
    assert [title.split(", ")[::2] for title in told(heard)] == [["warning", "since w1"]]
    assert again.acts[0].note == "A campaign."
    log = PredictionLog(settings().predictions / shop)
    exposed = TestClient(Service(Scorer(wb.bundle(shop).path), log)).get("/metrics").text
    log.close()
    assert f'workbench_report_status{{model="{shop}",status="warning"}} 1' in exposed
    assert (
        f'id="{one.id}",kind="drift",direction="{again.direction}",severity="warning",state="acknowledged"' in exposed
    )


def test_hostile_names_make_one_message(heard, home):
    hostile = examples.report(hostile=True)
    one = replace(ONE, cause=examples.HOSTILE, kind=examples.HOSTILE)

    tell(replace(hostile, incidents=(one,)), (), settings())

    assert "\n" not in heard.requests[0][2]["title"]
