"""One module per partner or service; each port also has an honest in-memory adapter."""
