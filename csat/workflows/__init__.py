"""Workflows: an event triggers steps, and each step is recorded."""
