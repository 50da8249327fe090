"""The simulated EHR."""
