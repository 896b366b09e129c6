"""What a bundle needs: limits follow from what was measured, and dear reasons are refused with their cost."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.needs import Needs, Reasoning
from workbench.errors import Damaged

CHEAP = Reasoning(70.0, 5.0, 0.4, 0.1, 1000)
DEAR = Reasoning(1300.0, 1240.0, 240.0, 200.0, 3)
NEEDS = Needs(50.0, 60.0, 35.0, 0.3, 0.25, 0.003, 1000, CHEAP)


def test_memory_has_the_head_room_that_is_documented():
    assert (NEEDS.peak, NEEDS.memory, NEEDS.most_memory) == (70.0, 96, 208)


def test_reasons_that_are_not_told_need_no_memory():
    assert replace(NEEDS, reasons=DEAR).peak == 60.0
    assert replace(NEEDS, reasons=DEAR, asked="always").peak == 1300.0
    assert replace(NEEDS, reasons=CHEAP, asked="never").peak == 60.0


def test_memory_is_enough_where_there_is_no_compiler():
    """An image may have none: then numpy walks the trees, as far as reasons are told at all."""
    other = replace(CHEAP, memory=300.0, more=240.0)

    assert replace(NEEDS, by_numpy=other).peak == 300.0
    assert replace(NEEDS, by_numpy=replace(other, more=900.0, memory=960.0)).peak == 70.0


def test_cpu_is_what_fifty_rows_a_second_take_within_bounds():
    asked = [replace(NEEDS, reasons=replace(CHEAP, row=row)).cpu for row in (0.1, 2.0, 32.0)]

    assert asked == [50, 100, 1000]


@pytest.mark.parametrize("took", [replace(CHEAP, row=50.1), replace(CHEAP, more=501.0)])
def test_reasons_beyond_a_limit_are_refused_with_cost_and_switch(took):
    told = replace(NEEDS, reasons=took).refusal(loops=True)

    assert f"{took.row:.2g}"[:2] in told
    assert f"{took.more:.0f} MB" in told
    assert "reasons='always'" in told


def test_who_asked_for_reasons_has_them_and_who_did_not_has_none():
    assert not replace(NEEDS, reasons=DEAR, asked="always").refusal(loops=True)
    assert "reasons='auto'" in replace(NEEDS, asked="never").refusal(loops=True)
    assert not replace(NEEDS, reasons=None, asked="never").refusal(loops=True)  # there are none to refuse


def test_a_compiler_decides_where_it_makes_the_difference():
    needs = replace(NEEDS, by_numpy=DEAR)

    assert not needs.refusal(loops=True)
    assert "With a C compiler where it runs they take less, and are told." in needs.refusal(loops=False)
    assert "compiler" not in replace(NEEDS, reasons=DEAR, by_numpy=DEAR).refusal(loops=False)


def test_what_the_system_did_not_tell_is_left_empty():
    unknown = replace(NEEDS, start=None, answers=None, shared=None, starting=None)

    assert (unknown.peak, unknown.memory, unknown.most_memory) == (None, None, None)
    assert ("ready to answer", "", "") in list(unknown.lines())


amounts = st.floats(0.0, 1e6)
reasonings = st.builds(Reasoning, st.none() | amounts, amounts, amounts, amounts, st.integers(1, 1000))


@given(st.builds(
    Needs, st.none() | amounts, st.none() | amounts, st.none() | amounts, st.none() | amounts, amounts, amounts,
    st.integers(1, 1000), st.none() | reasonings, st.none() | reasonings, st.sampled_from(["cpu", "wall"]),
    asked=st.sampled_from(["auto", "always", "never"]),
))  # fmt: skip
def test_a_file_is_read_as_it_was_written(tmp_path_factory, needs):
    assert Needs.load(needs.save(tmp_path_factory.mktemp("needs") / "needs.json")) == needs
    assert 50 <= needs.cpu <= 1000
    assert needs.memory is None or needs.most_memory >= needs.memory >= needs.peak


def test_another_file_is_refused(tmp_path):
    NEEDS.save(tmp_path / "needs.json")
    text = (tmp_path / "needs.json").read_text()
    (tmp_path / "needs.json").write_text(text.replace('"row": 0.25', '"row": "quick"'))

    with pytest.raises(Damaged, match="needs"):
        Needs.load(tmp_path / "needs.json")
