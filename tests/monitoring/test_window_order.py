"""Windows come in time, and stay as they were cut."""

import shutil
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.contract import Column, Contract
from workbench.core.reading import Form
from workbench.monitoring.live import cut
from workbench.monitoring.score import _span
from workbench.monitoring.window_order import in_time, natural
from workbench.monitoring.windows import windows
from workbench.scoring.log import PredictionLog
from workbench.scoring.log_reading import Reading
from workbench.settings import settings


@dataclass(frozen=True)
class Named:
    """A window's name and moments."""

    label: str
    begin: str = ""
    end: str = ""


def labels(*named):
    return [one.label for one in in_time(named)]


@given(st.permutations(range(1, 25)))
def test_numbers_within_names_sort_as_numbers(numbers):
    assert labels(*(Named(f"week{n}") for n in numbers)) == [f"week{n}" for n in range(1, 25)]


@given(st.lists(st.text(max_size=8), unique=True))
def test_the_order_of_any_names_is_one_order(names):
    assert sorted(names, key=natural) == sorted(sorted(names), key=natural)


def test_moments_decide_before_names():
    first, last = Named("b", "2026-01-01T00:00:00+00:00"), Named("a", "2026-02-01T00:00:00+00:00")

    assert labels(last, first) == ["b", "a"]


def test_names_that_are_dates_sort_as_moments_beside_those_that_have_some():
    live = Named("live-2026-08-03", "2026-08-03T10:00:00+00:00")

    assert labels(live, Named("2026-W33"), Named("2026-7"), Named("2026Q4"), Named("trial")) == [
        "trial", "2026-7", "live-2026-08-03", "2026-W33", "2026Q4",
    ]  # fmt: skip


def test_a_batch_has_the_moments_of_its_time_column():
    """Read by the contract, in UTC; without such a column, or in a batch without it, none is known."""
    timed = Contract((Column("when", "datetime", "time", form=Form(moments=("%d.%m.%Y",))),))
    table = pd.DataFrame({"when": ["03.02.2026 11:00", "01.02.2026", None]})

    assert _span(table, timed) == ("2026-02-01T00:00:00+00:00", "2026-02-03T11:00:00+00:00")
    assert _span(table.rename(columns={"when": "x"}), timed) == _span(table, Contract(())) == ("", "")


def asked(name, rows, day, first=0, version=1):
    log = PredictionLog(settings().predictions / name)
    log.append([
        {"id": f"{day:%Y%m%d}-{first + i}", "at": day.replace(tzinfo=UTC) + timedelta(minutes=i), "version": version,
         "row": {"spent": 0.1 * i, "noise": 0.0, "city": "Rome"}, "prediction": 0.4, "answer": "no", "flags": []}
        for i in range(rows)
    ])  # fmt: skip
    log.close()


def test_days_that_were_judged_stay_days_when_the_log_is_older(shop):
    """Once a log spans weeks it is cut by month: what stands in reports and mails keeps its name."""
    asked(shop, 60, datetime(2026, 1, 30, 10))
    assert [w.label for w in wb.monitor(shop).windows] == ["live-2026-01-30"]
    first = windows(shop, settings())[0]

    asked(shop, 60, datetime(2026, 3, 31, 10))

    assert [w.label for w in wb.monitor(shop).windows] == ["live-2026-01-30", "live-2026-03"]
    assert windows(shop, settings())[0] == first


def test_records_that_come_late_fill_their_window_up(shop):
    asked(shop, 60, datetime(2026, 1, 30, 10))
    asked(shop, 55, datetime(2026, 1, 31, 10))
    wb.monitor(shop)
    before = windows(shop, settings())

    asked(shop, 5, datetime(2026, 1, 30, 9), first=60)

    report = wb.monitor(shop)
    assert [(w.label, w.rows) for w in report.windows] == [("live-2026-01-30", 65), ("live-2026-01-31", 55)]
    assert report.windows[0].begin == "2026-01-30T09:00:00+00:00"
    assert windows(shop, settings())[1] == before[1]


def test_a_second_version_within_a_day_gets_a_window_of_its_own(shop):
    asked(shop, 60, datetime(2026, 1, 30, 10))
    wb.monitor(shop)
    asked(shop, 70, datetime(2026, 1, 30, 15), first=100, version=2)

    assert [(w.label, w.rows, w.version) for w in wb.monitor(shop).windows] == [
        ("live-2026-01-30", 60, 1), ("live-2026-01-30.v2", 70, 2),
    ]  # fmt: skip


def test_a_version_that_was_removed_is_looked_at_once(shop, monkeypatch):
    asked(shop, 60, datetime(2026, 1, 30, 10), version=2)
    shutil.rmtree(settings().bundles / shop / "2")
    assert wb.monitor(shop).windows == ()
    read = []
    monkeypatch.setattr(Reading, "chunks", lambda *_: read.append(1) or iter(()))

    assert wb.monitor(shop).windows == ()
    assert not read


