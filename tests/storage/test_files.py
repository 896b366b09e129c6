"""Files are the old ones or the new ones, never half of both."""

import json
import multiprocessing
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import BadParameter, Busy, Damaged, FormatVersion
from workbench.storage import audit, files


def test_a_failed_write_keeps_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_json(path, {"n": 1})

    def full(_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files.os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_json(path, {"n": 2})

    assert json.loads(path.read_text()) == {"n": 1}
    assert [p.name for p in tmp_path.iterdir()] == ["a.json"]


def test_nan_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", {"n": float("nan")})

    assert not list(tmp_path.iterdir())


def test_a_newer_format_is_refused_by_name(tmp_path):
    files.write_json(tmp_path / "a.json", {"format_version": 7})
    with pytest.raises(FormatVersion, match=r"a\.json has format 7"):
        files.read_json(tmp_path / "a.json", newest=1)


def test_a_torn_file_is_damaged_not_a_traceback(tmp_path):
    (tmp_path / "a.json").write_text('{"n": ')
    with pytest.raises(Damaged, match=r"a\.json is not the JSON that was written \(JSONDecodeError: "):
        files.read_json(tmp_path / "a.json")


@pytest.mark.parametrize("name", ["../x", "/etc/passwd", "a/b", "", ".hidden", "a" * 200, "x\n", "über"])
def test_names_that_could_leave_their_folder_are_refused(name):
    with pytest.raises(BadParameter):
        files.safe_name(name, "bundle")


@pytest.mark.parametrize("name", ["loop", "loop/file", "first"])
def test_a_link_to_itself_is_refused(tmp_path, name):
    """``Path.resolve`` raised until Python 3.12; since then it gives the link back, as if it were inside."""
    (tmp_path / "loop").symlink_to("loop")
    (tmp_path / "first").symlink_to("second")
    (tmp_path / "second").symlink_to("first")

    with pytest.raises(BadParameter, match="can't be followed"):
        files.inside(tmp_path, *name.split("/"))


@given(st.lists(st.text(max_size=8), min_size=1, max_size=4))
def test_a_joined_path_lies_inside_or_is_refused(parts):
    root = Path("/tmp/root-of-the-test")
    try:
        path = files.inside(root, *parts)
    except (BadParameter, ValueError):
        return

    assert path.is_relative_to(root)


def test_a_link_that_leaves_is_refused(tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(tmp_path)
    with pytest.raises(BadParameter, match="leaves"):
        files.inside(root, "link", "other")


WRITER = """
import sys
from pathlib import Path
from workbench.storage.files import write_json
n = 0
while True:
    n += 1
    write_json(Path(sys.argv[1]), {"n": n, "fill": "x" * 50_000})
    if n == 1: print("up", flush=True)
"""


@pytest.mark.slow
def test_kill_leaves_a_whole_file(tmp_path):
    """Ten writers are killed at odd moments; the file is whole each time."""
    path = tmp_path / "a.json"
    for wait in range(10):
        writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path)], stdout=subprocess.PIPE)
        writer.stdout.readline()
        time.sleep(0.003 * wait)
        os.kill(writer.pid, signal.SIGKILL)
        writer.wait()
        writer.stdout.close()

        assert len(files.read_json(path)["fill"]) == 50_000


def add_to_log(path: Path) -> None:
    for _ in range(5):
        audit.record(path, "promote", name="flights")


def test_two_processes_append_to_one_audit_log(tmp_path):
    path = tmp_path / "audit.jsonl"
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=add_to_log, args=(path,)) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert [e["number"] for e in audit.entries(path)] == list(range(1, 16))


@pytest.mark.parametrize("change", ["flip", "delete", "reorder"])
def test_a_changed_audit_log_is_named(tmp_path, change):
    path = tmp_path / "audit.jsonl"
    for version in (1, 2, 3):
        audit.record(path, "promote", name="flights", version=version)
    lines = path.read_bytes().splitlines(keepends=True)
    if change == "flip":
        lines[1] = lines[1].replace(b'"version": 2', b'"version": 9')
    elif change == "delete":
        del lines[1]
    else:
        lines[1], lines[2] = lines[2], lines[1]
    path.write_bytes(b"".join(lines))

    with pytest.raises(Damaged, match="Line 2"):
        audit.entries(path)


def test_reading_the_audit_log_never_changes_it(tmp_path):
    """A line without its end may be one that another process is writing just now."""
    path = tmp_path / "audit.jsonl"
    audit.record(path, "package", name="flights")
    with path.open("ab") as file:
        file.write(b'{"number": 2, "at"')
    before = path.read_bytes()

    assert [e["act"] for e in audit.entries(path)] == ["package"]
    assert path.read_bytes() == before


def test_a_torn_last_line_is_repaired(tmp_path):
    path = tmp_path / "audit.jsonl"
    audit.record(path, "package", name="flights")
    with path.open("ab") as file:
        file.write(b'{"number": 2, "at"')
    audit.record(path, "promote", name="flights")

    assert [e["act"] for e in audit.entries(path)] == ["package", "promote"]


