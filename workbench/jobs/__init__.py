"""Notebook and parameters in, Job out: each runs in a process of its own and leaves a record that is true."""
