"""The glass box in JupyterLab: clicks become cells, what is typed becomes the form, and the notebook is the truth."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
import pandas as pd
import psutil
import pytest

from workbench.jobs.notebook.outcome import records

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROOT = Path(__file__).parents[2]
SHOTS = os.environ.get("WORKBENCH_SCREENSHOTS")
QUIET = ".jp-wb-panel[aria-busy=false]"

# The notebook at the front, for scripts in the page.
NOTEBOOK = "window.jupyterapp.shell.currentWidget.content"


@pytest.fixture(scope="module")
def lab(start_lab: Callable[..., tuple[str, Path]]) -> tuple[str, Path]:
    """One JupyterLab for all, because its start is slow."""
    return start_lab()


@pytest.fixture
def page(browse: Callable[[str], Any], lab: tuple[str, Path]) -> Iterator[Any]:
    page = browse(f"{lab[0]}&reset")
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
    yield page
    assert page.complaints == []
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")


def _shoot(page: Any, name: str) -> None:
    if SHOTS:
        page.screenshot(path=f"{SHOTS}/panel-{name}.png")


def _shoot_dark(page: Any, name: str) -> None:
    for theme in ("JupyterLab Dark", "JupyterLab Light"):
        page.evaluate("theme => window.jupyterapp.commands.execute('apputils:change-theme', {theme})", theme)
        page.locator(f"body[data-jp-theme-name={json.dumps(theme)}]").wait_for(state="attached")
        if "Dark" in theme:
            _shoot(page, name)


def _open(page: Any) -> None:
    """From the launcher to the panel with a new notebook."""
    page.locator(".jp-LauncherCard", has_text="Workbench").first.click()
    page.locator(".jp-NotebookPanel .jp-Cell").first.wait_for()
    _step(page, "dataset").locator("[name=source]").wait_for()


def _open_file(page: Any, path: str) -> None:
    """A notebook that is there, with the panel beside it."""
    page.evaluate("path => { window.jupyterapp.commands.execute('docmanager:open', {path}) }", path)
    name = path.rpartition("/")[2]
    page.evaluate("() => { window.jupyterapp.shell.activateById('ml-workbench') }")
    page.locator(".jp-wb-place", has_text=name).wait_for()


def _step(page: Any, verb: str, state: str = "") -> Any:
    return page.locator(f".jp-wb-rail li[data-step={verb}]" + (f"[data-state={state}]" if state else ""))


def _show(page: Any, verb: str) -> Any:
    """The step with its form."""
    step = _step(page, verb)
    if step.locator("button.jp-wb-step").get_attribute("aria-expanded") == "false":
        step.locator("button.jp-wb-step").click()
    return step


def _fill(page: Any, verb: str, **values: str) -> None:
    step = _show(page, verb)
    for name, value in values.items():
        field = step.locator(f"[name={name}]")
        if not field.is_visible():
            step.locator("details", has=field).locator("summary").click()
        field.fill(value)


def _click_and_wait(page: Any, button: Any) -> None:
    """Click, and wait until all that the click set going has ended."""
    button.click()
    page.locator(QUIET).wait_for()


def _take(page: Any, verb: str, **values: str) -> None:
    """Fill in a step's form, press its button and see it done."""
    _fill(page, verb, **values)
    _click_and_wait(page, _step(page, verb).locator(".jp-wb-run"))
    _step(page, verb, "done").wait_for()


def _advance(page: Any, words: str) -> None:
    """Press the button of what is sensible next."""
    _click_and_wait(page, page.locator(".jp-wb-next", has_text=words).locator("button"))


def _sources(page: Any) -> list[str]:
    sources = page.evaluate(f"() => {NOTEBOOK}.widgets.map(cell => cell.model.sharedModel.getSource())")
    return [s for s in sources if s]


def _set_source(page: Any, index: int, source: str) -> None:
    page.evaluate(
        f"([index, source]) => {NOTEBOOK}.widgets[index].model.sharedModel.setSource(source)", [index, source]
    )


