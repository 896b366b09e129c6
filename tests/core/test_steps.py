"""Long work in steps: others have their turn in between, it may be called off, and nothing runs beside it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.core.steps import CalledOff, Stepped, in_parts, step, stepwise


def counting(seen, many=5):
    for place in stepwise(range(many)):
        seen.append(place)
    return sum(seen)


def test_without_somebody_who_lets_it_go_on_it_just_runs():
    assert list(stepwise(range(3))) == [0, 1, 2]
    assert step(0.5) is None


def test_each_turn_is_one_step_and_says_how_much_is_done():
    seen = []
    work = Stepped(lambda: counting(seen))
    done = []

    while not work.go_on(seconds=0.0):
        done.append((work.done, len(seen)))

    assert done == [(0.0, 0), (0.2, 1), (0.4, 2), (0.6, 3), (0.8, 4)]
    assert work.result() == 10


def test_of_loops_within_each_other_the_outermost_says_how_much_is_done():
    def nested():
        for _ in stepwise(range(2)):
            list(stepwise(range(3)))

    work, done = Stepped(nested), set()
    while not work.go_on(seconds=0.0):
        done.add(work.done)

    assert done == {0.0, 0.5}


def test_what_is_called_off_ends_at_its_next_step_and_cleans_up():
    seen, left = [], []

    def work():
        try:
            counting(seen)
        finally:
            left.append("clean")

    stepped = Stepped(work)
    stepped.go_on(seconds=0.0)
    stepped.go_on(seconds=0.0)
    stepped.call_off()

    assert (seen, left, stepped.finished) == ([0], ["clean"], True)
    assert stepped.result() is None


def test_what_was_not_begun_is_never_begun_once_it_is_called_off():
    seen = []
    work = Stepped(lambda: counting(seen))
    work.call_off()

    assert work.go_on()
    assert seen == []


def test_an_error_is_raised_where_the_result_is_asked_for():
    def broken():
        step()
        raise ValueError("broken")

    work = Stepped(broken)
    assert work.go_on()
    with pytest.raises(ValueError, match="broken"):
        work.result()


def test_a_bare_except_for_errors_does_not_keep_what_is_called_off_alive():
    def stubborn():
        for _ in range(3):
            try:
                step()
            except Exception:  # noqa: BLE001 - that is what is tried
                pytest.fail("calling off is no error")

    work = Stepped(stubborn)
    work.go_on(seconds=0.0)
    work.call_off()

    assert isinstance(work._error, CalledOff)


@given(st.lists(st.integers(1, 4), min_size=1, max_size=4), st.integers(0, 3))
def test_only_one_of_all_works_and_who_lets_them_runs_at_a_time(lengths, extra):
    """Whatever the order of turns: what each does between two steps is never cut by another."""
    running, most, log = [], [], []

    def work(name, many):
        for place in stepwise(range(many + extra)):
            running.append(name)
            most.append(len(running))
            log.append((name, place))
            running.pop()
        return name

    works = [Stepped(lambda n=n, many=many: work(n, many)) for n, many in enumerate(lengths)]
    while {one.go_on(seconds=0.0) for one in works} != {True}:
        most.append(len(running))

    assert max(most) <= 1
    assert [one.result() for one in works] == list(range(len(lengths)))
    for n, many in enumerate(lengths):
        assert [place for name, place in log if name == n] == list(range(many + extra))


def test_threads_of_what_ended_are_gone():
    works = [Stepped(lambda: counting([])) for _ in range(20)]
    for place, work in enumerate(works):
        work.go_on(seconds=0.0)
        work.result() if place % 2 else work.call_off()
    for work in works:
        work._thread.join(60)

    assert not any(work._thread.is_alive() for work in works)


@given(st.integers(0, 200), st.integers(1, 50), st.integers(1, 50))
def test_parts_are_all_that_there_is_once_and_none_is_too_large(many, most, first):
    def parts():
        return [list(range(many)[part]) for part in in_parts(many, most, first)]

    alone, waited_for = parts(), Stepped(parts).result()

    for found in (alone, waited_for):
        assert [one for part in found for one in part] == list(range(many))
        assert all(len(part) <= most for part in found)
    assert [len(part) for part in alone[:-1]] == [most] * (len(alone) - 1)
    assert not waited_for or len(waited_for[0]) <= first
