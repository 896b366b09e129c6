"""What one profiler costs in this process: CPU of the import and of the work, peak memory, size of what it wrote.

Every profiler beside this file is a script ``python NAME.py TABLE FOLDER`` that gives two functions to :func:`measure`.
It runs in its own environment, so this file needs the standard library alone.
"""

import json
import resource
import sys
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from time import perf_counter


def measure(load, work, packages):
    """Import by ``load() -> tool``, then ``work(tool, table, folder) -> text``; write ``measured.json``."""
    table, folder = Path(sys.argv[1]), Path(sys.argv[2])
    start, began = cpu_seconds(), perf_counter()
    tool = load()
    loaded = cpu_seconds()
    text = work(tool, table, folder)
    (folder / "report.txt").write_text(text, encoding="utf-8")
    found = {
        "import_s": loaded - start,
        "work_s": cpu_seconds() - loaded,
        "wall_s": perf_counter() - began,
        "peak_mb": peak_mb(),
        "output_kb": len(text.encode()) / 1024,
        "versions": dict(versions(packages)),
    }
    (folder / "measured.json").write_text(json.dumps(found))


def cpu_seconds():
    """User and system time of this process, all its threads and its children that ended."""
    usages = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(u.ru_utime + u.ru_stime for u in usages)


def peak_mb():
    """The most that was resident at once.

    Linux hands ``ru_maxrss`` of the parent on to the child, so the process's own high-water mark is read where there is
    one.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(x for x in status.read_text().splitlines() if x.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1024**2


def versions(packages):
    """Name and version of each package that is there."""
    for name in packages:
        try:
            yield name, version(name)
        except PackageNotFoundError:
            continue
