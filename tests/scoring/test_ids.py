"""Ids of rows and requests: never twice, not in threads and not in a forked process."""

from __future__ import annotations

import os
import re
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.scoring.ids import AT_ONCE, new_id


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
