"""Files that take a bundle into production: containers, clusters, pipelines, watching.

Each is a file under ``templates/`` with a few ``@@{names}`` to fill, and goes to the bundle's ``deploy/`` under its own
name. ``loadtest.py`` goes there as it is.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from string import Template

from workbench import __version__
from workbench.core.bundle import Bundle
from workbench.core.needs import Needs
from workbench.storage.files import safe_name, write_text

LONGEST = 40  # characters of a label: Kubernetes takes 63, and adds its own to the names of pods
# MB, where the system that packaged it could not tell; a pipeline without tables brings pandas and scikit-learn.
GUESSED, GUESSED_PIPELINE = 192, 512
LOCK = "requirements.lock"
LOAD_TEST = "loadtest.py"  # a module like any other, so it is checked like any other


class Filled(Template):
    """A template whose marks are not what shells, pipelines and queries use for their own.

    Examples
    --------
    >>> Filled("docker run -e KEY=$KEY @@{image}").substitute(image="shop:3")
    'docker run -e KEY=$KEY shop:3'
    """

    delimiter = "@@"


def write_deploy(folder: Path, bundle: Bundle, needs: Needs) -> None:
    """Write the folder ``deploy/`` of a bundle; its ``README.md`` says what each file is for.

    Parameters
    ----------
    folder : path
        Of the bundle; its ``requirements.lock`` is there already.
    bundle : Bundle
        What is deployed.
    needs : Needs
        What its service took: limits of memory and CPU follow from it.
    """
    known, here = facts(folder, bundle, needs), files(__name__)
    for template in here.joinpath("templates").iterdir():
        write_text(folder / "deploy" / template.name, Filled(template.read_text(encoding="utf-8")).substitute(known))
    write_text(folder / "deploy" / LOAD_TEST, here.joinpath(LOAD_TEST).read_text(encoding="utf-8"))


def facts(folder: Path, bundle: Bundle, needs: Needs) -> Mapping[str, str]:
    """What the templates are filled with; each value is plain enough for every file."""
    label = label_of(safe_name(bundle.name, "bundle"))
    hashed = "--hash=" in (folder / LOCK).read_text(encoding="utf-8")
    return {
        "name": bundle.name,
        "version": str(bundle.version),
        "label": label,
        "image": f"{label}:{bundle.version}",
        "python": ".".join(bundle.lineage["environment"]["python"].split(".")[:2]),
        "workbench": __version__,
        "memory": str(needs.memory or (GUESSED if bundle.compiled else GUESSED_PIPELINE)),
        "most_memory": str(needs.most_memory or 3 * (GUESSED if bundle.compiled else GUESSED_PIPELINE)),
        "cpu": str(needs.cpu),
        "hashes": "--require-hashes " if hashed else "",
    }


def label_of(name: str) -> str:
    """A bundle's name as images, pods and services may be called; names that differ in one sign stay apart.

    Examples
    --------
    >>> label_of("churn")
    'churn'
    >>> label_of("Churn_2024"), label_of("churn.2024")
    ('churn-2024-bf588f', 'churn-2024-6a2cf5')
    """
    plain = re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
    begun = plain if plain[:1].isalpha() else f"model-{plain}"
    if begun == name and len(name) <= LONGEST:
        return name
    return f"{begun[: LONGEST - 7].rstrip('-')}-{hashlib.sha256(name.encode()).hexdigest()[:6]}"
