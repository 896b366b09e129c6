"""What is said on a zygote's socket: one line of JSON each way, and descriptors beside it."""

from __future__ import annotations

import array
import json
import socket
import struct
from typing import Any

MOST = 4_000_000  # bytes of a request: an environment has at most two million
SECONDS = 5.0  # that one side waits for a line of the other
MOST_FILES = 8


def send(to: socket.socket, said: dict[str, Any], files: tuple[int, ...] = ()) -> None:
    """Say one line."""
    line = json.dumps(said).encode() + b"\n"
    sent = to.sendmsg([line], [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", files))] if files else [])
    if sent < len(line):
        to.sendall(line[sent:])


def hear(by: socket.socket) -> tuple[dict[str, Any], tuple[int, ...]] | None:
    """One line and the descriptors that came with it, which are the caller's from now on; None at the end.

    Raises
    ------
    ValueError
        If it is no line of JSON.
    """
    line, files = b"", array.array("i")
    while not line.endswith(b"\n"):
        some, beside, _, _ = by.recvmsg(65536, socket.CMSG_SPACE(MOST_FILES * files.itemsize), socket.MSG_CMSG_CLOEXEC)
        for level, kind, data in beside:
            if level == socket.SOL_SOCKET and kind == socket.SCM_RIGHTS:
                files.frombytes(data[: len(data) - len(data) % files.itemsize])
        line += some
        if not some:
            return None
        if len(line) > MOST:
            raise ValueError("the line is too long")
    said = json.loads(line)
    if not isinstance(said, dict):
        raise ValueError("the line is no object")
    return said, tuple(files)


def peer(of: socket.socket) -> tuple[int, int]:
    """Number of the process at the other end, and its user's."""
    pid, uid, _ = struct.unpack("3i", of.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i")))
    return pid, uid
