"""The simulated payer."""
