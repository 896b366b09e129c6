"""What every tool of the benchmark does alike: reads the rows, scores the truth, and tells both."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd
from sklearn.metrics import roc_auc_score

# What a tool is given that asks for a time.
SECONDS = float(os.environ.get("WORKBENCH_BENCHMARK_SECONDS", "60"))
# Known rows, target, whether it is a number; what comes back: the score that the tool claims, the ends of its interval
# where it gives one, and what predicts numbers, or the probability of the last class in order.
Tool = Callable[[pd.DataFrame, str, bool], tuple[float, tuple[float, float] | None, Callable[[pd.DataFrame], Any]]]


def judge(tool: Tool, warm: Callable[[], object] = object) -> None:
    """``python TOOL.py KNOWN.parquet LATER.parquet TARGET``: prints one line of JSON.

    What every first call of a process costs, such as imports, is done by ``warm``, and not counted.
    """
    warm()
    known, later, target = pd.read_parquet(sys.argv[1]), pd.read_parquet(sys.argv[2]), sys.argv[3]
    number = bool(pd.api.types.is_numeric_dtype(known[target]) and known[target].nunique() > 10)
    before = cpu()
    claimed, interval, predict = tool(known, target, number)
    seconds = cpu() - before
    predicted = np.asarray(predict(later.drop(columns=target)), dtype=float)
    true = score(later[target], predicted, number)
    print(json.dumps({"claimed": claimed, "interval": interval, "true": true, "number": number, "cpu": seconds}))


def score(truth: pd.Series, predicted: Any, number: bool) -> float:
    """RMSE of numbers, else ROC AUC of the last class in order."""
    if number:
        return float(np.sqrt(np.mean((truth.to_numpy(dtype=float) - predicted) ** 2)))
    return float(roc_auc_score(truth == sorted(truth.unique())[-1], predicted))


def cpu() -> float:
    """CPU seconds of this process and those that it waited for."""
    return sum(
        r.ru_utime + r.ru_stime for r in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    )


def features(table: pd.DataFrame) -> pd.DataFrame:
    """As people give them to a library that takes numbers and categories: texts as categories, dates as days."""
    columns = {}
    for name, values in table.items():
        if pd.api.types.is_datetime64_any_dtype(values):
            values = values.astype("int64") / 86_400e9
        columns[name] = values if pd.api.types.is_numeric_dtype(values) else values.astype("category")
    return pd.DataFrame(columns, index=table.index)
