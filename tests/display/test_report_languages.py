"""The pages of monitoring in other languages: written in them, so that no script is needed; names stay as they "
"are."""

import ast
import re
from dataclasses import replace
from html import unescape
from pathlib import Path

import examples
import languages
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from workbench.apps import model, models
from workbench.apps.choice import Choice
from workbench.apps.stored import Driven, Listed, Stored
from workbench.core.glossary import TERMS
from workbench.core.report_summary import Summary
from workbench.core.shape import Shape
from workbench.core.wording import Ours
from workbench.display import language, report_words
from workbench.display.language import speaker

PACKAGE = Path(language.__file__).parents[1]
DISPLAY = PACKAGE / "display"
SOURCES = (
    "report.py", "reasons.py", "templates/report.html.j2", "templates/_report.html.j2", "templates/_incidents.html.j2",
    "templates/reasons.html.j2", "templates/model.html.j2", "templates/models.html.j2", "templates/_nav.html.j2",
    "templates/_watch.html.j2",
)  # fmt: skip
CATALOGUE = language.catalogues("report")["de"]
say = speaker("de")


def said():
    """Sentences of templates and modules, and the words that they choose from."""
    text = "".join((DISPLAY / name).read_text(encoding="utf-8") for name in SOURCES)
    found = {unescape(a or b) for a, b in re.findall(r"""\bsay\(\s*(?:"([^"]+)"|'([^']+)')""", text)}
    chosen = [value for name, value in vars(report_words).items() if name.isupper()]
    each = [one for words in chosen for one in words.values()]
    told = {part for one in each for part in ([one] if isinstance(one, str) else [one[0], one[2]])}
    return found | told | {part for term in TERMS.values() for part in term}


def test_every_sentence_of_the_pages_is_translated():
    assert len(said()) > 250
    assert said() - set(CATALOGUE) == set()


def test_a_translation_has_the_same_values():
    for sentence, translation in CATALOGUE.items():
        places = [sorted(languages.PLACE.findall(one)) for one in (sentence, translation)]

        assert translation, sentence
        assert places[0] == places[1], sentence


# What f-strings that are put together of parts become.
TOGETHER = {
    "columns.py": (
        "wind drifted (0.42).", "predictions drifted (0.42): the mean is 1.5, 0.5 in training (+0.50 sd).",
        "a drifted (0.1): 'x' in 5%, 1% in training.", "a is spread 1.62 times as wide as in training.",
        "a is spread 62% as wide as in training.", "a is 1/1000 as large as in training: another unit (hours "
        "and days)?",
        "a is 60.0 times as large as in training: another unit (seconds, minutes and hours)?",
    ),
    "outcomes.py": (
        "Equal predictions come true otherwise than in training (by 0.45 standard deviations): what the columns mean "
        "changed.", "More errors since row 1,645 of the window: 20% of the answers are wrong, 12% in training.",
        "More errors since an earlier window: 20% of the predictions are far off, 12% in training.",
        "late itself lies otherwise (0.42).", "late itself lies otherwise (0.42): on average 1.5, 0.5 in training.",
    ),
    "quality.py": (
        "a lies outside its range in 800 of 1,500 rows (53.3%), hardly any in training.",
        "a can't be read in 8 of 15 rows (53.3%), hardly any in training.",
        "a is missing in 8 of 15 rows (53.3%), 0.1% in training, and its contract allows none.",
        "a has new values ('x', 'y') in 8 of 15 rows (53.3%).",
        "a writes its values otherwise ('NO' for 'no') in 8 of 15 rows (53.3%).",
        "9% of the rows hold values that the training never saw, first of all new categories of a (8 rows).",
    ),
    "joint.py": (
        "a and b go together otherwise: rank correlation +0.06, +0.34 in training.",
        "a, b and c go together otherwise: correlation of their ranks +0.06, +0.34 in training.",
    ),
    "incidents.py": ("a, b drifted further than in good windows.", "a drifted most."),
    "trust.py": (
        "In the labelled rows ROC AUC was estimated otherwise than it came, 0.9 where it was 0.8: what the "
        "columns mean "
        "for the target has changed.", "In 12 windows whose labels came RMSE was estimated otherwise than it "
        "came, 50.2 "
        "where it was 152.1: what the columns mean for the target has changed.",
    ),
    "serving.py": (
        "95% of the requests were answered within 12.5 ms, 3.1 ms before: 4.0 times.",
        "A row took 2.5 ms of CPU, 0.3 ms before: 8.3 times.", "The service held 900 MB, 300 MB before: 3.0 times.",
    ),
    "value.py": (
        "A row costs 1.2, 0.9 in training: 33% more.",
        "A row costs 1.2, 0.9 in training: 0.3 more, where a row costs or gains 2.5.",
    ),
    "losses.py": ("y = 1 was expected in 9.0% of the rows and came true in 4.0%: the probabilities are too high.",),
    "estimates.py": ("7,500 labels recalibrated it.", "7,500 labels recalibrated it, 50 of them its own."),
}  # fmt: skip
# Sentences of findings, which stay in English and say so.
FINDINGS = {"group_windows.py": 2, "estimation.py": 4}
RULES = sorted((PACKAGE / "monitoring" / "rules").glob("*.py"))
NAMES = (
    "causes", "incidents", "trust", "segments", "value", "group_windows", "losses", "judgement", "estimates",
    "estimation", "serving",
)  # fmt: skip
OTHERS = [PACKAGE / "monitoring" / f"{name}.py" for name in NAMES]


