"""The steps of the lifecycle, one module each, and the engine that carries them."""
