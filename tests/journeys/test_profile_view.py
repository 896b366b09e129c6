"""The pages of a profile and of an explanation where people meet them: a browser, an export, JupyterLab and Voila."""

from __future__ import annotations

import importlib.util
import os
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

pytestmark = pytest.mark.browser

ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("WORKBENCH_SCREENSHOTS")
CHURN = """import workbench as wb
data = wb.dataset("churn.csv", target="Churn")
profile = wb.profile(data)"""


def _load(name: str, path: str) -> Any:
    spec = importlib.util.spec_from_file_location(name, ROOT / "tests" / path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    spec.loader.exec_module(module)
    return module


examples = _load("examples_of_the_view", "display/examples.py")
PATIENCE = 60_000  # milliseconds, on a busy machine


@pytest.fixture
def browser(chromium):
    return chromium


@pytest.fixture
def address(start_lab, home):
    """A JupyterLab with a table and two notebooks: one to run, one that came from elsewhere with its output."""
    at, root = start_lab(home, voila=True)
    examples.explanation(rows=300).save(root / "late.parquet")
    cells = [f"{CHURN}\nprofile", "profile", "shown = wb.view(profile, data)\nshown"]
    cells += ['wb.view(wb.Explanation.load("late.parquet"))']
    nbformat.write(new_notebook(cells=[new_code_cell(c) for c in cells], metadata=KERNEL), root / "mine.ipynb")
    nbformat.write(_finished(examples.rich_profile()), root / "theirs.ipynb")
    base, token = at.split("/lab?token=")
    return base, token


KERNEL = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}


def _finished(profile: Any) -> Any:
    """A notebook that ran somewhere, with the profile as its output."""
    output = new_output("execute_result", profile._repr_mimebundle_(), execution_count=1)
    return new_notebook(cells=[new_code_cell("profile", outputs=[output], execution_count=1)], metadata=KERNEL)


def _shot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/{name}.png", full_page=True)


def _works(view: Any, columns: int) -> None:
    """Search, sort, and open by keys."""
    view.get_by_role("searchbox", name="Search columns").fill("fare")
    assert view.locator(".wb-row:visible").count() < columns
    assert f"of {columns} columns" in view.locator(".wb-tools output").first.inner_text()
    view.get_by_role("searchbox", name="Search columns").fill("")
    view.get_by_role("button", name="With target").click()
    assert view.locator("th[aria-sort=descending]").inner_text().startswith("With target")
    view.locator(".wb-open > summary").first.focus()
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    assert view.locator(".wb-detail:visible").count() == 1


def test_an_exported_notebook_has_the_view_that_works(browser, tmp_path):
    """Two views of the same profile in nbconvert's HTML work each for itself."""
    from nbconvert import HTMLExporter

    book = _finished(examples.rich_profile())
    book.cells.append(book.cells[0].copy())
    (tmp_path / "book.html").write_text(HTMLExporter().from_notebook_node(book)[0])
    page = browser.new_page()
    page.route("http*://**", lambda route: route.abort())

    page.goto((tmp_path / "book.html").as_uri())
    _works(page.locator(".wb-profile").nth(1), 20)
    _shot(page, "profile-nbconvert")

    assert page.locator(".wb-profile").nth(0).locator("th[aria-sort]").count() == 0


def test_an_exported_notebook_speaks_the_language_of_its_reader(browser, tmp_path):
    """The page of nbconvert says that it is English, whoever reads it."""
    from nbconvert import HTMLExporter

    (tmp_path / "book.html").write_text(HTMLExporter().from_notebook_node(_finished(examples.rich_profile()))[0])
    page = browser.new_context(locale="de-DE").new_page()
    page.route("http*://**", lambda route: route.abort())

    page.goto((tmp_path / "book.html").as_uri())
    _shot(page, "profile-nbconvert-german")

    assert page.get_by_role("searchbox", name="Spalten suchen").count() == 1
    assert page.locator(".wb-head h3").inner_text() == "5.250.000 Zeilen, 20 Spalten, 7 Befunde zu prüfen"


