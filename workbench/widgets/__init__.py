"""What a notebook shows while something happens."""
