"""Reports come to people by themselves: digests of a saved view, and links that show one without a login."""
