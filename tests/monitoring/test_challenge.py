"""A challenge counts rows as training did, where the table says how much each counts."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.core.metric import Metric
from workbench.errors import BadTable
from workbench.monitoring import challenge as of
from workbench.monitoring.challenge import Rows


class Answering:
    """What is asked of a bundle."""

    task, classes, name, version = "regression", (), "rent", 1
    contract = Contract(
        (Column("y", "number", "target"), Column("n", "number", "weight"), Column("x", "number")), task="regression"
    )
    metrics = (Metric("rmse", 1.0),)


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 2**32 - 1))
def test_a_row_that_counts_twice_is_two_rows(seed):
    rng = np.random.default_rng(seed)
    truth, times = rng.normal(size=40), rng.integers(1, 4, 40)
    pair = (truth + rng.normal(size=40), truth + rng.normal(size=40))

    weighed = of._compared(Answering, Answering, Rows(truth, pair, times.astype(float)), None, 0.9, 0)
    several = Rows(truth.repeat(times), tuple(p.repeat(times) for p in pair))
    repeated = of._compared(Answering, Answering, several, None, 0.9, 0)
    assert weighed.difference.value == pytest.approx(repeated.difference.value)
    assert [m.value for m in (weighed.champion, weighed.challenger)] == pytest.approx(
        [m.value for m in (repeated.champion, repeated.challenger)]
    )


def test_weights_are_read_by_the_contract_and_bad_ones_are_named():
    table = pd.DataFrame({"y": [1.0, 2.0], "n": ["3", "0.5"], "x": [0.0, 0.0]})

    assert of._weights(Answering, table).tolist() == [3.0, 0.5]
    assert of._weights(Answering, table.drop(columns="n")) is None
    with pytest.raises(BadTable, match="below 0 or infinite in 1 labelled"):
        of._weights(Answering, table.assign(n=["3", "-1"]))
