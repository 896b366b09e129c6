"""Columns that tell no more than shuffled copies of themselves are found, and those that tell more are kept."""

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.parameters import TrainStep, take
from workbench.training.plan import make_plan
from workbench.training.probes import WHY, beyond_copies, selected


def noisy(rows=700, noise=12, told=2.0, seed=0):
    """Two columns that tell something, and many that tell nothing, of all kinds."""
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame({"age": rng.normal(50, 9, rows), "city": rng.choice(["Ulm", "Bonn", "Köln"], rows)})
    kinds = [lambda: rng.normal(size=rows), lambda: rng.integers(0, 5, rows), lambda: rng.choice(list("abcdef"), rows)]
    frame = frame.assign(**{f"noise{k}": kinds[k % 3]() for k in range(noise)})
    said = told * ((frame["age"] - 50) / 9 + (frame["city"] == "Ulm") - 0.3)
    frame["left"] = np.where(rng.random(rows) < 1 / (1 + np.exp(-said)), "yes", "no")
    return frame


@pytest.fixture(scope="module")
def trained(tmp_path_factory, put_store):
    home = tmp_path_factory.mktemp("probes")
    put_store(home)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WORKBENCH_HOME", str(home))
        data = wb.dataset(noisy(), target="left")
        yield home, data, wb.train(data, split="random", feature_selection="probes")


@pytest.fixture
def there(trained, monkeypatch):
    monkeypatch.setenv("WORKBENCH_HOME", str(trained[0]))
    return trained[1:]


def test_noise_is_left_out_with_its_reason_and_what_it_would_have_brought(there):
    _, run = there
    (told,) = (f for f in run.findings if f.code == "WB221")

    gone = [name for name, why in run.left_out.items() if why == WHY]
    assert {"age", "city"} <= set(run.features)
    assert len(gone) >= 11, "of twelve columns of noise"
    assert set(told.evidence["columns"]) == set(gone)
    assert "LightGBM validates ROC AUC" in told.message
    assert all(run.contract[name].role == "ignored" for name in gone)


def test_a_training_with_probes_replays_and_another_candidate_of_it_can_be_chosen(there):
    data, run = there
    other = run.candidates[1].name

    assert wb.replay(run, data).ok
    assert run.choose(other, data=data).features == run.features
    assert wb.run(run.id).left_out == run.left_out


def test_the_hold_out_is_not_looked_at(there):
    """Other answers on its rows change no choice."""
    data, run = there
    other = data.frame()
    held = other["age"].isin(run.holdout["age"])
    other["left"] = np.where(held, np.random.default_rng(5).permutation(other["left"]), other["left"])
    plan = make_plan(wb.dataset(other, target="left"), wb.profile(data), take(TrainStep, run.asked))
    plan = replace(plan, parts=replace(plan.parts, folds=run.folds))

    assert selected(plan)[0].features == run.features


def test_where_no_column_tells_anything_all_are_kept_and_it_is_told(store):
    run = wb.train(
        wb.dataset(noisy(rows=200, told=0.0), target="left"), feature_selection="probes", candidates=["baseline"]
    )

    assert "WB221" in {f.code for f in run.findings}
    assert len(run.features) >= 1


@pytest.mark.slow
def test_claims_on_noise_alone_are_honest(store):
    """Of forty columns of noise some pass by chance; the hold-out has not helped to choose them."""
    held = []
    for seed in range(8):
        rng = np.random.default_rng(seed)
        frame = pd.DataFrame(rng.normal(size=(300, 30)), columns=[f"x{k}" for k in range(30)])
        frame["y"] = rng.choice(["a", "b"], 300)
        run = wb.train(wb.dataset(frame, target="y"), candidates=["linear"], feature_selection="probes", seed=seed)
        held.append(run.metrics[0].value)

    assert np.mean(held) < 0.5 + 2.5 * 0.075 / 8**0.5


@given(st.integers(0, 10_000), st.integers(2, 30))
def test_copies_of_copies_pass_as_rarely_as_was_asked_for(seed, columns):
    rng = np.random.default_rng(seed)
    copied = rng.exponential(size=(8, columns))
    own = np.tile(rng.exponential(size=columns), (8, 1))

    passed = beyond_copies(own, copied) > 0
    assert passed.mean() <= 0.5
    assert (beyond_copies(own + 100, copied) > 0).all()
    assert not (beyond_copies(own * 0, copied) > 0).any()


def test_few_worthless_columns_pass_on_a_fold():
    rng = np.random.default_rng(0)

    def passed():
        own, copied = (rng.exponential(size=(times, 20)) ** 0.5 for times in (1, 8))
        return (beyond_copies(np.tile(own, (8, 1)), copied) > 0).mean()

    assert np.mean([passed() for _ in range(300)]) < 0.06
