"""A window is judged once, and its report is a line that outlives crashes, full disks and two writers at once."""

import errno
import json
import os
import signal
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.apps import models, stored
from workbench.core import report_file
from workbench.core.report import MonitorReport, Window, of_one
from workbench.core.report_file import Judged, judged, keep
from workbench.errors import Damaged
from workbench.monitoring import monitor as module
from workbench.settings import settings
from workbench.storage import lines


@pytest.fixture
def calls(monkeypatch):
    """The labels of the windows that are judged."""
    made, judge = [], module.judge
    monkeypatch.setattr(module, "judge", lambda seen, *more: made.append(seen.label) or judge(seen, *more))
    return made


def scored(name, customers, *labels):
    for k, label in enumerate(labels):
        wb.score(name, customers(60, 20 + k), window=label)


def test_a_window_is_judged_again_only_when_something_it_depends_on_changed(shop, customers, calls, monkeypatch):
    scored(shop, customers, "w1", "w2", "w10")

    def judged_now(**named):
        calls.clear()
        wb.monitor(shop, **named)
        return sorted(calls)

    assert judged_now() == ["w1", "w10", "w2"]
    assert judged_now() == []
    wb.feedback(shop, customers(60, 21).head(55))
    assert judged_now() == ["w10", "w2"]  # the scores without labels of what follows are estimated by it, too
    wb.feedback(shop, customers(60, 21).head(55))  # the same labels again say nothing new
    assert judged_now() == []
    wb.feedback(shop, customers(60, 21).head(1), withdraw=True)
    assert judged_now() == ["w10", "w2"]  # what is estimated of later windows takes its labels, too
    wb.score(shop, customers(60, 22), window="w10")
    assert judged_now() == ["w10"]
    assert judged_now(false_alarm_rate=0.01) == ["w1", "w10", "w2"]
    monkeypatch.setattr(module, "VERSION", -1)
    assert judged_now(false_alarm_rate=0.01) == ["w1", "w10", "w2"]


def test_a_report_with_nothing_new_is_the_one_before(shop, customers, calls):
    scored(shop, customers, "w1", "w2")
    wb.feedback(shop, customers(60, 20))
    first = wb.monitor(shop)
    folder = settings().reports / shop
    size = (folder / report_file.LINES).stat().st_size

    again = wb.monitor(shop)

    assert replace(again, created=first.created) == first
    assert MonitorReport.load(folder / "latest.json") == again
    assert (folder / report_file.LINES).stat().st_size == size
    assert len(json.loads((folder / "latest.json").read_text("utf-8"))["windows"]) == 2
    assert all(isinstance(key, str) for key in json.loads((folder / "latest.json").read_text("utf-8"))["windows"])


