"""What a higher floor provides: methods of the nouns, and verbs that others begin with, each named here once.

A noun says what such a method takes, gives and means, so that help, editors and type checkers see it; the work is done
above, where a noun must not point. A name is no import: no arrow goes up, and a bundle's own runtime, which carries
only what scores, loads without the modules that are named here. They are found when somebody first calls them.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import import_module
from operator import attrgetter
from typing import Any

from workbench.errors import MissingExtra

# Method of a noun: module and name of the function that takes the noun first. A test compares both.
PLACES = {
    "Bundle.explanation": "workbench.packaging.explained:explanation",
    "Contract.check": "workbench.profiling.contracts:check_frame",
    "Contract.to_json_schema": "workbench.core.json_schema:json_schema",
    "Contract.to_pandera": "workbench.profiling.contracts:pandera_schema",
    "Explanation.cohorts": "workbench.explanation.cohorts:cohorts",
    "Explanation.compare": "workbench.explanation.compare:compare",
    "Explanation.nearest": "workbench.explanation.neighbours:nearest",
    "Explanation.pick": "workbench.explanation.neighbours:pick",
    "Fairness.reweigh": "workbench.explanation.reweighing:reweigh",
    "MonitorReport.alarms": "workbench.monitoring.alarm_curve:alarm_curve",
    "Profile.compare": "workbench.profiling.compare:compare_profiles",
    "Profile.merge": "workbench.profiling.merge:merge",
    "Result._repr_mimebundle_": "workbench.display:mime_bundle",
    "Result.page": "workbench.display:page",
    "Result.plot": "workbench.display:figure",
    "Run.choose": "workbench.training.choosing:choose",
    "Run.counterfactuals": "workbench.explanation.counterfactuals:counterfactuals",
    "Run.decision_path": "workbench.explanation.paths:decision_path",
    "Run.effect": "workbench.explanation.effects:effect",
    "Run.interactions": "workbench.explanation.pair_effects:interactions",
    "Run.lime": "workbench.explanation.surrogates:lime",
    "Run.reweighed": "workbench.training.reweighing:reweighed",
    "Run.slices": "workbench.training.slicing:slices",
    "Run.to_notebook": "workbench.training.glass_box.notebook:to_notebook",
    "Run.words": "workbench.explanation.words:words",
    "Run.what_if": "workbench.explanation.what_if:what_if",
    "Shown._repr_mimebundle_": "workbench.display.shown:mime_bundle",
    "Shown.plot": "workbench.display.effect_figures:figure",
}
# What a noun becomes, of a library that neither the server nor a bundle's runtime may load.
LIBRARIES = {
    "Result.frame": "pandas:DataFrame",
}
# Verbs that those of other rooms on their floor begin with, where they are given what it makes a noun of.
VERBS = {
    "adopt": "workbench.training.adopt:adopt",
    "fairness": "workbench.explanation.fairness:fairness",
}


@cache
def late(method: str) -> Callable[..., Any]:
    """The function behind a method of a noun, or of a verb.

    Parameters
    ----------
    method : str
        Class and name, a key of :data:`PLACES` or :data:`LIBRARIES`; or one of :data:`VERBS`.

    Raises
    ------
    KeyError
        If it is in none of the tables.
    MissingExtra
        If the module is not there, as in the runtime that a bundle carries.

    Examples
    --------
    >>> late("Profile.merge").__module__
    'workbench.profiling.merge'
    """
    module, _, name = {**PLACES, **LIBRARIES, **VERBS}[method].partition(":")
    try:
        function: Callable[..., Any] = attrgetter(name)(import_module(module))
    except ModuleNotFoundError as error:
        if not _holds(error.name, module):
            raise
        raise MissingExtra(
            f"{method} needs {module}, which is not here: the runtime inside a bundle carries only what scores. "
            "Call it where the whole of Workbench is installed: pip install ml-workbench"
        ) from error
    return function


def _holds(missing: str | None, module: str) -> bool:
    """Whether the missing module is the wanted one or a package around it, and not one that it imports."""
    return missing is not None and f"{module}.".startswith(f"{missing}.")
