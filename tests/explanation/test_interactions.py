"""What two columns add together, and values against rows, of models that are one of trees."""

import numpy as np
import pandas as pd
import pytest

import workbench as wb
from workbench.errors import BadParameter


def trained(candidate):
    rng = np.random.default_rng(0)
    x, z, noise = rng.normal(size=(3, 400))
    city = rng.choice(["Ulm", "Bonn", "Rome"], 400)
    frame = pd.DataFrame({"x": x, "z": z, "noise": noise, "city": city})
    frame["y"] = np.where(2 * x * z + (city == "Ulm") + rng.normal(0, 0.3, 400) > 0.3, "yes", "no")
    return wb.train(wb.dataset(frame, target="y"), candidates=(candidate,), folds=2, trials=1)


@pytest.mark.slow
@pytest.mark.parametrize("candidate", ["boosting", "forest"])
def test_trees_tell_pairs_and_exact_values_against_rows(store, candidate):
    """A product of two columns is the strongest pair; against rows no sample is drawn."""
    run = trained(candidate)

    paths = wb.explain(run, rows=60, interactions=True)
    against = wb.explain(run, rows=60, background="rows")
    turned = wb.explain(run, rows=60, background="rows", label="no")

    np.testing.assert_allclose(paths.interactions, paths.interactions.T)
    apart = np.triu(paths.interactions, 1)
    assert {paths.features[i] for i in np.unravel_index(apart.argmax(), apart.shape)} == {"x", "z"}
    assert against.interactions is None
    assert (against.exact, against.method) == (True, "tree paths against rows")
    assert against.additivity_error < 1e-12
    assert "WB235" not in {finding.code for finding in against.findings}
    assert not np.allclose(against.values, paths.values, atol=1e-3)
    np.testing.assert_allclose(turned.values, -against.values, atol=1e-12)


@pytest.mark.slow
def test_a_line_has_no_pairs_and_others_say_what_to_do(store):
    line, boosting = trained("linear"), trained("boosting")

    told = wb.explain(line, rows=20, interactions=True)

    np.testing.assert_allclose(np.diag(told.interactions), np.abs(told.values).mean(axis=0))
    assert not (told.interactions - np.diag(np.diag(told.interactions))).any()
    with pytest.raises(BadParameter, match='give space="raw"'):
        wb.explain(boosting, rows=20, interactions=True, space="probability")
    with pytest.raises(BadParameter, match='give background="paths"'):
        wb.explain(boosting, rows=20, interactions=True, background="rows")
