"""Other people's systems, simulated: they know the product only by its HTTP API and its topic."""
