"""What a job ran in is kept with it, and looking at it runs nothing that a folder brings along."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from importlib.metadata import distributions
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

import workbench as wb
from workbench.core.environment import JobEnvironment, Repository
from workbench.errors import Damaged
from workbench.jobs.run import repositories as asking
from workbench.jobs.run.environment import FILE, environment, packages
from workbench.jobs.run.repositories import repositories

Make = Callable[..., Path]
WHO = ("-c", "user.name=A", "-c", "user.email=a@example.org", "-c", "commit.gpgsign=false")
NOWHERE = Path("/no/such/home")
needs_git = pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")


@pytest.fixture
def git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """Runs git in a new repository, with a home of its own."""
    root = tmp_path / "repository"
    root.mkdir()
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("XDG_CONFIG_HOME", raising=False)

    def run(*words: str) -> None:
        environment = {"PATH": os.environ["PATH"], "HOME": str(tmp_path)}
        subprocess.run(["git", *WHO, *words], cwd=root, check=True, capture_output=True, env=environment)

    run("init", "-q", "-b", "main")
    (root / "kept.py").write_text("1\n", encoding="utf-8")
    run("add", "kept.py")
    run("commit", "-q", "-m", "first")
    return run


def test_packages_are_those_that_python_finds_and_their_versions() -> None:
    def name(text: str) -> str:
        return re.sub(r"[-_.]+", "-", text).lower()

    expected: dict[str, str] = {}
    for one in distributions(path=sys.path):
        expected.setdefault(name(one.name), one.version)

    assert packages(sys.path) == dict(sorted(expected.items()))


NAMES = st.from_regex(r"[a-z][a-z0-9]{0,8}(_[a-z0-9]{1,5})?", fullmatch=True)
VERSIONS = st.from_regex(r"[0-9]{1,3}(\.[0-9]{1,3}){0,2}((a|rc)[0-9]|\.post1|\+cu12)?", fullmatch=True)


@given(NAMES, VERSIONS)
def test_any_name_and_version_is_read_from_its_folder(
    tmp_path_factory: pytest.TempPathFactory, name: str, version: str
) -> None:
    first, second = (tmp_path_factory.mktemp("site") for _ in range(2))
    (first / f"{name}-{version}.dist-info").mkdir()
    (second / f"{name}-9999.dist-info").mkdir()
    (second / "old.egg-info").mkdir()
    (second / "old.egg-info" / "PKG-INFO").write_text("Name: old\nVersion: 0.5\n", encoding="utf-8")

    assert packages([str(first), str(second), "/no/such"]) == dict(
        sorted({name.replace("_", "-"): version, "old": "0.5"}.items())
    )


def test_a_file_that_is_none_is_damaged_and_one_that_is_not_there_is_none(tmp_path: Path) -> None:
    from workbench.core.job import Job, JobState

    job = Job("a", "a.ipynb", {}, JobState.COMPLETED, path=tmp_path)
    kept = JobEnvironment("3.11.7", packages={"a": "1"}, repositories=(Repository("/r", "c" * 40, "main", ("x",), 2),))

    assert environment(job) is None
    kept.save(tmp_path / FILE)
    assert environment(job) == kept
    (tmp_path / FILE).write_text('{"python": 3, "noun": "environment"}', encoding="utf-8")
    with pytest.raises(Damaged):
        environment(job)


# git


@needs_git
def test_the_commit_and_the_names_of_changed_files_are_told(git: Callable[..., None], tmp_path: Path) -> None:
    root = tmp_path / "repository"
    (root / "kept.py").write_text("2\n", encoding="utf-8")
    (root / "a new\nname ü.py").write_text("", encoding="utf-8")
    (root / "data").mkdir()
    (root / "data" / "x.csv").write_text("", encoding="utf-8")
    (root / "home" / "jobs").mkdir(parents=True)
    (root / "home" / "jobs" / "job.json").write_text("", encoding="utf-8")

    (clean,) = repositories([root, root / "data"], NOWHERE)
    (found,) = repositories([root], root / "home")
    git("mv", "kept.py", "moved.py")
    (moved,) = repositories([root], root / "home")

    assert re.fullmatch(r"[0-9a-f]{40}", found.commit)
    assert (found.branch, found.problem, found.dirty) == ("main", "", True)
    assert found.changed == ("a new\nname ü.py", "data", "kept.py")
    assert "home" in clean.changed
    assert moved.changed == ("a new\nname ü.py", "data", "kept.py", "moved.py")


@needs_git
def test_nothing_that_a_repository_brings_along_is_run(git: Callable[..., None], tmp_path: Path) -> None:
    root, mark = tmp_path / "repository", tmp_path / "it ran"
    program = root / "program"
    program.write_text(f"#!/bin/sh\ntouch '{mark}'\ncat\n", encoding="utf-8")
    program.chmod(0o755)
    (root / ".gitattributes").write_text("*.py filter=evil\n", encoding="utf-8")
    for key in ("core.fsmonitor", "filter.evil.clean", "filter.evil.smudge", "filter.evil.process", "core.sshCommand"):
        git("config", key, str(program))
    git("config", "filter.evil.required", "true")
    hooks = root / ".git" / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in ("post-index-change", "fsmonitor-watchman", "pre-commit"):
        shutil.copy(program, hooks / hook)
    (root / "kept.py").write_text("changed\n", encoding="utf-8")
    before = (root / ".git" / "index").read_bytes()

    (found,) = repositories([root], NOWHERE)

    assert (found.problem, "kept.py" in found.changed) == ("", True)
    assert not mark.exists()
    assert (root / ".git" / "index").read_bytes() == before


@needs_git
def test_a_repository_of_somebody_else_is_told_in_gits_own_words(
    git: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """git itself is told so; a name that it passes on is all that a test needs."""
    monkeypatch.setattr(
        asking,
        "_environment",
        lambda: {"PATH": os.environ["PATH"], "GIT_TEST_ASSUME_DIFFERENT_OWNER": "1", "LC_ALL": "C"},
    )

    (found,) = repositories([tmp_path / "repository"], NOWHERE)

    assert "dubious ownership" in found.problem
    assert (found.commit, found.changed) == ("", ())


@needs_git
def test_git_that_is_missing_slow_or_broken_is_no_error(
    git: Callable[..., None], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "repository"
    monkeypatch.setattr(asking, "SECONDS", 0.0)
    assert "took more than" in repositories([root], NOWHERE)[0].problem
    monkeypatch.undo()
    monkeypatch.setenv("PATH", str(tmp_path))
    assert repositories([root], NOWHERE)[0].problem == "git is not installed"
    monkeypatch.undo()
    (root / ".git" / "HEAD").write_text("nonsense", encoding="utf-8")
    assert repositories([root], NOWHERE)[0].problem != ""


def test_where_there_is_no_repository_nothing_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(asking, "_git", pytest.fail)

    assert repositories([tmp_path, Path("/")], NOWHERE) == ()


# A job


@pytest.mark.slow
@needs_git
def test_a_job_keeps_what_it_ran_in(
    git: Callable[..., None], home: Path, notebook: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    monkeypatch.setenv("PYTHONHASHSEED", "7")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path / "site"), prepend=":")
    (tmp_path / "site").mkdir()
    source = f"import os\nos.mkdir({str(tmp_path / 'site' / 'latecomer-1.0.dist-info')!r})"
    job = wb.submit(notebook(source), folder=tmp_path / "repository", show=False)

    kept = environment(job)

    assert kept is not None
    assert kept.python == ".".join(map(str, sys.version_info[:3]))
    assert kept.packages == packages([p for p in sys.path if p])
    assert kept.installed == {"latecomer": "1.0"}
    assert (kept.variables["OMP_NUM_THREADS"], kept.variables["PYTHONHASHSEED"]) == ("1", "7")
    assert [(Path(one.root).name, one.dirty) for one in kept.repositories] == [("repository", False)]
    assert (kept.machine, kept.problem) != ("", "its kernel has not told")
    assert home in job.path.parents
