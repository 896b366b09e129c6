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
        ``source``, ``fingerprint``, ``run``, ``seed``, ``trained``, ``commit`` (None outside of git), ``left_out``
        (columns that the model does not use, with the reason), ``validation`` (scores of the candidate in the folds,
        the deciding one first), ``environment``; of numbers ``loss``, what they were fitted by; ``reference``, which
        predictions later ones are compared with. Where rows or classes have weights, which a service never sees:
        ``unweighted`` (scores of the hold-out with each row counted the same, instead of those of the folds) and
        ``gap`` (two classes: by how much probabilities of the second one are larger there, in the mean, than what came
        true).
    """
    weighed = bool(run.unweighted) or bool(run.asked.get("class_weight"))
    return {
        "source": run.source,
        "fingerprint": run.fingerprint,
        "run": run.id,
        "seed": run.seed,
        "trained": run.created,
        "commit": _commit(),
        "left_out": dict(run.left_out),
        "validation": [] if run.unweighted else [asdict(m) for m in run.best.metrics],
        **({"unweighted": [asdict(m) for m in run.unweighted]} if run.unweighted else {}),
        **({"gap": _gap(run)} if weighed and run.task == "binary" else {}),
        "environment": {
            "python": platform.python_version(),
            "workbench": __version__,
            **{p: _version(p) for p in PACKAGES},
        },
        **({} if run.loss is None else {"loss": run.loss}),
        **({} if run.reference is None else {"reference": asdict(run.reference)}),
    }


def _gap(run: Run) -> float:
    """By how much the probabilities of rows that were held out are too large, each row counted the same."""
    said = run.pipeline.predict_proba(run.holdout[list(run.features)])[:, 1]
    return float(said.mean() - (run.holdout[run.contract.target] == run.classes[1]).mean())


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