def _add_and_run(page: Any, source: str) -> None:
    """A cell of the person's own, below all others."""
    page.evaluate(f"() => {{ {NOTEBOOK}.activeCellIndex = {NOTEBOOK}.widgets.length - 1 }}")
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:insert-cell-below')")
    page.evaluate(f"source => {{ {NOTEBOOK}.activeCell.model.sharedModel.setSource(source) }}", source)
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-cell')")


def _undo(page: Any) -> None:
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:undo-cell-action')")


def _save(page: Any, root: Path) -> Path:
    """Save the notebook at the front; its file."""
    page.evaluate("() => window.jupyterapp.shell.currentWidget.context.save()")
    return root / page.evaluate("() => window.jupyterapp.shell.currentWidget.context.path")


def test_from_a_table_to_a_monitored_model_by_clicks_alone_and_the_same_by_papermill(
    page: Any, lab: tuple[str, Path], tmp_path: Path, shared_table: Any
) -> None:
    """One session for the whole journey; the notebook is then run where there is no JupyterLab and no panel.

    The server's first look at the notebook comes after the first click, which nothing takes back.
    """
    _write_july(shared_table("telco_churn.csv"), lab[1])
    looks: list[Any] = []
    page.route("**/workbench/notebook*", lambda route: looks.append(route), times=1)
    _open(page)
    _shoot(page, "empty")

    dataset = _step(page, "dataset")
    dataset.locator(".jp-wb-near button", has_text="churn.csv").click()
    looks[0].continue_()
    dataset.locator(f"datalist option[value={json.dumps('Churn')}]").wait_for(state="attached")
    dataset.locator("[name=target]").fill("Churn")
    _click_and_wait(page, dataset.locator(".jp-wb-run"))
    _advance(page, "Look at the columns")
    _advance(page, "train next")
    _shoot(page, "trained")
    _advance(page, "See what drives it")
    fairness = _show(page, "fairness")
    assert fairness.locator(".jp-wb-state").inner_text() == "optional"
    assert fairness.locator(".jp-wb-chips li span").all_inner_texts() == ["gender", "SeniorCitizen"]
    fairness.locator("datalist option[value=tenure]").wait_for(state="attached")
    offered = fairness.locator("datalist[id$=columns] option").evaluate_all("all => all.map(one => one.value)")
    assert offered[:2] == ["gender", "SeniorCitizen"]
    assert offered[2] != "customerID"  # then those of few values
    _shoot(page, "fairness")
    _shoot_dark(page, "fairness-dark")
    _advance(page, "See how the groups of gender, SeniorCitizen are answered")
    _shoot(page, "fairness-told")
    _advance(page, "make the folder that ships")
    _shoot(page, "packaged")
    _shoot_dark(page, "packaged-dark")

    score = _step(page, "score")  # which is led to, and so are the next ones
    score.locator(".jp-wb-near button", has_text="july 2026-07.csv").click()
    assert [score.locator(f"[name={n}]").input_value() for n in ("name", "window")] == ["churn", "2026-07"]
    _shoot(page, "score")
    _shoot_dark(page, "score-dark")
    _click_and_wait(page, score.locator(".jp-wb-run"))
    labels = _step(page, "feedback")
    labels.locator(".jp-wb-near button", has_text="labels.csv").click()
    labels.locator("datalist option[value=customerID]").wait_for(state="attached")
    assert "2026-07 is answered" in page.locator(".jp-wb-next").inner_text()
    _shoot(page, "labels")
    _click_and_wait(page, labels.locator(".jp-wb-run"))
    _advance(page, "look after it")
    _shoot(page, "monitored")
    _shoot_dark(page, "monitored-dark")

    assert _sources(page) == [
        'import workbench as wb\n\ndata = wb.dataset("churn.csv", target="Churn")\ndata',
        "profile = wb.profile(data)\nprofile",
        "run = wb.train(data)\nrun",
        "explanation = wb.explain(run)\nexplanation",
        'fairness = wb.fairness(run, by=["gender", "SeniorCitizen"])\nfairness',
        'bundle = wb.package(run, name="churn")\nbundle',
        'answers = wb.score("churn", "july 2026-07.csv", window="2026-07")\nanswers',
        'joined = wb.feedback("churn", "labels.csv")\njoined',
        'report = wb.monitor("churn")\nreport',
    ]
    assert "1 window," in _step(page, "monitor", "done").locator(".jp-wb-headline").inner_text()
    assert _step(page, "score", "done").locator(".jp-wb-headline").inner_text() == "2026-07"
    assert "churn version 1" in _step(page, "package").locator(".jp-wb-headline").inner_text()
    assert "799 rows" in _step(page, "dataset").locator(".jp-wb-headline").inner_text()

    _add_and_run(page, "wb.view(report)")
    view = page.locator(".wb-page:has(.wb-report)")
    view.locator("a[href*='column=tenure']").first.click()
    view.locator(".wb-one-column", has_text="tenure").wait_for()
    _shoot(page, "report")
    _shoot_dark(page, "report-dark")
    view.locator(".wb-rates summary").click()
    view.locator(".wb-rates input[type=range]").fill("0")
    view.locator(".wb-rates button", has_text="Accept").click()
    page.wait_for_function(f"() => {NOTEBOOK}.widgets.at(-1).model.sharedModel.getSource() !== ''")
    assert _sources(page)[-1] == 'report = wb.monitor("churn", false_alarm_rate=1e-06)'
    _undo(page)

    saved = _save(page, lab[1])
    assert _run_by_papermill(saved, tmp_path) == _told(saved)


