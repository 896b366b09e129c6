"""Dataset in, Profile out: statistics, findings, comparing and merging profiles."""
