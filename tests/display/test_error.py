"""An error in a notebook: a card with the sentence, the cure and the folded traceback; a short text elsewhere."""

import os
import pickle
import subprocess
import sys
from html.parser import HTMLParser

import nbformat
import pytest
from examples import HOSTILE
from hypothesis import example, given
from hypothesis import strategies as st
from nbclient import NotebookClient

from workbench import errors
from workbench.core.literals import corrected, literal, python
from workbench.display.error import Card, cure_of, html, shown
from workbench.errors import BadTable, ColumnNotFound, NotFound, WorkbenchError

CELLS = (
    "import workbench as wb, pandas as pd\nopen('empty.csv', 'w').close()",
    "data = wb.dataset('empty.csv')",
    f"frame = pd.DataFrame({{'tenure': [1, 2, 3], {HOSTILE!r}: [1, 2, 3], 'Churn': ['a', 'b', 'a']}})\n"
    "data = wb.dataset(frame,\n                  target='tenur')",
    f"wb.train(frame, target={HOSTILE[:-3]!r})",
    "def inner():\n    raise RuntimeError('mine')\ninner()",
    "open('broken.parquet', 'w').write('no table')\nwb.dataset('broken.parquet')",
)


@pytest.fixture(scope="module")
def executed(tmp_path_factory):
    """What a real kernel makes of the cells."""
    folder = tmp_path_factory.mktemp("kernel")
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(source) for source in CELLS])
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, allow_errors=True, kernel_name="python3", resources=resources).execute()
    return notebook


def outputs(notebook, cell):
    """Without what libraries write to the standard streams."""
    return [output for output in notebook.cells[cell].outputs if output.output_type != "stream"]


@pytest.mark.slow
def test_an_empty_file_shows_a_card_and_five_lines(executed):
    card, error = outputs(executed, 1)

    assert "empty.csv is empty. Give a file with a header and rows." in card.data["text/html"]
    assert card.data["text/plain"] == "BadTable: empty.csv is empty. Give a file with a header and rows."
    assert (error.ename, error.evalue) == ("BadTable", "empty.csv is empty. Give a file with a header and rows.")
    assert error.traceback[:2] == ["Cell In[2], line 1", "----> data = wb.dataset('empty.csv')"]
    assert len(error.traceback) < 10


def test_the_whole_traceback_with_its_cause_is_folded(executed):
    page = outputs(executed, 5)[0].data["text/html"]
    folded = page[page.index("<details") :]

    assert "<details open" not in page
    assert "workbench.errors.BadTable: broken.parquet can" in folded
    assert "direct cause" in folded


def test_a_near_name_gives_the_line_of_the_cell_with_it(executed):
    card, error = outputs(executed, 2)
    cure = 'data = wb.dataset(frame,\n                  target="tenure")'

    assert error.traceback[-3:] == ["Instead:", *(f"    {line}" for line in cure.splitlines())]
    assert "&#34;tenure&#34;" in card.data["text/html"]


def test_a_hostile_name_is_text_in_the_card(executed):
    page = outputs(executed, 3)[0].data["text/html"]

    assert "<img" not in page
    assert "<script" not in page
    assert "&lt;img" in page


def test_an_error_of_the_person_looks_as_always(executed):
    (error,) = outputs(executed, 4)

    assert "Traceback" in "".join(error.traceback)


@pytest.mark.browser
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_script_runs_and_the_card_is_readable_in_an_export(executed, chromium, theme, tmp_path):
    from nbconvert import HTMLExporter

    (tmp_path / "page.html").write_text(HTMLExporter(theme=theme).from_notebook_node(executed)[0], encoding="utf-8")
    page = chromium.new_page(java_script_enabled=True)
    page.route("**/*", lambda route: route.continue_() if route.request.url.startswith("file:") else route.abort())
    page.goto((tmp_path / "page.html").as_uri())
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    sentence = page.locator(".wb-error .wb-sentence").first
    colours = sentence.evaluate(
        "e => [getComputedStyle(e).color, getComputedStyle(e.closest('.wb')).backgroundColor].map("
        "c => c.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0))"
    )

    assert page.evaluate("window.XSS") is None
    assert sentence.is_visible()
    assert (colours[0] > colours[1]) == (theme == "dark")
    assert abs(colours[0] - colours[1]) > 400


