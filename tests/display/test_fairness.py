"""The page of a fairness result: each drawing has its words, and all numbers stand in tables too."""

import re
from dataclasses import replace

import examples
import pytest

from workbench.core.fairness import LIMITS
from workbench.display import html
from workbench.display.fairness import figure, title
from workbench.errors import BadParameter

FAIR = examples.fairness()
PAGE = html(FAIR)


def test_each_drawing_says_what_it_shows():
    labels = re.findall(r'<svg[^>]*aria-label="([^"]+)"', PAGE)

    assert len(labels) == PAGE.count("<svg")
    assert "Selection rate of Female: 0.120 (0.080 to 0.170), differs from the rest" in labels
    assert "Selection rate of Male: 0.340 (0.300 to 0.390), differs from the rest" in labels


def test_what_differs_is_marked_by_a_sign_and_not_by_colour():
    assert PAGE.count("◆ 0.120") >= 4
    assert "too few to judge" in PAGE


def test_all_measures_are_a_table_too():
    for one in FAIR.overall:
        assert PAGE.count(f">{title(one.name)}</th>") >= len(FAIR.columns)


def test_limits_and_what_does_not_ship_are_told():
    assert LIMITS.replace("'", "&#39;") in PAGE
    assert re.findall(r"<td>(yes|no)</td></tr>", PAGE) == ["yes", "no", "yes", "yes"]


def test_a_page_without_reasons_has_no_empty_chapters():
    plain = html(replace(FAIR, drivers=(), proxies=(), remedies=(), gaps=(), findings=()))

    for chapter in ("What makes the gap", "What tells the groups", "What closing the gap costs", "Gaps between groups"):
        assert chapter in PAGE
        assert chapter not in plain


def test_a_measure_is_drawn_by_its_name():
    assert len(figure(FAIR, "true_positive_rate").data[0].x) == len(FAIR.groups)
    with pytest.raises(BadParameter, match="selection_rate"):
        figure(FAIR, "selection")
