"""The survey's life: who is asked, how it reaches them, what they answered."""
