"""The product on one machine: the template on an embedded stack, with simulated partners."""
