"""The lifecycle of a referral: ten steps, the reactions to updates, and the engine."""
