"""Columns that say the same: what one adds, another could have added, so their values are told together, too."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.core.explanation import Explanation
from workbench.core.finding import Finding
from workbench.core.profile import Association, Profile
from workbench.core.wording import listed

ALIKE = 0.95  # of an association, from which on two columns are taken for one
MEASURES = ("pearson", "spearman", "cramers_v", "correlation_ratio")


def groups(profile: Profile | None, features: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    """Features that are alike, directly or by one between them, in the order of the features.

    Parameters
    ----------
    profile : Profile, optional
        Of the training rows; without one nothing is known.
    features : tuple of str
        The columns of the model.

    Returns
    -------
    tuple of tuple of str
        Each of two columns or more.
    """
    pairs = [] if profile is None else [(a.a, a.b) for a in profile.associations if _alike(a)]
    of = {name: {name} for name in features}
    for one, other in pairs:
        if one in of and other in of and of[one] is not of[other]:
            of[one] |= of[other]
            of.update(dict.fromkeys(of[other], of[one]))
    distinct = {id(group): group for group in of.values() if len(group) > 1}
    return tuple(tuple(name for name in features if name in group) for group in distinct.values())


def _alike(association: Association) -> bool:
    return association.measure in MEASURES and association.strength >= ALIKE


def alike(explanation: Explanation) -> Iterator[Finding]:
    """Tell of each group how much its columns add together (WB236)."""
    alone = explanation.importance()
    for names, size in explanation.together().items():
        each = listed([f"{name} {alone[name]:.3g}" for name in names])
        yield Finding(
            "WB236",
            "info",
            f"{listed(names)} say nearly the same: together {size:.3g} {explanation.unit}, shared out as {each}. How "
            "it is shared is chance.",
            column=names[0],
            evidence={"columns": list(names), "together": size, **{f"alone {name}": alone[name] for name in names}},
        )
