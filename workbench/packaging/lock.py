"""The exact packages that a bundle needs, from this environment."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, distribution

from workbench.errors import MissingExtra

COMPILED = ("numpy", "uvicorn", "httptools", "msgspec")
PIPELINE = (*COMPILED, "pandas", "scikit-learn", "skops")


def requirements(compiled: bool) -> str:
    """Lines of a requirements file: names and exact versions with all that they need, no addresses.

    Parameters
    ----------
    compiled : bool
        False adds scikit-learn and pandas, which a pipeline without tables needs.

    Examples
    --------
    >>> [line.split("==")[0] for line in requirements(True).splitlines()][-2:]
    ['numpy', 'uvicorn']
    """
    found: dict[str, str] = {}
    for name in COMPILED if compiled else PIPELINE:
        _add(name, found)
    return "".join(f"{name}=={version}\n" for name, version in sorted(found.items()))


def _add(name: str, found: dict[str, str]) -> None:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    key = canonicalize_name(name)
    if key in found:
        return
    try:
        package = distribution(name)
    except PackageNotFoundError as error:
        raise MissingExtra(
            f"A bundle needs {name!r}, which is not installed. Install it with: pip install {name}"
        ) from error
    found[key] = package.version
    for line in package.requires or ():
        needed = Requirement(line)
        if needed.marker is None or needed.marker.evaluate({"extra": ""}):
            _add(needed.name, found)
