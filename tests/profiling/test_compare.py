"""Two halves of one table do not drift; a shift does; the tests agree with SciPy."""

import numpy as np
import pandas as pd
import pytest
from scipy.stats import chi2_contingency, ks_2samp

from workbench.core.contract import Column, Contract
from workbench.errors import BadParameter
from workbench.profiling.compare import compare
from workbench.profiling.drift_tests import chi2, holm, ks
from workbench.profiling.profile import profile_columns

CONTRACT = Contract(
    (
        *(Column(f"x{i}", "number") for i in range(4)),
        *(Column("n", "integer"), Column("c", "category"), Column("many", "text"), Column("b", "boolean")),
    )
)


def frame(rng, n, shift=0.0):
    numbers = {f"x{i}": rng.normal(shift if i == 0 else 0, 1, n) for i in range(4)}
    table = pd.DataFrame(numbers).mask(rng.random((n, 4)) < 0.03)
    return table.assign(
        n=rng.poisson(3, n),
        c=rng.choice(list("abcdefgh"), n, p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.01, 0.005, 0.005]),
        many=np.char.add("v", rng.integers(0, 3000, n).astype(str)),
        b=(rng.random(n) < 0.2).astype(float),
    )


def columns(table):
    return profile_columns(table, CONTRACT)


def test_no_drift_is_flagged_in_at_most_the_rate():
    rng = np.random.default_rng(1)
    alarms = sum(
        any(d.drifted for d in compare(columns(frame(rng, 300)), columns(frame(rng, 200)))) for _ in range(120)
    )
    assert alarms <= 0.05 * 120 + 4  # 1.7 binomial standard errors above the rate


def test_a_shift_of_a_third_of_a_deviation_is_found():
    rng = np.random.default_rng(2)
    found = [
        next(d for d in compare(columns(frame(rng, 2500)), columns(frame(rng, 2500, 0.3))) if d.column == "x0").drifted
        for _ in range(20)
    ]
    assert sum(found) >= 19


@pytest.mark.parametrize("n", [30, 1000, 200_000])
def test_sizes_are_sane(n):
    rng = np.random.default_rng(n)
    drift = compare(columns(frame(rng, 2000)), columns(frame(rng, n)))
    assert len(drift) == 8
    assert all(0 <= d.p_value <= 1 and 0 <= d.effect <= 1 for d in drift)
    assert not any(d.important for d in drift)


def test_ks_agrees_with_scipy_within_the_sketch_bound():
    rng = np.random.default_rng(3)
    a, b = rng.normal(size=50_000), rng.normal(0.1, 1, 30_000)
    contract = Contract((Column("x", "number"),))
    (found,) = compare(*(profile_columns(pd.DataFrame({"x": v}), contract) for v in (a, b)))
    assert found.effect == pytest.approx(ks_2samp(a, b).statistic, abs=0.02)


def test_exact_ks_and_chi_square_agree_with_scipy():
    rng = np.random.default_rng(4)
    a, b = np.sort(rng.normal(size=80)), np.sort(rng.normal(0.3, 1, 60))
    ours, theirs = ks((a, np.ones(80), 0.0), (b, np.ones(60), 0.0)), ks_2samp(a, b, method="asymp")
    assert (ours.statistic, ours.p_value) == pytest.approx((theirs.statistic, theirs.pvalue))
    table = np.array([[50.0, 30, 20], [45, 40, 35]])
    found = chi2(dict(enumerate(table[0])), dict(enumerate(table[1])))
    assert (found.statistic, found.p_value) == pytest.approx(chi2_contingency(table, correction=False)[:2])


def test_a_new_category_in_one_row_is_no_drift():
    assert chi2({"a": 500, "b": 500}, {"a": 500, "b": 500, "new": 1}).p_value > 0.5


def test_more_missing_values_are_told_as_such():
    x = pd.DataFrame({"x": np.arange(1000.0)})
    contract = Contract((Column("x", "number"),))
    (found,) = compare(profile_columns(x, contract), profile_columns(x.mask(x.index.to_series() % 2 == 0), contract))
    assert (found.test, found.important) == ("missing", True)


def test_holm_keeps_order_and_caps_at_one():
    assert holm([0.5, 0.01, 0.9]) == pytest.approx([1.0, 0.03, 1.0])


def test_a_rate_beyond_chance_is_refused():
    with pytest.raises(BadParameter, match="between 0 and 1"):
        compare((), (), rate=2)
