"""Several processes behind one port: forked when the model is in memory, so that they share its pages.

The parent listens, loads and decides; it answers no request. Each worker takes connections from the parent's socket
and answers them by itself. uvicorn's own supervisor starts new interpreters (each loads the model again, and a reload
ends their connections), and ``SO_REUSEPORT`` loses what waits for a process that dies: this parent is small and ours.

- **What answers** (champion, the one before, what is tried out) is decided by the parent and told to all workers at
  once. Who asked for it is answered when every worker has done it; a worker that can't is ended and forked anew.
- **Metrics** are sums: the parent asks every worker about once a second, and when somebody looks; what it heard last of
  a worker that died stays counted.
- **The rate of a caller** is counted in memory that all of them share, the prediction log is one file (SQLite's WAL),
  and keys are a file that each of them looks at.
- A worker that dies is forked again, sooner the longer it had lived. Whoever waits to be connected waits in the
  parent's socket, so only what the dead one was answering is lost. A parent that dies takes its workers with it.

The two speak lines of JSON over a pair of sockets.
"""

from __future__ import annotations

import asyncio
import gc
import hashlib
import json
import logging
import mmap
import multiprocessing
import os
import selectors
import signal
import socket
import sys
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from itertools import count
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Protocol

from workbench.core.bundle import Bundle
from workbench.core.fitting import check_fits
from workbench.core.rollout import Rollout
from workbench.errors import Refused, StoreError, WorkbenchError
from workbench.scoring.http import Answer, Rejected, Request, answer_json, answer_text
from workbench.scoring.listen import GRACE, Listen, configured
from workbench.scoring.metrics import Metrics, kept_beside
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service
from workbench.scoring.shared_rate import SharedRate
from workbench.scoring.traffic import Traffic, Trial
from workbench.tables import native

PULSE = 1.0  # seconds between two questions how a worker does
LOADING = 120.0  # seconds that workers get to load a version
HUNG = 60.0  # seconds without a turn of its loop, after which a worker is ended
LONGEST_PAUSE = 30.0  # seconds until a worker that dies at once is forked again
GONE = 2**40  # connections of a worker that is not there: nobody leaves it one
BACKLOG = 2_048  # connections that wait to be taken

_LOG = logging.getLogger(__name__)
_NEVER = float("inf")
Message = dict[str, Any]


class Build(Protocol):
    """Makes the service of one process: opens the log, starts its threads."""

    def __call__(self, traffic: Traffic, kind: type[Service] = Service) -> Service:
        """Of this kind, which answers by this traffic."""


class Worker(Service):
    """The service of one of several processes: what concerns all of them it asks the parent."""

    _link: _Link

    def join(self, link: _Link, traffic: Traffic, rate: SharedRate) -> None:
        """Answer as the others do."""
        self._link, self.rate = link, rate  # type: ignore[assignment]  # it is asked the same
        self.answering.stand(traffic)
        self.answering.dropped = lambda arm: link.say({"ask": 0, "act": "drop", "arm": arm.name})

    def stand(self, told: Message) -> None:
        """Answer by what the parent tells."""
        trial = told["trial"]
        champion = self._scorer_of(told["champion"])
        tried = Trial(Rollout.from_dict(trial["rollout"]), self._scorer_of(trial["bundle"])) if trial else None
        before = _loaded(self.traffic, told["before"]) if told["before"] else None
        arms = tuple(arm for arm in self.traffic.arms if arm.name in told["arms"])
        self.answering.stand(replace(self.traffic, champion=champion, before=before, trial=tried, arms=arms))

    def _scorer_of(self, told: Message) -> Scorer:
        scorer = _loaded(self.traffic, told)
        if scorer is None:
            scorer = Scorer(told["folder"])
            if _identity(scorer.bundle) != told["identity"]:
                raise Refused(f"{told['folder']} has changed meanwhile.")
            _warmed(scorer)
        return scorer

    async def _reloaded(self, request: Request) -> Answer:
        try:
            return answer_json(await self._link.asked("reload", LOADING + GRACE))
        except Refused:  # a file's place is nobody's business: the parent's log has it
            raise Rejected(501, "The new version can't be loaded; the old one answers. The log says why.") from None

    async def _rolled_back(self, request: Request) -> Answer:
        return answer_json(await self._link.asked("rollback", LOADING + GRACE))

    async def _metrics(self, request: Request) -> Answer:
        told = await self._link.asked("metrics", 3 * PULSE)
        watched = "" if self.log is None else kept_beside(self.log.path)
        own = Metrics.of(told["states"]).text() + _of_workers(told)
        return answer_text(own + watched, "text/plain; version=0.0.4")


