"""The slider below a report: every sentence of its script is in each catalogue, and it fetches nothing."""

import re

import pytest
from languages import PLACE, SEEN, in_script

from workbench.display.language import SHARED, catalogues
from workbench.display.rendering import own
from workbench.display.report_live import PAGE, live_script

SCRIPT = own(f"{PAGE}.js")


@pytest.mark.parametrize("language", sorted(catalogues(PAGE)))
def test_every_sentence_is_said_in_each_language_with_the_same_values(language):
    known, shared = catalogues(PAGE)[language], catalogues(SHARED)[language]

    assert in_script(SCRIPT) == known.keys() - shared.keys()
    assert all(sorted(PLACE.findall(text)) == sorted(PLACE.findall(said)) for text, said in known.items())
    assert not re.findall(SEEN, SCRIPT), "a text that is set without say()"


def test_the_script_is_small_and_fetches_nothing():
    assert len(live_script().encode()) < 20_000
    assert not re.search(r"https?://|\bfetch\(|import\(|eval\(|</script", live_script())
