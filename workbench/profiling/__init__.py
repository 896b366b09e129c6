"""Dataset in, Profile out: reading tables, statistics, findings, comparing and merging profiles."""
