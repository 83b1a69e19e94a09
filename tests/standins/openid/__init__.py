"""Identity providers on loopback: a real one (oidc-provider, in node), and one that forges its tokens."""
