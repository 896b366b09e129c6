"""What came true by what was said."""

import numpy as np
import pytest

from workbench.profiling.outcomes import Outcomes, answered, outcome_change, outcomes


def rows(many, seed, turn=1.0, low=0.0):
    """Probabilities, and what came of them."""
    draw = np.random.default_rng(seed)
    said = draw.uniform(low, 1, many)
    came = draw.random(many) < (said if turn > 0 else 1 - said)
    return answered(
        np.where(came, "yes", "no").tolist(), said, np.where(said > 0.5, "yes", "no").tolist(), ("no", "yes")
    )


def test_probabilities_that_mean_the_opposite_are_told():
    change = outcome_change(outcomes(rows(2000, 0)), rows(300, 1, turn=-1.0))

    assert (change.p_value < 1e-12, change.effect > 0.5) == (True, True)


def test_other_predictions_that_come_true_as_they_did_are_no_news():
    found = [outcome_change(outcomes(rows(2000, k)), rows(500, 50 + k, low=0.6)).p_value for k in range(40)]

    assert sum(p < 0.05 for p in found) <= 6


def test_nothing_is_told_more_often_than_was_asked():
    found = sum(outcome_change(outcomes(rows(400, k)), rows(200, 1000 + k)).p_value < 0.1 for k in range(100))

    assert found <= 20


@pytest.mark.parametrize("moved", [0.0, 1.0])
def test_residuals_that_move_are_told(moved):
    draw = np.random.default_rng(0)
    said, noise = draw.normal(size=(2, 1500))
    before = answered(said[:1000] + noise[:1000], said[:1000], None, ())
    now = answered(said[1000:] + noise[1000:] + moved, said[1000:], None, ())

    change = outcome_change(outcomes(before, numbers=True), now)

    assert (change.p_value < 1e-9) == bool(moved)
    assert np.isclose(change.mean, moved, atol=0.2)


def test_an_error_of_numbers_is_one_of_the_largest_tenth():
    draw = np.random.default_rng(0)
    kept = outcomes(answered(draw.normal(size=1000), np.zeros(1000), None, ()), numbers=True)

    assert kept.wrong == 100
    assert answered([0.0, 9.0], np.zeros(2), None, (), kept.large).wrong.tolist() == [False, True]


def test_of_several_classes_it_is_whether_the_answer_was_right():
    found = answered(["a", "b"], np.array([[0.7, 0.2, 0.1], [0.5, 0.3, 0.2]]), ["a", "a"], ("a", "b", "c"))

    assert (found.said.tolist(), found.came.tolist(), found.wrong.tolist()) == (
        [0.7, 0.5],
        [pytest.approx(0.3), -0.5],
        [False, True],
    )


def test_what_a_stretch_of_time_did_is_no_news():
    """Probabilities that are right on the whole and wrong in every stretch."""
    draw = np.random.default_rng(0)
    said, off = draw.uniform(0.3, 0.7, 4000), np.repeat([-0.25, 0.25] * 10, 200)
    came = np.where(draw.random(4000) < said + off, "yes", "no").tolist()
    every = answered(came, said, ["no"] * 4000, ("no", "yes"))
    window = answered(came[:200], said[:200], ["no"] * 200, ("no", "yes"))

    apart, together = (outcome_change(outcomes(every, in_time=t), window).p_value for t in (False, True))

    assert apart < 1e-3 < 0.01 < together


def test_they_are_read_as_they_were_written():
    kept = outcomes(rows(1000, 0), in_time=True)

    assert Outcomes.from_dict(kept.to_dict()) == kept
    assert outcomes(rows(10, 0)) is None
