"""What each peer's page shows of a stored report: the same tables, so that only what serves them differs."""

import json
import os
from pathlib import Path

import pandas as pd


def report():
    """The stored report, as plain data."""
    return json.loads(Path(os.environ["PAGES_REPORT"]).read_text(encoding="utf-8"))


def scores(told):
    """The deciding score of each window, with its interval."""
    known = [(w["label"], w["rows"], w["status"], w["performance"][0]) for w in told["windows"] if w["performance"]]
    rows = [{"window": label, "rows": rows, "status": status, **score} for label, rows, status, score in known]
    return pd.DataFrame(rows)[["window", "value", "low", "high", "rows", "status"]]


def drift(told):
    """The columns of each window by their drift."""
    rows = [{"window": w["label"], **one} for w in told["windows"] for one in w["drift"]]
    return pd.DataFrame(rows)[["window", "column", "effect", "p_value", "drifted"]]


def incidents(told):
    """The incidents."""
    return pd.DataFrame(told["incidents"])[["id", "start", "end", "severity", "cause"]]
