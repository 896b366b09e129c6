"""The explanation's page in other languages: every sentence has its own there, and the data stays as it is."""

import base64
import json
import re
from dataclasses import replace
from pathlib import Path

import examples
import languages
import numpy as np
import pytest

from workbench.core.cohorts import Cohorts, CohortValue
from workbench.core.effect import Effect, JointEffect
from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK
from workbench.core.pair_effects import PairEffects
from workbench.core.path import Condition, DecisionPath
from workbench.core.surrogate import Surrogate
from workbench.core.wording import Ours
from workbench.display import explanation as page
from workbench.display import explanation_panels as panels
from workbench.display import html, language
from workbench.display.rendering import number
from workbench.widgets.explanation import PANELS

FOLDER = Path(page.__file__).parent
LIVE = page.live_script()
FUNCTIONS = LIVE.split("\n", 1)[1]
SOURCES = [
    FOLDER / name
    for name in (
        "explanation.py", "explanation_drawings.py", "explanation_panels.py", "heat_drawings.py",
        "templates/explanation.html.j2", "templates/explanation_panel.html.j2",
    )
]  # fmt: skip


@pytest.fixture(params=["de"])
def catalogue(request):
    return language.catalogues("explanation", "explanation_live")[request.param]


def heads():
    """Words that panels put over their tables, and where a column's way is said."""
    source = (FOLDER / "explanation_panels.py").read_text(encoding="utf-8")
    called = re.findall(r"_heads\(([^)]*)\)", source)
    given = {text.rstrip(">") for call in called for text in re.findall(r'"([^"]*)"', call)}
    return (given - {""}) | {title for title, *_ in PANELS.values()}


def test_every_sentence_of_the_scripts_and_of_python_is_translated(catalogue):
    said = languages.in_modules(*(source.read_text(encoding="utf-8") for source in SOURCES))
    assigned = re.findall(r'sentence = (?:\(\s*)?"([^"]+)"', SOURCES[2].read_text(encoding="utf-8"))

    assert len(languages.in_script(FUNCTIONS)) >= 60
    assert len(said) >= 30
    assert (languages.in_script(FUNCTIONS) | said | set(assigned) | heads()) - set(catalogue) == set()


def test_no_sentence_of_the_scripts_escapes_the_catalogue():
    assert re.findall(languages.SEEN, FUNCTIONS) == []


def test_a_translation_has_the_same_values(catalogue):
    for sentence, translation in catalogue.items():
        assert translation, sentence
        assert languages.PLACE.findall(translation) == languages.PLACE.findall(sentence), sentence


def test_the_static_page_carries_no_sentence_that_only_a_kernel_says():
    static = language.catalogues("explanation")["de"]

    assert languages.in_script(page.script().split("\n", 1)[1]) <= set(static)
    assert "Find the smallest changes" not in static


def test_a_catalogue_is_sorted_and_holds_no_markup():
    for file in sorted((FOLDER / "static").glob("*.json")):
        held = json.loads(file.read_text(encoding="utf-8"))
        assert list(held) == sorted(held), file.name
        assert "<" not in json.dumps(held), file.name


def test_a_sentence_keeps_hostile_values_as_text_and_as_data():
    said = language.said("How %1 acts", '"><img src=x>')

    assert "<img" not in said
    assert "How &#34;&gt;&lt;img src=x&gt; acts" in said


# --- a page in a browser ------------------------------------------------------------------------------------------


def explained(**changes):
    """Columns of each kind, gaps, flags, many categories, an id; names and values that need no translation."""
    made = np.random.default_rng(5)
    rows = 300
    columns = {
        "zahl": made.normal(50, 9, rows).round(1).tolist(),
        "tag": [f"2024-{1 + i % 12:02d}-{1 + i % 28:02d}" for i in range(rows)],
        "ja": made.choice([True, False], rows).tolist(),
        "ort": made.choice([f"o{k}" for k in range(30)], rows).tolist(),
        "geheim": [MASK] * rows,
        **{f"sp{k}": made.normal(size=rows).round(2).tolist() for k in range(18)},
    }
    for name in ("zahl", "ort"):
        columns[name] = [None if i % 9 == 0 else v for i, v in enumerate(columns[name])]
    values = made.normal(size=(rows, len(columns))) / np.arange(1, len(columns) + 1)
    values[:, 0] += np.where(np.array(columns["ja"]), 1.0, -1.0) * made.normal(size=rows)
    outputs = values.sum(axis=1) - 0.2
    chances = 1 / (1 + np.exp(-outputs))
    made_up = Explanation(
        "r", tuple(columns), values, -0.2, outputs, "log-odds", "J", 2e-15, "tree paths",
        {**{k: tuple(v) for k, v in columns.items()}, "nr": tuple(f"N{i:04d}" for i in range(rows))},
        positions=tuple(range(2_000, 2_000 + rows)), predictions=chances, threshold=0.5, target="ziel",
        truth=tuple(np.where(made.random(rows) < chances, "J", "N").tolist()),
    )  # fmt: skip
    return replace(made_up, **changes)


