"""Commands about jobs run in a fork where there is one to be had, and nobody can tell but by the clock."""

import os
import signal
import subprocess
import sys

import nbformat
import pytest

from tests.instant.conftest import SECONDS, until
from workbench import __main__ as command
from workbench.jobs.records import jobs


def test_a_command_in_a_fork_says_and_ends_as_it_always_does(warmed, tmp_path, monkeypatch, capfd):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))

    code = command._forked(["stop", "no-such-job"])

    assert code == 2
    assert "No job named 'no-such-job'" in capfd.readouterr().err


def test_its_usage_names_the_command(warmed, capfd):
    assert command._forked(["stop"]) == 2
    assert "Usage: workbench stop" in capfd.readouterr().err


def test_without_anything_to_fork_from_it_runs_here(runtime, tmp_path, monkeypatch, capsys):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path))
    monkeypatch.setattr(sys, "argv", ["workbench", "stop", "no-such-job"])

    assert command._forked(["jobs"]) is None
    with pytest.raises(SystemExit) as end:
        command.main()
    assert end.value.code == 2
    assert "No job named" in capsys.readouterr().err


def test_what_it_forks_are_commands():
    from typer.main import get_command

    from workbench.cli import app

    assert set(command.QUICK) <= set(get_command(app).commands)


@pytest.mark.slow
def test_a_signal_to_the_command_reaches_its_fork(warmed, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(tmp_path / "home"))
    cell = nbformat.v4.new_code_cell("import time; time.sleep(600)")
    nbformat.write(nbformat.v4.new_notebook(cells=[cell]), tmp_path / "long.ipynb")

    client = subprocess.Popen(
        [sys.executable, "-m", "workbench", "submit", "long.ipynb"],
        cwd=tmp_path,
        env=dict(os.environ),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    until(lambda: any(job.cells for job in jobs()), "the job does not run")
    client.send_signal(signal.SIGTERM)

    assert client.wait(SECONDS) == 130
    assert [job.state for job in jobs()] == ["STOPPED"]
