"""One module per state of the state machine, with its name."""
