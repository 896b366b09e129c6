"""The compiled loops answer as numpy does, are compiled safely, and are not missed where they are not."""

import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.tables.made import chain_of, grown, random_rows, random_trees, shapley, stump
from workbench.kernels import engine
from workbench.tables import compiler, native

SEEDS = st.integers(0, 2**20)
OWN = np.arange(4)
POSIX = pytest.mark.skipif(os.name != "posix", reason="a profile on Windows is its user's own")
QUICK = "int wb_version(void) { return 1; }\n"  # compiled in no time


@pytest.fixture(scope="module", autouse=True)
def compiled(loops):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "_KERNEL", [loops])
        yield loops


def by_numpy(ask):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(native, "_KERNEL", [None])
        return ask()


# --- what they answer ---------------------------------------------------------------------------------------------


@given(seed=SEEDS, width=st.sampled_from((1, 2)), rows=st.integers(0, 70), single=st.booleans(), sums=st.booleans())
@settings(max_examples=60)
def test_predictions_are_the_same_bits(seed, width, rows, single, sums):
    """With gaps, categories, several outputs, numbers and sums in float32."""
    trees = replace(random_trees(seed, width=width), single=single, single_sum=sums)
    matrix = random_rows(seed, rows) * (1 if seed % 2 else 1.0000001)
    matrix[:, 0] = np.floor(matrix[:, 0])

    found = trees.predict(matrix)

    np.testing.assert_array_equal(found, by_numpy(lambda: trees.predict(matrix)))


@given(seed=SEEDS, width=st.sampled_from((1, 2)), rows=st.integers(1, 40), output=st.integers(0, 1))
@settings(max_examples=40)
def test_values_are_those_of_the_definition_and_add_up(seed, width, rows, output):
    trees, matrix = random_trees(seed, width=width), random_rows(seed, rows)

    values, base = trees.explain(matrix, output, OWN, 4)

    np.testing.assert_allclose(values[0], shapley(trees, matrix[0], 4)[:, output], atol=1e-12)
    np.testing.assert_allclose(values, by_numpy(lambda: trees.explain(matrix, output, OWN, 4)[0]), atol=1e-13)
    np.testing.assert_allclose(values.sum(axis=1) + base, trees.predict(matrix)[:, output], atol=1e-12)


def test_a_row_alone_has_the_bits_that_it_has_among_others():
    """One row goes down by code of its own, which reckons less."""
    trees, matrix = grown(2)
    together = trees.explain(matrix[:70], 0, np.arange(10), 10)[0]

    for i in (0, 31, 32, 69):
        alone = trees.explain(matrix[i : i + 1], 0, np.arange(10), 10)[0]
        np.testing.assert_array_equal(alone[0], together[i])


def test_columns_that_come_from_one_are_added_up():
    trees, matrix, source = random_trees(3), random_rows(3, 9), np.array([1, 0, 1, 1])

    values = trees.explain(matrix, 0, source, 3)[0]

    apart = trees.explain(matrix, 0, OWN, 4)[0]
    np.testing.assert_allclose(values[:, 1], apart[:, [0, 2, 3]].sum(axis=1), atol=1e-14)
    assert not values[:, 2].any()


@pytest.mark.parametrize("depth", [60, 70])
def test_a_path_of_many_columns_gets_the_points_that_it_needs(depth):
    trees, matrix = chain_of(depth)
    source = np.arange(depth)

    values = trees.explain(matrix, 0, source, depth)[0]

    np.testing.assert_allclose(values, by_numpy(lambda: trees.explain(matrix, 0, source, depth)[0]), atol=1e-14)


def test_a_path_that_is_deeper_than_there_is_room_for_is_left_to_numpy(monkeypatch):
    trees, matrix = chain_of(12)
    monkeypatch.setattr(native, "DEEPEST", 12)

    assert trees.by_loops(matrix, 0, np.arange(12), 12) is None
    assert trees.explain(matrix, 0, np.arange(12), 12)[0].shape == (3, 12)


def test_they_give_the_bits_of_the_loops_that_numba_compiles():
    """Both do the same operations in the same order."""
    trees, matrix = grown(3)

    values = trees.explain(matrix[:50], 0, np.arange(10), 10)[0]

    np.testing.assert_array_equal(values, engine.values(trees, matrix[:50], 0, np.arange(10), 10))


