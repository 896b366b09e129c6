"""The profile's page: what it says, how large it is, and what a script adds to it."""

import re
from dataclasses import replace

import examples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.profile import Association, Histogram, Profile
from workbench.display import html
from workbench.display import profile_drawings as drawings
from workbench.display.profile import body, estimate, script

TARGETS = ("binary", "multiclass", "regression")


def size(columns, target):
    return len(html(examples.rich_profile(columns, target=target)).encode())


@pytest.mark.parametrize("target", TARGETS)
def test_twenty_columns_are_small_and_each_further_one_adds_little(target):
    small, large = size(20, target), size(500, target)

    assert small < 300_000
    assert (large - small) / 480 < 5_120


def test_the_size_does_not_grow_with_the_rows():
    profile = examples.rich_profile()
    more = replace(profile, rows=profile.rows * 1000)

    assert abs(len(html(more)) - len(html(profile))) < 100


def test_the_script_is_small_and_asks_for_nothing():
    assert len(script().encode()) < 40_000
    assert not re.search(r"https?://(?!www\.w3\.org/2000/svg)|\bfetch\(|import\(|eval\(|</script", script())


@given(st.floats(1, 1e12), st.floats(0.001, 0.5))
def test_an_estimate_says_its_error(value, share):
    assert re.fullmatch(r"≈ \S+ ± \S+", estimate(value, value * share))


def test_each_estimate_of_a_column_has_its_bound():
    page = body(examples.rich_profile(4))

    assert "≈ 12,431 ± 3.0%" in page, "distinct values"
    assert "each at most 420 rows too low" in page, "most frequent"
    assert "± 1.3%" in page, "ranks of quantiles"
    assert "± 0.013" in page, "associations"
    assert "≈ 12,430 ± 3.0%" in page, "duplicate rows"


def test_dates_say_their_longest_gap():
    assert "2013-02-16 to 2013-03-11, 23 days" in body(examples.rich_profile(6))


def test_gaps_and_values_that_go_together_are_told_apart():
    page = body(examples.rich_profile())
    gaps = page[page.index("Missing together: phi") : page.index("Associations: ")]

    assert "missing together" in gaps
    assert "Spearman" not in gaps


@pytest.mark.parametrize("profile", [
    Profile(0, (), examples.contract().only(())),
    replace(examples.rich_profile(3), associations=(), findings=(), duplicates=None, fingerprint="", created=""),
], ids=["no columns", "nothing known"])  # fmt: skip
def test_a_profile_that_knows_little_is_shown(profile):
    assert body(profile).count("<section") == 1


@given(st.lists(st.tuples(st.floats(1e-3, 1e6), st.floats(0, 1e9)), min_size=1, max_size=200))
def test_a_silhouette_fills_its_width_and_stays_in_its_height(bins):
    edges = [0.0]
    for width, _ in bins:
        edges.append(edges[-1] + width)
    drawn = drawings.silhouette(Histogram(tuple(edges), tuple(n for _, n in bins)))
    heights = [int(h) for h in re.findall(r"v-(\d+)", drawn)]

    assert len(heights) == len(bins)
    assert all(0 <= h <= drawings.HEIGHT for h in heights)
    assert [h > 0 for h in heights] == [n > 0 for _, n in bins]


def test_the_map_keeps_the_strongest_columns():
    pairs = [Association(f"a{i}", f"b{i}", "pearson", i / 100) for i in range(100)]
    kept = drawings.most_connected(pairs)

    assert len(kept) == drawings.MOST_ON_MAP
    assert {"a99", "b99"} <= set(kept)


