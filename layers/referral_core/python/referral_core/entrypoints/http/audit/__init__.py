"""The trace of every access, and what is told of it."""
