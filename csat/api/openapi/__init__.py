"""The OpenAPI schema: how it is made, its examples, and pages to browse it offline."""
