"""What a challenge and a verification answer: plain data that comes back whole, and a sentence that is true."""

from dataclasses import replace

import pytest

from workbench.core.comparison import Comparison
from workbench.core.evaluation import Slice
from workbench.core.metric import Metric
from workbench.core.slices import Slices
from workbench.core.verification import Check, Verification


def comparison(low: float, high: float, name: str = "roc_auc", better: bool = False) -> Comparison:
    difference = Metric(f"difference in {name}", (low + high) / 2, low, high)
    return Comparison(
        "shop", (1, 2), 500, Metric(name, 0.7, 0.69, 0.71), Metric(name, 0.7, 0.69, 0.71), difference, better
    )


@pytest.mark.parametrize(
    ("one", "said"),
    [
        (comparison(0.01, 0.02, better=True), "is better than"),
        (comparison(-0.02, -0.01), "is worse than"),
        (comparison(-0.01, 0.01), "is not shown to be better than"),
        (comparison(0.01, 0.02, "rmse"), "is worse than"),
    ],
)
def test_a_comparison_says_which_is_better(one, said):
    assert said in str(one)


def test_a_comparison_comes_back_from_its_file(tmp_path):
    one = comparison(-0.01, 0.02)

    assert Comparison.load(one.save(tmp_path / "comparison.json")) == one
    assert list(one.frame().index) == ["champion", "challenger", "difference"]


SLICES = Slices(
    "3f", 90, "log loss", Metric("roc_auc", 0.7, 0.6, 0.8),
    (Slice("city", "'Ulm'", 40, 0.5, 0.3, 0.02, Metric("roc_auc", 0.6), 0.1, 0.3),
     Slice("city", "'Bonn'", 50, 0.3, 0.5, 0.4, None, -0.3, 0.1)),
)  # fmt: skip


def test_slices_come_back_from_their_file_and_say_which_one_differs(tmp_path):
    assert Slices.load(SLICES.save(tmp_path / "slices.json")) == SLICES
    assert "city 'Ulm' is worse than the rest, p 0.02" in str(SLICES)
    assert "none differs" in replace(SLICES, slices=SLICES.slices[1:]).headline()
    assert list(SLICES.frame()["value"]) == ["'Ulm'", "'Bonn'"]


def test_a_verification_comes_back_from_its_file(tmp_path):
    one = Verification("shop version 1", (Check("files", True, "32"), Check("light", False, "imports pandas")))

    assert Verification.load(one.save(tmp_path / "verification.json")) == one
    assert not one.ok
    assert "NOT verified" in one.headline()
    assert replace(one, checks=one.checks[:1]).ok
