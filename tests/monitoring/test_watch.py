"""A watch: what is new is scored once, an incident leads to a new version by the policy, and nothing comes twice."""

import os
import shutil
import signal
import sqlite3
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import nbformat
import numpy as np
import pandas as pd
import pytest
from nbformat.v4 import new_code_cell, new_notebook
from starlette.testclient import TestClient
from typer.testing import CliRunner

import workbench as wb
from workbench import cli
from workbench.core.incident import KINDS, LOSSES, SCORED
from workbench.core.job import Job, JobState
from workbench.core.policy import TrialStage
from workbench.errors import BadParameter, Busy, NotFound, Refused
from workbench.jobs import schedules
from workbench.monitoring import watch_book, watching
from workbench.monitoring.rollout import current
from workbench.monitoring.routes import add_route
from workbench.monitoring.watch_decide import Deciding
from workbench.monitoring.watching import cron_of, look
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.traffic import Trial
from workbench.settings import settings
from workbench.storage import audit
from workbench.storage.tracking import client

FIRST = pd.Timestamp("2026-02-01")
TURN = 4  # days until what was spent means the opposite
ROWS = 100


def sold(first, days, seed, turned=False):
    """Orders by the minute: who spends more stays, or after the turn leaves."""
    draw, n = np.random.default_rng(seed), days * ROWS
    spent = draw.normal(0, 1, n)
    stays = spent * (-1 if turned else 1) + draw.normal(0, 0.7, n) > 0
    minutes = np.sort(draw.uniform(0, days * 24 * 60, n)).astype(int)
    return pd.DataFrame({
        "when": first + pd.to_timedelta(minutes, unit="min"), "spent": spent.round(4),
        "city": draw.choice(["Rome", "Oslo"], n), "order": [f"o{seed}-{i}" for i in range(n)],
        "stays": np.where(stays, "yes", "no"),
    })  # fmt: skip


