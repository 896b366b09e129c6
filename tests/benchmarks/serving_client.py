"""The one client of all servers: keep-alive, closed loop, on loopback. Prints what it saw as JSON.

``python serving_client.py PORT PATH CLIENTS SECONDS REQUESTS_FILE``: the file holds a JSON list of bodies as texts.

Where wrk is installed, wrk asks: it takes a twentieth of the processor that a client in Python takes, and leaves the
rest to the servers. Else the client is the one below.
"""

import asyncio
import json
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

MOST_REQUESTS = 2_000_000


def request(port: int, path: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Client(asyncio.Protocol):
    """One connection that always has one request under way."""

    def __init__(self, requests: list[bytes], start: int, end: float) -> None:
        self.requests, self.next, self.end = requests, start, end
        self.waits: list[float] = []
        self.failed = 0
        self.buffer = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport) -> None:
        self.transport = transport
        self.ask()

    def ask(self) -> None:
        self.began = time.perf_counter()
        self.transport.write(self.requests[self.next % len(self.requests)])
        self.next += 1

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        if not whole(self.buffer):
            return
        now = time.perf_counter()
        self.waits.append(now - self.began)
        self.failed += not self.buffer.startswith(b"HTTP/1.1 200")
        self.buffer = b""
        if now < self.end and len(self.waits) < MOST_REQUESTS:
            self.ask()
        else:
            self.transport.close()

    def connection_lost(self, error) -> None:
        self.failed += time.perf_counter() < self.end and len(self.waits) < MOST_REQUESTS
        self.done.set_result(None)


def whole(answer: bytes) -> bool:
    head, separator, body = answer.partition(b"\r\n\r\n")
    if not separator:
        return False
    lowered = head.lower()
    if b"transfer-encoding: chunked" in lowered:
        return body.endswith(b"0\r\n\r\n")
    return len(body) >= int(lowered.split(b"content-length:")[1].split(b"\r\n")[0])


async def measure(port: int, requests: list[bytes], clients: int, seconds: float) -> list[Client]:
    loop, end = asyncio.get_running_loop(), time.perf_counter() + seconds
    step = len(requests) // clients or 1
    made = [
        (await loop.create_connection(lambda i=i: Client(requests, i * step, end), "127.0.0.1", port))[1]
        for i in range(clients)
    ]
    await asyncio.gather(*(client.done for client in made))
    return made


def of_python(port: int, path: str, bodies: list[str], clients: int, seconds: float) -> dict[str, float]:
    requests = [request(port, path, body.encode()) for body in bodies]
    start = time.perf_counter()
    made = asyncio.run(measure(port, requests, clients, seconds))
    took = time.perf_counter() - start
    waits = sorted(w for client in made for w in client.waits)
    failed = sum(c.failed for c in made)
    found = {"p50": None, "p99": None, "rps": (len(waits) - failed) / took, "n": len(waits), "failed": failed}
    if waits:
        found |= {"p50": 1000 * statistics.median(waits), "p99": 1000 * waits[int(0.99 * (len(waits) - 1))]}
    return found


# Every connection takes the next body; a body in long brackets needs no escaping.
SCRIPT = """
local bodies, requests, at = {%s}, {}, 0
init = function()
    local headers = {["Content-Type"] = "application/json"}
    for i, body in ipairs(bodies) do requests[i] = wrk.format("POST", "%s", headers, body) end
end
request = function()
    at = at %% #requests + 1
    return requests[at]
end
done = function(summary, latency, all)
    local errors = summary.errors
    local failed = errors.status + errors.connect + errors.read + errors.write + errors.timeout
    io.write(string.format('\\n{"n": %%d, "seconds": %%.6f, "failed": %%d, "p50": %%.6f, "p99": %%.6f}',
        summary.requests, summary.duration / 1e6, failed, latency:percentile(50) / 1000, latency:percentile(99) / 1000))
end
"""


def of_wrk(port: int, path: str, bodies: list[str], clients: int, seconds: float) -> dict[str, float]:
    if any("]====]" in body for body in bodies):
        raise ValueError("A body ends the script's bracket. Use other rows.")
    with tempfile.TemporaryDirectory() as folder:
        script = Path(folder) / "requests.lua"
        script.write_text(SCRIPT % (",".join(f"[====[{body}]====]" for body in bodies), path))
        command = ["wrk", "-t1", f"-c{clients}", f"-d{max(1, round(seconds))}s", "--timeout", "30s", "-s", str(script)]
        done = subprocess.run([*command, f"http://127.0.0.1:{port}"], check=True, capture_output=True, text=True)
    found = json.loads(done.stdout.splitlines()[-1])
    return {**found, "rps": max(found["n"] - found["failed"], 0) / found["seconds"]}


def main() -> None:
    port, path, clients, seconds, file = sys.argv[1:]
    bodies, ask = json.loads(Path(file).read_text()), of_wrk if shutil.which("wrk") else of_python
    first = of_python(int(port), path, bodies, 1, min(0.5, float(seconds) / 4))  # these warm the server
    found = ask(int(port), path, bodies, int(clients), float(seconds))
    print(json.dumps({**found, "asked": found["n"] + first["n"]}))


if __name__ == "__main__":
    main()