def tags(page):
    """The elements after the stylesheet, and the text in them."""
    seen, texts = [], []
    reader = HTMLParser()
    reader.handle_starttag = lambda tag, attributes: seen.append((tag, attributes))
    reader.handle_data = texts.append
    reader.feed(page[page.index("</style>") + 8 :])
    reader.close()
    return seen, "".join(texts)


@given(st.text(min_size=1, max_size=80), st.text(max_size=80))
@example(HOSTILE, HOSTILE)
def test_any_text_is_text_in_the_card(sentence, name):
    elements, text = tags(html(Card("BadTable", sentence, corrected(f"x = {literal(name)}", name, sentence), sentence)))

    assert elements == tags(html(Card("BadTable", "s", python("x"), "s")))[0]
    assert "".join(text.split()).count("".join(sentence.split())) >= 2


@pytest.mark.slow
def test_in_a_terminal_there_is_text_alone(tmp_path):
    code = "import workbench as wb; open('e.csv', 'w').close(); wb.dataset('e.csv')"
    command = [sys.executable, "-m", "IPython", "--no-banner", "--colors=NoColor", "-c", code]
    environment = {**os.environ, "IPYTHONDIR": str(tmp_path)}

    done = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path, env=environment, check=False)
    whole = subprocess.run(
        command, capture_output=True, text=True, cwd=tmp_path, env={**environment, "WORKBENCH_DEBUG": "1"}, check=False
    )

    assert "BadTable: e.csv is empty. Give a file with a header and rows." in done.stdout
    assert "site-packages" not in done.stdout
    assert "<div" not in done.stdout
    assert len(done.stdout.splitlines()) < 15
    assert "in dataset" in whole.stdout


def test_a_page_for_others_keeps_the_traceback_to_itself(monkeypatch):
    cards = []
    monkeypatch.setattr("workbench.display.error.in_kernel", lambda: True)
    monkeypatch.setattr("workbench.display.error._is_new", lambda error: True)
    monkeypatch.setattr("IPython.display.display", cards.append)
    for server in ("voila/0.5.8", ""):
        monkeypatch.setenv("SERVER_SOFTWARE", server)
        shown(raised(BadTable("It is empty.")))

    assert [bool(card.whole) for card in cards] == [False, True]


def raised(error):
    try:
        raise error
    except WorkbenchError as caught:
        return caught


@pytest.mark.parametrize(
    "kind", [k for k in vars(errors).values() if isinstance(k, type) and issubclass(k, WorkbenchError)]
)
def test_every_error_of_ours_can_be_shown_and_sent(kind):
    given = [{"row": 0, "field": "x", "expected": "a", "got": "b"}] if kind is errors.BadRow else "It is so."
    error = kind([given[0]] if kind is errors.BadRow else given).cured_by(python("wb.train(data)"))

    assert shown(raised(error))[-3:] == ["", "Instead:", "    wb.train(data)"]
    if kind is not errors.BadRow:
        assert pickle.loads(pickle.dumps(error)).cure == error.cure


def test_where_there_is_no_display_the_traceback_is_python_s_own(monkeypatch):
    """As in the runtime that a bundle carries."""
    monkeypatch.setitem(sys.modules, "workbench.display.error", None)

    lines = raised(BadTable("It is empty."))._render_traceback_()

    assert lines[0].startswith("Traceback")
    assert lines[-1] == "workbench.errors.BadTable: It is empty."


def test_an_error_without_a_cell_has_no_cure_of_its_own():
    assert cure_of(raised(ColumnNotFound.named("tenur", ["tenure"]))) == ""
    assert cure_of(raised(NotFound.named("bundle", "churm", ["churn"], "Make one."))) == ""
