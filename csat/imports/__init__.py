"""Past conversations and ratings, from files: read, mapped, stored, and undone."""
