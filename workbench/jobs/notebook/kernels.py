"""Which kernel a notebook runs in: the one that it names, and no other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from workbench.errors import BadParameter, NotFound

PYTHON = "python3"


def kernel_of(metadata: Mapping[str, Any], asked: str | None = None) -> str:
    """Name of the kernel for a notebook: the one asked for, else the one that it names, else Python's.

    Examples
    --------
    >>> kernel_of({"kernelspec": {"name": "ir"}}), kernel_of({}), kernel_of({"kernelspec": {"name": "ir"}}, "xr")
    ('ir', 'python3', 'xr')
    """
    if asked is not None:
        return asked
    named = _part(metadata, "kernelspec").get("name")
    if isinstance(named, str) and named:
        return named
    if language_of(metadata).lower() != "python":
        raise BadParameter(
            f"The notebook is in {language_of(metadata)} and names no kernel. Choose one with --kernel NAME."
        )
    return PYTHON


def language_of(metadata: Mapping[str, Any]) -> str:
    """Language of a notebook, as papermill finds it; Python where it says none.

    >>> language_of({"kernelspec": {"name": "ir", "language": "R"}}), language_of({})
    ('R', 'python')
    """
    told = (_part(metadata, "language_info").get("name"), _part(metadata, "kernelspec").get("language"))
    return next((t for t in told if isinstance(t, str) and t), "python")


def installed(name: Any) -> dict[str, Any]:
    """The specification of an installed kernel: ``name``, ``display_name``, ``language``, ``argv``.

    Raises
    ------
    NotFound
        If there is none of that name, with those that there are.
    """
    from jupyter_client.kernelspec import KernelSpecManager, NoSuchKernel

    if not isinstance(name, str):
        raise BadParameter(
            f"'kernel' is the name of a kernel, got a {type(name).__name__}. Give for example 'python3'."
        )
    manager = KernelSpecManager()
    try:
        spec = manager.get_kernel_spec(name)
    except (NoSuchKernel, ValueError, OSError) as error:
        known = sorted(manager.find_kernel_specs())
        cure = "Install it (`jupyter kernelspec list` shows them), or choose another with --kernel NAME."
        raise NotFound.named("kernel", name, known, cure) from error
    return {"name": name, "display_name": spec.display_name, "language": spec.language, "argv": spec.argv}


def _part(metadata: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = metadata.get(name)
    return part if isinstance(part, Mapping) else {}
