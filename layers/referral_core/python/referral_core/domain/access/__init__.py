"""Who calls, what they may do, and what is kept of it."""