def sentences(path):
    """Whole sentences of a module; of those with values the number of places and something in each."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    told = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    told |= {id(part) for node in joined for part in ast.walk(node) if part is not node}
    for node in ast.walk(tree):
        if id(node) in told:
            continue
        if isinstance(node, ast.JoinedStr):
            parts = [one.value if isinstance(one, ast.Constant) else "7.5" for one in node.values]
            yield "".join(map(str, parts)).strip()
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value.strip()


def foreign(text):
    told = say.tell(text)
    return told == text or 'lang="en"' in told


@pytest.mark.parametrize("path", [*RULES, *OTHERS], ids=lambda path: path.name)
def test_every_sentence_that_monitoring_writes_is_translated(path):
    """Whoever adds a sentence to a rule adds its translation; what is put together of parts has an example above."""
    whole = [text for text in sentences(path) if text.endswith((".", "?")) and text.count(" ") > 1]
    left = [text for text in whole if foreign(text)]
    together = TOGETHER.get(path.name, ())

    assert [text for text in together if foreign(text)] == []
    assert len(left) <= len(together) + FINDINGS.get(path.name, 0), left


ENGLISH = re.compile(r"\b(?:the|of|is|are|training|before|what|which|rows|moved|weighs|drifted|changed)\b")


@pytest.mark.parametrize(
    "text",
    [
        "RMSE is 152.1, 48.6 in training: beyond chance, 213% of what the model is worth (an alarm from 20% "
        "on). That was "
        "in 2012-09, the worst of 10. What came of count lay above the predictions in 10 of 10 windows, by "
        "107.9 on average "
        "in 2012-09, which makes 50% of the squared error: it goes up with time, and the training left out "
        "month, which "
        "follows the clock, and year, which had one value only, so the model can't see it. What changed in the "
        "columns "
        "moved the mean prediction: feelingTemp by +33.3, hum by -2.1 and temp by +29.4 (units of count).",
        "y = 1 was expected in 3.2% of the rows and came true in 47.9%: the probabilities are too low. What "
        "came of class "
        "lay below the predictions in week-017, by 24.1 percentage points on average in week-017: its level has "
        "gone down, "
        "and nothing that the model sees tells so.",
        "age (0.53), job (0.17), prediction (0.16) and 1 more drifted; no label says yet whether it costs anything.",
        "Reasons changed: age weighs 0.9, 0.8 before, adds +0.5 on average, -0.1 before; job weighs 0.8, 0.9 "
        "before, is "
        "spread otherwise (0.10 apart), and 2 more. ROC AUC is 0.669, 0.678 in training: too few rows to tell, the "
        "difference lies between −0.103 and +0.085.",
        "No column drifted beyond the usual, but they go together otherwise: a weighs 0.1, 0.2 before, b weighs "
        "0.3, 0.4 "
        "before and c weighs 0.5, 0.6 before.",
        "sex F: selection rate 0.3, 0.2 of the others, accuracy 0.5, 0.6 of the others; its distance to the "
        "others is not "
        "what it was in training.",
    ],
)
def test_what_is_put_together_is_translated_as_a_whole(text):
    told = say.tell(text)

    assert 'lang="en"' not in told
    assert ENGLISH.findall(told) == []
    assert re.findall(r"\d+\.\d", told) == [], "numbers are written as in German"


def texts(page):
    """What a page says, part by part, and what names its parts; what says that it is English aside."""
    page = re.sub(r"<style>.*?</style>|<pre.*?</pre>|<code>.*?</code>", "", page, flags=re.DOTALL)
    page = re.sub(r'<(span|div|a)( [^>]*)?lang="en".*?</\1>', "", page, flags=re.DOTALL)
    found = re.findall(r">([^<>]+)<", page) + re.findall(r'(?:aria-label|title)="([^"]*)"', page)
    return [one for one in (" ".join(unescape(text).split()) for text in found) if re.search(r"[A-Za-z]{2}", one)]


def whole_page(lang, asked=""):
    report = replace(examples.report(), findings=())
    shapes = {"humid": Shape("humid", ("0.000 – 1.500", Ours("others")), (0.9, 0.1), (0.2, 0.8), (9, 9), (0.0, 0.1))}
    why = Driven(examples.reasons(), "late")
    choice = Choice.of(f"name=flights&lang={lang}&{asked}", may_act=True)
    unwatched = Listed("calm", None, "It is not watched yet. Call x once it has scored rows.")
    fleet = models.html((Listed("flights", Summary.of(report)), unwatched), choice)
    return model.html(Stored("flights", report), why, choice, shapes) + fleet


# Values of the data, and words that are the same in both languages.
SAME = re.compile(
    r"20\d\d-\d\d.*|UA|B6|DL|UA 2013.*|carrier .*|ROC AUC(, 2013-11)?|p [\d<].*|"
    r"mira.*|flights|calm|late|age|Workbench|m|"
    r"English|Deutsch|Trend|[Aa]larm|normal|Labels?|Champion|Version.*|Median|Training|Test|In its rows\.|"
    r"first version|"
    r"challenger .*|latency|Rain was far.*|The rain gauge.*"
)


def columns_of(report):
    return {one.column for w in report.windows for one in (*w.drift, *w.explained)}


@pytest.mark.parametrize("asked", ["", "column=humid", "window=2013-10"])
def test_no_english_is_left_on_a_german_page(asked):
    """Both pages have the same parts; those that are alike are names, values and words that are the same."""
    english, german = (texts(whole_page(lang, asked)) for lang in ("en", "de"))
    same = {one for one in german if one in english and not SAME.fullmatch(one)} - columns_of(examples.report())

    assert same == set()
    assert len(german) > 300


words = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


@given(words.filter(lambda one: one.strip() and not re.search(r"[.?!] [A-Z]", one)))
@example("a is missing in")
@example("#1")
@example("1,234.5")
def test_names_in_sentences_stay_as_they_are(name):
    """A name with numbers or words of ours in it is no number and no word."""
    assert say("in window %1", name) == f"im Fenster {name}"
    assert (
        say.tell(f"{name} is spread 1.62 times as wide as in training.")
        == f"{name} streut 1,62-mal so weit wie im Training."
    )


@given(st.floats(-1e7, 1e7), st.integers(0, 10**7), st.floats(0, 1))
def test_numbers_are_put_into_the_form_of_the_language_once(value, count, share):
    swapped = str.maketrans(",.", ".,")
    english = speaker("en")

    assert say.number(value) == english.number(value).translate(swapped)
    assert say("#1 rows", say.number(count)) == english("#1 rows", english.number(count)).translate(swapped).replace(
        "rows", "Zeilen"
    )
    assert say.percent(share) == english.percent(share).translate(swapped).replace("%", "\N{NO-BREAK SPACE}%")


def test_a_text_that_nobody_translates_says_that_it_is_english():
    assert say.tell("A sentence of <b> tomorrow.") == '<span lang="en">A sentence of &lt;b&gt; tomorrow.</span>'
    assert speaker("en").tell("A sentence.") == "A sentence."
    assert speaker("xx").language == "en"


def test_a_long_hostile_text_takes_no_time():
    """Sentences are read in one go: what repeats our words a thousand times is told apart as fast as others."""
    text = " is 1.0, 2.0 in training: beyond chance, and more drifted; " * 400

    assert 'lang="en"' in say.tell(text + "x")
