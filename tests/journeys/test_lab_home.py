"""Workbench at home in JupyterLab: its menus, keys, settings, themes and languages, and what it says when it can't."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import nbformat
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
ARGUMENTS = json.loads((ROOT / "extensions" / "lab" / "src" / "arguments.json").read_text())
SHOTS = os.environ.get("WORKBENCH_SCREENSHOTS")
THEMES = ["JupyterLab Light", "JupyterLab Dark", "JupyterLab Dark High Contrast"]
Browse = Callable[[str], Any]


@pytest.fixture(scope="module")
def shared_lab(start_lab: Any) -> tuple[str, Path]:
    """One JupyterLab for the tests that need no settings of their own."""
    return start_lab()


@pytest.fixture
def page(browse: Browse, shared_lab: tuple[str, Path]) -> Iterator[Any]:
    page = _ready(browse(f"{shared_lab[0]}&reset"))
    yield page
    _close_all(page)


def _ready(page: Any) -> Any:
    page.wait_for_function("() => window.jupyterapp")
    page.evaluate("() => window.jupyterapp.restored.then(() => true)")
    page.locator(".jp-DirListing-item").first.wait_for(state="attached")
    return page


def _close_all(page: Any) -> None:
    """Kernels of one test are not left to the next; nothing is saved."""
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


def _do(page: Any, command: str, **arguments: Any) -> Any:
    """What a command answers, as another extension would call it."""
    return page.evaluate(
        "([id, args]) => window.jupyterapp.commands.execute(id, args)",
        [f"workbench:{command}", arguments],
    )


def _until(page: Any, asked: str, argument: Any = None) -> None:
    """Ask the page again and again; its own way to wait takes a promise for an answer."""
    for _ in range(300):
        if page.evaluate(asked, argument):
            return
        page.wait_for_timeout(100)
    raise AssertionError(asked)


def _step(page: Any, verb: str, state: str = "") -> Any:
    return page.locator(f".jp-wb-rail li[data-step={verb}]" + (f"[data-state={state}]" if state else ""))


def _shoot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/home-{name}.png")


def _menu(page: Any, item: Any) -> list[str]:
    item.click(button="right")
    page.locator(".lm-Menu").wait_for()
    shown = ".lm-Menu-item:not(.lm-mod-hidden, .lm-mod-collapsed) .lm-Menu-itemLabel"
    return page.locator(shown).all_inner_texts()


def test_a_table_is_profiled_from_the_file_browser(page: Any, shared_lab: tuple[str, Path]) -> None:
    (shared_lab[1] / "notes.txt").write_text("no table")
    _do_in_browser(page, "filebrowser:refresh")

    assert "Profile with Workbench" not in _menu(page, page.locator(".jp-DirListing-item", has_text="notes.txt"))
    page.keyboard.press("Escape")
    assert "Open in Workbench" in _menu(page, page.locator(".jp-DirListing-item", has_text="churn.csv"))
    _shoot(page, "menu")
    page.locator(".lm-Menu-item", has_text="Profile with Workbench").click()
    _step(page, "profile", "done").wait_for()

    assert page.locator(".lm-DockPanel-tabBar .lm-mod-current").inner_text() == "churn.ipynb"
    assert 'wb.dataset("churn.csv")' in page.locator(".jp-NotebookPanel .jp-Cell").first.inner_text()
    assert "2 of 7 steps done · 799 rows" in page.locator(".jp-wb-status").inner_text()
    assert page.complaints == []


def test_a_table_in_another_folder_is_opened_beside_it(page: Any, shared_lab: tuple[str, Path]) -> None:
    folder = shared_lab[1] / "month 2"
    folder.mkdir()
    (folder / "sales.tsv").write_text("a\tb\n1\t2\n")

    answer = _do(page, "open-table", path="month 2/sales.tsv")

    assert answer == {"notebook": "month 2/sales.ipynb"}
    assert _step(page, "dataset").locator("[name=source]").input_value() == "sales.tsv"


def _do_in_browser(page: Any, command: str) -> None:
    page.evaluate("id => window.jupyterapp.commands.execute(id)", command)


def test_the_button_the_menu_and_the_status_line_lead_to_the_panel(page: Any) -> None:
    _do(page, "open-table", path="churn.csv")
    panel, files = page.locator(".jp-wb-panel"), page.locator("[data-id=filebrowser]").first

    for lead in (
        lambda: (
            page.locator(".jp-NotebookPanel-toolbar [data-jp-item-name=workbench]")
            .locator("button, jp-button")
            .first.click()
        ),
        lambda: page.locator(".jp-wb-status button").click(),
        lambda: page.keyboard.press("Alt+Shift+B"),
    ):
        files.click()
        panel.wait_for(state="hidden")
        lead()
        panel.wait_for()

    shown = _menu(page, page.locator(".jp-NotebookPanel .jp-Cell").first)
    assert {"Open Workbench", "Run as Workbench Job"} <= set(shown)


def test_a_job_is_told_in_the_status_bar(page: Any, shared_lab: tuple[str, Path]) -> None:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    cells = [nbformat.v4.new_code_cell("import time"), nbformat.v4.new_code_cell("time.sleep(3)")]
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), shared_lab[1] / "night.ipynb")

    answer = _do(page, "run-job", path="night.ipynb", parameters={})
    page.locator(".jp-wb-status", has_text="job: 1 of 2 cells").wait_for()
    page.locator(".Toastify__toast", has_text="night.ipynb completed").wait_for()

    assert list(answer) == ["job"]
    page.locator(".jp-wb-status").wait_for(state="hidden")


def test_the_layout_is_restored(browse: Browse, shared_lab: tuple[str, Path]) -> None:
    address = shared_lab[0].replace("/lab?", "/lab/workspaces/kept?")
    page = _ready(browse(address))
    notebook = _do(page, "open-table", path="churn.csv")["notebook"]
    _until(
        page,
        """async notebook => {
            const saved = await window.jupyterapp.serviceManager.workspaces.fetch('kept').catch(() => null);
            const layout = saved?.data['layout-restorer:data'];
            return layout?.left?.current === 'ml-workbench' && JSON.stringify(layout.main).includes(notebook);
        }""",
        notebook,
    )
    page.close()
    page = _ready(browse(address))

    page.locator(".jp-wb-panel .jp-wb-run").wait_for()
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    _close_all(page)


def test_the_steps_are_taken_by_keys_alone(page: Any) -> None:
    _do(page, "open-table", path="churn.csv")
    page.keyboard.press("Alt+Shift+B")
    page.locator(".jp-wb-panel .jp-wb-run").wait_for()
    focused = "() => { const e = document.activeElement; return e.name || e.innerText || e.tagName; }"
    page.wait_for_function("() => document.activeElement.closest('.jp-wb-panel')")
    seen: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        seen.append(page.evaluate(focused))
        outline = page.evaluate("() => getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", seen
        if "Insert and run" in seen[-1]:
            break
    page.keyboard.press("Enter")
    _step(page, "dataset", "done").wait_for()

    assert "source" in seen
    page.wait_for_function("() => document.activeElement.closest('.jp-wb-panel')")
    page.locator(".jp-wb-next button").focus()
    page.keyboard.press("Enter")
    _step(page, "profile", "done").wait_for()
    page.wait_for_function("() => document.activeElement.closest('.jp-wb-panel')")
    page.keyboard.press("Escape")
    page.wait_for_function("() => document.activeElement.closest('.jp-NotebookPanel')")


def test_no_theme_has_a_serious_violation_of_accessibility(page: Any) -> None:
    _do(page, "profile-table", path="churn.csv")
    for verb in ("train", "dataset"):
        _do(page, "open", step=verb)
        for more in _step(page, verb).locator("summary").all():
            more.click()
        for theme in THEMES:
            _change_theme(page, theme)
            _shoot(page, f"{verb}-{theme.rpartition(' ')[2].lower()}")
            for part in (".jp-wb-panel", ".jp-wb-status", "[data-jp-item-name=workbench]"):
                _has_no_serious_violation(page, part)


def test_the_form_of_a_job_and_the_list_are_accessible(page: Any, shared_lab: tuple[str, Path]) -> None:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
    nbformat.write(
        nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1 / 0")], metadata=metadata),
        shared_lab[1] / "wrong.ipynb",
    )
    _do(page, "profile-table", path="churn.csv")
    _do(page, "run-job", path="wrong.ipynb", parameters={})
    page.locator(".Toastify__toast", has_text="wrong.ipynb failed: Cell 1 (1 / 0): ZeroDivisionError").wait_for()
    page.locator(".jp-wb-jobs li[data-state=FAILED] summary").click()
    page.locator(".jp-wb-jobs li[data-state=FAILED] .jp-wb-log").click()

    page.evaluate("() => { window.jupyterapp.commands.execute('workbench:make-job'); }")
    page.locator(".jp-Dialog .jp-wb-run-form").wait_for()
    for fold in page.locator(".jp-Dialog summary").all():
        fold.click()
    for theme in THEMES:
        _change_theme(page, theme)
        _shoot(page, f"job-form-{theme.rpartition(' ')[2].lower()}")
        for part in (".jp-wb-run-form", ".jp-wb-jobs"):
            _has_no_serious_violation(page, part)
    page.keyboard.press("Escape")
    page.locator(".jp-Dialog").wait_for(state="detached")


def _change_theme(page: Any, theme: str) -> None:
    page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', { theme })", theme)
    page.wait_for_function("theme => document.body.dataset.jpThemeName === theme", arg=theme)
    page.locator("#jupyterlab-splash").wait_for(state="detached")


def _has_no_serious_violation(page: Any, part: str) -> None:
    from axe_playwright_python.sync_playwright import Axe

    found = Axe().run(page, context=part).response
    assert found["passes"]
    assert [v for v in found["violations"] if v["impact"] in ("serious", "critical")] == []


def test_every_command_tells_what_it_takes(page: Any) -> None:
    told = page.evaluate(
        """async () => {
            const { commands } = window.jupyterapp;
            const ours = commands.listCommands().filter(id => id.startsWith('workbench:'));
            return Object.fromEntries(await Promise.all(
                ours.map(async id => [id, (await commands.describedBy(id)).args])
            ));
        }"""
    )

    assert told == ARGUMENTS


def test_the_panel_is_usable_at_once(browse: Browse, shared_lab: tuple[str, Path], capsys: Any) -> None:
    page = browse("about:blank")
    page.add_init_script(
        """window.usable = new Promise(resolve => {
            const look = () => document.querySelector('.jp-wb-run') ? resolve(performance.now()) : setTimeout(look, 5);
            look();
        });"""
    )
    page.goto(f"{shared_lab[0]}&reset")
    ready = page.evaluate(
        """async () => {
            while (!window.jupyterapp) await new Promise(resolve => setTimeout(resolve, 5));
            await window.jupyterapp.restored;
            return performance.now();
        }"""
    )
    after = page.evaluate("() => window.usable") - ready

    with capsys.disabled():
        print(f"\nThe panel is usable {after / 1000:+.2f} s after JupyterLab is ready")
    assert after < 5_000


def test_the_settings_are_used(start_lab: Any, browse: Browse) -> None:
    chosen = {"run": False, "notebookName": "study", "dataFolder": "tables"}
    address, root = start_lab(settings={"ml-workbench:plugin": chosen})
    (root / "tables").mkdir()
    (root / "tables" / "first.csv").write_text("a,b\n1,2\n")
    page = _ready(browse(address))

    assert _do(page, "open") == {"notebook": "study.ipynb"}
    page.locator(".jp-wb-form datalist[id$=tables] option").nth(1).wait_for(state="attached")
    offered = page.locator(".jp-wb-form datalist[id$=tables] option").evaluate_all(
        "options => options.map(o => o.value)"
    )
    _do(page, "insert-step", step="dataset", values={"source": "tables/first.csv"})

    assert sorted(offered) == ["churn.csv", "tables/first.csv"]
    assert "tables/first.csv" in page.locator(".jp-NotebookPanel .jp-Cell").first.inner_text()
    assert page.locator(".jp-OutputArea-output").count() == 0


def test_it_speaks_german_where_jupyterlab_does(start_lab: Any, browse: Browse) -> None:
    pytest.importorskip("jupyterlab_language_pack_de_DE", reason="needs JupyterLab's German language pack")
    page = _ready(browse(start_lab(settings={"@jupyterlab/translation-extension:plugin": {"locale": "de_DE"}})[0]))

    assert "Mit Workbench untersuchen" in _menu(page, page.locator(".jp-DirListing-item", has_text="churn.csv"))
    page.keyboard.press("Escape")
    _do(page, "open-table", path="churn.csv")
    _step(page, "dataset").locator(".jp-wb-run", has_text="Einfügen und ausführen").wait_for()
    _shoot(page, "german")
    for words in ("Zu Beginn eine Tabelle wählen", "Trainieren", "Spalte, die vorhergesagt werden soll."):
        page.locator(".jp-wb-panel", has_text=words).wait_for()
    page.evaluate("() => { window.jupyterapp.commands.execute('settingeditor:open', { query: 'Workbench' }); }")
    page.get_by_text("Eine Zelle ausführen, sobald sie geschrieben ist").wait_for()


def test_without_the_server_part_the_panel_says_what_to_do(start_lab: Any, browse: Browse) -> None:
    page = _ready(browse(start_lab(server_part=False)[0]))
    page.keyboard.press("Alt+Shift+B")

    message = page.locator(".jp-wb-message")
    message.wait_for()
    _shoot(page, "no-server-part")

    assert "jupyter server extension enable workbench.server" in message.inner_text()
    assert page.locator(".jp-wb-step").count() == 0


@pytest.mark.parametrize(
    ("version", "cure"),
    [("0.0.9", "pip install --upgrade ml-workbench"), ("99.0.0", "Reload the page")],
)
def test_another_version_of_the_server_part_is_told(
    page: Any, shared_lab: tuple[str, Path], version: str, cure: str
) -> None:
    page.route(
        "**/workbench/version*",
        lambda route: route.fulfill(json={"data": {"version": version}}),
    )
    page.goto(f"{shared_lab[0]}&reset")
    _ready(page).keyboard.press("Alt+Shift+B")
    message = page.locator(".jp-wb-message")
    message.wait_for()

    assert version in message.inner_text()
    assert cure in message.inner_text()

    page.unroute("**/workbench/version*")
    page.get_by_role("button", name="Try again").click()
    page.locator(".jp-wb-step").first.wait_for()
    assert message.is_hidden()


def test_two_people_in_one_notebook_see_the_same_steps(start_lab: Any, browse: Browse) -> None:
    """With jupyter-collaboration: documents are shared, and each click is one change of the shared document."""
    python = os.environ.get("WORKBENCH_RTC_PYTHON", sys.executable)
    if subprocess.run([python, "-c", "import jupyter_collaboration"], capture_output=True).returncode:
        pytest.skip("needs jupyter-collaboration; set WORKBENCH_RTC_PYTHON to a Python that has it and Workbench")
    address = start_lab(python=python)[0]
    mine, theirs = (_ready(browse(address.replace("/lab?", f"/lab/workspaces/{who}?"))) for who in ("mine", "theirs"))

    notebook = _do(mine, "open-table", path="churn.csv")["notebook"]
    theirs.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', { path }); }", notebook)
    theirs.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    _do(theirs, "open")
    _do(mine, "insert-step", step="dataset", values={"source": "churn.csv"})
    _step(mine, "dataset", "done").wait_for()
    _step(theirs, "dataset", "done").wait_for()
    _do(theirs, "insert-step", step="profile")
    _step(mine, "profile", "done").wait_for()

    for page in (mine, theirs):
        _shoot(page, "shared")
        cells = page.locator(".jp-NotebookPanel .jp-Cell")
        assert cells.count() == 2
        assert "wb.profile(data)" in cells.nth(1).inner_text()
