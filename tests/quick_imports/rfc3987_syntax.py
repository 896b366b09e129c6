"""Stands before the package of this name, whose import compiles thirty grammars: two seconds of CPU.

jsonschema imports it, and with jsonschema whatever reads a notebook: each job, each Jupyter server, each process of
tests. None of them asks whether a text is an IRI; where one does, the package itself is imported and answers.
"""

import sys
from functools import cache
from importlib.machinery import PathFinder
from importlib.util import module_from_spec
from pathlib import Path

HERE = Path(__file__).parent
_spec = PathFinder.find_spec(__name__, [folder for folder in sys.path if Path(folder) != HERE])
if _spec is None:
    raise ModuleNotFoundError(f"No module named {__name__!r}", name=__name__)


@cache
def _package():
    sys.modules[__name__] = package = module_from_spec(_spec)
    _spec.loader.exec_module(package)
    return package


def is_valid_syntax(term: str, value: str) -> bool:
    return _package().is_valid_syntax(term, value)
