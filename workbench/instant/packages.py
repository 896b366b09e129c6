"""What a zygote has imported, and whether it is still what is installed."""

from __future__ import annotations

import builtins
import importlib
import os
import site
import sys
import sysconfig
import traceback
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

# What is imported, by the kind of process that is forked; each kind has also what the ones before it have. A fork takes
# the longer the more is there, so what runs and submits jobs does without what notebooks import. Loading starts no
# computation; what is not installed is left out.
JOBS = (
    "IPython.core.interactiveshell",
    "ipykernel.kernelspec",
    "jupyter_core.application",
    "nbformat.sign",
    "tornado.platform.asyncio",
    "papermill.execute",
    "psutil",
    "msgspec",
    "encodings.ascii",
    "filelock",
    "jupyter_client.kernelspec",
    "typer._adapters",
    "typer._click.decorators",
    "pydantic.plugin._loader",
    "workbench.cli.parameters",
    "workbench.jobs.run.execution",
    "workbench.jobs.run.guardian",
    "workbench.jobs.run.outputs",
    "workbench.jobs.resume",
    "workbench.jobs.submit",
    "workbench.jobs.run.trust",
)
KERNELS = (
    "numpy",
    "pandas",
    "pyarrow.parquet",
    "scipy.stats",
    "sklearn.compose",
    "sklearn.ensemble",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "sklearn.pipeline",
    "sklearn.preprocessing",
    "lightgbm",
    "plotly.graph_objects",
    "plotly.graph_objs._figure",
    "plotly.graph_objs.layout._template",
    "plotly.io",
    "plotly.offline",
    "mlflow.tracking",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "workbench.monitoring.monitor",
    "workbench.packaging.package",
    "workbench.profiling.profile",
    "workbench.training.train",
)
# What a page of ours that computes needs: each viewer has a fork, so it is as little as may be.
PAGES = (
    "workbench.instant.without_debugger",
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.interactiveshell",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "ipykernel.debugger",
    "ipykernel.kernelapp",
    "ipywidgets",
    "msgspec.inspect",
    "msgspec.json",
    "msgspec.toml",
    "msgspec.yaml",
    "sqlite3",
    "tornado.platform.asyncio",
    "tornado.queues",
    "workbench.apps.whatif",
    "workbench.display.alarm_curve",
    "workbench.monitoring.alarm_curve",
)
USUAL = {"jobs": JOBS, "kernels": KERNELS}
# The modules that run and submit jobs; everything else is taken for a kernel.
_OF_JOBS = ("workbench.jobs.run.runner", "workbench.cli")


def kind_of(module: str) -> str:
    """From which kind of process a module is forked.

    >>> kind_of("workbench.jobs.run.runner"), kind_of("ipykernel_launcher")
    ('jobs', 'kernels')
    """
    return "jobs" if module in _OF_JOBS else "kernels"


@dataclass(frozen=True)
class Installed:
    """Everything whose change makes what was imported old: installers change the folders of packages, people sources.

    Parameters
    ----------
    times : dict of str to int
        When each folder of packages, and each source outside of them, was last changed, in nanoseconds.
    """

    times: dict[str, int]

    @classmethod
    def now(cls) -> Installed:
        """What this process has imported, and where from."""
        folders = [os.path.realpath(p) for p in {*site.getsitepackages(), sysconfig.get_path("purelib")}]
        fixed = (*folders, os.path.realpath(sysconfig.get_path("stdlib")))
        files = {os.path.realpath(file) for m in list(sys.modules.values()) if (file := getattr(m, "__file__", None))}
        sources = [file for file in files if not file.startswith(fixed)]
        return cls({path: _changed(path) for path in (*folders, *sources)})

    @property
    def newest(self) -> int:
        """When the last change was, in nanoseconds."""
        return max(self.times.values(), default=0)

    def still(self) -> bool:
        """Whether nothing has changed since."""
        return all(_changed(path) == time for path, time in self.times.items())


def load(names: Iterable[str]) -> None:
    """Import them; one that can't be is written down and left to whoever needs it."""
    skip_slow_grammar()
    with _as_in_a_kernel():
        for name in names:
            try:
                importlib.import_module(name)
            except ImportError:
                traceback.print_exc()
    _compile_schema()
    _find_provisioners()
    _read_figures_schema()
    _list_modules_late()


@contextmanager
def _as_in_a_kernel() -> Iterator[None]:
    """What asks at its import where it is finds the answer of a kernel, as pandas, which shows 20 columns there.

    IPython puts ``get_ipython`` there when a kernel starts, so none is missed afterwards.
    """
    builtins.get_ipython = lambda: SimpleNamespace(kernel=None, config={})  # type: ignore[attr-defined]
    try:
        yield
    finally:
        del builtins.get_ipython  # type: ignore[attr-defined]


def _compile_schema() -> None:
    """Make what notebooks are checked with, which takes each job longer (0.1 s) than the check itself."""
    if "nbformat" in sys.modules:
        v4 = sys.modules["nbformat"].v4
        v4.nbbase.validate(v4.new_notebook())


def _find_provisioners() -> None:
    """Look through what is installed for who can start kernels, which takes each job 0.1 s; the process keeps it."""
    if "papermill" in sys.modules:
        from jupyter_client.provisioning import KernelProvisionerFactory

        KernelProvisionerFactory.instance()


def _read_figures_schema() -> None:
    """Let plotly read what a figure may have, 20 MB of it, which takes each job that draws 0.03 s."""
    if "plotly.graph_objects" in sys.modules:
        sys.modules["plotly.graph_objects"].Figure()


def _list_modules_late() -> None:
    """Let kernels start without a list of the files of all modules, which copies a tenth of the process into a fork."""
    if "ipykernel" in sys.modules:
        from workbench.instant.kernel import use

        use()


def skip_slow_grammar() -> None:
    """Keep jsonschema from compiling the grammar of internationalised addresses, which no notebook needs.

    nbformat imports jsonschema, and that rfc3987_syntax: 1.7 s of each start. jsonschema goes without it where it can't
    be imported. Only this process and its forks are concerned.
    """
    sys.modules.setdefault("rfc3987_syntax", None)  # type: ignore[arg-type]  # None is how Python spells "not there"


def _changed(path: str) -> int:
    try:
        return Path(path).stat().st_mtime_ns
    except OSError:
        return 0
