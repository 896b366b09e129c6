"""The benchmark of planted changes runs, and what was planted is found, named and told first."""

import re

import drift_planted
import pytest
import streams


@pytest.mark.slow
def test_planted_changes_are_found_named_and_told_first(tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setenv("WORKBENCH_THREADS", "1")
    kept = tmp_path / "planted.md"

    asked = ["--rows", "1500", "--reference", "4000", "--repeats", "10", "--results", str(kept)]
    assert drift_planted.main(asked) == 0

    told = kept.read_text(encoding="utf-8")
    marks = dict(re.findall(r"^\| ([^|]+?) \| (\S{3})", told, re.MULTILINE))
    quiet = ("nothing", "mean +0.1 sd")  # a tenth of a deviation in so few rows is not to be told from chance
    assert {name: mark for name, mark in marks.items() if mark != "FRN"}.keys() == {"planted", *quiet} & marks.keys()
    assert marks["nothing"] == "···"
    assert int(re.search(r"nothing changed (\d+) told", told)[1]) <= 3
    assert "Evidently's rule" in capsys.readouterr().out


@pytest.mark.slow
def test_the_running_sum_notices_elec_within_four_hundred_rows(shared_table, capsys, tmp_path):
    shared_table("elec.csv")
    kept = tmp_path / "streams.md"

    assert streams.main(["--seeds", "2", "--detectors", "cusum", "--results", str(kept)]) == 0

    told = kept.read_text(encoding="utf-8")
    first, _, incidents, before = re.findall(
        r"^\| cusum \| ([\d,]+) \| (\d+) \| (\d+) \| (\d+) \|$", told, re.MULTILINE
    )[-1]
    assert (int(first) <= 415, int(incidents) <= 5, int(before)) == (True, True, 0)
    assert "10 → 30%" in capsys.readouterr().out
