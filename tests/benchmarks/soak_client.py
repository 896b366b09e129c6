"""The clients of the soak: single rows, reasons, batches, labels, bad rows and clients that leave, all at once.

``python soak_client.py PORT CLIENTS SECONDS ROWS_FILE SEED``: the file holds a JSON list of good rows. Each second a
line of JSON says, by kind of request, how many were answered, how long they took and what was answered otherwise than
it should; the last line says how many rows got an answer.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter, defaultdict
from pathlib import Path

from serving_client import whole

# How often of a hundred requests each kind is sent, and the status that it should get.
KINDS = {"row": (66, 200), "reasons": (12, 200), "batch": (3, 200), "feedback": (12, 200), "bad": (4, 422),
         "metrics": (1, 200), "health": (1, 200), "leave": (1, 0)}  # fmt: skip
BATCH = 100
IDS = 200  # the last so many answers may get a label
PATIENCE = 60.0  # seconds without an answer are a failure


class Seen:
    """What the clients saw since the last line, and in all."""

    def __init__(self) -> None:
        self.waits: dict[str, list[float]] = defaultdict(list)
        self.failed: Counter[str] = Counter()
        self.rows = self.left = 0

    def line(self, at: float) -> str:
        kinds = {kind: spread(waits) for kind, waits in self.waits.items()}
        told = {"t": round(at, 3), "kinds": kinds, "failed": dict(self.failed)}
        self.waits, self.failed = defaultdict(list), Counter()
        return json.dumps(told)


def spread(waits: list[float]) -> dict[str, float]:
    """Number and percentiles in milliseconds."""
    ordered = sorted(waits)
    at = {name: round(1000 * ordered[int(q * (len(ordered) - 1))], 3) for name, q in
          (("p50", 0.5), ("p99", 0.99), ("most", 1.0))}  # fmt: skip
    return {"n": len(ordered), **at}


class Client(asyncio.Protocol):
    """A connection with one request under way; it is opened again where a client has left."""

    def __init__(self, port: int, rows: list[dict], rng: random.Random, seen: Seen, end: float) -> None:
        self.port, self.rows, self.rng, self.seen, self.end = port, rows, rng, seen, end
        self.buffer, self.kind, self.ids = b"", "", []
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def run(self) -> None:
        loop = asyncio.get_running_loop()
        while time.perf_counter() < self.end:
            self.done = loop.create_future()
            try:
                await loop.create_connection(lambda: self, "127.0.0.1", self.port)
                await self.done
            except OSError as error:
                self.seen.failed[f"{type(error).__name__} at connecting"] += 1
                await asyncio.sleep(0.05)

    def connection_made(self, transport) -> None:
        self.transport, self.buffer = transport, b""
        self.ask()

    def ask(self) -> None:
        kinds = [kind for kind in KINDS if self.ids or kind != "feedback"]
        self.kind = self.rng.choices(kinds, [KINDS[kind][0] for kind in kinds])[0]
        self.began = time.perf_counter()
        message = self.message()
        if self.kind == "leave":  # in the middle of its request, or of its answer
            self.seen.left += BATCH
            half = self.rng.random() < 0.5
            self.transport.write(message[: len(message) // 2] if half else message)
            self.transport.abort() if half else self.transport.close()
        else:
            self.transport.write(message)

    def message(self) -> bytes:
        pick = self.rng.choice
        if self.kind in ("metrics", "health"):
            return f"GET /{self.kind} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n\r\n".encode()
        if self.kind == "feedback":
            return self.post("/feedback", {"id": pick(self.ids), "label": pick(("<=50K", ">50K"))})
        if self.kind == "bad":
            row = pick(self.rows)
            return self.post("/predict", {**row, next(n for n, v in row.items() if isinstance(v, int)): "many"})
        if self.kind in ("batch", "leave"):
            start = self.rng.randrange(len(self.rows) - BATCH)
            return self.post("/predict?reasons=0", {"rows": self.rows[start : start + BATCH]})
        return self.post(f"/predict?reasons={3 * (self.kind == 'reasons')}", pick(self.rows))

    def post(self, path: str, content: object) -> bytes:
        body = json.dumps(content).encode()
        head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\nContent-Type: application/json\r\n"
        return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not whole(self.buffer):
            return
        now = time.perf_counter()
        answer, self.buffer = self.buffer, b""
        self.take(answer, now)
        if now < self.end:
            self.ask()
        else:
            self.transport.close()

    def take(self, answer: bytes, now: float) -> None:
        self.seen.waits[self.kind].append(now - self.began)
        status = int(answer[9:12])
        if status != KINDS[self.kind][1]:
            body = answer.partition(b"\r\n\r\n")[2][:120].decode(errors="replace")
            self.seen.failed[f"{status} to {self.kind}: {body}"] += 1
        elif self.kind in ("row", "reasons"):
            self.seen.rows += 1
            self.ids = [*self.ids[1 - IDS :], answer.partition(b'"id":"')[2].partition(b'"')[0].decode()]
        elif self.kind == "batch":
            self.seen.rows += BATCH

    def connection_lost(self, error) -> None:
        if self.kind != "leave" and time.perf_counter() < self.end:
            self.seen.failed[f"closed before the answer to {self.kind}"] += 1
        if not self.done.done():
            self.done.set_result(None)

    def overdue(self) -> None:
        """A request that gets no answer is one failure, and its connection is given up."""
        if not self.done.done() and time.perf_counter() - self.began > PATIENCE:
            self.transport.abort()


async def soak(port: int, clients: int, seconds: float, rows: list[dict], seed: int) -> None:
    seen, begin = Seen(), time.perf_counter()
    rng = random.Random(seed)
    made = [Client(port, rows, random.Random(rng.random()), seen, begin + seconds) for _ in range(clients)]
    running = asyncio.gather(*(client.run() for client in made))
    while not running.done():
        await asyncio.wait([running], timeout=1.0)
        for client in made:
            client.overdue()
        print(seen.line(time.perf_counter() - begin), flush=True)
    await running
    print(json.dumps({"rows": seen.rows, "left": seen.left}), flush=True)


def main() -> None:
    port, clients, seconds, file, seed = sys.argv[1:]
    asyncio.run(soak(int(port), int(clients), float(seconds), json.loads(Path(file).read_text()), int(seed)))


if __name__ == "__main__":
    main()
