"""Contacts, agents, teams and the keys of machines; suppressed addresses and opt-outs."""
