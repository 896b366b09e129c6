"""Bundles of every format that ever shipped load, answer and hold their signatures.

Each was written by the Workbench of its time. A change of a format adds a folder to ``formats`` and never removes one.
"""

import json
from pathlib import Path

import pytest

from workbench.core.bundle import Bundle
from workbench.scoring.runtime import Scorer
from workbench.storage.signature import read_signature

FORMATS = Path(__file__).parent / "formats"
FOLDERS = sorted(path for path in FORMATS.iterdir() if path.is_dir())


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_a_bundle_of_an_old_format_answers_as_it_did(folder):
    scorer = Scorer(folder)
    golden = json.loads((folder / "golden" / "rows.json").read_text())

    answers = [a["prediction"] for a in scorer.predict(golden["rows"])]

    assert answers == pytest.approx(golden["predictions"], rel=1e-12)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_its_parts_are_read(folder):
    bundle = Bundle.load_folder(folder)

    assert set(bundle.features) <= set(bundle.contract.names)
    assert bundle.reference.rows > 0
    assert str(bundle.metrics[0]) in bundle.headline()


@pytest.mark.parametrize("folder", [f for f in FOLDERS if (f / "signature").exists()], ids=lambda path: path.name)
def test_its_signature_holds(folder, monkeypatch):
    monkeypatch.setenv("WORKBENCH_TRUSTED_KEYS", str(FORMATS / f"{folder.name}.pem"))

    assert Bundle.load_folder(folder).name == "shop"
    assert read_signature(folder).signed.startswith("20")


@pytest.mark.parametrize("folder", [f for f in FOLDERS if (f / "reasons.json").exists()], ids=lambda path: path.name)
def test_what_drives_it_is_told_as_it_was(folder):
    scorer = Scorer(folder)
    told = {one["column"]: one["importance"] for one in json.loads(scorer.kept_explanation)["columns"]}

    assert told == pytest.approx(scorer.bundle.explanation().importance(), rel=1e-6)


@pytest.mark.parametrize("folder", FOLDERS, ids=lambda path: path.name)
def test_rows_in_time_are_kept_by_chunks_since_there_are_any(folder):
    bundle = Bundle.load_folder(folder)

    if (folder / "chunks.json").exists():
        assert sum(bundle.chunks.rows) == bundle.reference.rows == bundle.lineage["reference"]["rows"]
        assert {one.column for one in bundle.chunks.columns} == {*bundle.features, "prediction"}
    else:
        assert bundle.chunks is None


def test_the_format_of_today_is_kept_too():
    from workbench.storage.manifest import FORMAT
    from workbench.storage.signature import FORMAT as SIGNED
    from workbench.tables.compiled import FORMAT as MODEL

    kept = [json.loads((folder / "bundle.json").read_text())["format_version"] for folder in FOLDERS]
    signed = [json.loads(path.read_text())["format_version"] for path in FORMATS.glob("*/signature")]
    models = [_header(folder)["format_version"] for folder in FOLDERS]
    assert (FORMAT in kept, SIGNED in signed, MODEL in models) == (True, True, True)


def _header(folder: Path) -> dict:
    import numpy as np

    with np.load(folder / "model.npz") as file:
        return json.loads(file["header"].tobytes())
