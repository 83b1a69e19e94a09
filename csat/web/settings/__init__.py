"""Settings: CSAT, webhooks, API keys."""
