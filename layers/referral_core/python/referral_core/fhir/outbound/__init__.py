"""What the router answers and sends."""
