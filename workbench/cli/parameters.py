"""Parameters of a notebook as a command line gives them."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Any

from workbench.errors import BadParameter, InputError


def given(
    notebook: str,
    files: Iterable[Path] = (),
    yaml: Iterable[str] = (),
    texts: Iterable[str] = (),
    raw: Iterable[str] = (),
) -> dict[str, Any]:
    """All parameters of a command, in papermill's order: files, YAML, ``NAME=VALUE``, texts as they stand.

    Parameters
    ----------
    notebook : str
        Whose ``parameters`` cell says what type each value is.
    files : iterable of Path
        YAML or JSON.
    yaml : iterable of str
        The same, on the command line.
    texts : iterable of str
        ``NAME=VALUE``, read as the parameter's type.
    raw : iterable of str
        ``NAME=TEXT``; a text that looks like another job's result is that text.

    Raises
    ------
    BadParameter, InputError
        Saying which one, and what to do.
    """
    from workbench.core.references import raw as as_it_stands
    from workbench.jobs.notebook.notebooks import opened
    from workbench.jobs.notebook.parameters import from_texts

    values: dict[str, Any] = {}
    for file in files:
        values |= _yaml(_text(file), f"The file {file}")
    for text in yaml:
        values |= _yaml(text, "-y")
    found = opened(notebook, "workbench submit")
    return {
        **values,
        **from_texts(Path(found.name), map(_pair, texts), found.content),
        **as_it_stands(dict(map(_pair, raw))),
    }


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals:
        # What came is not shown: it may be a secret that was meant as a value.
        raise BadParameter("A parameter is NAME=VALUE. Write for example: -p window=2013-07")
    return name.strip(), value


def _text(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8")
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or "it is not text in UTF-8"
        raise InputError(f"The file of parameters {file} can't be read ({why}). Give a YAML file.") from error


def _yaml(text: str, where: str) -> dict[str, Any]:
    """A mapping; dates stay texts, as papermill has it, and the parameter's type reads them."""
    import yaml

    class Loader(yaml.SafeLoader):
        pass

    Loader.yaml_implicit_resolvers = {
        first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:timestamp"]
        for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
    }

    try:
        content = yaml.load(text, Loader=Loader)  # noqa: S506 - a safe loader, with fewer types
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise InputError(f"{where} is not YAML ({str(error).splitlines()[0]}). Write for example: month: 7") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise InputError(f"{where} holds a {type(content).__name__}. Write names and values, such as: month: 7")
    return content
