"""What probes and Prometheus read."""
