"""Help desks whose conversations come in by themselves, and that get the scores back."""
