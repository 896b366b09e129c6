"""What a notebook shows of each result."""

import json
import locale
import re
from html.parser import HTMLParser

import examples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.apps import model
from workbench.apps.stored import Stored
from workbench.core.result import MIME
from workbench.display import explanation, html, job_comparison, profile, reasons, run
from workbench.display.rendering import moment
from workbench.errors import BadParameter

NOUNS = {result.noun: result for result in examples.every()}
HOSTILE = {result.noun: result for result in examples.every(hostile=True)}
# Shows pictures that a notebook has drawn, each whole inside the page: in an img nothing of a drawing runs.
PICTURED = {"job_comparison"}
VOID = {"img", "br", "hr", "input", "meta", "link"}


class Tags(HTMLParser):
    """Elements and attributes of a fragment, and whether each element is closed."""

    def __init__(self, text):
        super().__init__()
        self.open, self.names, self.attributes = [], set(), []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.names.add(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.names.add(tag)
        self.attributes += attrs

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


def without_our_script(text):
    """The page without the one script that some nouns have, which is the file's text to the letter."""
    for script in (profile.script(), run.script(), explanation.script(), job_comparison.script()):
        before, ours, after = text.partition(script)
        if ours:
            return f"{before.removesuffix('<script>(() => { ')}{after.partition('</script>')[2]}"
    return text


@pytest.mark.parametrize("noun", NOUNS)
def test_a_fragment_is_whole_and_brings_everything(noun):
    """Each element is closed, nothing is fetched, no script runs."""
    text = without_our_script(html(NOUNS[noun]))
    tags = Tags(text)

    assert tags.open == []
    assert not tags.names & {"script", "link", "iframe", *(() if noun in PICTURED else ("img",))}
    assert not [name for name, _ in tags.attributes if name == "srcset" or name.startswith("on")]
    assert not [value for name, value in tags.attributes if name == "src" and not value.startswith("data:image/")]
    assert "url(" not in text
    assert "@import" not in text


@pytest.mark.parametrize("noun", HOSTILE)
def test_texts_of_the_data_open_no_element(noun):
    """A name that closes tags and starts scripts leaves the same kinds of elements as a tame one."""
    tags = Tags(without_our_script(html(HOSTILE[noun])))

    assert tags.open == []
    assert not tags.names & {"script", *(() if noun in PICTURED else ("img",))}
    assert not [value for name, value in tags.attributes if name == "src" and not value.startswith("data:image/")]
    assert not [name for name, _ in tags.attributes if name.startswith("on")]


@pytest.mark.parametrize("noun", HOSTILE)
def test_texts_of_the_data_are_no_templates(noun):
    text = html(HOSTILE[noun])

    assert "{{ 7*7 }}" in text or "{{ 7" in text or noun == "dataset"
    assert ">49<" not in text


@pytest.mark.parametrize("noun", NOUNS)
def test_drawings_have_a_text(noun):
    """A screen reader hears what each drawing says."""
    for svg in re.findall(r"<svg[^>]*>", html(NOUNS[noun])):
        assert 'role="img"' in svg
        assert re.search(r'aria-label="[^"]+"', svg)


def test_a_profile_of_twenty_columns_stays_small():
    assert len(html(NOUNS["profile"]).encode()) < 300_000


def test_a_finding_shows_code_sentence_and_cure():
    text = html(NOUNS["profile"])

    assert "WB120" in text
    assert "tells the target almost exactly" in text
    assert "data = data.known_after(&#34;dep_delay&#34;)" in text
    assert text.index("WB120") < text.index('class="wb-row"'), "findings come first"


def test_a_run_says_which_candidate_was_kept_and_how_well():
    text = html(NOUNS["run"])

    assert "boosting" in text
    assert "0.724 to 0.738" in text
    assert "The rows have a time" in text


def test_an_explanation_shows_another_row():
    assert ">Row 103<" in explanation.html(NOUNS["explanation"], row=3)


def test_a_row_that_is_not_explained_is_refused():
    with pytest.raises(BadParameter, match="rows are 0 to 49"):
        explanation.html(NOUNS["explanation"], row=50)


def test_a_report_without_windows_says_what_to_do():
    assert "No predictions are recorded yet" in html(examples.without_windows())


@pytest.mark.parametrize("noun", NOUNS)
def test_a_record_has_plain_numbers_that_a_repeat_can_be_compared_with(noun):
    """Named and nested, each a number or an answer in a few words; small, and as JSON has it."""
    result = NOUNS[noun]
    record = result._repr_mimebundle_()[MIME]

    def leaves(value):
        parts = value.values() if isinstance(value, dict) else value if isinstance(value, (list, tuple)) else None
        return [value] if parts is None else [leaf for part in parts for leaf in leaves(part)]

    assert not [leaf for leaf in leaves(result.results()) if callable(leaf)]
    assert all(isinstance(leaf, (int, float, str, type(None))) for leaf in leaves(record.get("results", {})))
    assert len(json.dumps(record, allow_nan=False)) < 20_000
    assert set(record.get("origin", {})) <= {"source", "fingerprint", "rows", "seed"}
    assert bool(record.get("results")) or noun == "job"


@pytest.mark.parametrize("noun", NOUNS)
def test_a_result_shows_itself(noun):
    """The bundle of a notebook's output holds the text, the page and the record; asking twice is the same."""
    first, second = NOUNS[noun]._repr_mimebundle_(), NOUNS[noun]._repr_mimebundle_()

    assert first == second
    assert first["text/html"].startswith('<div class="wb')


@given(st.text(max_size=60))
def test_any_text_comes_back_as_it_was(text):
    """What is escaped reads as the text it was."""

    class Text(HTMLParser):
        seen = ""

        def handle_data(self, data):
            self.seen += data

    reader = Text()
    page = model.html(Stored("x", None, f"a{text}b"))
    reader.feed(page[page.index("<section") :])
    reader.close()

    assert "".join(text.split()) in "".join(reader.seen.split())


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_script_of_the_data_runs_in_a_browser(chromium, scheme):
    """All nouns with hostile names on one page of chromium, everything opened."""
    page = chromium.new_page(color_scheme=scheme)
    page.set_content("<!doctype html><title>x</title>" + "".join(html(r) for r in HOSTILE.values()))
    page.evaluate("document.querySelectorAll('details').forEach(d => d.open = true)")
    page.wait_for_timeout(200)
    ran, images = page.evaluate("window.XSS"), page.locator("img:not(.wb-job_comparison img)").count()

    assert ran is None
    assert images == 0


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2028-02-29T23:59:59+00:00", "29 Feb 2028, 23:59 UTC"),
        ("2025-12-31T23:30:00-01:00", "01 Jan 2026, 00:30 UTC"),
        ("2026-03-29T02:30:00+01:00", "29 Mar 2026, 01:30 UTC"),
        ("2026-03-29T02:30:00", "29 Mar 2026, 02:30"),
    ],
)
def test_a_moment_is_the_same_in_every_language_and_zone(text, shown):
    """A kernel may speak the person's language, as Qt has it do; the hour that spring leaves out is an hour here."""
    before = locale.setlocale(locale.LC_TIME)
    try:
        locale.setlocale(locale.LC_TIME, "")
        assert moment(text) == shown
    finally:
        locale.setlocale(locale.LC_TIME, before)


