"""Run in, Bundle out: the folder that ships, its verification and its registration."""
