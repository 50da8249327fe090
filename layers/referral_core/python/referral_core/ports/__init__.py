"""What is needed from outside, as Protocols of domain objects; `adapters/` has two of each."""
