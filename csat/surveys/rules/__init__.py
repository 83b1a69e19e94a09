"""Who is asked: the settings, and the gates judged when a conversation resolves."""
