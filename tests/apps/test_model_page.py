"""What the page of a model shows of what its address asks for; without a server, a script or a kernel."""

import importlib.util
import re
from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from workbench.apps import acting_form, model, models
from workbench.apps.choice import Choice
from workbench.apps.stored import Driven, Listed, Stored
from workbench.core.incident import Incident
from workbench.core.load import Served
from workbench.core.metric import Metric
from workbench.core.policy import Policy
from workbench.core.report import ColumnDrift, Signal
from workbench.core.report_summary import Summary
from workbench.core.segments import Segment
from workbench.core.shape import Shape
from workbench.core.watch import Decision, Plan, Watch
from workbench.display.language import catalogues
from workbench.display.report_view import View

spec = importlib.util.spec_from_file_location("examples", Path(__file__).parents[1] / "display" / "examples.py")
examples = importlib.util.module_from_spec(spec)
spec.loader.exec_module(examples)
REPORT = examples.report()
SHAPES = {"humid": Shape("humid", ("low", "high"), (0.9, 0.1), (0.2, 0.8), (900, 90), (0.0, 0.25), by_value=True)}


def page(asked="", report=REPORT, shapes=SHAPES, why=model.NOTHING, **given_):
    return model.html(Stored(report.name, report), why, Choice.of(f"name={report.name}&{asked}", **given_), shapes)


def words(text):
    return " ".join(unescape(re.sub(r"<style>.*?</style>|<[^>]*>", " ", text, flags=re.DOTALL)).split())


def links(text):
    return [unescape(one) for one in re.findall(r'href="([^"#][^"]*)"', text)]


def test_a_manager_reads_first_whether_to_trust_the_answers():
    told = words(page(report=replace(REPORT, windows=REPORT.windows[:4])))

    assert told.index("something is wrong that matters") < told.index("How good the answers are") < told.index("Rows")
    assert re.search(r"\d of \d checks are normal", told)


def test_every_link_keeps_model_language_and_colours():
    found = [(one, parse_qs(urlsplit(one).query)) for one in links(page("lang=de&theme=dark&column=humid"))]
    others = [one for one, asked in found if (asked.get("lang"), asked.get("theme")) != (["de"], ["dark"])]

    assert len(found) > 30
    assert all(asked.get("name") == ["flights"] for one, asked in found if one.startswith("model.ipynb"))
    assert len(others) == 3, "to English, to light, and to the system's colours"


@pytest.mark.parametrize(
    ("asked", "there", "gone"),
    [
        ("window=2013-07", "Window 2013-07", "Window 2013-11"),
        ("since=2013-09-01&until=2013-10-31", "2 of 6; choose days", "Window 2013-12"),
        ("segment=carrier+UA", "carrier UA", "estimated without labels"),
        ("column=humid", "humid in window", "What drives the predictions"),
        ("window=never", "no such window", "Window never"),
        ("column=%3Cb%3E", "no such column", "<b>"),
    ],
)
def test_what_is_asked_for_is_shown(asked, there, gone):
    told = words(page(asked))

    assert there in told
    assert gone not in told


def test_a_column_shows_its_values_then_and_now_and_what_it_did_to_the_predictions():
    told = words(page("column=humid&window=2013-10"))

    assert "training, 900 rows window, 90 rows" in told
    assert "Without a value 0% 25%" in told
    assert "high 10% 80%" in told
    assert "It moves a prediction by 0.440 on average, 0.400 before" in told
    assert "What changed in humid moved the mean prediction by -0.12." in told


def test_a_window_is_told_with_its_reasons_signals_and_estimate():
    told = words(page("window=2013-10"))

    assert "alarm ROC AUC is 0.668, 0.731 in training. score, p < 0.0001" in told
    assert "small wind is missing in 1.4%, 1.0% in training." in told
    assert "ROC AUC 0.668 0.659 to 0.677 , 0.731 in training" in told
    assert "not to be trusted Why In its rows." in told


def test_how_the_service_answered_is_told_with_its_check():
    slow = Signal("latency", "warning", "95% of the requests were answered within 12.5 ms, 3.1 ms before: 4.0 times.")
    served = replace(REPORT.windows[3], signals=(slow,), served=Served(1_200, failed=3, p95=12.5))
    report = replace(REPORT, windows=(served,))
    english, german = (words(page(f"lang={lang}", report)) for lang in ("en", "de"))

    assert "How the service answers 95% of the requests" in english
    assert "Requests 1,200, 3 failed Answered within 12.5 ms, 95 of 100" in english
    assert "Wie der Dienst antwortet 95 % der Anfragen waren binnen 12,5 ms beantwortet" in german.replace("\xa0", " ")


