"""What guards files: writes in one step, locks, checksums, signatures, the registry, MLflow's store, the audit log."""
