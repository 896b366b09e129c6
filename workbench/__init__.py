"""Workbench: the notebook-native machine learning workbench.

>>> import workbench as wb
>>> data = wb.dataset("churn.csv", target="Churn")
>>> profile = wb.profile(data)
>>> run = wb.train(data, trials=1)
>>> explanation = wb.explain(run)
>>> bundle = wb.package(run, name="customers")
>>> scored = wb.score("customers", "july.csv", window="2026-07")
>>> report = wb.monitor("customers")

Importing this loads no numpy, pandas or scikit-learn: each name is fetched when it is first used.
"""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

# The threads of OpenBLAS, numpy's and SciPy's, wait for work by spinning for 2^26 ticks of the clock, when they are
# made and after each product: a core each for 25 ms. With 2^20 they sleep after 0.4 ms; who has set it is obeyed.
os.environ.setdefault("OPENBLAS_THREAD_TIMEOUT", "20")

__version__ = "0.1.0"

if TYPE_CHECKING:
    from workbench.client import Client as Client
    from workbench.core.batch import Batch as Batch
    from workbench.core.bundle import Bundle as Bundle
    from workbench.core.comparison import Comparison as Comparison
    from workbench.core.contract import Column as Column
    from workbench.core.contract import Contract as Contract
    from workbench.core.dataset import Dataset as Dataset
    from workbench.core.explanation import Explanation as Explanation
    from workbench.core.explanation_comparison import ExplanationComparison as ExplanationComparison
    from workbench.core.fairness import Fairness as Fairness
    from workbench.core.finding import Finding as Finding
    from workbench.core.incident import Incident as Incident
    from workbench.core.job import Job as Job
    from workbench.core.job_comparison import JobComparison as JobComparison
    from workbench.core.policy import Policy as Policy
    from workbench.core.profile import Profile as Profile
    from workbench.core.profile_comparison import ProfileComparison as ProfileComparison
    from workbench.core.report import MonitorReport as MonitorReport
    from workbench.core.run import Run as Run
    from workbench.core.slices import Slices as Slices
    from workbench.core.verification import Verification as Verification
    from workbench.core.watch import Watch as Watch
    from workbench.explanation.explain import explain as explain
    from workbench.explanation.fairness import fairness as fairness
    from workbench.jobs.batch import batch as batch
    from workbench.jobs.batch import submit_each as submit_each
    from workbench.jobs.notebook.giving import give as give
    from workbench.jobs.reproduce import reproduce as reproduce
    from workbench.jobs.submit import submit as submit
    from workbench.monitoring.acting import incident as incident
    from workbench.monitoring.challenge import challenge as challenge
    from workbench.monitoring.feedback import feedback as feedback
    from workbench.monitoring.monitor import monitor as monitor
    from workbench.monitoring.promotion import promote as promote
    from workbench.monitoring.promotion import rollback as rollback
    from workbench.monitoring.score import score as score
    from workbench.monitoring.watching import watch as watch
    from workbench.packaging.package import bundle as bundle
    from workbench.packaging.package import package as package
    from workbench.packaging.verify import verify as verify
    from workbench.profiling.profile import profile as profile
    from workbench.profiling.record import log_profile as log_profile
    from workbench.reading.dataset import dataset as dataset
    from workbench.reading.queries import Query as Query
    from workbench.reading.queries import query as query
    from workbench.training.adopt import adopt as adopt
    from workbench.training.replay import replay as replay
    from workbench.training.runs import run as run
    from workbench.training.train import train as train
    from workbench.widgets.view import view as view

# Where each public name lives. The block above, for type checkers, and __all__ follow it; a test compares them.
_PLACES = {
    "Batch": "workbench.core.batch",
    "Bundle": "workbench.core.bundle",
    "Client": "workbench.client",
    "Column": "workbench.core.contract",
    "Comparison": "workbench.core.comparison",
    "Contract": "workbench.core.contract",
    "Dataset": "workbench.core.dataset",
    "Explanation": "workbench.core.explanation",
    "ExplanationComparison": "workbench.core.explanation_comparison",
    "Fairness": "workbench.core.fairness",
    "Finding": "workbench.core.finding",
    "Incident": "workbench.core.incident",
    "Job": "workbench.core.job",
    "JobComparison": "workbench.core.job_comparison",
    "MonitorReport": "workbench.core.report",
    "Policy": "workbench.core.policy",
    "Profile": "workbench.core.profile",
    "ProfileComparison": "workbench.core.profile_comparison",
    "Query": "workbench.reading.queries",
    "Run": "workbench.core.run",
    "Slices": "workbench.core.slices",
    "Verification": "workbench.core.verification",
    "Watch": "workbench.core.watch",
    "adopt": "workbench.training.adopt",
    "batch": "workbench.jobs.batch",
    "bundle": "workbench.packaging.package",
    "challenge": "workbench.monitoring.challenge",
    "dataset": "workbench.reading.dataset",
    "explain": "workbench.explanation.explain",
    "fairness": "workbench.explanation.fairness",
    "feedback": "workbench.monitoring.feedback",
    "give": "workbench.jobs.notebook.giving",
    "incident": "workbench.monitoring.acting",
    "log_profile": "workbench.profiling.record",
    "monitor": "workbench.monitoring.monitor",
    "package": "workbench.packaging.package",
    "profile": "workbench.profiling.profile",
    "query": "workbench.reading.queries",
    "promote": "workbench.monitoring.promotion",
    "replay": "workbench.training.replay",
    "reproduce": "workbench.jobs.reproduce",
    "rollback": "workbench.monitoring.promotion",
    "run": "workbench.training.runs",
    "score": "workbench.monitoring.score",
    "submit": "workbench.jobs.submit",
    "submit_each": "workbench.jobs.batch",
    "train": "workbench.training.train",
    "verify": "workbench.packaging.verify",
    "view": "workbench.widgets.view",
    "watch": "workbench.monitoring.watching",
}

__all__ = [
    "Batch",
    "Bundle",
    "Client",
    "Column",
    "Comparison",
    "Contract",
    "Dataset",
    "Explanation",
    "ExplanationComparison",
    "Fairness",
    "Finding",
    "Incident",
    "Job",
    "JobComparison",
    "MonitorReport",
    "Policy",
    "Profile",
    "ProfileComparison",
    "Query",
    "Run",
    "Slices",
    "Verification",
    "Watch",
    "adopt",
    "batch",
    "bundle",
    "challenge",
    "dataset",
    "explain",
    "fairness",
    "feedback",
    "give",
    "incident",
    "log_profile",
    "monitor",
    "package",
    "profile",
    "promote",
    "query",
    "replay",
    "reproduce",
    "rollback",
    "run",
    "score",
    "submit",
    "submit_each",
    "train",
    "verify",
    "view",
    "watch",
]


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module 'workbench' has no attribute {name!r}")
    value = getattr(import_module(_PLACES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


def _jupyter_labextension_paths() -> list[dict[str, str]]:
    return [{"src": "labextension", "dest": "ml-workbench"}]


def _jupyter_server_extension_points() -> list[dict[str, str]]:
    return [{"module": "workbench.server"}]
