"""The benchmark of jobs: its machinery without peers."""

import jobs
import nbformat
import psutil
import pytest


def test_each_way_runs_in_turn_and_what_it_takes_is_kept(tmp_path):
    asked = []
    ways = {name: lambda path, name=name: asked.append((name, path)) for name in ("ours", "papermill")}

    took = jobs.in_turn(ways, tmp_path, 2, {"ours": [psutil.Process()]})

    assert [name for name, _ in asked] == ["ours", "papermill"] * 2
    assert all(len(t.wall) == len(t.cpu) == 2 and min(t.cpu) >= 0 for t in took.values())


def test_papermills_cpu_is_what_others_are_told_in_parts_of():
    took = {"empty": {"ours": jobs.Took([0.5], [0.25]), "papermill": jobs.Took([3.0], [2.5])}}

    assert "| ours | 0.50, 0.25 | 1/10.0 |" in jobs.report(took)


def test_its_notebooks_take_the_parameter_that_all_give(tmp_path):
    for path in jobs.notebooks(tmp_path).values():
        first, second = nbformat.read(path, 4).cells

        assert (first.source, first.metadata.tags) == ("x = 1", ["parameters"])
        assert second.source


@pytest.mark.slow
def test_ours_runs_from_a_process(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))

    assert jobs.ours(jobs.notebooks(tmp_path)["empty"]).cells_done == 3
