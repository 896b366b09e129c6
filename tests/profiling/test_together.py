"""How columns go together, whatever each is like."""

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.core.contract import Column, Contract
from workbench.profiling.drift_tests import holm
from workbench.profiling.together import Together, joint_changes, swapped, together

KINDS = {"f": "number", "i": "integer", "u": "integer", "b": "boolean"}


def seen(frame, **kept):
    contract = Contract(tuple(Column(n, KINDS.get(frame[n].dtype.kind, "category")) for n in frame))
    return together(frame, contract, **kept)


def people(rows, seed, flip=1.0):
    draw = np.random.default_rng(seed)
    z = draw.normal(size=(rows, 5))
    return pd.DataFrame(
        {
            "a": z[:, 0], "b": flip * 0.8 * z[:, 0] + 0.6 * z[:, 1], "c": z[:, 2],
            "left": 0.7 * z[:, 0] + 0.714 * z[:, 3], "right": z[:, 4],
            "city": np.where(z[:, 0] + z[:, 2] > 0.5, "Rome", np.where(z[:, 3] > 0, "Oslo", "Bonn")),
            "member": z[:, 1] + z[:, 2] > 1,
        }
    )  # fmt: skip


def surest(before, now):
    changes = joint_changes(before, now)
    return min(changes, key=lambda one: one.p_value), holm([one.p_value for one in changes])


@settings(max_examples=6, deadline=None)
@given(st.sampled_from([np.exp, np.cbrt, lambda x: 1000 * x - 7, lambda x: x**3]), st.integers(0, 50))
def test_what_happens_to_one_column_alone_is_not_told(change, seed):
    before, now = people(600, seed), people(400, seed + 1)
    expected = [one.p_value for one in joint_changes(seen(before), seen(now))]

    found = joint_changes(seen(before), seen(now.assign(a=change(now["a"]), b=change(now["b"]))))

    assert [one.p_value for one in found] == pytest.approx(expected, rel=1e-6)


def test_a_correlation_that_turns_is_told_by_its_columns():
    first, corrected = surest(seen(people(2000, 0)), seen(people(500, 1, flip=-1.0)))

    assert set(first.columns) == {"a", "b"}
    assert (first.before > 0.7, first.now < -0.7, min(corrected) < 1e-9) == (True, True, True)


def test_three_columns_that_go_together_otherwise_though_no_two_do_are_told():
    draw = np.random.default_rng(0)
    x, y, noise = draw.normal(size=(3, 3000))
    together_ = pd.DataFrame({"x": x, "y": y, "z": np.abs(noise) * np.sign(x * y)})
    apart = together_.assign(z=noise)

    first, corrected = surest(seen(apart), seen(together_))

    assert (set(first.columns), min(corrected) < 1e-9) == ({"x", "y", "z"}, True)


def test_a_ring_is_told_though_its_correlation_is_none():
    draw = np.random.default_rng(0)
    turn = draw.uniform(0, 2 * np.pi, 1000)
    ring = pd.DataFrame({"x": np.cos(turn), "y": np.sin(turn)}) + draw.normal(0, 0.1, (1000, 2))
    shuffled = ring.assign(y=draw.permutation(ring["y"]))

    first, _ = surest(seen(shuffled), seen(ring))

    assert (first.product, first.p_value < 1e-9) == (3, True)


def test_columns_that_were_exchanged_are_told_from_those_that_were_not():
    before, rows = seen(people(3000, 0)), people(1000, 1)
    now = seen(rows.assign(left=rows["right"], right=rows["left"]))

    assert swapped(before, now, "left", "right") < 0.05
    assert swapped(before, now, "left", "c") > 0.3
    assert swapped(before, seen(rows), "left", "right") == 1.0


def test_halves_of_one_table_are_told_apart_no_more_often_than_was_asked():
    found = 0
    for seed in range(25):
        rows = people(1500, seed)
        found += min(surest(seen(rows.head(1000)), seen(rows.tail(500)))[1]) < 0.1

    assert found <= 6


def test_it_is_kilobytes_and_read_as_it_was_written():
    frame = pd.concat([people(500, k).add_suffix(str(k)) for k in range(4)], axis=1)
    kept = seen(frame)

    read = Together.from_dict(kept.to_dict())

    assert read.names == kept.names
    assert np.allclose(read.pairs, kept.pairs, atol=1e-3, equal_nan=True)
    assert sum(len(part) for part in kept.to_dict().values()) < 100_000


def test_stretches_that_differ_by_themselves_make_it_careful():
    """A relation that wanders in time: what one stretch did already is no news in a later one."""
    draw = np.random.default_rng(0)
    turn = np.repeat(draw.uniform(-0.9, 0.9, 20), 300)
    x, noise = draw.normal(size=(2, 6000))
    table = pd.DataFrame({"x": x, "y": turn * x + np.sqrt(1 - turn**2) * noise})
    worst = int(np.abs(turn[::300]).argmax())
    window = table.iloc[300 * worst : 300 * worst + 300]

    careless, careful = (surest(seen(table, in_time=t), seen(window))[0].p_value for t in (False, True))

    assert careless < 1e-6 < careful


def test_few_rows_few_columns_and_gaps_say_nothing():
    frame = people(200, 0)
    holes = frame.assign(a=np.nan, c=[None] * 200)

    assert together(frame.head(20), Contract((Column("a", "number"), Column("b", "number")))) is None
    assert together(frame, Contract((Column("a", "number"),))) is None
    assert not [one for one in joint_changes(seen(frame), seen(holes)) if {"a", "c"} & set(one.columns)]
