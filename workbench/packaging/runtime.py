"""The runtime inside a bundle: a copy of the few modules that score, so that the folder runs alone."""

from __future__ import annotations

from pathlib import Path

import workbench
from workbench.core.bundle import Bundle
from workbench.core.mlmodel import mlmodel
from workbench.storage.files import write_bytes, write_text

MODULES = (
    "__init__.py",
    "errors.py",
    "settings.py",
    "core/__init__.py",
    "core/bundle.py",
    "core/checking.py",
    "core/chunks.py",
    "core/claim.py",
    "core/codes.py",
    "core/contract.py",
    "core/finding.py",
    "core/fitting.py",
    "core/forms.py",
    "core/late.py",
    "core/literals.py",
    "core/load.py",
    "core/metric.py",
    "core/names.py",
    "core/needs.py",
    "core/profile.py",
    "core/reading.py",
    "core/reasons.py",
    "core/result.py",
    "core/rollout.py",
    "core/saved.py",
    "core/uncertainty.py",
    "storage/__init__.py",
    "storage/bundle_files.py",
    "storage/files.py",
    "storage/manifest.py",
    "storage/owned.py",
    "storage/signature.py",
    "tables/__init__.py",
    "tables/compiled.py",
    "tables/compiler.py",
    "tables/cuts.py",
    "tables/edges.py",
    "tables/encoders.py",
    "tables/links.py",
    "tables/lookup.py",
    "tables/mixing.py",
    "tables/native.py",
    "tables/nodes.py",
    "tables/patterns.py",
    "tables/steps.py",
    "tables/trees.py",
    "tables/walk.py",
    "tables/words.py",
    "tables/written.py",
)
COMPILED = ("tables/kernel.c",)  # the loops over trees, which a compiler that is there makes quick
PIPELINE = (
    "tables/pipeline_model.py",
    "storage/pipelines.py",
    "storage/lightgbm_text.py",
    "storage/vocabularies.py",
    "tables/boundaries.py",
    "tables/cross_fitted.py",
    "tables/dates.py",
    "tables/trended.py",
)

CLIENT = "client.py"  # which the service hands out

MAIN = '''"""Serve this bundle: ``pip install -r requirements.lock && python -m scoring``."""

import gc
import os
import sys
from contextlib import suppress
from pathlib import Path

gc.disable()  # what is imported stays: nobody looks through it until the service listens
HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
# Whoever trusts signed bundles alone finds no compiled code beside what was signed, not even our own. That of this
# very file Python has written before it ran it; where it can't be taken away, the check of the bundle names it.
if "WORKBENCH_TRUSTED_KEYS" in os.environ:
    sys.dont_write_bytecode = True
    if __spec__ is not None and __spec__.cached:
        with suppress(OSError):
            Path(__spec__.cached).unlink()
            Path(__spec__.cached).parent.rmdir()

from workbench.scoring.__main__ import main  # noqa: E402  (the path comes first)

main(bundle=HERE.parent)
'''


def write_runtime(folder: Path, bundle: Bundle) -> None:
    """Write ``scoring/`` and ``MLmodel`` into a bundle's folder."""
    source = Path(workbench.__file__).parent
    scoring = tuple(f"scoring/{path.name}" for path in sorted((source / "scoring").glob("*.py")))
    for name in (*MODULES, CLIENT, *scoring, *(COMPILED if bundle.compiled else PIPELINE)):
        write_bytes(folder / "scoring" / "workbench" / name, (source / name).read_bytes())
    write_text(folder / "scoring" / "__main__.py", MAIN)
    text = mlmodel(
        bundle.contract, bundle.features, bundle.classes, run=bundle.run_id, created=bundle.created, place="bundle",
        python=bundle.lineage["environment"]["python"], code="scoring",
    )  # fmt: skip
    write_text(folder / "MLmodel", text)
