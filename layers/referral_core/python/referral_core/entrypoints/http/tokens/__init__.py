"""Our own issuer of tokens."""
