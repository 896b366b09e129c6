"""Run in, Explanation out."""
