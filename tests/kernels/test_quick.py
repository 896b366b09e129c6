"""Models are explained by the quicker way, and nobody sees which it was."""

from dataclasses import replace

import numpy as np
import pytest

from tests.tables.made import grown, random_trees
from workbench.kernels import plain, quick
from workbench.tables.compiled import CompiledModel, Numbers
from workbench.tables.nodes import Chain, Linear


def model(trees, columns=10) -> CompiledModel:
    names = tuple(f"x{i}" for i in range(columns))
    encoders = tuple(Numbers((name,), "number", np.arange(1)) for name in names)
    return CompiledModel("regression", (), names, encoders, trees)


@pytest.fixture
def made():
    trees, matrix = grown(0)
    return model(replace(trees)), {f"x{i}": matrix[:60, i] for i in range(10)}


@pytest.fixture(autouse=True)
def nothing_compiled(monkeypatch):
    monkeypatch.setattr(quick, "_COMPILED", {})
    monkeypatch.setattr(quick, "keep_ahead", lambda: None)


def always(monkeypatch):
    monkeypatch.setattr(quick, "A_LEAF", 1.0)


def test_few_rows_are_answered_by_numpy_and_compile_nothing(made, monkeypatch):
    whole, rows = made
    monkeypatch.setattr(quick, "_compiled", lambda kind: pytest.fail("too few rows for that"))

    values, base = quick.quick(whole).explain(rows)

    np.testing.assert_array_equal(values, whole.explain(rows)[0])
    assert base == whole.explain(rows)[1]


def test_many_rows_are_answered_by_the_loops_with_the_same_values(made, monkeypatch):
    whole, rows = made
    always(monkeypatch)

    values, base = quick.quick(whole).explain(rows)

    assert quick._COMPILED["values"] is not None
    expected, same = whole.explain(rows)
    np.testing.assert_allclose(values, expected, rtol=1e-12, atol=1e-14)
    assert base == same


def test_what_is_not_kept_yet_is_made_ahead_while_numpy_answers(made, monkeypatch):
    whole, rows = made
    asked = []
    monkeypatch.setattr(quick, "kept", lambda: False)
    monkeypatch.setattr(quick, "keep_ahead", lambda: asked.append(True))
    monkeypatch.setattr(quick, "A_LEAF", 2 / (60 * len(whole.model.feature) // 2))

    values, _ = quick.quick(whole).explain(rows)

    np.testing.assert_array_equal(values, whole.explain(rows)[0])
    assert asked
    assert not quick._COMPILED


def test_where_nothing_can_be_compiled_numpy_answers(made, monkeypatch):
    whole, rows = made
    always(monkeypatch)

    def broken(kind):
        raise ImportError("no compiler here")

    monkeypatch.setattr("workbench.kernels.engine.compile_one", broken)
    quickly = quick.quick(whole)

    np.testing.assert_array_equal(quickly.explain(rows)[0], whole.explain(rows)[0])
    values, base = quick.against(quickly, rows, 0, {name: column[:5] for name, column in rows.items()})
    np.testing.assert_allclose(base + values.sum(axis=1), whole.output(rows), atol=1e-12)


def test_what_a_single_sum_lost_is_in_values_against_rows_too(made):
    whole, rows = made
    single = model(replace(whole.model, single_sum=True))

    values, base = quick.against(single, rows, 0, {name: column[:9] for name, column in rows.items()})

    np.testing.assert_allclose(base + values.sum(axis=1), single.output(rows), atol=1e-13)


def test_interactions_add_up_to_the_values_and_these_to_the_output(made):
    whole, rows = made

    shared = quick.interactions(whole, rows, 0)

    values, base = whole.explain(rows)
    np.testing.assert_array_equal(shared, shared.swapaxes(1, 2))
    np.testing.assert_allclose(shared.sum(axis=2), values, atol=1e-13)
    np.testing.assert_allclose(shared.sum(axis=(1, 2)) + base, whole.output(rows), atol=1e-12)


def test_mean_interactions_are_those_of_all_rows_however_many_are_held_at_once(made, monkeypatch):
    whole, rows = made
    expected = np.abs(quick.interactions(whole, rows, 0)).mean(axis=0)

    monkeypatch.setattr(quick, "PAIRS", 700)

    np.testing.assert_allclose(quick.mean_interactions(whole, rows, 0), expected, rtol=1e-12)


def test_loops_and_numpy_share_out_the_same_interactions(made, monkeypatch):
    whole, rows = made
    slow = quick.interactions(whole, rows, 0)
    always(monkeypatch)

    np.testing.assert_allclose(quick.interactions(whole, rows, 0), slow, atol=1e-13)
    assert quick._COMPILED["pairs"] not in (None, plain)


def test_models_on_models_ask_the_loops_too(monkeypatch):
    always(monkeypatch)
    members = (random_trees(1), random_trees(2))
    final = Linear(np.ones((1, 4)), np.zeros(1), np.zeros(4))
    whole = model(Chain(members, final, np.zeros(0, int), np.zeros(0)), columns=4)
    rows = {f"x{i}": np.arange(6.0) % 3 for i in range(4)}

    values, _ = quick.quick(whole).explain(rows)

    assert quick._COMPILED["values"] is not None
    np.testing.assert_allclose(values, whole.explain(rows)[0], atol=1e-13)
    with pytest.raises(TypeError, match="one table of trees"):
        quick.interactions(whole, rows, 0)


def test_an_engine_is_no_part_of_a_file(made, tmp_path):
    whole, _ = made

    path = quick.quick(whole).save(tmp_path / "model.npz")

    assert CompiledModel.load(path).model.engine is None
    assert path.read_bytes() == whole.save(tmp_path / "plain.npz").read_bytes()
