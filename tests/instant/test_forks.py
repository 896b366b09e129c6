"""A fork is as a process that was just started, and lives no longer than it should."""

import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import psutil
import pytest

from tests.instant.conftest import FEW, SECONDS, until, zygote
from workbench.instant import asking, limits, place, wire
from workbench.instant.asking import NotYet, Unforked, forked, started, warm

OWNER = """
import os, sys
from workbench.instant.asking import forked
process = forked([sys.executable, "-m", "sleeper"], os.environ, sys.argv[1], owned={owned})
print(process.pid, flush=True)
sys.stdin.read()
"""
SLEEPER = "import time\ntime.sleep(600)\n"


def test_a_module_runs_as_the_main_program(run, tmp_path):
    program = "import json, os, sys\nprint(json.dumps([sys.argv, os.getcwd(), __name__, sys.path[0]]))"

    code, out, errors = run(program, "a", "b c")

    argv, cwd, name, first = json.loads(out)
    assert (code, errors) == (0, "")
    assert argv == [str(tmp_path / "program.py"), "a", "b c"]
    assert (cwd, name, first) == (str(tmp_path), "__main__", str(tmp_path))


@pytest.mark.parametrize(
    ("program", "code", "told"),
    [
        ("raise SystemExit", 0, ""),
        ("raise SystemExit(7)", 7, ""),
        ("raise SystemExit('no file')", 1, "no file"),
        ("raise ValueError('torn')", 1, "ValueError: torn"),
        ("import os; os.kill(os.getpid(), 9)", -9, ""),
        ("import os; os._exit(3)", 3, ""),
    ],
)
def test_its_end_is_told_as_an_interpreter_tells_it(run, program, code, told):
    found, _, errors = run(program)

    assert found == code
    assert told in errors


def test_it_has_the_environment_of_who_asked_and_no_other(run):
    env = {**place.at_start(os.environ), "SECRET": "given"}

    _, out, _ = run("import json, os\nprint(json.dumps(dict(os.environ)))", env=env)

    assert json.loads(out) == env


def test_it_inherits_no_descriptor_and_no_signal(run):
    program = """
        import json, os, signal
        there = [n for n in os.listdir("/proc/self/fd") if os.path.lexists(f"/proc/self/fd/{n}")]
        kinds = [os.readlink(f"/proc/self/fd/{n}") for n in there]
        usual = signal.getsignal(signal.SIGINT) is signal.default_int_handler
        others = [signal.getsignal(n) == signal.SIG_DFL for n in (signal.SIGCHLD, signal.SIGTERM, signal.SIGHUP)]
        print(json.dumps([kinds, usual, others, sorted(signal.pthread_sigmask(signal.SIG_BLOCK, ()))]))
    """

    _, out, _ = run(textwrap.dedent(program), owned=False)

    kinds, usual, others, masked = json.loads(out)
    assert not [kind for kind in kinds if "socket" in kind or ".lock" in kind or "eventpoll" in kind]
    assert usual
    assert others == [True] * 3
    assert masked == []


def test_two_forks_draw_other_random_numbers(run):
    program = "import random, tempfile\nprint(random.random(), tempfile.mktemp())"

    assert run(program)[1] != run(program)[1]


def test_what_was_left_for_the_end_is_done(run):
    program = """
        import atexit, threading, time
        atexit.register(print, "exit")
        threading.Thread(target=lambda: (time.sleep(0.1), print("thread"))).start()
        print("main", end=" ")
    """

    assert run(textwrap.dedent(program))[1].split() == ["main", "thread", "exit"]


def test_it_is_called_by_what_it_runs_and_leads_a_group_of_its_own(run):
    program = "import os, psutil\nprint(os.getpgid(0) == os.getpid(), psutil.Process().cmdline())"

    _, out, _ = run(program, "argument")

    assert "True" in out
    assert "-m program argument" in out


