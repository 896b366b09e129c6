import json

import numpy as np
import pytest

from workbench.core.estimation import Backtest, Curve, Estimation
from workbench.errors import Damaged

CURVE = Curve((0.1, 0.6), (0.4, 0.9), (0.2, 0.8), (50, 60), True, (-0.5, 2.0))
SOME = Estimation(
    "roc_auc", 110, (CURVE,), True, (Backtest(50, 0.9, 0.8, 0.02),), 0.1, 0.001, {"age": 0.02}, ("mae",), (1.5,)
)


def test_it_is_read_as_it_was_written(tmp_path):
    assert Estimation.load(SOME.save(tmp_path / "estimation.json")) == SOME


def test_a_file_of_the_first_format_without_later_fields_is_read():
    """Whatever is added later has a default."""
    assert Estimation.parse({"noun": "estimation", "metric": "mae", "rows": 300}) == Estimation("mae", 300)


@pytest.mark.parametrize(
    "wrong",
    [
        {"curves": [{"starts": [0.1], "ends": [0.2], "rates": [0.5, 0.6], "rows": [1], "rank": [0, 1]}]},
        {"curves": [{"starts": [0.1, 0.3], "ends": [0.2, 0.4], "rates": [0.6, 0.5], "rows": [1, 1], "rank": [0, 1]}]},
        {"losses": ["mae", "rmse"]},
        {"rows": "many"},
        {"stretches": [{"rows": 3}]},
    ],
)
def test_a_file_that_was_damaged_says_so(tmp_path, wrong):
    path = SOME.save(tmp_path / "estimation.json")
    path.write_text(json.dumps(json.loads(path.read_text(encoding="utf-8")) | wrong), encoding="utf-8")

    with pytest.raises(Damaged):
        Estimation.load(path)


def test_predictions_that_are_closer_to_the_truth_than_the_curve_are_taken_as_they_are():
    said = np.array([0.0, 0.37, 1.0])

    assert (Curve((0.0,), (1.0,), (0.5,), (9,), closer=False).chances(said) == said).all()
