"""The verb ``watch``: a model looked after by itself, by a schedule, within a policy."""

from __future__ import annotations

import hashlib
import re
import warnings
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from workbench.core.arguments import described, mapping, names_or_none, text, text_or_none
from workbench.core.bundle import Bundle
from workbench.core.bundles import champion
from workbench.core.cron import expression_of, zone_of
from workbench.core.literals import call
from workbench.core.nouns import bundle_name
from workbench.core.parameters import MonitorStep, checked_value, take
from workbench.core.policy import Policy
from workbench.core.secrets import check_secrets, is_reference, looks_secret
from workbench.core.spans import SPAN, span
from workbench.core.watch import WINDOWS, Decision, Plan, Watch
from workbench.errors import BadParameter, NotFound, Refused
from workbench.jobs import schedules
from workbench.monitoring import watch_book as book_of
from workbench.monitoring.monitor import monitor
from workbench.monitoring.watch_book import Book, alone, decisions, folder_of
from workbench.monitoring.watch_decide import decide
from workbench.monitoring.watch_source import collect, is_select, way_of
from workbench.monitoring.watch_telling import tell
from workbench.reading.queries import Query
from workbench.settings import Settings, settings
from workbench.storage import audit
from workbench.storage.audit import user

VERB = "wb.watch"
NOTEBOOK = "watch.ipynb"
ACTS = ("run", "collect", "decide", "approve", "refuse", "pause", "resume", "remove")
LONGEST = 2000  # characters of a note
PATIENCE = 600.0  # seconds that a person who approves waits for a run that is at work
_MINUTES, _HOURS = (1, 2, 3, 4, 5, 6, 10, 12, 15, 20, 30), (1, 2, 3, 4, 6, 8, 12)


def watch(
    name: str | Bundle,
    act: str | None = None,
    *,
    every: str | None = None,
    source: Any = None,
    labels: Any = None,
    policy: Policy | Mapping[str, Any] | None = None,
    window: str | None = None,
    id: str | Sequence[str] | None = None,  # noqa: A002 - as in score
    false_alarm_rate: float | None = None,
    retrain: Mapping[str, Any] | None = None,
    zone: str | None = None,
    note: str = "",
    by: str = "",
    home: str | Path | None = None,
) -> Watch:
    """Look after a model: score what is new, monitor, tell, and retrain, try, promote and go back as a policy allows.

    With settings it makes the watch, or changes what they name; with none of them it shows it. A watch with ``every``
    is a schedule (``workbench scheduler`` runs it) of ``watch.ipynb``. Each decision is written down once, before it
    takes effect, with what was seen and why; whoever is killed when, nothing is done twice and nothing is lost.

    Parameters
    ----------
    name : str or Bundle
        Name of the bundle, or the bundle.
    act : {"run", "collect", "decide", "approve", "refuse", "pause", "resume", "remove"}, optional
        *run*: once, now: *collect* what is new, monitor, and *decide*. *approve*, *refuse*: what the watch asks.
        *remove*: what was decided stays, and so do its jobs.
    every : str, optional
        When: a cron expression (``"0 6 * * *"``, ``"@daily"``), or a time such as ``"15min"``, ``"6h"``, ``"1d"``.
    source : path or Query, optional
        Rows to score: a file that grows, a folder or glob into which files come, or :func:`workbench.query`, whose URL
        may be a reference to a secret (``"env:WAREHOUSE"``). No row is scored twice. Nothing: the service's own log.
    labels : path or Query, optional
        Where labels come from, as :func:`workbench.feedback` takes them.
    policy : Policy or dict, optional
        What it may do about an alarm; by default it only tells.
    window : {"auto", "day", "week", "month", "file"}, optional
        How rows are cut into windows; *auto*: by day where the contract has a time column, else each file is one.
    id : str or sequence of str, optional
        Columns that identify a row, where the contract has none.
    false_alarm_rate : float, optional
        Share of windows without any drift that may still warn, in [0.000001, 0.5]; 0.05 by default.
    retrain : dict, optional
        What else the notebook that retrains is given, such as ``{"trials": 12}``.
    zone : str, optional
        IANA name of the time zone of ``every``; by default the machine's.
    note : str
        Of *approve* and *refuse*: why; it goes to the audit log.
    by : str
        Who approves or refuses, by default the user of the system.
    home : path, optional
        Folder of everything that Workbench writes.

    Returns
    -------
    Watch

    Raises
    ------
    BadParameter
        If something else came.
    NotFound
        If there is no such bundle, or no watch of it.
    Refused
        If nothing is asked, or what is to be run is paused.
    Busy
        If another process runs this watch.

    Examples
    --------
    >>> import workbench as wb
    >>> made = wb.watch("churn", source="july.csv", labels="july-labels.csv", window="file")
    >>> done = wb.watch("churn", "run")
    >>> [one.what for one in done.decisions]
    ['scored', 'labels']
    >>> _ = wb.watch("churn", "remove")
    """
    force, name = settings(home=home), bundle_name(name, VERB)
    given: dict[str, Any] = {
        "every": every, "source": source, "labels": labels, "policy": policy, "window": window, "id": id,
        "false_alarm_rate": false_alarm_rate, "retrain": retrain, "zone": zone,
    }  # fmt: skip
    asked = {key: value for key, value in given.items() if value is not None}
    if act is None:
        return _made(name, asked, force) if asked else shown(name, force)
    if asked:
        raise BadParameter(f"{act!r} takes no settings, got {', '.join(asked)}. Do one after the other.")
    return _done(name, text(act, "act", VERB), _line(note, "note"), _line(by, "by"), force)


