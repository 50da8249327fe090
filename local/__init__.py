"""The product on one machine: the deployed template on an embedded stack, with simulated partners."""
