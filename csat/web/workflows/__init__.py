"""Workflows: the list, the builder, the runs. For managers."""
