"""The run's page: what it draws, and what a script adds to it."""

import ast
import re
from dataclasses import replace

import examples
import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.scores import share_interval
from workbench.display import html
from workbench.display.rendering import number, percent
from workbench.display.run import _notebooks, body, script

SEVERAL, REGRESSION = examples.other_runs()


def test_the_script_is_small_and_asks_for_nothing():
    assert len(script().encode()) < 13_000
    assert not re.search(r"https?://|\bfetch\(|import\(|eval\(|innerHTML|</script", script())


def test_a_page_stays_small():
    assert len(html(examples.run()).encode()) < 90_000


@pytest.mark.parametrize(
    ("run", "titles"),
    [
        (examples.run(), ["ROC", "Precision and recall", "Gains", "Calibration"]),
        (SEVERAL, ["Calibration"]),
        (REGRESSION, ["Predicted and true", "Calibration", "Residuals"]),
    ],
    ids=["binary", "multiclass", "regression"],
)
def test_each_task_has_its_curves(run, titles):
    page = body(run)

    assert [t.strip() for t in re.findall(r"<figcaption>([^<]+)", page)] == titles
    assert ("Decision" in page) == (run.task == "binary")
    assert ("Confusion" in page) == (run.task == "multiclass")


def test_what_the_threshold_answers_is_written_without_a_script():
    run = examples.run()
    now = run.confusion()

    page = body(run)

    for name in ("hits", "alarms", "missed", "quiet"):
        assert f'data-show="{name}">{number(getattr(now, name))}<' in page
    assert f'data-show="recall">{percent(now.recall)}<' in page


def test_a_run_of_an_older_version_has_no_curves():
    page = body(replace(examples.run(), evaluation=None))

    assert "<figcaption" not in page
    assert "Leaderboard" in page


@pytest.mark.parametrize("run", examples.other_runs(examples.HOSTILE), ids=["multiclass", "regression"])
def test_hostile_labels_stay_texts(run):
    assert "<img" not in body(run)
    assert "<script" not in body(run)


@given(st.text(max_size=80))
def test_each_row_opens_with_the_code_that_writes_its_notebook_into_this_folder(name):
    run = replace(examples.run(), candidates=(replace(examples.run().best, name=name),))

    (code,) = _notebooks(run).values()

    call = ast.parse(code).body[0].value
    path, candidate = (ast.literal_eval(argument) for argument in call.args)
    assert candidate == name
    assert re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9_-]*\.ipynb", path)


def test_a_run_that_does_not_know_its_folds_offers_no_notebook():
    assert "to_notebook" not in body(replace(examples.run(), folds=()))


def test_settings_that_were_tried_are_lines_to_the_score_and_the_best_stands_out():
    page = body(examples.run())

    lines = re.findall(r'<polyline class="(wb-[a-z-]+)" points="([^"]+)"><title>([^<]*)', page)
    kinds = [kind for kind, *_ in lines]
    ends = {kind: [float(p.split(",")[0]) for p in points.split()][-1] for kind, points, _ in lines}
    assert "3 settings of boosting were tried" in page
    assert "of linear were tried" not in page
    assert sorted(kinds) == ["wb-best-trial", "wb-given-up", "wb-trial"]
    assert kinds[-1] == "wb-best-trial", "it is drawn over the others"
    assert ends["wb-best-trial"] == ends["wb-trial"] > ends["wb-given-up"]
    assert "0.742" in lines[-1][2]


def test_candidates_that_none_beats_at_score_and_cost_are_on_the_line():
    drawings = re.findall(r"<svg.*?</svg>", body(examples.run()).partition('class="wb-picker"')[2], re.S)
    alone, _, size, validation = drawings[:4]

    assert 'class="wb-pick wb-kept" data-pick="boosting"' in alone
    assert 'class="wb-pick wb-beaten" data-pick="linear"' in alone, "it is slower than boosting, and scores less"
    assert 'class="wb-pick" data-pick="linear"' in size
    assert "wb-beaten" not in validation
    assert "29 µs" in alone


