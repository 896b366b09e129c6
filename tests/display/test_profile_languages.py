"""The profile's page in other languages: every sentence has its own there, and the data stays as it is."""

import inspect
import json
import re
from dataclasses import replace
from pathlib import Path
from typing import get_args

import examples
import pytest

from workbench.core.contract import Kind, Role, Task
from workbench.core.finding import Severity
from workbench.core.profile import Association, Profile, TargetView
from workbench.display import html
from workbench.display import profile as profile_page
from workbench.display.profile import MEASURES, _facts, catalogues, script
from workbench.reading import meanings
from workbench.widgets import profile as profile_view

FUNCTIONS = script().split("\n", 1)[1]
TEXT = r"'((?:[^'\\]|\\.)*)'"
PLACE = re.compile(r"[#%]\d")
# Texts of a page and what names its parts, in the order of the page; the script's own style aside.
TEXTS = """() => {
  const walker = document.createTreeWalker(document.querySelector('.wb-profile'), NodeFilter.SHOW_TEXT);
  const texts = [];
  while (walker.nextNode()) {
    if (!walker.currentNode.parentElement.closest('style, pre, code')) texts.push(walker.currentNode.data.trim());
  }
  for (const name of ['aria-label', 'aria-valuetext', 'placeholder', 'title']) {
    document.querySelectorAll(`.wb-profile [${name}]`).forEach(one => texts.push(one.getAttribute(name)));
  }
  return texts;
}"""


@pytest.fixture(params=sorted(catalogues()))
def catalogue(request):
    return catalogues()[request.param]


def in_the_script():
    return set(re.findall(rf"\bsay\((?:value \|\| )?{TEXT}", FUNCTIONS))


def words_of_the_core():
    """Every kind, role, task, severity, measure and meaning that a page may name."""
    columns = [c for i in (6, 20) for c in examples.rich_profile(i).columns]
    meant = [*(m for m, *_ in meanings._TESTS), *(m for _, m, _ in meanings._BY_NAME), "texts with e-mail addresses"]
    facts = [name for c in columns for name, _ in _facts(c) if not name.endswith("%")]
    roles = [role.replace("_", " ") for role in get_args(Role) if role != "feature"]
    return {*get_args(Kind), *roles, *get_args(Task), *get_args(Severity), *MEASURES.values(), *meant, *facts}


def test_german_is_there():
    assert "de" in catalogues()


def test_every_sentence_of_the_script_is_translated(catalogue):
    assert len(in_the_script()) >= 20
    assert in_the_script() - set(catalogue) == set()


def test_no_sentence_of_the_script_escapes_the_catalogue():
    """What a person sees or hears of is set by these names; each takes its text from `say`, a value or the page."""
    names = r"(?:(?:textContent|placeholder|title|innerText)(?::| =) |'aria-(?:label|valuetext)', |make\([^)]*\}, )"
    seen = rf"{names}['`](?!data = )[A-Za-z]"  # a marked range becomes code

    assert re.findall(seen, FUNCTIONS) == []


def test_every_word_that_a_page_may_name_is_translated(catalogue):
    assert words_of_the_core() - set(catalogue) == set()


def test_a_translation_has_the_same_values_in_the_same_order(catalogue):
    """The order stays, because a name may hold the words between two values."""
    for sentence, translation in catalogue.items():
        assert translation, sentence
        assert PLACE.findall(translation) == PLACE.findall(sentence), sentence


def test_every_word_of_a_catalogue_is_one_of_the_page(catalogue):
    """A sentence that the page has no more is taken out of the catalogues."""
    folder = Path(profile_page.__file__).parent
    files = ("profile.py", "profile_drawings.py", "templates/profile.html.j2", "templates/_parts.html.j2")
    sources = [(folder / file).read_text(encoding="utf-8") for file in files]
    sources += [FUNCTIONS, Path(profile_view.__file__).read_text(encoding="utf-8"), inspect.getsource(Profile.headline)]
    known = set(re.findall(r"\w+", " ".join([*sources, *words_of_the_core()])))

    used = {word.removesuffix("s") for word in known} | known
    assert [s for s in catalogue if not set(re.findall(r"\b[A-Za-z]\w+", s)) <= used | {w + "s" for w in used}] == []


