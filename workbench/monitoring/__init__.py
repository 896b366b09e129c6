"""Bundle and what it saw in, MonitorReport out; then retraining, promotion and rollback."""
