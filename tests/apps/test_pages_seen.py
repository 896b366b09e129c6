"""The pages in a browser: on a phone, in both colours, on paper, by keyboard and by screen reader."""

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest

from workbench.apps import model, models
from workbench.apps.choice import Choice
from workbench.apps.stored import Driven, Listed, Stored
from workbench.core.report_summary import Summary
from workbench.core.shape import Shape

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)

pytestmark = [pytest.mark.browser, pytest.mark.slow]
SHAPES = {"humid": Shape("humid", ("low", "high"), (0.9, 0.1), (0.2, 0.8), (900, 90), (0.0, 0.25), by_value=True)}
FRAME = (
    '<!doctype html><html lang="{}"><meta charset=utf-8><meta name=viewport content="width=device-width, '
    'initial-scale=1"><title>x</title><style>body {{ margin: 0; padding: 16px; color-scheme: light dark; background: '
    "Canvas }} main {{ display: grid; grid-template-columns: minmax(0, 1fr) }}</style><main>{}</main></html>"
)


def shown(name, lang="en", hostile=False):
    """Both pages, with everything that a reader may ask for."""
    report = examples.report(hostile)
    if name == "models":
        unwatched = Listed("calm", None, "It is not watched yet.")
        body = models.html((Listed(report.name, Summary.of(report)), unwatched), Choice(lang=lang))
    else:
        asked = "column=humid&window=2013-10" if name == "column" else ""
        choice = Choice.of(f"name=flights&lang={lang}&{asked}", may_act=True)
        why = Driven(examples.reasons(hostile), "late")
        body = model.html(Stored("flights", replace(report)), why, choice, SHAPES)
    return FRAME.format(lang, body)


@pytest.fixture
def opened(chromium):
    """A function that opens a page."""
    contexts = []

    def show(body, width=1200, **options):
        contexts.append(chromium.new_context(viewport={"width": width, "height": 844}, **options))
        page = contexts[-1].new_page()
        page.set_content(body)
        return page

    yield show
    for context in contexts:
        context.close()


PAGES = ["models", "model", "column"]
# What sticks out on a phone, and what stays folded on paper.
WIDE = """[...document.querySelectorAll('main *')]
  .filter(e => !e.closest('.wb-scroll, pre, svg, .wb-hidden, option') && e.getBoundingClientRect().right > 390.5)
  .map(e => `${e.tagName}.${e.className}`)"""
FOLDED = """[...document.querySelectorAll('details > *:not(summary)')]
  .filter(e => !e.closest('.wb-act') && !e.checkVisibility()).map(e => e.outerHTML.slice(0, 80))"""
UNFOLDED = "document.querySelectorAll('details').forEach(d => d.open = true)"


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize(("lang", "hostile"), [("en", False), ("de", True)])
def test_nothing_is_wider_than_a_phone_but_tables_that_scroll_in_themselves(opened, name, lang, hostile):
    page = opened(shown(name, lang, hostile), 390, is_mobile=True, has_touch=True)
    page.evaluate(UNFOLDED)

    assert page.evaluate("document.documentElement.scrollWidth") == 390
    wide = page.evaluate(WIDE)
    assert wide == []


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everybody_can_read_it(opened, name, scheme):
    """Contrast, names of what can be used, order of headings, tables that scroll by keyboard."""
    from axe_playwright_python.sync_playwright import Axe

    page = opened(shown(name), color_scheme=scheme)
    page.evaluate(UNFOLDED)
    found = Axe().run(page).response["violations"]

    serious = [v for v in found if v["impact"] in ("serious", "critical")]
    assert [(v["id"], [n["html"][:120] for n in v["nodes"]][:3]) for v in serious] == []


def test_on_paper_everything_is_open_and_nothing_can_be_clicked(opened):
    page = opened(shown("model"))
    page.emulate_media(media="print")

    assert page.evaluate(FOLDED) == []
    assert page.evaluate("[...document.querySelectorAll('form, nav')].every(e => !e.checkVisibility())")
    assert page.pdf(prefer_css_page_size=True).startswith(b"%PDF")


def test_a_click_leads_to_what_was_clicked(opened):
    """By keyboard too: windows on the chart, columns and terms are links."""
    page = opened(shown("model"))
    page.locator(".wb-line a").nth(3).focus()

    assert page.evaluate("document.activeElement.getAttribute('href')") == (
        "model.ipynb?name=flights&window=2013-10#window"
    )
    page.locator("a[href='#term-drift']").first.click()
    assert page.locator("#term-drift").is_visible()