@pytest.mark.parametrize("hostile", [False, True])
def test_what_drives_a_model_is_drawn_from_its_sums(hostile):
    """Numbers, categories and a column of which only what it adds is kept, each on one scale; texts stay texts."""
    text = reasons.html(examples.reasons(hostile), "Arr<b>ival")
    tags = Tags(text)

    assert tags.open == []
    assert not tags.names & {"script", "img", "b>"}
    assert "Arr&lt;b&gt;ival" in text
    assert text.count('role="img"') == 6
    assert [words in text for words in ("more raises it", "by category", "0.400 to 0.600", "up to 0", "missing")] == [
        True
    ] * 5


def test_reasons_that_changed_come_first_and_are_marked():
    text = html(examples.report())
    rows = text.partition('aria-label="Reasons window by window"')[2].partition("</table>")[0]

    assert rows.index("precip") < rows.index("humid") < rows.index("carrier")
    assert rows.count("in 1 of 6 windows") == rows.count("⇅ spoke the other way") == 1
    assert "Why it answers so" not in html(examples.without_windows())


def test_an_explanation_without_its_rows_says_nothing_of_them():
    """It knew of no value, and told that all are missing and nothing interacts."""
    text = html(examples.explanation().bare())

    assert "Driven by" in text
    assert not [words for words in ("the same for all", "missing", "interact", "One prediction") if words in text]