def _write_july(table: Path, folder: Path) -> None:
    """A month that nobody has seen, and what came of half of it."""
    rows = pd.read_csv(table).iloc[800:1200]
    rows.drop(columns="Churn").to_csv(folder / "july 2026-07.csv", index=False)
    rows[["customerID", "Churn"]].iloc[:200].to_csv(folder / "labels.csv", index=False)


def _run_by_papermill(notebook: Path, folder: Path) -> list[tuple[str, str, Any]]:
    """Results of a plain papermill: no labextension, no server extension, no engine of ours, an empty home."""
    env = {k: v for k, v in os.environ.items() if not k.startswith("JUPYTER")}
    env |= {
        "PYTHONPATH": f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}",
        "WORKBENCH_HOME": str(folder / "papermill-home"),
        "JUPYTER_CONFIG_DIR": str(folder / "config"),
        "JUPYTER_DATA_DIR": str(folder / "data"),
    }
    command = [
        sys.executable,
        "-m",
        "papermill",
        str(notebook),
        str(folder / "out.ipynb"),
        "--cwd",
        str(notebook.parent),
    ]
    subprocess.run([*command, "--no-progress-bar"], env=env, check=True, capture_output=True, timeout=300)
    return _told(folder / "out.ipynb")


def _told(notebook: Path) -> list[tuple[str, str, Any]]:
    return [(r["noun"], r["headline"], r["findings"]) for r in records(notebook)]


def test_leaks_are_dropped_and_a_model_trained_by_one_button_and_taken_back_by_one_undo(
    page: Any, lab: tuple[str, Path]
) -> None:
    table = pd.read_csv(lab[1] / "churn.csv").assign(refund=lambda t: (t["Churn"] == "Yes") * 1)
    table.to_parquet(lab[1] / "leaky.parquet")
    _open(page)
    _take(page, "dataset", source="leaky.parquet", target="Churn")
    _advance(page, "Look at the columns")
    before = _sources(page)

    _advance(page, "1 leak found")

    assert _sources(page) == [
        'import workbench as wb\n\ndata = wb.dataset("leaky.parquet", target="Churn", known_after=["refund"])\ndata',
        "profile = wb.profile(data)\nprofile",
        "run = wb.train(data)\nrun",
    ]
    assert _step(page, "train", "done").count() == 1
    assert _step(page, "profile", "done").count() == 1
    _shoot(page, "leaks-dropped")

    _undo(page)
    assert _sources(page) == before
    _step(page, "dataset", "stale").wait_for()


