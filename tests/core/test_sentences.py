"""Sentences that a customer could be told: the grammar of every kind of value, in English and in German."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.explanation import Explanation
from workbench.core.json_values import MASK
from workbench.core.sentences import Told, clean, sentence
from workbench.core.what_if import Answer
from workbench.errors import BadParameter

REASONS = [("contract", "month-to-month", 1.2), ("tenure", 2, 0.9), ("age", 65, -0.6)]
UNITS = {"tenure": "months", "price": "US dollar"}


def told(reasons=REASONS, label="Yes", prediction=0.72, rises=True, target="Churn", **more):
    return Told(target, label, prediction, reasons, rises, **{"units": UNITS, **more})


def said(language="en", **about):
    return sentence(told(**about), language).replace("\N{NO-BREAK SPACE}", " ")


def because(value, name="x", language="en", **more):
    """The clause about one value."""
    whole = said(language, reasons=[(name, value, 1.0)], **more)
    return whole.partition("because " if language == "en" else "weil ")[2].removesuffix(".")


NAMES = {"Churn": "churning", "contract": "the contract", "age": "the customer is {value} years old"}
GERMAN = {
    "Churn": "eine Kündigung",
    "contract": "der Vertrag {value} läuft",
    "tenure": "die Laufzeit",
    "age": "der Kunde {value} Jahre alt ist",
}


def test_a_likely_answer():
    assert said(names=NAMES) == (
        "The probability of churning is 72%, mostly because the contract is month-to-month and tenure is 2 months; "
        "that the customer is 65 years old speaks against it."
    )
    assert said("de", names=GERMAN, units={"tenure": "Monate"}) == (
        "Die Wahrscheinlichkeit für eine Kündigung beträgt 72 %, vor allem weil der Vertrag month-to-month läuft und "
        "die Laufzeit 2 Monate beträgt; dass der Kunde 65 Jahre alt ist, spricht dagegen."
    )


def test_an_unlikely_answer_has_the_reasons_that_make_it_so():
    turned = [(name, value, -added) for name, value, added in REASONS]
    assert said(reasons=turned, prediction=0.08, rises=False) == (
        "The probability of Churn is 8%, mostly because contract is month-to-month and tenure is 2 months; "
        "that age is 65 speaks for it."
    )
    assert said("de", reasons=turned, prediction=0.08, rises=False).endswith("; dass age 65 beträgt, spricht dafür.")


def test_a_number():
    about = {"label": None, "prediction": 258933.4, "target": "price", "unit": "US dollar"}
    assert said(**about) == (
        "The prediction for price is 258,933 US dollar, mostly because contract is month-to-month and tenure is "
        "2 months; that age is 65 lowers it."
    )
    assert said("de", **about) == (
        "Die Vorhersage für price beträgt 258.933 US dollar, vor allem weil contract month-to-month ist und "
        "tenure 2 months beträgt; dass age 65 beträgt, senkt sie."
    )
    turned = [(name, value, -added) for name, value, added in REASONS]
    assert said(**about | {"reasons": turned, "rises": False}).endswith("; that age is 65 raises it.")
    assert said("de", **about | {"reasons": turned, "rises": False}).endswith("; dass age 65 beträgt, erhöht sie.")


@pytest.mark.parametrize(
    ("label", "english", "german"),
    [
        ("Yes", "The probability of income is", "Die Wahrscheinlichkeit für income beträgt"),
        (True, "The probability of income is", "Die Wahrscheinlichkeit für income beträgt"),
        (1, "The probability of income is", "Die Wahrscheinlichkeit für income beträgt"),
        ("high", "The probability that income is high is", "Die Wahrscheinlichkeit, dass income high ist, beträgt"),
        (">50K", "The probability that income is “>50K” is", "Die Wahrscheinlichkeit, dass income „>50K“ ist, beträgt"),
        ("No", "The probability that income is No is", "Die Wahrscheinlichkeit, dass income No ist, beträgt"),
        (3, "The probability that income is 3 is", "Die Wahrscheinlichkeit, dass income 3 ist, beträgt"),
    ],
)
def test_the_class_that_is_told_of(label, english, german):
    assert said(label=label, target="income").startswith(f"{english} 72%,")
    assert said("de", label=label, target="income").startswith(f"{german} 72 %,")


@pytest.mark.parametrize(
    ("share", "english", "german"),
    [(0.0, "less than 1%", "weniger als 1 %"), (0.0099, "less than 1%", "weniger als 1 %"), (0.014, "1%", "1 %"),
     (0.5, "50%", "50 %"), (0.994, "more than 99%", "mehr als 99 %"), (1.0, "more than 99%", "mehr als 99 %")],
)  # fmt: skip
def test_nothing_is_told_as_certain(share, english, german):
    assert f"is {english}, mostly" in said(prediction=share)
    assert f"beträgt {german}, vor allem" in said("de", prediction=share)


@pytest.mark.parametrize(
    ("value", "english", "german"),
    [
        (None, "x is not known", "x nicht bekannt ist"),
        (True, "x applies", "x zutrifft"),
        (False, "x does not apply", "x nicht zutrifft"),
        (2, "x is 2", "x 2 beträgt"),
        (-114.57, "x is -114.57", "x -114,57 beträgt"),
        (0.25, "x is 0.25", "x 0,25 beträgt"),
        (15024.0, "x is 15,024", "x 15.024 beträgt"),
        (1719, "x is 1719", "x 1719 beträgt"),
        ("Two year", "x is Two year", "x Two year ist"),
        ("late; again, and again", "x is “late; again, and again”", "x „late; again, and again“ ist"),
        ("2024-05-22T00:00:00", "x is 22 May 2024", "x der 22. Mai 2024 ist"),
        ("2024-03-01T14:30:00", "x is 1 March 2024, 14:30", "x der 1. März 2024, 14:30 ist"),
        ("2024-99-99", "x is 2024-99-99", "x 2024-99-99 ist"),
        ("", "x is “…”", "x „…“ ist"),
    ],
)
def test_every_kind_of_value(value, english, german):
    assert because(value) == english
    assert because(value, language="de") == german


def test_one_of_a_unit_is_singular_in_english():
    assert because(1, "tenure") == "tenure is 1 month"
    assert because(1.0, "tenure") == "tenure is 1 month"
    assert because(1, "size", units={"size": "class"}) == "size is 1 class"
    assert because(1, "tenure", language="de", units={"tenure": "Monate"}) == "tenure 1 Monate beträgt"


def test_a_whole_clause_that_was_given():
    clause = {"x": "the customer is {value} old"}
    assert because(2, names=clause, units={"x": "years"}) == "the customer is 2 years old"
    assert because(True, names={"x": "paperless billing: {value}"}) == "paperless billing: yes"
    assert because(None, names=clause) == "the customer is not known"
    assert because(None, names={"x": "der Vertrag {value} läuft"}, language="de") == "der Vertrag nicht bekannt ist"


def test_german_says_a_verb_once_that_two_clauses_share():
    reasons = [("a", 1, 3.0), ("b", 2, 2.0), ("c", "x", 1.0)]
    assert sentence(told(reasons), "de", most=3).endswith("weil a 1, b 2 beträgt und c x ist.")
    assert sentence(told(reasons), "en", most=3).endswith("because a is 1, b is 2 and c is x.")


def test_small_reasons_are_not_told_and_where_nothing_weighs_that_is_said():
    assert said(reasons=[("a", 1, 3.0), ("b", 2, 0.01)]).endswith("because a is 1.")
    assert said(reasons=[("a", 1, 3.0), ("b", 2, -0.7)]).endswith("because a is 1.")  # too little to speak against it
    nothing = said(reasons=[("a", 1, 0.0)])
    assert nothing == "The probability of Churn is 72%; nothing about this case moves it much."
    assert said("de", reasons=[]).endswith("72 %; nichts an diesem Fall ändert sie merklich.")


def test_columns_that_say_the_same_speak_once():
    reasons = [("education", "Masters", 0.5), ("years", 14, 0.6), ("age", 40, 0.8)]
    groups = [("education", "years")]
    assert said(reasons=reasons, groups=groups).endswith("because years is 14 and age is 40.")


def test_what_is_masked_is_not_told_and_what_is_told_is_not_called_most_of_it():
    reasons = [("sex", MASK, 2.0), ("age", 40, 0.8)]
    assert said(reasons=reasons).endswith("72%, among other things because age is 40.")
    assert said("de", reasons=reasons).endswith("72 %, unter anderem weil age 40 beträgt.")
    assert said(reasons=[("sex", MASK, 0.2), ("age", 40, 0.8)]).endswith("mostly because age is 40.")


@given(st.text(), st.text(), st.text())
def test_hostile_names_and_values_stay_on_one_line_without_control_characters(name, value, target):
    for language in ("en", "de"):
        whole = sentence(told([(name, value, 1.0)], target=target), language)
        assert whole.isprintable() or "\N{NO-BREAK SPACE}" in whole
        assert whole.count("\n") == 0
        assert whole.endswith(".")
        assert len(whole) < 400


def test_direction_marks_and_braces_in_names_of_columns_do_nothing():
    assert because(3, "a\u202eb{0}\x00") == "ab{0} is 3"
    assert clean(" a \r\n b\t") == "a b"


@pytest.mark.parametrize(("language", "most"), [("fr", 2), ("en", 0), ("en", True), ("en", "2")])
def test_what_is_asked_for_wrongly_is_refused(language, most):
    with pytest.raises(BadParameter):
        sentence(told(), language, most)


def explanation(**changes):
    about = {
        "run_id": "1", "features": ("a", "b"), "values": [[1.0, -0.5], [-1.0, 0.25]], "base": 0.0,
        "outputs": [0.5, -0.75], "unit": "log-odds", "label": "Yes", "additivity_error": 0.0, "method": "linear",
        "columns": {"a": (1, 2), "b": ("x", None)}, "predictions": [0.6, 0.3], "target": "Churn",
        "units": {"a": "days"},
    }  # fmt: skip
    return Explanation(**about | changes)


def test_an_explanation_tells_of_its_rows():
    assert explanation().sentence(0) == (
        "The probability of Churn is 60%, mostly because a is 1 day; that b is x speaks against it."
    )
    assert explanation().sentence(-1, "de", names={"a": "die Dauer"}).replace("\N{NO-BREAK SPACE}", " ") == (
        "Die Wahrscheinlichkeit für Churn beträgt 30 %, vor allem weil die Dauer 2 days beträgt; "
        "dass b nicht bekannt ist, spricht dafür."
    )


def test_sampled_reasons_that_may_be_none_are_not_told():
    assert explanation(half_width=[[0.1, 0.9], [0.1, 0.9]]).sentence(0).endswith("mostly because a is 1 day.")


def test_an_old_explanation_without_probabilities_says_so():
    with pytest.raises(BadParameter, match="older version"):
        explanation(predictions=None).sentence(0)
    assert "0.5" in explanation(predictions=None, label=None, unit="days", target="").sentence(0)
    with pytest.raises(BadParameter, match="from 0 to 1"):
        explanation().sentence(2)


def test_a_made_up_row_is_told_of_too():
    answer = Answer(
        {"a": 1, "b": "x"}, "Yes", 0.6, label="Yes", output=0.5, values={"a": 1.0, "b": -0.5}, target="Churn",
        units={"a": "days"},
    )  # fmt: skip
    assert answer.sentence() == explanation().sentence(0)


def test_target_and_units_are_kept_in_the_file(tmp_path):
    read = Explanation.load(explanation().save(tmp_path / "explanation.parquet"))
    assert read.sentence(0) == explanation().sentence(0)
    old = {name: part for name, part in explanation().to_dict().items() if name not in ("target", "units")}
    assert Explanation.from_dict(old).sentence(0).startswith("The probability of the target is 60%")
