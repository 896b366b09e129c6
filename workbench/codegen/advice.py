"""The next sensible step, and why."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from workbench.codegen.cells import Told
from workbench.codegen.journey import Journey, Place, offered, prefilled
from workbench.core.group_choices import MOST_FIRST
from workbench.core.parameters import STEPS, problems

LEAK = "WB120"


@dataclass(frozen=True)
class Act:
    """A step to be written and run."""

    verb: str
    values: dict[str, Any]
    code: dict[str, str]


@dataclass(frozen=True)
class Advice:
    """What to do next.

    Parameters
    ----------
    verb : str
        The step that it is about.
    reason : tuple of str
        One sentence, with ``%1`` and what stands for it.
    button : tuple of str
        What the button says; empty: the step is only shown, because something has to be chosen.
    acts : tuple of Act
        The steps that the button writes and runs, in order.
    refresh : bool
        Whether the button brings up to date what is out of date instead.
    job : bool
        Whether the button makes a job of the notebook instead.
    """

    verb: str
    reason: Told
    button: Told = ()
    acts: tuple[Act, ...] = ()
    refresh: bool = False
    job: bool = False


def advice(now: Journey) -> Advice | None:
    """The next step with its reason; None while something runs.

    Examples
    --------
    >>> from workbench.codegen.journey import journey
    >>> advice(journey([])).reason
    ('Choose a table to begin with',)
    """
    if any(place.state == "running" for place in now.places.values()):
        return None
    return next((suggestion for rule in _RULES if (suggestion := rule(now))), None)


def _failed(now: Journey) -> Advice | None:
    place = _first(now, "failed")
    return None if place is None else Advice(place.verb, ("%1 failed: its cell says why", STEPS[place.verb].title))


def _stale(now: Journey) -> Advice | None:
    place = _first(now, "stale")
    if place is None:
        return None
    titles = [STEPS[p.verb].title for p in now.places.values() if p.state == "stale"]
    reason = ("%1 is out of date", titles[0]) if len(titles) == 1 else ("%1 are out of date", ", ".join(titles))
    return Advice(place.verb, reason, ("Run from here",), refresh=True)


def _first_table(now: Journey) -> Advice | None:
    place = now.places["dataset"]
    if place.cell is None:
        return Advice("dataset", ("Choose a table to begin with",))
    return Advice("dataset", ("Run the cell of the table",)) if place.state == "waiting" else None


def _profile(now: Journey) -> Advice | None:
    return _waiting(now, "profile", ("Look at the columns before anything is trained",), ("Profile it",))


def _target(now: Journey) -> Advice | None:
    dataset = now.places["dataset"].reading
    has = dataset is None or now.value("dataset", "target") is not None or "target" in dataset.code
    return None if has or _done(now, "train") else Advice("dataset", ("Say which column is to be predicted",))


def _leaks(now: Journey) -> Advice | None:
    """Leaks that the profile found and the dataset doesn't keep out yet."""
    dataset = now.places["dataset"].reading
    findings = now.places["profile"].record.get("findings", ())
    leaks = [
        f["column"] for f in findings if f.get("code") == LEAK and f.get("severity") == "error" and f.get("column")
    ]
    if not leaks or dataset is None or "known_after" in dataset.code:
        return None
    kept_out = [*dataset.values.get("known_after", ()), *leaks]
    reason = (
        ("1 leak found: keep %1 out, then train", leaks[0])
        if len(leaks) == 1
        else ("%1 leaks found: drop them, then train", str(len(leaks)), ", ".join(leaks))
    )
    acts = [Act("dataset", {**dataset.values, "known_after": kept_out}, dataset.code), *_as_it_is(now, "profile")]
    return Advice("train", reason, ("Drop and train",), (*acts, *_as_it_is(now, "train")))


def _train(now: Journey) -> Advice | None:
    headline = now.brief("profile")
    reason = ("%1: train next", headline) if headline else ("The table is ready: train next",)
    return _waiting(now, "train", reason, ("Train",))


def _explain(now: Journey) -> Advice | None:
    headline = now.brief("train")
    reason = ("%1. See what drives it", headline) if headline else ("See what drives the model",)
    return _waiting(now, "explain", reason, ("Explain",))


def _fairness(now: Journey) -> Advice | None:
    """Only where columns tell people apart, or somebody has begun with it; and no more once the folder is made."""
    people = offered(now, "fairness")[0]
    if _done(now, "package") or not (people or now.places["fairness"].cell is not None):
        return None
    reason = (
        ("See how the groups of %1 are answered", ", ".join(people[:MOST_FIRST])) if people else ("Compare groups",)
    )
    return _waiting(now, "fairness", reason, ("Compare groups",))


def _package(now: Journey) -> Advice | None:
    return _waiting(now, "package", ("The model is understood: make the folder that ships",), ("Package",))


def _score(now: Journey) -> Advice | None:
    """Until something was answered, or somebody looks after what a service answers."""
    if _done(now, "monitor"):
        return None
    return _waiting(now, "score", ("The bundle is ready: let it answer rows that it has not seen",), ("Score",))


def _feedback(now: Journey) -> Advice | None:
    """Where labels may be known; the button goes on where they are not."""
    if now.places["feedback"].cell is not None:
        return _waiting(now, "feedback", ("Give the labels that are known by now",), ("Give labels",))
    if _done(now, "monitor"):
        return None
    window = now.brief("score")
    reason = ("%1 is answered: give its labels, if they are known", window) if window else ("Give labels, if known",)
    acts = tuple(_as_it_is(now, "monitor"))
    return Advice("feedback", reason, ("Monitor without labels",) if acts else (), acts)


def _monitor(now: Journey) -> Advice | None:
    return _waiting(now, "monitor", ("The bundle has answered: look after it",), ("Monitor",))


def _all_done(now: Journey) -> Advice | None:
    return Advice("monitor", ("All steps are done: let the notebook run as a job",), ("Make it a job",), job=True)


_RULES: tuple[Callable[[Journey], Advice | None], ...] = (
    _failed, _stale, _first_table, _profile, _target, _leaks, _train, _explain, _fairness, _package, _score, _feedback,
    _monitor, _all_done,
)  # fmt: skip


def _first(now: Journey, state: str) -> Place | None:
    return next((p for p in now.places.values() if p.state == state), None)


def _done(now: Journey, verb: str) -> bool:
    return now.places[verb].state in ("done", "stale")


def _waiting(now: Journey, verb: str, reason: Told, button: Told) -> Advice | None:
    """Advice to take a step that has not been taken; a button only where nothing is left to choose."""
    if _done(now, verb):
        return None
    acts = tuple(_as_it_is(now, verb))
    return Advice(verb, reason, button if acts else (), acts)


def _as_it_is(now: Journey, verb: str) -> Iterator[Act]:
    """The step with the values that stand in its cell, or those that are likely; nothing if one is missing."""
    reading = now.places[verb].reading
    values, code = (reading.values, reading.code) if reading else prefilled(now, verb)
    if not problems(verb, values, tuple(code)):
        yield Act(verb, values, code)
