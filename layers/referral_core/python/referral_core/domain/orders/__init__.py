"""What an order says: its content, its patient, its numbers, and what a new version changes."""
