"""A training that is killed does not stay running in MLflow, and nothing is left of a whole one."""

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from workbench.storage.tracking import client, experiment_id
from workbench.training.watching import watched

ENDLESS = """
import os, time
import pandas as pd
import workbench as wb
from sklearn.dummy import DummyClassifier

class Endless(DummyClassifier):
    def fit(self, x, y):
        if os.environ.get("HOLD"):
            os.fork() or time.sleep(60)  # a child that holds all pipes open
        print("fitting", flush=True)
        time.sleep(60)

wb.train(pd.DataFrame({"a": [k % 7 for k in range(100)], "b": ["x", "y"] * 50}), target="b", candidates=[Endless()])
"""


def statuses():
    return [run.info.status for run in client().search_runs([experiment_id()])]


def until(condition, seconds=60.0):
    ends = time.monotonic() + seconds
    while not condition() and time.monotonic() < ends:
        time.sleep(0.2)
    return condition()


@pytest.mark.slow
@pytest.mark.parametrize("hold", ["", "1"])
def test_a_training_that_is_killed_is_killed_in_mlflow_without_another_one(store, hold, monkeypatch):
    """Also where a child of it outlives it, and it is a zombie whose parent has not asked for it."""
    monkeypatch.setenv("HOLD", hold)
    command = [sys.executable, "-c", ENDLESS]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout.readline().strip() == "fitting"
        before = statuses()
        os.kill(process.pid, signal.SIGKILL)

        assert before == ["RUNNING"]
        assert until(lambda: statuses() == ["KILLED"])
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        process.stdout.close()


def test_nothing_is_left_of_what_ended_itself():
    before = {child.pid for child in psutil.Process().children()}
    with watched():
        waiting = {child.pid for child in psutil.Process().children()} - before

    assert len(waiting) == 1
    assert not any(map(psutil.pid_exists, waiting))


def test_a_training_goes_on_where_nobody_can_wait_for_it(monkeypatch):
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    with watched():
        pass
    with watched():
        for child in psutil.Process().children():
            child.kill()
