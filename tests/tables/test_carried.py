"""Reasons of models on models' outputs: Shapley values of what the columns add to the inner outputs."""

from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import Damaged
from workbench.tables.mixing import Products
from workbench.tables.nodes import Chain, Curve, Linear, _orders, read_node, write_node

COLUMNS = 6
NOTHING = np.zeros(0, np.int64)


def members(rng, outputs, scale=1.0):
    """Linear models of all columns."""
    return Linear(rng.normal(0, scale, (outputs, COLUMNS)), rng.normal(size=outputs), rng.normal(size=COLUMNS))


def curve(kind, rng, outputs):
    if kind == "isotonic":
        places = np.sort(rng.normal(0, 3, (outputs, 8)), axis=1)
        return Curve(kind, outputs, places, np.sort(rng.random((outputs, 8)), axis=1))
    if kind == "sigmoids":
        return Curve(kind, outputs, -rng.random(outputs) * 3, rng.normal(size=outputs))
    return Curve(kind, outputs)


def brute_force(chain, matrix, output):
    """By all coalitions of the columns, after Shapley (1953), and the largest difference between two of them."""
    member = chain.members[0]
    added = (matrix - member.mean)[:, :, None] * member.weights.T[None]
    bases = chain._bases()[0]
    worth = {
        coalition: chain.final.predict(bases + added[:, list(coalition)].sum(axis=1))[:, output]
        for size in range(COLUMNS + 1)
        for coalition in combinations(range(COLUMNS), size)
    }
    values = np.zeros((len(matrix), COLUMNS))
    for coalition, value in worth.items():
        for column in range(COLUMNS):
            if column not in coalition:
                before = factorial(len(coalition)) * factorial(COLUMNS - len(coalition) - 1) / factorial(COLUMNS)
                values[:, column] += before * (worth[tuple(sorted((*coalition, column)))] - value)
    all_of = np.stack(list(worth.values()))
    return values, all_of.max(axis=0) - all_of.min(axis=0)


def brute_force_against(chain, matrix, output, background):
    """By all coalitions and all rows of the background: what a member adds there gives way to what it adds here."""
    member = chain.members[0]
    added = ((matrix - member.mean)[:, None] - (background - member.mean)[None])[..., None] * member.weights.T
    start = member.predict(background)
    worth = {
        coalition: chain.final.predict(
            (start + added[:, :, list(coalition)].sum(axis=2)).reshape(-1, start.shape[1])
        )[:, output].reshape(len(matrix), -1).mean(axis=1)
        for size in range(COLUMNS + 1)
        for coalition in combinations(range(COLUMNS), size)
    }  # fmt: skip
    values = np.zeros((len(matrix), COLUMNS))
    for coalition, value in worth.items():
        for column in set(range(COLUMNS)) - set(coalition):
            before = factorial(len(coalition)) * factorial(COLUMNS - len(coalition) - 1) / factorial(COLUMNS)
            values[:, column] += before * (worth[tuple(sorted((*coalition, column)))] - value)
    return values, worth[()][0]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.sampled_from(["logistic", "sigmoids", "isotonic"]), st.integers(1, 300))
def test_against_a_background_they_are_those_of_all_coalitions_and_all_of_its_rows(seed, kind, rows):
    rng = np.random.default_rng(seed)
    outputs = 1 if kind == "logistic" else 3
    chain = Chain((members(rng, outputs),), curve(kind, rng, outputs), NOTHING, np.zeros(0))
    background, matrix = rng.normal(size=(rows, COLUMNS)), rng.normal(size=(7, COLUMNS))
    chain = chain.settled(background.mean(axis=0), background)
    values, base = chain.explain(matrix, outputs - 1, np.arange(COLUMNS), COLUMNS)

    exact, mean = brute_force_against(chain, matrix, outputs - 1, background)
    output = chain.predict(matrix)[:, outputs - 1]
    np.testing.assert_allclose(values.sum(axis=1) + base, output, atol=1e-12)
    assert np.abs(values).max() <= 1 + 1e-12
    assert abs(base - mean) <= 0.1  # of 128 rows out of up to 300, chosen by another output
    assert np.abs(values - exact).mean() <= 0.02
    assert np.abs(values - exact).max() <= 0.1