def test_a_new_file_is_closed_to_others_from_its_first_byte_on(tmp_path):
    path = tmp_path / "secret.json"
    with files.in_one_step(path, files.PRIVATE) as file:
        (temporary,) = tmp_path.iterdir()
        assert temporary.stat().st_mode & 0o777 == 0o600
        file.write(b"{}")

    assert path.stat().st_mode & 0o777 == 0o600


def test_a_file_is_flushed_before_it_takes_its_name(tmp_path, monkeypatch):
    path, order = tmp_path / "a.json", []
    real = os.fsync

    def flushed(descriptor):
        order.append(path.exists())
        real(descriptor)

    monkeypatch.setattr(files.os, "fsync", flushed)
    files.write_json(path, 1)

    assert order == [False, True], "the content before the name, the folder after it"


@pytest.mark.parametrize("version", ["1", True, None, 1.0, [], 2])
def test_a_format_that_is_none_of_ours_is_refused(tmp_path, version):
    files.write_json(tmp_path / "a.json", {"format_version": version})
    with pytest.raises(FormatVersion, match="reads up to 1"):
        files.read(tmp_path / "a.json")


def add_ones(path: Path) -> None:
    for _ in range(10):
        files.change(path, lambda count: (count or 0) + 1)


def test_no_change_of_four_processes_is_lost(tmp_path):
    path, context = tmp_path / "count.json", multiprocessing.get_context("fork")
    writers = [context.Process(target=add_ones, args=(path,)) for _ in range(4)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()

    assert files.read(path) == 40


def test_a_change_that_raises_or_changes_nothing_leaves_the_file(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, [1])
    before = path.stat()

    with pytest.raises(ZeroDivisionError):
        files.change(path, lambda content: 1 / 0)
    assert files.change(path, lambda content: content) == [1]

    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)


def test_a_damaged_file_is_not_written_over(tmp_path):
    path = tmp_path / "a.json"
    path.write_text("{")
    with pytest.raises(Damaged):
        files.change(path, lambda content: 1)

    assert path.read_text() == "{"


def test_a_full_disk_keeps_the_old_file_and_lets_go(tmp_path, monkeypatch):
    path = tmp_path / "a.json"
    files.write_json(path, 1)

    def full(_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(files.os, "fsync", full)
        with pytest.raises(OSError, match="No space"):
            files.change(path, lambda count: count + 1)

    assert files.change(path, lambda count: count + 1) == 2


HOLDER = """
import sys, time
from pathlib import Path
from workbench.storage import files
def slow(count):
    Path(sys.argv[1]).with_name(".a.json.1.ab.tmp").write_text("half")
    print("holds", flush=True)
    time.sleep(60)
files.change(Path(sys.argv[1]), slow)
"""


def test_a_held_file_is_busy_and_free_once_its_holder_was_killed(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, 1)
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE)
    assert holder.stdout.readline() == b"holds\n"

    with pytest.raises(Busy, match="Another process has held"), files.lock(tmp_path / ".a.json.lock", timeout=0.1):
        pass
    holder.kill()
    holder.communicate()

    assert files.change(path, lambda count: count + 1) == 2
    assert not list(tmp_path.glob("*.tmp")), "what the killed one left is gone"


def test_a_timeout_inside_the_lock_is_passed_on_as_it_is(tmp_path):
    with pytest.raises(TimeoutError, match="other") as caught, files.lock(tmp_path / "lock"):
        raise TimeoutError("other")

    assert not isinstance(caught.value, Busy)


def test_a_file_of_ours_can_be_read_by_people(tmp_path):
    """One line a value, names in their own letters: so a difference between two versions is seen."""
    files.write_json(tmp_path / "a.json", {"Zoë": [1, 2]})

    assert (tmp_path / "a.json").read_bytes() == '{\n "Zoë": [\n  1,\n  2\n ]\n}\n'.encode()


def test_a_change_keeps_what_the_function_gave_in_its_plain_form(tmp_path):
    path = tmp_path / "a.json"

    def doubled(numbers):
        return (numbers or (1,)) * 2

    for length in (2, 4):
        assert files.change(path, doubled, parse=tuple, plain=list, mode=files.PRIVATE) == (1,) * length
        assert files.read(path, tuple) == (1,) * length
        assert path.stat().st_mode & 0o777 == 0o600


def test_content_of_another_shape_is_damaged_and_names_the_path_and_why(tmp_path):
    path = tmp_path / "a.json"
    files.write_json(path, {"n": 1})

    with pytest.raises(Damaged, match=r"a\.json is not what was written \(KeyError: 'm'\)"):
        files.read(path, lambda content: content["m"])


@pytest.mark.parametrize("function", [files.read, lambda path, **given: files.change(path, lambda old: old, **given)])
def test_a_caller_who_understands_a_newer_format_says_so(tmp_path, function):
    path = tmp_path / "a.json"
    files.write_json(path, {"format_version": 2})

    assert function(path, newest=2) == {"format_version": 2}
    with pytest.raises(FormatVersion, match=r"a\.json has format 2, this Workbench reads up to 1"):
        function(path)


def test_text_is_written_in_utf_8(tmp_path):
    files.write_text(tmp_path / "a.txt", "Zoë\n")

    assert (tmp_path / "a.txt").read_bytes() == b"Zo\xc3\xab\n"
