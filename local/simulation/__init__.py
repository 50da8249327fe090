"""The whole product in one process, on virtual time, repeatable from a seed; no AWS, no network."""
