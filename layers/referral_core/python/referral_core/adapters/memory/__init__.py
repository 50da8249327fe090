"""Honest in-memory adapters: as strict as what they stand for; tests and simulations use them."""
