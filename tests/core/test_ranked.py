"""Scores of classes in an order: scikit-learn's numbers, by ranks that are meant and not by the alphabet."""

import pickle

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score, mean_absolute_error

from workbench.core.contract import Column, Contract
from workbench.core.measures import is_ours, measure
from workbench.core.ranked import Ranked, ranked
from workbench.core.scores import scores
from workbench.errors import BadParameter


@st.composite
def answered(draw):
    """Ranks of some classes, true classes, probabilities, and weights."""
    classes = draw(st.integers(3, 6))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    rows = draw(st.integers(5, 60))
    told = rng.dirichlet(np.ones(classes), rows)
    return rng.permutation(classes), rng.integers(0, classes, rows), told, rng.uniform(0.1, 5, rows)


@given(answered())
def test_they_are_those_of_scikit_learn_with_and_without_weights(case):
    ranks, truth, told, weights = case
    classes = Ranked([f"c{k}" for k in range(len(ranks))], ranks.tolist())
    true, given_ = ranks[truth], ranks[told.argmax(axis=1)]
    assume(len({*true, *given_}) > 1)

    for w in (None, weights):
        kappa = cohen_kappa_score(true, given_, weights="quadratic", sample_weight=w, labels=range(len(ranks)))
        off = mean_absolute_error(true, given_, sample_weight=w)
        assert measure("quadratic_kappa", "multiclass", classes).of(truth, told, w) == pytest.approx(kappa, abs=1e-9)
        assert measure("rank_mae", "multiclass", classes).of(truth, told, w) == pytest.approx(off)


@given(answered())
def test_many_samples_at_once_are_each_sample_by_itself(case):
    ranks, truth, told, weights = case
    classes = Ranked(range(len(ranks)), ranks.tolist())
    times = np.random.default_rng(0).multinomial(len(truth), np.ones(len(truth)) / len(truth), 5)

    for name in ("quadratic_kappa", "rank_mae"):
        one = measure(name, "multiclass", classes)
        for sample, value in zip(times, one.of_samples(truth, told, times, weights), strict=True):
            rows = np.repeat(np.arange(len(truth)), sample)
            alone = one.of(truth[rows], told[rows], weights[rows])
            assert value == pytest.approx(alone, abs=1e-9) if alone is not None else not np.isfinite(value)


def test_numbers_are_in_their_order_and_texts_in_none_that_nobody_has_said():
    told = np.eye(3)[[0, 1, 2, 2]]

    assert measure("rank_mae", "multiclass", (3, 5, 9)).of(np.array([0, 1, 2, 0]), told) == 0.5
    with pytest.raises(BadParameter, match="task='ordinal'"):
        measure("quadratic_kappa", "multiclass", ("high", "low", "middle"))
    assert is_ours("quadratic_kappa")
    with pytest.raises(BadParameter):
        measure("quadratic_kappa", "binary", ("a", "b"))


def test_a_perfect_kappa_of_few_rows_is_no_certainty():
    truth = np.array([0, 1, 2] * 8)
    (kappa, *_) = scores("multiclass", truth, np.eye(3)[truth], (0, 1, 2), "quadratic_kappa")

    assert kappa.value == 1.0
    assert kappa.low < 0.95


def test_ranks_are_those_of_the_contract_and_outlive_their_copies():
    column = Column("size", "category", "target", categories=("S", "M", "L", "XL"), ordered=True)
    contract = Contract((column,), task="multiclass")

    sizes = ranked(["L", "S", "XL"], contract)
    assert sizes == ("L", "S", "XL")
    assert sizes.ranks == (1, 0, 2)
    assert sizes.ordered == ["S", "L", "XL"]
    assert pickle.loads(pickle.dumps(sizes)).ranks == sizes.ranks
    assert Contract.from_dict(contract.to_dict()) == contract
    assert "ordered" not in Contract((Column("size", "category"),)).to_dict()["columns"][0]
    assert not hasattr(ranked(["a", "b", "c"], Contract((Column("x", "category", "target"),))), "ranks")
