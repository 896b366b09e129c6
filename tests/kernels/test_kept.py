"""Compiled code is kept where nobody else can write, and made before anybody waits."""

import os
import subprocess
import sys

import pytest

from workbench.kernels import kept

POSIX = pytest.mark.skipif(os.name != "posix", reason="a profile on Windows is its user's own")


@pytest.fixture(autouse=True)
def elsewhere(tmp_path, monkeypatch):
    """A user's cache of this test's own, and nothing remembered of another."""
    tmp_path.chmod(0o700)
    monkeypatch.setattr(kept, "user_cache_path", lambda *_, **__: tmp_path / "cache")
    monkeypatch.setattr(kept, "_STARTED", [])
    kept.folder.cache_clear()
    yield tmp_path / "cache"
    kept.folder.cache_clear()


@POSIX
def test_the_folder_is_its_users_own(elsewhere):
    place = kept.folder()

    assert place.is_relative_to(elsewhere)
    assert place.stat().st_mode & 0o777 == 0o700


@POSIX
@pytest.mark.parametrize("who", ["itself", "above"])
@pytest.mark.parametrize("mode", [0o777, 0o770, 0o720])
def test_what_others_can_write_is_not_read(who, mode):
    """Whoever can write there, or exchange a folder on the way, could have this user run anything."""
    place = kept.folder()
    (place if who == "itself" else place.parent).chmod(mode)
    kept.folder.cache_clear()

    assert kept.folder() is None
    assert not kept.kept()


@POSIX
def test_a_sticky_folder_on_the_way_lets_nobody_exchange_another_ones():
    place = kept.folder()
    place.parent.chmod(0o1777)

    assert kept.safe(place)


def test_a_home_that_takes_nothing_keeps_nothing(elsewhere):
    elsewhere.write_text("a file where the folder would be", encoding="utf-8")

    assert kept.folder() is None
    kept.keep_ahead()
    assert not kept._STARTED


def test_a_mark_says_that_all_is_there_for_this_machine(monkeypatch):
    assert not kept.kept()

    kept.mark()

    assert kept.kept()
    monkeypatch.setattr(kept, "_mark", lambda: "all-of-another-processor")
    assert not kept.kept()


def test_one_process_compiles_ahead_and_gives_way(monkeypatch):
    started = []

    class Going:
        def __init__(self, command, **_):
            started.append(command)

        def poll(self):
            return None

    monkeypatch.setattr(subprocess, "Popen", Going)

    kept.keep_ahead()
    kept.keep_ahead()

    assert started == [[sys.executable, "-m", "workbench.kernels"]]


def test_nothing_is_started_where_all_is_kept(monkeypatch):
    kept.mark()
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("there is nothing to compile"))

    kept.keep_ahead()


def test_another_version_has_a_folder_of_its_own(monkeypatch):
    place = kept.folder()
    kept.folder.cache_clear()
    monkeypatch.setattr(kept, "_version", lambda: "another")

    assert kept.folder() == place.parent / "another"


def test_looking_for_kept_code_loads_no_compiler():
    code = (
        "import sys, workbench.kernels.kept as k; k.kept(); sys.exit(any(m in sys.modules for m in ('numba', 'numpy')))"
    )

    done = subprocess.run([sys.executable, "-c", code], check=False)

    assert done.returncode == 0


@pytest.mark.slow
def test_two_processes_at_once_keep_code_that_a_third_one_reads(tmp_path):
    """Whoever comes second leaves it to the first. One of the loops is enough to see it."""
    tmp_path.chmod(0o700)
    environment = {**os.environ, "XDG_CACHE_HOME": str(tmp_path / "cache"), "HOME": str(tmp_path)}
    makes = "from workbench.kernels import __main__, engine; engine.KINDS = ('values',); __main__.main()"
    reads = (
        "from workbench.kernels import kept, engine, loops; assert kept.kept(); engine.compile_one('values');"
        "assert loops.add_values.stats.cache_hits and not loops.add_values.stats.cache_misses"
    )

    both = [subprocess.Popen([sys.executable, "-c", makes], env=environment) for _ in range(2)]

    assert [process.wait(300) for process in both] == [0, 0]
    assert subprocess.run([sys.executable, "-c", reads], env=environment, check=False).returncode == 0
