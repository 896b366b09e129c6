"""Views in one notebook: each looks as it does by itself, whatever stands above or below it."""

import examples
import pytest

from workbench.display import html

# Place and looks of whatever is drawn, by view, as seen from the view's own corner.
DRAWN = """() => [...document.querySelectorAll('.one > .wb')].map(view => {
  const corner = view.getBoundingClientRect();
  return [...view.querySelectorAll('*')].map(element => {
    const box = element.getBoundingClientRect(), looks = getComputedStyle(element);
    return [element.tagName, element.getAttribute('class'), Math.round(box.x - corner.x), Math.round(box.y - corner.y),
            Math.round(box.width), Math.round(box.height), looks.color, looks.backgroundColor, looks.fontSize,
            looks.fontWeight, looks.padding, looks.textAlign].join(' ');
  }).filter(line => !/ 0 0 rgb/.test(line));
})"""


def together(views):
    return "<!doctype html><meta charset=utf-8>" + "".join(f'<div class="one">{view}</div>' for view in views)


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1440, 900, 390])
def test_no_view_changes_the_looks_of_another(chromium, width, scheme):
    views = [html(noun) for noun in examples.every()]
    page = chromium.new_context(viewport={"width": width, "height": 900}, color_scheme=scheme).new_page()
    page.set_content(together(views))
    beside = page.evaluate(DRAWN)

    for noun, view, seen in zip(examples.every(), views, beside, strict=True):
        page.set_content(together([view]))
        alone = page.evaluate(DRAWN)[0]
        assert [pair for pair in zip(alone, seen, strict=True) if pair[0] != pair[1]][:3] == [], type(noun).__name__
