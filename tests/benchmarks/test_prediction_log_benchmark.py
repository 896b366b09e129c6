"""The benchmark of the prediction log runs, and its figures are those of records that were kept."""

import prediction_log


def test_each_way_keeps_records_and_is_told(tmp_path, capsys):
    kept = tmp_path / "log.md"

    assert prediction_log.main(["--seconds", "0.1", "--records", "6000", "--results", str(kept)]) == 0

    cells = [
        line.split("|")[1:5] for line in kept.read_text().splitlines() if line.startswith(("| ours", "| a", "| SQ"))
    ]
    assert [cell[0].strip() for cell in cells] == list(prediction_log.WAYS)
    assert all(float(number.replace(",", "")) > 0 for cell in cells for number in cell[1:])
    lines = [line.split("|") for line in kept.read_text().splitlines() if line.startswith(("| live", "| sealed"))]
    live, sealed = (float(line[2].replace(",", "")) for line in lines)
    assert min(live, sealed) > 20
    assert max(live, sealed) < 5_000  # of few records the most is the journal
    assert capsys.readouterr().out.startswith("# The prediction log")
