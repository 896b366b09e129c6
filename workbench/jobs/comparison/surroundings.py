"""What went into two jobs and what they ran in, beside each other."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import Any

from workbench.core.environment import JobEnvironment, Repository
from workbench.core.job import Job
from workbench.core.job_comparison import Pair
from workbench.errors import InputError, StoreError
from workbench.jobs.comparison.told import Told
from workbench.jobs.run.environment import environment

# What a page calls the parts of an environment, each with its field.
KERNEL = {"Kernel": "name", "Kernel language": "language"}
PYTHON = {"Python version": "python", "Python implementation": "implementation"}
MACHINE = {
    "Operating system": "platform", "Kind of machine": "machine", "Processor name": "processor",
    "Processors": "processors",
}  # fmt: skip
INSTRUCTIONS = "Processor instructions"
ALIKE = "Packages of one version"
Around = tuple[JobEnvironment | None, JobEnvironment | None]


def kept(of: Job) -> tuple[JobEnvironment | None, str]:
    """What a job ran in, and what is not known of it in one sentence."""
    try:
        found = environment(of)
    except StoreError as error:
        return None, f"What {of.id} ran in can't be read ({error})."
    if found is None:
        return None, f"What {of.id} ran in was not kept: packages, Python, machine and git are not compared."
    return found, f"Packages and Python of {of.id} are not known: {found.problem}." if found.problem else ""


def parameters(jobs: tuple[Job, Job], told: Told) -> tuple[Pair, ...]:
    """Those that were given, and the defaults of the others."""
    one, other = map(_parameters_of, jobs)
    told.unknown += [
        f"Parameter {name} is given by reference: whether its value is the same is not known."
        for name, value in {**one, **other}.items()
        if isinstance(value, str) and value.startswith(("env:", "keyring:"))
    ]
    return tuple(told.pair("parameter", name, (one.get(name), other.get(name))) for name in {**one, **other})


def around(jobs: tuple[Job, Job], ran_in: Around, told: Told) -> tuple[Pair, ...]:
    """Kernels, Python, machine, settings, packages that differ, and commits."""
    kernels = [told.pair("kernel", n, _two(jobs[0].kernel, jobs[1].kernel, key)) for n, key in KERNEL.items()]
    one, other = ran_in
    if one is None or other is None:
        return tuple(kernels)
    python = [told.pair("python", n, (getattr(one, key), getattr(other, key))) for n, key in PYTHON.items()]
    machine = [told.pair("platform", n, (getattr(one, key), getattr(other, key))) for n, key in MACHINE.items()]
    machine.append(told.pair("platform", INSTRUCTIONS, (" ".join(one.features), " ".join(other.features))))
    names = sorted({*one.variables, *other.variables})
    settings = [told.pair("setting", n, _two(one.variables, other.variables, n)) for n in names]
    return (*kernels, *python, *machine, *settings, *_packages(one, other, told), *_commits(one, other, told))


def _packages(one: JobEnvironment, other: JobEnvironment, told: Told) -> Iterator[Pair]:
    """Those that differ, and how many do not."""
    if one.problem or other.problem:
        return
    names = sorted({*one.packages, *other.packages})
    pairs = [told.pair("package", name, _two(one.packages, other.packages, name)) for name in names]
    yield from (pair for pair in pairs if not pair.same)
    alike = sum(pair.same for pair in pairs)
    if alike:
        yield Pair(ALIKE, alike, alike, same=True)
    for name in sorted({*one.installed, *other.installed}):
        yield told.pair("package", f"{name}, installed meanwhile", _two(one.installed, other.installed, name))


def _commits(one: JobEnvironment, other: JobEnvironment, told: Told) -> Iterator[Pair]:
    for before, after in zip_longest(one.repositories, other.repositories):
        there = [side for side in (before, after) if side]
        told.unknown += [f"The commit of {side.root} is not known: {side.problem}." for side in there if side.problem]
        if not any(side.problem for side in there):
            root = Path(there[-1].root)
            if len(there) == 2 and _both_dirty(before, after):
                telling = "differ from the commit in both jobs; whether they are the same is not known."
                told.unknown.append(f"Files in {root} {telling}")
            yield told.pair("git", root.name or str(root), (before and before.told(), after and after.told()))


def _both_dirty(before: Repository, after: Repository) -> bool:
    return before.commit == after.commit and before.dirty and after.dirty


def _parameters_of(one: Job) -> dict[str, Any]:
    from workbench.jobs.notebook.parameters import parameters_of

    try:
        known = parameters_of(one.path / "input.ipynb")
    except (InputError, StoreError, OSError):
        known = {}
    return {**{p.name: p.default for p in known.values() if p.default is not None}, **one.parameters}


def _two(one: dict[str, str], other: dict[str, str], name: str) -> tuple[str | None, str | None]:
    return one.get(name), other.get(name)
