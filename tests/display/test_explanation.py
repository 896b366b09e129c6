"""The explanation's page: what it carries, how small it is, and what a script adds to it."""

import json
import re
from dataclasses import replace
from html import unescape

import examples
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.hostile_names import ANY, TEXTS
from workbench.core.explanation import Explanation
from workbench.display import html
from workbench.display.explanation import body, live_script, script
from workbench.display.explanation_rows import fall
from workbench.display.rendering import number, percent, signed
from workbench.errors import BadParameter, ColumnNotFound

NAMED = examples.explanation(rows=400)


def large(rows=10_000, columns=14):
    """As many rows and columns as a page must hold."""
    made = np.random.default_rng(3)
    values = made.normal(size=(rows, columns)) / np.arange(1, columns + 1)
    told = {f"column_{j}": tuple(made.normal(size=rows).tolist()) for j in range(columns - 3)}
    told |= {f"text_{j}": tuple(made.choice([f"value {k}" for k in range(30)], rows).tolist()) for j in range(3)}
    output = values.sum(axis=1)
    chances = 1 / (1 + np.exp(-output))
    return Explanation(
        "r", tuple(told), values, 0.0, output, "log-odds", "Yes", 1e-15, "tree paths", told,
        positions=tuple(range(rows)), truth=tuple(np.where(made.random(rows) < chances, "Yes", "No").tolist()),
        predictions=chances, threshold=0.5,
    )  # fmt: skip


def data_of(page):
    return json.loads(unescape(re.search(r'data-view="([^"]*)"', page)[1]))


@pytest.mark.slow
@pytest.mark.parametrize("columns", [14, 120])
def test_ten_thousand_rows_stay_below_a_megabyte(columns):
    page = html(large(columns=columns))

    assert len(page.encode()) < 1_000_000
    assert f"{len(data_of(page)['rows'])} of 10,000" not in page or len(data_of(page)["rows"]) > 200


