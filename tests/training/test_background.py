"""The rows that explanations are measured from: of those that were fitted on, kept, and nobody's."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression

import workbench as wb


def table(rows=400, seed=0):
    random = np.random.default_rng(seed)
    x = random.normal(size=rows)
    twin = pd.Series(np.where(x > 0, "up", "down"), dtype="str")
    return pd.DataFrame({"x": x, "twin": twin, "y": 3 * x + random.normal(0, 0.1, rows)})


def trained(frame, **sensitive):
    data = wb.dataset(frame, target="y")
    data = replace(data, contract=data.contract.change_each({name: {"sensitive": True} for name in sensitive}))
    return wb.train(data, candidates=("linear",), folds=2)


def test_it_is_of_the_rows_that_were_fitted_on_and_comes_back_with_the_run(store):
    run = trained(table())
    assert set(run.background["x"]) <= set(table()["x"])
    assert len(run.background) == 400
    assert (run.background["twin"] == np.where(run.background["x"] > 0, "up", "down")).all()
    pd.testing.assert_frame_equal(wb.run(run.id).background, run.background)


def test_of_sensitive_columns_no_row_is_anybodys(store):
    run = trained(table(), twin=True)
    fits = run.background["twin"] == np.where(run.background["x"] > 0, "up", "down")
    assert 0.35 < fits.mean() < 0.65
    assert sorted(run.background["twin"]) == sorted(table()["twin"])
    assert run.background["twin"].dtype == run.holdout["twin"].dtype


def test_what_was_adopted_with_a_hold_out_is_measured_from_its_own_rows(store):
    frame, unseen = table()[["x", "y"]], table(60, seed=1)[["x", "y"]]
    model = LinearRegression().fit(frame[["x"]], frame["y"])
    run = wb.adopt(model, frame, target="y", holdout=unseen)
    assert set(run.background["x"]) <= set(frame["x"])


def test_linear_values_are_measured_from_the_mean_of_these_rows(store):
    run = trained(table())
    found = wb.explain(run)
    assert found.base == pytest.approx(run.pipeline.predict(run.background).mean())
    assert wb.explain(replace(run, background=None)).base == pytest.approx(
        run.pipeline.predict(run.holdout[list(run.features)]).mean()
    )