def test_leaves_alone_add_nothing():
    alone = replace(stump(), feature=np.full(3, -1), left=np.full(3, -1), right=np.full(3, -1))

    assert not alone.explain(np.zeros((2, 1)), 0, np.zeros(1, int), 1)[0].any()
    assert alone.predict(np.zeros((2, 1))).tolist() == [[1.0], [1.0]]


@given(st.lists(st.floats(width=64), min_size=1, max_size=20))
def test_any_number_goes_where_numpy_sends_it(numbers):
    trees, matrix = replace(stump(), single=True), np.array(numbers)[:, None]

    np.testing.assert_array_equal(trees.predict(matrix), by_numpy(lambda: trees.predict(matrix)))


@pytest.mark.parametrize("layout", [np.asfortranarray, lambda m: m[::2], lambda m: m.astype(np.float32)])
def test_any_layout_of_a_matrix_is_read_as_it_is_meant(layout):
    trees, matrix = grown(0)
    other = layout(matrix)

    np.testing.assert_array_equal(trees.predict(other), by_numpy(lambda: trees.predict(other)))
    values = trees.explain(other, 0, np.arange(10), 10)[0]
    plain = trees.explain(np.array(other, np.float64, order="C"), 0, np.arange(10), 10)[0]
    np.testing.assert_array_equal(values, plain)


def test_threads_answer_at_once_as_one_does():
    """The loops run without the interpreter's lock, each with room of its own."""
    trees, matrix = grown(1)
    alone = [trees.explain(matrix[i : i + 40], 0, np.arange(10), 10)[0] for i in range(0, 240, 40)]

    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda i: trees.explain(matrix[i : i + 40], 0, np.arange(10), 10)[0], range(0, 240, 40)))

    for one, other in zip(found, alone, strict=True):
        np.testing.assert_array_equal(one, other)


# --- how they come to be there ------------------------------------------------------------------------------------


@pytest.fixture
def place(tmp_path, monkeypatch):
    """A folder of this test's own, a source that is compiled quickly, and a compiler."""
    tmp_path.chmod(0o700)
    source = tmp_path / "quick.c"
    source.write_text(QUICK, encoding="utf-8")
    monkeypatch.setattr(compiler, "SOURCE", source)
    monkeypatch.setenv("WORKBENCH_COMPILER", "cc")
    monkeypatch.setenv("WORKBENCH_COMPILED", str(tmp_path / "compiled"))
    return tmp_path / "compiled"


def test_what_was_compiled_once_is_found_again_without_a_compiler(place, monkeypatch):
    made = compiler.library()

    assert made.parent == place
    assert compiler.library(make=False) == made
    monkeypatch.setenv("WORKBENCH_COMPILER", "/nowhere/cc")
    assert compiler.library() == made
    assert [path.name for path in place.iterdir()] == [made.name]  # nothing is left of the making


def test_another_source_is_compiled_anew(place):
    made = compiler.library()
    compiler.SOURCE.write_text(QUICK.replace("1", "2"), encoding="utf-8")

    assert compiler.library(make=False) is None
    assert compiler.library() != made


