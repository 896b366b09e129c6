"""Compiled loops give the values of the definition and of numpy, the same bits with any number of threads."""

from dataclasses import replace
from itertools import combinations
from math import factorial

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tables.made import answer, chain_of, grown, random_rows, random_trees, shapley, stump
from workbench.kernels import engine, loops, plain
from workbench.tables import walk
from workbench.tables.edges import quadrature

SEEDS = st.integers(0, 2**20)
OWN = np.arange(4)


def pair_values(trees, row, columns):
    """Interactions by the definition, halved as shap halves them; shape (columns, columns, outputs)."""
    values = np.zeros((columns, columns, trees.width))
    for i, j in combinations(range(columns), 2):
        others = [c for c in range(columns) if c not in (i, j)]
        for size in range(columns - 1):
            share = factorial(size) * factorial(columns - size - 2) / factorial(columns - 1) / 2
            for known in combinations(others, size):
                both, one, other, none = ({*known, *more} for more in ((i, j), (i,), (j,), ()))
                change = answer(trees, row, both) - answer(trees, row, one) - answer(trees, row, other)
                values[i, j] += share * (change + answer(trees, row, none))
        values[j, i] = values[i, j]
    return values


def against_rows(trees, row, background, source, columns):
    """Values against a background by the definition: whole original columns change; shape (columns, outputs)."""

    def worth(known):
        mixed = np.where(np.isin(source, list(known)), row, background)
        return trees.predict(mixed).mean(axis=0)

    values = np.zeros((columns, trees.width))
    for column in range(columns):
        others = [c for c in range(columns) if c != column]
        for size in range(columns):
            share = factorial(size) * factorial(columns - size - 1) / factorial(columns)
            for known in combinations(others, size):
                values[column] += share * (worth({*known, column}) - worth(set(known)))
    return values


@pytest.mark.parametrize("width", [1, 2])
@given(seed=SEEDS, rows=st.integers(1, 40))
@settings(max_examples=20)
def test_any_trees_have_the_values_of_the_definition(width, seed, rows):
    """With gaps, categories, shares of nothing and several outputs."""
    trees, matrix = random_trees(seed, width=width), random_rows(seed, rows)

    for output in range(2):
        values = engine.values(trees, matrix, output, OWN, 4)

        np.testing.assert_allclose(values[0], shapley(trees, matrix[0], 4)[:, output], atol=1e-12)
        np.testing.assert_allclose(values, trees.explain(matrix, output, OWN, 4)[0], atol=1e-13)


@given(seed=SEEDS)
@settings(max_examples=20)
def test_interactions_are_those_of_the_definition(seed):
    trees, matrix = random_trees(seed), random_rows(seed, 2)
    expected = np.array([pair_values(trees, row, 4) for row in matrix])

    for output in range(2):
        found = engine.pairs(trees, matrix, output, OWN, 4) / 2

        np.testing.assert_allclose(found, expected[..., output], atol=1e-12)
        np.testing.assert_allclose(plain.pairs(trees, matrix, output, OWN, 4) / 2, found, atol=1e-12)


def test_interactions_of_columns_that_come_from_one_are_added_up():
    trees, matrix, source = random_trees(3), random_rows(3, 9), np.array([1, 0, 1, 1])
    apart = engine.pairs(trees, matrix, 0, OWN, 4)

    together = engine.pairs(trees, matrix, 0, source, 2)

    np.testing.assert_allclose(together[:, 0, 1], apart[:, 1, [0, 2, 3]].sum(axis=1), atol=1e-14)
    np.testing.assert_allclose(plain.pairs(trees, matrix, 0, source, 2), together, atol=1e-14)


@given(seed=SEEDS, rows=st.integers(1, 5), source=st.sampled_from(([0, 1, 2, 3], [1, 0, 1, 1], [0, 0, 1, 2])))
@settings(max_examples=20)
def test_values_against_rows_are_those_of_the_definition(seed, rows, source):
    """What becomes of an original column changes together."""
    trees, matrix, background = random_trees(seed), random_rows(seed, 3), random_rows(seed + 1, rows)
    source, columns = np.array(source), max(source) + 1
    expected = np.array([against_rows(trees, row, background, source, columns) for row in matrix])

    for output in range(2):
        arguments = (trees, matrix, background, output, source, columns)

        np.testing.assert_allclose(engine.against(*arguments), expected[..., output], atol=1e-12)
        np.testing.assert_allclose(plain.against(*arguments), expected[..., output], atol=1e-12)


def test_more_rows_of_a_background_than_a_word_has_bits():
    trees, matrix = grown(0)
    arguments = (trees, matrix[:20], matrix[20:170], 0, np.arange(10), 10)

    values = engine.against(*arguments)

    np.testing.assert_allclose(values, plain.against(*arguments), atol=1e-12)
    sums = trees.predict(matrix[:20])[:, 0] - trees.predict(matrix[20:170])[:, 0].mean()
    np.testing.assert_allclose(values.sum(axis=1), sums, atol=1e-12)


@pytest.mark.parametrize("kind", engine.KINDS)
def test_values_are_the_same_bits_with_any_number_of_threads(kind, monkeypatch):
    trees, matrix = grown(1)
    more = (matrix[:30],) if kind == "against" else ()
    found = []
    for threads in ("1", "2", "3"):
        monkeypatch.setenv("WORKBENCH_THREADS", threads)
        found.append(getattr(engine, kind)(trees, matrix[:100], *more, 0, np.arange(10), 10))

    np.testing.assert_array_equal(found[0], found[1])
    np.testing.assert_array_equal(found[0], found[2])


