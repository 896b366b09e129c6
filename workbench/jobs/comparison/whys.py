"""What likely caused a difference, told only where it was recorded on both sides."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from workbench.core.environment import JobEnvironment
from workbench.core.job_comparison import JobDifference, shown

# Packages that are imported under another name than they are installed by.
_NAMES = {
    "scikit-learn": "sklearn", "pillow": "PIL", "pyyaml": "yaml", "opencv-python": "cv2", "beautifulsoup4": "bs4",
    "python-dateutil": "dateutil", "ml-workbench": "workbench", "imbalanced-learn": "imblearn",
}  # fmt: skip
MOST = 3


class Whys:
    """Knows what differs of what went in and of what two jobs ran in.

    Parameters
    ----------
    differences : sequence of JobDifference
        Of parameters, kernels, packages, Python, commits.
    imported : iterable of str
        What the second notebook imports.
    before, after : JobEnvironment or None
    """

    def __init__(
        self,
        differences: Sequence[JobDifference],
        imported: Iterable[str],
        before: JobEnvironment | None,
        after: JobEnvironment | None,
    ) -> None:
        names = set(imported)
        used = [one for one in differences if one.kind != "package" or _module(one.name) in names]
        near = [one for one in used if one.kind in ("parameter", "kernel", "package", "python", "git")]
        self._told = [f"{one.name} {shown(one.before, 24)} → {shown(one.after, 24)}" for one in near]
        self._hashes_differ = bool(before and after and before.hashing and before.hashing != after.hashing)

    def any(self) -> str:
        """What differs and may have caused it; empty where nothing does that was recorded."""
        more = f" and {len(self._told) - MOST} more" if len(self._told) > MOST else ""
        return f"likely: {', '.join(self._told[:MOST])}{more}" if self._told else ""

    def of_text(self, before: str, after: str) -> str:
        """The same of two texts; whether they are one text in another order is known besides."""
        reordered = before != after and Counter(before) == Counter(after)
        if reordered and self._hashes_differ:
            return "the same in another order, as sets of texts have it: set PYTHONHASHSEED"
        return self.any()


def _module(package: str) -> str:
    return _NAMES.get(package, package.replace("-", "_"))
