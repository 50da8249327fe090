"""Routing: hard filters, capacity, and the score; pure, whatever policy is handed in."""