@pytest.fixture
def opened(chromium, tmp_path):
    """A function that opens profiles, one below the other, in a browser alone."""
    contexts = []

    def show(*profiles, **options):
        context = chromium.new_context(**options)
        contexts.append(context)
        page = context.new_page()
        page.complaints, page.asked = [], []
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.on("request", lambda r: page.asked.append(r.url))
        file = tmp_path / "page.html"
        views = "".join(html(p) for p in profiles)
        head = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Profile</title>'
        file.write_text(f"{head}<main><h1>Profiles</h1>{views}</main></html>", encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()


def names(page):
    return page.locator(".wb-row:visible .wb-name").all_inner_texts()


@pytest.mark.browser
def test_search_kind_and_findings_narrow_the_columns_and_say_how_many(opened):
    page = opened(examples.rich_profile())
    count = page.locator(".wb-tools output").first

    page.get_by_role("searchbox", name="Search columns").fill("FARE")
    assert names(page) == ["fare_0", "fare_6", "fare_12", "fare_18"]
    assert count.inner_text() == "4 of 20 columns"
    assert count.get_attribute("aria-live") == "polite"

    page.get_by_role("searchbox", name="Search columns").fill("e-mail")
    assert names(page) == ["remark_3"]
    page.get_by_role("searchbox", name="Search columns").fill("")
    page.get_by_label("Kind").select_option("datetime")
    page.get_by_label("With findings").check()
    assert names(page) == ["booked_4", "booked_10", "booked_16"]
    assert page.complaints == []


@pytest.mark.browser
def test_a_head_sorts_down_up_and_back(opened):
    profile = examples.rich_profile()
    page = opened(profile)
    by_target = [c.name for c in sorted(profile.columns[:-1], key=lambda c: -c.target)]
    button = page.get_by_role("button", name="With target")

    button.click()
    assert names(page) == [*by_target, "late"]
    assert page.locator("th[aria-sort=descending]").count() == 1
    button.click()
    assert names(page) == [*by_target[::-1], "late"], "what is not known stays last"
    button.click()
    assert names(page) == [c.name for c in profile.columns]
    assert page.locator("th[aria-sort]").count() == 0


@pytest.mark.browser
def test_keys_open_a_column_and_read_its_histogram(opened):
    page = opened(examples.rich_profile())

    page.locator(".wb-open > summary").first.focus()
    page.keyboard.press("End")
    page.keyboard.press("Home")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    assert page.locator(".wb-detail:visible").count() == 1
    assert "Excess kurtosis" in page.locator(".wb-detail:visible").inner_text()

    page.keyboard.press("Tab")
    slider = page.get_by_role("slider")
    assert slider.evaluate("s => s === document.activeElement")
    page.keyboard.press("End")
    assert slider.get_attribute("aria-valuetext").startswith("22,900 to 24,106:")
    page.keyboard.press("Shift+ArrowLeft")
    code = page.locator(".wb-plot pre").inner_text()
    assert code.startswith('data = data.take(data.table["stops_1"].between(')


@pytest.mark.browser
def test_a_cure_is_copied_and_a_finding_leads_to_its_column(opened):
    page = opened(examples.rich_profile(), permissions=["clipboard-read", "clipboard-write"])
    first = page.locator(".wb-findings > li").first

    first.get_by_role("button", name="Copy").click()
    page.wait_for_function("navigator.clipboard.readText().then(t => t === 'data = data.known_after(\"fare_0\")')")
    first.get_by_role("button", name="fare_0").click()
    assert page.locator(".wb-detail:visible").count() == 1


@pytest.mark.browser
def test_whoever_takes_a_cure_gets_its_code(opened):
    page = opened(examples.rich_profile())
    take = "e => { window.taken = e.detail.code; e.preventDefault(); }"
    page.evaluate(f"document.addEventListener('workbench:insert-code', {take})")

    page.get_by_role("button", name="Accept").first.click()

    assert page.evaluate("window.taken") == 'data = data.known_after("fare_0")'


@pytest.mark.browser
def test_two_views_of_one_profile_work_each_for_itself(opened):
    page = opened(examples.rich_profile(), examples.rich_profile())

    page.locator(".wb-profile").nth(1).get_by_role("searchbox", name="Search columns").fill("fare")

    assert page.locator(".wb-profile").nth(0).locator(".wb-row:visible").count() == 20
    assert page.locator(".wb-profile").nth(1).locator(".wb-row:visible").count() == 4
    assert page.locator(".wb-profile").nth(1).locator("> .wb-body > .wb-tools").count() == 1


@pytest.mark.browser
def test_without_a_script_columns_open_and_everything_is_read(opened):
    page = opened(examples.rich_profile(), java_script_enabled=False)

    page.locator(".wb-open > summary").nth(4).click()

    assert page.locator(".wb-detail:visible").count() == 1
    assert "Longest gap" in page.locator(".wb-detail:visible").inner_text()
    assert page.locator(".wb-tools").count() == 0


@pytest.mark.browser
@pytest.mark.parametrize("target", TARGETS)
def test_no_script_of_the_data_runs_and_nothing_is_fetched(opened, target):
    """Hostile names, values, findings and classes, with everything opened, searched, copied and marked."""
    page = opened(examples.rich_profile(hostile=True, target=target))

    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.get_by_role("searchbox", name="Search columns").fill("<img")
    page.locator(".wb-findings button").first.click()
    page.get_by_role("slider").first.focus()
    page.keyboard.press("Shift+ArrowRight")

    assert page.evaluate("window.XSS") is None
    assert page.locator("img").count() == 0
    assert "<img src=x" in page.locator(".wb-plot pre").first.inner_text()
    assert [url for url in page.asked if not url.startswith("file:")] == []
    assert page.complaints == []


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_serious(opened, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(examples.rich_profile(7, target="multiclass"), color_scheme=scheme)
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.get_by_role("slider").first.focus()
    found = Axe().run(page).response["violations"]

    assert [(v["id"], v["nodes"][0]["html"]) for v in found if v["impact"] in ("serious", "critical")] == []


@pytest.mark.browser
def test_colours_follow_jupyterlab_rather_than_the_system(opened):
    page = opened(examples.rich_profile(3), color_scheme="light")
    background = "getComputedStyle(document.querySelector('.wb-profile')).backgroundColor"
    assert page.evaluate(background) == "rgb(255, 255, 255)"

    page.evaluate("document.body.dataset.jpThemeLight = 'false'")

    assert page.evaluate(background) == "rgb(20, 23, 28)"


@pytest.mark.browser
@pytest.mark.parametrize("width", [700, 1200])
def test_nothing_sticks_out_of_the_page(opened, width):
    """A long cure scrolls inside its own frame."""
    profile = examples.rich_profile(7)
    long = replace(profile.findings[0], cure=f"data = data.without({'x' * 300!r})")
    page = opened(replace(profile, findings=(long, *profile.findings[1:])), viewport={"width": width, "height": 800})

    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert page.evaluate("document.documentElement.scrollWidth") <= width


def test_code_that_changes_nothing_is_called_a_look():
    """What is accepted deals with the finding; what only looks says so before it is taken."""
    profile = examples.rich_profile(3)
    look = replace(profile.findings[0], cure="data.table['x'].sort_values().tail(20)")
    cure = replace(profile.findings[0], cure="data = data.without('x')")
    page = html(replace(profile, findings=(look, cure)))

    assert page.count('<div class="wb-cure" data-looks="1"><pre tabindex="0" aria-label="Code that looks at it">') == 1
    assert page.count('<div class="wb-cure"><pre tabindex="0" aria-label="Cure as code">') == 1
