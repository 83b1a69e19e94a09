"""Telling other systems: endpoints, and one call for each event each of them asked for."""
