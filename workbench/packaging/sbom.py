"""The bundle's list of parts (SBOM) in CycloneDX: the model, the runtime's code and each package of the lock."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from typing import TYPE_CHECKING, Any

from workbench import __version__
from workbench.core.bundle import Bundle, file_hash
from workbench.packaging.lock import read_lock

if TYPE_CHECKING:
    from cyclonedx.model.component import Component

MOST_LETTERS = 100  # of a license's name; some packages put the whole text there
VAGUE = ("UNKNOWN", "OSI Approved")


def sbom(bundle: Bundle, lock: str) -> str:
    """CycloneDX 1.6, as JSON.

    Parameters
    ----------
    bundle : Bundle
        Its folder holds the model already.
    lock : str
        Its ``requirements.lock``; what stands there for other systems is listed as optional.

    Returns
    -------
    str
        One document, equal for equal bundles.

    Examples
    --------
    >>> import json
    >>> import workbench as wb
    >>> bundle = wb.bundle("churn")
    >>> made = json.loads(sbom(bundle, (bundle.path / "requirements.lock").read_text("utf-8")))
    >>> made["specVersion"], made["metadata"]["component"]["type"]
    ('1.6', 'machine-learning-model')
    """
    from cyclonedx.model.bom import Bom, BomMetaData
    from cyclonedx.output.json import JsonV1Dot6

    model, runtime, packages = _model(bundle), _runtime(), {c.name: c for c in _packages(lock)}
    document = Bom(
        components=[runtime, *packages.values()],
        metadata=BomMetaData(component=model, timestamp=datetime.fromisoformat(bundle.created)),
        serial_number=_serial(bundle),
    )
    document.register_dependency(model, [runtime])
    document.register_dependency(runtime, packages.values())
    for name, package in packages.items():
        document.register_dependency(package, [packages[n] for n in _needs(name) if n in packages])
    return JsonV1Dot6(document).output_as_string(indent=1) + "\n"


def _model(bundle: Bundle) -> Component:
    from cyclonedx.model import HashAlgorithm, HashType
    from cyclonedx.model.component import Component, ComponentType

    file = bundle.path / ("model.npz" if bundle.compiled else "model.skops")
    return Component(
        name=bundle.name,
        version=str(bundle.version),
        type=ComponentType.MACHINE_LEARNING_MODEL,
        description=f"{file.name}: {bundle.model}, {bundle.task}",
        hashes=[HashType(alg=HashAlgorithm.SHA_256, content=file_hash(file))],
        bom_ref="model",
    )


def _runtime() -> Component:
    """The copy of our own modules in ``scoring/``; it is no installed package, so it has no purl's hash."""
    from cyclonedx.model.component import Component, ComponentType

    return Component(
        name="ml-workbench",
        version=__version__,
        type=ComponentType.LIBRARY,
        description="The modules in scoring/",
        licenses=_licenses(_installed("ml-workbench")),
        bom_ref="runtime",
    )


def _packages(lock: str) -> Iterator[Component]:
    from cyclonedx.model.component import Component, ComponentScope, ComponentType
    from packageurl import PackageURL

    for package in read_lock(lock):
        address = PackageURL("pypi", None, package.name, package.version)
        yield Component(
            name=package.name,
            version=package.version,
            type=ComponentType.LIBRARY,
            scope=ComponentScope.OPTIONAL if package.marker else ComponentScope.REQUIRED,
            purl=address,
            bom_ref=str(address),
            licenses=_licenses(_installed(package.name)),
        )


def _installed(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _needs(name: str) -> set[str]:
    from packaging.requirements import Requirement
    from packaging.utils import canonicalize_name

    package = _installed(name)
    lines = map(Requirement, (package.requires if package else None) or ())
    return {canonicalize_name(n.name) for n in lines if n.marker is None or n.marker.evaluate({"extra": ""})}


def _licenses(package: Distribution | None) -> list[Any]:
    """As the package itself says: an SPDX expression, or a name."""
    from cyclonedx.contrib.license.factories import LicenseFactory

    texts = [] if package is None else list(_license_names(package))
    return [LicenseFactory().make_from_string(text) for text in texts[:1]]


def _license_names(package: Distribution) -> Iterator[str]:
    metadata = package.metadata
    classifiers = [line for line in metadata.get_all("Classifier") or () if line.startswith("License :: ")]
    last = [line.rpartition(" :: ")[2] for line in classifiers]
    for text in (*(metadata.get_all("License-Expression") or ()), *(metadata.get_all("License") or ()), *last):
        plain = " ".join(text.split())
        if plain and len(plain) <= MOST_LETTERS and plain not in VAGUE:
            yield plain


def _serial(bundle: Bundle) -> Any:
    from uuid import NAMESPACE_URL, uuid5

    return uuid5(NAMESPACE_URL, f"bundle:{bundle.name}:{bundle.version}:{bundle.run_id}:{bundle.created}")
