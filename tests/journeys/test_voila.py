"""The journey of a stakeholder: open the pages, read the numbers, try what if, say what is done."""

import importlib.util
import os
import re
from pathlib import Path

import pytest

from workbench.settings import settings

ROOT = Path(__file__).parents[2]
PATIENCE = 1000 * int(os.environ.get("WORKBENCH_PATIENCE", "120"))


def load(name, *path):
    spec = importlib.util.spec_from_file_location(name, ROOT.joinpath("tests", *path))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


readers = load("readers", "apps", "readers.py")
LOOK, ACT, RENDER = readers.LOOK, readers.ACT, readers.RENDER


def filled(folder):
    """Home of a model that is watched, one with hostile texts, one without a window, and one that is only packaged."""
    home = readers.fill(folder / "home")
    (settings(home=home).bundles / "housing").mkdir(parents=True)
    return home


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    """One for all tests that only read."""
    with readers.serving(filled(tmp_path_factory.mktemp("watched")), gone=2.0) as running:
        yield running


def watched_page(chromium, **options):
    """A page that writes down what it asks for and complains about."""
    page = chromium.new_page(**{"viewport": {"width": 1200, "height": 900}, **options})
    page.set_default_timeout(PATIENCE)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def elsewhere(page, server):
    """What it has asked others for."""
    return {re.sub(r"^(\w+:(//[^/]+/)?).*", r"\1", url) for url in page.asked} - {server.base, "data:", "blob:"}


