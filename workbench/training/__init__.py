"""Dataset in, Run out: candidates, search, validation, metrics."""
