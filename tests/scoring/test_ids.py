"""Ids of rows and requests: never twice, not in threads and not in a forked process."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor
from time import sleep

import pytest

from workbench.scoring import ids
from workbench.scoring.ids import AT_ONCE, new_id, new_ids


def test_ids_are_random_and_never_twice():
    made = [new_id() for _ in range(3 * AT_ONCE)]

    assert len(set(made)) == len(made)
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in made)


def test_threads_share_no_id():
    with ThreadPoolExecutor(8) as pool:
        made = [one for part in pool.map(lambda _: [new_id() for _ in range(500)], range(8)) for one in part]

    assert len(set(made)) == len(made)


@pytest.mark.skipif(sys.platform == "win32", reason="no fork")
def test_a_forked_process_makes_others():
    new_id()
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        os.write(writing, new_id().encode())
        os._exit(0)
    os.waitpid(child, 0)

    assert os.read(reading, 32).decode() not in {new_id() for _ in range(AT_ONCE)}


def test_ids_of_rows_are_never_twice_and_in_the_order_of_their_time():
    first = new_ids(1000)
    sleep(0.002)
    later = new_ids(1) + new_ids(3)

    assert len({*first, *later}) == 1004
    assert all(re.fullmatch("[0-9a-f]{32}", one) for one in (*first, *later))
    assert max(one[:12] for one in first) < min(one[:12] for one in later)


def test_each_id_has_random_bits_of_its_own(monkeypatch):
    """Whoever sees one id must not know a part of another."""
    counted = b"".join(i.to_bytes(4, "big") for i in range(4 * AT_ONCE))
    monkeypatch.setattr(ids, "_ready", [])
    monkeypatch.setattr(ids.os, "urandom", lambda n: counted[:n])

    made = [new_id() for _ in range(AT_ONCE)]

    assert len({one[i : i + 8] for one in made for i in range(0, 32, 8)}) == 4 * AT_ONCE


@pytest.mark.parametrize("n", [1, 3])
def test_an_id_of_a_row_begins_with_the_milliseconds_of_its_moment(monkeypatch, n):
    monkeypatch.setattr(ids, "time_ns", lambda: 1_767_225_600_123_999_999)

    assert {int(one[:12], 16) for one in new_ids(n)} == {1_767_225_600_123}