def test_limits_and_the_mask_of_files_are_those_of_who_asked(warmed, tmp_path):
    program = "import os, resource\nprint(oct(os.umask(0)), resource.getrlimit(resource.RLIMIT_CORE)[0], os.nice(0))"
    (tmp_path / "program.py").write_text(program, encoding="utf-8")
    asks = f"""
        import os, resource, sys
        from workbench.instant.asking import forked
        os.umask(0o027), os.nice(3)
        resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))
        forked([sys.executable, "-m", "program"], os.environ, owned=True).wait({SECONDS})
    """

    told = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(asks)], cwd=tmp_path, capture_output=True, text=True, check=True
    )

    assert told.stdout.split() == ["0o27", "0", str(os.nice(0) + 3)]


# --- how long it lives ----------------------------------------------------------------------------------------------


def owner(folder, owned):
    (folder / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
    process = subprocess.Popen(
        [sys.executable, "-c", OWNER.format(owned=owned), str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    )
    return process, psutil.Process(int(process.stdout.readline()))


def test_what_is_owned_dies_with_its_owner(warmed, tmp_path):
    process, fork = owner(tmp_path, True)

    process.kill()
    process.wait()

    until(lambda: not fork.is_running(), "it outlived its owner")


def test_what_is_owned_dies_with_its_owner_where_the_zygote_went_first(warmed, tmp_path):
    """And not before it."""
    process, fork = owner(tmp_path, True)
    zygote().kill()
    until(lambda: zygote() is None, "the zygote lives")
    assert fork.is_running()

    process.kill()
    process.wait()

    until(lambda: not fork.is_running() or fork.status() == psutil.STATUS_ZOMBIE, "it outlived its owner")


def test_what_is_not_owned_outlives_who_asked(warmed, tmp_path):
    process, fork = owner(tmp_path, False)

    process.kill()
    process.wait()

    assert fork.is_running()
    fork.kill()


def test_a_fork_is_polled_waited_for_and_signalled_as_a_process_is(warmed, tmp_path):
    (tmp_path / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
    process = forked([sys.executable, "-m", "sleeper"], os.environ, tmp_path, owned=True)

    assert process.poll() is None
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.01)
    process.terminate()

    assert process.wait(SECONDS) == -signal.SIGTERM == process.poll()
    process.kill()  # it is gone: nobody else is meant


def test_a_fork_whose_zygote_is_gone_ends_with_an_unknown_code(warmed, tmp_path):
    (tmp_path / "sleeper.py").write_text(SLEEPER, encoding="utf-8")
    process = forked([sys.executable, "-m", "sleeper"], os.environ, tmp_path, owned=True)
    zygote().kill()
    until(lambda: zygote() is None, "the zygote lives")

    process.kill()

    assert process.wait(SECONDS) == asking.UNKNOWN


# --- what is not forked ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("argv", "env", "why"),
    [
        (["/usr/bin/R", "-m", "program"], {}, "no module of this interpreter"),
        ([sys.executable, "program.py"], {}, "no module of this interpreter"),
        ([sys.executable, "-m", "program"], {"OMP_NUM_THREADS": "7"}, "no process to fork from yet"),
        ([sys.executable, "-m", "program"], {"PYTHONHASHSEED": "3"}, "no process to fork from yet"),
    ],
)
def test_what_can_not_be_the_same_is_refused_with_its_reason(warmed, argv, env, why):
    with pytest.raises(Unforked, match=why):
        forked(argv, {**os.environ, **env}, owned=True)


def test_a_lower_priority_or_a_narrower_limit_of_the_zygote_is_not_inherited(warmed, monkeypatch):
    own = limits.own()
    for wider in ({"nice": own["nice"] - 1}, {"limits": {**own["limits"], "RLIMIT_NOFILE": (10, 2**62)}}):
        monkeypatch.setattr(limits, "own", lambda wider=wider: {**own, **wider})

        with pytest.raises(Unforked, match=r"is higher|are wider"):
            forked([sys.executable, "-m", "this"], os.environ, owned=True)


def test_a_folder_that_is_somebody_elses_is_no_reason_to_fail(runtime, tmp_path):
    """Anybody may have made one in the folder of temporary files before."""
    (runtime / f"workbench-{os.getuid()}").mkdir()
    (runtime / f"workbench-{os.getuid()}").chmod(0o777)
    warm(packages=FEW)

    with (tmp_path / "log").open("wb") as log:
        assert started([sys.executable, "-m", "this"], os.environ, tmp_path, log).wait(SECONDS) == 0

    assert "not this user's own folder" in (tmp_path / "log").read_text(encoding="utf-8").splitlines()[0]


def test_packages_that_changed_make_room_for_another_zygote(warmed, monkeypatch, tmp_path):
    """Sources outside the folders of packages count, for people edit them."""
    (tmp_path / "mine.py").write_text("X = 1\n", encoding="utf-8")
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]))
    warm(packages={"kernels": ("mine",)})
    until(asking.ready, "the zygote is not ready")
    (tmp_path / "mine.py").write_text("X = 22\n", encoding="utf-8")

    with pytest.raises(NotYet, match="packages have changed"):
        forked([sys.executable, "-m", "this"], os.environ, owned=True)

    warm(packages={"kernels": ("mine",)})
    until(asking.ready, "there is no other zygote")
    with Path(os.devnull).open("wb") as nothing:
        files = (0, nothing.fileno(), nothing.fileno())
        assert forked([sys.executable, "-m", "this"], os.environ, None, files, owned=True).wait(SECONDS) == 0