def test_segments_have_a_table_of_their_own():
    text = page()
    columns = text[text.index('id="columns"') : text.index('id="segments"')]

    assert "carrier UA" not in words(columns)
    assert 'href="model.ipynb?name=flights&amp;segment=carrier+UA#score"' in text


def test_only_who_may_act_has_a_form_and_it_has_the_fields_that_are_read():
    assert "<form" in page()
    assert 'method="post"' not in page()

    text = page("window=2013-10", may_act=True, hidden=(("_xsrf", "a<b"),), by="anna")
    form = text[text.index('<form method="post"') :].partition("</form>")[0]

    assert set(re.findall(r'name="(\w+)"', form)) == {*acting_form.FIELDS, "_xsrf"}
    assert set(re.findall(r'name="act" value="(\w+)"', form)) == {"acknowledge", "note", "snooze", "close", "reopen"}
    assert 'name="back" value="name=flights&amp;window=2013-10"' in form
    assert 'value="a&lt;b"' in form
    assert 'name="by" maxlength' in page(may_act=True)


def test_what_was_done_is_told_and_is_text():
    assert '<p class="wb-done" role="status">&lt;b&gt;Closed.</p>' in page(done="<b>Closed.")


def watched(text="Version 3 is better than version 1: roc_auc 0.667 against 0.640."):
    """A watch that asks whether a new version may become champion."""
    about = {"case": "3f2a9c0d/1", "incident": "3f2a9c0d", "version": 3}
    told = [
        Decision("1", "2026-11-20T05:00:00+00:00", "retrain", text, **about),
        Decision("2", "2026-11-21T05:00:00+00:00", "asks", text, **about),
    ]
    return Watch(Plan("flights", every="0 6 * * *", policy=Policy(train_on="labelled/")), tuple(told))


def asked_page(language="en", text="Because.", **given_):
    choice = Choice.of(f"name=flights&lang={language}", **given_)
    return model.html(Stored("flights", REPORT, watch=watched(text)), model.NOTHING, choice, {})


def test_who_may_act_answers_what_a_watch_asks():
    looks, acts = asked_page(), asked_page(may_act=True, hidden=(("_xsrf", "x"),))
    form = acts[acts.index('action="watch"') :].split("</form>")[0]

    assert "It asks whether version 3 may become champion." in looks
    assert "a new version is trained" in looks
    assert 'action="watch"' not in looks
    assert set(re.findall(r'name="(\w+)"', form)) == {"name", "by", "note", "act", "back", "_xsrf"}
    assert tuple(re.findall(r'name="act" value="(\w+)"', form)) == acting_form.ANSWERS
    assert "Es wird gefragt, ob Version 3 Champion werden darf." in asked_page("de")
    assert "It asks whether" not in page()


@given(st.text(min_size=1, max_size=40))
def test_what_a_watch_says_is_text(text):
    assume(text not in catalogues("report")["de"])
    told, tame = (Elements(asked_page("de", one, may_act=True)) for one in (text, "x"))

    assert sorted(told.seen) == sorted(tame.seen)
    assert told.outside == set()


