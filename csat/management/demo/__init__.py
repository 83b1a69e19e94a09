"""The demo: a support team named Acme, its customers, and two months of their conversations."""