def test_an_answer_that_the_kernel_owes_is_asked_for_again(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    page.evaluate("""() => {
        const kernel = window.jupyterapp.shell.currentWidget.sessionContext.session.kernel;
        const ask = kernel.requestExecute.bind(kernel);
        window.lost = 0;
        kernel.requestExecute = (content, ...more) => {
            const asked = ask(content, ...more);
            return content.silent && !window.lost++ ? { done: new Promise(() => {}) } : asked;
        };
    }""")

    _take(page, "profile")

    page.wait_for_function("() => window.lost > 1")


def test_each_click_is_one_undo(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    _take(page, "profile")
    _take(page, "dataset", target="gender")
    assert 'target="gender"' in _sources(page)[0]

    _undo(page)
    assert 'target="Churn"' in _sources(page)[0]
    assert len(_sources(page)) == 2
    _undo(page)
    assert len(_sources(page)) == 1


def test_the_form_follows_what_is_typed_within_half_a_second(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    target = _show(page, "dataset").locator("[name=target]")
    target.wait_for()

    assert min(_seconds_until_shown(page, column) for column in ("gender", "Partner", "tenure", "Contract")) < 0.5

    cell = page.locator(".jp-NotebookPanel .jp-Cell").first.locator(".cm-content")
    cell.click()
    page.keyboard.press("Control+End")
    page.keyboard.type("  # mine")
    _take(page, "dataset", target="Churn")
    assert _sources(page)[0].endswith("data  # mine")


def _seconds_until_shown(page: Any, column: str) -> float:
    """Type another target into the first cell; seconds until the form shows it."""
    return page.evaluate(
        f"""column => new Promise(resolve => {{
            const cell = {NOTEBOOK}.widgets[0].model.sharedModel;
            const start = performance.now();
            cell.setSource(cell.getSource().replace(/target="\\w+"/, `target="${{column}}"`));
            const look = () => document.querySelector('[data-step=dataset] [name=target]')?.value === column
                ? resolve((performance.now() - start) / 1000) : setTimeout(look, 5);
            look();
        }})""",
        column,
    )


def test_code_that_no_form_can_write_is_shown_as_such_and_kept(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    _set_source(page, 0, 'import workbench as wb\nt = "Churn"\nflights = wb.dataset("churn.csv", target=t, extra=1)')
    dataset = _show(page, "dataset")
    dataset.locator(".jp-wb-code", has_text='t = "Churn"').wait_for()
    assert "extra=1" in dataset.locator(".jp-wb-remark").inner_text()
    _shoot(page, "code")

    by_hand = 'import workbench as wb\nfor path in ["churn.csv"]:\n    data = wb.dataset(path)'
    _set_source(page, 0, by_hand)
    page.locator("[data-step=dataset][data-edited]").wait_for()
    assert "edited by hand" in dataset.inner_text()
    _shoot(page, "edited-by-hand")
    _fill(page, "dataset", source="churn.csv", target="gender")
    _click_and_wait(page, dataset.locator(".jp-wb-run"))

    assert _sources(page)[0] == by_hand
    assert 'wb.dataset("churn.csv", target="gender")' in _sources(page)[1]


def test_what_changed_above_makes_steps_out_of_date_until_they_run_from_here(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    _take(page, "profile")

    _set_source(page, 0, _sources(page)[0].replace('target="Churn"', 'target="gender"'))
    stale = _step(page, "profile", "stale")
    stale.wait_for()
    assert "Out of date: Data changed" in stale.locator(".jp-wb-notice").inner_text()
    _shoot(page, "stale")
    _click_and_wait(page, stale.locator(".jp-wb-notice button"))
    _step(page, "dataset", "done").wait_for()
    assert "target gender" in _step(page, "dataset").locator(".jp-wb-headline").inner_text()
    _step(page, "profile", "done").wait_for()

    _set_source(page, 0, _sources(page)[0].replace("churn.csv", "gone.csv"))
    _step(page, "profile", "stale").wait_for()
    _advance(page, "out of date")
    _step(page, "dataset", "failed").wait_for()
    _step(page, "profile", "stale").wait_for()
    _shoot(page, "failed")


def test_a_run_from_here_can_be_stopped(page: Any) -> None:
    _open(page)
    _take(page, "dataset", source="churn.csv", target="Churn")
    _take(page, "profile")

    _set_source(page, 0, 'import time\n\ntime.sleep(600)\ndata = wb.dataset("churn.csv")')
    _step(page, "dataset", "stale").locator(".jp-wb-notice button").click()
    _step(page, "dataset", "running").locator(".jp-wb-notice button", has_text="Stop").click()

    page.locator(QUIET).wait_for()
    _step(page, "dataset", "failed").wait_for()
    _step(page, "profile", "stale").wait_for()


def test_a_notebook_that_a_colleague_wrote_without_the_panel_is_understood(page: Any, lab: tuple[str, Path]) -> None:
    """Other names, no metadata, nothing run in this kernel: a click takes up their names and runs what it needs."""
    cells = ["from workbench import dataset\nimport workbench", 'customers = dataset("churn.csv", target="Churn")']
    _write(lab[1] / "colleague.ipynb", *cells)

    _open_file(page, "colleague.ipynb")
    assert _show(page, "dataset").locator("[name=target]").input_value() == "Churn"
    _take(page, "profile")

    assert _sources(page) == [*cells, "profile = workbench.profile(customers)\nprofile"]
    _step(page, "dataset", "done").wait_for()


def _write(path: Path, *sources: str, tags: dict[int, list[str]] | None = None) -> None:
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3 (ipykernel)", "language": "python"}}
    cells = [nbformat.v4.new_code_cell(source) for source in sources]
    for at, own in (tags or {}).items():
        cells[at].metadata["tags"] = own
    nbformat.write(nbformat.v4.new_notebook(cells=cells, metadata=metadata), path)


def test_the_panel_follows_the_notebook_at_the_front(page: Any, lab: tuple[str, Path]) -> None:
    _write(lab[1] / "one.ipynb", 'import workbench as wb\ndata = wb.dataset("churn.csv", target="Churn")')
    _write(lab[1] / "two.ipynb", 'import workbench as wb\ndata = wb.dataset("churn.csv", target="gender")')

    for name, target in [("one", "Churn"), ("two", "gender"), ("one", "Churn")]:
        _open_file(page, f"{name}.ipynb")
        page.wait_for_function(
            "target => document.querySelector('[data-step=dataset] [name=target]')?.value === target", arg=target
        )

    _take(page, "profile")
    assert len(_sources(page)) == 2
    _open_file(page, "two.ipynb")
    _step(page, "profile", "waiting").wait_for()
    assert len(_sources(page)) == 1


def test_frames_of_the_kernel_are_tables_too(page: Any, lab: tuple[str, Path]) -> None:
    _write(lab[1] / "frames.ipynb", "import pandas as pd\ncustomers = pd.read_csv('churn.csv')")
    _open_file(page, "frames.ipynb")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    )
    page.evaluate("() => window.jupyterapp.commands.execute('notebook:run-all-cells')")
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.content.widgets[0].model.sharedModel.execution_count === 1"
    )
    page.wait_for_function(
        "() => window.jupyterapp.shell.currentWidget.sessionContext.session?.kernel?.status === 'idle'"
    )

    dataset = _show(page, "dataset")
    page.wait_for_function(
        """() => { const field = document.querySelector('[data-step=dataset] [name=source]');
            field.dispatchEvent(new Event('change', {bubbles: true}));
            return document.querySelector('[data-step=dataset] datalist option[value=customers]') }""",
        polling=500,
    )
    _fill(page, "dataset", source="customers")
    dataset.locator("[name=source]").press("Tab")
    dataset.locator("datalist option[value=TotalCharges]").wait_for(state="attached")
    _take(page, "dataset", target="Churn")

    assert _sources(page)[1].endswith('data = wb.dataset(customers, target="Churn")\ndata')


def test_a_new_keyword_of_python_is_a_field_of_the_form(page: Any) -> None:
    """Nothing but the schema says that it is there."""

    def longer(route: Any) -> None:
        answer = route.fetch()
        steps = answer.json()
        train = next(step for step in steps["data"] if step["verb"] == "train")
        train["schema"]["properties"]["patience"] = {
            "title": "Patience", "type": "integer", "minimum": 1, "default": 7, "description": "Rounds to wait.",
            "x-unit": "rounds", "examples": [9],
        }  # fmt: skip
        route.fulfill(response=answer, json=steps)

    page.route("**/workbench/steps*", longer)
    page.reload()
    _open(page)
    train = _show(page, "train")
    train.locator("summary").click()
    field = train.locator("[data-name=patience]")

    assert field.locator("input").input_value() == "7"
    assert "rounds" in field.inner_text()
    assert "Rounds to wait." in field.inner_text()
    field.locator("input").fill("0")
    field.locator("input").press("Tab")
    assert "Not below 1." in field.inner_text()


def test_what_does_not_fit_is_said_beside_its_field(page: Any) -> None:
    _open(page)
    dataset = _show(page, "dataset")
    dataset.locator(".jp-wb-run").click()
    assert dataset.locator("[name=source]").get_attribute("aria-invalid") == "true"

    _fill(page, "dataset", source="churn.csv")
    dataset.locator("[name=source]").press("Tab")
    dataset.locator("datalist option[value=Churn]").wait_for(state="attached")
    _fill(page, "dataset", target="Churm")
    dataset.locator("[name=target]").press("Tab")
    assert 'no column "Churm"' in dataset.locator("[data-name=target]").inner_text()
    _shoot(page, "wrong")

    assert _sources(page) == []


def test_one_click_makes_a_job_with_parameters_and_lists_it(page: Any, lab: tuple[str, Path]) -> None:
    _write(
        lab[1] / "month.ipynb",
        'import workbench as wb\n\ndata = wb.dataset("churn.csv", target="Churn")\ndata',
        "if False:\n    input()",
    )
    _open_file(page, "month.ipynb")

    page.locator(".jp-wb-make").click()
    dialog = page.locator(".jp-Dialog")
    assert dialog.locator("[name=source]").input_value() == "churn.csv"
    assert "Cell 3 asks with input()" in dialog.inner_text()
    _shoot(page, "job-form")
    dialog.locator("[name=target]").fill("gender")
    dialog.locator(".jp-mod-accept").click()
    job = page.locator(".jp-wb-jobs li", has_text="month.ipynb")
    page.locator(".jp-wb-jobs li[data-state=COMPLETED]", has_text="month.ipynb").wait_for()
    job.scroll_into_view_if_needed()
    assert job.locator(".jp-wb-job-values").inner_text() == "target = gender"
    _shoot(page, "job-completed")

    assert _sources(page)[:2] == [
        'source = "churn.csv"  # Path of a table: text such as CSV, Excel, Parquet, JSON and others.\n'
        'target = "Churn"  # Column to predict.',
        "import workbench as wb\n\ndata = wb.dataset(source, target=target)\ndata",
    ]
    saved = nbformat.read(lab[1] / "month.ipynb", 4)
    assert saved.cells[0].metadata.tags == ["parameters"]
    page.evaluate("() => window.jupyterapp.serviceManager.sessions.shutdownAll()")
    job.locator(".jp-wb-output").click()
    page.wait_for_function(
        f"() => {NOTEBOOK}.widgets.some(c => c.model.sharedModel.getSource().includes('\"gender\"'))"
    )
    assert page.evaluate("() => window.jupyterapp.shell.currentWidget.title.label").startswith("month 20")
    assert page.evaluate(_SESSIONS) == []


_SESSIONS = """async () => {
    const { sessions } = window.jupyterapp.serviceManager;
    await sessions.refreshRunning();
    return [...sessions.running()].map(one => one.path);
}"""

NIGHT = ["month = 7  # of the data", "rows = [month] * 3", "total = sum(rws)", "print(total)"]


def test_a_right_click_asks_for_values_and_the_list_tells_what_became_of_them(page: Any, lab: tuple[str, Path]) -> None:
    """The notebook is not open."""
    _write(lab[1] / "night.ipynb", *NIGHT, tags={0: ["parameters"]})
    _write(lab[1] / "long.ipynb", "import time\nstarted = 1", "time.sleep(600)")
    page.evaluate("() => { window.jupyterapp.shell.activateById('ml-workbench') }")

    dialog = _ask_for(page, "night.ipynb")
    assert "Cell 3 uses rws, which no cell makes" in dialog.inner_text()
    dialog.locator("[name=month]").fill("8")
    for fold in dialog.locator("summary").all():
        fold.click()
    dialog.locator("[name=timeout]").fill("0")
    dialog.locator("[name=timeout]").press("Tab")
    assert "Not below" in dialog.locator("[data-name=timeout]").inner_text()
    _shoot_dark(page, "job-options")
    _shoot(page, "job-options")
    dialog.locator("[name=timeout]").fill("600")
    dialog.locator(".jp-mod-accept").click()

    failed = page.locator(".jp-wb-jobs li[data-state=FAILED]", has_text="night.ipynb")
    failed.wait_for()
    toast = page.locator(".Toastify__toast", has_text="night.ipynb failed: Cell 4 (total = sum(rws)): NameError")
    toast.wait_for()
    assert failed.locator(".jp-wb-job-values").inner_text() == "month = 8"
    failed.locator("summary").click()
    failed.locator(".jp-wb-log").click()
    failed.locator(".jp-wb-log-text").wait_for()
    _shoot(page, "job-failed")
    _shoot_dark(page, "job-failed-dark")
    _run_job(page, "long.ipynb")
    at_work = page.locator(".jp-wb-jobs li[data-state=IN_PROGRESS]", has_text="long.ipynb")
    at_work.locator(".jp-wb-job-line", has_text="time.sleep").wait_for()
    _shoot(page, "jobs")
    at_work.locator(".jp-wb-stop").click()
    page.locator(".jp-wb-jobs li[data-state=STOPPED]", has_text="long.ipynb").wait_for()


def _ask_for(page: Any, name: str) -> Any:
    """The form that a right click in the file browser opens."""
    page.evaluate("() => { window.jupyterapp.commands.execute('filebrowser:refresh') }")
    page.evaluate("() => { window.jupyterapp.shell.activateById('filebrowser') }")
    page.locator(".jp-DirListing-item", has_text=name).click(button="right")
    page.locator(".lm-Menu-item", has_text="Run as Workbench Job").click()
    page.evaluate("() => { window.jupyterapp.shell.activateById('ml-workbench') }")
    dialog = page.locator(".jp-Dialog")
    dialog.locator(".jp-wb-run-form").wait_for()
    return dialog


def test_a_job_that_failed_goes_on_at_the_cell_that_was_mended(page: Any, lab: tuple[str, Path]) -> None:
    """The page is loaded again meanwhile; what stands in the editor is what runs, and finished cells do not."""
    _write(lab[1] / "shift.ipynb", *NIGHT, tags={0: ["parameters"]})
    asked = {"path": "shift.ipynb", "parameters": {"month": 8}, "options": {"park": 600}}
    page.evaluate("asked => { window.jupyterapp.commands.execute('workbench:run-job', asked) }", asked)
    page.evaluate("() => { window.jupyterapp.shell.activateById('ml-workbench') }")
    parked = page.locator(".jp-wb-jobs li[data-state=PARKED]", has_text="shift.ipynb")
    toast = page.locator(".Toastify__toast", has_text="Its kernel is kept until")
    toast.wait_for()
    _shoot(page, "job-parked")

    page.reload()
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
    _open_file(page, "shift.ipynb")
    _set_source(page, 2, "total = sum(rows)")
    parked.locator(".jp-wb-resume").click()
    page.locator(".Toastify__toast", has_text="shift.ipynb completed").wait_for()
    done = page.locator(".jp-wb-jobs li[data-state=COMPLETED]", has_text="shift.ipynb")
    _shoot(page, "job-resumed")
    assert done.locator(".jp-wb-job-values").inner_text() == "month = 8"
    done.locator(".jp-wb-output").click()
    page.locator(".jp-NotebookPanel:not(.lm-mod-hidden) .jp-OutputArea-output", has_text="24").wait_for()

    assert nbformat.read(lab[1] / "shift.ipynb", 4).cells[2].source == "total = sum(rows)"


def test_a_night_by_clicks_over_a_restart_of_the_server(
    browse: Callable[[str], Any], start_lab: Callable[..., tuple[str, Path]]
) -> None:
    """Scheduled, failed, told; the server starts anew, the cell is mended; resumed, reproduced, the same."""
    address, root = start_lab()
    _write(root / "nightly.ipynb", *NIGHT, tags={0: ["parameters"]})
    page = _restored(browse(f"{address}&reset"))
    page.evaluate("() => { window.jupyterapp.shell.activateById('ml-workbench') }")
    dialog = _ask_for(page, "nightly.ipynb")
    for fold in dialog.locator("summary").all():
        fold.click()
    dialog.locator("[name=park]").fill("600")
    dialog.locator("[name=cron]").fill("* * * * *")
    times = dialog.locator("[data-name=cron] li")
    times.nth(4).wait_for()
    times.nth(4).scroll_into_view_if_needed()
    _shoot_dark(page, "schedule-form-dark")
    _shoot(page, "schedule-form")
    dialog.locator(".jp-mod-accept", has_text="Schedule").click()
    schedule = page.locator("li[data-schedule=nightly]")
    page.locator(".jp-wb-schedules summary").click()
    _shoot(page, "schedule")

    with _scheduler(root.parent / "home"):
        page.locator(".jp-wb-jobs li[data-state=PARKED]", has_text="nightly.ipynb").wait_for(timeout=120_000)
        schedule.locator("button").click()
        page.locator(".jp-Dialog .jp-mod-accept").click()
        schedule.wait_for(state="detached")
    page.locator(".Toastify__toast", has_text="nightly.ipynb failed: Cell 3 (total = sum(rws)): NameError").wait_for()
    _shoot(page, "schedule-failed")
    _end_server(root.parent)
    page = _restored(browse(start_lab(base=root.parent)[0]))
    _open_file(page, "nightly.ipynb")
    _set_source(page, 2, "total = sum(rows)")
    page.locator(".jp-wb-jobs li[data-state=PARKED]", has_text="nightly.ipynb").locator(".jp-wb-resume").click()
    page.locator(".Toastify__toast", has_text="nightly.ipynb completed").wait_for()
    done = page.locator(".jp-wb-jobs li[data-state=COMPLETED]", has_text="nightly.ipynb")
    done.locator(".jp-wb-job-more summary").click()
    done.locator(".jp-wb-reproduce").click()
    toast = page.locator(".Toastify__toast", has_text="nightly.ipynb: identical")
    toast.wait_for()
    _shoot_dark(page, "reproduced-dark")
    _shoot(page, "reproduced")
    toast.locator("button", has_text="Compare").click()

    compared = page.frame_locator("iframe[sandbox]").locator("body")
    compared.get_by_text("identical").first.wait_for()
    _shoot(page, "reproduced-compared")


def _restored(page: Any) -> Any:
    page.wait_for_function("() => window.jupyterapp?.restored.then(() => true)")
    return page


@contextmanager
def _scheduler(home: Path) -> Iterator[None]:
    """The service that starts what is scheduled."""
    words = [sys.executable, "-m", "workbench", "scheduler"]
    service = subprocess.Popen(words, env={**os.environ, "WORKBENCH_HOME": str(home)}, stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        service.terminate()
        assert service.wait(60) == 0


def _end_server(base: Path) -> None:
    """As systemd does."""
    (told,) = (base / "run").glob("jpserver-*.json")
    psutil.Process(json.loads(told.read_text("utf-8"))["pid"]).terminate()
    end = time.monotonic() + 60
    while told.exists():
        assert time.monotonic() < end, "the server does not end"
        time.sleep(0.1)


def _run_job(page: Any, path: str) -> None:
    """Without a form, as other extensions do."""
    page.evaluate("path => window.jupyterapp.commands.execute('workbench:run-job', {path, parameters: {}})", path)