PAGES = {
    "two classes": explained(),
    "several classes, sampled": explained(
        half_width=np.full((300, 23), 0.2), method="sampled", others=(explained(label="N"),), threshold=None
    ),
    "a number, exact interactions": explained(
        label=None, unit="km", predictions=None, truth=None, threshold=None, interactions=np.eye(23) + 0.1
    ),
    "nothing acts": explained(values=np.zeros((300, 23)), outputs=np.full(300, -0.2)),
}


@pytest.fixture
def opened(chromium):
    """A function that opens a page in a browser of a language."""
    contexts = []

    def show(body, locale="de-DE", **options):
        contexts.append(chromium.new_context(locale=locale, **options))
        one = contexts[-1].new_page()
        one.complaints = []
        one.on("pageerror", lambda error: one.complaints.append(str(error)))
        one.set_content(f"<!doctype html><meta charset=utf-8><title>x</title><main>{body}</main>")
        return one

    yield show
    for context in contexts:
        context.close()


def left_in_english(english, german, of_the_data):
    same = {e for e, g in zip(english, german, strict=True) if e == g and re.search(r"[A-Za-z]{2}", e)}
    return same - of_the_data


def of_the_data(explanation):
    values = {str(v) for column in explanation.columns.values() for v in column}
    alike = {"linear", "English", "Deutsch", "N", "J", "km", "ALE", "PDP", "Wert", "km "}
    return set(explanation.columns) | values | alike


def used(one):
    """All texts of a page after a cell was read, rows were sought and others were chosen."""
    one.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    texts = one.evaluate(languages.TEXTS)
    cloud = one.locator(".wb-cloud:visible svg")
    if cloud.count():
        cloud.focus()
        one.keyboard.press("ArrowRight")
        one.keyboard.press("Enter")
    for wanted in ("N00", "nobody"):
        one.locator("input[type=search]").fill(wanted)
        texts += one.evaluate(languages.TEXTS)
    one.locator(".wb-picks input[type=number]").fill("7")
    one.keyboard.press("Enter")
    assert one.complaints == []
    return texts + one.evaluate(languages.TEXTS)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("shown", PAGES.values(), ids=PAGES)
def test_no_english_is_left_on_a_german_page(opened, shown):
    body = html(shown)
    english, german = (used(opened(body, locale)) for locale in ("en-US", "de-DE"))

    assert left_in_english(english, german, of_the_data(shown)) == set()


def drawn_panels():
    """Each panel with all that it may say."""
    grid, up = np.linspace(0, 1, 5), np.array([0.1, 0.2, 0.25, 0.4, 0.7])
    ends = (up - 0.05, up + 0.05)
    rest = ("r", "zahl", "number", tuple(grid.tolist()), up, *ends, np.array([up, up + 0.1]), np.arange(2), up, *ends)
    effect = Effect(*rest, np.ones(4, int), 0.3, 1_200, 1_200, "J", "probability", 0.95)
    days = replace(effect, kind="date", grid=tuple(f"2024-0{k}-01T00:00:00" for k in range(1, 6)), missing=None)
    kinds = replace(effect, column="ja", kind="category", grid=(True, False, None, "o1", "o2"), label=None, unit="km")
    counts = np.array([[3, 0, 1_200]])
    joint = JointEffect(
        "r", ("ja", "zahl"), ("category", "number"), ((True,), (0.5, 1.0, 2.0)), up[None, :3], up[None, :3] - 0.2,
        counts, 0.031, 1_300, "J", "probability",
    )  # fmt: skip
    pairs = PairEffects(
        "r", ("zahl", "ort"), np.array([[0, 0.2], [0.2, 0]]), np.eye(2) * 0.1, 1_100, "J", "probability"
    )
    shown = explained()
    other = replace(shown, values=shown.values[:, ::-1] * 1.5, outputs=(shown.values * 1.5).sum(axis=1) - 0.2)
    value = CohortValue(Ours("below 28"), "zahl", 1_400, 0.5, 0.4, 0.6, 0.7, 0.6, 0.8, -0.2, 1e-9)
    groups = Cohorts("ort", {"o1": 1_400, "o2": 30}, (value,) * 30, "log-odds", 0.95, 1_005)
    asked = [
        ("zahl", "", 1.5, 2.0, None, False), ("zahl", "", None, 2.0, None, True), ("zahl", "", 1.5, None, None, False),
        ("tag", "weekday", 1.0, 3.0, None, False), ("ort", "", None, None, ("o1", "o2"), True),
        ("ort", "", None, None, ("o1",), False), ("ort", "", None, None, (), True),
    ]  # fmt: skip
    path = DecisionPath("r", tuple(Condition(*one, 1_003, "o1") for one in asked), ("ort",), (), 100, 1_200, "J")
    line = Surrogate("r", {"zahl": 1.5}, "J", "probability", {"zahl": 0.25}, 0.1, 0.35, 0.4, 0.9, 2.0, 4_000)
    return "".join(
        [
            *(panels.effect(one) for one in (effect, days, kinds)),
            panels.joint(joint), panels.pairs(pairs), panels.beside(shown, other, 3, 3),
            *(panels.comparison(shown.compare(other, by=by)) for by in ("zahl", "ort")),
            *(panels.neighbours(one, 4, one.nearest(4)) for one in (shown, replace(shown, truth=None))),
            *(panels.cohorts(one) for one in (groups, shown.cohorts("zahl"))), panels.path(path),
            panels.surrogate(line),
        ]
    )  # fmt: skip


