"""The lake on one machine: the rows in DuckDB, and the month as a person reads it."""
