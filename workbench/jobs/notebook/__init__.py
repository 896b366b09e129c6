"""What a job asks of a notebook before it runs: its parameters, its kernel, the order of its cells, its results."""
