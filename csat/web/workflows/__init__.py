"""The list of workflows, the builder, the runs."""
