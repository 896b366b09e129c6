"""That somebody did not answer says one thing, once: of a survey no question is lost, and true leaks are found."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb

ROWS = 1_500
QUESTIONS = [f"q{i:02d}" for i in range(20)]
BLANK = np.random.default_rng(0).random(ROWS) < 0.25


def survey(seed=1, *, outcome=True, sloppy=0.0, target_blank=False):
    """Twenty answers from 1 to 5, some of which say something; a quarter of the people gave none."""
    rng = np.random.default_rng(seed)
    mood = rng.normal(size=ROWS)
    answers = {}
    for i, name in enumerate(QUESTIONS):
        noise = rng.normal(size=ROWS)
        answers[name] = np.digitize(mood * (i < 8) + noise, [-1.2, -0.4, 0.4, 1.2]) + 1.0
    table = pd.DataFrame(answers)
    table = table.mask(rng.random(table.shape) < sloppy).mask(np.tile(BLANK[:, None], len(QUESTIONS)))
    left = np.where(BLANK & outcome, rng.random(ROWS) < 0.95, mood + rng.normal(0, 0.5, ROWS) < -0.3)
    words = pd.Series(np.where(left, "left", "stayed"))
    return table.assign(age=rng.integers(18, 80, ROWS), y=words.mask(BLANK) if target_blank else words), mood


def told(profile, code):
    return [f for f in profile.findings if f.code == code]


@pytest.mark.parametrize("sloppy", [0.0, 0.05])
@pytest.mark.parametrize("target_blank", [False, True])
@pytest.mark.parametrize("outcome", [False, True])
def test_people_who_did_not_answer_make_no_leak_and_one_finding(sloppy, target_blank, outcome):
    table, _ = survey(sloppy=sloppy, target_blank=target_blank, outcome=outcome)
    profile = wb.profile(table, target="y")
    (one,) = told(profile, "WB136")

    assert profile.leaks == ()
    assert told(profile, "WB104") == []
    assert sorted(one.evidence["columns"]) == QUESTIONS
    assert one.evidence["rows"] == pytest.approx(BLANK.sum(), rel=0.02)


def test_even_an_outcome_that_is_the_answering_itself_is_no_leak_of_each_question():
    """Everybody who left did not answer, and nobody else."""
    table, _ = survey()
    profile = wb.profile(table.assign(y=np.where(BLANK, "left", "stayed")), target="y")

    assert profile.leaks == ()
    assert "y is 'left' in 100% of these and in 0% of the others" in told(profile, "WB136")[0].message


@pytest.mark.parametrize("task", ["classes", "number"])
def test_leaks_among_the_questions_and_beside_them_are_found(task):
    table, mood = survey()
    rng = np.random.default_rng(3)
    if task == "number":
        table["y"] = mood * 10
    left = mood * 10 if task == "number" else (table["y"] == "left") * 1.0
    table["q05"] = pd.Series(left + rng.normal(0, 0.01, ROWS)).mask(BLANK)
    table["closed"] = left * 3 + rng.normal(0, 0.01, ROWS)

    assert set(wb.profile(table, target="y").leaks) == {"q05", "closed"}


def test_a_few_columns_that_are_filled_in_once_a_case_is_closed_are_leaks():
    """A gap that tells the outcome is one where it is not that of a whole survey."""
    table, _ = survey()
    rng = np.random.default_rng(4)
    closed = table["y"] == "left"
    table["closed on"] = pd.Series(rng.integers(1, 28, ROWS) * 1.0).where(closed)
    table["closed by"] = pd.Series(rng.choice(["Ann", "Bob", "Cy"], ROWS)).where(closed)

    assert set(wb.profile(table, target="y").leaks) == {"closed on", "closed by"}


@pytest.mark.slow
def test_no_question_is_lost_in_training_and_the_score_is_what_it_should_be():
    table, _ = survey()
    run = wb.train(wb.dataset(table, target="y"), candidates=["linear", "boosting"], trials=1)

    assert set(QUESTIONS) <= set(run.features)
    assert run.metrics[0].value > 0.85


def test_the_cure_keeps_the_silence_in_one_column():
    table, _ = survey(sloppy=0.05)
    data = wb.dataset(table, target="y")
    scope = {"wb": wb, "data": data}
    exec(told(wb.profile(data), "WB136")[0].cure, scope)  # our own code

    assert (scope["data"].table["no answer"] == BLANK).all()
    assert scope["data"].contract["no answer"].kind == "boolean"


def test_independent_gaps_are_no_block():
    rng = np.random.default_rng(5)
    table = pd.DataFrame(rng.normal(size=(ROWS, 12)), columns=list("abcdefghijkl"))

    assert told(wb.profile(table.mask(rng.random(table.shape) < 0.3)), "WB136") == []


def test_a_survey_wider_than_usual_is_told_too(monkeypatch):
    for name in ("associations", "scan", "profile"):
        monkeypatch.setattr(f"workbench.profiling.{name}.WIDE", 10)
    table, _ = survey(sloppy=0.05)
    profile = wb.profile(table, target="y")

    assert profile.leaks == ()
    assert len(told(profile, "WB136")) == 1
