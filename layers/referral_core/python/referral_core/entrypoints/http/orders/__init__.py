"""Orders over HTTP: taken in, changed, read, searched, and explained."""
