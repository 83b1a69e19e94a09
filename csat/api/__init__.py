"""The REST API, and the callbacks of providers."""
