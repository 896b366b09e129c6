"""The learning curve, and what more rows are likely to bring."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.evaluation import Learned
from workbench.core.metric import Metric
from workbench.core.run import Split
from workbench.training import learning
from workbench.training.learning import doubled
from workbench.training.splits import Parts


def points(values, width=0.01, name="roc_auc"):
    return [Learned(100 * 2**k, Metric(name, v, v - width, v + width)) for k, v in enumerate(values)]


@given(st.floats(0.2, 1.0), st.floats(0.5, 0.99), st.floats(0.01, 0.4))
def test_a_power_law_goes_on_as_it_did(c, end, height):
    curve = [end - height * (100 * 2**k) ** -c for k in range(5)]

    assert doubled(points(curve[:4])) == pytest.approx(curve[4], abs=2e-4)


@given(st.lists(st.floats(0.3, 0.9), min_size=3, max_size=4))
def test_more_rows_never_make_it_worse_and_what_goes_up_and_down_foretells_nothing(values):
    found = doubled(points(values, width=0.02))

    assert found is None or found >= values[-1]
    if max(values[1:-1], default=0) > max(values[0], values[-1]) + 0.1:
        assert found is None


def test_two_points_foretell_nothing():
    assert doubled(points([0.6, 0.7])) is None
    assert doubled([]) is None


def sines(rows):
    """What can be learnt better and better of more rows."""
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (rows, 3))
    return pd.DataFrame(x, columns=list("abc")).assign(y=np.sin(2 * x).sum(axis=1) + rng.normal(0, 0.1, rows))


@pytest.mark.slow
def test_a_table_that_is_short_of_rows_is_told_so(store):
    small = wb.train(sines(800), target="y", candidates=["lightgbm"], trials=1, learning_curve=True)
    twice = wb.train(sines(1_600), target="y", candidates=["lightgbm"], trials=1)

    learned = small.evaluation.learned
    assert [one.rows for one in learned] == [80, 160, 320, 640]
    assert learned[-1].score == small.metrics[0]
    assert [one.score.value for one in learned] == sorted((one.score.value for one in learned), reverse=True)
    assert small.evaluation.doubled == pytest.approx(twice.metrics[0].value, rel=0.15)
    assert wb.run(small.id).evaluation == small.evaluation
    assert "twice the rows" in small._repr_mimebundle_()["text/html"]


@pytest.mark.slow
def test_nobody_gets_one_who_did_not_ask_and_ctrl_c_ends_it_alone(store, monkeypatch):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(learning, "_score", stop)

    plain, stopped = (
        wb.train(sines(300), target="y", candidates=["linear"], learning_curve=how) for how in (False, True)
    )

    assert plain.evaluation.learned == stopped.evaluation.learned == ()
    assert "WB207" not in {f.code for f in stopped.findings}
    assert stopped.answers == plain.answers


@given(st.lists(st.integers(0, 20), min_size=20, max_size=200), st.sampled_from([1 / 8, 1 / 4, 1 / 2]))
def test_a_part_has_whole_units_and_in_time_the_latest_rows(units, share):
    units = np.asarray(units)
    train = np.random.default_rng(0).permutation(len(units))[: len(units) * 4 // 5]

    drawn = Parts(train, train, (), Split("random", 3, 1, 1), units).share(share, seed=0)
    late = Parts(train, train, (), Split("time", 3, 1, 1), units).share(share, seed=0)

    assert set(drawn) <= set(train)
    assert not set(units[drawn]) & set(units[np.setdiff1d(train, drawn)])
    assert late.tolist() == train[-max(int(share * len(train)), 1) :].tolist()
