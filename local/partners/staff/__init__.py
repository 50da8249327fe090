"""The simulated staff."""
