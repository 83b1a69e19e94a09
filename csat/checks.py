"""System checks csat.W001...: half-configured providers, unsafe settings, broker time limits."""