@pytest.mark.slow
@pytest.mark.browser
def test_no_english_is_left_in_german_panels(opened):
    """The panels as a kernel sends them, put into a page by the widget's own functions."""
    body = f'<div class="wb wb-explanation"><div class="wb-panel">{drawn_panels()}</div></div>'
    texts = []
    for locale in ("en-US", "de-DE"):
        one = opened(body, locale)
        module = base64.b64encode(f"{LIVE}\nexport {{ translate, LABELS, addHeatReading }};".encode()).decode()
        one.evaluate(
            """async source => {
              const { translate, LABELS, addHeatReading } = await import(`data:text/javascript;base64,${source}`);
              const panel = document.querySelector('.wb-panel');
              translate(panel, LABELS);
              panel.querySelectorAll('.wb-findings').forEach(one => (one.lang = 'en'));
              panel.querySelectorAll('.wb-heatmap').forEach(addHeatReading);
            }""",
            module,
        )
        one.locator(".wb-heatmap").first.focus()
        one.keyboard.press("ArrowRight")
        texts.append(one.evaluate(languages.TEXTS))
        assert one.complaints == []

    assert left_in_english(*texts, of_the_data(explained())) == set()
    assert "01.01.2024" in texts[1]


@pytest.mark.slow
@pytest.mark.browser
def test_a_german_page_has_german_numbers_and_dates_and_names_stay(opened):
    """A column and its values that read like labels are no labels."""
    shown = explained()
    names = {"zahl": "Column", "ort": "missing"}
    columns = {names.get(name, name): values for name, values in shown.columns.items()}
    shown = replace(shown, features=tuple(names.get(name, name) for name in shown.features), columns=columns)
    one = opened(html(shown))

    assert one.locator(".wb").get_attribute("lang") == "de"
    assert {"Column", "missing"} <= set(one.locator(".wb-drivers tbody th").all_inner_texts())
    assert re.fullmatch(r"2\.\d{3}", one.locator(".wb-rows tbody th").first.inner_text())
    assert re.fullmatch(r"Zeile 2\.\d{3}", one.locator("[data-show=row]").inner_text())
    sizes = one.locator(".wb-drivers td.wb-num").all_inner_texts()
    assert sizes == [number(size).replace(".", ",") for size in list(shown.importance().values())[:20]]
    one.locator(".wb-drivers tbody button", has_text="tag").click()
    one.locator(".wb-cloud:visible summary").click()
    ranges = one.locator(".wb-cloud:visible .wb-twin tbody th").all_inner_texts()
    assert ranges
    assert all(re.fullmatch(r"\d\d\.\d\d\.2024 bis \d\d\.\d\d\.2024", told) for told in ranges)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_german_page_is_readable_and_hostile_texts_do_nothing(opened, scheme):
    from axe_playwright_python.sync_playwright import Axe

    one = opened(html(examples.explanation(hostile=True, rows=300)), color_scheme=scheme)
    one.add_style_tag(content="body { background: Canvas; color-scheme: light dark; }")
    one.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")

    assert one.evaluate("window.XSS") is None
    found = Axe().run(one).response["violations"]
    serious = [v for v in found if v["impact"] in ("serious", "critical") and v["id"] != "html-has-lang"]
    assert [(v["id"], [n["target"] for n in v["nodes"]][:3]) for v in serious] == []
    assert one.complaints == []
