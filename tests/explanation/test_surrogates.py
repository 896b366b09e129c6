"""Local lines: those of a model that is one, and told where they can't be believed."""

from dataclasses import replace

import numpy as np
import pytest

from tests.explanation.runs import made
from workbench.errors import BadParameter, BadRow


class Curved:
    """Nothing that a line could follow."""

    def predict(self, frame):
        return np.sin(frame["tenure"].to_numpy() * 2.0)


class Constant:
    """The same whatever comes."""

    def predict(self, frame):
        return np.full(len(frame), 7.0)


NUMBERS = ("tenure", "charge", "paperless")


def test_of_a_linear_model_the_line_is_the_model():
    """Its columns are numbers, one of them with gaps."""
    run = made("amount", "linear", columns=NUMBERS)
    found = run.lime(4, samples=4000)
    row = run.holdout[list(run.features)].iloc[[4]]
    one_more = row.assign(tenure=row["tenure"] + run.holdout["tenure"].std(ddof=0))
    slope = float((run.pipeline.predict(one_more) - run.pipeline.predict(row))[0])
    assert found.weights["tenure"] == pytest.approx(slope, rel=0.01)
    assert found.fidelity > 0.999
    assert found.line == pytest.approx(found.prediction, rel=0.01)
    assert found.prediction == pytest.approx(float(run.pipeline.predict(row)[0]))
    assert found.findings == ()


def test_categories_weigh_what_having_the_rows_value_adds():
    """A yearly contract lowers the amount against others, and a monthly one raises it."""
    run = made("amount", "linear")
    monthly, yearly = (int(np.flatnonzero(run.holdout["contract"] == kind)[0]) for kind in ("monthly", "two years"))
    assert run.lime(monthly).weights["contract"] > 0 > run.lime(yearly).weights["contract"]


def test_where_a_line_does_not_follow_the_model_that_is_told():
    run = replace(made("amount", "linear"), pipeline=Curved())
    found = run.lime(0)
    assert found.fidelity < 0.3
    (told,) = found.findings
    assert told.code == "WB239"
    assert f"R² {found.fidelity:.2f}" in told.message


def test_of_a_model_that_says_the_same_nothing_weighs():
    found = replace(made("amount", "linear"), pipeline=Constant()).lime(0)
    assert max(map(abs, found.weights.values())) < 1e-9
    assert (found.line, found.fidelity) == (pytest.approx(7.0), 1.0)


@pytest.mark.parametrize(("target", "model"), [("leaves", "boosting"), ("level", "boosting"), ("leaves", "network")])
def test_any_model_and_class_is_followed_and_the_same_seed_gives_the_same_line(target, model):
    run = made(target, model)
    found = run.lime(2, samples=500)
    assert found == run.lime(2, samples=500)
    assert found != run.lime(2, samples=500, seed=1)
    assert set(found.weights) == set(run.features)
    assert found.label == (run.pipeline.predict(run.holdout[list(run.features)])[2] if target == "level" else "Yes")
    assert found.unit == "probability"
    assert list(map(abs, found.weights.values())) == sorted(map(abs, found.weights.values()), reverse=True)
    assert found.frame()["column"].tolist() == list(found.weights)


def test_a_row_without_a_value_weighs_that_it_has_none():
    run = made("leaves", "linear")
    row = int(np.flatnonzero(run.holdout["charge"].isna())[0])
    assert run.lime(row, samples=300).row["charge"] is None


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        ({"row": 0, "samples": 10}, BadParameter, "samples"),
        ({"row": 0, "width": 0}, BadParameter, "width"),
        ({"row": 0, "width": float("inf")}, BadParameter, "width"),
        ({"row": 0, "label": "Maybe"}, BadParameter, "'Yes'"),
        ({"row": {"tenure": 1}}, BadRow, "months"),
    ],
)
def test_what_is_asked_for_wrongly_is_refused(asked, error, said):
    with pytest.raises(error, match=said):
        made().lime(**asked)
