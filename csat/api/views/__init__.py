"""One module per resource; each lists its URLs in `routes`."""
