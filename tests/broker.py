"""A broker of MQTT on this machine, and what was published there."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

USER, PASSWORD = "anna", "correct-horse"


@dataclass
class Broker:
    """Mosquitto that asks for a login."""

    port: int
    heard: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def address(self, topic: str, password: str = PASSWORD) -> str:
        """Of a topic, with the login in it."""
        return f"mqtt://{USER}:{password}@127.0.0.1:{self.port}/{topic}"

    def until(self, messages: int) -> list[tuple[str, dict[str, Any]]]:
        """What was heard, once it is so much."""
        end = time.monotonic() + 30
        while len(self.heard) < messages:
            assert time.monotonic() < end, f"{len(self.heard)} of {messages} messages were heard"
            time.sleep(0.02)
        return self.heard


def _free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    """One that somebody listens to."""
    path = os.pathsep.join([os.environ.get("PATH", ""), "/usr/sbin"])
    found, passwords = shutil.which("mosquitto", path=path), shutil.which("mosquitto_passwd", path=path)
    if found is None or passwords is None:
        message = "mosquitto is not on the PATH; Debian has it in the package of that name"
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(message)
    import paho.mqtt.client as mqtt

    made, env, folder = Broker(_free_port()), dict(os.environ), tmp_path / "broker"
    folder.mkdir()
    subprocess.run(
        [passwords, "-c", "-b", folder / "passwords", USER, PASSWORD], check=True, capture_output=True, env=env
    )
    (folder / "passwords").chmod(0o644)
    lines = (f"listener {made.port} 127.0.0.1", "allow_anonymous false", f"password_file {folder / 'passwords'}",
             f"user {os.environ.get('USER', 'root')}", "persistence false")  # fmt: skip
    (folder / "mosquitto.conf").write_text("\n".join(lines) + "\n", encoding="utf-8")
    process = subprocess.Popen([found, "-c", folder / "mosquitto.conf"], stderr=subprocess.PIPE, env=env)
    listener = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2)
    listener.username_pw_set(USER, PASSWORD)
    subscribed: list[bool] = []
    listener.on_connect = lambda client, *_: client.subscribe("#", qos=1)
    listener.on_subscribe = lambda *_: subscribed.append(True)
    listener.on_message = lambda _client, _data, one: made.heard.append((one.topic, json.loads(one.payload)))
    try:
        _connect(listener, made.port, process)
        listener.loop_start()
        end = time.monotonic() + 30
        while not subscribed:
            assert time.monotonic() < end, "the broker takes no subscription"
            time.sleep(0.02)
        yield made
    finally:
        listener.disconnect()
        listener.loop_stop()
        process.terminate()
        process.communicate(timeout=30)


def _connect(client: Any, port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            client.connect("127.0.0.1", port)
            return
        except OSError:
            assert process.poll() is None, process.communicate()[1].decode()
            assert time.monotonic() < end, "the broker does not listen"
            time.sleep(0.02)
