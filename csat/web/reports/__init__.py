"""Reports and data export."""
