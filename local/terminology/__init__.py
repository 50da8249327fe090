"""Checks the tables of codes against their sources, and writes their document."""
