"""The simulated carrier and the patients behind its numbers."""
