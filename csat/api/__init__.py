"""The door for machines and providers."""
