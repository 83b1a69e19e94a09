"""A channel that is not there yet: its file, its words, and what must go by itself once its two lines are
written.
"""
