"""What a run or an explanation answers shows itself: a line, findings and a table, all escaped."""

import pytest

from tests.explanation.runs import made
from workbench.core.counterfactual import Change, Counterfactual, Counterfactuals
from workbench.core.finding import Finding

HOSTILE = "<script>alert(1)</script>"


def ways(name=HOSTILE):
    way = Counterfactual((Change(name, HOSTILE, None),), HOSTILE, 0.5, 0.1)
    none = Finding("WB240", "info", f"No way to {HOSTILE}.")
    return Counterfactuals({name: HOSTILE}, HOSTILE, 0.2, HOSTILE, (way,), None, (), 3, 9, (none,))


def test_names_and_values_are_escaped():
    html = ways()._repr_mimebundle_()["text/html"]
    assert "<script>" not in html
    assert "&lt;script&gt;" in html
    assert "missing" in html


@pytest.mark.parametrize(
    "ask",
    [
        lambda run: run.counterfactuals(0),
        lambda run: run.effect("tenure"),
        lambda run: run.effect("tenure", "contract"),
        lambda run: run.interactions(["tenure", "contract"], rows=20),
        lambda run: run.lime(0, samples=100),
        lambda run: run.decision_path(0),
    ],
)
def test_each_answer_shows_its_line_and_its_table(ask):
    answer = ask(made())
    shown = answer._repr_mimebundle_()
    assert shown["text/plain"] == str(answer) == answer.headline()
    assert shown["text/html"].count("<tr>") == 1 + len(answer.frame())
    assert all(finding.code in shown["text/html"] for finding in answer.findings)
    assert isinstance(answer.to_dict(), dict)


def test_an_effect_is_drawn_as_a_curve_or_by_categories():
    numbers, categories = (made().effect(name)._repr_mimebundle_()["text/html"] for name in ("tenure", "contract"))

    assert numbers.count("<svg") == categories.count("<svg") == 2
    assert numbers.count("wb-band") > categories.count("wb-band")


def test_of_a_long_table_the_beginning_is_shown_and_the_rest_counted():
    effect = made("amount", "linear").effect("charge", points=90)
    html = effect._repr_mimebundle_()["text/html"]
    assert html.count("<tr>") == 61
    assert f"{len(effect.grid) - 60} more rows" in html
