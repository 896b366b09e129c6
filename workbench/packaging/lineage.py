"""Where a bundle came from."""

from __future__ import annotations

import platform
import subprocess
from dataclasses import asdict
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from workbench import __version__
from workbench.core.run import Run

PACKAGES = ("numpy", "pandas", "scikit-learn", "scipy", "mlflow")


def lineage(run: Run) -> dict[str, Any]:
    """Data, run, code and environment, as plain JSON.

    Returns
    -------
    dict
        ``source``, ``fingerprint``, ``run``, ``seed``, ``trained``, ``commit`` (None outside of git), ``validation``
        (scores of the candidate in the folds, the deciding one first), ``environment``; of numbers ``loss``, what they
        were fitted by.
    """
    return {
        "source": run.source,
        "fingerprint": run.fingerprint,
        "run": run.id,
        "seed": run.seed,
        "trained": run.created,
        "commit": _commit(),
        "validation": [asdict(m) for m in run.best.metrics],
        "environment": {
            "python": platform.python_version(),
            "workbench": __version__,
            **{p: _version(p) for p in PACKAGES},
        },
        **({} if run.loss is None else {"loss": run.loss}),
    }


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _commit() -> str | None:
    """The commit of the folder that the notebook runs in."""
    try:
        done = subprocess.run(["git", "rev-parse", "HEAD"], capture_output=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.decode("ascii").strip()
