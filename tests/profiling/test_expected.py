import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from scipy.special import expit
from sklearn.isotonic import IsotonicRegression
from sklearn.metrics import f1_score, log_loss, precision_score, recall_score, roc_auc_score

from workbench.core.estimation import Backtest
from workbench.core.measures import measure
from workbench.profiling.expected import (
    Atoms,
    backtest,
    beyond_chance,
    by_columns,
    chances_of,
    curve,
    curve_error,
    curves_of,
    drawn_labels,
    expected,
    of_losses,
    row_losses,
    spread_of,
    stretches,
    told,
)

SHARE = some.floats(0, 1, allow_subnormal=False)
ROWS = some.lists(some.tuples(SHARE, SHARE), min_size=2, max_size=60)
AUC = measure("roc_auc", "binary")


def made(rows, seed, flip=False, unsure=1.0):
    """Predictions, and classes that come as often as they say, to the power of ``unsure``."""
    draw = np.random.default_rng(seed)
    said = expit(draw.normal(0, 1.5, rows))
    chance = said**unsure
    return said, (draw.random(rows) < (1 - chance if flip else chance)).astype(int)


@settings(deadline=None)
@given(ROWS)
def test_roc_auc_is_what_pairs_of_rows_are_expected_to_be(rows):
    """The published definition: of a row that is of the class and one that is not, which is ranked higher."""
    said, chance = np.array(rows).T
    wins = (said[:, None] > said) + 0.5 * (said[:, None] == said)
    pairs = chance[:, None] * (1 - chance)

    found = expected(AUC, said, np.column_stack([1 - chance, chance]))

    if pairs.sum() > 1e-9:
        assert found == pytest.approx((wins * pairs).sum() / (chance.sum() * (1 - chance).sum()), abs=1e-9)


@settings(deadline=None)
@given(some.lists(some.tuples(SHARE, some.booleans()), min_size=4, max_size=60), some.floats(0.05, 0.95))
def test_where_the_classes_are_sure_every_score_is_that_of_the_labels(rows, cut):
    said, came = np.array([one for one, _ in rows]), np.array([int(one) for _, one in rows])
    chances = np.eye(2)[came]

    for one in told("binary", "roc_auc", (0, 1), cut):
        assert expected(one, said, chances) == pytest.approx(one.of(came, said, np.ones(len(came))), nan_ok=True)


def test_scores_of_labels_are_those_of_scikit_learn():
    said, came = made(500, 1)
    found = {one.name: one.of(came, said) for one in told("binary", "roc_auc", (0, 1), 0.3)}

    assert found["f1"] == pytest.approx(f1_score(came, said >= 0.3))
    assert found["precision"] == pytest.approx(precision_score(came, said >= 0.3))
    assert found["recall"] == pytest.approx(recall_score(came, said >= 0.3))
    assert found["brier_score"] == pytest.approx(np.mean((said - came) ** 2))
    assert found["roc_auc"] == pytest.approx(roc_auc_score(came, said))


def test_of_several_classes_the_expected_loss_is_the_mean_over_labels_that_may_come():
    draw = np.random.default_rng(0)
    said, chances = draw.dirichlet([1, 1, 1], 40), draw.dirichlet([2, 1, 1], 40)

    found = expected(measure("log_loss", "multiclass", ("a", "b", "c")), said, chances)

    each = [log_loss([k] * 40, said, labels=[0, 1, 2], sample_weight=chances[:, k]) for k in range(3)]
    assert found == pytest.approx(np.average(each, weights=chances.sum(axis=0)))


@settings(deadline=None, max_examples=40)
@given(
    some.lists(some.tuples(some.sampled_from([0.1, 0.2, 0.5, 0.8, 0.9]), some.booleans()), min_size=3, max_size=80),
    some.lists(SHARE, min_size=1, max_size=9),
)
def test_a_curve_answers_as_isotonic_regression_everywhere(rows, asked):
    said, came = np.array([one for one, _ in rows]), np.array([one for _, one in rows])
    theirs = IsotonicRegression(out_of_bounds="clip").fit(said, came.astype(float))

    found = curve(said, came, ask=False)

    assert found.chances(np.array(asked)) == pytest.approx(theirs.predict(asked), abs=1e-12)
    assert sum(found.rows) == len(rows)


