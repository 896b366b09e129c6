"""Seconds until the leaderboard of a training shows its first three rows, in a notebook that has trained before."""

import json
import sys
import time
from contextlib import contextmanager

import pandas as pd
from judging import cpu
from workbench_train import few_rows, home

import workbench as wb
from workbench.training import search


class ThreeRows(BaseException):
    """They are there."""


class Watching:
    """A progress that looks at the rows that are shown."""

    def advance(self, note="", rows=(), best=None):
        if len(rows) >= 3:
            raise ThreeRows


@contextmanager
def watching(*_, **__):
    yield Watching()


if __name__ == "__main__":
    known, target = pd.read_parquet(sys.argv[1]), sys.argv[2]
    with home():
        few_rows()
        search.progress = watching
        began, before = time.monotonic(), cpu()
        try:
            wb.train(known, target=target)
        except ThreeRows:
            print(json.dumps({"seconds": time.monotonic() - began, "cpu": cpu() - before}))