def counting(monkeypatch) -> list[int]:
    """Records that are read of the log, as they are read."""
    read, counted = [], Reading._counted

    def count(self, columns):
        read.append(len(next(iter(columns.values()))))
        return counted(self, columns)

    monkeypatch.setattr(Reading, "_counted", count)
    return read


@pytest.mark.parametrize("sealed", [False, True])
def test_a_new_hour_is_all_that_is_read_of_a_log_the_second_time(shop, monkeypatch, sealed):
    """Whatever the window of the day or month holds already is not read again."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0, tzinfo=None)
    day -= timedelta(days=2 if sealed else 0)
    asked(shop, 400, day)
    wb.monitor(shop)
    (before,) = windows(shop, settings())
    ids = before.ids()
    read = counting(monkeypatch)

    asked(shop, 60, day + timedelta(hours=20), first=400)
    report = wb.monitor(shop)

    assert [w.rows for w in report.windows] == [460]
    assert sum(read) <= 3 * 60  # to count them, for their reasons, and for the window
    read.clear()
    wb.monitor(shop)
    assert not read
    (after,) = windows(shop, settings())
    assert after.begin == before.begin
    assert after.ids() == [*ids, *(f"{day:%Y%m%d}-{i}" for i in range(400, 460))]


def test_a_window_that_takes_in_what_is_new_is_the_one_that_is_cut_at_once(shop):
    day = datetime(2026, 1, 30, 10)
    asked(shop, 80, day)
    wb.monitor(shop)
    asked(shop, 70, day + timedelta(hours=5), first=80)
    wb.monitor(shop)
    (parts,) = windows(shop, settings())
    rows, profile = parts.predictions(), parts.profile()
    shutil.rmtree(parts.path)

    wb.monitor(shop)
    (whole,) = windows(shop, settings())

    pd.testing.assert_frame_equal(rows, whole.predictions())
    assert [(c.name, c.count, c.missing) for c in profile] == [(c.name, c.count, c.missing) for c in whole.profile()]
    assert (parts.rows, parts.begin, parts.end, parts.flags) == (whole.rows, whole.begin, whole.end, whole.flags)


def test_a_window_whose_mark_is_lost_is_cut_anew_and_right(shop):
    asked(shop, 60, datetime(2026, 1, 30, 10))
    wb.monitor(shop)
    (settings().predictions / shop / "places.sqlite").unlink()
    asked(shop, 55, datetime(2026, 1, 30, 15), first=60)

    assert [w.rows for w in wb.monitor(shop).windows] == [115]
    assert len(set(windows(shop, settings())[0].ids())) == 115


def test_windows_stay_when_their_records_leave_the_log(shop):
    asked(shop, 60, datetime(2026, 1, 30, 10))
    asked(shop, 60, datetime(2026, 1, 31, 10), first=60)
    wb.monitor(shop)
    log = PredictionLog(settings().predictions / shop)
    log.prune("2026-01-31T00")
    log.close()
    before = windows(shop, settings())

    report = wb.monitor(shop)

    assert [(w.label, w.rows) for w in report.windows] == [("live-2026-01-30", 60), ("live-2026-01-31", 60)]
    assert windows(shop, settings()) == before
    asked(shop, 5, datetime(2026, 1, 30, 20), first=200)
    assert [w.rows for w in wb.monitor(shop).windows] == [65, 60]


DAYS = st.dictionaries(
    st.dates(datetime(2026, 1, 1).date(), datetime(2026, 12, 31).date()).map(str), st.integers(1, 9), min_size=1
)


@given(first=DAYS, later=DAYS)
def test_whatever_comes_later_no_stretch_is_cut_anew(first, later):
    """Each day stays in the window that it was in, and every record is in one."""
    judged = cut(first, [])
    both = {day: first.get(day, 0) + later.get(day, 0) for day in {*first, *later}}

    again = cut(both, [f"live-{stretch}" for stretch in judged])

    assert judged.keys() <= again.keys()
    assert sum(again.values()) == sum(both.values())
    assert all(rows <= again[stretch] for stretch, rows in judged.items())
    assert not any(day[:7] in again and day in again for day in both)


@pytest.mark.slow
def test_a_log_is_cut_some_records_at_a_time_as_all_at_once(shop, monkeypatch):
    asked(shop, 400, datetime(2026, 1, 30, 10))
    with monkeypatch.context() as small:
        small.setattr("workbench.monitoring.live.AT_A_TIME", 37)
        small.setattr("workbench.monitoring.sealing.AT_A_TIME", 41)
        wb.monitor(shop)
    (parts,) = windows(shop, settings())
    profile, rows = parts.profile(), parts.predictions()
    shutil.rmtree(parts.path)
    wb.monitor(shop)
    (whole,) = windows(shop, settings())

    assert [c.mean for c in profile] == pytest.approx([c.mean for c in whole.profile()], nan_ok=True)
    assert [(c.name, c.count, c.missing) for c in profile] == [(c.name, c.count, c.missing) for c in whole.profile()]
    pd.testing.assert_frame_equal(rows, whole.predictions())
    assert parts.reasons() == whole.reasons()