@pytest.mark.parametrize("kind", engine.KINDS)
def test_a_row_alone_has_the_bits_that_it_has_among_others(kind):
    trees, matrix = grown(2)
    more = (matrix[:30],) if kind == "against" else ()
    loop = getattr(engine, kind)

    together = loop(trees, matrix[:70], *more, 0, np.arange(10), 10)

    alone = [loop(trees, matrix[i : i + 1], *more, 0, np.arange(10), 10) for i in (0, 31, 32, 69)]
    np.testing.assert_array_equal(np.concatenate(alone), together[[0, 31, 32, 69]])


def test_a_path_of_sixty_columns_is_exact():
    trees, matrix = chain_of(60)
    source = np.arange(60)

    values, expected = engine.values(trees, matrix, 0, source, 60), trees.explain(matrix, 0, source, 60)[0]

    np.testing.assert_allclose(values, expected, atol=1e-14)
    np.testing.assert_allclose(values[0], (1 - trees.cover[-1] / trees.cover[0]) / 60, atol=1e-14)
    arguments = (trees, matrix, matrix[1:], 0, source, 60)
    np.testing.assert_allclose(engine.against(*arguments), plain.against(*arguments), atol=1e-14)
    pairs = engine.pairs(trees, matrix, 0, source, 60)
    np.testing.assert_allclose(pairs, plain.pairs(trees, matrix, 0, source, 60), atol=1e-13)


def test_a_path_of_more_columns_than_a_word_has_bits_is_left_to_numpy():
    trees, matrix = chain_of(70)
    source = np.arange(70)

    assert engine.against(trees, matrix, matrix, 0, source, 70) is None
    np.testing.assert_allclose(engine.values(trees, matrix, 0, source, 70).sum(axis=1),
                               trees.predict(matrix)[:, 0] - trees.base(0), atol=1e-13)  # fmt: skip


def test_the_points_of_each_tree_are_enough():
    """Three times as many give the same to 1e-13 of the largest value."""
    trees, matrix = chain_of(60)
    found = walk.walked(trees, 0)
    assert found.walk.points.tolist() == [16]
    values = engine.values(trees, matrix, 0, np.arange(60), 60)

    more = found._replace(walk=found.walk._replace(points=np.array([48])))
    result, room = np.zeros((3, 60)), loops.scratch(found.walk, 60)
    value, column = trees.weight(0)[found.node], found.asked.astype(np.int64)
    loops.add_values(more.walk, matrix, found.used, value, column, walk.rules(), room, np.zeros((60, 32, 8)), result)

    np.testing.assert_allclose(values, result, atol=1e-13 * np.abs(values).max())


def test_a_model_of_leaves_alone_adds_nothing():
    trees = stump()
    alone = replace(trees, feature=np.full(3, -1), left=np.full(3, -1), right=np.full(3, -1))
    matrix, source = np.zeros((2, 1)), np.zeros(1, int)

    assert not engine.values(alone, matrix, 0, source, 1).any()
    assert not engine.pairs(alone, matrix, 0, source, 1).any()
    assert not engine.against(alone, matrix, matrix, 0, source, 1).any()


def test_single_numbers_and_infinities_go_where_the_walk_sends_them():
    trees = replace(stump(), threshold=np.array([0.1, 0, 0]), single=True, missing_left=np.zeros(3, bool))
    matrix = np.array([[0.1], [np.inf], [-np.inf], [np.nan], [1e300]])

    values = engine.values(trees, matrix, 0, np.zeros(1, int), 1)

    np.testing.assert_allclose(values[:, 0] + trees.base(0), trees.predict(matrix)[:, 0])


def test_any_layout_of_a_matrix_takes_the_code_that_is_compiled():
    """A read-only or transposed array would be another type, and be compiled anew while somebody waits."""
    trees, matrix = grown(0)
    engine.values(trees, matrix, 0, np.arange(10), 10)
    fixed = np.asfortranarray(matrix)
    fixed.flags.writeable = False
    trees.goes_left.flags.writeable = False

    for layout in (fixed, matrix[::2], matrix.astype(np.float32)):
        engine.values(replace(trees), layout, 0, np.arange(10, dtype=np.int32), 10)

    assert len(loops.add_values.signatures) == 1


def test_rooms_do_not_grow_with_rows_or_columns_that_no_tree_asks(monkeypatch):
    """A model of a hundred thousand columns asks for four of them."""
    trees = random_trees(1)
    matrix = np.zeros((40, 4))
    shapes = []
    monkeypatch.setattr(loops, "add_values", lambda *given: shapes.append(given[-2].shape))

    engine.values(trees, matrix, 0, OWN * 25_000, 100_000)

    assert set(shapes) == {(len(walk.walked(trees, 0).used), 32, 8)}


def test_the_quadrature_is_the_textbook_one():
    at, weights = walk.rules()

    for i, points in enumerate(range(8, 72, 8)):
        np.testing.assert_array_equal(at[i, :points], quadrature(points)[0])
        assert weights[i].sum() == pytest.approx(1)
