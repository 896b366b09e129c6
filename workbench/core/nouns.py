"""The door of the verbs: what came is the noun that the verb takes, or the error says which verb makes it.

Every public verb asks here first, so that no wrong thing ends as an ``AttributeError`` somewhere below. What can be
meant in one way alone is taken: a :class:`~workbench.core.bundle.Bundle` where its name is wanted, a run where its id
is.
Tables of other kinds become datasets in :mod:`workbench.reading.door`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from workbench.core.arguments import described, described_type
from workbench.core.late import late
from workbench.core.literals import Code, Cure, assigned, call, python
from workbench.errors import BadParameter
from workbench.settings import may_be_path

if TYPE_CHECKING:
    from workbench.core.fairness import Fairness
    from workbench.core.run import Run

# What makes each noun, by its name: a verb that takes one of them need not load the others.
MAKERS: dict[str, Code] = {
    "Bundle": python("wb.package(run, name='customers')"),
    "Contract": python("wb.dataset(source).contract"),
    "Dataset": python("wb.dataset(source, target='column')"),
    "Explanation": python("wb.explain(run)"),
    "Fairness": python("wb.fairness(run, 'column')"),
    "Profile": python("wb.profile(data)"),
    "Run": python("wb.train(data)"),
    "Slices": python("run.slices()"),
}
ADOPTED = python("wb.adopt(pipeline, data)")
N = TypeVar("N")


def expect(value: Any, noun: type[N], verb: str) -> N:
    """``value`` if it is of the noun that a verb takes.

    Parameters
    ----------
    value : object
        What was given.
    noun : type
        Its name is a key of :data:`MAKERS`.
    verb : str
        As it is called: ``wb.explain``, ``profile.merge``.

    Raises
    ------
    BadParameter
        If it is something else; the message says what makes the noun, or leads from what came to it.

    Examples
    --------
    >>> from workbench.core.run import Run
    >>> expect("churn", Run, "wb.explain")
    Traceback (most recent call last):
    ...
    workbench.errors.BadParameter: wb.explain takes a Run, got the text 'churn'. Give wb.run("churn").
    """
    if isinstance(value, noun):
        return value
    way = _way(value, noun)
    cure: Cure = assigned(noun.__name__.lower(), way) if _runs(value, noun) else ""
    raise BadParameter(f"{verb} takes {described_type(noun)}, got {described(value)}. Give {way}.").cured_by(cure)


def run_of(value: Any, data: Any, verb: str, **adopting: Any) -> Run:
    """The run that a verb takes, or that is made of a fitted pipeline by :func:`workbench.adopt`.

    Parameters
    ----------
    value : Run, or fitted pipeline
        What was given.
    data : Dataset, table or None
        Rows to adopt a pipeline with; None beside a run.
    verb : str
        As it is called: ``wb.explain``.
    **adopting
        Of :func:`workbench.adopt`, None where nobody said it.

    Raises
    ------
    BadParameter
        If it is neither, or there are data beside a run.
    Refused
        If the run's scores are of another pipeline than the one it holds.
    """
    from workbench.core.run import Run

    asked = {name: given for name, given in {"data": data, **adopting}.items() if given is not None}
    if not asked:
        return expect(value, Run, verb).checked()
    if isinstance(value, Run):
        raise BadParameter(
            f"{verb} takes a run alone, or a fitted pipeline with data; got a run and {', '.join(asked)}. "
            f"Give {verb}(run), or {verb}(run.pipeline, data)."
        )
    run: Run = late("adopt")(value, **{"data": None, **asked})
    return run


def fairness_of(run: Run) -> Fairness | None:
    """How groups of a run's sensitive columns are answered, by :func:`workbench.fairness`.

    Parameters
    ----------
    run : Run

    Returns
    -------
    Fairness, or None where no column is sensitive, those that are make no groups, or the run kept no predictions.
    """
    try:
        found: Fairness = late("fairness")(run, why=False)
    except BadParameter:
        return None
    return found


def expect_or_none(value: Any, noun: type[N], verb: str) -> N | None:
    """The same where the noun may be left out."""
    return None if value is None else expect(value, noun, verb)


def bundle_name(value: Any, verb: str) -> str:
    """The name of a bundle: a text as it is, a bundle's own.

    Raises
    ------
    BadParameter
        If it is neither.

    Examples
    --------
    >>> bundle_name("churn", "wb.monitor")
    'churn'
    """
    if _is(value, "Bundle"):
        name: str = value.name
        return name
    if isinstance(value, str):
        return value
    way = f"Package it first: {MAKERS['Bundle']}." if _is(value, "Run") else "Give a text such as 'customers'."
    raise BadParameter(f"{verb} takes the name of a bundle, got {described(value)}. {way}")


def run_id(value: Any, verb: str) -> str:
    """The id of a run: a text as it is, a run's own, or of the run that a bundle or an explanation comes from.

    Raises
    ------
    BadParameter
        If it is none of these.

    Examples
    --------
    >>> run_id("3f1c", "wb.run")
    '3f1c'
    """
    if _is(value, "Run"):
        own: str = value.id
        return own
    if _is(value, "Bundle", "Explanation"):
        its: str = value.run_id
        return its
    if isinstance(value, str):
        return value
    raise BadParameter(
        f"{verb} takes the id of a run, got {described(value)}. Give run.id, as a notebook or MLflow's pages show it."
    )


def version(value: Any, verb: str) -> int | str:
    """The version of a bundle: a number or a text as it is, a bundle's own.

    Raises
    ------
    BadParameter
        If it is none of these.

    Examples
    --------
    >>> version(2, "wb.promote")
    2
    """
    if _is(value, "Bundle"):
        number: int | str = value.version
        return number
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63:
        return value
    if isinstance(value, str) and may_be_path(value):
        return value
    raise BadParameter(f"{verb} takes the version of a bundle, got {described(value)}. Give for example 2.")


def _is(value: Any, *nouns: str) -> bool:
    """Whether it is one of these nouns, which are not loaded to tell."""
    kind = type(value)
    return kind.__name__ in nouns and kind.__module__.startswith("workbench.core.")


def _way(value: Any, noun: type) -> Code:
    """How to come from what was given to the noun."""
    wanted = noun.__name__
    if wanted == "Run" and isinstance(value, str):
        return call("wb.run", value)
    if wanted == "Run" and _is(value, "Bundle", "Explanation"):
        return call("wb.run", value.run_id)
    if wanted == "Run" and hasattr(value, "predict"):
        return ADOPTED
    if wanted == "Contract" and _is(value, *_CONTRACTS):
        return _CONTRACTS[type(value).__name__]
    if wanted == "Profile" and isinstance(value, str):
        return call("wb.profile", value)
    return MAKERS[wanted]


def _runs(value: Any, noun: type) -> bool:
    """Whether the way can be run as it stands: it names what was given, and nothing that may not be there."""
    return noun.__name__ != "Contract" and _way(value, noun) not in (MAKERS[noun.__name__], ADOPTED)


_CONTRACTS: dict[str, Code] = {
    "Bundle": python("bundle.contract"),
    "Dataset": python("data.contract"),
    "Profile": python("profile.contract"),
    "Run": python("run.contract"),
}
