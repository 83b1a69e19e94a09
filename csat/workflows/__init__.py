"""What happens next: a fact triggers steps, each recorded."""
