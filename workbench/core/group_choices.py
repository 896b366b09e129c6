"""Which columns of a contract are worth a look at their groups: what forms and pages offer, and nothing decides by."""

from __future__ import annotations

import re
from typing import NamedTuple

from workbench.core.contract import NUMERIC, Column, Contract

# Values of a category that are groups.
MOST_VALUES = 30
# Columns that are offered at first: with all that are sensitive crossed, hardly any group would have rows enough.
MOST_FIRST = 3
# What law tells people apart by (Charter of Fundamental Rights of the EU, article 21; Equality Act 2010, part 2), as
# columns are called for it, without marks between words; what is asked about most stands first.
NAMES = (
    "sex", "gender", "race", "ethnicity", "ethnic", "ethnicgroup", "ethnicorigin", "colour", "skincolour",
    "skincolor", "age", "agegroup", "ageband", "agerange", "agebucket", "seniorcitizen", "religion", "belief",
    "disability", "disabled", "nationality", "citizenship", "birthcountry", "countryofbirth", "mothertongue",
    "sexualorientation", "pregnancy", "pregnant", "maritalstatus", "geschlecht", "herkunft", "alter",
    "altersgruppe", "religionszugehörigkeit", "konfession", "behinderung", "staatsangehörigkeit",
    "staatsbürgerschaft", "muttersprache", "familienstand",
)  # fmt: skip


class Choices(NamedTuple):
    """Columns whose groups may be compared.

    Parameters
    ----------
    people : tuple of str
        Those that are sensitive by the contract, then those that are called as people are told apart by in law.
    others : tuple of str
        Others of few values, the fewest first.
    """

    people: tuple[str, ...]
    others: tuple[str, ...]


def choices(contract: Contract) -> Choices:
    """The columns of a contract whose groups are worth a look; the target and what names persons are none.

    Examples
    --------
    >>> sex, city = Column("Sex", "category", categories=("f", "m")), Column("city", "category", categories=("Ulm",))
    >>> choices(Contract((city, sex, Column("income", "number"))))
    Choices(people=('Sex',), others=('city',))
    """
    able = [column for column in contract.columns if _makes_groups(column)]
    sensitive = [column.name for column in able if column.sensitive]
    called = {column.name: NAMES.index(_plain(column.name)) for column in able if _plain(column.name) in NAMES}
    people = (*sensitive, *(name for name in sorted(called, key=called.__getitem__) if name not in sensitive))
    others = [column for column in able if column.name not in people and column.kind not in NUMERIC]
    return Choices(people, tuple(column.name for column in sorted(others, key=_size)))


def _makes_groups(column: Column) -> bool:
    """Whether several rows can have the same in it."""
    if column.role in ("target", "personal", "id", "time", "weight"):
        return False
    few = column.categories is not None and len(column.categories) <= MOST_VALUES
    return column.kind in NUMERIC or column.kind == "boolean" or (column.kind == "category" and few)


def _plain(name: str) -> str:
    return re.sub(r"[\W_]", "", name).casefold()


def _size(column: Column) -> int:
    return 2 if column.categories is None else len(column.categories)
