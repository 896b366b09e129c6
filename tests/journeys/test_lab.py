"""JupyterLab, driven as a person would: the tile, the panel, the steps, their cells and their results."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import nbformat
import pytest

from workbench.jobs.outcome import records

pytestmark = [pytest.mark.browser, pytest.mark.slow]

SHOTS = os.environ.get("WORKBENCH_SCREENSHOTS")


def _step(page: Any, verb: str) -> Any:
    return page.locator(f".jp-wb-rail li[data-step={verb}]")


def _take(page: Any, verb: str, **values: str) -> None:
    """Open a step, fill in its form and wait until its cell has run."""
    step = _step(page, verb)
    if step.locator("button.jp-wb-step").get_attribute("aria-expanded") == "false":
        step.locator("button.jp-wb-step").click()
    for name, value in values.items():
        field = step.locator(f"[name={name}]")
        if not field.is_visible():
            step.locator("summary").click()
        field.fill(value)
    _shoot(page, f"{verb}-form")
    step.locator(".jp-wb-run").click()
    ended = f".jp-wb-rail li[data-step={verb}]"
    page.locator(f"{ended}[data-state=done], {ended}[data-state=failed]").wait_for()
    _shoot(page, f"{verb}-ran")
    assert step.get_attribute("data-state") == "done", page.locator(".jp-OutputArea-output").last.inner_text()


def _shoot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png")


def _sources(root: Path) -> list[str]:
    return [c.source for c in nbformat.read(root / "workbench.ipynb", 4).cells if c.source]


def _save(page: Any) -> None:
    page.evaluate("() => { window.jupyterapp.commands.execute('docmanager:save'); }")
    page.wait_for_function("() => !document.querySelector('.jp-mod-dirty')")


def _saved_nouns(page: Any, root: Path, wanted: int) -> list[str]:
    """Results in the saved notebook; a cell that runs again shows *done* of its first run for a moment."""
    for _ in range(60):
        _save(page)
        shown = [r["noun"] for r in records(root / "workbench.ipynb")]
        if len(shown) == wanted:
            break
        time.sleep(0.5)
    return shown


def _open(page: Any) -> None:
    """From the launcher to the panel with a new notebook."""
    page.locator(".jp-LauncherCard", has_text="Workbench").first.click()
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    _step(page, "dataset").locator("[name=source]").wait_for()


def test_the_panel_leads_through_the_steps(page: Any, lab: tuple[str, Path]) -> None:
    """One session for the whole journey, because a start of JupyterLab is slow."""
    _open(page)

    _take(page, "dataset", source="churn.csv", target="Churn")
    _take(page, "profile")
    _take(page, "train", trials="1")
    _take(page, "explain", rows="100")
    _take(page, "package", name="churn")

    _take(page, "dataset", source="churn.csv", target="Churn", id="customerID")
    shown = _saved_nouns(page, lab[1], wanted=5)
    assert shown == ["dataset", "profile", "run", "explanation", "bundle"]
    assert _sources(lab[1]) == [
        'import workbench as wb\n\ndata = wb.dataset("churn.csv", target="Churn", id="customerID")\ndata',
        "profile = wb.profile(data)\nprofile",
        "run = wb.train(data, trials=1)\nrun",
        "explanation = wb.explain(run, rows=100)\nexplanation",
        'bundle = wb.package(run, name="churn")\nbundle',
    ]
    assert page.complaints == []
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.wait_for_timeout(1000)
    _shoot(page, "journey-dark")


def test_one_undo_takes_back_one_click(page: Any) -> None:
    _open(page)
    cells = page.locator(".jp-NotebookPanel .jp-Cell")

    _insert(page, "dataset", {"source": "churn.csv"})
    _insert(page, "profile", {})
    assert cells.count() == 2
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:undo-cell-action')")

    assert cells.count() == 1
    assert "wb.dataset" in cells.first.inner_text()


def test_what_a_person_edited_is_not_overwritten(page: Any) -> None:
    _open(page)
    cells = page.locator(".jp-NotebookPanel .jp-Cell")
    _insert(page, "dataset", {"source": "churn.csv"})

    cells.first.locator(".cm-content").click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # mine")
    _insert(page, "dataset", {"source": "other.csv"})

    assert "# mine" in cells.first.inner_text()
    assert "other.csv" in cells.nth(1).inner_text()


def test_a_notebook_runs_as_a_job_and_tells_how_it_ended(page: Any, lab: tuple[str, Path]) -> None:
    cells = [nbformat.v4.new_code_cell("1 + 1"), nbformat.v4.new_code_cell("1 / 0")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells), lab[1] / "night.ipynb")
    _open(page)

    page.locator("[data-id=filebrowser]").first.click()
    page.evaluate("() => window.jupyterapp.commands.execute('filebrowser:refresh')")
    page.locator(".jp-DirListing-item", has_text="night.ipynb").click(button="right")
    _shoot(page, "job-menu")
    page.locator(".lm-Menu-item", has_text="Run as Workbench Job").click()

    page.locator(".Toastify__toast", has_text="ZeroDivisionError").wait_for()
    _shoot(page, "job-failed")


def _insert(page: Any, step: str, values: dict[str, str]) -> None:
    """The command, as another extension would call it."""
    page.evaluate(
        "given => window.jupyterapp.commands.execute('workbench:insert-step', given)",
        {"step": step, "values": values},
    )