def test_a_background_is_kept_with_the_model(tmp_path):
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(400, COLUMNS))
    chain = Chain((members(rng, 1),), Curve("logistic", 1), NOTHING, np.zeros(0)).settled(rows.mean(axis=0), rows)
    header, arrays = write_node(chain, "model")
    again = read_node(header, arrays, "model", COLUMNS)

    assert 0 < len(again.background) <= 128
    np.testing.assert_array_equal(again.background, chain.background)
    for broken in (chain.background[:, :-1], chain.background[:0], chain.background.astype(np.float32)):
        with pytest.raises(Damaged):
            read_node(header, {**arrays, "model.background": broken}, "model", COLUMNS)


@settings(max_examples=60, deadline=None)
@given(
    st.integers(0, 10_000),
    st.sampled_from(["logistic", "sigmoids", "isotonic", "shares", "exp", "square"]),
    st.sampled_from([0.1, 1.0, 30.0]),
)
def test_values_add_up_stay_within_the_outputs_and_are_those_of_all_coalitions(seed, kind, scale):
    """With 30 the inner values cancel out, and steps have the widest chance: 256 orders are looked at, of 720."""
    rng = np.random.default_rng(seed)
    outputs = 1 if kind in ("logistic", "exp", "square") else 3
    if kind == "exp":
        scale = min(scale, 1.0)
    chain = Chain((members(rng, outputs, scale),), curve(kind, rng, outputs), NOTHING, np.zeros(0))
    matrix = rng.normal(size=(7, COLUMNS))
    values, base = chain.explain(matrix, outputs - 1, np.arange(COLUMNS), COLUMNS)

    exact, reach = brute_force(chain, matrix, outputs - 1)
    output = chain.predict(matrix)[:, outputs - 1]
    sizes = max(1.0, np.abs(output).max(), abs(base))
    np.testing.assert_allclose(values.sum(axis=1) + base, output, atol=1e-12 * sizes)
    assert (np.abs(values) <= reach[:, None] * (1 + 1e-9) + 1e-12).all()
    off = np.abs(values - exact) / np.maximum(reach, 1e-12)[:, None]
    assert off.mean() <= 0.04
    assert off.max() <= 0.25


@pytest.mark.parametrize("outer", ["mean", "scaled"])
def test_where_the_outer_node_is_linear_the_values_are_exact(outer):
    rng = np.random.default_rng(0)
    member = members(rng, 2)
    first = np.array([1.0, 3.0])
    chain = Chain((member,), Curve(outer, 2, first, np.array([0.5, 0.2])), NOTHING, np.zeros(0))
    matrix = rng.normal(size=(5, COLUMNS))
    values, _ = chain.explain(matrix, 0, np.arange(COLUMNS), COLUMNS)

    np.testing.assert_allclose(values, brute_force(chain, matrix, 0)[0], atol=1e-12)
    assert chain.exact


def test_columns_that_pass_by_the_members_have_their_own_values():
    rng = np.random.default_rng(0)
    final = Linear(np.array([[2.0, -1.0]]), np.zeros(1), np.zeros(2))
    chain = Chain((members(rng, 1),), final, np.array([3]), np.array([0.5]))
    matrix = rng.normal(size=(4, COLUMNS))
    values, base = chain.explain(matrix, 0, np.arange(COLUMNS), COLUMNS)

    inner, _ = chain.members[0].explain(matrix, 0, np.arange(COLUMNS), COLUMNS)
    expected = 2 * inner
    expected[:, 3] -= matrix[:, 3] - 0.5
    np.testing.assert_allclose(values, expected, atol=1e-12)
    np.testing.assert_allclose(values.sum(axis=1) + base, chain.predict(matrix)[:, 0], atol=1e-12)