@pytest.mark.slow
def test_jupyterlab_shows_it_in_the_language_that_was_chosen_there(browser, start_lab, home):
    pytest.importorskip("jupyterlab_language_pack_de_DE", reason="needs JupyterLab's German language pack")
    address, root = start_lab(home, settings={"@jupyterlab/translation-extension:plugin": {"locale": "de_DE"}})
    nbformat.write(new_notebook(cells=[new_code_cell(f"{CHURN}\nprofile")], metadata=KERNEL), root / "mine.ipynb")
    base, token = address.split("/lab?token=")
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.set_default_timeout(PATIENCE)

    page.goto(f"{base}/lab/tree/mine.ipynb?token={token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    idle = "window.jupyterapp.shell.currentWidget?.sessionContext?.session?.kernel?.status === 'idle'"
    page.wait_for_function(idle)  # before that a run asks which kernel
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_selector(".wb-profile[data-ready]")
    _shot(page, "profile-lab-german")

    assert page.locator(".wb-profile").get_attribute("lang") == "de"
    assert page.get_by_role("searchbox", name="Spalten suchen").count() == 1


@pytest.mark.slow
def test_jupyterlab_shows_it_live_again_and_untrusted(browser, address):
    """Run, shown twice, as a widget; a cure goes to a cell; the same from elsewhere is readable without a script."""
    base, token = address
    page = browser.new_page(viewport={"width": 1500, "height": 1000})
    page.set_default_timeout(PATIENCE)
    complaints = []
    page.on("pageerror", lambda error: complaints.append(str(error)))

    page.goto(f"{base}/lab/tree/mine.ipynb?token={token}")
    page.wait_for_selector(".jp-Notebook .jp-Cell")
    page.wait_for_selector("text=| Idle")  # before that a run asks which kernel
    page.evaluate("() => { window.jupyterapp.commands.execute('notebook:run-all-cells'); }")
    page.wait_for_function("document.querySelectorAll('.wb-profile[data-ready]').length === 3")
    first = page.locator(".wb-profile").first
    first.get_by_role("searchbox", name="Search columns").fill("charges")
    assert first.locator(".wb-row:visible").count() == 2
    cells = page.locator(".jp-Notebook .jp-Cell").count()
    first.get_by_role("button", name="Accept").first.click()
    page.wait_for_function(f"document.querySelectorAll('.jp-Notebook .jp-Cell').length === {cells + 1}")
    assert "data" in page.locator(".jp-Notebook .jp-Cell").nth(1).locator(".cm-content").inner_text()
    _shot(page, "profile-lab")

    _choose_and_brush(page)
    _goes_to_rows(page)
    assert complaints == []

    page.goto(f"{base}/lab/tree/theirs.ipynb?token={token}")
    page.wait_for_selector("text=tells the target almost exactly")
    text = page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output").first.inner_text()
    _shot(page, "profile-lab-untrusted")
    assert "fare_0" in text
    assert "tells the target almost exactly" in text


def _choose_and_brush(page: Any) -> None:
    """The widget takes another target, and a range that is marked shows its rows in the other columns."""
    live = page.locator(".wb-brushed >> xpath=ancestor::div[contains(@class, 'wb-profile')]").first
    live.scroll_into_view_if_needed()
    live.get_by_label("Target").select_option("Contract")
    live.locator(".wb-tiles >> text=multiclass").wait_for()
    live.locator(".wb-row:has-text('tenure') summary").first.click()
    slider = live.get_by_role("slider").first
    slider.focus()
    for _ in range(3):
        page.keyboard.press("Shift+ArrowRight")
    page.wait_for_selector(".wb-part", state="attached")
    assert "lie in the marked range of tenure" in live.locator(".wb-brushed").inner_text()
    _shot(page, "profile-lab-widget")


def _goes_to_rows(page: Any) -> None:
    """The kernel gives the rows of a cell, and those that are like one."""
    live = page.locator(".wb-explanation")
    live.scroll_into_view_if_needed()
    live.locator(".wb-drivers tbody button").nth(1).click()
    live.locator(".wb-cloud:visible svg").focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    live.locator(".wb-note-of-list", has_text=" rows: ").wait_for()
    assert live.locator(".wb-rows tbody tr").count() >= 1
    live.get_by_text("Rows that are most like this one").click()
    live.locator("[data-go]").first.wait_for()
    _shot(page, "explanation-lab-widget")
    page.evaluate("() => window.jupyterapp.commands.execute('apputils:change-theme', {theme: 'JupyterLab Dark'})")
    page.locator("body[data-jp-theme-light=false]").wait_for(state="attached")
    _shot(page, "explanation-lab-dark")
    assert _unreadable(page) == []


def _unreadable(page: Any) -> list[Any]:
    """What of an explanation nobody could read or reach, by axe: contrast, names, roles."""
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=".wb-explanation[data-ready]").response["violations"]
    serious = [one for one in found if one["impact"] in ("serious", "critical")]
    return [(one["id"], [node["target"] for node in one["nodes"]][:3]) for one in serious]


@pytest.mark.slow
def test_voila_shows_it(browser, address):
    base, token = address
    page = browser.new_page(viewport={"width": 1200, "height": 900}, color_scheme="dark")
    page.set_default_timeout(PATIENCE)

    page.goto(f"{base}/voila/render/mine.ipynb?token={token}")
    page.wait_for_function("document.querySelectorAll('.wb-profile[data-ready]').length === 3")
    first = page.locator(".wb-profile").first
    first.get_by_role("searchbox", name="Search columns").fill("charges")
    _shot(page, "profile-voila")
    live = page.locator(".wb-explanation[data-ready]")
    live.locator(".wb-drivers tbody button").nth(1).click()
    _shot(page, "explanation-voila")

    assert live.locator(".wb-cloud:visible h4").inner_text().startswith("How distance acts")
    assert _unreadable(page) == []

    assert first.locator(".wb-row:visible").count() == 2