@pytest.mark.parametrize("harm", ["cut", "gone", "flipped", "garbage"])
def test_lost_judgements_are_made_anew(shop, customers, harm):
    scored(shop, customers, "w1", "w2")
    first = wb.monitor(shop)
    path = settings().reports / shop / report_file.LINES
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    broken = {"cut": content[: len(content) // 3], "flipped": content, "garbage": b"\x00\xff\n" * 9, "gone": None}[harm]
    path.unlink() if broken is None else path.write_bytes(broken)

    with pytest.raises(Damaged, match=r"lacks .* windows of the report\. Call wb\.monitor again"):
        MonitorReport.load(path.with_name("latest.json"))
    assert wb.monitor(shop).windows == first.windows
    assert MonitorReport.load(path.with_name("latest.json")).windows == first.windows


@pytest.mark.parametrize("harm", [b"", b"no database at all, for sure" * 40, None])
def test_a_damaged_index_is_made_anew(shop, customers, harm, calls):
    scored(shop, customers, "w1", "w2")
    wb.feedback(shop, customers(60, 20))
    first = wb.monitor(shop)
    path = settings().predictions / shop / "places.sqlite"
    path.unlink() if harm is None else path.write_bytes(harm)
    calls.clear()

    assert wb.monitor(shop).windows == first.windows
    assert calls == []
    assert wb.feedback(shop, customers(60, 21)) == 60
    assert [w.labelled for w in wb.monitor(shop).windows] == [60, 60]


def some(n, rows=1):
    return [Judged(f"key {rows} {i}", Window(f"w{i}", rows, 0, 0.0, (), (), None, None, "ok")) for i in range(n)]


def reported(windows, name="made"):
    return MonitorReport(name, 1, (), tuple(one.window for one in windows), (), (), created="2026-01-01T00:00:00+00:00")


def test_what_no_report_needs_any_more_is_cleared_away(tmp_path):
    for rows in range(200):
        keep(reported(some(3, rows)), some(3, rows), tmp_path)

    assert len(judged(tmp_path)) < 3 + report_file.SPARE + 6
    assert MonitorReport.load(tmp_path / "latest.json") == reported(some(3, 199))


@pytest.mark.parametrize("fails", ["fsync", "replace"])
def test_a_full_disk_leaves_the_report_before(tmp_path, monkeypatch, fails):
    keep(reported(some(2)), some(2), tmp_path)

    def full(*_, **__):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(f"os.{fails}" if fails == "fsync" else "pathlib.Path.replace", full)
        with pytest.raises(OSError, match="No space left"):
            keep(reported(some(5, 2)), some(5, 2), tmp_path)

    assert MonitorReport.load(tmp_path / "latest.json") == reported(some(2))
    keep(reported(some(5, 2)), some(5, 2), tmp_path)
    assert MonitorReport.load(tmp_path / "latest.json") == reported(some(5, 2))


def test_a_line_that_was_torn_is_no_line_and_the_next_one_stands_for_itself(tmp_path):
    place = tmp_path / "some.lines"
    lines.add(place, [b"one", b"two"])
    with place.open("ab") as file:
        file.write(b"0000dead thr")

    lines.add(place, [b"four"])

    assert list(lines.lines(place)) == [b"one", b"two", b"four"]


KILLED = """
import os, signal, sys
from pathlib import Path
from tests.monitoring.test_kept_reports import keep, reported, some

def hook(event, values):
    if event == "open" and str(values[0]).endswith(sys.argv[2]) and values[1] != "rb":
        os.kill(os.getpid(), signal.SIGKILL)

if sys.argv[2]:
    sys.addaudithook(hook)
for n in range(int(sys.argv[3])):
    keep(reported(some(9, int(sys.argv[4]) + n)), some(9, int(sys.argv[4]) + n), Path(sys.argv[1]))
"""


@pytest.mark.slow
def test_a_killed_writer_leaves_a_whole_report(tmp_path, forks):
    keep(reported(some(2)), some(2), tmp_path)

    running = [forks.start(KILLED, tmp_path, at, 1, 2) for at in (report_file.LINES, ".tmp")]

    assert [process.wait() for process in running] == [-signal.SIGKILL] * 2
    assert MonitorReport.load(tmp_path / "latest.json") == reported(some(2))


@pytest.mark.slow
def test_of_two_writers_at_once_one_report_stands_whole(tmp_path, forks):
    """Each clears away what the other needs no more, and both are read meanwhile."""
    keep(reported(some(9, 100)), some(9, 100), tmp_path)
    running = [forks.start(KILLED, tmp_path, "", 40, first) for first in (100, 1000)]

    for _ in range(60):
        assert len(MonitorReport.load(tmp_path / "latest.json").windows) == 9
    assert [process.wait() for process in running] == [0, 0]
    assert MonitorReport.load(tmp_path / "latest.json") in (reported(some(9, 139)), reported(some(9, 1039)))


def test_reports_of_older_versions_load(tmp_path):
    whole = {**reported(some(2)).document(), "format_version": 1}
    (tmp_path / "latest.json").write_text(json.dumps(whole), "utf-8")

    assert MonitorReport.load(tmp_path / "latest.json") == reported(some(2))


def test_a_saved_report_stands_alone(tmp_path, shop, customers):
    scored(shop, customers, "w1")
    report = wb.monitor(shop)

    assert MonitorReport.load(report.save(tmp_path / "sent.json")) == report


@pytest.fixture
def fleet(home):
    for k in range(3):
        keep(reported(some(4), f"model-{k}"), some(4), settings().reports / f"model-{k}")
    return [settings().reports / f"model-{k}" for k in range(3)]


def test_the_page_of_all_models_reads_no_window(fleet, monkeypatch):
    whole = models.html(stored.models())
    monkeypatch.setattr(report_file, "judged", None)
    monkeypatch.setattr(MonitorReport, "load", None)

    assert models.html(stored.models()) == whole
    assert all(f"model-{k}" in whole for k in range(3))


@pytest.mark.parametrize("harm", [b"{}", b"\xff", b'{"noun": "summary", "format_version": 99}', None])
def test_a_summary_that_is_damaged_or_missing_is_made_anew(fleet, harm):
    whole, path = models.html(stored.models()), fleet[1] / report_file.SUMMARY
    path.unlink() if harm is None else path.write_bytes(harm)

    assert models.html(stored.models()) == whole
    assert json.loads(path.read_text("utf-8"))["name"] == "model-1"


def test_a_summary_of_another_report_is_made_anew(fleet):
    replace(reported(some(1)), name="model-1", version=7).save(fleet[1] / "latest.json")

    assert [one.summary.version for one in stored.models()] == [1, 7, 1]


def test_where_nothing_can_be_written_the_page_is_shown_all_the_same(fleet, monkeypatch):
    (fleet[1] / report_file.SUMMARY).unlink()
    monkeypatch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(OSError(errno.EROFS, "read only")))

    assert [one.summary.windows for one in stored.models()] == [4, 4, 4]


@pytest.mark.slow
def test_a_rate_of_histories_is_a_smaller_one_of_each_window(shop, customers):
    wb.score(shop, customers(300, 5), window="w1")

    year, plain = wb.monitor(shop, history=12), wb.monitor(shop, false_alarm_rate=of_one(0.05, 12))

    assert (year.false_alarm_rate, year.history, year.rate_of_window) == (0.05, 12, plain.false_alarm_rate)
    assert year.windows == plain.windows


@given(st.floats(1e-6, 0.5), st.integers(1, 1000))
def test_so_many_windows_of_that_rate_have_the_rate_together(rate, history):
    assert 1 - (1 - of_one(rate, history)) ** history == pytest.approx(rate)
