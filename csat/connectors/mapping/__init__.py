"""Any JSON by rows that people write: which part of it is what of a conversation."""
