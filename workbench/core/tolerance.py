"""How far two numbers may lie apart and still be the same."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from workbench.errors import BadParameter

_NUMBER = re.compile(r"[-+−]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")


@dataclass(frozen=True)
class Tolerance:
    """Two numbers are the same where they differ by no more than one of the two; by default where they are equal.

    Exactly is the default because the same packages on the same processor compute the same, bit by bit. On another
    processor, with another number of threads or another BLAS, sums are added up in another order: that changes the
    last digits in proportion to a number's size, for which *relative* is (1e-9 is usual). Where terms cancel out to
    about 0, any change is large in proportion; *absolute* is for those, in the unit of the number.

    Parameters
    ----------
    relative : float
        Of the larger of the two, in [0, 1).
    absolute : float
        In the number's own unit, 0 or more. Of a picture: of a colour's range from black to full, in [0, 1].

    Raises
    ------
    BadParameter
        If one is out of its range.

    Examples
    --------
    >>> Tolerance().same(0.3, 0.1 + 0.2), Tolerance(1e-9).same(0.3, 0.1 + 0.2), Tolerance(0.1).same(0.0, 1e-300)
    (False, True, False)
    """

    relative: float = 0.0
    absolute: float = 0.0

    def __post_init__(self) -> None:
        for name, most in (("relative", 1.0), ("absolute", math.inf)):
            value = getattr(self, name)
            number = isinstance(value, (int, float)) and not isinstance(value, bool)
            if not number or not 0 <= value < most:
                where = "from 0 on, below 1" if most == 1 else "from 0 on"
                raise BadParameter(f"The {name} tolerance is a number {where}, got {value!r}. Give for example 1e-9.")

    @property
    def exact(self) -> bool:
        """Whether numbers have to be equal."""
        return not self.relative and not self.absolute

    def same(self, one: float, other: float) -> bool:
        """Whether two numbers are the same; two that are none (NaN) are."""
        if one == other or (one != one and other != other):
            return True
        try:
            return math.isclose(one, other, rel_tol=self.relative, abs_tol=self.absolute)
        except OverflowError:  # a whole number beyond all floats
            return False

    def same_text(self, one: str, other: str) -> bool:
        """Whether two texts are the same but for numbers that are; a shown one may be rounded the other way.

        >>> Tolerance(1e-3).same_text("mae 12.345, rows 48,212", "mae 12.346, rows 48,212")
        True
        >>> Tolerance(1e-3).same_text("mae 12.345", "rmse 12.345"), Tolerance().same_text("0.50", "0.5")
        (False, False)
        """
        if one == other or self.exact:
            return one == other
        one, other = (_THOUSANDS.sub("", text) for text in (one, other))
        numbers = list(zip(_NUMBER.findall(one), _NUMBER.findall(other), strict=False))
        return _NUMBER.split(one) == _NUMBER.split(other) and all(self._same_shown(a, b) for a, b in numbers)

    def _same_shown(self, one: str, other: str) -> bool:
        a, b = (float(text.replace("−", "-")) for text in (one, other))
        last = max(map(_last_digit, (one, other))) if math.isfinite(a) and math.isfinite(b) else 0.0
        rounded = last * (1 + 1e-9) if "." in one + other else 0.0
        return self.same(a, b) or abs(a - b) <= rounded + max(self.absolute, self.relative * max(abs(a), abs(b)))

    def __str__(self) -> str:
        if self.exact:
            return "exact"
        told = [f"{self.relative:g} relative"] * bool(self.relative) + [f"{self.absolute:g} absolute"] * bool(
            self.absolute
        )
        return ", ".join(told)


def _last_digit(shown: str) -> float:
    """What a number's last digit counts.

    >>> _last_digit("0.25"), _last_digit("1.5e-3"), _last_digit("12")
    (0.01, 0.0001, 1.0)
    """
    digits, _, power = shown.lower().partition("e")
    return float(f"1e{int(power or 0) - len(digits.partition('.')[2])}")
