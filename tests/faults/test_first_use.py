"""Several processes touch an empty home at once: all succeed, and the store stays sound."""

import pytest

FIRST_USE = """
from workbench.storage.tracking import client, experiment_id
run = client().create_run(experiment_id())
client().log_param(run.info.run_id, "seed", 0)
client().set_terminated(run.info.run_id)
print(run.info.run_id)
"""


@pytest.mark.slow
def test_four_processes_make_one_store(home, forks):
    """MLflow alone breaks its SQLite file for ever when four processes migrate it at once."""
    starts = [forks.start(FIRST_USE) for _ in range(4)]
    answers = [process.communicate() for process in starts]

    assert [p.returncode for p in starts] == [0] * 4, [error for _, error in answers]
    assert len({out.strip() for out, _ in answers}) == 4
    told = sum(error.count("Making the MLflow store") for _, error in answers)
    assert told == 1, "one process makes it, the others wait"
    again = forks.start(FIRST_USE)
    assert again.communicate()[0].strip()
    assert again.returncode == 0
