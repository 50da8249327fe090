"""The simulated specialist clinics."""
