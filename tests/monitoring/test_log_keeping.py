"""What a log holds is told, written as tables, and leaves it when nobody needs it any more."""

import csv
import json
from datetime import UTC, datetime, timedelta

import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

import workbench as wb
from workbench import cli
from workbench.errors import BadParameter, NotFound, Refused
from workbench.monitoring import log_export
from workbench.monitoring.log_export import export_log
from workbench.monitoring.log_keeping import overview, prune_log
from workbench.monitoring.sealing import seal
from workbench.scoring.log import PredictionLog
from workbench.settings import settings

FIRST = datetime(2026, 1, 30, 10, tzinfo=UTC)
run = CliRunner().invoke


def asked(name: str, rows: int = 60, days: int = 3) -> PredictionLog:
    log = PredictionLog(settings().predictions / name)
    for day in range(days):
        log.append([
            {"id": f"{day}-{i}", "at": FIRST + timedelta(days=day, minutes=i), "version": 1,
             "row": {"spent": 0.1 * i if i else 0, "noise": None, "city": "Rome, \"IT\"", "id": i},
             "prediction": 0.4, "answer": "no", "flags": ["a", "b"] if i == 1 else []}
            for i in range(rows)
        ])  # fmt: skip
    log.label([("0-0", "yes"), ("2-5", "no")])
    return log


@pytest.fixture
def log(home):
    log = asked("plain")
    yield log
    log.close()


def test_a_log_is_told_in_numbers(log):
    told = overview("plain", settings())

    assert told.days == {"2026-01-30": 60, "2026-01-31": 60, "2026-02-01": 60}
    assert (told.labels, told.sealed, told.pruned) == (2, 0, {})
    shown = run(cli.app, ["log", "show", "plain"]).output
    assert "180 records of 3 days, 2 labels" in shown
    assert "2026-01-31            60" in shown


def test_a_name_without_a_log_gets_none_by_being_looked_at(home):
    with pytest.raises(NotFound, match="plane"):
        overview("plane", settings())

    assert not (settings().predictions / "plane").exists()
    with pytest.raises(BadParameter, match="name has letters"):
        overview("../secret", settings())


@pytest.mark.parametrize("kept", ["lines", "blocks", "files"])
def test_records_become_a_table_with_their_labels(log, tmp_path, kept):
    log.fold(end="2100") if kept == "blocks" else seal(log.path.parent) if kept == "files" else None

    done = export_log("plain", tmp_path / "all.parquet", settings())

    table = pq.read_table(tmp_path / "all.parquet").to_pandas()
    assert done.rows == len(table) == 180
    assert table["id"].tolist()[:2] == ["0-0", "0-1"]
    assert table["label"].dropna().tolist() == ["yes", "no"]
    assert (table["spent"].dtype, table["row.id"].dtype, table["version"].dtype) == ("float64", "int64", "int64")
    assert table["flags"].tolist()[1] == "a; b"
    assert table["noise"].isna().all()


def test_a_csv_and_lines_of_json_hold_the_same(log, tmp_path):
    export_log("plain", tmp_path / "all.csv", settings(), since="2026-01-31", before="2026-01-31T10:30")
    export_log("plain", tmp_path / "all.jsonl", settings(), since="2026-01-31", before="2026-01-31T10:30")

    with (tmp_path / "all.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    records = [json.loads(line) for line in (tmp_path / "all.jsonl").read_text().splitlines()]
    assert [row["id"] for row in rows] == [record["id"] for record in records] == [f"1-{i}" for i in range(30)]
    assert {row["city"] for row in rows} == {record["city"] for record in records} == {'Rome, "IT"'}
    assert float(rows[3]["spent"]) == records[3]["spent"]


def test_a_folder_gets_a_file_a_day(log, tmp_path):
    done = export_log("plain", f"{tmp_path}/out/", settings(), before="2026-02-01", form="csv")

    assert [path.name for path in done.files] == ["2026-01-30.csv", "2026-01-31.csv"]
    assert done.rows == 120


def test_no_more_than_some_records_are_in_memory(log, tmp_path, monkeypatch):
    monkeypatch.setattr(log_export, "AT_A_TIME", 16)
    most, flat = [], log_export._parts
    monkeypatch.setattr(log_export, "_parts", lambda *given: (most.append(len(some)) or some for some in flat(*given)))

    export_log("plain", tmp_path / "all.parquet", settings())

    assert max(most) == 16
    assert pq.ParquetFile(tmp_path / "all.parquet").num_row_groups == 12


@pytest.mark.parametrize(
    ("given", "match"),
    [
        ({"since": "last week"}, "ISO 8601"),
        ({"form": "xlsx"}, "parquet, csv, jsonl"),
        ({"since": "2030-01-01"}, "no record"),
    ],
)
def test_what_cant_be_exported_is_said_and_leaves_no_file(log, tmp_path, given, match):
    with pytest.raises((BadParameter, NotFound), match=match):
        export_log("plain", tmp_path / "all.out", settings(), **given)

    assert not (tmp_path / "all.out").exists()


def test_a_dry_run_says_what_would_leave_and_removes_nothing(log):
    told = run(cli.app, ["log", "prune", "plain", "--before", "2026-02-01", "--dry-run"]).output

    assert "120 records of 2026-01-30 to 2026-01-31, 1 label and 0 sealed files would leave" in told
    assert "in no window of the monitor yet (2026-01-30 to 2026-01-31)" in told
    assert log.count() == 180


def test_what_the_monitor_has_not_seen_stays_unless_somebody_says_so(log):
    with pytest.raises(Refused, match=r"run wb\.monitor"):
        prune_log("plain", settings(), before="2026-01-31T10:59")

    done, needs = prune_log("plain", settings(), before="2026-01-31T10:59", anyway=True)

    assert (done.days, len(needs)) == ({"2026-01-30": 60}, 1)
    assert log.count() == 120


def test_what_windows_hold_may_leave_unless_a_version_is_tried_out(shop):
    asked(shop).close()
    wb.monitor(shop)
    assert prune_log(shop, settings(), before="2026-01-31")[0].rows == 60

    wb.promote(shop, 2, stage="shadow")

    told, needs = prune_log(shop, settings(), days=1, dry_run=True)
    assert told.rows == 120
    assert needs == []  # it is tried out since now: older records are not its
    asked(shop, 5, 1).close()
    wb.monitor(shop)
    with pytest.raises(Refused, match="Version 2 is tried out"):
        prune_log(shop, settings(), before="2100-01-01")


@pytest.mark.parametrize("given", [{}, {"before": "2026-01-31", "days": 3}, {"days": 0}, {"before": "soon"}])
def test_what_leaves_is_said_in_one_way(log, given):
    with pytest.raises(BadParameter):
        prune_log("plain", settings(), **given)


def test_days_that_stay_are_a_setting(monkeypatch):
    from workbench.settings import log_days

    assert log_days() is None
    monkeypatch.setenv("WORKBENCH_LOG_DAYS", "90")
    assert (log_days(), log_days(7)) == (90, 7)
    with pytest.raises(BadParameter, match="at least 1"):
        log_days(0)
    monkeypatch.setenv("WORKBENCH_LOG_DAYS", "many")
    with pytest.raises(BadParameter, match="WORKBENCH_LOG_DAYS"):
        log_days()
