"""What a bundle's mistakes cost, where the training was asked to decide by costs."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from workbench.core.run import Run
from workbench.core.thresholds import costs_of
from workbench.core.value import Value


def value_of(run: Run) -> Value | None:
    """The costs of its rule, with what they came to on the hold-out; None of another rule."""
    costs = costs_of(str(run.asked.get("threshold", "f1")))
    if costs is None or run.task != "binary" or run.threshold is None or run.held is None:
        return None
    found = Value(*costs, run.threshold)
    came = (run.holdout[str(run.contract.target)] == run.classes[1]).to_numpy()
    on_holdout = found.of(np.asarray(run.held, dtype=float), came)
    return replace(found, mean=on_holdout.value, error=on_holdout.error or 0.0, rows=len(came))
