"""The service's page in a browser: by keyboard, on a phone, with a key, with names that try to leave their place."""

import pytest

from tests.client.conftest import listening
from tests.scoring.conftest import make_bundle
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service

pytestmark = pytest.mark.browser
AGE, CITY = "<img src=x onerror=\"document.title='pwned'\">", "</script><script>document.title='pwned'</script>"


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    make_bundle(folder, age=AGE, city=CITY, cities=("<b>Ulm</b>", "Bonn"))
    with listening(Service(Scorer(folder))) as url:
        yield url


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    yield page
    page.close()


@pytest.fixture
def told(page):
    """What the browser complains about."""
    found = []
    page.on("console", lambda message: found.append(message.text))
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def test_a_row_is_tried_by_keyboard(page, served, told):
    page.goto(served)
    page.locator("#c0").fill("200")
    page.keyboard.press("Enter")
    page.locator("#answer .said").wait_for()

    assert "yes" in page.locator("#answer .said").inner_text()
    assert page.locator("#answer .bars").count() == 2
    assert AGE in page.locator("#answer").inner_text()
    assert page.locator("#answer .flag").inner_text() == f"out_of_range:{AGE}"
    assert page.evaluate("document.activeElement.id") == "answer"
    assert "pwned" not in page.title()
    assert told == []


def test_what_is_refused_is_marked_where_it_stands(page, served, told):
    page.goto(served)
    page.locator("#c0").evaluate("one => { one.step = 'any'; one.value = '1.5' }")
    page.locator("[type=submit]").click()
    page.locator("#answer .wrong").wait_for()

    assert page.locator("#c0").get_attribute("aria-invalid") == "true"
    assert "expected a whole number" in page.locator("#answer li").inner_text()


def test_a_gap_is_sent_as_one(page, served, told):
    page.goto(served)
    page.locator("#c0").fill("")
    page.locator("#c1").select_option(label="(missing)")
    with page.expect_request("**/predict*") as asked:
        page.locator("[type=submit]").click()

    assert asked.value.post_data_json == {AGE: None, CITY: None}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_a_phone_and_can_be_read_by_all(page, served, scheme):
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    page.emulate_media(color_scheme=scheme)
    page.set_viewport_size({"width": 390, "height": 844})
    page.goto(served)
    page.locator("[type=submit]").click()
    page.locator("#answer .said").wait_for()

    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    # The policy lets no foreign script in: rules are run by the browser's own door for tests.
    assert not [v["id"] for v in axe.Axe().run(page).response["violations"]]


def test_a_key_opens_it_and_is_not_kept(page, tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_API_KEY", "s3cret")
    make_bundle(tmp_path)
    with listening(Service(Scorer(tmp_path))) as url:
        page.goto(url)
        page.locator("#key").fill("wrong")
        page.locator("#open").click()
        page.get_by_text("needs a key").wait_for()
        page.locator("#key").fill("s3cret")
        page.keyboard.press("Enter")
        page.locator("#form").wait_for()
        page.locator("[type=submit]").click()
        page.locator("#answer .said").wait_for()

        assert (
            page.evaluate("JSON.stringify([{...localStorage}, {...sessionStorage}, document.cookie])") == '[{},{},""]'
        )
        page.reload()
        assert page.locator("#form").count() == 0


def test_it_can_be_read_without_javascript(chromium, served):
    page = chromium.new_context(java_script_enabled=False).new_page()
    page.goto(served)

    assert page.get_by_text("from 18 to 90").count() == 1
    assert page.get_by_text("curl -sS").count() == 1
    assert page.locator("noscript p").count() == 1
