"""What comes back: ratings, comments, replies on the channel itself, and follow-ups."""
