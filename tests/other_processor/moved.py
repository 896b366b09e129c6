"""A stand-in for another processor: numpy's exponentials, logarithms and powers, one unit in the last place off.

A processor with AVX-512 gives numpy other last digits than the C library's, by which SciPy, scikit-learn's compiled
parts, LightGBM and XGBoost go on every machine. Here the modules of Workbench see a numpy whose functions are moved by
one unit up, down or not at all, at random but the same for the same value, as a processor would; nobody else does.

``WORKBENCH_TEST_OTHER_PROCESSOR=1 pytest …`` runs the tests so; a number above 1 is another such processor. Services
that are started with the caller's ``PYTHONPATH`` are moved too (``sitecustomize.py`` beside this file). Those that
start from a bundle alone, in an isolated Python, are not: they answer as this processor does.
"""

import importlib.abc
import importlib.machinery
import os
import sys
import types

VARIABLE = "WORKBENCH_TEST_OTHER_PROCESSOR"
FUNCTIONS = ("exp", "exp2", "expm1", "log", "log2", "log10", "log1p", "power", "tanh", "sinh", "cosh", "sin", "cos",
             "tan", "arcsinh", "cbrt", "logaddexp")  # fmt: skip
BITS = {8: "uint64", 4: "uint32", 2: "uint16"}


class Moved:
    """A function of numpy whose results are a unit in the last place off."""

    def __init__(self, function, seed):
        self.function, self.seed = function, seed

    def __getattr__(self, name):
        return getattr(self.function, name)

    def __call__(self, *values, out=None, where=True, **options):
        import numpy

        result = self.function(*values, out=out, where=where, **options)
        moved = self.move(numpy.asarray(result))
        if out is None:
            return moved[()]
        numpy.copyto(result, moved, where=where)
        return result

    def move(self, result):
        """Up, down or not at all, as the bits of each number say; what is exact everywhere (0, 1, no number) stays."""
        import numpy

        if result.dtype.kind != "f":
            return result
        bits = result.view(BITS[result.dtype.itemsize]).astype("uint64") + numpy.uint64(self.seed)
        bits = (bits ^ (bits >> numpy.uint64(31))) * numpy.uint64(0x9E3779B97F4A7C15)
        way = (bits >> numpy.uint64(40)) % numpy.uint64(3)
        exact = ~numpy.isfinite(result) | (result == 0) | (numpy.abs(result) == 1)
        up, down = (numpy.nextafter(result, result.dtype.type(end)) for end in (numpy.inf, -numpy.inf))
        return numpy.where(exact | (way == 0), result, numpy.where(way == 1, up, down))


def other_numpy(seed=1):
    """The module numpy, with moved functions."""
    import numpy

    module = types.ModuleType("numpy", numpy.__doc__)
    module.__dict__.update(numpy.__dict__)
    module.__dict__.update({name: Moved(getattr(numpy, name), seed + i) for i, name in enumerate(FUNCTIONS)})
    module.__getattr__ = lambda name: getattr(numpy, name)
    return module


def move(module, other):
    """Show a module the other numpy, if it knows numpy by its usual name."""
    if module.__dict__.get("np") is sys.modules.get("numpy"):
        module.np = other


class Finder(importlib.abc.MetaPathFinder):
    """Moves each module of Workbench when it has been imported."""

    def __init__(self, seed):
        self.seed, self.other = seed, None

    def find_spec(self, name, path=None, target=None):
        """The module's own spec, with a loader that moves it afterwards."""
        if not name.startswith("workbench."):
            return None
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is not None and spec.loader is not None:
            load = spec.loader.exec_module
            spec.loader.exec_module = lambda module: (load(module), self.seen(module))
        return spec

    def seen(self, module):
        """A module that was imported; the other numpy is made for the first that knows numpy."""
        if "np" in module.__dict__ and isinstance(module.__dict__["np"], types.ModuleType):
            self.other = self.other or other_numpy(self.seed)
            move(module, self.other)


def install():
    """From here on, if the environment says so; modules that are loaded already are moved too."""
    seed = int(os.environ.get(VARIABLE) or 0)
    if not seed or any(type(finder).__name__ == "Finder" for finder in sys.meta_path):
        return
    finder = Finder(seed)
    sys.meta_path.insert(0, finder)
    for name, module in list(sys.modules.items()):
        if name.startswith("workbench."):
            finder.seen(module)
