"""Callbacks of providers: verified by their signature, read into events, and answered."""
