"""The benchmark of what monitoring costs: its parts run, and its table stands beside the others of the file."""

import monitoring_cost
import pytest

FOUND = {
    "history": {"first": 3.0, "again": 0.05, "one more": 0.1, "bytes": 9000, "grown": 0},
    "feedback": {"first": 0.1, "cpu": 0.02},
    "compaction": {"cpu": 9.0, "peak": 200.0, "windows": 3, "judging": 1.0, "judged peak": 210.0},
    "fleet": {"cpu": 0.1, "again": 0.05, "whole": 0.3, "peak": 40.0},
    "imports": {"import": 0.01, "monitor": 0.2},
    "census": {"cpu": 1.0, "bytes": 66000, "columns": 15},
}


def test_each_part_is_a_line_and_other_sections_stay(tmp_path, monkeypatch, capsys):
    kept = tmp_path / "MONITORING.md"
    kept.write_text("# Monitoring, measured\n\n## Before\n\nkept\n\n## What it costs\n\nold\n\n## Behind\n\nkept too\n")
    monkeypatch.setattr(monitoring_cost, "part", lambda home, sizes, name, *_: FOUND.get(name, {}))
    monkeypatch.setattr(monitoring_cost, "copied", lambda home: home)

    assert monitoring_cost.main(["--quick", "--results", str(kept)]) == 0

    told = kept.read_text("utf-8")
    assert [line for line in told.splitlines() if line.startswith("## ")] == [
        "## Before", "## What it costs", "## Behind",
    ]  # fmt: skip
    assert "old" not in told
    assert told.count("| ") - told.count("| part") >= 7
    assert monitoring_cost.main(["--quick", "--results", str(kept)]) == 0
    assert kept.read_text("utf-8") == told
    assert capsys.readouterr().out.startswith("## What it costs")


@pytest.mark.slow
def test_a_part_runs_in_a_process_of_its_own(tmp_path):
    found = monitoring_cost.part(tmp_path, monitoring_cost.QUICK, "census")

    assert found["cpu"] > 0
    assert found["bytes"] < 100_000
