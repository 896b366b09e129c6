"""The journey of a stakeholder: open the pages, read the numbers."""

import importlib.util
import os
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest

from workbench.settings import settings

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-of-the-test"


def load_examples():
    spec = importlib.util.spec_from_file_location("examples", ROOT / "tests" / "display" / "examples.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


examples = load_examples()


@pytest.fixture(scope="module")
def watched(tmp_path_factory):
    """Home of a model that is watched, one with hostile texts, one without a window, and one that is only packaged."""
    home = tmp_path_factory.mktemp("watched")
    known = settings(home=home)
    examples.report().save(known.reports / "flights" / "latest.json")
    examples.report(hostile=True, name="hostile").save(known.reports / "hostile" / "latest.json")
    examples.without_windows().save(known.reports / "fresh" / "latest.json")
    (known.bundles / "housing").mkdir(parents=True)
    return home


@pytest.fixture(scope="module")
def address(watched, tmp_path_factory):
    """Of one server for all tests: they only read."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    code = f"from workbench.apps.serve import serve; serve(port={port}, open_browser=False, token={TOKEN!r})"
    path = f"{ROOT}{os.pathsep}{os.environ['PYTHONPATH']}"
    server = subprocess.Popen(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": path, "WORKBENCH_HOME": str(watched)},
        cwd=tmp_path_factory.mktemp("voila"),
        stdout=subprocess.DEVNULL,
    )
    base = f"http://127.0.0.1:{port}"
    try:
        wait_for(base)
        yield base
    finally:
        server.terminate()
        server.wait(timeout=20)


def wait_for(base, seconds=90):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            urllib.request.urlopen(f"{base}/login", timeout=5)
            return
        except urllib.error.HTTPError:
            return
        except OSError:
            time.sleep(0.2)
    raise AssertionError(f"the pages did not come up in {seconds} s")


def watched_page(chromium, **options):
    """A page that writes down what it asks for and complains about."""
    page = chromium.new_page(viewport={"width": 1200, "height": 900}, **options)
    page.asked, page.complaints = [], []
    page.on("request", lambda request: page.asked.append(request.url))
    page.on("console", lambda message: page.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    return page


def screenshot(page, name):
    folder = os.environ.get("WORKBENCH_SCREENSHOTS")
    if folder:
        page.screenshot(path=f"{folder}/{name}.png", full_page=True)


@pytest.mark.browser
def test_a_stakeholder_reads_the_pages(chromium, address):
    """From all models to one, in light and dark, with nothing asked from elsewhere and no error."""
    page = watched_page(chromium, color_scheme="light")

    page.goto(f"{address}/?token={TOKEN}")
    page.wait_for_selector("text=All models")
    screenshot(page, "voila-models-light")
    row = page.locator("tr", has_text="flights")

    assert page.title() == "All models · Workbench"
    assert "0.702" in row.inner_text()
    assert "0.731 in training" in row.inner_text()
    assert "something is worth a look" in row.inner_text()
    assert 'Call wb.monitor("housing")' in page.locator("tr", has_text="housing").inner_text()

    page.click("a:text-is('flights')")
    page.wait_for_selector("text=What was done")
    screenshot(page, "voila-model-light")
    text = page.inner_text("body")

    assert page.title() == "One model · Workbench"
    assert "champion is version 2" in text
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
    page.wait_for_selector("[data-jp-theme-light='false']")
    page.wait_for_selector("text=What was done")
    screenshot(page, "voila-model-dark")
    page.click("text=All models")
    page.wait_for_selector("text=housing")
    screenshot(page, "voila-models-dark")

    assert page.complaints == []
    assert {re.sub(r"^(https?://[^/]+|data:).*", r"\1", url) for url in page.asked} <= {address, "data:"}


@pytest.mark.browser
def test_texts_of_the_data_stay_texts(chromium, address):
    """A cause, a column and a reason that hold script are shown and not run."""
    page = watched_page(chromium)

    page.goto(f"{address}/voila/render/model.ipynb?name=hostile&token={TOKEN}")
    page.wait_for_selector("text=What was done")

    assert page.evaluate("window.XSS") is None
    assert "<img src=x" in page.inner_text("body")


@pytest.mark.browser
def test_a_name_that_leaves_the_folder_is_refused(chromium, address):
    page = watched_page(chromium)

    page.goto(f"{address}/voila/render/model.ipynb?name=../../etc&token={TOKEN}")

    assert "A bundle name has letters" in page.inner_text("main")


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/", "/voila/render/models.ipynb", "/voila/render/model.ipynb?name=flights"])
def test_without_the_token_there_is_no_page(address, path):
    """Who has no token is led to the login."""
    with urllib.request.urlopen(address + path) as answer:
        assert "/login" in answer.url
        assert b"flights" not in answer.read().replace(b"%3Dflights", b"")


@pytest.mark.browser
@pytest.mark.parametrize("path", ["/api/kernels", "/voila/tree", "/voila/files/models.ipynb", "/voila/api/contents"])
def test_the_token_opens_pages_and_nothing_else(address, path):
    """No kernel, no file, no list of files."""
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(f"{address}{path}?token={TOKEN}")

    assert refused.value.code in (403, 404)