class Workers:
    """The parent.

    Parameters
    ----------
    build : Build
        Makes the service of a worker, in the worker.
    traffic : Traffic
        What answers at the beginning.
    listen : Listen
        Where, and how many workers.
    reload : callable, optional
        Gives the scorer that should answer now.

    Notes
    -----
    It has no thread of its own, so that it can fork at any time.
    """

    def __init__(
        self, build: Build, traffic: Traffic, listen: Listen, reload: Callable[[], Scorer] | None = None
    ) -> None:
        if not hasattr(os, "fork"):
            raise Refused("Several workers need a system that can fork. Start one worker, or several containers.")
        self.traffic, self.metrics = traffic, Metrics()
        self._build, self._listen, self._reload = build, listen, reload
        self._rate = SharedRate(listen.rate)
        self._hands: dict[int, _Hand] = {}
        self._again: dict[int, float] = {}  # when a worker is forked again, by its number
        self._pauses = dict.fromkeys(range(listen.processes), 0.0)
        self._gone = Metrics()  # what those have done who are no more
        self._restarts = 0
        self._asks: deque[tuple[_Hand, Message]] = deque()
        self._numbers = count(1)
        self._signals: list[int] = []
        self._begun = self._stopping = False
        self._failure = ""  # why a worker could not start at the beginning
        self._selector = selectors.DefaultSelector()

    @property
    def scorer(self) -> Scorer:
        """The champion."""
        return self.traffic.champion

    def follow(self, scorer: Scorer) -> None:
        """Have every worker answer with another version; returns when all of them do."""
        self._stand(self.traffic.follow(_warmed(scorer)))

    def try_out(self, trial: Trial | None) -> None:
        """As :meth:`Service.try_out`, in every worker."""
        try:
            if trial is not None:
                check_fits(trial.scorer.bundle, self.scorer.bundle)
            self._stand(replace(self.traffic, trial=trial))
        except WorkbenchError:
            self._stand(replace(self.traffic, trial=None))
            raise

    def rollback(self) -> None:
        """As :meth:`Service.rollback`, in every worker."""
        self._stand(self.traffic.back())

    def run(self, look: Callable[[], None] | None = None, seconds: float = 2.0) -> None:
        """Listen until SIGINT or SIGTERM; requests in progress are answered first. A second signal ends it at once.

        Parameters
        ----------
        look : callable, optional
            Is called every ``seconds``, such as to look at an alias.
        seconds : float
            From one call to the next.

        Raises
        ------
        Refused
            If the port is taken, or a worker can't start.
        """
        with self._place() as self._socket, self._caught():
            self._counts = memoryview(mmap.mmap(-1, 8 * self._listen.processes)).cast("q")
            for scorer in (self.traffic.champion, *self.traffic.others):
                _warmed(scorer)
            native.settled()  # a thread that compiles would not live on in a worker
            gc.collect()
            gc.freeze()  # pages that the collector does not write to stay shared
            gc.enable()  # which a bundle's own start has switched off
            try:
                self._begin()
                self._work(look, seconds)
            finally:
                self._end()

    def _begin(self) -> None:
        for number in range(self._listen.processes):
            self._fork(number)
        while any(not hand.ready for hand in self._hands.values()) and not self._signals:
            self._hear(PULSE)
            if self._failure:
                raise Refused(f"A worker can't start: {self._failure}")
        self._begun = True

    def _work(self, look: Callable[[], None] | None, seconds: float) -> None:
        pulse, looking = time.monotonic(), time.monotonic() + seconds if look else _NEVER
        while True:
            now = time.monotonic()
            due = min(pulse, looking, *self._again.values(), now + PULSE)
            self._hear(max(0.0, due - now))
            self._obey()
            if self._stopping:
                return
            while self._asks:
                self._answer(*self._asks.popleft())
            now = time.monotonic()
            for number in [n for n, at in self._again.items() if at <= now]:
                del self._again[number]
                self._fork(number)
            if now >= pulse:
                self._ask_all({"act": "pulse"}, PULSE)
                self._end_hung()
                pulse = time.monotonic() + PULSE
            if look is not None and now >= looking:
                look()
                looking = time.monotonic() + seconds

    def _obey(self) -> None:
        while self._signals:
            number = self._signals.pop(0)
            if hasattr(signal, "SIGHUP") and number == signal.SIGHUP:
                try:
                    self._load_anew()
                except (WorkbenchError, OSError) as error:  # the old version keeps answering
                    _LOG.warning("The new version can't be loaded: %s", error)
            else:
                self._stopping = True

    def _load_anew(self) -> bool:
        """Whether another version answers now."""
        if self._reload is None:
            raise Refused("This service was started with one fixed version. Start it with an alias or a folder.")
        scorer = self._reload()
        if scorer.bundle == self.scorer.bundle:
            return False
        self.follow(scorer)
        return True

    def _answer(self, hand: _Hand, message: Message) -> None:
        """What a worker asks for a client."""
        try:
            told = getattr(self, f"_asked_{message['act']}")(message)
        except (WorkbenchError, OSError) as error:
            _LOG.warning("%s", error)
            told = {"error": str(error) if isinstance(error, WorkbenchError) else "a file can't be read"}
        self._tell(hand, {"answer": message["ask"], **told})

    def _asked_reload(self, message: Message) -> Message:
        changed = self._load_anew()
        return {"told": {"version": self.scorer.bundle.version, "changed": changed}}

    def _asked_rollback(self, message: Message) -> Message:
        self.rollback()
        return {"told": {"version": self.scorer.bundle.version, "changed": True}}

    def _asked_metrics(self, message: Message) -> Message:
        self._ask_all({"act": "pulse"}, PULSE)
        hands = [hand for hand in self._hands.values() if hand.ready]
        gone = {**self._gone.state(), "gauges": {}}
        states = [self.metrics.state(), gone, *(hand.state for hand in hands if hand.state is not None)]
        return {"told": {"states": states, "workers": len(hands), "restarts": self._restarts}}

    def _asked_drop(self, message: Message) -> Message:
        """An arm that fails in one worker takes no more rows in any."""
        arm = next((arm for arm in self.traffic.answering if arm.name == message["arm"]), None)
        if arm is not None:
            self._stand(self.traffic.without(arm))
        return {}

    def _stand(self, traffic: Traffic) -> None:
        """Every worker answers by this from now on; one that can't is forked anew, with all of it in memory."""
        self.traffic = traffic
        self.metrics.trial = None if traffic.trial is None else traffic.trial.rollout
        message = {"act": "stand", **_told_of(traffic)}
        there = list(self._hands.values())  # those too that have just been forked, before this was decided
        replies = self._ask_all(message, LOADING, there)
        for hand in there:
            reply = replies.get(hand.number, {"error": "it does not answer"})
            if "error" in reply and self._hands.get(hand.number) is hand:
                _LOG.warning("Worker %s is forked anew: %s", hand.number + 1, reply["error"])
                self._kill(hand)

    def _ask_all(self, message: Message, seconds: float, some: list[_Hand] | None = None) -> dict[int, Message]:
        """What each worker replies, in the time that there is; by default each that is ready."""
        order = next(self._numbers)
        asked = [hand for hand in self._hands.values() if hand.ready] if some is None else some
        for hand in asked:
            hand.reply = None
            self._tell(hand, {"order": order, **message})
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and any(
            hand.reply is None or hand.reply["did"] != order for hand in asked if self._hands.get(hand.number) is hand
        ):
            self._hear(left)
        return {hand.number: hand.reply for hand in asked if hand.reply is not None and hand.reply["did"] == order}

    def _fork(self, number: int) -> None:
        ours, theirs = socket.socketpair()
        context = multiprocessing.get_context("fork")
        process = context.Process(target=self._become, args=(number, ours, theirs), name=f"worker {number + 1}")
        process.start()
        theirs.close()
        ours.settimeout(PULSE)
        self._hands[number] = hand = _Hand(number, process, ours)
        self._selector.register(ours, selectors.EVENT_READ, hand)

    def _become(self, number: int, ours: socket.socket, link: socket.socket) -> None:
        """In the worker, from the fork to its end."""
        for end in (ours, *(hand.link for hand in self._hands.values())):
            end.close()  # they would tell the others, and this one, that the parent lives
        self._selector.close()
        _usual_signals()
        _work(_Link(link), self, number)

    def _hear(self, seconds: float) -> None:
        """Whatever the workers say, for at most so long; a signal ends it."""
        if self._signals:
            seconds = 0.0
        for key, _ in self._selector.select(seconds):
            if key.data is None:
                with suppress(BlockingIOError):
                    key.fileobj.recv(4096)  # type: ignore[union-attr]  # it only wakes
            else:
                self._hear_of(key.data)

    def _hear_of(self, hand: _Hand) -> None:
        try:
            part = hand.link.recv(2**20)
        except TimeoutError:
            return
        except OSError:
            part = b""
        if not part:
            self._bury(hand)
            return
        *lines, hand.rest = (hand.rest + part).split(b"\n")
        for line in lines:
            self._take(hand, json.loads(line))

    def _take(self, hand: _Hand, message: Message) -> None:
        if "ask" in message:
            self._asks.append((hand, message))
        elif "did" in message:
            hand.reply = message
            if "state" in message:
                hand.state, hand.still, hand.heard = message["state"], message["still"], time.monotonic()
        elif "failed" in message:
            hand.failed = message["failed"]
        else:
            hand.ready = True

    def _tell(self, hand: _Hand, message: Message) -> None:
        with suppress(OSError):  # it has gone, or is stuck: its silence tells
            hand.link.sendall(json.dumps(message).encode() + b"\n")

    def _bury(self, hand: _Hand) -> None:
        """What it has done stays counted, and another one takes its place."""
        self._selector.unregister(hand.link)
        hand.link.close()
        hand.process.join(PULSE)
        del self._hands[hand.number]
        self._counts[hand.number] = GONE
        if hand.state is not None:
            counted = ({**state, "gauges": {}} for state in (self._gone.state(), hand.state))
            self._gone = Metrics.of(counted)
        if self._stopping:
            return
        if not self._begun:
            self._failure = hand.failed or f"it ended with {hand.process.exitcode}. Its log says why."
            return
        pause = self._pause_of(hand)
        _LOG.warning(
            "Worker %s (process %s) ended with %s%s; another one takes its place%s.",
            hand.number + 1, hand.process.pid, hand.process.exitcode, f": {hand.failed}" if hand.failed else "",
            f" in {pause:g} seconds" if pause else "",
        )  # fmt: skip
        self._restarts += 1
        self._again[hand.number] = time.monotonic() + pause

    def _pause_of(self, hand: _Hand) -> float:
        """No pause after one that has lived; twice the last one after one that dies again and again."""
        lived = time.monotonic() - hand.since
        last = self._pauses[hand.number]
        pause = 0.0 if lived > LONGEST_PAUSE or (hand.ready and not last) else min(max(2 * last, 0.5), LONGEST_PAUSE)
        self._pauses[hand.number] = max(pause, 0.25) if lived <= LONGEST_PAUSE else 0.0
        return pause

    def _kill(self, hand: _Hand) -> None:
        hand.process.kill()
        hand.process.join(PULSE)
        self._bury(hand)

    def _end_hung(self) -> None:
        for hand in [h for h in self._hands.values() if h.ready and h.stillness > HUNG]:
            _LOG.error("Worker %s has not moved for %.0f seconds and is ended.", hand.number + 1, hand.stillness)
            self._kill(hand)

    def _end(self) -> None:
        """Gracefully; at once where there is a second signal."""
        self._stopping = True
        self._signals.clear()
        for hand in self._hands.values():
            hand.process.terminate()
        end = time.monotonic() + GRACE + 5
        while self._hands and time.monotonic() < end and not self._signals:
            self._hear(PULSE)
        for hand in list(self._hands.values()):  # the second signal
            hand.process.terminate()
        end = time.monotonic() + 2
        while self._hands and time.monotonic() < end:
            self._signals.clear()
            self._hear(end - time.monotonic())
        for hand in list(self._hands.values()):
            self._kill(hand)

    @contextmanager
    def _place(self) -> Iterator[socket.socket]:
        host, port = self._listen.host, self._listen.port
        kind = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            place = socket.create_server((host, port), family=kind, backlog=BACKLOG)
        except OSError as error:
            told = f"{host} port {port} can't be listened on ({error.strerror}). Choose another address or port."
            raise Refused(told) from error
        place.setblocking(False)
        with place:
            yield place

    @contextmanager
    def _caught(self) -> Iterator[None]:
        """Signals end a wait, and are obeyed where nothing else is being done."""
        ours, theirs = socket.socketpair()
        for end in (ours, theirs):
            end.setblocking(False)
        self._selector.register(ours, selectors.EVENT_READ, None)
        numbers = [getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name)]
        before = {n: signal.signal(n, lambda number, _: self._signals.append(number)) for n in numbers}
        waker = signal.set_wakeup_fd(theirs.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(waker)
            for number, handler in before.items():
                signal.signal(number, handler)
            self._selector.unregister(ours)
            ours.close()
            theirs.close()


@dataclass(eq=False)
class _Hand:
    """What the parent knows of a worker."""

    number: int
    process: BaseProcess
    link: socket.socket
    since: float = field(default_factory=time.monotonic)
    rest: bytes = b""
    ready: bool = False
    failed: str = ""
    reply: Message | None = None
    state: Message | None = None
    still: float = 0.0  # seconds since its loop has turned, when it was heard last
    heard: float = field(default_factory=time.monotonic)

    @property
    def stillness(self) -> float:
        """Seconds since its loop has surely turned."""
        return self.still + max(0.0, time.monotonic() - self.heard - 2 * PULSE)


class _Link:
    """A worker's side of its pair of sockets: orders come, and questions go."""

    def __init__(self, end: socket.socket) -> None:
        self._end = end
        self._turn = threading.Lock()
        self._asked: dict[int, asyncio.Future[Message]] = {}
        self._numbers = count(1)
        self._loop: asyncio.AbstractEventLoop | None = None
        self._beat = time.monotonic()

    def say(self, message: Message) -> None:
        with self._turn:
            self._end.sendall(json.dumps(message).encode() + b"\n")

    async def asked(self, act: str, seconds: float) -> Any:
        """What the parent tells.

        Raises
        ------
        Refused
            If it refuses.
        StoreError
            If it does not answer.
        """
        number = next(self._numbers)
        self._asked[number] = future = asyncio.get_running_loop().create_future()
        try:
            self.say({"ask": number, "act": act})
            told = await asyncio.wait_for(future, seconds)
        except (TimeoutError, OSError):
            raise StoreError("The other workers can't be asked now. Try again.") from None
        finally:
            del self._asked[number]
        if "error" in told:
            raise Refused(told["error"])
        return told["told"]

    def begin(self, service: Worker, loop: asyncio.AbstractEventLoop) -> None:
        """Take orders from now on; the parent knows that this one is ready."""
        self._loop = loop
        self._move()
        threading.Thread(target=self._obey, args=(service,), name="orders", daemon=True).start()
        self.say({"ready": True})

    def _move(self) -> None:
        self._beat = time.monotonic()
        assert self._loop is not None
        self._loop.call_later(PULSE / 2, self._move)

    def _obey(self, service: Worker) -> None:
        with suppress(OSError), self._end.makefile("rb") as lines:
            for line in lines:
                self._take(json.loads(line), service)
        os.kill(os.getpid(), signal.SIGTERM)  # without a parent nobody could end this process any more

    def _take(self, message: Message, service: Worker) -> None:
        if "answer" in message:
            assert self._loop is not None
            self._loop.call_soon_threadsafe(self._answered, message)
        elif message["act"] == "pulse":
            self.say(
                {"did": message["order"], "still": time.monotonic() - self._beat, "state": service.metrics.state()}
            )
        else:
            self.say({"did": message["order"], **_done(service, message)})

    def _answered(self, message: Message) -> None:
        future = self._asked.get(message["answer"])
        if future is not None and not future.done():
            future.set_result(message)


def _done(service: Worker, message: Message) -> Message:
    try:
        service.stand(message)
    except Exception as error:  # noqa: BLE001 - the parent forks another one, whatever is wrong with this one
        return {"error": f"{type(error).__name__}: {error}"}
    return {}


def _work(link: _Link, parent: Workers, number: int) -> None:
    """A worker's life: a service, a loop, an end."""
    from workbench.scoring.server import SharingServer

    try:
        service = parent._build(parent.traffic, Worker)
        assert isinstance(service, Worker)
        service.join(link, parent.traffic, parent._rate)
        config = configured(service, parent._listen)
        config.load()
    except (WorkbenchError, OSError) as error:
        link.say({"failed": str(error)})
        raise SystemExit(2) from None
    parent._counts[number] = 0

    def close() -> None:
        if service.log is not None:
            service.log.close()

    server = SharingServer(
        config, close, parent._socket, parent._counts, number,
        lambda: link.begin(service, asyncio.get_running_loop()),
    )  # fmt: skip
    try:
        server.run()
    finally:
        close()


def _usual_signals() -> None:
    """A worker ends when the parent says so: Ctrl-C and a hang-up of the terminal reach the whole group."""
    signal.set_wakeup_fd(-1)
    for name, handler in (("SIGINT", signal.SIG_IGN), ("SIGHUP", signal.SIG_IGN), ("SIGTERM", signal.SIG_DFL)):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), handler)
    # What is written at the end of the parent is the parent's.
    sys.stderr.flush()