def test_many_that_warm_at_once_get_one_zygote_of_each_kind(runtime):
    def there():
        titles = (" ".join(p.info["cmdline"] or ()) for p in psutil.process_iter(["cmdline"]))
        return sum(place.tag(os.environ) in title for title in titles)

    for _ in range(4):
        warm(packages=FEW)
    until(asking.ready, "the zygote is not ready")

    until(lambda: there() == len(FEW), "more than one of a kind stays")
    assert all(asking.ready(kind=kind) for kind in FEW)


def test_the_zygote_of_a_kind_that_is_gone_is_started_again_beside_the_other(warmed):
    gone, stays = zygote(), psutil.Process(_pid("jobs"))
    gone.kill()
    until(lambda: not asking.ready(), "it lives")

    warm(packages=FEW)

    until(asking.ready, "there is no other")
    assert zygote() != gone
    assert psutil.Process(_pid("jobs")) == stays


def test_jobs_and_kernels_are_forked_from_processes_of_their_own(warmed):
    assert _pid("jobs") != _pid("kernels") == zygote().pid


def _pid(kind):
    """Who listens for a kind."""
    connection = asking._connected(os.environ, kind)
    try:
        return wire.peer(connection)[0]
    finally:
        connection.close()


def test_a_zygote_that_nobody_asks_ends_and_leaves_nothing(runtime, monkeypatch):
    monkeypatch.setenv("WORKBENCH_INSTANT", "0.01")
    warm(packages=FEW)

    until(lambda: list(runtime.glob("*/*.lock")), "it did not start")
    until(lambda: zygote() is None and not list(runtime.glob("*/*.sock")), "it waits for ever")


def test_without_a_zygote_or_without_leave_a_process_is_started_as_usual(runtime, monkeypatch, tmp_path):
    monkeypatch.setenv("WORKBENCH_INSTANT", "0")
    with (tmp_path / "log").open("wb") as log:
        process = started([sys.executable, "-m", "this"], os.environ, tmp_path, log)
        assert process.wait(SECONDS) == 0

    first, second, *_ = (tmp_path / "log").read_text(encoding="utf-8").splitlines()
    assert (first, second[:10]) == ("Started anew, for WORKBENCH_INSTANT is 0.", "The Zen of")
    assert not list(runtime.glob("*/*.lock"))


WARMS = """
import sys
from workbench.instant.asking import warm
warm(packages={"kernels": ("json",)}, owned=True)
print("warm", flush=True)
sys.stdin.read()
"""


@pytest.mark.slow
def test_what_is_forked_from_ends_with_whom_it_belongs_to(runtime):
    """However that one ends; and its forks with it."""
    owner = subprocess.Popen(
        [sys.executable, "-c", WARMS], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(os.environ)
    )
    assert owner.stdout.readline() == b"warm\n"
    until(asking.ready, "it is not ready")
    process = zygote()

    owner.kill()
    owner.communicate()

    until(lambda: not process.is_running() or process.status() == psutil.STATUS_ZOMBIE, "it lives on")
    assert not asking.ready()