def test_a_run_that_can_not_be_fitted_again_or_has_one_candidate_offers_no_choice():
    run = examples.run()

    for other in (replace(run, folds=()), replace(run, costs={}), replace(run, candidates=run.candidates[:1])):
        assert "run.choose" not in body(other)


@pytest.fixture
def page(chromium):
    page = chromium.new_page()
    page.set_content("<!doctype html><title>x</title>" + html(examples.run()))
    return page


def shown(page, name):
    return page.locator(f'[data-show="{name}"]').inner_text()


@pytest.mark.browser
def test_the_slider_counts_as_python_does_and_moves_the_marks(page):
    thresholds = examples.run().evaluation.thresholds
    before = page.locator("[data-mark=roc]").get_attribute("cx")

    for at in (thresholds.at[20], thresholds.at[120]):
        page.locator(".wb-threshold").evaluate("(one, at) => { one.step = 'any'; one.value = at; }", at)
        page.locator(".wb-threshold").dispatch_event("input")
        now = thresholds.confusion(at)

        assert [shown(page, n) for n in ("hits", "alarms", "missed", "quiet")] == [
            f"{n:,}" for n in (now.hits, now.alarms, now.missed, now.quiet)
        ]
        for name, (part, whole) in now.shares().items():
            ends = share_interval(part, whole)
            assert shown(page, name) == (percent(part / whole) if whole else "–")
            assert shown(page, f"{name}-ends") == (f"{percent(ends[0])} to {percent(ends[1])}" if whole else "")
    assert page.locator("[data-mark=roc]").get_attribute("cx") != before


@pytest.mark.browser
def test_costs_choose_as_python_does_and_give_the_code_that_decides_so(page):
    run = examples.run()
    took = """addEventListener('workbench:insert-code', e => { window.took = e.detail.code; e.preventDefault(); })"""
    page.evaluate(took)

    page.get_by_label("a missed one costs").fill("7.5")
    page.get_by_role("button", name="Least cost").click()
    page.locator(".wb-decide").get_by_role("button", name="Accept").click()

    assert page.evaluate("window.took") == 'run = run.decide("cost 1:7.5")'
    chosen = run.decide("cost 1:7.5")
    assert float(shown(page, "threshold")) == pytest.approx(chosen.threshold, rel=1e-3)
    assert shown(page, "missed") == number(chosen.confusion().missed)


@pytest.mark.browser
def test_the_leaderboard_sorts_by_a_click_and_back_by_the_next(page):
    def names():
        return [name.split()[0] for name in page.locator(".wb-board tbody th").all_inner_texts()]

    before = names()
    page.get_by_role("button", name="Candidate").click()
    rising = names()
    page.get_by_role("button", name="CPU").click()
    page.get_by_role("button", name="CPU").click()

    assert rising == sorted(before)
    assert names()[0] == max(examples.run().candidates, key=lambda c: c.seconds).name
    assert page.locator("th[aria-sort=descending]").count() == 1


@pytest.mark.browser
def test_a_candidate_is_chosen_by_a_click_or_by_keys_and_its_code_is_accepted(page):
    took = """addEventListener('workbench:insert-code', e => { window.took = e.detail.code; e.preventDefault(); })"""
    page.evaluate(took)
    picker = page.locator(".wb-picker")

    picker.locator("[data-pick=linear] circle").first.dispatch_event("click", {"bubbles": True})
    picker.get_by_role("button", name="linear").press("Enter")
    picker.get_by_role("button", name="Accept").press("Enter")

    assert page.evaluate("window.took") == 'run = run.choose("linear", data=data)'
    assert picker.get_by_role("button", name="linear").get_attribute("aria-pressed") == "true"
    assert picker.locator(".wb-picked").count() == 4
