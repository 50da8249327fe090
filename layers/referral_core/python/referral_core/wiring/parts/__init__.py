"""What several functions are made of, each built once a process."""
