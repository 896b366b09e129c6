"""Templates are compiled once for all processes, and kept where Python keeps our modules in their compiled form.

To compile the template of a profile costs ten times what it costs to fill it in. The files are Python's own: it writes
none where it may not, or is told not to (``PYTHONDONTWRITEBYTECODE``), and they are as far to be trusted as the others
beside them.
"""

from __future__ import annotations

import marshal
import sys
from contextlib import suppress
from importlib.machinery import SourcelessFileLoader
from importlib.util import MAGIC_NUMBER, cache_from_source, source_hash
from pathlib import Path
from types import CodeType
from typing import TYPE_CHECKING, Any

from jinja2 import compiler
from jinja2.bccache import Bucket, BytecodeCache

from workbench.storage.files import in_one_step

if TYPE_CHECKING:
    from jinja2 import Environment

# Says that a compiled file is known by the hash of what it was compiled from, which Python need not look at.
_BY_HASH = (1).to_bytes(4, "little")


class Compiled(BytecodeCache):
    """The compiled form of templates that lie in files."""

    def get_bucket(self, environment: Environment, name: str, filename: str | None, source: str) -> Bucket:
        """What is kept of a template; it knows the file, and all that it is compiled from."""
        from_what = f"{source}\0{_version()}\0{environment.autoescape}{environment.trim_blocks}"
        bucket = Bucket(environment, filename or "", source_hash(from_what.encode()).hex())
        self.load_bytecode(bucket)
        return bucket

    def load_bytecode(self, bucket: Bucket) -> None:
        """The code, if it was compiled from the same."""
        with suppress(OSError, ImportError, EOFError, ValueError, TypeError):
            path = _path(bucket)
            with path.open("rb") as file:
                same = file.read(16) == _head(bucket)
            code: Any = SourcelessFileLoader(path.name, str(path)).get_code(path.name) if same else None
            bucket.code = code

    def dump_bytecode(self, bucket: Bucket) -> None:
        """Keep it, if Python may."""
        if sys.dont_write_bytecode or not isinstance(bucket.code, CodeType):
            return
        with suppress(OSError, ValueError), in_one_step(_path(bucket)) as file:
            file.write(_head(bucket) + marshal.dumps(bucket.code))


def _path(bucket: Bucket) -> Path:
    """
    Raises
    ------
    ValueError
        If the template is in no file.
    """
    if not bucket.key:
        raise ValueError("The template is in no file.")
    return Path(cache_from_source(bucket.key))


def _head(bucket: Bucket) -> bytes:
    return MAGIC_NUMBER + _BY_HASH + bytes.fromhex(bucket.checksum)


def _version() -> int:
    """Another one compiles otherwise."""
    return Path(compiler.__file__).stat().st_mtime_ns
