"""The directory over HTTP: its routes, what is read of it, and what is changed."""
