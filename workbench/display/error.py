"""An error of ours in a notebook: the sentence, what to run instead, and the whole traceback folded.

IPython asks an exception for its traceback (``_render_traceback_``), and that of our errors leads here. In a kernel a
card is shown; either way the text that follows, which a job's output notebook keeps, is short.
"""

from __future__ import annotations

import ast
import linecache
import os
import sys
import textwrap
import traceback
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from weakref import WeakKeyDictionary

from workbench.core.literals import Cure, corrected
from workbench.errors import WorkbenchError
from workbench.settings import debugging, in_kernel

LONGEST = 60_000  # characters of a traceback in a card
# Whose frames lie around a cell's own.
MACHINERY = ("IPython", "ipykernel", "asyncio", "runpy", "concurrent")


@dataclass(frozen=True)
class Card:
    """What a notebook shows of an error.

    Parameters
    ----------
    name : str
        Of the error's class.
    sentence : str
        Its message.
    cure : Cure
        Python to run instead; empty where there is none.
    whole : str
        The traceback with all causes; empty where it is not to be seen.
    """

    name: str
    sentence: str
    cure: Cure = ""
    whole: str = ""

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        return {"text/plain": f"{self.name}: {self.sentence}", "text/html": html(self)}


def shown(error: WorkbenchError) -> list[str]:
    """Show the card where there is a kernel, and give the lines that follow it."""
    if debugging():
        return "".join(traceback.format_exception(error)).splitlines()
    card = Card(type(error).__name__, str(error), cure_of(error), _whole(error))
    if in_kernel() and _is_new(error):
        from IPython.display import display

        display(card)
    return _short(error, card)


_SHOWN: WeakKeyDictionary[WorkbenchError, int] = WeakKeyDictionary()


def _is_new(error: WorkbenchError) -> bool:
    """Whether this run of a cell has not shown it: IPython asks a second time, for its history."""
    count = sys.modules["IPython"].get_ipython().execution_count
    before, _SHOWN[error] = _SHOWN.get(error), count
    return before != count


def html(card: Card) -> str:
    """The card as a piece of a page: everything in it is escaped."""
    from workbench.display.rendering import fragment

    return fragment("error", card=card)


def cure_of(error: WorkbenchError) -> Cure:
    """The error's own cure, or the line of the cell with the nearest known name in it."""
    if error.cure or error.meant is None:
        return error.cure
    own = [frame for frame in _own_frames(error) if frame.name.startswith("<")]  # of a cell, not of a function in it
    return corrected(_lines(own[-1]), *error.meant) if own and _lines(own[-1]) else ""


def _short(error: WorkbenchError, card: Card) -> list[str]:
    frames = [line for frame in _own_frames(error) for line in (_place(frame), f"----> {frame.line}", "")]
    instead = ["", "Instead:", *textwrap.indent(card.cure, "    ").splitlines()] if card.cure else []
    return [*frames, f"{card.name}: {card.sentence}", *instead]


def _own_frames(error: BaseException) -> list[traceback.FrameSummary]:
    """The frames of whoever called us: those before the first of ours, without the kernel's."""
    return list(_until_ours(error))


def _until_ours(error: BaseException) -> Iterator[traceback.FrameSummary]:
    frames = traceback.extract_tb(error.__traceback__)
    for (frame, _), summary in zip(traceback.walk_tb(error.__traceback__), frames, strict=True):
        module = str(frame.f_globals.get("__name__", "")).partition(".")[0]
        if module == "workbench":
            return
        if module not in MACHINERY:
            yield summary


def _place(frame: traceback.FrameSummary) -> str:
    """As IPython names it: ``Cell In[3], line 1``."""
    shell = sys.modules["IPython"].get_ipython() if "IPython" in sys.modules else None
    naming = getattr(getattr(shell, "compile", None), "format_code_name", None)
    label = naming(frame.filename) if naming is not None else None
    return f"{' '.join(label or ('File', frame.filename))}, line {frame.lineno}"


def _lines(frame: traceback.FrameSummary) -> str:
    """The whole lines of the call that failed, if they are Python of their own."""
    first = frame.lineno or 1
    lines = [linecache.getline(frame.filename, n) for n in range(first, (frame.end_lineno or first) + 1)]
    text = textwrap.dedent("".join(lines))
    try:
        ast.parse(text)
    except (SyntaxError, ValueError):
        return ""
    return text.rstrip()


def _whole(error: BaseException) -> str:
    """Not in a page for others: Voila hides what its code looks like."""
    if os.environ.get("SERVER_SOFTWARE", "").startswith("voila"):
        return ""
    text = "".join(traceback.format_exception(error))
    return text if len(text) <= LONGEST else f"{text[: LONGEST // 2]}\n…\n{text[-LONGEST // 2 :]}"
