"""What typed replies mean: ratings, opt-out keywords,
email replies; and what is confirmed to the customer."""