def screenshot(page, name):
    folder = os.environ.get("WORKBENCH_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.browser
def test_a_stakeholder_reads_the_pages(chromium, server):
    """From all models to one, in light and dark, with nothing asked from elsewhere, no error, and no kernel."""
    page = watched_page(chromium, color_scheme="light")

    page.goto(f"{server.base}?token={LOOK}")
    row = page.locator("tr", has_text="flights")
    row.wait_for()
    screenshot(page, "voila-models-light")

    assert page.title() == "All models · Workbench"
    assert "token" not in page.url
    assert "0.702" in row.inner_text()
    assert "0.731 in training" in row.inner_text()
    assert "something is worth a look" in row.inner_text()
    assert 'Call wb.monitor("housing")' in page.locator("tr", has_text="housing").inner_text()

    page.click("a:text-is('flights')")
    page.wait_for_selector("text=What was done")
    screenshot(page, "voila-model-light")

    assert page.title() == "flights · Workbench"
    assert "champion is version 2" in page.inner_text("main")
    assert "3f2a9c0d" in page.inner_text("main")
    assert "ROC AUC fell to 0.668 in 2013-10" in page.text_content("main")
    assert "+0.310" in page.locator(".wb-causes tr", has_text="precip").inner_text()

    page.locator(".wb-line a").nth(3).click()
    page.wait_for_selector("h4:has-text('Window 2013-10')")
    page.click(".wb-of-columns a:text-is('precip')")
    page.wait_for_selector("text=What it did to the predictions")
    screenshot(page, "voila-column-light")

    assert "ROC AUC is 0.668, 0.731 in training." in page.inner_text("#window")
    assert "0.900 on average, 0.600 before" in page.inner_text("#column")

    page.click("a:text-is('dark')")
    page.wait_for_selector("html[data-jp-theme-light='false']")
    screenshot(page, "voila-model-dark")

    assert page.complaints == []
    assert elsewhere(page, server) == set()
    assert server.family() == []


@pytest.mark.browser
def test_texts_of_the_data_stay_texts(chromium, server):
    """A cause, a column and a reason that hold script are shown and not run."""
    page = watched_page(chromium)

    page.goto(f"{server.base}{RENDER}model.ipynb?name=hostile&token={ACT}")
    page.wait_for_selector("text=What was done")

    assert page.evaluate("window.XSS") is None
    assert "<img src=x" in page.inner_text("body")


@pytest.mark.browser
def test_a_slider_tells_what_other_rates_had_brought(chromium, server):
    """The page stands until somebody wants the slider; its kernel goes with the page."""
    page = watched_page(chromium, color_scheme="dark")
    page.goto(f"{server.base}{RENDER}model.ipynb?name=flights&token={LOOK}")
    page.click("text=What if")
    page.select_option("select[name=rate]", "1e-06")
    page.click("button:text-is('Show')")
    page.wait_for_selector("text=Alarms at 1e-06")
    screenshot(page, "voila-whatif-standing")

    assert server.kernels() == []
    page.click("#wb-live")
    page.wait_for_selector(".noUi-handle")
    page.wait_for_selector("text=Alarms at 1e-06")
    page.focus(".noUi-handle")
    page.keyboard.press("ArrowRight")
    page.wait_for_selector("text=Alarms at 2e-06")
    screenshot(page, "voila-whatif-slider")

    assert page.complaints == []
    assert elsewhere(page, server) <= {server.base.replace("http", "ws")}
    assert len(server.kernels()) == 1
    page.close()
    readers.until(lambda: server.kernels() == [], "the kernel is gone")


@pytest.mark.browser
def test_a_page_says_that_it_has_no_connection_and_comes_back_by_itself(chromium, tmp_path):
    """With the figures of the time when it is there again, what is open stays open; so does a page that computes."""
    home, port = filled(tmp_path), readers.free_port()
    with readers.serving(home, port=port, refresh=1):
        page, live = (watched_page(chromium) for _ in range(2))
        page.goto(f"http://127.0.0.1:{port}/{RENDER}model.ipynb?name=flights&token={LOOK}&lang=de")
        live.goto(f"http://127.0.0.1:{port}/{RENDER}whatif.ipynb?name=flights&token={LOOK}")
        live.click("#wb-live")
        live.wait_for_selector(".noUi-handle")
        page.locator("main details").first.evaluate("node => { node.open = true; }")

    page.wait_for_selector("#wb-line:has-text('keine Verbindung')")
    live.wait_for_selector("#wb-line:has-text('No connection')")
    screenshot(page, "voila-no-connection")
    report = home / "reports" / "flights" / "latest.json"
    report.write_text(report.read_text(encoding="utf-8").replace("2013-10", "2013-11"), encoding="utf-8")
    with readers.serving(home, port=port, refresh=1) as again:
        page.wait_for_selector("#wb-line", state="hidden")
        page.wait_for_selector("main :text('2013-11') >> nth=0", state="attached")
        live.wait_for_selector("#wb-line", state="hidden")
        live.wait_for_selector("#wb-live, .noUi-handle")

        assert page.locator("main details").first.evaluate("node => node.open")
        assert len(again.kernels()) <= 1


@pytest.mark.browser
def test_who_may_act_closes_an_incident_on_the_page(chromium, tmp_path):
    """By its form; what was typed stays while the page is made new."""
    with readers.serving(filled(tmp_path), refresh=1) as server:
        page = watched_page(chromium)
        page.goto(f"{server.base}{RENDER}model.ipynb?name=flights&token={ACT}")
        page.locator("details.wb-act summary").first.click()
        page.locator("details.wb-act input[name=by]").first.fill("Anna")
        page.locator("details.wb-act input[name=note]").first.fill("The feed was late.")
        report = server.home / "reports" / "flights" / "latest.json"
        report.write_text(report.read_text(encoding="utf-8").replace("2013-10", "2013-11"), encoding="utf-8")
        page.wait_for_selector("#wb-line:has-text('newer figures')")

        page.locator("details.wb-act button[value=close]").first.click()
        page.wait_for_selector("text=3f2a9c0d: Closed.")
        screenshot(page, "voila-acted")

        assert "The feed was late." in page.inner_text("main")
        assert "Anna" in page.inner_text("main")
        assert page.complaints == []
