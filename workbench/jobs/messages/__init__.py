"""Who is told of a job, once."""
