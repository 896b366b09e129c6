"""Finding and reading notebooks."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import unquote

from workbench.core.arguments import place
from workbench.errors import InputError, NotFound
from workbench.storage.urls import Purpose, fsspec, is_url, told, told_failures

NOTEBOOK = Purpose(
    should="should be a notebook",
    example="https://host/folder/score.ipynb",
    instead="Or download the notebook, and give its path.",
)


@dataclass(frozen=True)
class Notebook:
    """A notebook that was found, and what it holds.

    Parameters
    ----------
    place : str
        Its path, or its URL without secrets.
    name : str
        Of its file.
    raw : bytes
        The file.
    """

    place: str
    name: str
    raw: bytes

    @property
    def stem(self) -> str:
        """Its name without the suffix."""
        return self.name.removesuffix(".ipynb")

    @cached_property
    def content(self) -> dict[str, Any]:
        """The notebook as plain JSON; InputError if the file is none."""
        return parsed(self.raw, self.name)


def opened(notebook: str | Path, verb: str = "wb.submit") -> Notebook:
    """A notebook by its path, by the name of one that comes with Workbench, or by a URL of fsspec.

    Raises
    ------
    NotFound
        If there is no such notebook.
    InputError
        If it can't be read; no message has what is secret in a URL.
    """
    if isinstance(notebook, str) and is_url(notebook):
        return _downloaded(notebook)
    path = find(place(notebook, "notebook", verb))
    return Notebook(str(path), path.name, raw(path))


def _downloaded(url: str) -> Notebook:
    shown = told(url)
    name = PurePosixPath(unquote(shown.partition("::")[0])).name
    with told_failures(url, NOTEBOOK), fsspec().open(url, mode="rb") as file:
        return Notebook(shown, name or "notebook.ipynb", file.read())


def find(notebook: str | Path) -> Path:
    """Path of a notebook: in the working folder, else among those that come with Workbench.

    Parameters
    ----------
    notebook : str or Path
        Such as ``score.ipynb``, ``notebooks/score.ipynb`` or a full path; the suffix may be left out.

    Raises
    ------
    NotFound
        If there is no such notebook.
    """
    try:
        asked = Path(notebook).expanduser()
    except RuntimeError:  # ~somebody who has no home here
        asked = Path(notebook)
    if asked.name and asked.suffix != ".ipynb":
        asked = asked.with_name(f"{asked.name}.ipynb")
    if _is_file(asked):
        return asked.absolute()
    ours = _shipped(asked) if asked.name else None
    if ours is None:
        known = sorted(p.relative_to(folder).as_posix() for folder in shipped() for p in folder.rglob("*.ipynb"))
        raise NotFound.named("notebook", quoted(notebook), known, "Give the path of a notebook.")
    return ours


def quoted(notebook: str | Path) -> str:
    """A path in an error: of a long one its end, and signs that no file can hold as their escapes.

    >>> quoted("a/" + "x" * 300)[:4], quoted("\\ud800.ipynb")
    ('…xxx', '\\\\ud800.ipynb')
    """
    text = str(notebook).encode("utf-8", "backslashreplace").decode()
    return text if len(text) <= 200 else f"…{text[-200:]}"


def _is_file(path: Path) -> bool:
    try:
        return path.is_file()
    except (OSError, ValueError):  # a name that is too long, or that no file can have
        return False


def shipped() -> list[Path]:
    """Folders of the notebooks that come with Workbench: in the installed package, or beside it in a checkout."""
    package = Path(__file__).parents[2]
    return [f for f in (package / "notebooks", package.parent / "notebooks") if f.is_dir()]


def _shipped(asked: Path) -> Path | None:
    if asked.is_absolute() or ".." in asked.parts:
        return None
    name = Path(*asked.parts[1:]) if asked.parts[0] == "notebooks" and len(asked.parts) > 1 else asked
    return next((folder / name for folder in shipped() if _is_file(folder / name)), None)


def read(notebook: Path) -> dict[str, Any]:
    """The notebook as plain JSON.

    Raises
    ------
    InputError
        If the file is not a notebook of format 4.
    """
    return parsed(raw(notebook), notebook.name)


def raw(notebook: Path) -> bytes:
    """The file of a notebook; InputError if it can't be read."""
    try:
        return notebook.read_bytes()
    except OSError as error:
        message = f"{notebook.name} can't be read ({error.strerror}). Give a notebook that this user may read."
        raise InputError(message) from error


def parsed(content: bytes, name: str) -> dict[str, Any]:
    """The notebook in the bytes of a file; InputError if they are not one of format 4."""
    try:
        notebook = json.loads(content.decode("utf-8"))
        if notebook["nbformat"] >= 4 and all(isinstance(c["source"], (str, list)) for c in notebook["cells"]):
            return dict(notebook)
    except (ValueError, KeyError, TypeError, RecursionError):
        pass  # told below, in the same words for all
    raise InputError(f"{name} is not a Jupyter notebook of format 4. Save it again with JupyterLab.")
