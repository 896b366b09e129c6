"""Two jobs side by side: what went in, what came out, what differs each time anyhow, and why."""
