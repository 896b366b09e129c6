"""papermill's engine ``workbench``: runs the cells and records the truth about each.

papermill loads it by its entry point while it is itself being loaded, so this module loads nothing of papermill's; the
work is in :mod:`workbench.jobs.run.execution`.
"""

from __future__ import annotations

from typing import Any


class WorkbenchEngine:
    """The engine; ``papermill --engine workbench`` uses it too.

    papermill finds an engine by its name and asks it for these three, so it needs no base class of papermill's.
    """

    @classmethod
    def execute_notebook(cls, nb: Any, kernel_name: str, output_path: str | None = None, **options: Any) -> Any:
        """Run ``nb`` and return it with its outputs; the arguments are papermill's, and ``job`` where there is one."""
        from workbench.jobs.run.execution import execute

        return execute(nb, kernel_name, output_path, **options)

    @classmethod
    def nb_kernel_name(cls, nb: Any, name: str | None = None) -> str:
        """The kernel that a notebook names, or the one that is asked for instead."""
        from workbench.jobs.notebook.kernels import kernel_of

        return kernel_of(nb.metadata, name)

    @classmethod
    def nb_language(cls, nb: Any, language: str | None = None) -> str:
        """The language of a notebook."""
        from workbench.jobs.notebook.kernels import language_of

        return language or language_of(nb.metadata)
