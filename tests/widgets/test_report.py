"""The live view of a monitoring report."""

import importlib.util
import json
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qsl

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.shape import beside
from workbench.display.report_live import live_script
from workbench.display.report_view import View
from workbench.errors import BadParameter, NotFound
from workbench.monitoring.incident_book import follow
from workbench.monitoring.shapes import shapes
from workbench.settings import settings
from workbench.storage.audit import user
from workbench.widgets.report import ReportView

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)


@pytest.fixture
def report(home):
    """As this home knows it: its incidents can be acted on."""
    made = examples.report()
    follow(made.name, lambda _: made.incidents, settings())
    return replace(made, incidents=tuple(replace(one, acts=(), state="open") for one in made.incidents))


@pytest.fixture
def shown(report):
    return told_of(wb.view(report))


def told_of(view):
    view.told = []
    view.send = view.told.append
    return view


def ask(view, **asked):
    """As the page asks; what it is told."""
    view._asked(None, asked, [])
    return view.told[-1]


def test_a_window_and_a_column_are_looked_at_by_links_of_the_page(shown):
    at_first = shown.html
    link = shown.view.link(window="2013-10", at="window")

    assert link == "?window=2013-10#window"
    assert ask(shown, kind="look", query="window=2013-10") == {"kind": "shown"}
    assert shown.view.link(column="precip") == "?window=2013-10&column=precip"
    ask(shown, kind="look", query="window=2013-10&column=precip")
    assert (shown.view.window, shown.view.column) == ("2013-10", "precip")
    assert shown.html != at_first
    assert ask(shown, kind="look", query="") == {"kind": "shown"}
    assert shown.html == at_first


@pytest.mark.parametrize(
    ("choice", "sentence"),
    [
        ({"window": "2014-01"}, r"no window '2014-01'\. It has '2013-07', '2013-08'"),
        ({"column": "nope"}, "no column 'nope'"),
        ({"segment": "nope"}, "no segment 'nope'"),
        ({"metric": "nope"}, "no metric 'nope'"),
        ({"since": "soon"}, "'since' is a day such as '2026-07-01', got the text 'soon'"),
        ({"until": 7}, "'until' is a day"),
        ({"windw": "2013-07"}, "Did you mean 'window'"),
    ],
)
def test_what_the_report_does_not_have_is_told_and_changes_nothing(shown, choice, sentence):
    before = shown.html

    with pytest.raises(BadParameter, match=sentence):
        shown.choose(**choice)

    assert shown.html == before


def test_what_the_page_asks_wrongly_is_told_there(shown):
    assert "no window 'x'" in ask(shown, kind="look", query="window=x")["text"]
    assert "needs a note" in ask(shown, kind="act", fields={"incident": the_open(shown), "act": "close"})["text"]


def test_days_leave_other_windows_out(shown):
    shown.choose(since="2013-09-01", until="2013-10-31")

    assert [one.label for one in shown.view.windows(shown.report)] == ["2013-09", "2013-10"]


def the_open(view):
    return next(one.id for one in view.report.incidents if one.id)


def test_what_is_done_about_an_incident_is_kept_and_shown(shown):
    fields = {"incident": the_open(shown), "act": "acknowledge", "note": " I look <b> ", "until": "1d", "by": "x"}

    assert ask(shown, kind="act", fields=fields) == {"kind": "shown"}

    one = wb.incident(shown.report.name, fields["incident"])
    assert (one.state, one.acts[-1].by, one.acts[-1].note) == ("acknowledged", user(), "I look <b>")
    assert next(i for i in shown.report.incidents if i.id == one.id) == one
    assert "I look &lt;b&gt;" in shown.html
    shown.act(one.id, "snooze", until="3d")
    assert "snoozed" in shown.html


def test_a_report_from_elsewhere_is_looked_at_and_not_acted_on(home):
    view = wb.view(examples.report())

    assert view.view.acting is None
    assert "<form" in view.html
    assert 'method="post"' not in view.html
    with pytest.raises(NotFound):
        view.act("f1", "acknowledge")


def test_where_what_was_done_can_not_be_read_the_report_is_shown_as_it_was(shown, report):
    folder = settings().incidents / "flights"
    for name in ("known.json", "acts.json"):
        (folder / name).write_text("{", encoding="utf-8")

    view = wb.view(report)

    assert (view.report, view.view.acting) == (report, None)
    assert wb.view(replace(report, name="not/one")).view.acting is None


