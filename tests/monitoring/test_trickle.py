import numpy as np
import pytest
from scipy.special import expit
from sklearn.metrics import roc_auc_score

from workbench.core.measures import measure
from workbench.monitoring.trickle import Factor, Rows, Trickle, recalibrated, some_labels
from workbench.profiling.expected import curve, expected, rank_scores

AUC = measure("roc_auc", "binary")


def window(draw, slope, rows=1000):
    said = expit(draw.normal(0, 1.5, rows))
    return said, draw.random(rows) < expit(slope * np.log(said / (1 - said)))


def estimated(slopes, share, seed=0):
    """Estimates of windows one after the other, and what came, of predictions that were right in training."""
    draw = np.random.default_rng(seed)
    known, trickle, pairs = curve(*window(draw, 1.0, 6000)), Trickle.begun(), []
    for slope in slopes:
        said, came = window(draw, slope)
        rows = Rows(rank_scores(said), known.chances(said), known.rank)
        labelled = np.flatnonzero(draw.random(len(said)) < share)
        trickle = trickle.gone_on().told(rows.some(labelled), came[labelled])
        pairs.append((expected(AUC, said, recalibrated([trickle], [rows])), roc_auc_score(came, said)))
    return np.array(pairs), trickle


def test_a_few_labels_find_that_what_predictions_mean_has_changed():
    pairs, _ = estimated([1.0] * 3 + [0.2] * 12, share=0.05)
    guessed, came = pairs[-6:].T

    assert abs(guessed - came).mean() < 0.08
    assert guessed.mean() < 0.7 < pairs[0].min()


def test_without_a_change_they_leave_the_estimate_as_it_is():
    pairs, trickle = estimated([1.0] * 12, share=0.02)

    assert abs(pairs[:, 0] - pairs[:, 1]).mean() < 0.035
    assert trickle.labels == pytest.approx(240, abs=60)


def test_what_is_left_open_shrinks_with_labels():
    draw = np.random.default_rng(0)
    rows = Rows(rank_scores(expit(draw.normal(0, 1, 300))), np.full(300, 0.5), (0.0, 1.0))
    _, few = estimated([1.0] * 3, share=0.01)
    _, many = estimated([1.0] * 3, share=0.3)

    assert many.drawn(rows, draw, 200).std(axis=0).mean() < few.drawn(rows, draw, 200).std(axis=0).mean()


def test_of_many_labels_a_part_is_looked_at_and_always_the_same():
    known = np.arange(0, 4000, 2)

    assert len(some_labels(known, 7)) == 500
    assert (some_labels(known, 7) == some_labels(known, 7)).all()
    assert (some_labels(known[:40], 7) == known[:40]).all()


def test_losses_that_double_are_followed():
    draw, factor = np.random.default_rng(0), Factor.begun()
    for _ in range(6):
        guessed = draw.uniform(1, 2, 60)
        factor = factor.gone_on().told(2 * guessed * draw.exponential(1, 60), guessed, noise=1.0)

    assert factor.value == pytest.approx(2.0, abs=0.35)
    assert factor.error < 0.2
    assert factor.labels == 360
