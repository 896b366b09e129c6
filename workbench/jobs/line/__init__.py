"""Whose turn it is: tickets, slots, tries, what waits for what, and the start of a process."""
