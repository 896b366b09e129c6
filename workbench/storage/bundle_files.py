"""What may lie in a bundle's folder: the files that it lists, as they were packaged, and nothing that runs unasked.

Who makes a hostile bundle makes its hashes too. So a file is looked at for what it is, not only for whether it is the
one that was listed: no pickle, no link, no archive that unpacks to more than a machine holds.
"""

from __future__ import annotations

import hashlib
import os
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from stat import S_ISLNK, S_ISREG

from workbench.errors import Damaged, Refused, Untrusted
from workbench.storage.files import resolved
from workbench.storage.manifest import MANIFEST, path_problem

# MLflow and a signature add files of their own; what is started from ``deploy/`` leaves its state there.
ADDED = frozenset({MANIFEST, "signature", "registered_model_meta"})
WORKPLACE = "deploy/"
CACHE = "__pycache__"
PICKLES = (".pkl", ".pickle", ".joblib", ".dill", ".cloudpickle", ".pt", ".pth", ".p")
LARGEST = 512 * 2**20  # bytes that one archive may unpack to
MOST_PARTS = 100_000  # files in one archive
MOST_FILES = 20_000  # in the folder


def file_hash(path: Path) -> str:
    """SHA-256 of a file's content, 64 hexadecimal digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def check_files(folder: Path, files: dict[str, str], strict: bool = False) -> None:
    """Refuse a folder that is not what was packaged, or holds what no bundle holds.

    Parameters
    ----------
    folder : Path
        Of the bundle.
    files : dict of str to str
        SHA-256 of each file, by its path in the folder.
    strict : bool
        True: not even what Python has compiled of the folder's own code is taken, since it would run in its place.

    Raises
    ------
    Damaged
        Naming the first file that is missing, changed, added, no plain file, or an archive that can't be sound.
    Untrusted
        Naming the first pickle.
    """
    for name, expected in files.items():
        _check_file(folder, name, expected)
    for name, path in _found(folder):
        _check_kind(name, path, folder)
        if name not in files and not _may_be_added(name, strict):
            problem = "is compiled code that nobody signed" if CACHE in name.split("/") else "was not packaged"
            raise Damaged(f"{name} {problem}. Take it out of the folder, or package the model again.")


def check_archive(path: Path) -> None:
    """Refuse an archive whose parts are pickles, leave the folder, or unpack to more than :data:`LARGEST` bytes.

    Raises
    ------
    Damaged, Untrusted
        Naming the archive and the reason.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    # zipfile meets a crafted table of contents with any of these.
    except (zipfile.BadZipFile, ValueError, OSError, EOFError, NotImplementedError, OverflowError) as error:
        raise Damaged(f"{path.name} is no sound archive ({error}). Package the model again.") from error
    if too_much := excess([part.file_size for part in parts]):
        raise Damaged(f"{path.name} {too_much}. Package the model again, with fewer categories, words or trees.")
    for part in parts:
        problem = path_problem(part.orig_filename)
        if problem:
            raise Damaged(f"{path.name} holds {part.orig_filename[:80]!r}, which {problem}. Package the model again.")
        _check_no_pickle(part.filename, b"", path.name)


def excess(sizes: Sequence[int]) -> str:
    """Why an archive of parts of these sizes is not read; nothing where it is. Who writes one asks here, too.

    >>> excess([10, 20]), excess([2**30])
    ('', 'would unpack to 1,024 MB, and at most 512 MB are read')
    """
    if len(sizes) > MOST_PARTS:
        return f"holds {len(sizes):,} files, and at most {MOST_PARTS:,} are read"
    if (total := sum(sizes)) <= LARGEST:
        return ""
    return f"would unpack to {-(-total // 2**20):,} MB, and at most {LARGEST // 2**20:,} MB are read"


def check_writable(what: str, sizes: Sequence[int]) -> None:
    """Refuse to write an archive that nobody would read.

    Raises
    ------
    Refused
        Saying how large it would be, and what to do.
    """
    if problem := excess(sizes):
        raise Refused(
            f"{what} {problem}. Train it smaller: fewer categories (OneHotEncoder(min_frequency=…) joins rare ones, "
            "TargetEncoder makes one column), fewer words (max_features=…), or fewer or smaller trees."
        )


def _check_file(folder: Path, name: str, expected: str) -> None:
    path = folder / name
    if _leaves(path, folder):
        raise Damaged(f"The bundle's file {name!r} leaves the folder. Package the model again.")
    if not path.is_file():
        raise Damaged(f"The bundle's file {name!r} is missing. Copy the bundle again, or package the model again.")
    if file_hash(path) != expected:
        raise Damaged(
            f"The bundle's file {name!r} is not what was packaged. Copy the bundle again, or package it again."
        )


def _found(folder: Path) -> Iterator[tuple[str, Path]]:
    """All that is no folder, by its path in the bundle, in order; folders that are links are not entered."""
    seen = 0
    for place, folders, files in os.walk(folder):
        folders.sort()
        links = [name for name in folders if Path(place, name).is_symlink()]
        for name in sorted([*files, *links]):
            path = Path(place, name)
            yield path.relative_to(folder).as_posix(), path
            seen += 1
            if seen > MOST_FILES:
                raise Damaged(f"The folder holds more than {MOST_FILES} files. Package the model again.")


def _check_kind(name: str, path: Path, folder: Path) -> None:
    mode = path.lstat().st_mode
    if S_ISLNK(mode) and _leaves(path, folder):
        raise Damaged(f"{name} is a link that leaves the folder. Take it out, or package the model again.")
    if not S_ISREG(path.stat().st_mode if path.exists() else mode):
        raise Damaged(f"{name} is no plain file. Take it out of the folder, or package the model again.")
    with path.open("rb") as file:
        start = file.read(4)
    _check_no_pickle(name, start, name)
    if start == b"PK\x03\x04":
        check_archive(path)


def _check_no_pickle(name: str, start: bytes, where: str) -> None:
    if name.lower().endswith(PICKLES) or (start[:1] == b"\x80" and start[1:2] in b"\x02\x03\x04\x05" and start[1:]):
        raise Untrusted(
            f"{where} holds a pickle ({name[:80]}), which can run any code when it is read. A bundle has none: "
            "package the model again."
        )


def _may_be_added(name: str, strict: bool) -> bool:
    if CACHE in name.split("/"):
        return not strict
    return name in ADDED or name.startswith(WORKPLACE)


def _leaves(path: Path, folder: Path) -> bool:
    try:
        return not resolved(path).is_relative_to(folder.resolve())
    except OSError:  # a link that leads to itself
        return True
