"""The pages customers see: rating, widget card, unsubscribing."""