@pytest.mark.parametrize("damage", [lambda c: c[: len(c) // 2], lambda c: b"\0" + c[1:], lambda c: c[:-1] + b"\7"])
def test_a_damaged_library_is_not_loaded_but_made_anew(place, damage, monkeypatch):
    """Cut off in the middle, it would take the whole process down when it is called."""
    made = compiler.library()
    sound = made.read_bytes()
    made.write_bytes(damage(sound))

    assert compiler.library(make=False) is None
    assert compiler.library().read_bytes() == sound
    made.write_bytes(damage(sound))
    monkeypatch.setenv("WORKBENCH_COMPILER", "/nowhere/cc")
    assert compiler.library() is None


@POSIX
@pytest.mark.parametrize("mode", [0o777, 0o770])
def test_a_folder_that_others_can_write_is_neither_read_nor_written(place, mode):
    compiler.library()
    place.chmod(mode)

    assert compiler.library() is None


@POSIX
def test_a_library_that_others_can_write_is_not_loaded(place):
    compiler.library().chmod(0o777)

    assert compiler.library(make=False) is None


@POSIX
def test_a_link_is_not_followed(place, tmp_path):
    made = compiler.library()
    elsewhere = made.replace(tmp_path / "elsewhere.so")
    made.symlink_to(elsewhere)

    assert compiler.library(make=False) is None


@POSIX
def test_the_folder_is_its_users_own(place):
    compiler.library()

    assert place.stat().st_mode & 0o777 == 0o700


def test_a_compiler_that_fails_costs_nothing_but_speed(place):
    compiler.SOURCE.write_text("this is no C", encoding="utf-8")

    assert compiler.library() is None
    assert not list(place.iterdir())


def test_a_compiler_in_the_working_folder_is_not_run(place, tmp_path, monkeypatch):
    """Whoever is in a folder that somebody else filled must not run what lies there."""
    (tmp_path / "cc").write_text("#!/bin/sh\ntouch ran\n", encoding="utf-8")
    (tmp_path / "cc").chmod(0o700)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PATH", ".")

    assert compiler.library() is None
    assert not (tmp_path / "ran").exists()


@POSIX
def test_a_compiler_sees_no_secret(place, tmp_path, monkeypatch):
    spy = tmp_path / "spy"
    spy.write_text(f"#!/bin/sh\nenv > {tmp_path}/seen\nexit 1\n", encoding="utf-8")
    spy.chmod(0o700)
    monkeypatch.setenv("WORKBENCH_COMPILER", str(spy))
    monkeypatch.setenv("WORKBENCH_API_KEY", "hunter2")

    assert compiler.library() is None
    assert "hunter2" not in (tmp_path / "seen").read_text(encoding="utf-8")


def test_a_bundle_without_the_source_has_no_library(place):
    """One whose model has no tables does not carry it."""
    compiler.SOURCE.unlink()

    assert compiler.library() is None


def test_no_folder_is_no_error(place, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("WORKBENCH_COMPILED", str(tmp_path / "file" / "below"))

    assert compiler.library() is None


@pytest.mark.slow
def test_two_processes_may_compile_at_once(place, tmp_path):
    """Each moves a whole library to its place; both answer."""
    code = "from workbench.tables import native; print(native.load().version)"
    start = [subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True) for _ in range(2)]
    told = [process.communicate(timeout=120)[0] for process in start]

    assert told == [f"{native.VERSION}\n"] * 2
    (kept,) = place.iterdir()
    assert kept.suffix == ".so"


# --- what is loaded -----------------------------------------------------------------------------------------------


@pytest.fixture
def fresh(monkeypatch):
    """Nothing is loaded yet."""
    monkeypatch.setattr(native, "_KERNEL", [None])
    monkeypatch.setattr(native, "_BEGUN", [0])


def test_without_a_compiler_numpy_answers(fresh, place, monkeypatch):
    monkeypatch.setenv("WORKBENCH_COMPILER", "/nowhere/cc")
    native.begin()

    assert native.load() is None
    assert stump().predict(np.zeros((1, 1))).tolist() == [[3.0]]


def test_switched_off_nothing_is_looked_for(fresh, monkeypatch):
    monkeypatch.setenv("WORKBENCH_COMPILER", "off")
    monkeypatch.setattr(native, "library", lambda make=True: pytest.fail("it was looked for"))

    native.begin()

    assert native.kernel() is None


def test_another_library_is_not_taken(fresh, place):
    """It compiles, and has none of the functions."""
    assert native.load() is None


def test_a_library_that_answers_wrongly_is_not_taken(fresh, monkeypatch, compiled):
    assert native._right(compiled.path) is not None

    monkeypatch.setattr(native, "_ANSWERS", [[1.0]] * 3)

    assert native._right(compiled.path) is None


def test_what_is_kept_is_loaded_at_once_and_what_is_not_behind(fresh, monkeypatch, compiled):
    monkeypatch.setenv("WORKBENCH_COMPILER", "cc")
    asked = []
    monkeypatch.setattr(native, "library", lambda make=True: asked.append(make))

    native.begin()
    native.begin()

    for thread in threading.enumerate():
        if thread.name.startswith("compiling"):
            thread.join()
    assert asked == [False, True]
