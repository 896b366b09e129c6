"""An estimator as the code that makes it: classes by their public names, settings that differ from the library's."""

from __future__ import annotations

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from importlib.metadata import packages_distributions, version
from inspect import Parameter, getsource, isbuiltin, isclass, isfunction, ismodule, signature
from numbers import Real
from types import MappingProxyType
from typing import Any

import numpy as np

from workbench.core.literals import Code, Written, call, dotted, imported, in_brackets, python
from workbench.errors import BadParameter
from workbench.tables.boundaries import OrdinalClassifier
from workbench.tables.cross_fitted import CrossFittedRidge
from workbench.tables.dates import date_features, date_parts
from workbench.tables.trended import TrendRegressor
from workbench.tables.words import in_order, texts
from workbench.tables.written import written_numbers
from workbench.training.glass_box import plain

# Names that the notebook gives to something itself.
OWN = {name: thing for name, thing in vars(plain).items() if getattr(thing, "__module__", None) == plain.__name__}
TAKEN = frozenset({*OWN, "np", "pd", "re", "lgb", "hashlib", "metrics", "clone", "threadpool_limits"})
# Functions and classes of ours in a pipeline, by those that the notebook shows in their place.
SHOWN: Mapping[Any, str] = {
    thing: thing.__name__
    for thing in (
        *(date_parts, date_features, texts, in_order, written_numbers),
        *(CrossFittedRidge, OrdinalClassifier, TrendRegressor),
    )
}
# What every notebook may need; finding out what else is installed takes a while.
USUAL = frozenset({"numpy", "scipy", "pandas", "pyarrow", "sklearn", "lightgbm"})


class Writer:
    """Writes estimators, and remembers what they import.

    Parameters
    ----------
    candidate : str
        For what is told where something can't be written.
    lists : mapping of str to list
        Variables of the notebook, by which equal lists are written.
    seed : int, optional
        What the variable ``seed`` is; states of random numbers that equal it are written so.

    Examples
    --------
    >>> from sklearn.linear_model import Ridge
    >>> writer = Writer("mine")
    >>> writer.estimator(Ridge(alpha=2.0)), list(writer.imports())
    ('Ridge(alpha=2.0)', ['from sklearn.linear_model import Ridge'])
    """

    def __init__(
        self, candidate: str, lists: Mapping[str, list[str]] = MappingProxyType({}), seed: int | None = None
    ) -> None:
        self.candidate, self.lists, self.seed = candidate, lists, seed
        self.shown: dict[str, str] = {}
        self.functions: list[str] = []
        self._told: tuple[Any, Collection[str]] = (None, ())
        self._modules: dict[str, str] = {}
        self._whole: set[str] = set()

    def imports(self) -> Iterator[Code]:
        """The lines above what was written."""
        yield from map(imported, sorted(self._whole))
        for module in sorted(set(self._modules.values())):
            yield imported(module, sorted(name for name, of in self._modules.items() if of == module))

    def packages(self) -> set[str]:
        """The packages that they are from."""
        return {module.partition(".")[0] for module in (*self._modules.values(), *self._whole)}

    def show(self, name: str) -> str:
        """The source of a function or class of :mod:`workbench.training.glass_box.plain`, and of those that it needs.

        Each is shown once; what it imports is imported.
        """
        if name in self.shown:
            return ""
        source = getsource(OWN[name])
        self.shown[name] = source
        used = sorted({n.id for n in ast.walk(ast.parse(source)) if isinstance(n, ast.Name)} & vars(plain).keys())
        needed = [self.show(other) for other in used if other in OWN]
        for other in used:
            if other not in OWN and other not in TAKEN and not ismodule(vars(plain)[other]):
                self._named(vars(plain)[other])
        return "\n\n".join(filter(None, (*needed, source)))

    def estimator(self, estimator: Any, told: Collection[str] = ()) -> Code:
        """The call that makes an estimator that is not fitted.

        Parameters
        ----------
        estimator : object
            With ``get_params``, or with an attribute for each parameter of its class.
        told : collection of str
            Settings of its model that are written though they are the library's own.

        Raises
        ------
        BadParameter
            If it, or one of its settings, is of somebody's own code, or no value that code can say.
        """
        self._told = (_model(estimator), told)
        made = self._made(estimator, type(estimator).__name__)
        if made is None:
            raise self._refused(estimator, type(estimator).__name__)
        return made

    def settings(self, settings: Mapping[str, Any], where: str) -> dict[str, Any]:
        """What :func:`workbench.core.literals.literal` takes for settings by their names."""
        return {name: self._setting(name, value, f"{where}.{name}") for name, value in settings.items()}

    def _setting(self, name: str, value: Any, where: str) -> Any:
        seeds = name == "random_state" and type(value) is int and value == self.seed
        return Written(dotted("seed")) if seeds else self.value(value, where)

    def value(self, value: Any, where: str) -> Any:
        """What :func:`workbench.core.literals.literal` takes for a value."""
        if value is None or isinstance(value, (bool, str)):
            return value
        if isinstance(value, Real):
            return value if value == value else Written(python("np.nan"))
        if isinstance(value, tuple):
            return Written(in_brackets([self.value(v, where) for v in value]))
        if isinstance(value, list):
            name = next((name for name, known in self.lists.items() if known == value), None)
            return Written(dotted(name)) if name else [self.value(v, where) for v in value]
        if isinstance(value, Mapping):
            return {self._key(k, where): self.value(v, where) for k, v in value.items()}
        made = self._named(value) if _has_a_name(value) else self._made(value, where)
        if made is None:
            raise self._refused(value, where)
        return Written(made)

    def _key(self, key: Any, where: str) -> Any:
        if not isinstance(key, (str, int, float)) or key != key:
            raise self._refused(key, where)
        return key

    def _made(self, thing: Any, where: str) -> Code | None:
        name = self._named(type(thing))
        settings = _settings(thing)
        if name is None or settings is None:
            return None
        usual = signature(type(thing)).parameters
        told = self._told[1] if thing is self._told[0] else ()
        given = {n: v for n, v in settings.items() if n in told or _is_set(n, v, usual)}
        return call(name, **self.settings(given, where))

    def _named(self, thing: Any) -> Code | None:
        """The name of a class or function in the notebook; None where nobody else could import it."""
        if thing in SHOWN:
            self.functions.append(SHOWN[thing])
            return dotted(SHOWN[thing])
        module, name = _place(thing)
        if module is None:
            return None
        if module == "builtins":
            return dotted(name)
        if module == "numpy":
            return dotted("np", name)
        if name in TAKEN or self._modules.setdefault(name, module) != module:
            self._whole.add(module)
            return dotted(module, name)
        return dotted(name)

    def _refused(self, thing: Any, where: str) -> BadParameter:
        told = f"{where} is {thing!r:.80}" if where != type(thing).__name__ else f"{where} is no class that others have"
        return BadParameter(
            f"The candidate {self.candidate!r} can't be written as a notebook: {told}. Only classes and functions of "
            "installed packages can be, with settings that are numbers, texts, lists, or such objects themselves."
        )


