"""Webhooks: the endpoints of other systems, and one signed request for each event they subscribe to."""