def _told_of(traffic: Traffic) -> Message:
    """What answers, as a worker can find it."""
    trial = traffic.trial
    return {
        "champion": _bundle(traffic.champion),
        "before": None if traffic.before is None else _bundle(traffic.before),
        "trial": None if trial is None else {"rollout": trial.rollout.to_dict(), "bundle": _bundle(trial.scorer)},
        "arms": [arm.name for arm in traffic.arms],
    }


def _bundle(scorer: Scorer) -> Message:
    return {"folder": str(Path(scorer.bundle.path).absolute()), "identity": _identity(scorer.bundle)}


def _identity(bundle: Bundle) -> str:
    """A folder may hold another version a moment later."""
    return hashlib.sha256(json.dumps(bundle.to_dict(), sort_keys=True, default=str).encode()).hexdigest()


def _loaded(traffic: Traffic, told: Mapping[str, Any]) -> Scorer | None:
    there = (traffic.champion, *traffic.others, *((traffic.before,) if traffic.before else ()))
    return next((one for one in there if _identity(one.bundle) == told["identity"]), None)


def _warmed(scorer: Scorer) -> Scorer:
    """With its paths found, once and for all workers. Not of a pipeline: its libraries' threads don't live on."""
    if scorer.bundle.compiled and not scorer.without_reasons:
        scorer.model.explain({name: [None] for name in scorer.features})
    return scorer


def _of_workers(told: Message) -> str:
    return (
        f"# TYPE workbench_workers gauge\nworkbench_workers {told['workers']}\n"
        f"# TYPE workbench_worker_restarts_total counter\nworkbench_worker_restarts_total {told['restarts']}\n"
    )
