"""The live view of a profile."""

import importlib.util
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter, ColumnNotFound

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)


@pytest.fixture(scope="module")
def data():
    made = np.random.default_rng(5)
    size = made.normal(50, 10, 2_000)
    when = pd.Timestamp("2026-01-01") + pd.to_timedelta(np.arange(2_000), unit="h")
    plan = np.where(size > 55, "big", "small")
    return wb.dataset(pd.DataFrame({"size": size, "price": 3 * size, "plan": plan, "when": when, "sold": plan}))


@pytest.fixture
def shown(data):
    return wb.view(wb.profile(data), data)


def test_another_target_makes_the_view_anew(shown):
    before = shown.html

    shown.choose_target("plan")

    assert shown.profile["size"].target == pytest.approx(shown.profile["price"].target)
    assert shown.target == "plan"
    assert shown.html != before


def test_no_target_is_a_choice_too(shown):
    shown.choose_target("plan")
    shown.choose_target(None)

    assert shown.profile.contract.target is None
    assert shown.profile.contract.task is None


def test_a_marked_range_shows_its_rows_in_every_column(shown, data):
    parts = shown.brush("size", 60, 70)
    inside = data.table["size"].between(60, 70).sum()

    assert [sum(p) for p in parts] == [inside] * len(parts)
    assert parts[2][:2] == [0, inside] or parts[2][:2] == [inside, 0], "all of one plan"


def test_a_range_of_dates_is_marked_in_seconds(shown, data):
    low, high = (pd.Timestamp(day, tz="UTC").timestamp() for day in ("2026-01-02", "2026-01-03"))

    assert sum(shown.brush("when", low, high)[0]) == 25


def test_without_rows_the_view_says_what_it_needs():
    shown = wb.view(examples.rich_profile())

    assert shown.columns == []
    with pytest.raises(BadParameter, match=r"wb.view\(profile, data\)"):
        shown.brush("fare_0", 0, 1)


def test_a_wrong_target_is_told_on_the_page_and_leaves_the_view(shown, monkeypatch):
    told = []
    monkeypatch.setattr(shown, "send", told.append)
    before = shown.html

    shown._asked(None, {"target": "sizee"}, None)

    assert "Did you mean" in told[0]["text"]
    assert shown.html == before
    with pytest.raises(ColumnNotFound):
        shown.choose_target("sizee")


def test_a_reader_without_a_kernel_sees_the_same_page(shown):
    bundle = shown._repr_mimebundle_()
    bundle = bundle[0] if isinstance(bundle, tuple) else bundle

    assert shown.html in bundle["text/html"]
    assert "application/vnd.jupyter.widget-view+json" in bundle


def test_columns_that_are_sensitive_are_not_drawn_anew():
    people = wb.dataset(pd.DataFrame({"mail": [f"a{i}@example.org" for i in range(40)], "x": range(40)}))
    shown = wb.view(wb.profile(people), people)

    assert shown.profile["mail"].sensitive
    assert shown.brush("x", 0, 9)[0] is None


def test_rows_of_another_table_are_refused(data):
    with pytest.raises(BadParameter, match="'fare_0'"):
        wb.view(examples.rich_profile(), data)