def test_the_scripts_are_small_and_ask_for_nothing():
    """With the sentences of the other languages, which are a quarter of it."""
    assert len(script().encode()) < 48_000
    assert len(live_script().encode()) < 75_000
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|\bfetch\(|import\(|eval\(|</script", live_script())
    assert "innerHTML" not in script()


def test_a_page_without_a_script_shows_the_drivers_how_they_act_and_one_row():
    page = body(NAMED)
    strongest, size = next(iter(NAMED.importance().items()))
    low, high = NAMED.intervals()[strongest]

    assert (
        f'wb-name">{strongest}</th> <td class="wb-num" title="{number(low)} to {number(high)}">{number(size)}<' in page
    )
    assert f"How {strongest} acts" in page
    assert "Which columns interact" in page
    assert page.count('class="wb-cloud"') == len(NAMED.features)


def test_the_first_row_is_the_worst_error_and_its_steps_lead_to_the_output():
    wrong = max(range(400), key=lambda i: abs((NAMED.truth[i] is True) - NAMED.predictions[i]))
    page = body(NAMED)
    steps = fall(NAMED, wrong, probabilities=True)

    assert f">Row {NAMED.positions[wrong]:,}<" in page
    assert percent(NAMED.predictions[wrong]) in page
    assert steps.steps[0].start == pytest.approx(steps.base)
    assert steps.steps[-1].end == pytest.approx(steps.output)
    assert all(signed(step.added) in page for step in steps.steps)
    assert any(text.endswith("%") for _, text in steps.above)


def test_a_row_carries_what_it_adds_up_to():
    data = data_of(body(NAMED))

    for _, _, _, _, _, _, output, carried, (others, rest), cells, *_ in data["rows"]:
        assert data["base"] + sum(carried[1::3]) + rest == pytest.approx(output, abs=2e-3)
        assert others == 0
        assert len(cells) == 2 * len(data["drawn"])
    assert len(data["rows"]) == data["total"], "all of a small explanation"


def test_a_sampled_value_has_its_interval():
    sampled = replace(NAMED, half_width=np.full(NAMED.values.shape, 0.125), method="sampled")
    page = body(sampled)

    assert "± 0.125" in page
    assert "Sampled" in page
    assert data_of(page)["sampled"]


def test_numbers_without_truth_or_threshold_have_a_page_too():
    bare = replace(NAMED, truth=None, predictions=None, threshold=None, label=None, unit="minutes")
    page = body(bare)

    assert "From low to high" in page
    assert "Worst errors" not in page
    assert ">Truth<" not in page
    assert "%" not in re.search(r'class="wb-axis wb-above".*?</div>', page, re.S)[0].replace("left:", "")


def test_nothing_explained_says_so_without_drawings():
    empty = replace(
        NAMED, values=np.zeros((0, len(NAMED.features))), outputs=[], columns=dict.fromkeys(NAMED.features, ()),
        positions=(), truth=(), predictions=np.zeros(0),
    )  # fmt: skip

    assert 'class="wb-drivers"' not in body(empty)


@pytest.mark.parametrize("kind", ["importance", "beeswarm", "dependence", "interactions", "waterfall"])
def test_each_figure_is_small_whatever_the_rows(kind):
    drawn = large().plot(kind)

    points = sum(len(trace.x) for trace in drawn.data)
    assert points <= 2_000
    assert "<img" not in json.dumps(examples.explanation(hostile=True).plot(kind).to_plotly_json(), default=str)


def test_a_dependence_is_coloured_by_the_column_that_is_named():
    drawn = NAMED.plot("dependence", "humid", by="temp")

    assert "temp" in drawn.layout.title.text
    with pytest.raises(ColumnNotFound, match="Did you mean 'humid'"):
        NAMED.plot("dependence", "humidd")
    with pytest.raises(BadParameter, match="Did you mean 'beeswarm'"):
        NAMED.plot("beswarm")


CELLS = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-1e9, 1e9) | TEXTS | st.dates().map(str)
EFFECTS = st.floats(-1e6, 1e6) | st.sampled_from([0.0, 0.0, 1e-9, 1e12])


@st.composite
def explanations(draw):
    """Of any rows: none, one, all the same, with gaps, names and values that nobody expects."""
    names = draw(st.lists(ANY.filter(len), min_size=1, max_size=5, unique=True))
    rows = draw(st.integers(0, 12))
    some = st.lists(CELLS, min_size=rows, max_size=rows)
    columns = {name: tuple(draw(some)) for name in names}
    values = draw(st.lists(st.lists(EFFECTS, min_size=len(names), max_size=len(names)), min_size=rows, max_size=rows))
    values = np.array(values, dtype=float).reshape(rows, len(names))
    label = draw(st.sampled_from([None, "Yes", True, examples.HOSTILE]))
    known = draw(st.booleans())
    truth = (1.0 if label is None else label, None)
    chances = np.linspace(0, 1, rows) if draw(st.booleans()) else None
    return Explanation(
        "r", tuple(names), values, draw(EFFECTS), values.sum(axis=1), draw(st.sampled_from(["log-odds", "€"])), label,
        0.0, "tree paths", columns, positions=tuple(range(rows)),
        truth=tuple(truth[i % 2] for i in range(rows)) if known else None, predictions=chances,
        threshold=draw(st.sampled_from([None, 0.5, 0.0, 1.0])) if label is not None else None,
        half_width=np.abs(values) / 3 if draw(st.booleans()) else None,
        interactions=np.ones((len(names), len(names))) if draw(st.booleans()) else None,
    )  # fmt: skip


@pytest.mark.slow
@settings(max_examples=40)
@given(explanations())
def test_any_explanation_has_a_page_and_figures(explanation):
    page = body(explanation)

    assert "<img" not in page
    assert "<script" not in page
    assert len(data_of(page)["rows"]) == len(explanation.values)
    if len(explanation.values):
        explanation.plot("beeswarm")
        explanation.plot("dependence")
        explanation.plot("interactions")


def named():
    """Rows with an id, of which every hundredth is markup."""
    hostile = examples.explanation(hostile=True, rows=3_000)
    ids = tuple(f"{examples.HOSTILE}{i}" if i % 100 == 0 else f"Nr-{i:04d}" for i in range(3_000))
    return replace(hostile, columns={**hostile.columns, "id": ids})


@pytest.fixture(scope="module")
def opened(_browser):
    """One page for all interactions: of an explanation of which it carries a part, with a hostile name."""
    page = _browser.new_page(viewport={"width": 1200, "height": 900})
    page.complaints = []
    page.on("pageerror", lambda error: page.complaints.append(str(error)))
    page.set_content("<!doctype html><title>x</title>" + html(named()))
    yield page
    page.close()


@pytest.fixture
def page(opened):
    yield opened
    assert opened.complaints == []
    assert opened.evaluate("window.XSS") is None


def current(page, table):
    return page.locator(f"{table} tr[aria-current=true] th").inner_text()


@pytest.mark.browser
def test_a_column_is_chosen_by_arrow_keys_and_shows_how_it_acts(page):
    names = page.locator(".wb-drivers tbody th").all_inner_texts()
    page.locator(".wb-drivers tbody button").first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")

    assert current(page, ".wb-drivers") == names[2]
    assert page.locator(".wb-cloud:visible h4").inner_text().startswith(f"How {names[2][:30]}")
    assert page.locator(".wb-cloud:visible").count() == 1


@pytest.mark.browser
def test_a_cell_of_the_matrix_shows_one_column_coloured_by_the_other(page):
    table = page.locator(".wb-pairs")
    table.locator("td[tabindex='0']").focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowRight")
    page.keyboard.press("Enter")
    chosen = table.locator("td[aria-selected=true]")
    column = chosen.locator("xpath=..").locator("th").get_attribute("title")

    assert current(page, ".wb-drivers")[:20] == column[:20]
    assert page.locator(".wb-cloud:visible select").input_value() == chosen.get_attribute("data-by")

    before = page.locator(".wb-cloud:visible .wb-cells").inner_html()
    page.locator(".wb-cloud:visible select").select_option(index=3)
    assert page.locator(".wb-cloud:visible .wb-cells").inner_html() != before
    assert table.locator("td[aria-selected=true]").count() <= 1


@pytest.mark.browser
def test_a_cell_of_a_column_leads_to_its_rows_and_a_row_to_its_steps(page):
    cloud = page.locator(".wb-cloud:visible svg")
    cloud.focus()
    for key in ("ArrowRight", "ArrowUp", "ArrowLeft"):
        page.keyboard.press(key)
    box = cloud.bounding_box()
    for x in np.linspace(0.3, 0.8, 12):
        cloud.click(position={"x": box["width"] * x, "y": box["height"] * 0.45})
        if page.locator(".wb-rows tbody tr").count():
            break
    told = page.locator(".wb-cloud:visible output").inner_text()

    assert page.locator(".wb-note-of-list").inner_text() == told
    assert page.locator(".wb-picks button[aria-pressed=true]").count() == 0
    row = page.locator(".wb-rows tbody th").first.inner_text()
    assert page.locator("[data-show=row]").inner_text() == f"Row {row}"


@pytest.mark.browser
def test_rows_are_gone_through_by_keys_and_their_steps_are_those_of_python(page):
    explanation = examples.explanation(hostile=True, rows=3_000)
    page.get_by_role("button", name="Nearest to the threshold").press("Enter")
    page.locator(".wb-rows tbody button").first.focus()
    for _ in range(3):
        page.keyboard.press("ArrowDown")
    at = int(page.locator("[data-show=row]").inner_text().split()[1].replace(",", ""))
    row = at - 100
    steps = fall(explanation, row, probabilities=True)

    assert current(page, ".wb-rows") == f"{at:,}"
    assert page.locator(".wb-step .wb-num").all_inner_texts() == [signed(s.added) for s in steps.steps]
    assert page.locator(".wb-above .wb-ticks span").all_inner_texts() == [text for _, text in steps.above]
    assert page.locator(".wb-below .wb-ticks span").all_inner_texts() == [text for _, text in steps.below]
    place = page.locator(".wb-step").nth(2).evaluate("one => parseFloat(one.style.getPropertyValue('--a'))")
    assert place == pytest.approx(min(steps.steps[2].start, steps.steps[2].end), abs=0.05)
    assert page.locator(".wb-strip .wb-me").count() == min(len(explanation.features), 20)


@pytest.mark.browser
def test_what_a_customer_could_be_told_is_said_in_two_languages(page):
    explanation = examples.explanation(hostile=True, rows=3_000)
    page.get_by_role("button", name="Worst errors").click()
    row = int(page.locator("[data-show=row]").inner_text().split()[1].replace(",", "")) - 100
    said = page.locator(".wb-told-so p")

    assert said.text_content() == explanation.sentence(row, "en")
    page.get_by_role("button", name="Deutsch").click()
    assert said.text_content() == explanation.sentence(row, "de")
    assert said.get_attribute("lang") == "de"
    page.get_by_role("button", name="English").click()


@pytest.mark.browser
def test_a_row_is_found_by_its_number_or_the_page_says_that_it_does_not_carry_it(page):
    field = page.get_by_role("spinbutton", name="Row")
    carried = page.evaluate("JSON.parse(document.querySelector('.wb-view').dataset.view).rows.map(row => row[1])")
    missing = next(at for at in range(100, 3_100) if at not in set(carried))

    field.fill(str(carried[-1]))
    field.press("Enter")
    assert page.locator("[data-show=row]").inner_text() == f"Row {carried[-1]:,}"
    field.fill(str(missing))
    field.press("Enter")
    assert (
        page.locator(".wb-note-of-list").inner_text().startswith(f"Row {missing:,} is not among the {len(carried):,}")
    )


@pytest.mark.browser
def test_a_row_is_found_by_its_id_among_those_that_the_page_carries(page):
    rows = data_of(html(named()))["rows"]
    carried = [row[10] for row in rows]
    search = page.get_by_role("searchbox", name="Find a row by id")
    plain = next(name for name in carried if name.startswith("Nr-"))

    search.fill(plain.lower())
    assert page.locator("[data-show=name]").inner_text() == plain
    search.fill("nr-1")
    held = [name for name in carried if name.startswith("Nr-1")]
    assert page.locator(".wb-rows tbody .wb-named").all_inner_texts() == held[:200]
    assert page.locator(".wb-note-of-list").inner_text() == f"{len(held):,} rows with nr-1"
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    assert page.locator("[data-show=name]").inner_text() == held[1]
    search.fill("nobody")
    assert page.locator(".wb-note-of-list").inner_text().endswith("has nobody.")
    search.fill("")
    assert page.locator(".wb-picks button[aria-pressed=true]").count() == 1


@pytest.mark.browser
@pytest.mark.parametrize("width", [400, 1200])
def test_nothing_is_wider_than_the_screen_and_every_chart_has_a_name_and_a_table(page, width):
    page.set_viewport_size({"width": width, "height": 900})

    wide = """width => [...document.querySelectorAll('.wb *')].filter(
      one => one.getBoundingClientRect().right > width && !one.closest('.wb-scroll')
    ).map(one => one.outerHTML.slice(0, 200))"""
    assert page.evaluate(wide, width) == []
    assert page.locator("svg:not([aria-label])").count() == 0
    assert page.locator(".wb-cloud").count() == page.locator(".wb-cloud table.wb-twin").count()
    assert page.locator("[aria-label=''], button:not([aria-label]):empty").count() == 0
