"""What a watch decides: one step after the other on the way of a new version, from an incident to its end.

The way is read from the decisions: the last one on a version says what comes next. So a run goes on where the one
before has ended, however that was.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from workbench.core.bundles import champion
from workbench.core.comparison import Comparison
from workbench.core.dataset import Dataset
from workbench.core.incident import Incident
from workbench.core.job import Job, JobState
from workbench.core.metric import Metric
from workbench.core.policy import TrialStage
from workbench.core.report import MonitorReport, Window
from workbench.core.spans import span
from workbench.core.watch import Decision, Plan, Watch
from workbench.core.wording import how_many
from workbench.errors import BadTable, InputError, JobFailed, NotFound, Refused, WorkbenchError
from workbench.jobs.notebook.notebooks import find
from workbench.jobs.notebook.outcome import results
from workbench.jobs.notebook.parameters import parameters_of
from workbench.jobs.processes import JOB
from workbench.jobs.schedules import job_id
from workbench.jobs.submit import enqueue, watched
from workbench.monitoring.challenge import challenge
from workbench.monitoring.watch_acts import WITHDRAWN, answers, take_effect
from workbench.monitoring.watch_book import Book
from workbench.monitoring.watch_source import asked_of, training_source
from workbench.reading.dataset import dataset
from workbench.scoring.log import log_of

MONTH = timedelta(days=30)
ACTS = ("stage", "promote", "rollback", *WITHDRAWN)
# Steps of one run: a way has fewer, and an error must not go round for ever.
MOST = 50


def decide(plan: Plan, book: Book, report: MonitorReport) -> None:
    """Go as far as can be gone now.

    Parameters
    ----------
    plan : Plan
        What the watch is to do.
    book : Book
        What it has decided.
    report : MonitorReport
        What there is to be seen.

    Raises
    ------
    WorkbenchError
        If something that was decided can't be done; nothing is lost, the next run tries again.
    """
    deciding = Deciding(plan, book, report)
    deciding.finish()
    for _ in range(MOST):
        if not deciding.step():
            return


@dataclass
class Deciding:
    """One run's decisions.

    Parameters
    ----------
    plan : Plan
    book : Book
    report : MonitorReport
    """

    plan: Plan
    book: Book
    report: MonitorReport

    def finish(self) -> None:
        """What was decided last may not have taken effect."""
        for one in reversed(self.book.told):
            if one.what in ACTS:
                take_effect(one, self._stage_of(one), self.book)
                return

    def step(self) -> bool:
        """Decide the next thing; False where there is nothing to decide now."""
        way = [one for one in Watch(self.plan, tuple(self.book.told)).case if one.what != "waits"]
        return self._go_on(way) if way else self._begin()

    # --- from an incident to a new version --------------------------------------------------------------------------

    def _begin(self) -> bool:
        policy = self.plan.policy
        own = {w.label for w in self.report.windows if w.version == answers(self.book.name, self.book.force)}
        # An open one, be its newest window good: labels of that may not have come.
        there = [one for one in self.report.incidents if one.open and own.intersection(one.windows)]
        grave = [one for one in there if policy.retrains_on(one.severity, one.kind, len(one.windows))]
        for one in sorted(grave, key=lambda one: one.severity != "alarm"):
            if not one.within and (held := self._held(one)):
                self._wait(one.id, *held, incident=one.id)
            elif not one.within:
                return self._retrain(one)
        return False

    def _held(self, one: Incident) -> tuple[str, str] | None:
        """Why nothing is retrained for an incident now: a word for it, and a sentence."""
        policy, now = self.plan.policy, self.book.now
        before = [d.moment for d in self.book.told if d.what == "retrain"]
        about = f"{one.severity}, {one.kind}, {one.span}"
        if one.state in ("closed", "snoozed"):
            return one.state, f"{about}: somebody has {one.state} the incident."
        if before and now < (free := before[-1] + span(policy.cool_down)):
            return (
                f"cool-down {free:%Y-%m-%d}",
                f"{about}: it was retrained on {before[-1]:%Y-%m-%d}, wait until {free:%Y-%m-%d}.",
            )
        if len(recent := [moment for moment in before if moment > now - MONTH]) >= policy.a_month:
            free = recent[-policy.a_month] + MONTH
            return (
                f"month {free:%Y-%m-%d}",
                f"{about}: {how_many(len(recent), 'retraining')} in 30 days, wait until {free:%Y-%m-%d}.",
            )
        return None

    def _retrain(self, one: Incident) -> bool:
        times = sum(d.what == "retrain" and d.incident == one.id for d in self.book.told)
        case = one.id if times == 0 else f"{one.id}.{times + 1}"
        until = self._until(one)
        saw = {
            "incident": {"id": one.id, "kind": one.kind, "severity": one.severity, "span": one.span},
            "until": until.isoformat() if until else None,
            "champion": answers(self.book.name, self.book.force),
            "job": job_id(f"retrain-{self.book.name}"[:60], self.book.now) + f"-{case}",
        }
        upto = f" on rows up to {until:%Y-%m-%d %H:%M}" if until else ""
        return self._write(
            case,
            "retrain",
            f"{one.severity}, {one.kind}, {one.span}: {one.cause} Retrained{upto}.",
            saw=saw,
            incident=one.id,
        )

    def _until(self, one: Incident) -> datetime | None:
        """The end of an incident, where rows have moments."""
        contract = champion(self.book.name, self.book.force).contract
        if contract.time is None or contract[contract.time].kind != "datetime":
            return None
        ends = [w.end for w in self.report.windows if w.label in one.windows and w.end]
        return datetime.fromisoformat(max(ends)) if ends else self.book.now

    # --- the steps of a new version ---------------------------------------------------------------------------------

    def _go_on(self, way: Sequence[Decision]) -> bool:
        last = way[-1]
        steps: dict[str, Callable[[Sequence[Decision]], bool]] = {
            "retrain": self._train,
            "trained": self._compare,
            "better": self._try_or_ask,
            "stage": self._look_at_trial,
            "passed": self._try_or_ask,
            "asks": lambda _: False,
            "approved": self._promote,
            "promote": self._look_at_champion,
        }
        if last.what in steps and last.what not in ("retrain", "promote") and (why := self._over(way)):
            return self._write(last.case, "given up", why, version=_version(way), incident=last.incident)
        return steps[last.what](way) if last.what in steps else False

    def _over(self, way: Sequence[Decision]) -> str:
        """Why a new version is not looked at any more; nothing where it is."""
        old, now = way[0].saw.get("champion"), answers(self.book.name, self.book.force)
        if now != old:
            return f"Version {now} answers by now, and the new one was to replace version {old}."
        late = self.book.now > way[0].moment + span(self.plan.policy.patience)
        if late and way[-1].what != "approved":
            return f"It was not decided within {self.plan.policy.patience}."
        return ""

    def _train(self, way: Sequence[Decision]) -> bool:
        begun = way[0]
        try:
            job = self._job(begun)
        except WorkbenchError as error:
            return self._write(begun.case, "failed", " ".join(str(error).split()), incident=begun.incident)
        if not job.state.final:
            return self._wait(begun.case, "job", f"{job.id} is {job.state.value}.", case=begun.case)
        made = self._made(job)
        if isinstance(made, str):
            return self._write(begun.case, "failed", made, saw={"job": job.id}, incident=begun.incident)
        why = f"Version {made} is there, by {job.id}."
        return self._write(begun.case, "trained", why, saw={"job": job.id}, version=made, incident=begun.incident)

    def _job(self, begun: Decision) -> Job:
        """The one job that retrains, run to its end; whoever asks how often, there is one."""
        plan, at_once = self.plan, JOB in os.environ
        told = {"id": begun.saw["job"], "notes": (f"Watch {plan.name}: {begun.why}",)}
        job = enqueue(plan.policy.notebook, self._given(begun), home=self.book.force.home, at_once=at_once, told=told)
        try:
            return watched(job, show=False)
        except JobFailed:
            from workbench.jobs.records import job as recorded

            return recorded(job.id, self.book.force.home)

    def _given(self, begun: Decision) -> dict[str, Any]:
        """The parameters of the notebook that retrains."""
        plan, until = self.plan, begun.saw.get("until")
        since = None
        if until and plan.policy.history:
            since = (datetime.fromisoformat(until) - span(plan.policy.history)).isoformat()
        source = training_source(plan)
        where = {"source": source["sql"], "url": source["url"]} if isinstance(source, dict) else {"source": source}
        given = {"name": plan.name, **where, "until": until, "since": since}
        return {**given, **dict.fromkeys(_left_to_us(plan.policy.notebook)), **plan.retrain}

    def _made(self, job: Job) -> int | str:
        """The version that a job has packaged, or what is wrong."""
        if job.state is not JobState.COMPLETED:
            return f"{job.id} {job.state.value}: {job.error or 'see its output'}"
        folder = results(job.output).get("bundle") if job.output else None
        place = Path(str(folder or ""))
        if place.parent.name != self.plan.name or not place.name.isdecimal():
            return f"{job.id} shows no bundle of {self.plan.name}. Let its last cell show what wb.package returned."
        return int(place.name)

    def _compare(self, way: Sequence[Decision]) -> bool:
        last, policy = way[-1], self.plan.policy
        try:
            fresh = self._fresh(way[0].saw.get("until"))
            found = self._challenge(_version(way), fresh) if fresh.rows >= policy.fresh_rows else None
        except (BadTable, Refused) as error:
            return self._wait(last.case, "challenge", " ".join(str(error).split()), case=last.case)
        rows = fresh.rows if found is None else found.rows
        if found is None or rows < policy.fresh_rows:
            why = f"{how_many(rows, 'labelled row')} that neither has seen, {policy.fresh_rows:,} are asked for."
            return self._wait(last.case, "rows", why, case=last.case)
        what = "better" if found.better else "rejected"
        return self._write(
            last.case, what, found.verdict, saw=found.results(), version=_version(way), incident=last.incident
        )

    def _fresh(self, until: str | None) -> Dataset:
        """Labelled rows after those that were trained on.

        Raises
        ------
        BadTable
            If there is none.
        """
        contract = champion(self.book.name, self.book.force).contract
        data = dataset(asked_of(training_source(self.plan)), contract=contract)
        data = data.since(until) if until else data
        return data.take(data.target.notna())

    def _challenge(self, version: int | None, fresh: Dataset | None) -> Comparison:
        """On labelled rows; without any on those of the log that both have answered."""
        policy = self.plan.policy
        assert version is not None, "a way has a version before it is compared"
        return challenge(
            self.plan.name,
            version,
            fresh,
            level=policy.level,
            least_gain=policy.least_gain,
            home=self.book.force.home,
        )

    def _try_or_ask(self, way: Sequence[Decision]) -> bool:
        last, version, policy = way[-1], _version(way), self.plan.policy
        tried = sum(one.what == "stage" for one in way)
        told = {"version": version, "incident": last.incident}
        if tried < len(policy.trial):
            stage = policy.trial[tried]
            return self._write(
                last.case, f"stage/{tried}", f"Version {version} is tried as {stage}.", saw={"stage": tried}, **told
            )
        better = next(one for one in reversed(way) if one.what == "better")
        if policy.approve:
            return self._write(last.case, "asks", f"May version {version} become champion? {better.why}", **told)
        return self._write(last.case, "promote", better.why, **told)

    def _look_at_trial(self, way: Sequence[Decision]) -> bool:
        last, version = way[-1], _version(way)
        stage = self._stage_of(last)
        if stage is None:
            return self._write(
                last.case, f"passed/{last.saw['stage']}", "The policy has no such stage any more.", version=version
            )
        count, fresh = self._answered(last, stage)
        if count < stage.least:
            why = f"{count:,} of {stage.least:,} {stage.unit} as {stage.name}."
            return self._wait(last.case, f"trial {last.saw['stage']}", why, case=last.case)
        told = {"version": version, "incident": last.incident}
        try:
            found = self._challenge(version, fresh)
        except (BadTable, Refused) as error:
            why = f"{stage} is over, and nothing speaks against it. Not compared: {' '.join(str(error).split())}"
            return self._write(last.case, f"passed/{last.saw['stage']}", why, **told)
        what = "rejected" if found.worse else f"passed/{last.saw['stage']}"
        return self._write(last.case, what, found.verdict, saw=found.results(), **told)

    def _answered(self, began: Decision, stage: TrialStage) -> tuple[int, Dataset | None]:
        """How much a version has answered since a stage began; with what to compare it on, where no service does."""
        if self.plan.source is None:
            return self._answered_live(began, stage), None
        fresh = self._since(began)
        if stage.unit == "rows":
            return (fresh.rows if fresh else 0), fresh
        scored = {d.saw.get("window") for d in self.book.told if d.what == "scored" and d.moment > began.moment}
        return len(scored), fresh

    def _answered_live(self, began: Decision, stage: TrialStage) -> int:
        """What the log has of a version since a stage began, heard by somebody or not; no more than is asked for."""
        days: Counter[str] = Counter()
        with log_of(self.plan.name, self.book.force) as log:
            for records in log.chunks(began.at, "~"):
                days.update(record["at"][:10] for record in records if record["version"] == began.version)
                count = days.total() if stage.unit == "rows" else len(days)
                if count >= stage.least:
                    return count
        return days.total() if stage.unit == "rows" else len(days)

    def _since(self, began: Decision) -> Dataset | None:
        """Labelled rows whose moment lies after the beginning of a stage."""
        try:
            return self._fresh(began.at)
        except BadTable:
            return None

    def _promote(self, way: Sequence[Decision]) -> bool:
        last, better = way[-1], next(one for one in reversed(way) if one.what == "better")
        said = f" Approved by {last.by}{f': {last.note}' if last.note else '.'}"
        return self._write(last.case, "promote", better.why + said, version=_version(way), incident=last.incident)

    # --- a new champion ---------------------------------------------------------------------------------------------

    def _look_at_champion(self, way: Sequence[Decision]) -> bool:
        last, version, within = way[-1], _version(way), self.plan.policy.rollback_within
        told = {"version": version, "incident": last.incident}
        now = answers(self.book.name, self.book.force)
        if now != version:
            return self._write(last.case, "given up", f"Version {now} answers by now, by somebody's hand.", **told)
        if bad := self._own_loss(version, last):
            why = f"{bad.severity}, {bad.kind}, {bad.span}, of version {version}: {bad.cause}"
            return self._write(last.case, "rollback", why, saw={"incident": bad.id, "window": bad.start}, **told)
        if within is None or self.book.now > last.moment + span(within):
            why = f"Version {version} stays champion{f': no loss of its own within {within}' if within else ''}."
            return self._write(last.case, "kept", why, **told)
        return False

    def _own_loss(self, version: int | None, promoted: Decision) -> Incident | None:
        """An incident that the new champion itself is to blame for."""
        policy = self.plan.policy
        if policy.rollback_within is None or version is None:
            return None
        # In a service it may have answered before, in its trial.
        live = self.plan.source is None
        windows = [w for w in self.report.windows if w.version != version or not live or w.end >= promoted.at]
        grave = (one for one in self.report.incidents if one.open and one.severity == "alarm")
        mine = (one for one in grave if policy.goes_back_on(one.kind))
        return next((one for one in mine if own_loss(one, windows, version)), None)

    # --- written down -----------------------------------------------------------------------------------------------

    def _write(self, case: str, step: str, why: str, **more: Any) -> bool:
        """Write a decision, let it take effect; True: there may be more to decide."""
        what = step.partition("/")[0]
        made = self.book.write(f"{case}/{step}", what, why, case=case, **more)
        if made is not None:
            take_effect(made, self._stage_of(made), self.book)
        return made is not None

    def _wait(self, about: str, reason: str, why: str, **more: Any) -> bool:
        """Write down once why nothing is done; there is nothing more to decide then."""
        self.book.write(f"{about}/waits/{reason}", "waits", why, **more)
        return False

    def _stage_of(self, one: Decision) -> TrialStage | None:
        trial, place = self.plan.policy.trial, one.saw.get("stage")
        return trial[place] if one.what == "stage" and isinstance(place, int) and place < len(trial) else None


def _left_to_us(notebook: str) -> list[str]:
    """Parameters of a notebook that retrains, if it has them, by which it would decide itself."""
    try:
        known = parameters_of(find(notebook))
    except (NotFound, InputError):
        return []  # behind a URL, or gone: the job says so
    return [name for name in ("target", "evaluation") if name in known]


def own_loss(one: Incident, windows: Sequence[Window], version: int) -> bool:
    """Whether a version is to blame for an incident that is seen in its windows.

    It is where the incident began with it, or came back after it had done well. Where it goes on from the version
    before, as it may when the world has changed once more, the new one is to blame only if it does worse than that
    one did in any of the windows.
    """
    judged = [w for w in windows if w.status != "unknown"]
    seen, own = [w for w in judged if w.label in one.windows], [w for w in judged if w.version == version]
    bad = [w for w in own if w.label in one.windows]
    if not bad:
        return False
    if seen[0].version == version or own[0].label != bad[0].label:
        return True
    before = [w.performance[0] for w in seen if w.version != version and w.performance]
    return bool(before and bad[-1].performance) and all(_worse(bad[-1].performance[0], then) for then in before)


def _worse(now: Metric, then: Metric) -> bool:
    return now.value < then.value if now.larger_is_better else now.value > then.value


def _version(way: Sequence[Decision]) -> int | None:
    """The new version of a way."""
    return next((one.version for one in reversed(way) if one.version is not None), None)
