"""The wiring: which signal leads to which verb. Reads like a table of contents."""
