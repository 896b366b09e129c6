"""Words of a text: what they add makes the prediction, the words that matter come first, and others add nothing."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter

GOOD, BAD, IDLE = ["lovely", "fine", "great"], ["late", "broken", "awful"], ["it", "was", "the", "box", "and"]


def letters(rows=400, seed=0):
    random = np.random.default_rng(seed)
    kinds = random.random(rows) < 0.5
    said = [
        " ".join(random.permutation([*random.choice(BAD if bad else GOOD, 2), *random.choice(IDLE, 3)]))
        for bad in kinds
    ]
    flipped = kinds != (random.random(rows) < 0.1)
    return pd.DataFrame({"note": said, "size": random.normal(size=rows), "back": np.where(flipped, "yes", "no")})


@pytest.fixture(scope="module")
def run(tmp_path_factory, put_store):
    home = tmp_path_factory.mktemp("words")
    put_store(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        yield wb.train(wb.dataset(letters(), target="back"), candidates=("linear",), folds=2)


def test_what_words_add_makes_the_prediction_and_those_that_matter_come_first(run):
    told = run.words({"note": "It was LATE and broken; late again, the lovely box!", "size": 0.5})
    assert told.column == "note"
    assert told.empty + sum(one.added for one in told.words) == pytest.approx(told.prediction, abs=1e-12)
    by_word = {one.word: one for one in told.words}
    assert by_word["LATE"].times == 2
    assert min(by_word["LATE"].added, by_word["broken"].added) > 0 > by_word["lovely"].added
    assert {one.word for one in told.words[:3]} == {"LATE", "broken", "lovely"}
    assert by_word["again"].added == pytest.approx(0, abs=0.02)
    assert told.headline().startswith(f"{told.words[0].word!r} ")


def test_the_other_class_is_the_same_turned(run):
    row = {"note": "late but fine", "size": 0.0}
    yes, no = (run.words(row, label=label) for label in ("yes", "no"))
    assert {w.word: round(w.added, 9) for w in yes.words} == {w.word: round(-w.added, 9) for w in no.words}


@pytest.mark.parametrize("text", ["...", "\u200b", "!"])
def test_a_text_without_a_word_has_none(run, text):
    told = run.words({"note": text, "size": 0.0})
    assert told.words == ()
    assert told.headline().startswith("No word of note changes anything")


def test_a_long_text_and_hostile_words_are_told_safely(run):
    text = " ".join(f"w{i}" for i in range(200)) + " <script>alert(1)</script>"
    told = run.words({"note": f"<b>late</b> {text}", "size": 0.0})
    assert len(told.words) == 60
    assert "<script" not in told._repr_mimebundle_()["text/html"]


def test_what_holds_no_text_is_refused(run):
    with pytest.raises(BadParameter, match=r"holds texts which may be shown: note; got 'size'"):
        run.words(0, "size")
