"""The page of two jobs in other languages: every sentence of ours has its own there, and names stay as they are."""

import re
from pathlib import Path

import examples
import pytest
from languages import PLACE, TEXTS, in_modules

from workbench.core.job import JobState
from workbench.display import job_comparison, page
from workbench.display.language import catalogues

FOLDER = Path(job_comparison.__file__).parent
TEMPLATE = (FOLDER / "templates" / "job_comparison.html.j2").read_text("utf-8")
MODULE = Path(job_comparison.__file__).read_text("utf-8")
# Of the data, or the same in every language.
SAME = {"", "–", "↔", "→"}


@pytest.fixture(params=sorted(catalogues("job_comparison")))
def catalogue(request):
    return catalogues("job_comparison")[request.param]


def ours():
    """What the template and the module say themselves."""
    bare = re.sub(r"{%.*?%}|{#.*?#}", "\n", re.sub(r"{{.*?}}", "\n", TEMPLATE))
    texts = {text.strip() for text in re.split(r"<[^>]*>|\n", bare)}
    tiles = {name for name, *_ in job_comparison._tiles(examples.job_comparison())}
    labels = {*re.findall(r'aria-label="([^"{]+)"', TEMPLATE), *tiles}
    states = {state.value.lower().replace("_", " ") for state in JobState}
    words = {*job_comparison.KIND_WORDS.values(), *job_comparison.OWN, "identical", "different"}
    return {text for text in texts | labels | states | words | in_modules(MODULE) if re.search("[A-Za-z]", text)} - SAME


def test_german_is_there():
    assert "de" in catalogues("job_comparison")


def test_every_sentence_of_the_page_is_translated(catalogue):
    missing = {text for text in ours() if text not in catalogue and f"#1 {text}" not in catalogue}

    assert missing == set()


def test_a_translation_has_the_same_values_in_the_same_order(catalogue):
    for sentence, translation in catalogue.items():
        assert PLACE.findall(translation) == PLACE.findall(sentence), sentence


@pytest.mark.slow
@pytest.mark.browser
def test_the_page_is_in_german_but_for_what_is_the_datas(chromium):
    """Shown in German, nothing of ours is left in English, and the names are the same in both."""
    shown = {}
    for language in ("fr", "de"):
        context = chromium.new_context(locale=language)
        view = context.new_page()
        view.set_content(page(examples.job_comparison()).replace('<html lang="en">', f'<html lang="{language}">'))
        shown[language] = view.evaluate(TEXTS)
        context.close()
    german = catalogues("job_comparison")["de"]
    alike = {sentence for sentence, translation in german.items() if sentence == translation}

    left = {a for a, b in zip(shown["fr"], shown["de"], strict=True) if a == b and re.search("[A-Za-z]{2}", a)}

    assert len(shown["de"]) > 100
    assert left & (ours() | set(german)) <= {
        *alike,
        "seed",
        "warning",
    }  # names and values of the example, which are words elsewhere
    assert "seed" in left
