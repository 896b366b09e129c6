"""The model card says what a reader must know, and nothing from the data gets out of its place."""

import re
from dataclasses import replace
from html.parser import HTMLParser

import pandas as pd
import pytest
from hypothesis import given

import workbench as wb
from tests.hostile_names import ANY
from workbench.core.evaluation import Slice
from workbench.core.explanation import Explanation
from workbench.core.fairness import LIMITS, Fairness
from workbench.core.metric import Metric
from workbench.core.slices import Slices
from workbench.errors import BadParameter
from workbench.packaging.card import Asked, Made, bar, card, code, plain
from workbench.packaging.model import pack

HOSTILE = "<img src=x onerror=alert(1)>|`[a](javascript:alert(1))`\n# no title"


def explained(run, values=((0.5, -0.25, 0.0),)) -> Explanation:
    row = dict.fromkeys(run.features, (None,))
    return Explanation(run.id, run.features, values, 0.1, (0.35,), "log-odds", "yes", 0.0, "tree paths", row)


def card_of(run, explanation=None, slices=None, fairness=None) -> str:
    bundle = wb.package(run, name="shop")
    return card(bundle, run, Made(pack(run), Asked(explanation, slices, fairness), bundle.needs), "")


def test_each_chapter_is_there(run):
    text = card_of(run, explained(run))

    chapters = [line[3:] for line in text.splitlines() if line.startswith("## ")]
    assert chapters == [
        "Use", "Scores", "Data", "Features", "Left out", "What drives the predictions", "Limits", "Model",
        "What it needs", "Ask it", "Security", "Lineage",
    ]  # fmt: skip
    for part in (
        run.id,
        run.fingerprint,
        "seed 0",
        "Threshold of the second class: 0.4",
        "0.7 to 0.9 (90%)",
        "SHA-256",
    ):
        assert part in text


@pytest.mark.slow
def test_the_strongest_driver_has_the_longest_bar(run):
    rows = [line for line in card_of(run, explained(run)).splitlines() if "█" in line]

    assert rows == ["| `age` | 0.5 | ████████████████████ |", "| `income` | 0.25 | ██████████ |"]


@pytest.mark.parametrize(("value", "length"), [(1.0, 20), (0.5, 10), (0.01, 1), (0.0, 0)])
def test_bars_are_as_long_as_their_values(value, length):
    assert len(bar(value, 1.0)) == length
    assert bar(value, 0.0) == ""


def answering(run):
    """The run with what its pipeline answers for the hold-out."""
    rows = run.holdout[list(run.features)]
    held = run.pipeline.predict(rows) if run.task == "regression" else run.pipeline.predict_proba(rows)[:, 1]
    return replace(run, held=held)


@pytest.mark.slow
def test_groups_of_a_sensitive_column_are_told_without_asking(make_run, small_table):
    run = answering(make_run(small_table(1000), "bought", sensitive=("city",)))

    bundle = wb.package(run, name="shop")

    text = (bundle.path / "card.md").read_text(encoding="utf-8")
    rows = [line.split("|") for line in text.splitlines() if line.startswith("| `city` | `")]
    assert {row[2].strip() for row in rows} == {"`Bonn`", "`Köln`", "`Ulm`", "`missing` (too few to judge)"}
    assert sum(int(row[3]) for row in rows) == len(run.holdout)
    assert "Uses sensitive columns: `city`. Its fairness is told above." in text
    assert "demographic parity difference" in text
    assert LIMITS in text
    kept = Fairness.load(bundle.path / "fairness.json")
    assert kept.columns == ("city",)
    ulm = (run.holdout["city"] == "Ulm").to_numpy()
    group = next(group for group in kept.groups if group.value == "Ulm")
    right = (run.held >= run.threshold) == (run.holdout["bought"] == "yes")
    assert group["accuracy"].value == pytest.approx(right[ulm].mean())
    assert next(row for row in rows if "Ulm" in row[2])[7].strip().strip("*") == group["accuracy"].text