def _model(estimator: Any) -> Any:
    """The last step of a pipeline."""
    return estimator.steps[-1][1] if getattr(estimator, "steps", None) else estimator


def _has_a_name(value: Any) -> bool:
    return isclass(value) or isfunction(value) or isbuiltin(value) or isinstance(value, np.ufunc)


def _settings(thing: Any) -> dict[str, Any] | None:
    """What its class was called with; None where nothing says it."""
    if isclass(thing):
        return None
    if hasattr(thing, "get_params"):
        return dict(thing.get_params(deep=False))
    if type(thing).__module__.partition(".")[0] != "sklearn":
        return None
    # There, also what has no parameters to search keeps them under their names: splitters, selectors of columns.
    names = signature(type(thing)).parameters
    return {n: getattr(thing, n) for n in names} if names and all(hasattr(thing, n) for n in names) else None


def _is_set(name: str, value: Any, usual: Mapping[str, Parameter]) -> bool:
    """Whether a setting is told: what a class takes by any name is not where it is None."""
    return _differs(value, usual[name].default) if name in usual else value is not None


def _differs(value: Any, usual: Any) -> bool:
    """Whether a setting is another than the library's, as scikit-learn's own repr asks it."""
    return value is not usual and repr(value) != repr(usual)


def _place(thing: Any) -> tuple[str | None, str]:
    """The shortest public module that has a class or function, and its name there."""
    name = getattr(thing, "__qualname__", getattr(thing, "__name__", ""))
    module = "numpy" if isinstance(thing, np.ufunc) else getattr(thing, "__module__", None) or ""
    parts = module.split(".")
    for length in range(1, len(parts) + 1):
        around = ".".join(parts[:length])
        if getattr(sys.modules.get(around), name, None) is thing:
            return (around if _is_installed(parts[0]) else None), name
    return None, name


@cache
def _is_installed(package: str) -> bool:
    """Whether others have it too: a package from an index, and none that only this folder or notebook has."""
    if package == "workbench":
        return False
    return package == "builtins" or package in USUAL or package in packages_distributions()


def versions(packages: Collection[str]) -> dict[str, str]:
    """Versions of packages, by the names that an index has them by.

    >>> list(versions(["sklearn"]))
    ['scikit-learn']
    """
    return {name: version(name) for name in sorted(map(_distribution, packages))}


def _distribution(package: str) -> str:
    if package == "sklearn":
        return "scikit-learn"
    return package if package in USUAL else packages_distributions()[package][0]
