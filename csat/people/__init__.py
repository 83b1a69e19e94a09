"""Contacts, agents, teams and the keys of machines; who must not be written to."""
