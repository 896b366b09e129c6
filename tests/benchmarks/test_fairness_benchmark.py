"""The benchmark of fairness runs, and its values are fairlearn's."""

import re

import fairness
import pytest


@pytest.mark.slow
def test_values_are_equal_and_a_sample_costs_less(tmp_path, capsys, shared_table):
    shared_table("adult.csv")
    kept = tmp_path / "fairness.md"

    assert fairness.main(["--rows", "3000", "--samples", "20", "--theirs", "2", "--results", str(kept)]) == 0

    told = kept.read_text(encoding="utf-8")
    assert float(re.search(r"Largest difference of the values: (\S+)\.\n", told)[1]) < 1e-12
    pairs = re.findall(r"^\| \w+_difference \| (\S+) \| .* \| (\S+) \|$", told, re.MULTILINE)
    assert len(pairs) == 3
    assert all(ours == theirs for ours, theirs in pairs)
    assert all(
        float(apart) < 1e-9 for apart in re.findall(r"^\| \w+ \| \S+ \| \S+ \| (\S+) \|$", told, re.MULTILINE)[-3:]
    )
    assert float(re.search(r"costs (\S+) times", told)[1].replace(",", "")) > 5
    assert capsys.readouterr().out.startswith("# Measures of groups")
