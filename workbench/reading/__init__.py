"""Whatever people bring becomes typed chunks and a reading: the one door by which values come in."""
