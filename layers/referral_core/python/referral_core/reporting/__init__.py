"""Figures from events: flat rows, the SQL of each figure, and what is shown of its result."""