def test_a_curve_is_taken_where_it_is_closer_to_what_comes_true():
    honest, vain = made(6000, 2), made(6000, 2, unsure=3.0)

    assert curve(vain[0], vain[1] == 1).closer
    assert abs(curve(vain[0], vain[1] == 1).chances(np.array([0.5]))[0] - 0.125) < 0.05
    assert abs(curve(honest[0], honest[1] == 1).chances(np.array([0.5]))[0] - 0.5) < 0.1


def test_chances_of_several_classes_add_up_to_one():
    draw = np.random.default_rng(0)
    said = draw.dirichlet([1, 1, 1], 900)
    codes = np.array([draw.choice(3, p=row) for row in said])

    found = chances_of(curves_of(said, codes), said)

    assert found.sum(axis=1) == pytest.approx(1.0)
    assert abs(found.mean(axis=0) - np.bincount(codes) / 900).max() < 0.03


def test_the_interval_holds_what_comes_as_often_as_it_says():
    """Chance of the window's labels and of the rows that the curve was found on, together."""
    draw, held = np.random.default_rng(3), []
    for seed in range(60):
        said, came = made(800, seed)
        now, comes = made(300, 1000 + seed)
        curves, atoms = curves_of(said, came, ask=False), Atoms.of(now)
        chances = chances_of(curves, now)
        labels = atoms.of_weights(AUC, drawn_labels(atoms.counts(), atoms.means(chances), draw))
        error = np.hypot(spread_of(labels), curve_error(AUC, atoms, atoms.counts(), curves, draw))
        held.append(abs(expected(AUC, now, chances) - roc_auc_score(comes, now)) < 1.96 * error)

    assert 0.88 <= np.mean(held) <= 1.0


def test_stretches_that_are_alike_are_off_by_chance_alone_and_a_turned_one_is_not():
    said, came = made(3000, 4)
    turned = np.where(np.arange(3000) < 2400, came, 1 - came)
    draw = np.random.default_rng(0)

    assert beyond_chance(stretches(AUC, said, came, draw))[1] > 0.01
    spread, p = beyond_chance(stretches(AUC, said, turned, draw))

    assert spread > 0.1
    assert p < 1e-6


def test_a_column_whose_parts_come_true_otherwise_is_named_first():
    said, came = made(4000, 5)
    draw = np.random.default_rng(0)
    half, other = np.arange(4000) % 2 == 0, np.arange(4000) % 4 < 2
    came = np.where(half & (draw.random(4000) < 0.5), 1 - came, came)
    parts = [("quiet", other), ("quiet", ~other), ("loud", half), ("loud", ~half)]

    found = by_columns(AUC, said, came, curves_of(said, came, ask=False), parts, draw)

    assert next(iter(found)) == "loud"
    assert found["loud"] > 0.05 > found["quiet"]


def test_rows_of_one_class_have_no_ranking_and_no_backtest():
    said, came = made(500, 6)
    curves, rows = curves_of(said, came, ask=False), came == 1

    found = backtest(AUC, Atoms.of(said), came, curves, rows, np.random.default_rng(0))

    assert found is None


def test_losses_of_rows_add_up_to_their_score():
    truth, said = np.array([1.0, 2.0, 5.0]), np.array([1.5, 2.0, 3.0])

    for name in ("mae", "poisson_deviance", "pinball_0.9"):
        assert row_losses(name, truth, said).mean() == pytest.approx(measure(name, "regression").of(truth, said))
    assert of_losses("rmse", row_losses("rmse", truth, said), np.ones(3)) == Backtest(
        3, 1.0, pytest.approx(measure("rmse", "regression").of(truth, said)), pytest.approx(0.543, abs=1e-3)
    )
