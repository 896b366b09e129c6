"""Files as they lie on disk or behind a URL, unpacked as a stream: never whole, so that no archive fills the memory."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePath
from typing import IO, Any, cast

from workbench.errors import BadTable
from workbench.reading.remotes import opened_remote

# Endings that text mostly has; it is read under any other that is none of a known format.
TEXTS = (".csv", ".tsv", ".txt", ".data", ".dat", ".tab", ".psv")
PACKED = (".gz", ".bz2", ".xz", ".zst", ".zip")
# How files begin that are no text, and what they are.
BEGINNINGS = (
    (b"\x1f\x8b", "a gzip archive", ".gz"),
    (b"BZh", "a bzip2 archive", ".bz2"),
    (b"\xfd7zXZ\0", "an xz archive", ".xz"),
    (b"\x28\xb5\x2f\xfd", "a zstd archive", ".zst"),
    (b"PK\x03\x04", "a zip archive or a workbook", ".zip or .xlsx"),
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"ARROW1", "a Feather file", ".feather"),
    (b"SQLite format 3\0", "an SQLite database", ".sqlite"),
    (b"\xd0\xcf\x11\xe0", "an old Office document", ".xls"),
    (b"%PDF", "a PDF document", ""),
    (b"\x89PNG", "a picture", ""),
    (b"\xff\xd8\xff", "a picture", ""),
    (b"GIF8", "a picture", ""),
    (b"\x7fELF", "a program", ""),
    (b"\x80\x04\x95", "a Python pickle", ""),
)
# Where a tar archive says what it is.
TAR = (257, b"ustar")
# How texts begin that hold no table, in small letters, and what to do; they are looked for in so many bytes.
NO_TABLES = (
    (b"<!doctype html", "a page of HTML", "Save the table in it as CSV"),
    (b"<html", "a page of HTML", "Save the table in it as CSV"),
    (b"<?xml", "XML", "Read it with pandas.read_xml, and give the frame"),
    (b"version https://git-lfs", "a pointer of Git LFS without the content", "Run git lfs pull"),
    (b'{"', "JSON", "Let its name end in .json or .jsonl"),
    (b"[{", "JSON", "Let its name end in .json"),
)
BEGINNING = 256


def endings(path: str) -> tuple[str, str]:
    """What a file is by its name, and how it is packed; both in small letters.

    >>> endings("a/T.CSV.gz"), endings("t.zip"), endings("s3://b/t.parquet?v=1"), endings("data")
    (('.csv', '.gz'), ('', '.zip'), ('.parquet', ''), ('', ''))
    """
    suffixes = [suffix.lower() for suffix in PurePath(_bare(path)).suffixes]
    packed = suffixes.pop() if suffixes[-1:] and suffixes[-1] in PACKED else ""
    return (suffixes[-1] if suffixes else ""), packed


def _bare(path: str) -> str:
    return path.split("?")[0] if "://" in path else path


def name_of(path: str) -> str:
    """The last part of a path or URL, without a query.

    >>> name_of("s3://bucket/t.csv?token=1")
    't.csv'
    """
    return PurePath(_bare(path)).name


@contextmanager
def opened(path: str) -> Iterator[IO[bytes]]:
    """The content of a file, unpacked.

    Raises
    ------
    BadTable
        If it can't be opened, or an archive holds anything but one file.
    """
    with raw(path) as file:
        packed = endings(path)[1]
        if packed == ".zip":
            with zipfile.ZipFile(file) as archive, archive.open(only(archive, name_of(path))) as inner:
                yield inner
        elif packed:
            with _unpacked(file, packed) as inner:
                yield inner
        else:
            yield file


def inner_ending(path: str) -> str:
    """What a packed file is: by its own name, or by the name of the file in a zip archive."""
    ending, packed = endings(path)
    if packed != ".zip":
        return ending
    with raw(path) as file, zipfile.ZipFile(file) as archive:
        inside = endings(only(archive, name_of(path)))[0]
    return inside or ending


def only(archive: zipfile.ZipFile, name: str) -> str:
    """Name of the one file that an archive holds.

    Raises
    ------
    BadTable
        If there are more or none, or it is an archive itself, or locked.
    """
    inside = [one for one in archive.infolist() if not one.is_dir() and not _is_beside(one.filename)]
    if len(inside) != 1:
        raise BadTable(f"{name} holds {len(inside)} files. Give an archive of one file.")
    if endings(inside[0].filename)[1]:
        raise BadTable(f"{name} holds another archive, {inside[0].filename!r}. Unpack it first.")
    if inside[0].flag_bits & 1:
        raise BadTable(f"{name} is locked by a password. Unpack it first.")
    return inside[0].filename


def _is_beside(name: str) -> bool:
    """What systems put beside files."""
    return name.startswith("__MACOSX") or PurePath(name).name in (".DS_Store", "Thumbs.db", "desktop.ini")


@contextmanager
def _unpacked(file: IO[bytes], packed: str) -> Iterator[IO[bytes]]:
    import bz2
    import gzip
    import lzma

    if packed == ".zst":
        import pyarrow as pa

        yield cast(IO[bytes], pa.CompressedInputStream(pa.PythonFile(file, mode="r"), "zstd"))
        return
    module: Any = {".gz": gzip, ".bz2": bz2, ".xz": lzma}[packed]
    with module.open(file) as inner:
        yield inner


@contextmanager
def raw(path: str) -> Iterator[IO[bytes]]:
    """The bytes of a file or URL as they lie there.

    Raises
    ------
    BadTable
        If it is not there or may not be read.
    """
    try:
        file = opened_remote(path) if "://" in path else Path(path).open("rb")  # noqa: SIM115 - closed below
    except FileNotFoundError as error:
        raise BadTable(f"There is no file {path!r}. Give the path from the working folder {Path.cwd()}.") from error
    except PermissionError as error:
        raise BadTable(f"{name_of(path)} may not be read by this user. Change its permissions, or copy it.") from error
    with file:
        yield file


def refuse_binary(sample: bytes, name: str) -> None:
    """A table of texts can't begin as a file of another kind does.

    Raises
    ------
    BadTable
        If it does; the message says what it is.
    """
    for beginning, what, ending in BEGINNINGS:
        if sample.startswith(beginning):
            cure = f"Let its name end in {ending}" if ending else "Give a table"
            raise BadTable(f"{name} should be text, and is {what}. {cure}.")
    if sample[TAR[0] : TAR[0] + len(TAR[1])] == TAR[1]:
        raise BadTable(f"{name} is an archive of files (tar). Unpack it, and give one of them.")
    first = sample[:BEGINNING].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    for beginning, what, cure in NO_TABLES:
        if first.startswith(beginning):
            raise BadTable(f"{name} should be a table, and is {what}. {cure}.")