def shown(name: str, force: Settings) -> Watch:
    """A watch as it stands.

    Raises
    ------
    NotFound
        If there is none of that name.
    """
    plan = book_of.plan(name, force)
    coming: tuple[str, ...] = ()
    with suppress(NotFound):
        found = schedules.schedule(schedule_name(name), force.home)
        coming = tuple(moment.isoformat() for moment in found.next_times(3))
    return Watch(plan, decisions(name, force), coming)


def watches(force: Settings) -> list[Watch]:
    """All watches, by name."""
    return [shown(name, force) for name in book_of.names(force)]


def look(name: str, now: datetime | None = None, home: str | Path | None = None) -> Watch:
    """Run a watch once: collect what is new, monitor, decide, tell.

    Parameters
    ----------
    name : str
        Of the bundle.
    now : datetime, optional
        With zone: the moment of what is decided; by default the clock's.
    home : path, optional
        Folder of everything that Workbench writes.

    Raises
    ------
    NotFound, Refused, Busy
        As :func:`watch`.
    """
    return _run(name, settings(home=home), now, ("collect", "decide"))


def _run(name: str, force: Settings, now: datetime | None, parts: Sequence[str], patience: float = 0.0) -> Watch:
    plan = book_of.plan(name, force)
    if plan.paused:
        raise Refused(f"The watch of {name} is paused. Let it go on: {call('wb.watch', name, 'resume')}.")
    with alone(name, force, patience):
        book = Book(name, force, now or datetime.now(UTC))
        try:
            if "collect" in parts:
                collect(plan, book)
            if "decide" in parts:
                decide(plan, book, monitor(name, false_alarm_rate=plan.false_alarm_rate, home=force.home))
        finally:
            for line in tell(name, book.told, force):
                warnings.warn(line, stacklevel=4)
    return shown(name, force)


# --- making -------------------------------------------------------------------------------------------------------


def _made(name: str, asked: Mapping[str, Any], force: Settings) -> Watch:
    """The plan first, then its schedule: who is killed between makes it whole by asking again."""
    bundle = champion(name, force)
    before = _before(name, force)
    plan = replace(before, **{key: _READERS[key](value) for key, value in asked.items()})
    _check(plan, bundle)
    if plan != before or not (folder_of(name, force) / book_of.PLAN).exists():
        book_of.keep_plan(plan, force)
    _schedule(plan, force)
    return shown(name, force)


def _before(name: str, force: Settings) -> Plan:
    try:
        return book_of.plan(name, force)
    except NotFound:
        return Plan(name, since=datetime.now(UTC).isoformat(timespec="seconds"))


