"""Python processes that start at once: forks of one that has imported what notebooks import, and computed nothing."""
