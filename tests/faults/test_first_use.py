"""Several processes touch an empty home at once: all succeed, and the store stays sound."""

import os
import subprocess
import sys

import pytest

FIRST_USE = """
from workbench.storage.tracking import client, experiment_id
run = client().create_run(experiment_id())
client().log_param(run.info.run_id, "seed", 0)
client().set_terminated(run.info.run_id)
print(run.info.run_id)
"""


@pytest.mark.slow
def test_four_processes_make_one_store(home):
    """MLflow alone breaks its SQLite file for ever when four processes migrate it at once."""
    command = [sys.executable, "-c", FIRST_USE]
    starts = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(4)]
    answers = [process.communicate(timeout=240) for process in starts]

    assert [p.returncode for p in starts] == [0] * 4, [error for _, error in answers]
    assert len({out.strip() for out, _ in answers}) == 4
    told = sum(error.count("Making the MLflow store") for _, error in answers)
    assert told == 1, "one process makes it, the others wait"
    again = subprocess.run(command, capture_output=True, text=True, check=True, env=os.environ.copy())
    assert again.stdout.strip()
