"""Conversations: one session on one channel, from intake to resolution."""
