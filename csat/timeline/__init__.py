"""Append-only facts: written once, in the transaction of the change they tell of."""
