"""The benchmark of memory: its own machinery on a small table, and what it is for on a larger one."""

import dataset_memory
import profiling_tables


def test_every_way_is_measured(tmp_path, capsys):
    dataset_memory.main(["--table", "mixed 20k x 20", "--cache", str(tmp_path)])

    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 + len(dataset_memory.WAYS)
    assert all(30 < float(line.split("|")[2]) < 2000 for line in lines[2:])


def test_a_dataset_takes_less_than_its_table_does(tmp_path):
    """With 600,000 rows, 100 MB of values; the difference grows with every further one."""
    path = tmp_path / "t.parquet"
    profiling_tables.write_mixed(path, 600_000)

    kept = dataset_memory.peak(dataset_memory.DATASET, path)
    read = dataset_memory.peak(f"{dataset_memory.DATASET}; data.table", path)

    assert kept < read - 50
