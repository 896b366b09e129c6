"""The benchmark's own machinery, without peers and on small tables."""

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import environments
import profiling
import profiling_tables
import pytest

HERE = Path(__file__).parent
FAST = profiling.Measured(5, 0.3, 2.7, 200.0, 90.0)
SLOW = profiling.Measured(5, 0.1, 2.9, 300.0, 5.0)


def test_ours_is_measured_on_a_small_table_and_kept(tmp_path, capsys):
    """The whole way: the table is made, profiled in a fresh process, judged and written."""
    kept = tmp_path / "RESULTS.md"
    profiling.main(
        ["--cache", str(tmp_path), "--quick", "--tables", "500 x 50", "--ours-alone", "--results", str(kept)]
    )

    line = next(x for x in kept.read_text().splitlines() if x.startswith("| wide 500 x 50 | workbench |"))
    cells = [c.strip() for c in line.split("|")[1:-1]]
    assert float(cells[2]) > 0.1  # CPU seconds
    assert 30 < float(cells[5]) < 2000  # MB
    assert float(cells[6]) > 10  # KB of HTML
    assert kept.read_text().strip().split("\n", 3)[3].startswith("## Profiling")
    assert "| CPU by duckdb SUMMARIZE | mixed 1M x 20 | – | 1.2 | not measured |" in capsys.readouterr().out


def test_goals_are_ratios_of_what_was_measured():
    rows = {("mixed 1M x 20", profiling.OURS.name): FAST, ("mixed 1M x 20", profiling.DUCKDB.name): SLOW}
    goal = profiling.GOALS[0]

    assert goal.value(rows) == pytest.approx(1.0)
    assert goal.value({**rows, ("mixed 1M x 20", profiling.DUCKDB.name): replace(SLOW, failure="no")}) is None
    assert "| CPU by duckdb SUMMARIZE | mixed 1M x 20 | 1 | 1.2 | yes |" in profiling._goals(rows, ["mixed 1M x 20"])
    worse = {**rows, ("mixed 1M x 20", profiling.OURS.name): replace(FAST, work_s=9.0)}
    assert "| CPU by duckdb SUMMARIZE | mixed 1M x 20 | 3.1 | 1.2 | **no** |" in profiling._goals(
        worse, ["mixed 1M x 20"]
    )


def test_flat_memory_is_judged_between_two_tables():
    (goal,) = [g for g in profiling.GOALS if g.table_of_peer]
    rows = {
        (profiling.LARGEST, profiling.OURS.name): replace(FAST, peak_mb=230.0),
        ("mixed 1M x 20", profiling.OURS.name): FAST,
    }

    assert goal.value(rows) == pytest.approx(1.15)


def test_a_profiler_that_fails_or_is_too_slow_says_so(tmp_path):
    failing, sleeping = tmp_path / "failing.py", tmp_path / "sleeping.py"
    failing.write_text("raise ValueError('no | table')")
    sleeping.write_text("import time; time.sleep(60)")

    assert profiling.measure(Path(sys.executable), failing, tmp_path) == "failed: ValueError: no / table"
    assert profiling.measure(Path(sys.executable), sleeping, tmp_path, limit=0.5) == "took more than 0 s"


def test_the_stopwatch_tells_the_import_from_the_work(tmp_path):
    script = tmp_path / "spin.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(HERE / 'profilers')!r})\n"
        "from stopwatch import cpu_seconds, measure\n"
        "def spin(seconds):\n    end = cpu_seconds() + seconds\n    while cpu_seconds() < end: pass\n"
        "def work(tool, table, folder):\n    spin(0.3)\n    return 'ä' * 1024\n"
        "measure(lambda: spin(0.1), work, ['pytest', 'no-such-package'])\n"
    )
    one = profiling.measure(Path(sys.executable), script, tmp_path)

    assert one["import_s"] == pytest.approx(0.1, abs=0.08)
    assert one["work_s"] == pytest.approx(0.3, abs=0.15)
    assert one["output_kb"] == 2
    assert list(one["versions"]) == ["pytest"]
    assert 3 < one["peak_mb"] < 200  # of the process itself, not of the one that started it


def test_a_seeded_table_is_the_same_each_time_whatever_its_name(tmp_path):
    import pyarrow.parquet as pq

    for name in ("a", "b"):
        profiling_tables.write_mixed(tmp_path / name, 700)
    table = pq.read_table(tmp_path / "a")

    assert table.equals(pq.read_table(tmp_path / "b"))
    assert table.shape == (700, 20)
    assert table["id"].to_pylist() == list(range(700))
    assert 0.3 < table["more_missing"].null_count / 700 < 0.5


def test_chunks_follow_each_other(tmp_path, monkeypatch):
    import pyarrow.parquet as pq

    monkeypatch.setattr(profiling_tables, "CHUNK", 300)
    profiling_tables.write_mixed(tmp_path / "a", 700)

    assert pq.ParquetFile(tmp_path / "a").num_row_groups == 3
    assert pq.read_table(tmp_path / "a")["id"].to_pylist() == list(range(700))


def test_other_results_of_the_file_stay(tmp_path):
    path = tmp_path / "RESULTS.md"
    path.write_text(f"# Results\n\nbefore\n\n{profiling.MARKS[0]}\nold\n{profiling.MARKS[1]}\n\nafter\n")
    for _ in range(2):
        profiling.keep("new", path)

    assert path.read_text() == f"# Results\n\nbefore\n\n{profiling.MARKS[0]}\nnew\n{profiling.MARKS[1]}\n\nafter\n"


def test_an_environment_is_made_once_and_again_when_it_should_hold_something_else(tmp_path, monkeypatch):
    made = []

    def pretend(command, **_):
        made.append(command)
        python = tmp_path / "env" / "bin" / "python"
        python.parent.mkdir(parents=True, exist_ok=True)
        python.touch()

    monkeypatch.setattr(subprocess, "run", pretend)
    for wanted in (["one"], ["one"], ["two"]):
        environments.python_with(wanted, tmp_path / "env")

    assert [command[-1] for command in made] == [str(tmp_path / "env"), "one", str(tmp_path / "env"), "two"]