def test_kinds_are_counted_in_every_language(catalogue):
    assert {f"#1 {kind}" for kind in get_args(Kind)} <= set(catalogue)


@pytest.fixture
def opened(chromium, tmp_path):
    """A function that opens a profile in a browser of a language, in a page that says one, in JupyterLab or not."""
    contexts = []

    def show(profile, locale="de-DE", lang="", lab=False, **options):
        contexts.append(chromium.new_context(locale=locale, **options))
        page = contexts[-1].new_page()
        page.complaints = []
        page.on("pageerror", lambda e: page.complaints.append(str(e)))
        page.on("console", lambda m: page.complaints.append(m.text) if m.type == "error" else None)
        head = f'<!doctype html><html{f" lang={lang!r}" if lang else ""}><meta charset="utf-8"><title>Profile</title>'
        config = '<script id="jupyter-config-data" type="application/json">{}</script>' if lab else ""
        file = tmp_path / "page.html"
        file.write_text(f"{head}{config}<main>{html(profile)}</main></html>", encoding="utf-8")
        page.goto(file.as_uri())
        return page

    yield show
    for context in contexts:
        context.close()


def said(page):
    """All texts of a page with everything opened and a bin read."""
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.locator("svg[role=slider]").first.wait_for()
    page.locator("svg[role=slider]").first.focus()
    page.keyboard.press("ArrowRight")
    return page.evaluate(TEXTS)


def of_the_data(profile):
    """Texts that no language changes: names, values, classes, findings, where the table came from."""
    views = [c.by_target for c in profile.columns if c.by_target]
    values = {v for c in profile.columns for v, _ in c.top} | {k for v in views for k in v.classes}
    levels = {part for c in profile.columns if c.by_target and not c.histogram for part in c.by_target.parts[:-1]}
    return (
        {c.name for c in profile.columns} | values | levels | {f.message for f in profile.findings} | {profile.source}
    )


def little_known():
    """Many findings, gaps that don't come together, one pair, and rows that were not counted."""
    profile = examples.rich_profile(24)
    pair = Association(profile.columns[0].name, profile.columns[1].name, "spearman", 0.5)
    return replace(profile, findings=profile.findings * 5, associations=(pair,), duplicates=None)


def wide():
    profile = examples.rich_profile(140)
    texts = [replace(c, missing=c.missing or 9, top=(), by_target=None, mean_length=None) for c in profile.columns]
    pairs = tuple(Association(texts[i].name, texts[i + 1].name, "spearman", 0.5, 0.1) for i in range(130)) * 2
    return replace(profile, columns=tuple(texts), associations=pairs, findings=profile.findings[:1])


PAGES = {
    **{target: examples.rich_profile(24, target=target) for target in ("binary", "multiclass", "regression")},
    "little known": little_known(),
    "wide": wide(),
}


@pytest.mark.browser
@pytest.mark.parametrize("profile", PAGES.values(), ids=PAGES)
def test_no_english_is_left_on_a_german_page(opened, profile):
    english, german = said(opened(profile, "en-US")), said(opened(profile))
    same = {e for e, g in zip(english, german, strict=True) if e == g and re.search(r"[A-Za-z]{2}", e)}

    alike = {"Pearson", "Spearman", "Median", "Regression", "regression", "Text"}
    drawn = {e for e in same if re.fullmatch(r"\S+ · \S+: -?\d\.\d\d", e)}  # a pair on the map
    assert same - drawn - alike - of_the_data(profile) == set()


@pytest.mark.browser
def test_a_german_page_has_german_numbers_and_dates(opened):
    page = opened(replace(examples.rich_profile(8), duplicates=12_430))

    assert page.locator("h3").inner_text() == "5.250.000 Zeilen, 8 Spalten, 3 Befunde zu prüfen"
    assert page.locator(".wb-row").nth(1).locator(".wb-range").inner_text() == "−12,5 … 24.106"
    assert page.locator(".wb-foot time").inner_text() == "21.11.2026, 02:10 UTC"
    assert page.locator(".wb-profile").get_attribute("lang") == "de"
    said(page)
    assert page.locator(".wb-plot output").first.inner_text() == "2411 bis 4821: 286 Zeilen, 0,2%"