def _check(plan: Plan, bundle: Bundle) -> None:
    """What two settings have to do with each other, and with the model."""
    if plan.source is not None:
        way_of(bundle.contract, plan)
    if plan.source is not None and any(stage.name == "canary" for stage in plan.policy.trial):
        raise BadParameter(
            "A canary answers a share of what a service is asked, and this watch scores tables from a source. Take "
            "'shadow … rows', or leave the source out."
        )
    if plan.policy.train_on is not None and is_select(plan.policy.train_on) and not isinstance(plan.source, dict):
        raise BadParameter(
            "A SELECT to train on is asked of the database of the source, and that is none. Give a path."
        )


def _schedule(plan: Plan, force: Settings) -> None:
    """The schedule that fits the plan; one that does is left as it is."""
    own = schedule_name(plan.name)
    with suppress(NotFound):
        there = schedules.schedule(own, force.home)
        if plan.every and (there.cron, there.zone) == (plan.every, plan.zone):
            return
        schedules.remove(own, force.home)
    if plan.every:
        force.home.mkdir(parents=True, exist_ok=True)
        given = {"name": plan.name}
        schedules.add(own, NOTEBOOK, plan.every, given, zone=plan.zone, home=force.home, folder=force.home)
        _ = plan.paused and schedules.pause(own, force.home)


def schedule_name(name: str) -> str:
    """The name of the schedule of a watch.

    >>> schedule_name("churn"), len(schedule_name("x" * 100))
    ('watch-churn', 60)
    """
    whole = f"watch-{name}"
    if len(whole) <= schedules.LONGEST:
        return whole
    mark = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"{whole[: schedules.LONGEST - 9]}-{mark}"


def cron_of(every: Any) -> str:
    """When a watch runs, as a cron expression.

    Raises
    ------
    BadParameter
        If it is neither an expression nor a time that divides an hour or a day.

    Examples
    --------
    >>> cron_of("15min"), cron_of("6h"), cron_of("1d"), cron_of("@weekly"), cron_of("7 6 * * mon")
    ('*/15 * * * *', '0 */6 * * *', '0 0 * * *', '0 0 * * 0', '7 6 * * mon')
    """
    given = text(every, "every", VERB).strip()
    if not SPAN.match(given):
        return expression_of(given)
    minutes = span(given).total_seconds() / 60
    if minutes in _MINUTES:
        return f"*/{minutes:.0f} * * * *"
    if minutes / 60 in _HOURS:
        return f"0 */{minutes / 60:.0f} * * *"
    if minutes == 24 * 60:
        return "0 0 * * *"
    if minutes == 7 * 24 * 60:
        return "0 0 * * 0"
    raise BadParameter(
        f"'every' is a cron expression, or a time that divides an hour or a day, got {every!r}. Write for example "
        "'15min', '6h', '1d' or '30 6 * * mon-fri'."
    )


def source_of(value: Any, name: str) -> str | dict[str, Any]:
    """A source as a plan keeps it: an absolute path or a URL, or the parts of a query.

    Raises
    ------
    BadParameter
        If it is none, or shows a secret.
    """
    if isinstance(value, Query):
        if looks_secret(value.url):
            raise BadParameter(
                f"The URL of {name!r} holds a password. Give a reference: wb.query(sql, 'env:WAREHOUSE')."
            )
        check_secrets(name, value.parameters, resolve=False)
        return {"sql": value.sql, "url": value.url, "parameters": dict(value.parameters)}
    if isinstance(value, (str, Path)) and str(value).strip():
        given = str(value)
        if looks_secret(given) or is_reference(given):
            raise BadParameter(f"{name!r} is a path, or wb.query(sql, 'env:NAME') where it is a database. Give one.")
        return given if "://" in given else str(Path(given).expanduser().absolute())
    raise BadParameter(f"{VERB} takes a path or a query as {name!r}, got {described(value)}. Give for example 'in/'.")


