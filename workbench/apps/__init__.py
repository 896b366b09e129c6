"""What the Voila notebooks call: pages from stored reports, fast and without raw data."""