@pytest.mark.slow
def test_errors_by_group_of_a_regression(make_run, small_table):
    frame = small_table(1000)
    frame["bought"] = frame["age"] * 2.5
    run = answering(make_run(frame, "bought", "regression"))

    text = card_of(run, fairness=wb.fairness(run, "city", why=False))

    assert "| column | group | rows | mean prediction | mean error | mae |" in text


@pytest.mark.slow
def test_a_verdict_of_another_run_is_refused(make_run, small_table):
    run = answering(make_run(small_table(400), "bought"))
    other = replace(wb.fairness(run, "city", why=False), run="another")

    with pytest.raises(BadParameter, match="of the run another"):
        wb.package(run, name="shop", fairness=other)


class Tags(HTMLParser):
    def __init__(self):
        super().__init__()
        self.seen: set[str] = set()

    def handle_starttag(self, tag, attrs):
        self.seen |= {tag, *(name for name, _ in attrs)}


@pytest.mark.slow
def test_hostile_names_and_categories_stay_in_their_places(make_run, small_table):
    markdown = pytest.importorskip("markdown_it")
    frame = small_table(400).rename(columns={"city": HOSTILE})
    frame[HOSTILE] = pd.Series([HOSTILE + str(i % 3) for i in range(len(frame))], dtype="str")
    run = answering(make_run(frame, "bought", sensitive=(HOSTILE,)))
    run = replace(run, source=HOSTILE, left_out={HOSTILE: HOSTILE})

    text = card_of(run, explained(run), fairness=wb.fairness(run, HOSTILE, smallest=2, why=False))

    tags = Tags()
    tags.feed(markdown.MarkdownIt("commonmark").enable("table").render(text))
    usual = {
        "h1",
        "h2",
        "p",
        "code",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "ul",
        "li",
        "style",
        "br",
        "pre",
        "class",
    }
    assert tags.seen <= usual
    assert "no title" not in [line.strip("# ") for line in text.splitlines()]


@pytest.mark.parametrize("text", [HOSTILE, "a`b", "|", "<script>"])
def test_what_is_quoted_can_not_break_out(text):
    assert not set(code(text)[1:-1]) & set("`|<>\n")
    assert "<" not in plain(text)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("lock", "told"),
    [("h11==0.16.0 --hash=sha256:" + "a" * 64 + "\n", "nothing else is installed"), ("h11==0.16.0\n", "not known")],
)
def test_the_card_says_whether_the_packages_have_hashes(lock, told, run, monkeypatch):
    monkeypatch.setattr("workbench.packaging.package.hashed", lambda lines: lock)

    bundle = wb.package(run, name="locked")

    assert told in (bundle.path / "card.md").read_text(encoding="utf-8")


@given(ANY)
def test_a_name_stays_one_visible_piece_of_a_line(text):
    as_code, as_words = code(text), plain(text)

    assert as_code.isprintable()
    assert as_words.isprintable()
    assert re.fullmatch(r"`[^`|<>]+`", as_code)
    assert not re.search(r"(?<!\\)(?:\\\\)*[|\[]|[<>`]", as_words)


def test_slices_that_somebody_asked_for_are_a_chapter_and_break_out_of_no_cell(run):
    found = (Slice(HOSTILE, HOSTILE, 40, 0.5, 0.3, 0.02, Metric("roc_auc", 0.6, 0.5, 0.7), 0.1, 0.3),)
    text = card_of(run, slices=Slices(run.id, 90, "log loss", Metric("roc_auc", 0.7), found))
    (row,) = [line for line in text.partition("## Slices")[2].splitlines() if "+0.2 | 0.02" in line]

    assert row.count("|") == 8
    assert "<img" not in text


def test_slices_of_another_run_are_refused(run):
    with pytest.raises(BadParameter, match="not of"):
        wb.package(run, name="shop", slices=Slices("another", 90, "log loss", None, ()))
