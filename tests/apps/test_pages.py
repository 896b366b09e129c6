"""The pages, without a server."""

import importlib.util
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import nbformat
import pytest

from workbench.apps import model, models, query, stored
from workbench.apps.serve import folder
from workbench.core.bundle import Bundle, file_hash
from workbench.core.contract import Column, Contract
from workbench.core.metric import Metric
from workbench.settings import settings
from workbench.storage import audit
from workbench.storage.files import write_json

ROOT = Path(__file__).parents[2]
spec = importlib.util.spec_from_file_location("examples", ROOT / "tests" / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)


@pytest.fixture
def watched(home):
    """Two watched models and one that is only packaged."""
    examples.report().save(settings().reports / "flights" / "latest.json")
    examples.without_windows().save(settings().reports / "fresh" / "latest.json")
    (settings().bundles / "housing").mkdir(parents=True)


def test_without_a_model_the_page_says_what_to_do(home):
    assert "workbench tour" in models.html(stored.models())


def test_each_model_is_listed_with_its_numbers(watched):
    text = models.page().data

    assert "0.702" in text
    assert 'href="model.ipynb?name=flights"' in text
    assert "no labels yet" in text
    assert "It is not watched yet" in text


def test_one_model_is_the_one_that_the_address_names(watched, monkeypatch):
    monkeypatch.setenv("QUERY_STRING", "name=flights&theme=dark")
    text = model.page().data

    assert "champion is version 2" in text
    assert 'href="models.ipynb?theme=dark"' in text


def packaged(name, reasons=None):
    """A bundle's folder with what the page reads of it."""
    folder = settings().bundles / name / "2"
    files = {"contract.json": Contract((Column("carrier", "category"), Column("late", "category", "target")))}
    files |= {"reasons.json": reasons} if reasons else {}
    for file, content in files.items():
        write_json(folder / file, {"format_version": 1, **content.to_dict()})
    shutil.copy(ROOT / "tests" / "packaging" / "formats" / "1" / "model.npz", folder)
    bundle = Bundle(
        name, 2, "r", "boosting", "binary", ("no", "yes"), ("carrier",), 0.5, (Metric("roc_auc", 0.7),), "f", True,
        {file: file_hash(folder / file) for file in (*files, "model.npz")},
    )  # fmt: skip
    bundle.save(folder / "bundle.json")
    return folder


def of_carrier():
    whole = examples.reasons()
    return replace(whole, columns=(whole.columns[1],))


def test_what_drives_the_version_that_is_watched_stands_below_its_report(watched):
    folder = packaged("flights", of_carrier())
    text = model.html(stored.stored("flights"), stored.driven("flights"))

    assert "What drives the predictions" in text
    assert "speaks for late = yes" in text
    (folder / "reasons.json").write_text("{}")
    assert "reasons.json" in stored.driven("flights").problem
    assert "What drives the predictions" not in model.html(stored.stored("flights"), stored.driven("flights"))


def test_a_model_that_is_not_watched_yet_is_explained_too(home):
    """Its champion is known by the audit log."""
    packaged("fresh", of_carrier())
    assert stored.driven("fresh") == stored.Driven()

    audit.record(settings().audit_log, "promote", name="fresh", version=2)
    assert stored.driven("fresh").reasons == of_carrier()


def test_a_bundle_without_an_explanation_says_what_to_do(watched):
    packaged("flights")

    assert "wb.explain(run) before wb.package" in model.html(stored.stored("flights"), stored.driven("flights"))


@pytest.mark.parametrize(
    ("asked", "answer"),
    [
        ("", "Choose a model"),
        ("name=nobody", "It is not watched yet"),
        ("name=../../etc/passwd", "A bundle name has letters"),
        ("name=%3Cimg%20src=x%3E", "A bundle name has letters"),
    ],
)
def test_an_address_that_names_no_model_is_answered(home, monkeypatch, asked, answer):
    monkeypatch.setenv("QUERY_STRING", asked)
    text = model.page().data

    assert answer in text
    assert "<img" not in text


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not the JSON that was written"),
        ('{"format_version": 99}', "Upgrade ml-workbench"),
        ('{"name": "x"}', "is not what was written"),
        ("[]", "is not what was written"),
    ],
)
def test_a_report_that_cannot_be_read_is_told_on_the_page(home, content, told):
    """One damaged file does not take the page of all models away."""
    path = settings().reports / "broken" / "latest.json"
    path.parent.mkdir(parents=True)
    path.write_text(content)

    assert told in models.html(stored.models())


def test_a_link_that_leaves_the_reports_is_not_followed(home, tmp_path):
    """A folder that is a link to elsewhere is no report of ours."""
    elsewhere = tmp_path / "elsewhere"
    examples.report().save(elsewhere / "latest.json")
    settings().reports.mkdir(parents=True)
    (settings().reports / "linked").symlink_to(elsewhere)

    assert "leaves the folder" in models.html(stored.models())


@pytest.mark.parametrize("page", ["models", "model"])
def test_a_page_loads_no_data_stack(page, tmp_path, home):
    """A page is up fast because it imports little."""
    packaged("flights", of_carrier())
    examples.report().save(settings().reports / "flights" / "latest.json")
    code = f"from workbench.apps.{page} import page; text = page().data; import sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        text=True,
        check=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(ROOT), "WORKBENCH_HOME": str(home), "QUERY_STRING": "name=flights"},
    )

    assert "workbench.display.reasons" in done.stdout or page == "models"
    assert not {"numpy", "pandas", "sklearn", "plotly", "mlflow", "scipy", "shap"} & set(done.stdout.split())


@pytest.mark.parametrize("name", ["models", "model"])
def test_the_notebooks_are_clean(name):
    """No outputs are stored, and all code is one call of the page."""
    notebook = nbformat.read(folder() / f"{name}.ipynb", as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]

    nbformat.validate(notebook)
    assert [cell.source for cell in code] == [f"from workbench.apps.{name} import page\n\npage()"]
    assert not any(cell.outputs for cell in code)


def test_the_theme_stays_from_page_to_page(monkeypatch):
    monkeypatch.setenv("QUERY_STRING", "theme=dark")

    assert query.link("model.ipynb", name="a&b") == "model.ipynb?name=a%26b&theme=dark"
