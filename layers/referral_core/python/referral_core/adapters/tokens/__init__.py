"""JSON web tokens: whose are taken, by which keys."""
