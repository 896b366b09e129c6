"""What a job ran in: packages, Python, processor, threads, and the commits of its folders."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, ClassVar

from workbench.core.saved import Saved


@dataclass(frozen=True)
class Repository:
    """A git repository as it was when a job began.

    Parameters
    ----------
    root : str
        Its folder.
    commit : str
        40 or 64 hexadecimal digits; empty where nothing is committed yet, or nothing is known.
    branch : str
        Its name; empty where no branch is checked out.
    changed : tuple of str
        Names of files that differ from the commit, or that it does not have; never what is in them.
    more : int
        Changed files that are not named.
    problem : str
        Why nothing is known, in git's own words; empty where it is.
    """

    root: str
    commit: str = ""
    branch: str = ""
    changed: tuple[str, ...] = ()
    more: int = 0
    problem: str = ""

    @property
    def dirty(self) -> bool:
        """Whether files differ from the commit."""
        return bool(self.changed or self.more)

    def told(self) -> str:
        """Commit and whether files differ from it, in a few words.

        >>> Repository("/p", "8f3c" * 10, changed=("a.py",)).told(), Repository("/p", problem="git is too old").told()
        ('8f3c8f3c8f3c, 1 changed file', 'not known (git is too old)')
        """
        if self.problem:
            return f"not known ({self.problem})"
        files = len(self.changed) + self.more
        dirty = f", {files} changed file{'' if files == 1 else 's'}" if files else ""
        return f"{self.commit[:12] or 'no commit yet'}{dirty}"


@dataclass(frozen=True)
class JobEnvironment(Saved):
    """What a job ran in, in the words of its kernel. It lies in the job's folder, in ``environment.json``.

    Parameters
    ----------
    python : str
        Version of the kernel's Python; empty where the kernel is of another language, or did not start.
    implementation : str
        Such as ``CPython``.
    platform : str
        System and its release.
    machine : str
        Such as ``x86_64``.
    processor : str
        Its name.
    features : tuple of str
        Instructions of the processor that libraries choose their ways of computing by.
    processors : int
        How many the job may use; 0 where that is not known.
    variables : dict of str to str
        What the environment sets of threads, instructions, hashes, language and zone.
    hashing : str
        The hash of a fixed text: where it differs, sets of texts come in another order.
    packages : dict of str to str
        Version of each installed package by its name.
    installed : dict of str to str
        What was installed, upgraded or removed (an empty version) while the job ran.
    repositories : tuple of Repository
        Of the notebook's folder and of the working folder, where they lie in one.
    problem : str
        Why something is not known; empty where all is.
    """

    python: str = ""
    implementation: str = ""
    platform: str = ""
    machine: str = ""
    processor: str = ""
    features: tuple[str, ...] = ()
    processors: int = 0
    variables: dict[str, str] = field(default_factory=dict)
    hashing: str = ""
    packages: dict[str, str] = field(default_factory=dict)
    installed: dict[str, str] = field(default_factory=dict)
    repositories: tuple[Repository, ...] = ()
    problem: str = ""

    noun: ClassVar[str] = "environment"

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> JobEnvironment:
        """Read what :meth:`to_dict` wrote."""
        repositories = tuple(
            Repository(**{**one, "changed": tuple(one["changed"])}) for one in content.get("repositories", ())
        )
        return cls(**{**content, "features": tuple(content.get("features", ())), "repositories": repositories})
