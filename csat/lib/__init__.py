"""What knows nothing of CSAT and could move to another project."""
