"""Notebook and parameters in, Job out."""