@pytest.mark.browser
def test_a_german_page_is_searched_in_both_languages_and_counts(opened):
    page = opened(examples.rich_profile())
    search = page.get_by_role("searchbox", name="Spalten suchen")

    for word in ("Zeitpunkt", "datetime"):
        search.fill(word)
        assert page.locator(".wb-row:visible").count() == 3
    assert page.locator(".wb-tools output").first.inner_text() == "3 von 20 Spalten"
    page.get_by_role("button", name="Mit Ziel").click()
    page.get_by_role("button", name="Kopieren").first.click()
    page.get_by_role("button", name="Kopiert").first.wait_for()
    assert page.complaints == []


LANGUAGES = [
    ("de-DE", "", False, "de"),
    ("de-AT", "en", False, "de"),  # an exported notebook says "en" whatever is in it
    ("en-US", "de", False, "de"),
    ("en-US", "", False, ""),
    ("fr-FR", "en", False, ""),
    ("de-DE", "en", True, ""),  # somebody chose English in JupyterLab
    ("en-US", "de-DE", True, "de"),
    ("de-DE", "", True, "de"),  # Voila has the data of JupyterLab and says nothing of a language
]


@pytest.mark.browser
@pytest.mark.parametrize(("browser", "page", "lab", "expected"), LANGUAGES)
def test_jupyterlab_says_the_language_else_the_page_or_the_browser(opened, browser, page, lab, expected):
    shown = opened(examples.rich_profile(3), browser, page, lab)

    assert shown.locator(".wb-profile").get_attribute("lang") == (expected or None)
    assert shown.locator(".wb-noun").inner_text().lower() == ("profil" if expected else "profile")


@pytest.mark.browser
def test_names_and_values_that_read_like_labels_stay(opened):
    """A column, a class and categories that are called as the page calls its parts."""
    profile = examples.rich_profile(8)
    words = ("Columns", "missing", "1 to 3", "1.5", "constructor", "$&")
    view = TargetView(words, (9,) * 6, ("number", "none"), ((0.5, 0.5),) * 6)
    odd = replace(profile.columns[2], name="Rows", top=tuple((w, 9) for w in words), by_target=view)
    page = opened(replace(profile, columns=(*profile.columns[:2], odd, *profile.columns[3:])))

    page.locator(".wb-open > summary").nth(2).click()
    detail = page.locator(".wb-detail:visible")
    assert page.locator(".wb-row .wb-name").nth(2).inner_text() == "Rows"
    assert page.locator(".wb-row").nth(2).locator(".wb-range").inner_text() == "Columns"
    assert detail.locator(".wb-tops th").all_inner_texts() == list(words)
    assert detail.locator(".wb-by tbody th").all_inner_texts() == list(words)
    assert detail.locator(".wb-by caption").inner_text() == "Anteil von late = none"


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_hostile_texts_do_nothing_on_a_german_page(opened, scheme):
    from axe_playwright_python.sync_playwright import Axe

    page = opened(examples.rich_profile(12, hostile=True, target="multiclass"), lang="de", color_scheme=scheme)

    said(page)
    assert page.evaluate("window.XSS") is None
    assert page.locator("img").count() == 0
    assert page.complaints == []
    found = Axe().run(page).response["violations"]
    assert [v["id"] for v in found if v["impact"] in ("serious", "critical") and v["id"] != "html-has-lang"] == []


@pytest.mark.browser
def test_without_a_script_a_german_reader_has_the_whole_page_in_english(opened):
    page = opened(examples.rich_profile(), java_script_enabled=False)

    assert page.locator(".wb-row").count() == 20
    assert page.locator(".wb-noun").inner_text() == "PROFILE"


def test_a_catalogue_is_sorted_and_holds_no_markup():
    for language in catalogues().values():
        assert list(language) == sorted(language)
        assert "<" not in json.dumps(language)
