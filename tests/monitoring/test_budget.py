"""One budget of false alarms, whatever the number of rules."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.incident import SERVED
from workbench.monitoring.budget import Family, Suspicion, spend
from workbench.monitoring.judgement import ORDER
from workbench.monitoring.levels import MOVES, SCALES, level_of

CHANCES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def family(p_values, tests=None):
    found = tuple(Suspicion("drift", f"{k}", p, 0.2, (f"c{k}",)) for k, p in enumerate(p_values))
    return Family(found, len(p_values) if tests is None else tests)


def test_where_nothing_changed_anything_is_told_as_often_as_was_asked():
    draw = np.random.default_rng(0)
    sizes, weights = (1, 3, 20, 60), (4.0, 2.0, 1.0, 0.5)

    told = [
        bool(spend([(w, family(draw.random(n).tolist())) for w, n in zip(weights, sizes, strict=True)], 0.2)[1])
        for _ in range(2000)
    ]

    assert 0.15 < np.mean(told) <= 0.22


@given(st.lists(CHANCES, min_size=1, max_size=5), st.floats(0.001, 0.5), st.floats(1, 2))
def test_a_larger_rate_tells_no_less(families, rate, more):
    given_ = [(1.0 + k, family(p)) for k, p in enumerate(families)]

    few, many = (spend(given_, r)[1] for r in (rate, min(rate * more, 0.99)))

    assert len(few) <= len(many)


@given(st.lists(CHANCES, min_size=2, max_size=5), st.floats(0.001, 0.5))
def test_what_is_told_is_surer_than_its_part(families, rate):
    parts, told = spend([(1.0, family(p)) for p in families], rate)

    assert all(rate / len(families) <= part <= rate * (1 + 1e-9) for part in parts)
    assert all(one.p_value <= rate for one in told)


def test_a_rule_that_made_many_tests_pays_for_those_that_saw_nothing():
    assert spend([(1.0, family([0.004], tests=1))], 0.05)[1]
    assert not spend([(1.0, family([0.004], tests=20))], 0.05)[1]


def test_a_sure_rule_hands_its_part_on():
    sure, unsure = family([1e-9]), family([0.04])

    assert len(spend([(1.0, sure), (1.0, unsure)], 0.05)[1]) == 2
    assert not spend([(1.0, family([0.9])), (1.0, unsure)], 0.05)[1]


def test_every_kind_has_a_scale_and_a_place():
    assert {*SCALES} - {"required", *SERVED} == {*ORDER}
    assert {*MOVES} <= {*SCALES}
    assert all(one.warning <= one.alarm for one in SCALES.values())
    assert (level_of("missing", 0.001), level_of("missing", -0.04), level_of("required", 0.05)) == (
        "small", "warning", "alarm",
    )  # fmt: skip