@given(st.integers(1, 60), st.integers(1, 20))
def test_each_order_has_each_column_once(columns, many):
    assert np.sort(_orders(columns, many), axis=1).tolist() == [list(range(columns))] * many


def test_rows_are_explained_alike_in_any_blocks(monkeypatch):
    rng = np.random.default_rng(0)
    chain = Chain((members(rng, 2),), curve("isotonic", rng, 2), NOTHING, np.zeros(0))
    matrix = rng.normal(size=(9, COLUMNS))
    whole, _ = chain.explain(matrix, 1, np.arange(COLUMNS), COLUMNS)
    monkeypatch.setattr("workbench.tables.nodes.MOVED_CELLS", 1)

    np.testing.assert_allclose(chain.explain(matrix, 1, np.arange(COLUMNS), COLUMNS)[0], whole, atol=1e-14)


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 9), st.integers(1, 3), st.integers(0, 20))
def test_a_weighted_sum_of_products_has_the_values_of_its_products_and_of_all_coalitions(seed, products, most, rows):
    """Products of two at once, of three along the orders; each output by itself says the same."""
    rng = np.random.default_rng(seed)
    member, weights = members(rng, 4), rng.normal(size=products)
    chain = Chain((member,), Products(rng.integers(-1, 4, (products, most))), NOTHING, np.zeros(0))
    matrix = rng.normal(size=(5, COLUMNS))
    if rows:
        background = rng.normal(size=(rows, COLUMNS))
        chain = chain.settled(background.mean(axis=0), background)

    values = chain.weighted(matrix, weights, np.arange(COLUMNS), COLUMNS)

    one_by_one = [chain.explain(matrix, k, np.arange(COLUMNS), COLUMNS)[0] for k in range(products)]
    scale = 1 + np.abs(one_by_one).max()
    np.testing.assert_allclose(values, np.tensordot(weights, one_by_one, 1), atol=1e-12 * scale)
    np.testing.assert_allclose(chain.every(matrix, np.arange(COLUMNS), COLUMNS), np.moveaxis(one_by_one, 0, 2),
                               atol=1e-12 * scale)  # fmt: skip
    np.testing.assert_allclose(values, chain._carried(matrix, weights[:, None], np.arange(COLUMNS), COLUMNS)[..., 0],
                               atol=1e-12 * scale)  # fmt: skip
    bases = np.array([chain.base(k) for k in range(products)])
    np.testing.assert_allclose(values.sum(axis=1), (chain.predict(matrix) - bases) @ weights, atol=1e-11 * scale)
    if not rows and most < 3:
        expected = sum(w * brute_force(chain, matrix, k)[0] for k, w in enumerate(weights))
        np.testing.assert_allclose(values, expected, atol=1e-11 * scale)


def test_a_line_on_models_hands_its_weights_on():
    """No output of a member is explained by itself: a thousand products would take a thousand times as long."""
    rng = np.random.default_rng(0)
    member = Chain((members(rng, 3),), Products(np.array([[0, 1], [1, 2], [2, -1], [-1, -1]])), NOTHING, np.zeros(0))
    line = Linear(rng.normal(size=(2, 5)), rng.normal(size=2), np.zeros(5))
    chain = Chain((member,), line, np.array([1]), np.array([0.5]))
    matrix = rng.normal(size=(4, COLUMNS))

    for output in range(2):
        values, base = chain.explain(matrix, output, np.arange(COLUMNS), COLUMNS)

        np.testing.assert_allclose(values.sum(axis=1) + base, chain.predict(matrix)[:, output], atol=1e-12)
        np.testing.assert_allclose(values, chain.every(matrix, np.arange(COLUMNS), COLUMNS)[..., output], atol=1e-12)