@pytest.fixture(scope="session")
def _sales(tmp_path_factory, put_store):
    folder = put_store(tmp_path_factory.mktemp("sales"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(folder))
        patch.setenv("WORKBENCH_THREADS", "1")
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        for seed, turned in ((1, False), (2, True)):
            table = sold(FIRST - timedelta(days=60), 8, seed, turned)
            data = wb.dataset(table, target="stays", time="when", id="order")
            wb.package(wb.train(data, candidates=("linear",), folds=2), name="shop", promote=not turned)
    return folder


@pytest.fixture
def sales(home, _sales):
    """Version 1 of ``shop`` is champion; version 2 has learnt what holds after the turn."""
    shutil.copytree(_sales, home, ignore=shutil.ignore_patterns("artifacts"), dirs_exist_ok=True)
    (home / "mlflow.ready").write_text(f"sqlite:///{home / 'mlflow.db'}")
    client(settings())
    return "shop"


@pytest.fixture
def days(tmp_path):
    """Puts the files of some days into ``rows/`` and ``labelled/``."""
    for name in ("rows", "labelled"):
        (tmp_path / name).mkdir()

    def come(*numbers):
        for k in numbers:
            table = sold(FIRST + timedelta(days=k), 1, 100 + k, k >= TURN)
            table.drop(columns="stays").to_csv(tmp_path / "rows" / f"day-{k}.csv", index=False)
            table.to_csv(tmp_path / "labelled" / f"day-{k}.csv", index=False)

    come.rows, come.labelled = tmp_path / "rows", tmp_path / "labelled"
    return come


@pytest.fixture
def retrained(monkeypatch):
    """Retraining takes no time: version 2 is what comes of it, and who asked for it is told."""
    asked = []
    monkeypatch.setattr(Deciding, "_job", lambda self, begun: asked.append(self._given(begun)) or DONE)
    monkeypatch.setattr(Deciding, "_made", lambda self, job: 2)
    return asked


DONE = Job("the-job", "retrain.ipynb", {}, JobState.COMPLETED)


def at(day):
    """The night after a day."""
    return (FIRST + timedelta(days=day + 1)).to_pydatetime().replace(tzinfo=UTC)


def decided(found, *beside):
    return [one.what for one in found.decisions if one.what not in ("scored", "labels", *beside)]


def policy(days, **more):
    return wb.Policy(**{"train_on": str(days.labelled), "fresh_rows": 150, "approve": False, **more})


def watched(sales, days, **more):
    return wb.watch(sales, source=days.rows, labels=days.labelled, policy=policy(days, **more), zone="UTC")


def promotions():
    return [entry["version"] for entry in audit.acts(settings().audit_log) if entry["act"] == "promote"]


# --- what is new at a source ----------------------------------------------------------------------------------------


def test_files_are_scored_once_and_labels_are_taken_in(sales, days):
    days(0, 1)
    wb.watch(sales, source=days.rows, labels=days.labelled)

    first = wb.watch(sales, "run")
    again = wb.watch(sales, "run")
    days(2)
    third = wb.watch(sales, "run")

    assert [d.what for d in first.decisions] == ["scored", "scored", "labels", "labels"]
    assert again.decisions == first.decisions
    assert [d.what for d in third.decisions[4:]] == ["scored", "labels"]
    report = wb.monitor(sales)
    assert [(w.label, w.rows, w.labelled) for w in report.windows] == [(f"2026-02-0{k}", ROWS, ROWS) for k in (1, 2, 3)]


def test_a_file_that_grows_fills_its_windows_up_and_no_row_is_scored_twice(sales, tmp_path):
    table = sold(FIRST, 3, 9).drop(columns="stays")
    path = tmp_path / "orders.csv"
    wb.watch(sales, source=path, window="day")

    counts = []
    for rows in (150, 240, 300):
        table[:rows].to_csv(path, index=False)
        wb.watch(sales, "run")
        counts.append(sum(one.rows for one in windows(sales, settings())))

    assert counts == [150, 240, 300]
    ids = [one for seen in windows(sales, settings()) for one in seen.ids()]
    assert sorted(ids) == sorted(table["order"])


def test_rows_of_a_window_that_the_champion_before_answered_get_one_of_their_own(sales, tmp_path):
    table = sold(FIRST, 1, 9).drop(columns="stays")
    path = tmp_path / "orders.csv"
    wb.watch(sales, source=path)
    table[:60].to_csv(path, index=False)
    wb.watch(sales, "run")
    wb.promote(sales, 2)
    table.to_csv(path, index=False)

    wb.watch(sales, "run")

    found = {one.label: (one.version, one.rows) for one in windows(sales, settings())}
    assert found == {"2026-02-01": (1, 60), "2026-02-01.v2": (2, 40)}


def test_without_an_id_equal_rows_are_counted_and_none_is_lost(sales, tmp_path):
    """Where another version answered part of them, too."""
    table = sold(FIRST, 1, 9).drop(columns=["stays", "order"])
    table = pd.concat([table[:30], table[:30]], ignore_index=True)
    path = tmp_path / "orders.csv"
    wb.watch(sales, source=path)
    table[:40].to_csv(path, index=False)
    wb.watch(sales, "run")
    wb.promote(sales, 2)
    table.to_csv(path, index=False)

    wb.watch(sales, "run")

    assert [(one.version, one.rows) for one in windows(sales, settings())] == [(1, 40), (2, 20)]


def test_a_query_is_asked_again_and_its_address_may_be_a_secret(sales, tmp_path, monkeypatch):
    place = tmp_path / "shop.sqlite"
    monkeypatch.setenv("WAREHOUSE", f"sqlite:///{place}")
    table = sold(FIRST, 2, 9).drop(columns="stays").astype({"when": str})
    made = wb.watch(sales, source=wb.query("SELECT * FROM orders", "env:WAREHOUSE"), window="week")

    for rows in (table[:120], table[120:]):
        with sqlite3.connect(place) as store:
            rows.to_sql("orders", store, if_exists="append", index=False)
        wb.watch(sales, "run")

    assert made.plan.source == {"sql": "SELECT * FROM orders", "url": "env:WAREHOUSE", "parameters": {}}
    sunday = int((table["when"] < "2026-02-02").sum())
    found = [(one.label, one.rows) for one in windows(sales, settings())]
    assert found == [("2026-W05", sunday), ("2026-W06", 200 - sunday)]


def test_a_file_that_can_not_be_read_is_told_and_holds_up_no_other(sales, days, hook, monkeypatch):
    monkeypatch.setenv("HOOK", hook.url)
    add_route("env:HOOK", "*", "alarm", settings())
    days(0, 1)
    (days.rows / "day-0.csv").write_text("spent,city\n1,Rome\n")
    wb.watch(sales, source=days.rows)

    for _ in range(2):
        found = wb.watch(sales, "run")

    assert decided(found) == ["unread"]
    assert [one.label for one in windows(sales, settings())] == ["2026-02-02"]
    assert [body["title"] for _, _, body in hook.requests] == ["shop: a source could not be read"]
    days(0)
    assert decided(wb.watch(sales, "run")) == ["unread"]
    assert len(windows(sales, settings())) == 2


def test_without_a_source_the_log_of_the_service_is_cut(sales):
    wb.watch(sales, every="1h", zone="UTC")

    assert wb.watch(sales, "run").decisions == ()


# --- from an incident to a new champion -----------------------------------------------------------------------------


def run_days(sales, days, last, first=0):
    for k in range(first, last + 1):
        days(k)
        found = look(sales, at(k))
    return found


@pytest.mark.slow
def test_an_incident_retrains_and_the_new_version_answers_once_it_has_won(sales, days, retrained, hook, monkeypatch):
    monkeypatch.setenv("HOOK", hook.url)
    add_route("env:HOOK", "*", "warning", settings())
    watched(sales, days)

    found = run_days(sales, days, TURN + 4)

    assert decided(found) == ["retrain", "trained", "waits", "better", "promote"]
    assert wb.bundle(sales).version == 2
    assert promotions() == [1, 2]
    begun = next(d for d in found.decisions if d.what == "retrain")
    assert begun.saw["until"] == next(w.end for w in wb.monitor(sales).windows if w.label == "2026-02-05")
    assert retrained[0]["until"] == begun.saw["until"]
    assert retrained[0]["source"] == str(days.labelled)
    titles = [body["title"].partition(": ")[2] for _, _, body in hook.requests]
    assert titles == [
        "alarm, score, since 2026-02-05",
        "a new version is trained",
        "the new version is better",
        "the new version becomes champion",
    ]
    reason = next(e["reason"] for e in audit.acts(settings().audit_log) if e["act"] == "promote" and e["version"] == 2)
    assert reason.startswith(f"watch {begun.incident}/promote: Version 2 is better than version 1")
    assert decided(look(sales, at(30)))[-1] == "kept"


@pytest.mark.slow
def test_somebody_approves_and_the_audit_log_says_who_and_why(sales, days, retrained):
    watched(sales, days, approve=True)
    found = run_days(sales, days, TURN + 2)

    assert found.asks is not None
    assert found.asks.version == 2
    assert wb.bundle(sales).version == 1
    assert "May version 2 become champion?" in found.headline()

    after = watching._answered(sales, "approve", "Looks right.", "anna", settings(), at(TURN + 2))

    assert decided(after)[-2:] == ["approved", "promote"]
    assert wb.bundle(sales).version == 2
    (entry,) = [e for e in audit.entries(settings().audit_log) if e["act"] == "approve"]
    assert (entry["said_by"], entry["reason"], entry["version"]) == ("anna", "Looks right.", 2)
    with pytest.raises(Refused, match="asks nothing now"):
        wb.watch(sales, "approve")


@pytest.mark.slow
def test_what_is_refused_is_not_asked_again_before_the_cool_down(sales, days, retrained):
    watched(sales, days, approve=True, cool_down="3d", a_month=2)
    run_days(sales, days, TURN + 2)

    refused = watching._answered(sales, "refuse", "Not before the sale.", "bert", settings(), at(TURN + 2))
    later = run_days(sales, days, TURN + 4, first=TURN + 3)

    assert wb.bundle(sales).version == 1
    assert decided(refused, "waits")[-1] == "refused"
    assert [d.what for d in later.decisions].count("retrain") == 2, "the cool-down was over"
    assert next(d.why for d in later.decisions if d.incident and d.what == "waits").endswith("wait until 2026-02-09.")


@pytest.mark.slow
def test_a_version_that_is_not_better_does_not_answer(sales, days, retrained, monkeypatch):
    monkeypatch.setattr(Deciding, "_made", lambda self, job: 1)
    watched(sales, days)

    found = run_days(sales, days, TURN + 2)

    assert decided(found, "waits")[-1] == "rejected"
    assert promotions() == [1]


@pytest.mark.slow
def test_a_champion_that_loses_by_itself_is_taken_back_once(sales, days, retrained):
    """The world turns back after the promotion: the champion before answers again, and not the one before that."""
    watched(sales, days, rollback_within="14d")
    run_days(sales, days, TURN + 3)
    assert wb.bundle(sales).version == 2

    for k in range(TURN + 4, TURN + 7):
        table = sold(FIRST + timedelta(days=k), 1, 200 + k, turned=False)
        table.drop(columns="stays").to_csv(days.rows / f"day-{k}.csv", index=False)
        table.to_csv(days.labelled / f"day-{k}.csv", index=False)
        found = look(sales, at(k))

    assert decided(found, "waits")[-1] == "rollback"
    assert wb.bundle(sales).version == 1
    assert [e["act"] for e in audit.acts(settings().audit_log)].count("rollback") == 1


@pytest.mark.slow
def test_what_somebody_has_promoted_meanwhile_stays(sales, days, retrained):
    watched(sales, days)
    run_days(sales, days, TURN)
    wb.promote(sales, 2, reason="I know better.")

    found = run_days(sales, days, TURN + 2, first=TURN + 1)

    assert decided(found)[-1] == "given up"
    assert promotions() == [1, 2]


def test_a_training_that_fails_is_told_with_its_reason(sales, days, monkeypatch):
    failed = replace(DONE, state=JobState.FAILED, error="ValueError: no rows")
    monkeypatch.setattr(Deciding, "_job", lambda self, begun: failed)
    watched(sales, days)
    days(*range(TURN + 1))

    found = look(sales, at(TURN))

    assert decided(found) == ["retrain", "failed", "waits"]
    assert next(d.why for d in found.decisions if d.what == "failed") == "the-job FAILED: ValueError: no rows"


@pytest.mark.parametrize(("parameters", "beside"), [("name = ''", set()), ("target = 'x'", {"target"})])
def test_a_notebook_of_ones_own_is_given_what_it_takes(sales, days, tmp_path, parameters, beside):
    cells = [new_code_cell(parameters, metadata={"tags": ["parameters"]})]
    nbformat.write(new_notebook(cells=cells), tmp_path / "mine.ipynb")
    made = watched(sales, days, notebook=str(tmp_path / "mine.ipynb"), history="2d")
    book = watch_book.Book(sales, settings(), at(0))
    begun = book.write("1a/retrain", "retrain", "Because.", saw={"until": at(9).isoformat()}, case="1a")

    given = Deciding(made.plan, book, None)._given(begun)

    assert set(given) == {"name", "source", "since", "until"} | beside
    assert (given["source"], given["since"]) == (str(days.labelled), at(7).isoformat())


# --- a trial beside the champion ------------------------------------------------------------------------------------


def won(sales, moment):
    """As it stands when version 2 has won on rows that neither has seen."""
    book = watch_book.Book(sales, settings(), moment)
    for what, saw in (("retrain", {"champion": 1}), ("trained", {}), ("better", {})):
        book.write(f"1a/{what}", what, f"{what}.", saw=saw, case="1a", incident="1a", version=2)


def serve(sales, table):
    """What a service answers now, with what is tried out beside the champion; the labels come at once."""
    force = settings()
    found = current(sales, force)
    log = PredictionLog(force.predictions / sales)
    with TestClient(service := Service(Scorer(wb.bundle(sales).path), log)) as client:
        if found is not None:
            service.try_out(Trial(found, Scorer(wb.bundle(f"{sales}/{found.version}").path)))
        rows = table.drop(columns="stays").astype({"when": str}).to_dict("records")
        assert client.post("/predict", json={"rows": rows}).status_code == 200
    log.close()
    wb.feedback(sales, table[["order", "stays"]])


@pytest.mark.slow
def test_a_new_version_goes_through_its_stages_and_becomes_champion(sales, days):
    trial = ["shadow 80 rows", "canary 40% 30 rows"]
    wb.watch(sales, labels=days.labelled, policy=policy(days, stages=trial))
    won(sales, datetime.now(UTC))

    stages = []
    for k in range(5):
        stages.append(getattr(look(sales) and current(sales, settings()), "stage", "champion"))
        serve(sales, sold(FIRST, 1, 300 + k, turned=True)[:60])
    found = look(sales)

    assert stages == ["shadow", "shadow", "canary", "canary", "champion"]
    assert decided(found) == ["retrain", "trained", "better", "stage", "waits", "passed", "stage", "waits", "passed",
                              "promote"]  # fmt: skip
    assert current(sales, settings()) is None
    done = [e["act"] for e in audit.acts(settings().audit_log) if e.get("version") == 2]
    assert done == [
        "package", "challenge", "stage", "stage", "promote",
    ]  # fmt: skip
    assert wb.bundle(sales).version == 2


@pytest.mark.slow
def test_a_version_that_loses_in_its_trial_is_withdrawn(sales, days):
    """Rows as they were before the turn: as a shadow the new version is plainly worse."""
    wb.watch(sales, policy=policy(days, stages=["shadow 1 windows"]))
    won(sales, datetime.now(UTC))
    look(sales)

    serve(sales, sold(FIRST, 1, 300))
    found = look(sales)

    assert decided(found)[-1] == "rejected", "what a shadow answers alarms nobody and retrains nothing"
    assert "Version 2 is worse than version 1" in found.state()
    assert current(sales, settings()) is None
    assert wb.bundle(sales).version == 1


def test_a_trial_ends_where_somebody_refuses_or_nobody_decides(sales, days):
    wb.watch(sales, policy=policy(days, stages=["shadow 9 rows"], patience="10d"))
    won(sales, at(0))
    look(sales, at(0))
    assert current(sales, settings()).version == 2

    found = look(sales, at(11))

    assert decided(found)[-1] == "given up"
    assert current(sales, settings()) is None


# --- whoever is killed when -----------------------------------------------------------------------------------------

KILLED = """
import os, signal, sys
from datetime import datetime
from pathlib import Path
from mlflow import MlflowClient
from workbench.core.job import Job, JobState
from workbench.delivery import letters
from workbench.monitoring import watch_acts, watch_book, watch_source, watch_telling
from workbench.monitoring.watch_decide import Deciding
from workbench.monitoring.watching import look
from workbench.storage import audit, lines

at, moments = int(sys.argv[1]), sys.argv[2:]
ticks = 0

def tick():
    global ticks
    ticks += 1
    if ticks == at:
        os.kill(os.getpid(), signal.SIGKILL)

def both(place, name):
    act = getattr(place, name)
    def wrapped(*given, **named):
        tick()
        result = act(*given, **named)
        tick()
        return result
    setattr(place, name, wrapped)

for place, name in [
    (watch_source, "score"), (watch_source, "feedback"), (watch_source, "keep_stamp"), (lines, "add"),
    (watch_acts, "promote"), (MlflowClient, "set_registered_model_alias"), (audit, "record"), (letters, "put"),
    (watch_telling, "change"),
]:
    both(place, name)
Deciding._job = lambda self, begun: Job("the-job", "retrain.ipynb", {}, JobState.COMPLETED)
Deciding._made = lambda self, job: 2
for moment in moments:
    look("shop", datetime.fromisoformat(moment))
print(ticks)
"""


@pytest.mark.slow
@pytest.mark.parametrize("step", [9, 24, 30, 36, 42, 45])
def test_killed_at_any_step_nothing_comes_twice_and_nothing_is_lost(
    sales, days, retrained, forks, hook, monkeypatch, step
):
    monkeypatch.setenv("HOOK", hook.url)
    add_route("env:HOOK", "*", "warning", settings())
    watched(sales, days)
    days(0, TURN)
    look(sales, at(TURN))  # it alarms, retrains, and waits for rows
    days(TURN + 1, TURN + 2)
    moment = at(TURN + 2)

    process = forks.start(KILLED, str(step), moment.isoformat())
    said, _ = process.communicate()
    assert process.returncode == -signal.SIGKILL, f"it has fewer steps: {said}"
    for _ in range(2):
        found = look(sales, moment)

    assert decided(found) == ["retrain", "trained", "waits", "better", "promote"]
    assert len({d.key for d in found.decisions}) == len(found.decisions)
    assert promotions() == [1, 2]
    assert wb.bundle(sales).version == 2
    assert not audit.open_intents(settings().audit_log)
    assert [(one.rows, one.version) for one in windows(sales, settings())] == [(ROWS, 1)] * 4
    assert [w.labelled for w in wb.monitor(sales).windows] == [ROWS] * 4
    titles = [body["title"].partition(": ")[2] for _, _, body in hook.requests if not body["repeated"]]
    assert sorted(set(titles)) == sorted(titles)
    assert {"the new version is better", "the new version becomes champion"} <= set(titles)


def test_two_runs_at_once_take_turns(sales, days):
    watched(sales, days)

    with watch_book.alone(sales, settings()), pytest.raises(Busy, match="run by another process"):
        wb.watch(sales, "run")


# --- making, showing, the command line ------------------------------------------------------------------------------


def test_a_watch_is_a_schedule_that_changes_and_goes_with_it(sales, days):
    made = wb.watch(sales, every="6h", source=days.rows, zone="UTC")
    again = wb.watch(sales, every="6h")
    changed = wb.watch(sales, every="30 6 * * mon-fri", zone="Europe/Berlin")

    own = schedules.schedule("watch-shop")
    assert made.plan.every == "0 */6 * * *"
    assert again.plan == made.plan
    assert (own.cron, own.zone, own.parameters) == ("30 6 * * mon-fri", "Europe/Berlin", {"name": "shop"})
    assert changed.plan.source == str(days.rows), "what is not named stays"
    assert len(changed.coming) == 3

    wb.watch(sales, "pause")
    assert schedules.schedule("watch-shop").paused
    with pytest.raises(Refused, match="is paused"):
        wb.watch(sales, "run")
    wb.watch(sales, "resume")
    assert not schedules.schedule("watch-shop").paused

    wb.watch(sales, "remove")
    assert schedules.schedules() == []
    with pytest.raises(NotFound, match="no watch"):
        wb.watch(sales)


def test_a_watch_whose_schedule_was_never_made_is_whole_when_it_is_asked_for_again(sales, days, monkeypatch):
    def killed(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(watching.schedules, "add", killed)
        with pytest.raises(KeyboardInterrupt):
            wb.watch(sales, every="1d", source=days.rows, zone="UTC")

    assert wb.watch(sales, every="1d", source=days.rows, zone="UTC").coming


@pytest.mark.parametrize(
    ("settings_", "sentence"),
    [
        ({"every": "7min"}, "divides an hour or a day"),
        ({"every": "61 * * * *"}, "the minute '61' is none"),
        ({"source": 7}, "takes a path or a query as 'source', got the number 7"),
        ({"source": wb.query("SELECT 1", "postgresql://me:fish@db/x")}, "holds a password"),
        ({"window": "hour"}, "hour"),
        ({"false_alarm_rate": 2.0}, "lies between"),
        ({"policy": {"fresh_row": 9}}, "fresh_rows"),
        ({"policy": {"stages": ["shadow"]}}, "A stage is one such as"),
        ({"policy": {"cool_down": "a week"}}, "A time is a number"),
        ({"source": "in/", "policy": {"stages": ["canary 10% 5 rows"]}}, "answers a share of what a service is asked"),
        ({"policy": {"train_on": "SELECT 1"}}, "asked of the database of the source"),
        ({"retrain": {"password": "fish"}}, "password"),
        ({"zone": "Berlin"}, "no such time zone"),
    ],
)
def test_what_can_not_be_is_refused_and_nothing_is_made(sales, settings_, sentence):
    with pytest.raises(BadParameter, match=sentence):
        wb.watch(sales, **settings_)

    assert watch_book.names(settings()) == []
    assert schedules.schedules() == []


def test_windows_of_time_need_a_time_and_an_id(shop, tmp_path):
    """The customers of ``shop`` have an id and no time."""
    with pytest.raises(BadParameter, match="no time column"):
        wb.watch(shop, source=tmp_path, window="day")
    wb.watch(shop, source=tmp_path, window="file")


def test_a_damaged_line_is_left_out_and_the_next_one_is_written(sales, days):
    days(0, 1)
    wb.watch(sales, source=days.rows)
    before = wb.watch(sales, "run").decisions
    path = settings().home / "watches" / sales / watch_book.DECISIONS
    path.write_bytes(path.read_bytes()[:-20])

    found = wb.watch(sales)

    assert found.decisions == before[:1]
    book = watch_book.Book(sales, settings(), datetime(2026, 3, 1, tzinfo=UTC))
    book.write("x", "waits", "It goes on.")
    assert [d.key for d in wb.watch(sales).decisions] == [before[0].key, "x"]


def test_what_is_kept_comes_back_as_it_was(sales, days, tmp_path):
    days(0)
    watched(sales, days, stages=["shadow 5 rows"], kinds=("score",))
    found = wb.watch(sales, "run")

    assert wb.Watch.load(found.save(tmp_path / "watch.json")) == found
    assert found.frame()["what"].tolist() == ["scored", "labels"]


def test_times_and_stages_are_read_as_people_write_them():
    assert cron_of("20min") == "*/20 * * * *"
    assert TrialStage.read("canary 12.5% 3 windows") == TrialStage("canary", 0.125, 3, "windows")
    for wrong in ("canary 100% 5 rows", "canary 0% 5 rows", "shadow 0 rows", "shadow five rows", "shadow", 7):
        with pytest.raises(BadParameter, match="A stage is one such as"):
            TrialStage.read(wrong)


@pytest.mark.parametrize("kind", SCORED)
def test_a_policy_for_one_word_of_a_loss_acts_on_the_incident_that_has_another(kind):
    """Errors, concept and score of one loss are told as one incident, that of the score."""
    policy = wb.Policy(train_on="t.csv", kinds=(kind,), rollback_kinds=(kind,))

    assert all(policy.retrains_on("alarm", one) and policy.goes_back_on(one) for one in SCORED)
    assert not policy.retrains_on("alarm", "calibration")
    assert not policy.goes_back_on("drift")


def test_a_policy_refuses_a_kind_that_no_incident_has():
    assert set(LOSSES) < set(KINDS)
    for name in ("kinds", "rollback_kinds"):
        with pytest.raises(BadParameter, match=r"'scores'.*score"):
            wb.Policy(train_on="t.csv", **{name: ("scores",)})


def test_the_command_line_does_what_the_verb_does(sales, days):
    run = CliRunner().invoke
    days(0)
    add = ["watch", "add", sales, "--every", "1d", "--zone", "UTC", "--source", str(days.rows), "-p", "a_month=3"]

    made = run(cli.app, [*add, "-p", f"train_on={days.labelled}", "-r", "trials=1"])
    ran = run(cli.app, ["watch", "run", sales])
    whole = run(cli.app, ["watch", "show", sales, "--all"])
    lines = run(cli.app, ["watch", "list"])
    nothing = run(cli.app, ["watch", "approve", sales, "--note", "yes"])
    gone = run(cli.app, ["watch", "remove", sales])

    assert made.output.startswith("shop: At 00:00 every day (UTC), next ")
    assert "Nothing has been decided yet." in ran.output
    assert "100 rows of day-0.csv in the window 2026-02-01." in whole.output
    assert "at most 3 in 30 days" in whole.output
    assert lines.output.startswith("shop: At 00:00 every day")
    assert isinstance(nothing.exception, Refused)
    assert gone.output == "The watch of shop is removed.\n"
    assert run(cli.app, ["watch", "list"]).output == ""


@pytest.mark.slow
def test_the_schedule_runs_the_notebook_that_ships_and_it_retrains(sales, days, monkeypatch):
    """The real thing: watch.ipynb as a job of the schedule, which runs retrain.ipynb, whose version wins."""
    days(*range(TURN + 1))
    made = wb.watch(
        sales, every="1d", zone="UTC", source=days.rows, labels=days.labelled,
        policy=policy(days, history="2d"), retrain={"candidates": ["linear"], "trials": 1},
    )  # fmt: skip
    moment = datetime.fromisoformat(made.coming[0])

    (said,) = schedules.fire(settings().home / "schedules" / "watch-shop.json", moment)
    job = next(one for one in said.split() if "watch-shop" in one)
    from workbench.jobs.line.queue import dispatch
    from workbench.jobs.records import job as recorded
    from workbench.jobs.submit import watched as waited

    dispatch(settings().home)
    ended = waited(recorded(job), show=False)

    found = wb.watch(sales)
    assert ended.state is JobState.COMPLETED
    assert decided(found) == ["retrain", "trained", "waits"], [d.why for d in found.decisions][-3:]
    assert {d.job for d in found.decisions} == {job}
    begun, trained = (next(d for d in found.decisions if d.what == what) for what in ("retrain", "trained"))
    assert trained.version == 3
    inner = recorded(trained.saw["job"])
    assert inner.parameters["until"] == begun.saw["until"]
    assert inner.parameters["since"] < inner.parameters["until"]
    assert wb.bundle(sales).version == 1
    assert os.environ.get("WORKBENCH_JOB") is None