def test_other_rates_are_told_with_the_code_that_takes_them(shown):
    told = ask(shown, kind="rates")

    curve = shown.report.alarms()
    assert [(p["rate"], p["alarms"], p["missed"]) for p in told["points"]] == [
        (one.rate, one.alarms, one.missed) for one in curve.points
    ]
    assert told["points"][told["own"]]["code"] == 'report = wb.monitor("flights", false_alarm_rate=0.05)'
    assert (told["windows"], told["bad"]) == (5, len(curve.bad))


def test_it_speaks_the_language_of_who_looks(shown):
    ask(shown, kind="language", language="de")
    shown.choose(window="2013-10")

    assert (shown.view.language, shown.view.window) == ("de", "2013-10")


def test_without_a_kernel_the_page_is_the_same_without_links(shown, report):
    bundle = wb.view(report)._repr_mimebundle_()
    text = (bundle[0] if isinstance(bundle, tuple) else bundle)["text/html"]

    assert report.name in text
    assert 'href="?' not in text
    with pytest.raises(BadParameter, match="shown by itself"):
        wb.view(report, report)


def test_both_profiles_of_a_window_are_drawn_where_they_are_kept(home, report):
    before, now = (wb.profile(pd.DataFrame({"precip": values})) for values in (range(100), range(50, 150)))
    windows, bundle = settings().predictions / "flights" / "windows", settings().bundles / "flights" / "1"
    (windows / "2013-10" / "c1").mkdir(parents=True)
    bundle.mkdir(parents=True)
    (windows / "2013-10" / "window.json").write_text(json.dumps({"content": "c1"}), encoding="utf-8")
    now.save(windows / "2013-10" / "c1" / "profile.json")
    before.save(bundle / "reference.profile")

    found = shapes("flights", "2013-10", 1, settings())

    assert found == {"precip": beside(before["precip"], now["precip"])}
    assert found["precip"].moved == pytest.approx(0.5, abs=0.05)
    elsewhere = [("2013-11", 1), ("../x", 1), ("2013-10", 2)]
    assert [shapes("flights", label, version, settings()) for label, version in elsewhere] == [{}, {}, {}]


@given(st.text(min_size=1), st.text(min_size=1))
def test_a_link_asks_for_what_it_is_about_whatever_that_is_called(column, window):
    view = ReportView.__new__(ReportView)
    view.view = View(column=column)

    query, at = view._address(window=window, at="window").rsplit("#", 1)

    assert (dict(parse_qsl(query[1:])), at) == ({"column": column, "window": window}, "window")


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.parametrize("language", ["en", "de"])
def test_the_page_in_a_browser_asks_python_and_shows_its_answer(shown, chromium, language):
    """The widget's own module beside a model that hands messages over, as anywidget does."""
    page = chromium.new_page(viewport={"width": 1000, "height": 900}, locale=language)
    page.expose_function("toPython", lambda asked: [ask(shown, **asked), shown.html])
    page.set_content(f"<html lang='{language}'><body data-jp-theme-light='true'><div id=view></div></body></html>")
    page.evaluate(MODEL % (live_script(), json.dumps({"html": shown.html, "rules": shown.rules})))
    view = page.locator("#view:not([aria-busy])")

    view.locator("a[href*='window=2013-10']").first.click()
    view.locator(".wb-said-so").wait_for()
    page.wait_for_function("() => document.querySelector('#window')?.textContent.includes('2013-10')")
    assert page.url == "about:blank", "a link does not leave the notebook"
    view.locator(".wb-act summary").first.click()
    view.locator(".wb-act [name=note]").first.fill("seen")
    view.locator(".wb-act button[value=acknowledge]").first.click()
    view.locator(".wb-acts", has_text="seen").wait_for()
    assert view.locator(".wb-act[open]").count() == 1, "what somebody opened stays open, and nothing else opens"
    view.locator(".wb-rates summary").click()
    view.locator(".wb-rates input[type=range]").fill("0")
    view.locator(".wb-rates input[type=number]").nth(1).fill("1000")

    told = view.locator(".wb-rates output").inner_text()
    words = {"en": "At a rate of 0.000001:", "de": "Bei einer Rate von 0,000001:"}
    assert told.startswith(words[language])
    assert view.locator(".wb-rates pre").inner_text() == 'report = wb.monitor("flights", false_alarm_rate=1e-06)'


MODEL = """async () => {
    %s
    const state = %s, handlers = {};
    const model = {
        get: name => state[name],
        on: (name, does) => (handlers[name] = does),
        send: async asked => {
            const [told, html] = await window.toPython(asked);
            if (html !== state.html) {
                state.html = html;
                handlers['change:html']();
            }
            handlers['msg:custom'](told);
        }
    };
    render({ model, el: document.querySelector('#view') });
}"""
