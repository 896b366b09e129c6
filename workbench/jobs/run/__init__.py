"""The process of one job: its kernel, its cells, its output, its guardian, and what it keeps."""