def _policy(value: Any) -> Policy:
    read = value if isinstance(value, Policy) else take(Policy, _plain_policy(value))
    if read.train_on is not None and not is_select(read.train_on):
        return replace(read, train_on=str(source_of(read.train_on, "train_on")))
    return read


def _plain_policy(value: Any) -> Mapping[str, Any]:
    if isinstance(value, Mapping):
        return value
    raise BadParameter(f"{VERB} takes a Policy or a dict as 'policy', got {described(value)}. Give wb.Policy(…).")


def _window(value: Any) -> str:
    given = text(value, "window", VERB)
    if given not in WINDOWS:
        raise BadParameter.unknown(given, WINDOWS, "The windows of a watch")
    return given


def _rate(value: Any) -> float:
    found: float = checked_value(MonitorStep, "false_alarm_rate", value)
    return found


def _given(value: Any) -> dict[str, Any]:
    found = mapping(value, "retrain", VERB)
    check_secrets("retrain", found, resolve=False)
    return found


_READERS: dict[str, Any] = {
    "every": cron_of,
    "source": lambda value: source_of(value, "source"),
    "labels": lambda value: source_of(value, "labels"),
    "policy": _policy,
    "window": _window,
    "id": lambda value: names_or_none(value, "id", VERB) or (),
    "false_alarm_rate": _rate,
    "retrain": _given,
    "zone": lambda value: zone_of(text_or_none(value, "zone", VERB)),
}


# --- acting -------------------------------------------------------------------------------------------------------


def _done(name: str, act: str, note: str, by: str, force: Settings) -> Watch:
    if act not in ACTS:
        raise BadParameter(f"What can be done with a watch: {', '.join(ACTS)}; got {described(act)}. Choose one.")
    if act in ("run", "collect", "decide"):
        return _run(name, force, None, ("collect", "decide") if act == "run" else (act,))
    if act in ("approve", "refuse"):
        return _answered(name, act, note, by or user(), force)
    return _kept(name, act, force)


def _kept(name: str, act: str, force: Settings) -> Watch:
    plan, own = book_of.plan(name, force), schedule_name(name)
    if act == "remove":
        last = shown(name, force)
        with suppress(NotFound):
            schedules.remove(own, force.home)
        book_of.forget_plan(name, force)
        return replace(last, coming=())
    book_of.keep_plan(replace(plan, paused=act == "pause"), force)
    with suppress(NotFound):
        schedules.pause(own, force.home) if act == "pause" else schedules.resume(own, force.home)
    return shown(name, force)


def _answered(name: str, act: str, note: str, by: str, force: Settings, now: datetime | None = None) -> Watch:
    """What somebody says to what is asked: in the audit log first, then a decision, and then what follows from it."""
    with alone(name, force, PATIENCE):
        asked = shown(name, force).asks
        if asked is None:
            raise Refused(f"The watch of {name} asks nothing now. Look at it: {call('wb.watch', name)}.")
        _record(name, act, asked, note, by, force)
        book = Book(name, force, now or datetime.now(UTC))
        what = "approved" if act == "approve" else "refused"
        told = {"version": asked.version, "incident": asked.incident, "case": asked.case, "by": by, "note": note}
        book.write(f"{asked.case}/{what}", what, f"Version {asked.version} is {what} by {by}.", **told)
    if book_of.plan(name, force).paused:
        return shown(name, force)
    return _run(name, force, now, ("decide",), PATIENCE)


def _record(name: str, act: str, asked: Decision, note: str, by: str, force: Settings) -> None:
    """Once, whoever was killed before the decision was written."""
    there = audit.entries(force.audit_log)
    if not any(entry.get("case") == asked.case and entry["act"] == act for entry in there):
        told: dict[str, Any] = {"name": name, "version": asked.version, "case": asked.case, "said_by": by}
        audit.record(force.audit_log, act, **told, reason=note)


def _line(value: Any, name: str) -> str:
    found = re.sub(r"\s+", " ", text(value, name, VERB)).strip()
    if len(found) > LONGEST:
        raise BadParameter(f"{name!r} has at most {LONGEST:,} characters, got {len(found):,}. Shorten it.")
    return found
