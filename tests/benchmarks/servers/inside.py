"""``python inside.py SECONDS BUNDLE LOG REQUESTS…``: the parts of a request inside our process, in milliseconds.

Each part is repeated for the seconds. A JSON list with an object for each file of requests: one row's, a thousand's.
Runs with the runtime that the bundle carries, in the environment of the service, without the HTTP server.
"""

import asyncio
import json
import statistics
import sys
import time
from pathlib import Path

BUNDLE, LOG, *REQUESTS = map(Path, sys.argv[2:])
sys.path.insert(0, str(BUNDLE / "scoring"))

from workbench.core.checking import Checker  # noqa: E402 - the path comes first
from workbench.scoring.bodies import read_json, rows_of_json  # noqa: E402
from workbench.scoring.http import answer_json  # noqa: E402
from workbench.scoring.log import PredictionLog  # noqa: E402
from workbench.scoring.runtime import Scorer  # noqa: E402
from workbench.scoring.service import Service  # noqa: E402

SECONDS, MOST = float(sys.argv[1]), 1500  # of each part


def main() -> None:
    scorer = Scorer(BUNDLE)
    scorer.model.prepare()  # the tables of the reasons, which the service makes behind its first answers
    log = PredictionLog(LOG, scorer.sensitive)
    service, silent = Service(scorer, log), Service(scorer)
    found = []
    for file in REQUESTS:
        bodies = [body.encode() for body in json.loads(file.read_text())]
        wholes = {"whole request": asked(service, bodies, b"reasons=0"),
                  "whole, without the log": asked(silent, bodies, b"reasons=0"),
                  "whole, with reasons": asked(service, bodies, b"")}  # fmt: skip
        found.append({**parts(scorer, bodies), **wholes})
    log.close()
    print(json.dumps(found))


def parts(scorer: Scorer, bodies: list[bytes]) -> dict[str, float]:
    rows = [rows_of_json(read_json(body))[0] for body in bodies]
    check = Checker(scorer.contract, scorer.features)
    columns = [check(some).columns for some in rows]
    encode, walk = trees(scorer)
    encoded = [encode(one) for one in columns]
    answers = [scorer.predict(some, 0) for some in rows]
    return {
        "read the JSON": median_ms(lambda i: rows_of_json(read_json(bodies[i])), bodies),
        "check against the contract": median_ms(lambda i: check(rows[i]), rows),
        "encode": median_ms(lambda i: encode(columns[i]), columns),
        "tree walk alone": median_ms(lambda i: walk(encoded[i]), encoded),
        "write the JSON": median_ms(lambda i: answer_json({"predictions": answers[i]}), answers),
        "reasons, where asked": median_ms(lambda i: scorer.model.explain(columns[i]), columns),
    }


def trees(scorer: Scorer) -> tuple:
    """What makes the trees' input of columns, and what walks them: by look-up where the model has one."""
    model = scorer.model
    return (model.lookup.codes, model.lookup.predict) if model.lookup else (model.encode, model.model.predict)


def median_ms(act, over: list) -> float:
    waits: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(waits) < MOST and time.perf_counter() < end:
        start = time.perf_counter()
        act(len(waits) % len(over))
        waits.append(time.perf_counter() - start)
    return 1000 * statistics.median(waits)


def asked(service: Service, bodies: list[bytes], query: bytes) -> float:
    """The ASGI application, called as the server calls it: inside one loop of events, which each request goes on in."""
    return asyncio.run(_asked(service, bodies, query))


async def _asked(service: Service, bodies: list[bytes], query: bytes) -> float:
    waits: list[float] = []
    end = time.perf_counter() + SECONDS
    while len(waits) < MOST and time.perf_counter() < end:
        receive = receiver(bodies[len(waits) % len(bodies)])
        start = time.perf_counter()
        await service(scope(query), receive, nowhere)
        waits.append(time.perf_counter() - start)
    return 1000 * statistics.median(waits)


def scope(query: bytes) -> dict:
    headers = [(b"host", b"127.0.0.1:1"), (b"content-type", b"application/json")]
    return {"type": "http", "method": "POST", "path": "/predict", "query_string": query, "headers": headers,
            "client": ("127.0.0.1", 1)}  # fmt: skip


def receiver(body: bytes):
    """The body once; whoever waits then for the client to leave waits as long as the client stays."""
    left = [{"type": "http.request", "body": body, "more_body": False}]

    async def receive() -> dict:
        return left.pop() if left else await asyncio.get_running_loop().create_future()

    return receive


async def nowhere(message: dict) -> None:
    pass


if __name__ == "__main__":
    main()