class Elements(HTMLParser):
    def __init__(self, text):
        super().__init__()
        self.seen, self.outside = [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.seen.append(tag)
        self.outside |= {name for name, _ in attrs if name.startswith("on") or name in ("src", "srcset")}
        self.outside |= {v for k, v in attrs if k == "href" and not re.match(r"(#|models?\.ipynb)", v)}


@pytest.mark.parametrize("asked", ["", "column=humid", "window=2013-10", "lang=de"])
def test_a_page_needs_nothing_from_anywhere(asked):
    """No script runs, nothing is fetched, also with hostile names and reasons."""
    hostile = examples.report(hostile=True)
    why = Driven(examples.reasons(hostile=True), examples.HOSTILE)
    told = Elements(page(asked, hostile, {}, why, may_act=True))

    assert not {"script", "iframe", "img", "object", "link"} & set(told.seen)
    assert told.outside == set()


@settings(max_examples=25)
@given(st.text(min_size=1, max_size=40), st.sampled_from(["en", "de"]))
def test_any_name_opens_no_element(name, language):
    """Whatever a window, a column, a part of the rows or a person is called, the page has the same elements.

    But for names that are our own sentences: these are translated, and not marked as English.
    """
    assume(name not in catalogues("report")["de"])
    tame, other = (page(f"lang={language}", named(text), {}, done=text, may_act=True, by=text) for text in ("x", name))

    assert sorted(Elements(other).seen) == sorted(Elements(tame).seen)
    assert Elements(other).outside == set()


def named(text):
    """A report in which everything is called so."""
    window = REPORT.windows[3]
    signals = (Signal("score", "alarm", text, (text,)),)
    segments = (replace(window.segments[0], column=text, value=text, differs=True),)
    drift = tuple(replace(one, column=text) for one in window.drift[:1])
    told = replace(window, label=text, signals=signals, segments=segments, drift=drift, explained=(), reasons=(text,))
    incident = Incident(text, text, text, (text,), True, "a", "score", peak=text, windows=(text,), owner=text)
    return replace(REPORT, windows=(told,), incidents=(incident,), events=({"act": text, "at": text, "by": text},))


def large(columns=60, windows=400):
    """A report of many windows, columns, parts of the rows and incidents with long names."""
    names = [f"a column with a rather long name {k:03d}" for k in range(columns)]
    drift = tuple(ColumnDrift(name, "ks", 0.3, 1e-9, 0.3, k % 2 == 0, k % 3 == 0) for k, name in enumerate(names))
    signals = tuple(
        Signal("drift", "warning", f"{name} drifted (0.30): the mean is 1.0, 0.5 in training (+0.50 sd).", (name,))
        for name in names
    )
    score = Metric("roc_auc", 0.7, 0.68, 0.72)
    segments = tuple(Segment(name, "with a value", 900, score, score, True) for name in names[:30])
    explained = tuple(replace(examples.weighing(None, 3)[0], column=name) for name in names)
    whole = tuple(
        replace(REPORT.windows[3], label=f"window-{k:04d}", drift=drift, signals=signals, segments=segments,
                explained=explained, performance=(score,))
        for k in range(windows)
    )  # fmt: skip
    incidents = tuple(
        replace(examples.incident(), id=f"{k:08x}", windows=tuple(w.label for w in whole[k : k + 30]))
        for k in range(90)
    )
    return replace(REPORT, windows=whole, incidents=incidents)


@pytest.mark.parametrize("asked", ["", "lang=de", "column=a+column+with+a+rather+long+name+000&lang=de"])
def test_a_page_of_any_report_stays_below_100_kb(asked):
    shapes = {
        name: Shape(name, tuple("abcdefghijklmnopqrst"), (0.05,) * 20, (0.05,) * 20, (9, 9), (0.0, 0.0))
        for name in (f"a column with a rather long name {k:03d}" for k in range(60))
    }
    text = page(asked, large(), shapes, Driven(examples.reasons(), "late"), may_act=True)

    assert len(text.encode()) <= 100_000


def test_of_many_windows_those_around_the_chosen_one_are_shown():
    many = large(3, 100)
    shown = View(window="window-0050").windows(many)

    assert len(shown) == 24
    assert [shown[0].label, shown[-1].label] == ["window-0038", "window-0061"]
    assert View(window="window-0003").windows(many)[0].label == "window-0000"
    assert View(window="window-0099").windows(many) == View().windows(many) == many.windows[-24:]


def test_the_fleet_names_owner_volume_last_seen_and_what_is_wrong():
    owned = (Incident("", "", "", id="3f2a9c0d", open=True, owner="mira", state="acknowledged"),)
    bad = replace(REPORT, windows=REPORT.windows[:4])
    listed = Listed("flights", Summary.of(bad), incidents=owned)
    told = words(models.html((Listed("calm", None, "It is not watched yet."), listed)))

    assert told.index("flights") < told.index("calm"), "what is wrong comes first"
    assert "mira" in told
    assert f"{sum(w.rows for w in bad.windows):,}" in told
    assert "2013-10" in told
    assert "1 looked after" in told
    assert "1 wrong" in told
    assert "How good the answers are: " in told


def test_what_was_done_since_the_report_was_made_is_on_both_pages(home):
    """Acts are kept apart from the report, and pages show the latest."""
    from workbench.apps import stored
    from workbench.monitoring.incident_book import add
    from workbench.settings import settings as force

    REPORT.save(force().reports / "flights" / "latest.json")
    own = replace(REPORT.incidents[0].acts[0], owner="zoe", by="zoe")
    add("flights", own, force())

    assert "zoe" in words(models.html(stored.models()))
    assert "zoe" in words(model.shown(Choice("flights")))


def test_what_the_service_took_is_drawn_over_the_windows():
    slow = Signal(
        "latency", "alarm", "95% of the requests were answered within 90 ms, 12 before: 7 times.", (), "up", 2.0
    )
    taken = [Served(1_000, p95=12.0, cpu=0.9, memory=210.0)] * 2 + [Served(1_000, failed=3, p95=90.0, cpu=0.9)]
    windows = [replace(one, served=served) for one, served in zip(REPORT.windows, taken, strict=False)]
    report = replace(REPORT, windows=(*windows[:2], replace(windows[2], signals=(slow,))))

    told = page(report=report)

    assert re.search(r"95 of 100 answered within, ms</th><td><span[^>]*>wrong</span>.*?90", told, re.DOTALL)
    assert re.search(r"Requests that failed</th><td><span[^>]*>normal</span>.*?0\.3%", told, re.DOTALL)
