"""How the question goes out: scheduling, sending, receipts, fallback and expiry."""
