"""One module per resource; each lists its addresses in `routes`."""
