"""How the patient is reached: attempts, messages, calls, whom else to call."""
