"""Reaching the patient: what is said, what a reply means, and when a message may be sent."""
