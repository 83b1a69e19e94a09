"""One file a help desk: what it sends, and how a score is written back to it."""
