"""The commit of a folder and what differs from it, asked of git without running anything that the folder brings along.

A repository may name programs: hooks, a file-system monitor, filters of contents, transports. Its own settings are
overruled where they do, nothing is written into it and nothing is fetched. What the user's own settings name may run.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Iterator
from pathlib import Path

from workbench.core.environment import Repository

SECONDS = 5.0  # that git may take
MOST_NAMED = 200
# Where git finds itself, the user's settings (safe.directory), and words that are read here.
PASSED = ("PATH", "HOME", "XDG_CONFIG_HOME", "SYSTEMROOT", "USERPROFILE", "APPDATA", "TMPDIR", "TEMP")
_HARMLESS = (
    "core.fsmonitor=false",
    f"core.hooksPath={os.devnull}",
    "core.untrackedCache=false",
    "core.pager=",
    "protocol.allow=never",
    "submodule.recurse=false",
)
_STATUS = (
    "status", "--porcelain=v2", "--branch", "-z", "--untracked-files=normal", "--ignore-submodules=dirty",
    "--no-renames",
)  # fmt: skip


def repositories(folders: Iterable[Path], but: Path) -> tuple[Repository, ...]:
    """The repositories that folders lie in, each once.

    Parameters
    ----------
    folders : iterable of Path
    but : Path
        A folder whose files are not told: the one in which jobs themselves write.

    Examples
    --------
    >>> repositories([Path("/no/such/folder")], Path("/home"))
    ()
    """
    roots = dict.fromkeys(root for folder in folders if (root := _root(folder)) is not None)
    return tuple(_repository(root, but) for root in roots)


def _root(folder: Path) -> Path | None:
    """The nearest folder with a ``.git``; no process is started where there is none."""
    real = Path(os.path.realpath(folder))
    return next((one for one in (real, *real.parents) if os.path.lexists(one / ".git")), None)


def _repository(root: Path, but: Path) -> Repository:
    try:
        filters = _git(root, "config", "--show-scope", "-z", "--name-only", "--get-regexp", r"^filter\.", may_fail=True)
        lines = _git(root, *_STATUS, settings=_without(filters)).split("\0")
    except FileNotFoundError:
        return Repository(str(root), problem="git is not installed")
    except subprocess.TimeoutExpired:
        return Repository(str(root), problem=f"git took more than {SECONDS:g} seconds")
    except (OSError, ValueError) as error:
        return Repository(str(root), problem=str(error)[:300])
    return _read(root, lines, but)


def _read(root: Path, lines: list[str], but: Path) -> Repository:
    told = dict(line[2:].split(" ", 1) for line in lines if line.startswith("# branch."))
    own = os.path.relpath(os.path.realpath(but), root)
    names = sorted({name for name in map(_name, lines) if name and not f"{name}/".startswith(f"{own}/")})
    commit, branch = told.get("branch.oid", ""), told.get("branch.head", "")
    return Repository(
        str(root),
        "" if commit.startswith("(") else commit,
        "" if branch.startswith("(") else branch,
        tuple(names[:MOST_NAMED]),
        max(len(names) - MOST_NAMED, 0),
    )


def _name(line: str) -> str:
    """The file that a line tells of: changed, unmerged or unknown to the commit; a folder of unknown ones as one."""
    fields = {"1": 8, "u": 10, "?": 1}.get(line[:1])
    return "" if fields is None else line.split(" ", fields)[-1].rstrip("/")


def _without(filters: str) -> Iterator[str]:
    """Settings that switch off the filters of contents that the repository itself brings along."""
    words = filters.split("\0")
    for scope, key in zip(words[::2], words[1::2], strict=False):
        if scope in ("local", "worktree"):
            yield f"{key.rpartition('.')[0]}.clean="
            yield f"{key.rpartition('.')[0]}.process="
            yield f"{key.rpartition('.')[0]}.required=false"


def _git(root: Path, *words: str, settings: Iterable[str] = (), may_fail: bool = False) -> str:
    options = [part for one in (*_HARMLESS, *settings) for part in ("-c", one)]
    done = subprocess.run(
        ["git", "--no-pager", "--no-optional-locks", *options, *words],
        cwd=root,
        env=_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        timeout=SECONDS,
    )
    if done.returncode and not may_fail:
        said = done.stderr.decode("utf-8", "backslashreplace").strip().splitlines()
        raise ValueError(said[0] if said else f"git ended with {done.returncode}")
    return done.stdout.decode("utf-8", "backslashreplace")


def _environment() -> dict[str, str]:
    """No variable of git's own is passed on: they name other repositories, and programs."""
    own = {name: value for name in PASSED if (value := os.environ.get(name)) is not None}
    return {**own, "LC_ALL": "C", "GIT_TERMINAL_PROMPT": "0", "GIT_NO_LAZY_FETCH": "1", "GIT_OPTIONAL_LOCKS": "0"}
