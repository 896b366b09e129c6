"""The benchmark of pages: what is measured becomes a table with ratios, and our page that it looks at is there."""

import os
import urllib.request

import pages
import psutil
import pytest

COSTS = [
    pages.Cost("Workbench", 1.0, 0.1, 0.2, 0.5, 0.01, 0.1, 60.0, 20.0),
    pages.Cost("Workbench, with a slider's kernel", 1.0, 0.5, 2.0, 8.0, 0.2, 22.0, 60.0, 2000.0),
    pages.Cost("Streamlit", 2.0, 1.0, 4.0, 10.0, 0.5, 1.0, 170.0, 4000.0),
    pages.Cost("Panel", 4.0, 2.0, 3.0, 7.5, 0.1, 2.0, 120.0, 3000.0),
]


def test_each_page_is_a_line_and_the_best_of_the_peers_is_set_beside_ours():
    told = pages.section(COSTS, 8)

    assert told.count("\n| ") == 1 + len(COSTS)
    assert "until it is read 15.0 x; all at once 15.0 x; CPU 10.0 x" in told
    assert "bytes 150.0 x" in told


def test_the_section_is_replaced_and_others_stay(tmp_path):
    kept = tmp_path / "MONITORING.md"
    kept.write_text("# Monitoring, measured\n\n## What pages cost\n\nold\n\n## Behind\n\nkept\n", encoding="utf-8")

    kept.write_text(pages.replaced(kept, pages.section(COSTS, 8)), encoding="utf-8")

    told = kept.read_text("utf-8")
    assert "old" not in told
    assert told.endswith("\n## Behind\n\nkept\n")
    assert pages.replaced(kept, pages.section(COSTS, 8)).count(pages.HEAD) == 1


@pytest.mark.slow
def test_our_page_is_served_and_measured(tmp_path):
    """By the command that the benchmark starts; its processes are found, and their memory."""
    home = tmp_path / "home"
    plain = pages.stored(home)

    with pages.serving(pages.PAGES[0], tmp_path, home, plain) as (base, server):
        text = urllib.request.urlopen(base + pages.PAGES[0].path).read().decode()

        assert pages.INCIDENT in text
        assert pages.memory(server) > 10
        assert pages.cpu(server) > 0
    assert not psutil.pid_exists(server.pid) or os.name != "posix"
