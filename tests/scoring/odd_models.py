"""Models that do what a model must not, for services that must bear it."""

import threading

from workbench.scoring.costs import Cost, Price
from workbench.scoring.runtime import Scorer
from workbench.scoring.service import Service

LONG = 30.0  # seconds after which a test says that it waited for ever
DEAR = Price(Cost(0.0, 0.05))  # of which no row is scored inside the event loop, and each is a slice
CHEAP = Price(Cost(0.0, 1e-5))


class Odd:
    """A model that does something else first."""

    unit = "log-odds"

    def __init__(self, inner, act):
        self.inner, self.act = inner, act

    def predict(self, columns):
        return self._answered(self.inner.predict, columns)

    def explain(self, columns):
        return self._answered(self.inner.explain, columns)

    def _answered(self, method, columns):
        instead = self.act(columns)
        return method(columns) if instead is None else instead


class Gate:
    """Holds every call until it is opened, and counts them."""

    def __init__(self):
        self.calls, self._open, self._come = 0, threading.Event(), threading.Semaphore(0)

    def __call__(self, columns):
        self.calls += 1
        self._come.release()
        assert self._open.wait(LONG)

    def come(self):
        """Wait until one more call is there."""
        assert self._come.acquire(timeout=LONG)

    def open(self):
        self._open.set()


def but_last_digits(told):
    """JSON with 12 digits of each number: on some processors the last ones depend on the rows beside a row."""
    if isinstance(told, dict):
        return {name: but_last_digits(value) for name, value in told.items()}
    if isinstance(told, list):
        return [but_last_digits(value) for value in told]
    return float(f"{told:.12g}") if isinstance(told, float) else told


def odd(scorer: Scorer, act) -> Scorer:
    """The scorer, with a model that acts first."""
    scorer.model = Odd(scorer.model, act)
    return scorer


def priced(service: Service, price: Price = DEAR, *others: Scorer) -> Service:
    """The service, with what rows of its versions cost known without a clock."""
    for scorer in (*service.traffic.all, *others):
        station = service.answering._station(scorer)
        station.warm()
        station.price = Price(price._plain, price._explained)
    return service
