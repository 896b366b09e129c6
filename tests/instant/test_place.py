"""Where zygotes listen, and what tells them apart; what is said on their sockets."""

import os
import socket
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from workbench.errors import BadParameter
from workbench.instant import place, wire
from workbench.instant.limits import misfit, own
from workbench.instant.packages import Installed
from workbench.settings import instant_seconds

pytestmark = pytest.mark.skipif(not place.possible(), reason="nothing is forked on this system")


@given(st.sampled_from(["OMP_NUM_THREADS", "PYTHONPATH", "LC_ALL", "TZ", "LD_PRELOAD", "MKL_DYNAMIC"]), st.text())
def test_a_variable_that_acts_at_a_start_makes_another_zygote(name, value):
    assert place.tag({name: f"{value}x"}) != place.tag({})


@given(st.sampled_from(["HOME", "WORKBENCH_HOME", "DATABASE_PASSWORD", "JPY_SESSION_NAME"]), st.text())
def test_other_variables_do_not(name, value):
    assert place.tag({name: value}) == place.tag({})


@pytest.mark.parametrize("mode", [0o755, 0o770, 0o701])
def test_a_folder_that_others_may_enter_is_refused(monkeypatch, tmp_path, mode):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / f"workbench-{os.getuid()}").mkdir()
    (tmp_path / f"workbench-{os.getuid()}").chmod(mode)

    with pytest.raises(PermissionError, match="not this user's own"):
        place.folder()


def test_a_link_in_its_place_is_refused(monkeypatch, tmp_path):
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(tmp_path))
    (tmp_path / "elsewhere").mkdir(mode=0o700)
    (tmp_path / f"workbench-{os.getuid()}").symlink_to(tmp_path / "elsewhere")

    with pytest.raises(PermissionError, match="not this user's own"):
        place.folder()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(st.dictionaries(st.text(), json_values, max_size=5), st.integers(0, 200_000))
@settings(max_examples=30)
def test_what_is_said_is_heard_with_its_files(said, padding):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    said = {**said, "padding": "x" * padding}
    with one, other, Path(os.devnull).open("rb") as file:
        for buffer in (one, other):
            buffer.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1_000_000)
        wire.send(one, said, (file.fileno(),))
        heard, files = wire.hear(other)

        assert heard == said
        assert os.path.sameopenfile(files[0], file.fileno())
        os.close(files[0])


@pytest.mark.parametrize("line", [b"[1]\n", b"{\n", b"\xff\n"])
def test_what_is_no_object_is_refused(line):
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with one, other:
        one.sendall(line)

        with pytest.raises(ValueError):  # noqa: PT011 - JSON's own, or ours
            wire.hear(other)


def test_an_end_is_heard_as_none():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with other:
        one.close()

        assert wire.hear(other) is None


def test_the_other_end_is_known():
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    with one, other:
        assert wire.peer(one) == (os.getpid(), os.getuid())


def test_own_limits_fit():
    assert misfit(own()) == ""


def test_a_new_package_or_an_edited_source_is_seen(tmp_path, monkeypatch):
    monkeypatch.setattr("site.getsitepackages", lambda: [str(tmp_path / "site")])
    (tmp_path / "site").mkdir()
    (tmp_path / "edited.py").write_text("", encoding="utf-8")
    monkeypatch.setitem(sys.modules, "edited", type(sys)("edited"))
    sys.modules["edited"].__file__ = str(tmp_path / "edited.py")
    before = Installed.now()
    assert before.still()

    os.utime(tmp_path / "edited.py", ns=(1, 1))
    assert not before.still()

    after = Installed.now()
    (tmp_path / "site" / "new.dist-info").mkdir()
    os.utime(tmp_path / "site", ns=(1, 1))
    assert not after.still()


@pytest.mark.parametrize("value", ["never", "-1", "nan", "inf"])
def test_a_time_that_is_none_is_refused(monkeypatch, value):
    monkeypatch.setenv("WORKBENCH_INSTANT", value)

    with pytest.raises(BadParameter, match="number of seconds"):
        instant_seconds()
